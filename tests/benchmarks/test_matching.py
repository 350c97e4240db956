"""Who hits what: the Pascal VOC devkit's matching, case by case."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinedet.annotations.errors import InputError
from spinedet.benchmarks.matching import match_detections
from spinedet.datasets.dataset import Dataset
from spinedet.detect.contract import Detections
from spinedet.detect.predictions import read_predictions

Draw = Callable[..., Dataset]
Find = Callable[[Sequence[tuple[float, ...]]], Detections]

DISC = ("disc", 0, 0, 10, 10)


def test_the_better_scored_of_two_detections_takes_the_object(draw: Draw, find: Find) -> None:
    # The second overlaps more, but comes too late: VOC calls it a double detection.
    found = find([(0, 0, 0, 10, 10, 0.6), (0, 0, 0, 10, 8, 0.9)])
    (match,) = match_detections(draw({"a": [DISC]}), {"a": found})
    np.testing.assert_array_equal(match.scores, np.array([0.9, 0.6], np.float32))
    assert match.hit.tolist() == [True, False]
    assert match.objects.tolist() == [1]


def test_a_detection_looks_only_at_the_object_it_overlaps_most(draw: Draw, find: Find) -> None:
    # Its best object is taken; the neighbour would reach the threshold as well, but VOC does not look there.
    dataset = draw({"a": [DISC, ("disc", 0, 2, 10, 12)]})
    found = find([(0, 0, 0, 10, 10, 0.9), (0, 0, 0.5, 10, 10.5, 0.8)])
    (match,) = match_detections(dataset, {"a": found})
    assert match.hit.tolist() == [True, False]


@pytest.mark.parametrize(
    ("edge", "hit"), [(20, True), (20.001, False)], ids=["IoU exactly 1/2 hits", "a trace less does not"]
)
def test_iou_at_the_threshold(draw: Draw, find: Find, edge: float, hit: bool) -> None:
    (match,) = match_detections(draw({"a": [DISC]}), {"a": find([(0, 0, 0, 10, edge, 0.9)])}, 0.5)
    assert match.hit.tolist() == [hit]


def test_iou_of_three_tenths_reaches_a_threshold_of_three_tenths(draw: Draw, find: Find) -> None:
    (match,) = match_detections(draw({"a": [DISC]}), {"a": find([(0, 0, 0, 10, 3, 0.9)])}, 0.3)
    assert match.hit.tolist() == [True]


def test_detections_on_a_difficult_object_are_neither_hit_nor_false(draw: Draw, find: Find) -> None:
    # Two of them lie on the difficult disc, one on nothing: only the last counts, and there is nothing to find.
    found = find([(0, 0, 0, 10, 10, 0.9), (0, 0, 0, 10, 9, 0.8), (0, 50, 50, 60, 60, 0.7)])
    (match,) = match_detections(draw({"a": [(*DISC, True)]}), {"a": found})
    np.testing.assert_array_equal(match.scores, np.array([0.7], np.float32))
    assert match.hit.tolist() == [False]
    assert match.objects.tolist() == [0]


def test_a_detection_beside_a_difficult_object_is_false(draw: Draw, find: Find) -> None:
    (match,) = match_detections(draw({"a": [(*DISC, True)]}), {"a": find([(0, 0, 0, 10, 4, 0.9)])})
    assert match.hit.tolist() == [False]


def test_an_object_of_another_class_is_not_hit(draw: Draw, find: Find) -> None:
    dataset = draw({"a": [DISC]}, classes=("disc", "slip"))
    disc, slip = match_detections(dataset, {"a": find([(1, 0, 0, 10, 10, 0.9)])})
    assert (disc.label, disc.hit.tolist(), disc.objects.tolist()) == ("disc", [], [1])
    assert (slip.label, slip.hit.tolist(), slip.objects.tolist()) == ("slip", [False], [0])


def test_images_keep_their_own_objects(draw: Draw, find: Find) -> None:
    # Both images have a disc at the same place; only b's is found, twice in one image.
    dataset = draw({"a": [DISC], "b": [DISC]})
    (match,) = match_detections(dataset, {"b": find([(0, 0, 0, 10, 10, 0.9), (0, 0, 0, 10, 10, 0.8)])})
    assert match.image.tolist() == [1, 1]
    assert match.hit.tolist() == [True, False]
    assert match.objects.tolist() == [1, 1]


def test_equal_scores_keep_the_order_of_the_file(draw: Draw, tmp_path: Path) -> None:
    # All score 0.5. The file goes from image b to a and back to b, and so does the ranking.
    dataset = draw({"a": [DISC], "b": [DISC, ("disc", 50, 50, 60, 60)]})
    rows = [("b", 0, 10), ("a", 0, 10), ("b", 50, 60), ("a", 80, 90)]
    text = ", ".join(
        f'{{"image": "{image}", "label": "disc", "box": [{low}, {low}, {high}, {high}], "score": 0.5}}'
        for image, low, high in rows
    )
    path = tmp_path / "predictions.json"
    path.write_text(f"[{text}]", encoding="utf-8")
    (match,) = match_detections(dataset, read_predictions(path, dataset))
    assert match.image.tolist() == [1, 0, 1, 0]
    assert match.hit.tolist() == [True, True, True, False]


def test_scores_that_differ_beyond_float32_keep_their_rank(draw: Draw, tmp_path: Path) -> None:
    # As float32 both are 1.0. The later one is better by 2e-9, so it takes the disc.
    dataset = draw({"a": [DISC]})
    path = tmp_path / "predictions.json"
    path.write_text(
        '[{"image": "a", "label": "disc", "box": [0, 0, 10, 10], "score": 0.999999997},'
        ' {"image": "a", "label": "disc", "box": [0, 0, 10, 9], "score": 0.999999999}]',
        encoding="utf-8",
    )
    found = read_predictions(path, dataset)
    assert found["a"].boxes[:, 3].tolist() == [9, 10]
    assert match_detections(dataset, found)[0].hit.tolist() == [True, False]


def test_nothing_found_and_nothing_drawn(draw: Draw) -> None:
    (match,) = match_detections(draw({"a": []}), {})
    assert match.hit.shape == match.scores.shape == match.image.shape == (0,)
    assert match.objects.tolist() == [0]


def test_images_outside_the_dataset_are_left_alone(draw: Draw, find: Find) -> None:
    (match,) = match_detections(draw({"a": [DISC]}), {"b": find([(0, 0, 0, 10, 10, 0.9)])})
    assert match.hit.size == 0


@pytest.mark.parametrize("iou", [0.0, -0.5, 1.5, float("nan")])
def test_an_impossible_iou_is_refused(draw: Draw, iou: float) -> None:
    with pytest.raises(InputError, match="above 0 and at most 1"):
        match_detections(draw({"a": [DISC]}), {}, iou)


edge = st.integers(0, 8)
boxes = st.tuples(edge, edge, st.integers(1, 6), st.integers(1, 6)).map(
    lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
)


@settings(max_examples=60, deadline=None)
@given(
    drawn=st.lists(st.tuples(boxes, st.booleans()), max_size=5),
    found=st.lists(st.tuples(boxes, st.sampled_from([0.1, 0.2, 0.3])), max_size=6),
)
def test_it_agrees_with_the_devkit_written_as_loops(draw: Draw, find: Find, drawn: list, found: list) -> None:  # type: ignore[type-arg]
    dataset = draw({"a": [("disc", *box, difficult) for box, difficult in drawn]})
    detections = find([(0, *box, score) for box, score in found])
    (match,) = match_detections(dataset, {"a": detections}, 0.4)
    assert match.hit.tolist() == _devkit(drawn, detections, 0.4)


def _devkit(drawn: list, detections: Detections, iou: float) -> list[bool]:  # type: ignore[type-arg]
    """The published procedure, one detection after the other."""
    taken, hits = set(), []
    for found in detections.boxes.tolist():
        overlaps = [_iou(found, box) for box, _ in drawn]
        best = overlaps.index(max(overlaps)) if overlaps else -1
        if best < 0 or overlaps[best] < iou:
            hits.append(False)
        elif not drawn[best][1]:
            hits.append(best not in taken)
            taken.add(best)
    return hits


def _iou(one: Sequence[float], other: Sequence[float]) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return width * height / (areas - width * height)
