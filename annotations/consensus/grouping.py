"""Which boxes of several annotators show the same thing: groups with at most one box of each annotator.

Two annotators are matched one to one so that the sum of the IoUs is greatest, over pairs that reach the threshold.
The class takes no part in that, so that one place with two classes is seen as what it is; only between sums that are
equal does the matching with more pairs of one class win.

Three or more annotators join one after the other: each one's boxes are matched, as between two, with the mean boxes of
the groups made so far, and those left over start groups of their own. Nothing here depends on the names of the
annotators, on the order in which they are named, or on the order of the boxes in a file: who joins first is decided by
what was drawn (the most boxes first). The limit of joining in turn: a box reaches the threshold with the mean of
those before it, not always with each of them, and where things stand so close that the first two can be matched in
two ways, the third is not asked.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from spinedet.annotations.boxes import Box, box_iou
from spinedet.annotations.errors import InputError
from spinedet.annotations.voc import VocObject

DEFAULT_IOU = 0.5
"""Least overlap of two boxes that show the same thing."""

SAME_CLASS = 1e-9
"""What a pair of one class counts beside its IoU: enough to decide between equal sums, too little for anything else."""

Drawn = Mapping[str, Sequence[VocObject]]
"""The boxes that each annotator drew on one image."""


@dataclass(frozen=True, slots=True)
class Group:
    """The boxes that show one thing.

    Attributes:
        members: Annotator and box, at least one, in the order in which the annotators were named.
    """

    members: tuple[tuple[str, VocObject], ...]

    @property
    def annotators(self) -> tuple[str, ...]:
        """Who drew it."""
        return tuple(annotator for annotator, _ in self.members)

    @property
    def objects(self) -> tuple[VocObject, ...]:
        """The boxes alone."""
        return tuple(thing for _, thing in self.members)

    @property
    def names(self) -> tuple[str, ...]:
        """The different classes given to it, in the order of the members."""
        return tuple(dict.fromkeys(thing.name for _, thing in self.members))

    @property
    def mean(self) -> Box:
        """Mean of each edge, not rounded."""
        return mean_box(thing.box for _, thing in self.members)

    def of(self, annotator: str) -> VocObject | None:
        """The box of an annotator; None where that annotator drew none here."""
        return dict(self.members).get(annotator)

    def ious(self) -> tuple[float, ...]:
        """IoU of every pair of members, in the order of `itertools.combinations`; empty for a single box."""
        boxes = as_array(self.objects)
        overlap = box_iou(boxes, boxes)
        return tuple(float(overlap[pair]) for pair in combinations(range(len(boxes)), 2))


def group_boxes(drawn: Drawn, iou: float = DEFAULT_IOU) -> tuple[Group, ...]:
    """Group the boxes of one image; see the module for the rule.

    Args:
        drawn: The boxes of each annotator; one may have drawn none.
        iou: Least IoU of a pair, above 0 and at most 1.

    Returns:
        Groups from top to bottom, then from left to right, of their mean boxes. Every box is in exactly one.

    Raises:
        InputError: `iou` is out of range.
    """
    check_iou(iou)
    joined: list[list[tuple[str, VocObject]]] = []
    for annotator, things in sorted(((name, _in_order(things)) for name, things in drawn.items()), key=_turn):
        pairs = dict(_match_groups(things, joined, iou))
        for row, thing in enumerate(things):
            if row in pairs:
                joined[pairs[row]].append((annotator, thing))
            else:
                joined.append([(annotator, thing)])
    places = {annotator: place for place, annotator in enumerate(drawn)}
    groups = (Group(tuple(sorted(members, key=lambda member: places[member[0]]))) for members in joined)
    return tuple(sorted(groups, key=_from_the_top))


def check_iou(iou: float) -> None:
    """Refuse a threshold that cannot be one.

    Raises:
        InputError: `iou` is not above 0 and at most 1.
    """
    if not 0 < iou <= 1:
        raise InputError("The IoU is out of range.", expected="above 0 and at most 1", found=f"{iou:g}")


def mean_box(boxes: Iterable[Box]) -> Box:
    """Mean of each edge of one or more boxes, not rounded."""
    return Box(*(float(edge) for edge in np.mean(np.array(list(boxes), np.float64), axis=0)))


def as_array(things: Sequence[VocObject]) -> NDArray[np.float64]:
    """Edges of boxes as (N, 4)."""
    return np.array([thing.box for thing in things], np.float64).reshape(-1, 4)


def _content(thing: VocObject) -> tuple[object, ...]:
    """What was drawn, to be sorted by."""
    return (*thing.box, thing.name, thing.difficult, thing.truncated)


def _in_order(things: Sequence[VocObject]) -> list[VocObject]:
    return sorted(things, key=_content)


def _turn(named: tuple[str, Sequence[VocObject]]) -> tuple[int, list[tuple[object, ...]]]:
    """When an annotator joins: the most boxes first, then by what was drawn; never by name."""
    return -len(named[1]), [_content(thing) for thing in named[1]]


def _from_the_top(group: Group) -> tuple[object, ...]:
    mean = group.mean
    return mean.y0, mean.x0, mean.y1, mean.x1, *(_content(thing) for thing in group.objects)


def _match_groups(
    things: Sequence[VocObject], groups: Sequence[Sequence[tuple[str, VocObject]]], iou: float
) -> list[tuple[int, int]]:
    """Pairs (thing, group) with the greatest sum of IoUs with the groups' mean boxes, none below `iou`.

    A pair below the threshold is worth nothing, so the best assignment of all is also the best over the pairs that
    are left when those are taken out again.
    """
    if not things or not groups:
        return []
    means = np.array([mean_box(thing.box for _, thing in members) for members in groups], np.float64)
    overlap = box_iou(as_array(things), means)  # (N, 4) with (G, 4) gives (N, G)
    shares = np.array([[_share(thing, members) for members in groups] for thing in things])  # (N, G)
    worth = np.where(overlap >= iou, overlap + SAME_CLASS * shares, 0.0)
    rows, columns = linear_sum_assignment(worth, maximize=True)
    return [(int(row), int(column)) for row, column in zip(rows, columns, strict=True) if overlap[row, column] >= iou]


def _share(thing: VocObject, members: Sequence[tuple[str, VocObject]]) -> float:
    """Share of a group's members that have the class of a box."""
    return sum(other.name == thing.name for _, other in members) / len(members)
