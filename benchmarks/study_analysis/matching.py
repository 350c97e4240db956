"""Which mark of a reader belongs to which object of the reference, for all images at once.

An object and a mark may belong together if their IoU reaches the protocol's. They are matched one to one so that the
sum of the IoUs is greatest, whatever the classes; the rule is that of `spinedet.annotations.consensus.grouping` for two
annotators. Between sums that are equal (two boxes of two classes drawn in exactly one place) the greater score wins,
and only then the mark of the object's class.

Most images need no assignment at all: no object has two marks within reach, and no mark two objects.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from spinedet.annotations.boxes import box_area
from spinedet.annotations.consensus.grouping import SAME_CLASS
from spinedet.benchmarks.study_analysis.material import Boxes
from spinedet.benchmarks.whole_image.figures import BoolArray, FloatArray, IntArray

NOBODY = -1
"""An object without a mark."""

BY_CLASS = SAME_CLASS / 1000
"""What a pair of one class counts beside its IoU; `SAME_CLASS` is what the greatest score counts."""


@dataclass(frozen=True, eq=False, slots=True)
class Pairs:
    """Objects and marks of one image within reach of each other.

    Attributes:
        thing: (K,) index of the object.
        mark: (K,) index of the mark.
        iou: (K,) at least the threshold.
    """

    thing: IntArray
    mark: IntArray
    iou: FloatArray

    def chosen(self, which: BoolArray | IntArray) -> "Pairs":
        """Some of the pairs."""
        return Pairs(self.thing[which], self.mark[which], self.iou[which])


@dataclass(frozen=True, eq=False, slots=True)
class Matched:
    """The marks of one reader, matched.

    Attributes:
        mark: (N,) index of each object's mark, or `NOBODY`.
        iou: (N,) their overlap; 0 without a mark.
        false: (M,) marks without an object.
        double: (M,) of those, marks within reach of an object that another mark has.
    """

    mark: IntArray
    iou: FloatArray
    false: BoolArray
    double: BoolArray


def match(things: Boxes, marks: Boxes, iou: float) -> Matched:
    """Match the marks of one reader with the objects of the reference.

    Args:
        things: N objects.
        marks: M marks.
        iou: Least overlap.
    """
    within = within_reach(things, marks, iou)
    taken = _assigned(within, things, marks)
    mark, overlap = np.full(len(things), NOBODY, np.int64), np.zeros(len(things))
    mark[taken.thing], overlap[taken.thing] = taken.mark, taken.iou
    false = np.ones(len(marks), bool)
    false[taken.mark] = False
    double = np.zeros(len(marks), bool)
    double[within.mark] = True
    return Matched(mark, overlap, false, false & double)


def within_reach(things: Boxes, marks: Boxes, iou: float) -> Pairs:
    """Every object with every mark of its image whose overlap reaches `iou`."""
    first = np.searchsorted(marks.image, things.image, "left")  # (N,) where the marks of an object's image begin
    number = np.searchsorted(marks.image, things.image, "right") - first  # (N,)
    thing = np.repeat(np.arange(len(things)), number)  # (K,)
    step = np.arange(len(thing)) - np.repeat(np.cumsum(number) - number, number)
    mark = np.repeat(first, number) + step
    overlap = _paired_iou(things.boxes[thing], marks.boxes[mark])
    return Pairs(thing, mark, overlap).chosen(overlap >= iou)


def scores_of_objects(things: Boxes, marks: Boxes, within: Pairs, classes: int, nothing: float) -> FloatArray:
    """The greatest score of a mark of each class within reach of each object, (N, C); `nothing` without any.

    Marks are not shared out here: a score says how surely the reader sees the class in this place.
    """
    scores = np.full((len(things), classes), nothing)
    np.maximum.at(scores, (within.thing, marks.label[within.mark]), marks.score[within.mark])
    return scores


def _paired_iou(first: FloatArray, second: FloatArray) -> FloatArray:
    """IoU of boxes (K, 4) with boxes (K, 4), one by one, (K,); as `spinedet.annotations.boxes.box_iou`."""
    low = np.maximum(first[:, :2], second[:, :2])
    high = np.minimum(first[:, 2:], second[:, 2:])
    sides = np.maximum(high - low, 0)  # (K, 2)
    shared = sides[:, 0] * sides[:, 1]
    union = box_area(first) + box_area(second) - shared
    return np.asarray(np.divide(shared, union, out=np.zeros(len(shared)), where=union > 0), np.float64)


def _assigned(within: Pairs, things: Boxes, marks: Boxes) -> Pairs:
    """Of all pairs within reach those that are taken."""
    alone = (np.bincount(within.thing, minlength=len(things))[within.thing] == 1) & (
        np.bincount(within.mark, minlength=len(marks))[within.mark] == 1
    )
    contested = np.flatnonzero(~alone)
    worth = _worth(within, things, marks)
    settled = [_settle(within, worth, rows) for rows in _by_image(things.image[within.thing], contested)]
    return within.chosen(np.concatenate([np.flatnonzero(alone), *settled]).astype(np.int64))


def _worth(within: Pairs, things: Boxes, marks: Boxes) -> FloatArray:
    """The IoU of each pair, and a trace of score and class, (K,)."""
    score = np.nan_to_num(marks.score)
    greatest = max(float(np.abs(score).max(initial=0.0)), 1.0)
    same = things.label[within.thing] == marks.label[within.mark]
    return np.asarray(within.iou + SAME_CLASS * score[within.mark] / greatest + BY_CLASS * same)


def _by_image(image: IntArray, rows: IntArray) -> Iterator[IntArray]:
    """The rows of each image, which stand together."""
    if len(rows):
        yield from np.split(rows, np.flatnonzero(np.diff(image[rows])) + 1)


def _settle(within: Pairs, worth: FloatArray, rows: IntArray) -> IntArray:
    """Of the contested pairs (rows) of one image those with the greatest sum."""
    objects, thing = np.unique(within.thing[rows], return_inverse=True)
    drawn, mark = np.unique(within.mark[rows], return_inverse=True)
    gain, number = np.zeros((len(objects), len(drawn))), np.full((len(objects), len(drawn)), NOBODY, np.int64)
    gain[thing, mark], number[thing, mark] = worth[rows], rows
    chosen = number[linear_sum_assignment(gain, maximize=True)]
    return np.asarray(chosen[chosen != NOBODY], np.int64)
