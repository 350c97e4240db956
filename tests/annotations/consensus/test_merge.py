"""What annotators agree on, and why they do not, on boxes drawn by hand."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinedet.annotations.boxes import Box
from spinedet.annotations.consensus.grouping import Drawn
from spinedet.annotations.consensus.merge import Merged, merge
from spinedet.annotations.voc import VocObject


def bar(start: float, end: float, name: str = "disc") -> VocObject:
    """A box of height 10, so that IoU is overlap over union of two lengths."""
    return VocObject(name, Box(start, 0, end, 10))


def disputes(merged: Merged) -> list[tuple[str, tuple[str, ...]]]:
    """Reason and annotators of each dispute."""
    return [(row.reason, row.group.annotators) for row in merged.disputes]


def test_an_agreed_box_is_the_mean_on_whole_pixels() -> None:
    """Edges 0 and 1 give 1/2, which rounds to the even 0; 10 and 13 give 23/2, which rounds to 12."""
    merged = merge({"ann": [bar(0, 10)], "bob": [bar(1, 13)]})
    assert [row.thing.box for row in merged.agreed] == [Box(0, 0, 12, 10)]
    assert merged.disputes == ()


def test_three_edges_are_averaged_over_three() -> None:
    merged = merge({"ann": [bar(0, 10)], "bob": [bar(0, 11)], "carl": [bar(1, 12)]})
    assert [row.thing.box for row in merged.agreed] == [Box(0, 0, 11, 10)]


def test_what_one_calls_difficult_or_truncated_is_so_and_the_rest_is_the_firsts() -> None:
    ann = VocObject("disc", Box(0, 0, 10, 10), truncated=True, pose="Left")
    bob = VocObject("disc", Box(0, 0, 10, 10), difficult=True, pose="Right")
    (agreed,) = merge({"ann": [ann], "bob": [bob]}).agreed
    assert (agreed.thing.truncated, agreed.thing.difficult, agreed.thing.pose) == (True, True, "Left")


def test_extra_elements_are_those_of_the_annotator_named_first() -> None:
    ann = VocObject("disc", Box(0, 0, 10, 10), extra=("<grade>2</grade>",))
    bob = VocObject("disc", Box(0, 0, 10, 10), extra=("<grade>3</grade>",))
    assert merge({"bob": [bob], "ann": [ann]}).agreed[0].thing.extra == ("<grade>3</grade>",)


def test_another_class_in_the_same_place_is_disputed() -> None:
    merged = merge({"ann": [bar(0, 10)], "bob": [bar(0, 10, "vertebra")]})
    assert disputes(merged) == [("class", ("ann", "bob"))]
    assert merged.agreed == ()


def test_the_class_comes_before_the_third_who_missed_it() -> None:
    merged = merge({"ann": [bar(0, 10)], "bob": [bar(0, 10, "vertebra")], "carl": []})
    assert disputes(merged) == [("class", ("ann", "bob"))]


def test_what_one_of_three_did_not_draw_is_missed() -> None:
    merged = merge({"ann": [bar(0, 10)], "bob": [bar(0, 10)], "carl": []})
    assert disputes(merged) == [("missed", ("ann", "bob"))]


def test_two_places_of_one_class_are_one_dispute() -> None:
    """0..10 and 5..15: 5 shared of 15, IoU 1/3, too little for one half and enough for two places."""
    merged = merge({"ann": [bar(0, 10)], "bob": [bar(5, 15)]})
    assert disputes(merged) == [("place", ("ann", "bob"))]


def test_an_overlap_of_exactly_a_tenth_is_two_places_and_less_is_two_things() -> None:
    """0..11 and 9..20: 2 of 20. 0..11 and 10..21: 1 of 21."""
    assert disputes(merge({"ann": [bar(0, 11)], "bob": [bar(9, 20)]})) == [("place", ("ann", "bob"))]
    assert disputes(merge({"ann": [bar(0, 11)], "bob": [bar(10, 21)]})) == [("missed", ("ann",)), ("missed", ("bob",))]


def test_places_of_two_classes_are_two_things() -> None:
    merged = merge({"ann": [bar(0, 10)], "bob": [bar(5, 15, "vertebra")]})
    assert merged.reasons() == Counter(missed=2)


def test_only_the_nearest_two_are_one_dispute() -> None:
    """Bob's 4..14 overlaps ann's 0..10 by 6/14 and ann's 8..18 by 6/14 less two: 6/14 and 6/14 would tie, 5..15 not."""
    merged = merge({"ann": [bar(0, 10), bar(9, 19)], "bob": [bar(5, 15)]})
    assert disputes(merged) == [("missed", ("ann",)), ("place", ("ann", "bob"))]
    assert merged.disputes[1].group.objects == (bar(9, 19), bar(5, 15))


def test_three_places_become_one_dispute_in_the_order_of_names() -> None:
    merged = merge({"ann": [bar(0, 10)], "bob": [bar(5, 15)], "carl": [bar(8, 18)]}, iou=0.75)
    assert disputes(merged) == [("place", ("ann", "bob", "carl"))]


def test_a_box_drawn_twice_by_one_is_agreed_once_and_disputed_once() -> None:
    merged = merge({"ann": [bar(0, 10), bar(0, 10)], "bob": [bar(0, 10)]})
    assert len(merged.agreed) == 1
    assert disputes(merged) == [("missed", ("ann",))]


def test_disputes_are_numbered_from_the_top() -> None:
    low, high = VocObject("disc", Box(0, 30, 9, 40)), VocObject("vertebra", Box(0, 0, 9, 10))
    merged = merge({"ann": [low], "bob": [high]})
    assert [(row.number, row.group.names) for row in merged.disputes] == [(1, ("vertebra",)), (2, ("disc",))]


def test_many_boxes_of_one_alone_are_as_many_disputes() -> None:
    assert merge({"ann": [bar(i, i + 5) for i in range(200)], "bob": []}).reasons() == Counter(missed=200)


OBJECT = st.builds(
    lambda x, y, w, h, name: VocObject(name, Box(x, y, x + w, y + h)),
    *(st.integers(0, 12), st.integers(0, 12), st.integers(1, 12), st.integers(1, 12)),
    st.sampled_from(("disc", "vertebra")),
)
BOXES = st.lists(OBJECT, max_size=6)


@given(st.fixed_dictionaries({"ann": BOXES, "bob": BOXES, "carl": BOXES}), st.sampled_from((0.05, 0.5, 1.0)))
def test_no_box_is_lost_and_none_is_counted_twice(drawn: Drawn, iou: float) -> None:
    merged = merge(drawn, iou)
    groups = [row.group for row in merged.agreed] + [row.group for row in merged.disputes]
    assert Counter(member for group in groups for member in group.members) == Counter(
        (annotator, thing) for annotator, things in drawn.items() for thing in things
    )
    assert all(row.group.annotators == tuple(drawn) and len(row.group.names) == 1 for row in merged.agreed)


@given(BOXES)
def test_who_draws_the_same_agrees_on_everything(things: list[VocObject]) -> None:
    merged = merge({"ann": things, "bob": things})
    assert Counter(row.thing for row in merged.agreed) == Counter(things)
    assert merged.disputes == ()


@pytest.mark.parametrize("names", [("ann", "bob"), ("bob", "ann")])
def test_agreed_boxes_do_not_depend_on_who_is_named_first(names: tuple[str, str]) -> None:
    drawn = {"ann": [bar(0, 10), bar(20, 30)], "bob": [bar(21, 30), bar(1, 11)]}
    merged = merge({name: drawn[name] for name in names})
    assert [row.thing.box for row in merged.agreed] == [Box(0, 0, 10, 10), Box(20, 0, 30, 10)]
