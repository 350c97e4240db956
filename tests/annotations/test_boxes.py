import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinedet.annotations.boxes import Box, box_area, box_iou

CORNER = st.integers(1, 40)


def devkit_iou(a: tuple[int, ...], b: tuple[int, ...]) -> float:
    """The VOC devkit's rule on inclusive corners: every side is one longer than the difference."""
    width = min(a[2], b[2]) - max(a[0], b[0]) + 1
    height = min(a[3], b[3]) - max(a[1], b[1]) + 1
    shared = max(width, 0) * max(height, 0)
    areas = [(c[2] - c[0] + 1) * (c[3] - c[1] + 1) for c in (a, b)]
    return shared / (sum(areas) - shared)


@given(st.tuples(CORNER, CORNER, CORNER, CORNER), st.tuples(CORNER, CORNER, CORNER, CORNER))
def test_iou_on_edges_is_the_devkits_plus_one_rule(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    first, second = ((min(c[0], c[2]), min(c[1], c[3]), max(c[0], c[2]), max(c[1], c[3])) for c in (a, b))
    iou = box_iou(np.array([Box.from_voc(*first)], float), np.array([Box.from_voc(*second)], float))
    assert iou[0, 0] == pytest.approx(devkit_iou(first, second), abs=1e-12)


def test_half_a_box_overlaps_by_a_third() -> None:
    boxes = np.array([[0.0, 0.0, 2.0, 2.0], [1.0, 0.0, 3.0, 2.0], [5.0, 5.0, 6.0, 6.0]])
    np.testing.assert_allclose(box_iou(boxes[:1], boxes), [[1, 1 / 3, 0]])


def test_a_box_turned_inside_out_has_no_area_and_no_overlap() -> None:
    boxes = np.array([[4.0, 4.0, 1.0, 1.0], [0.0, 0.0, 0.0, 5.0]])
    np.testing.assert_array_equal(box_area(boxes), [0, 0])
    np.testing.assert_array_equal(box_iou(boxes, boxes), np.zeros((2, 2)))


def test_no_boxes_give_empty_tables() -> None:
    none = np.empty((0, 4))
    assert box_iou(none, np.ones((3, 4))).shape == (0, 3)
    assert box_area(none).shape == (0,)


@pytest.mark.parametrize(
    ("box", "whole"),
    [
        (Box(0, 0, 1, 1), (0, 0, 1, 1)),
        (Box(9.4, 9.6, 20.4, 20.6), (9, 10, 20, 21)),
        (Box(0.5, 1.5, 2.5, 3.5), (0, 2, 2, 4)),  # half to even
        (Box(99.7, 79.8, 100, 80), (99, 79, 100, 80)),  # thinner than a pixel at the border: stays in the image
        (Box(10.6, 3.1, 10.9, 3.2), (10, 3, 11, 4)),  # the pixel that holds it
    ],
)
def test_a_whole_box_has_each_edge_on_a_pixel_border(box: Box, whole: tuple[int, int, int, int]) -> None:
    assert tuple(box.whole()) == whole


@given(st.floats(0, 99.99), st.floats(0, 79.99), st.floats(1e-3, 100), st.floats(1e-3, 80))
def test_a_whole_box_stays_in_the_image_within_a_pixel_and_whole(x0: float, y0: float, w: float, h: float) -> None:
    box = Box(x0, y0, min(x0 + w, 100), min(y0 + h, 80))
    whole = box.whole()
    assert whole.whole() == whole
    assert 0 <= whole.x0 < whole.x1 <= 100
    assert 0 <= whole.y0 < whole.y1 <= 80
    assert max(abs(a - b) for a, b in zip(box, whole, strict=True)) <= 1
