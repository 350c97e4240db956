"""Boxes of one image that lie where another lies."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import sub

import numpy as np
from numpy.typing import NDArray

from spinedet.annotations.boxes import Box, box_iou
from spinedet.annotations.voc import VocObject

SAME_PLACE = 0.9
"""IoU from which two boxes are taken for two drawings of one thing."""

ROWS_AT_ONCE = 256
"""Boxes compared with all others in one step, so that a file of 10,000 boxes needs megabytes and not gigabytes."""

ROUNDING = 1 + 1e-9
"""A box at the very limit is looked at rather than passed over."""


@dataclass(frozen=True, slots=True)
class Twin:
    """A box that lies where an earlier one of the file lies.

    Attributes:
        place, earlier: Their numbers in the file, from 0.
        iou: How much they share, at least `SAME_PLACE`.
        same_class: Whether both are called the same.
        identical: Whether nothing at all tells them apart.
    """

    place: int
    earlier: int
    iou: float
    same_class: bool
    identical: bool


def find_twins(objects: Sequence[VocObject]) -> tuple[Twin, ...]:
    """At most two twins of each box: the likest earlier one of its class, and the likest of another class.

    A box with an identical earlier one has that twin alone: once it is gone, nothing else needs to be said of it.
    """
    if not _some_may_share([thing.box for thing in objects]):
        return ()
    boxes = np.array([thing.box for thing in objects], np.float64).reshape(-1, 4)
    return tuple(_twins(objects, boxes))


def _some_may_share(boxes: Sequence[Box]) -> bool:
    """Whether any two boxes begin so close to each other, downwards, that they may share their place.

    Nearly every file is done with here. Where two boxes share the place, their heights share it too, so that their
    beginnings differ by at most (1 - t) / t of the lesser height, t being `SAME_PLACE`; so do neighbours in order.
    """
    if len(boxes) < 2:
        return False
    tops = sorted(box.y0 for box in boxes)
    reach = (1 - SAME_PLACE) / SAME_PLACE * max(box.y1 - box.y0 for box in boxes)
    return bool(min(map(sub, tops[1:], tops)) <= reach * ROUNDING)


def _twins(objects: Sequence[VocObject], boxes: NDArray[np.float64]) -> Iterator[Twin]:
    first: dict[VocObject, int] = {}
    labels = _labels(objects)
    for start in range(0, len(objects), ROWS_AT_ONCE):
        iou = np.tril(box_iou(boxes[start : start + ROWS_AT_ONCE], boxes), start - 1)  # (R, N), earlier boxes only
        near = np.any(iou >= SAME_PLACE, axis=1)
        for row, thing in enumerate(objects[start : start + ROWS_AT_ONCE]):
            place = start + row
            if (earlier := first.setdefault(thing, place)) != place:
                yield Twin(place, earlier, 1.0, same_class=True, identical=True)
            elif near[row]:
                yield from _likest(place, iou[row], labels)


def _likest(place: int, iou: NDArray[np.float64], labels: NDArray[np.int64]) -> Iterator[Twin]:
    """The likest box of the same class and of another; `iou` (N,) is 0 from `place` on."""
    for same_class in (True, False):
        fitting = np.where((labels == labels[place]) == same_class, iou, 0)
        earlier = int(fitting.argmax())
        if fitting[earlier] >= SAME_PLACE:
            yield Twin(place, earlier, float(fitting[earlier]), same_class, identical=False)


def _labels(objects: Sequence[VocObject]) -> NDArray[np.int64]:
    """(N,) the number of each object's class among those of the file."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(thing.name, len(numbers)) for thing in objects], np.int64)
