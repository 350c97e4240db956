"""Grouping the boxes of annotators, on boxes drawn by hand with exact fractions."""

from collections import Counter
from itertools import permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinedet.annotations.boxes import Box
from spinedet.annotations.consensus.grouping import Drawn, Group, group_boxes
from spinedet.annotations.errors import InputError
from spinedet.annotations.voc import VocObject


def disc(*edges: float) -> VocObject:
    return VocObject("disc", Box(*edges))


def vertebra(*edges: float) -> VocObject:
    return VocObject("vertebra", Box(*edges))


def bar(start: float, end: float, name: str = "disc") -> VocObject:
    """A box of height 1, so that IoU is overlap over union of two lengths."""
    return VocObject(name, Box(start, 0, end, 1))


def together(groups: tuple[Group, ...]) -> Counter[frozenset[tuple[str, VocObject]]]:
    """Who is with whom, whatever the order."""
    return Counter(frozenset(group.members) for group in groups)


def test_two_who_drew_the_same_make_one_group() -> None:
    (group,) = group_boxes({"ann": [disc(0, 0, 4, 2)], "bob": [disc(0, 0, 4, 2)]})
    assert group.annotators == ("ann", "bob")
    assert group.ious() == (1.0,)


def test_an_overlap_of_exactly_the_threshold_is_enough() -> None:
    """Lengths 3 and 3, moved by 1: 2 shared, 4 together, IoU 1/2; with 2/5 asked for or 1/2, one group."""
    drawn = {"ann": [bar(0, 3)], "bob": [bar(1, 4)]}
    assert len(group_boxes(drawn, iou=0.5)) == 1
    assert len(group_boxes(drawn, iou=0.51)) == 2


def test_a_good_pair_is_given_up_for_two_that_are_better_in_sum() -> None:
    """Ann 0..4 and 4..7 (half of 4..10), bob 0..8 (half of it is 0..4) ... with a third box that fits both.

    ann 0..6 with bob 0..6 is 1; ann 0..6 with bob 0..4 is 2/3; ann 2..6 with bob 0..6 is 2/3: 4/3 beats 1.
    """
    whole, part = bar(0, 6), bar(2, 6)
    same, head = bar(0, 6), bar(0, 4)
    groups = group_boxes({"ann": [whole, part], "bob": [same, head]})
    assert together(groups) == Counter(
        [frozenset({("ann", whole), ("bob", head)}), frozenset({("ann", part), ("bob", same)})]
    )


def test_what_is_too_far_apart_is_never_matched() -> None:
    """2..6 and 0..4 have 1/3; a full assignment would pair them."""
    groups = group_boxes({"ann": [bar(2, 6)], "bob": [bar(0, 4)]})
    assert [group.annotators for group in groups] == [("bob",), ("ann",)]


def test_another_class_in_the_same_place_is_one_group() -> None:
    (group,) = group_boxes({"ann": [disc(0, 0, 4, 2)], "bob": [vertebra(0, 0, 4, 2)]})
    assert group.names == ("disc", "vertebra")


def test_the_class_decides_between_equal_overlaps_alone() -> None:
    """Both of bob's boxes are ann's own box, so the vertebra goes with the vertebra."""
    groups = group_boxes({"ann": [vertebra(0, 0, 4, 2)], "bob": [disc(0, 0, 4, 2), vertebra(0, 0, 4, 2)]})
    assert {group.names: len(group.members) for group in groups} == {("vertebra",): 2, ("disc",): 1}


def test_the_class_never_outweighs_an_overlap() -> None:
    """The disc covers 100/101 of the vertebra, the other vertebra 99/101."""
    drawn = {"ann": [bar(0, 101, "vertebra")], "bob": [bar(0, 99, "vertebra"), bar(0, 100, "disc")]}
    pair = next(group for group in group_boxes(drawn) if len(group.members) == 2)
    assert pair.names == ("vertebra", "disc")


def test_a_third_joins_the_mean_of_two() -> None:
    """Ann 0..4 and bob 2..6 overlap by 2/6; their mean 1..5 is carl's box, which both reach with 3/5."""
    (group,) = group_boxes({"ann": [bar(0, 4)], "bob": [bar(2, 6)], "carl": [bar(1, 5)]}, iou=1 / 3)
    assert group.mean == Box(1, 0, 5, 1)
    assert group.ious() == pytest.approx((1 / 3, 3 / 5, 3 / 5))


def test_groups_come_from_top_to_bottom_and_members_as_named() -> None:
    high, low = disc(0, 0, 4, 2), disc(0, 8, 4, 10)
    groups = group_boxes({"zoe": [low, high], "ann": [high, low]})
    assert [group.annotators for group in groups] == [("zoe", "ann")] * 2
    assert [group.mean.y0 for group in groups] == [0, 8]


def test_one_who_drew_nothing_is_in_no_group() -> None:
    (group,) = group_boxes({"ann": [], "bob": [disc(0, 0, 4, 2)]})
    assert (group.of("ann"), group.of("bob")) == (None, disc(0, 0, 4, 2))
    assert group.ious() == ()
    assert group_boxes({"ann": [], "bob": []}) == ()


@pytest.mark.parametrize("iou", [0, -0.1, 1.01, float("nan")])
def test_an_impossible_threshold_is_refused(iou: float) -> None:
    with pytest.raises(InputError, match="out of range"):
        group_boxes({"ann": [], "bob": []}, iou)


OBJECT = st.builds(
    lambda x, y, w, h, name: VocObject(name, Box(x, y, x + w, y + h)),
    *(st.integers(0, 12), st.integers(0, 12), st.integers(1, 12), st.integers(1, 12)),
    st.sampled_from(("disc", "vertebra")),
)
BOXES = st.lists(OBJECT, max_size=6)
IOU = st.sampled_from((0.1, 0.3, 0.5, 0.75, 1.0))
THREE = st.fixed_dictionaries({"ann": BOXES, "bob": BOXES, "carl": BOXES})


@given(THREE, IOU)
def test_every_box_is_in_one_group_and_no_annotator_twice(drawn: Drawn, iou: float) -> None:
    groups = group_boxes(drawn, iou)
    assert Counter(member for group in groups for member in group.members) == Counter(
        (annotator, thing) for annotator, things in drawn.items() for thing in things
    )
    assert all(len(set(group.annotators)) == len(group.members) for group in groups)


@given(BOXES, BOXES, IOU)
def test_no_pair_is_below_the_threshold_and_none_above_it_is_left(
    ann: list[VocObject], bob: list[VocObject], iou: float
) -> None:
    groups = group_boxes({"ann": ann, "bob": bob}, iou)
    assert all(value >= iou for group in groups for value in group.ious())
    alone = {name: [group.objects[0] for group in groups if group.annotators == (name,)] for name in ("ann", "bob")}
    assert all(Group((("ann", a), ("bob", b))).ious()[0] < iou for a in alone["ann"] for b in alone["bob"])


@given(st.lists(OBJECT, max_size=4), st.lists(OBJECT, max_size=4), IOU)
def test_no_other_matching_has_a_greater_sum(ann: list[VocObject], bob: list[VocObject], iou: float) -> None:
    """Against every matching there is, one after the other."""
    found = sum(value for group in group_boxes({"ann": ann, "bob": bob}, iou) for value in group.ious())
    few, many = sorted((ann, bob), key=len)
    best = max(
        sum(value for pair in zip(few, order, strict=False) if (value := _iou(*pair)) >= iou)
        for order in permutations(many)
    )
    assert found == pytest.approx(best, abs=1e-8)


def _iou(first: VocObject, second: VocObject) -> float:
    return Group((("a", first), ("b", second))).ious()[0]


@given(BOXES, BOXES, IOU)
def test_it_is_the_same_whoever_is_called_first(ann: list[VocObject], bob: list[VocObject], iou: float) -> None:
    """Exchanging the names exchanges them in the groups, and nothing else."""
    renamed = group_boxes({"ann": bob, "bob": ann}, iou)
    exchanged = {"ann": "bob", "bob": "ann"}
    back = tuple(Group(tuple((exchanged[name], thing) for name, thing in group.members)) for group in renamed)
    assert together(group_boxes({"ann": ann, "bob": bob}, iou)) == together(back)


@given(THREE, IOU, st.permutations(("ann", "bob", "carl")), st.randoms())
def test_neither_the_order_of_names_nor_of_boxes_matters(
    drawn: dict[str, list[VocObject]], iou: float, order: list[str], chance: Random
) -> None:
    shuffled = {name: chance.sample(drawn[name], len(drawn[name])) for name in order}
    assert together(group_boxes(shuffled, iou)) == together(group_boxes(drawn, iou))
