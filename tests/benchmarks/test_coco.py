"""COCO's figures on cases whose value follows from its definition."""

from collections.abc import Callable, Sequence

import pytest

from spinedet.benchmarks.coco import Coco, coco_figures
from spinedet.datasets.dataset import Dataset
from spinedet.detect.contract import Detections

Draw = Callable[..., Dataset]
Find = Callable[[Sequence[tuple[float, ...]]], Detections]

DISC = ("disc", 0, 0, 10, 10)


def test_a_box_drawn_exactly_scores_1_everywhere(draw: Draw, find: Find) -> None:
    found = coco_figures(draw({"a": [DISC]}), {"a": find([(0, 0, 0, 10, 10, 0.9)])})
    assert (found.ap, found.ap50, found.ap75) == pytest.approx((1, 1, 1))


def test_an_iou_of_077_passes_six_of_the_ten_thresholds(draw: Draw, find: Find) -> None:
    found = coco_figures(draw({"a": [DISC]}), {"a": find([(0, 0, 0, 10, 7.7, 0.9)])})
    assert found.ap == pytest.approx(6 / 10)
    assert (found.ap50, found.ap75) == pytest.approx((1, 1))


def test_one_of_two_found_reaches_51_of_the_101_recalls(draw: Draw, find: Find) -> None:
    dataset = draw({"a": [DISC], "b": [DISC]})
    assert coco_figures(dataset, {"a": find([(0, 0, 0, 10, 10, 0.9)])}).ap50 == pytest.approx(51 / 101)


def test_the_mean_is_over_the_classes_that_have_objects(draw: Draw, find: Find) -> None:
    # disc 1, slip 0; "other" has no object and does not count.
    dataset = draw({"a": [DISC, ("slip", 50, 50, 60, 60)]}, classes=("disc", "slip", "other"))
    found = find([(0, 0, 0, 10, 10, 0.9), (2, 0, 0, 10, 10, 0.9)])
    assert coco_figures(dataset, {"a": found}).ap50 == pytest.approx(1 / 2)


def test_detections_on_a_difficult_object_cost_nothing(draw: Draw, find: Find) -> None:
    # Two detections on a difficult disc score better than the hit; as ordinary ones they would lower AP50.
    found = {"a": find([(0, 50, 50, 60, 60, 0.9), (0, 50, 50, 60, 60, 0.8), (0, 0, 0, 10, 10, 0.7)])}
    assert coco_figures(draw({"a": [DISC, ("disc", 50, 50, 60, 60, True)]}), found).ap50 == pytest.approx(1)
    assert coco_figures(draw({"a": [DISC]}), found).ap50 == pytest.approx(1 / 3)


def test_nothing_found_is_0_and_nothing_to_find_has_no_value(draw: Draw, find: Find) -> None:
    assert coco_figures(draw({"a": [DISC]}), {}) == Coco(AP=0.0, AP50=0.0, AP75=0.0)
    found = {"a": find([(0, 0, 0, 10, 10, 0.9)])}
    assert coco_figures(draw({"a": []}), found) == Coco(AP=None, AP50=None, AP75=None)


def test_pycocotools_prints_nothing(draw: Draw, capsys: pytest.CaptureFixture[str]) -> None:
    coco_figures(draw({"a": [DISC]}), {})
    assert capsys.readouterr() == ("", "")
