"""Who drew and who decided, box by box, as `provenance.json` tells it."""

import pytest

from spinedet.annotations.boxes import Box
from spinedet.annotations.consensus.merge import merge
from spinedet.annotations.consensus.provenance import AGREEMENT, Record, agreed_records, decided_records
from spinedet.annotations.voc import VocObject


def bar(start: float, end: float, name: str = "disc") -> VocObject:
    """A box of height 10, so that IoU is overlap over union of two lengths."""
    return VocObject(name, Box(start, 0, end, 10))


AGREED = {"ann": [bar(0, 10)], "bob": [bar(0, 10)]}
CLASS = {"ann": [bar(0, 40)], "bob": [bar(0, 40, "vertebra")]}
PLACE = {"ann": [bar(0, 10)], "bob": [bar(5, 15)]}


def decided(drawn: dict[str, list[VocObject]], *things: VocObject) -> list[Record]:
    return decided_records("a1", merge(drawn), "zoe", things)


def test_an_agreed_box_was_decided_by_agreement() -> None:
    (record,) = agreed_records("a1", merge(AGREED))
    assert record.as_dict() == {
        "image": "a1",
        "class": "disc",
        "box": [0, 0, 10, 10],
        "kept": True,
        "how": "mean",
        "decided_by": AGREEMENT,
        "reason": None,
        "group": None,
        "taken_from": [],
        "drawn_by": [
            {"annotator": "ann", "class": "disc", "box": [0, 0, 10, 10]},
            {"annotator": "bob", "class": "disc", "box": [0, 0, 10, 10]},
        ],
    }


def test_an_agreed_box_that_the_senior_leaves_alone_stays_agreed() -> None:
    assert [(record.how, record.decided_by) for record in decided(AGREED, bar(0, 10))] == [("mean", AGREEMENT)]


@pytest.mark.parametrize("thing", [bar(0, 11), bar(0, 10, "vertebra")])
def test_an_agreed_box_that_the_senior_changes_is_the_seniors(thing: VocObject) -> None:
    (record,) = decided(AGREED, thing)
    assert (record.how, record.decided_by, record.reason) == ("redrawn", "zoe", None)
    assert len(record.drawn_by) == 2


def test_an_annotators_own_box_put_back_for_the_mean_is_taken() -> None:
    """The mean of 0..40 and 3..43 is 2..42; the senior moved it back to where ann had it, 37/43 from bob's."""
    (record,) = decided({"ann": [bar(0, 40)], "bob": [bar(3, 43)]}, bar(0, 40))
    assert (record.how, record.taken_from, record.decided_by, record.reason) == ("taken", ("ann",), "zoe", None)


def test_an_agreed_box_that_the_senior_drops_is_told() -> None:
    (record,) = decided(AGREED)
    assert (record.how, record.kept, record.decided_by) == ("dropped", False, "zoe")


def test_a_class_is_taken_from_who_gave_it() -> None:
    """0..38 of 0..40 is 19/20, just enough to be bob's box."""
    (record,) = decided(CLASS, bar(0, 38, "vertebra"))
    assert (record.how, record.taken_from, record.reason, record.group) == ("taken", ("bob",), "class", 1)
    assert [annotator for annotator, _ in record.drawn_by] == ["ann", "bob"]


def test_another_edge_or_class_is_a_box_of_the_seniors_own() -> None:
    """37/40 is too little, and nobody called it a hernia."""
    for thing in (bar(0, 37, "vertebra"), bar(0, 40, "hernia")):
        (record,) = decided(CLASS, thing)
        assert (record.how, record.taken_from, record.reason, record.name) == ("redrawn", (), "class", thing.name)


def test_a_box_between_two_places_is_redrawn() -> None:
    (record,) = decided(PLACE, bar(2, 12))
    assert (record.how, record.reason, record.group) == ("redrawn", "place", 1)


def test_both_places_may_be_taken() -> None:
    assert [(row.how, row.taken_from) for row in decided(PLACE, *PLACE["ann"], *PLACE["bob"])] == [
        ("taken", ("ann",)),
        ("taken", ("bob",)),
    ]


def test_what_the_senior_drops_has_a_record_for_each_box() -> None:
    rows = decided(PLACE)
    assert [(row.how, row.box, [who for who, _ in row.drawn_by], row.reason) for row in rows] == [
        ("dropped", bar(0, 10).box, ["ann"], "place"),
        ("dropped", bar(5, 15).box, ["bob"], "place"),
    ]


def test_a_box_where_nobody_drew_is_added() -> None:
    added, dropped = decided({"ann": [bar(0, 10)], "bob": []}, bar(50, 60))
    assert (added.how, added.drawn_by, added.reason) == ("added", (), None)
    assert (dropped.how, dropped.reason) == ("dropped", "missed")


def test_another_thing_that_just_touches_a_dispute_is_added() -> None:
    """9..19 overlaps 0..10 by 1/19; a vertebra at 7..17 by 3/17, which is enough for one class alone."""
    drawn = {"ann": [bar(0, 10)], "bob": []}
    assert [row.how for row in decided(drawn, bar(9, 19))] == ["added", "dropped"]
    assert [row.how for row in decided(drawn, bar(7, 17, "vertebra"))] == ["added", "dropped"]
    assert [row.how for row in decided(drawn, bar(7, 17))] == ["redrawn"]
