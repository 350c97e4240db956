"""Boxes that share their place, against a plain search through all pairs."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spinedet.annotations.boxes import Box, box_iou
from spinedet.annotations.voc import VocObject
from spinedet.datasets.lint.twins import ROWS_AT_ONCE, SAME_PLACE, find_twins

EDGES = st.tuples(*[st.sampled_from([0, 1, 2, 40])] * 2, *[st.sampled_from([18, 19, 20, 21])] * 2)


def drawn(rows: list[tuple[str, tuple[int, int, int, int]]]) -> list[VocObject]:
    return [VocObject(name, Box(x, y, x + w, y + h)) for name, (x, y, w, h) in rows]


@given(st.lists(st.tuples(st.sampled_from("ab"), EDGES), max_size=12))
def test_every_box_in_an_earlier_ones_place_is_found(rows: list[tuple[str, tuple[int, int, int, int]]]) -> None:
    """By class and number; one that nothing tells from an earlier one counts once."""
    things = drawn(rows)
    expected = set()
    for place, thing in enumerate(things):
        earlier = things[:place]
        if thing in earlier:
            expected.add((place, True))
            continue
        boxes = np.array([one.box for one in earlier], np.float64).reshape(-1, 4)
        near = box_iou(np.array([thing.box], np.float64), boxes)[0] >= SAME_PLACE
        expected |= {(place, one.name == thing.name) for one, is_near in zip(earlier, near, strict=True) if is_near}
    found = find_twins(things)
    assert {(twin.place, twin.same_class) for twin in found} == expected
    assert len(found) == len(expected)
    assert all(twin.earlier < twin.place for twin in found)


def test_boxes_of_a_later_part_are_compared_with_all_before() -> None:
    """More boxes than are compared at once; the last lies nearly where the first lies."""
    rows = [("a", (30 * number, 0, 20, 20)) for number in range(ROWS_AT_ONCE + 10)]
    (twin,) = find_twins(drawn([*rows, ("a", (1, 0, 20, 20))]))
    assert (twin.place, twin.earlier, twin.identical) == (ROWS_AT_ONCE + 10, 0, False)


def test_at_the_very_limit_two_boxes_share_their_place() -> None:
    """90 of 100 pixels: IoU exactly 0.9."""
    (twin,) = find_twins(drawn([("a", (0, 0, 10, 10)), ("b", (0, 1, 10, 9))]))
    assert (twin.iou, twin.same_class) == (0.9, False)
