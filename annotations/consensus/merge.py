"""From the boxes of several annotators to what they agree on and what a senior has to decide.

Agreed is what all of them drew, under one class. Its box is the mean of theirs, rounded to whole pixels; it is
difficult, or truncated, if any of them says so; what else an object holds is kept from the annotator named first.
Everything else is a dispute: the same place under different classes, a thing that not all drew, or two boxes of one
class that overlap, but too little to be the same.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from spinedet.annotations.boxes import box_iou
from spinedet.annotations.consensus.grouping import DEFAULT_IOU, Drawn, Group, group_boxes
from spinedet.annotations.consensus.reasons import Reason
from spinedet.annotations.voc import VocObject

PLACE_IOU = 0.1
"""Least overlap at which two boxes of one class are shown to the senior as two places of one thing."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """What all annotators drew.

    Attributes:
        thing: The box that stands for theirs.
        group: The boxes it was made from.
    """

    thing: VocObject
    group: Group


@dataclass(frozen=True, slots=True)
class Dispute:
    """What a senior has to decide.

    Attributes:
        number: From 1, from top to bottom in the image.
        reason: Why the annotators do not agree.
        group: Their boxes.
    """

    number: int
    reason: Reason
    group: Group


@dataclass(frozen=True, slots=True)
class Merged:
    """The boxes of one image, all annotators together.

    Attributes:
        agreed: What all drew, from top to bottom.
        disputes: Everything else.
    """

    agreed: tuple[Agreed, ...]
    disputes: tuple[Dispute, ...]

    def reasons(self) -> Counter[Reason]:
        """How many disputes there are of each kind."""
        return Counter(dispute.reason for dispute in self.disputes)


def merge(drawn: Drawn, iou: float = DEFAULT_IOU) -> Merged:
    """Part the boxes of one image into agreed and disputed.

    Args:
        drawn: The boxes of each annotator, all of whom have looked at the image.
        iou: Least IoU of two boxes that show the same thing.

    Raises:
        InputError: `iou` is out of range.
    """
    agreed: list[Agreed] = []
    found: list[tuple[Reason, Group]] = []
    missed: list[Group] = []
    for group in group_boxes(drawn, iou):
        if len(group.names) > 1:
            found.append(("class", group))
        elif len(group.members) < len(drawn):
            missed.append(group)
        else:
            agreed.append(Agreed(_stand_in(group), group))
    found.extend(_join_places(missed, list(drawn)))
    found.sort(key=lambda row: (row[1].mean.y0, row[1].mean.x0))
    return Merged(tuple(agreed), tuple(Dispute(number, *row) for number, row in enumerate(found, start=1)))


def _stand_in(group: Group) -> VocObject:
    """The one box for a group of one class."""
    things = group.objects
    return replace(
        things[0],
        box=group.mean.whole(),
        difficult=any(thing.difficult for thing in things),
        truncated=any(thing.truncated for thing in things),
    )


def _join_places(missed: Sequence[Group], order: Sequence[str]) -> list[tuple[Reason, Group]]:
    """Put what different annotators drew of one class in two places into one dispute.

    Two groups are joined that overlap each other more than any other group that they could be joined with, and by
    `PLACE_IOU` at least; then again, until nothing can be joined.
    """
    rows: list[tuple[Reason, Group]] = [("missed", group) for group in missed]
    while pair := _nearest_pair([group for _, group in rows]):
        first, second = (rows[place][1] for place in pair)
        members = sorted(first.members + second.members, key=lambda member: order.index(member[0]))
        rows = [row for place, row in enumerate(rows) if place not in pair]
        rows.append(("place", Group(tuple(members))))
    return rows


def _nearest_pair(groups: Sequence[Group]) -> tuple[int, int] | None:
    """The first two groups that are each other's nearest; None where no two can be joined."""
    if len({annotator for group in groups for annotator in group.annotators}) < 2:
        return None  # before a table of what one person alone drew
    means = np.array([group.mean for group in groups], np.float64)
    allowed = np.array([[_may_join(first, second) for second in groups] for first in groups])  # (G, G)
    overlap = np.where(allowed, box_iou(means, means), 0.0)
    nearest = overlap.argmax(axis=1)  # (G,)
    mutual = (nearest[nearest] == np.arange(len(groups))) & (overlap.max(axis=1) >= PLACE_IOU)
    return (int(first := np.flatnonzero(mutual)[0]), int(nearest[first])) if mutual.any() else None


def _may_join(first: Group, second: Group) -> bool:
    return first.names == second.names and not set(first.annotators) & set(second.annotators)
