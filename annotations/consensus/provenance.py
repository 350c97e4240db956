"""Where each box of a consensus comes from: who drew it, who decided, and what became of what was disputed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from spinedet.annotations.boxes import Box, box_iou
from spinedet.annotations.consensus.grouping import DEFAULT_IOU, as_array
from spinedet.annotations.consensus.merge import PLACE_IOU, Agreed, Dispute, Merged
from spinedet.annotations.consensus.reasons import Reason
from spinedet.annotations.voc import VocObject

AGREEMENT = "agreement"
"""Who decided where nobody had to."""

TAKEN_IOU = 0.95
"""Least overlap, with the same class, at which a senior took an annotator's box as it was."""

NOTHING = (0.0, False)
"""What an overlap is worth that is too little to belong together."""

How = Literal["mean", "taken", "redrawn", "added", "dropped"]
"""The annotators' mean; an annotator's box as it was; another box for the same thing; one that no annotator drew; none
at all, though somebody drew one."""

HOWS: tuple[How, ...] = get_args(How)


@dataclass(frozen=True, slots=True)
class Record:
    """One box of the outcome, or one that the senior dropped.

    Attributes:
        image: The image's name.
        name: Its class.
        box: Continuous edges in pixels.
        how: What became of what was drawn.
        decided_by: `AGREEMENT`, or the senior.
        drawn_by: The annotators' own boxes of this thing; empty where none drew it.
        reason: Why it was disputed; None where it was not.
        group: Number of the dispute in the image; None where it was not disputed.
        taken_from: The annotators whose box it is; empty unless it was `taken`.
    """

    image: str
    name: str
    box: Box
    how: How
    decided_by: str
    drawn_by: tuple[tuple[str, VocObject], ...]
    reason: Reason | None = None
    group: int | None = None
    taken_from: tuple[str, ...] = ()

    @property
    def kept(self) -> bool:
        """Whether the box is in the outcome."""
        return self.how != "dropped"

    def as_dict(self) -> dict[str, Any]:
        """The record as `provenance.json` has it."""
        drawn = [{"annotator": who, "class": thing.name, "box": list(thing.box)} for who, thing in self.drawn_by]
        return {
            "image": self.image,
            "class": self.name,
            "box": list(self.box),
            "kept": self.kept,
            "how": self.how,
            "decided_by": self.decided_by,
            "reason": self.reason,
            "group": self.group,
            "taken_from": list(self.taken_from),
            "drawn_by": drawn,
        }


def agreed_records(image: str, merged: Merged) -> list[Record]:
    """Records of an image on which nothing is disputed, in the order of its boxes."""
    return [_agreed(image, row) for row in merged.agreed]


def decided_records(
    image: str, merged: Merged, senior: str, things: Sequence[VocObject], iou: float = DEFAULT_IOU
) -> list[Record]:
    """Records of an image that the senior decided: first those of the boxes, in their order, then what was dropped.

    A box of the senior belongs to the agreed box or dispute that it overlaps most: by `PLACE_IOU` at least where the
    class is the same, otherwise by `iou`. An agreed box that the senior left exactly as it was stays decided by
    agreement.

    Args:
        image: The image's name.
        merged: What the annotators agreed on and disputed.
        senior: Who decided.
        things: The boxes in the senior's file.
        iou: Least IoU of two boxes that show the same thing.
    """
    rows: list[Agreed | Dispute] = [*merged.agreed, *merged.disputes]
    homes = [_home(thing, rows, iou) for thing in things]
    kept = [_kept(image, thing, home, senior) for thing, home in zip(things, homes, strict=True)]
    empty = (row for row in rows if not any(row is home for home in homes))
    return kept + [record for row in empty for record in _dropped(image, row, senior)]


def _home(thing: VocObject, rows: Sequence[Agreed | Dispute], iou: float) -> Agreed | Dispute | None:
    """What a box of the senior belongs to; None where no annotator drew there."""
    worth = [_worth(thing, row, iou) for row in rows]
    best = max(worth, default=NOTHING)
    return rows[worth.index(best)] if best > NOTHING else None


def _worth(thing: VocObject, row: Agreed | Dispute, iou: float) -> tuple[float, bool]:
    """Greatest overlap with an agreed box or with the boxes of a dispute, and whether the class is one of theirs."""
    others = (row.thing,) if isinstance(row, Agreed) else row.group.objects
    overlap = float(box_iou(as_array([thing]), as_array(others)).max())
    same = thing.name in row.group.names
    return (overlap, same) if overlap >= (min(PLACE_IOU, iou) if same else iou) else NOTHING


def _agreed(image: str, row: Agreed) -> Record:
    return Record(image, *_what(row.thing), "mean", AGREEMENT, row.group.members)


def _kept(image: str, thing: VocObject, home: Agreed | Dispute | None, senior: str) -> Record:
    """The record of a box in the senior's file."""
    if home is None:
        return Record(image, *_what(thing), "added", senior, ())
    if isinstance(home, Agreed) and _what(thing) == _what(home.thing):
        return _agreed(image, home)
    taken = tuple(who for who, drawn in home.group.members if _is_taken(thing, drawn))
    how: How = "taken" if taken else "redrawn"
    members = home.group.members
    if isinstance(home, Agreed):
        return Record(image, *_what(thing), how, senior, members, taken_from=taken)
    return Record(image, *_what(thing), how, senior, members, home.reason, home.number, taken)


def _what(thing: VocObject) -> tuple[str, Box]:
    return thing.name, thing.box


def _is_taken(thing: VocObject, drawn: VocObject) -> bool:
    overlap = float(box_iou(as_array([thing]), as_array([drawn]))[0, 0])
    return thing.name == drawn.name and overlap >= TAKEN_IOU


def _dropped(image: str, row: Agreed | Dispute, senior: str) -> list[Record]:
    """Records of an agreed box, or of every box of a dispute, for which the senior has none."""
    if isinstance(row, Agreed):
        return [Record(image, *_what(row.thing), "dropped", senior, row.group.members)]
    return [
        Record(image, *_what(thing), "dropped", senior, ((who, thing),), row.reason, row.number)
        for who, thing in row.group.members
    ]
