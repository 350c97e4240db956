"""Which mark belongs to which disc."""

import numpy as np
import pytest

from spinedet.annotations.boxes import Box, box_iou
from spinedet.annotations.consensus.grouping import group_boxes
from spinedet.annotations.voc import VocObject
from spinedet.benchmarks.study_analysis.matching import NOBODY, Matched, match, within_reach
from spinedet.benchmarks.study_analysis.material import Boxes


def boxes(*rows: tuple[float, ...], image: int = 0, label: int = 0, score: float = np.nan) -> Boxes:
    """Rows of x0, y0, x1, y1, and then image, label and score if they differ."""
    full = [(*row, *(image, label, score)[len(row) - 4 :]) for row in rows]
    table = np.array(full, np.float64).reshape(-1, 7)
    return Boxes(table[:, 4].astype(np.int64), table[:, 5].astype(np.int64), table[:, :4], table[:, 6])


def random_boxes(rng: np.random.Generator, images: int, most: int) -> Boxes:
    """Crowded boxes, so that many reach each other."""
    image = np.repeat(np.arange(images), rng.integers(0, most + 1, images))
    corner, size = rng.uniform(0, 12, (len(image), 2)), rng.uniform(10, 30, (len(image), 2))
    label = rng.integers(0, 3, len(image))
    return Boxes(image, label, np.hstack([corner, corner + size]), np.full(len(image), np.nan))


def total(found: Matched) -> float:
    return float(found.iou.sum())


def test_a_disc_without_a_mark_is_missed_and_a_mark_without_a_disc_is_false() -> None:
    things = boxes((0, 0, 10, 10), (0, 20, 10, 30))
    found = match(things, boxes((0, 0, 10, 10), (50, 0, 60, 10)), 0.5)
    assert found.mark.tolist() == [0, NOBODY]
    assert found.iou.tolist() == [1.0, 0.0]
    assert found.false.tolist() == [False, True]
    assert not found.double.any()


def test_a_second_mark_on_a_disc_is_false_and_told_apart() -> None:
    """The better of the two is taken; the other is a double."""
    found = match(boxes((0, 0, 10, 10)), boxes((0, 0, 10, 8), (0, 0, 10, 9)), 0.5)
    assert found.mark.tolist() == [1]
    assert found.double.tolist() == [True, False]


def test_the_threshold_itself_is_enough() -> None:
    found = match(boxes((0, 0, 10, 10)), boxes((0, 0, 10, 5)), 0.5)
    assert found.mark.tolist() == [0]
    assert match(boxes((0, 0, 10, 10)), boxes((0, 0, 10, 5)), 0.51).mark.tolist() == [NOBODY]


def test_the_sum_counts_not_the_first_best() -> None:
    """The middle mark is best for both discs; giving it to the second leaves a mark for the first."""
    things = boxes((0, 0, 10, 10), (0, 4, 10, 14))
    marks = boxes((0, 2, 10, 12), (0, -3, 10, 7))
    assert match(things, marks, 0.3).mark.tolist() == [1, 0]


def test_marks_of_other_images_are_out_of_reach() -> None:
    found = match(boxes((0, 0, 10, 10, 0), (0, 0, 10, 10, 2)), boxes((0, 0, 10, 10, 1), (0, 0, 10, 10, 2)), 0.5)
    assert found.mark.tolist() == [NOBODY, 1]


def test_of_two_marks_in_one_place_the_surer_wins_whatever_its_class() -> None:
    right, wrong = (0, 0, 10, 10, 0, 0, 0.3), (0, 0, 10, 10, 0, 1, 0.6)
    assert match(boxes((0, 0, 10, 10)), boxes(right, wrong), 0.5).mark.tolist() == [1]
    assert match(boxes((0, 0, 10, 10)), boxes(wrong, right), 0.5).mark.tolist() == [0]


def test_of_two_marks_in_one_place_without_scores_the_one_of_the_class_wins() -> None:
    marks = boxes((0, 0, 10, 10, 0, 1), (0, 0, 10, 10, 0, 0))
    assert match(boxes((0, 0, 10, 10)), marks, 0.5).mark.tolist() == [1]


def test_overlaps_are_those_of_box_iou() -> None:
    rng = np.random.default_rng(1)
    things, marks = random_boxes(rng, 1, 9), random_boxes(rng, 1, 9)
    found = within_reach(things, marks, 1e-9)
    expected = box_iou(things.boxes, marks.boxes)
    np.testing.assert_array_equal(found.iou, expected[found.thing, found.mark])
    assert len(found.iou) == (expected > 0).sum() > 5


@pytest.mark.parametrize("seed", range(5))
def test_as_annotators_are_matched_with_each_other(seed: int) -> None:
    """The rule is that of a consensus of two, which does it image by image."""
    rng = np.random.default_rng(seed)
    things, marks = random_boxes(rng, 30, 6), random_boxes(rng, 30, 6)
    found = match(things, marks, 0.3)
    pairs = 0
    for image in range(30):
        drawn = {
            name: [
                VocObject(str(label), Box(*row))
                for label, row, at in zip(one.label, one.boxes.tolist(), one.image, strict=True)
                if at == image
            ]
            for name, one in (("truth", things), ("reader", marks))
        }
        for group in group_boxes(drawn, 0.3):
            if len(group.members) == 2:
                pairs += 1
                place = np.flatnonzero((things.boxes == list(group.objects[0].box)).all(axis=1))[0]
                assert marks.boxes[found.mark[place]].tolist() == list(group.objects[1].box)
    assert pairs == (found.mark != NOBODY).sum() > 20


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_drawing_does_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    things, marks = random_boxes(rng, 20, 6), random_boxes(rng, 20, 6)
    order = np.lexsort((rng.random(len(marks)), marks.image))
    mixed = Boxes(marks.image[order], marks.label[order], marks.boxes[order], marks.score[order])
    first, second = match(things, marks.sorted(), 0.3), match(things, mixed.sorted(), 0.3)
    np.testing.assert_array_equal(first.mark, second.mark)
    assert total(first) == total(match(things, mixed, 0.3))
