"""Which position answers for a drawn box, counted by hand on an input of 320 pixels (10, 20 and 40 cells a side)."""

import numpy as np
import pytest

from spinedet.detect.ppyolov2.recipe import ANCHOR_MASKS, REFERENCE_ANCHORS, STRIDES
from spinedet.detect.ppyolov2.targets import Targets, find_targets

SIDE = 320
FIRST = {32: 0, 16: 3 * 100, 8: 3 * (100 + 400)}
"""First position of each level."""


def targets(*objects: tuple[float, float, float, float, int], share: float = 1.0, classes: int = 3) -> Targets:
    """Targets of one image with objects (centre x, centre y, width, height, label)."""
    boxes = [[x - w / 2, y - h / 2, x + w / 2, y + h / 2] for x, y, w, h, _ in objects]
    labels = [[label for *_, label in objects]]
    shares = np.full((1, len(objects)), share, np.float32)
    shaped = np.array(boxes, np.float32).reshape(1, -1, 4)
    return find_targets(shaped, np.array(labels, np.int64), shares, SIDE, REFERENCE_ANCHORS, classes)


def test_a_box_of_an_anchors_size_in_the_middle_of_a_cell() -> None:
    """33 x 23 is anchor 2, third of the finest level; (52, 84) is the middle of its column 6, row 10."""
    found = targets((52, 84, 33, 23, 1))
    assert found.position.tolist() == [FIRST[8] + (10 * 40 + 6) * 3 + 2]
    assert found.centres.tolist() == [[0.5, 0.5]]
    np.testing.assert_allclose(found.sizes, [[0, 0]], atol=1e-6)
    assert found.boxes.tolist() == [[35.5, 72.5, 68.5, 95.5]]
    np.testing.assert_allclose(found.emphasis, [2 - 33 * 23 / SIDE**2], rtol=1e-6)
    assert found.classes.tolist() == [[0, 1, 0]]


@pytest.mark.parametrize("anchor", range(9))
def test_each_anchor_belongs_to_its_level_and_place(anchor: int) -> None:
    width, height = REFERENCE_ANCHORS[anchor]
    level = next(level for level, mask in enumerate(ANCHOR_MASKS) if anchor in mask)
    cell = 160 // STRIDES[level]
    found = targets((160, 160, width, height, 0))
    place = ANCHOR_MASKS[level].index(anchor)
    assert found.position.tolist() == [FIRST[STRIDES[level]] + (cell * (320 // STRIDES[level]) + cell) * 3 + place]


def test_twice_as_wide_and_half_as_high_is_told_in_logarithms() -> None:
    found = targets((160, 160, 116 * 1.2, 90 / 1.2, 0))
    np.testing.assert_allclose(found.sizes, [[np.log(1.2), -np.log(1.2)]], rtol=1e-5)


def test_a_centre_on_the_far_edge_stays_in_the_last_cell() -> None:
    found = targets((320, 320, 33, 23, 0))
    assert found.position.tolist() == [FIRST[8] + (39 * 40 + 39) * 3 + 2]
    assert found.centres.tolist() == [[1, 1]]


def test_two_objects_of_one_position_give_the_later_box_and_both_classes() -> None:
    found = targets((50, 84, 33, 23, 0), (160, 160, 33, 23, 1), (53, 85, 34, 24, 2))
    assert len(found.position) == 2
    (row,) = np.flatnonzero(found.position == FIRST[8] + (10 * 40 + 6) * 3 + 2)
    assert found.boxes[row].tolist() == [36, 73, 70, 97]
    assert found.classes[row].tolist() == [1, 0, 1]


def test_the_same_position_in_two_images_is_two_targets() -> None:
    box = np.array([[[35.5, 72.5, 68.5, 95.5]]] * 2, np.float32)
    found = find_targets(box, np.array([[0], [1]]), np.ones((2, 1), np.float32), SIDE, REFERENCE_ANCHORS, 2)
    assert (found.image.tolist(), found.classes.tolist()) == ([0, 1], [[1, 0], [0, 1]])


def test_padding_and_images_without_objects_leave_nothing() -> None:
    nothing = np.zeros((2, 3, 4), np.float32)
    padded = find_targets(nothing, np.full((2, 3), -1), np.zeros((2, 3), np.float32), SIDE, REFERENCE_ANCHORS, 2)
    assert padded.position.shape == (0,)
    assert padded.classes.shape == (0, 2)
    assert targets().boxes.shape == (0, 4)


def test_the_share_of_a_mixed_image_goes_along() -> None:
    np.testing.assert_allclose(targets((52, 84, 33, 23, 1), share=0.3).shares, [0.3])
