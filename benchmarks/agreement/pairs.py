"""Two annotators: how many boxes both drew, how well the boxes lie on each other, whether they have one name.

Boxes are matched one to one by their overlap, whatever their class (`spinedet.annotations.consensus.grouping`). The
figures are symmetrical: nobody is the reference. Only precision and recall take the first annotator for it, and
exchanging the annotators exchanges the two.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinedet.benchmarks.agreement.figures import Figure, Overlap, Pair, PairRow, Shift
from spinedet.benchmarks.agreement.kappa import QUANTILE, ratio
from spinedet.benchmarks.agreement.kappas import cohen_figure, kappas
from spinedet.benchmarks.agreement.panel import LEFT, RIGHT, Groups
from spinedet.benchmarks.agreement.resampling import FloatArray, Resamples, value_and_interval

EDGES = ("left", "top", "right", "bottom")
"""Edges in the order of a box."""

QUARTILES = (1, 2, 3)


def compare(groups: Groups, resamples: Resamples) -> Pair:
    """Everything about two annotators.

    Args:
        groups: Groups of their boxes (K = 2).
        resamples: How often each patient counts.
    """
    first, second = groups.annotators
    scopes = [None, *range(len(groups.classes))]
    rows = tuple(_row(groups, resamples, label) for label in scopes)
    return Pair(first=first, second=second, images=groups.images, rows=rows)


@dataclass(frozen=True, eq=False, slots=True)
class _Scope:
    """The boxes that a row is about.

    Attributes:
        drawn: (G, 2) whether each annotator's box belongs to the row.
        partnered: (G, 2) whether it has a partner, of whatever class.
        same: (G,) whether both boxes belong to the row and have one class.
        compared: (G,) pairs whose overlap and edges are measured.
    """

    drawn: NDArray[np.bool_]
    partnered: NDArray[np.bool_]
    same: NDArray[np.bool_]
    compared: NDArray[np.bool_]

    @classmethod
    def of(cls, groups: Groups, label: int | None) -> "_Scope":
        drawn = groups.drawn if label is None else groups.labels == label  # (G, 2)
        same = drawn.all(axis=1) & (groups.labels[:, LEFT] == groups.labels[:, RIGHT])
        partnered = drawn & groups.matched[:, None]
        return cls(drawn, partnered, same, groups.matched if label is None else same)


def _row(groups: Groups, resamples: Resamples, label: int | None) -> PairRow:
    scope = _Scope.of(groups, label)
    columns = [*scope.drawn.T, *scope.partnered.T, scope.same]
    left, right, left_partnered, right_partnered, same = resamples.sums(groups.image, columns)  # (1 + R,) each
    both, partnered = left + right, left_partnered + right_partnered
    image = groups.image[scope.compared]
    differences = (groups.boxes[:, RIGHT] - groups.boxes[:, LEFT])[scope.compared]  # (M, 4)
    return PairRow(
        label=None if label is None else groups.classes[label],
        boxes=(int(left[0]), int(right[0])),
        matched=share(partnered, both),
        class_agreement=share(2 * same, partnered),
        f1=share(2 * same, both),
        precision=share(same, right),
        recall=share(same, left),
        iou=_overlap(resamples, image, groups.overlaps()[scope.compared]),
        edges={edge: _shift(resamples, image, column) for edge, column in zip(EDGES, differences.T, strict=True)},
        kappa=kappas(groups, resamples, label, cohen_figure),
    )


def share(part: FloatArray, whole: FloatArray) -> Figure:
    """A share of counts, each its value and resamples (1 + R,)."""
    value, ci95 = value_and_interval(ratio(part, whole))
    return Figure(value=value, ci95=ci95, count=int(part[0]), of=int(whole[0]))


def _overlap(resamples: Resamples, image: NDArray[np.int64], iou: FloatArray) -> Overlap:
    number, total = resamples.sums(image, [np.ones(len(iou)), iou])
    lower, median, upper = resamples.quantiles(image, iou, QUARTILES)
    rows = (ratio(total, number), lower, median, upper)
    mean, lower_quartile, middle, upper_quartile = (_measured(row, len(iou)) for row in rows)
    return Overlap(mean=mean, lower_quartile=lower_quartile, median=middle, upper_quartile=upper_quartile)


def _shift(resamples: Resamples, image: NDArray[np.int64], pixels: FloatArray) -> Shift:
    """Mean difference and limits of agreement (Bland and Altman, Lancet 327:307, 1986), SD over n - 1."""
    centre = float(pixels.mean()) if len(pixels) else 0.0  # so that the squares lose no digits
    moved = pixels - centre
    number, total, squares = resamples.sums(image, [np.ones(len(moved)), moved, moved * moved])
    mean = ratio(total, number)
    sd = np.sqrt(np.clip(ratio(squares - total * mean, np.clip(number - 1, 0, None)), 0, None))
    rows = (centre + mean, sd, centre + mean - QUANTILE * sd, centre + mean + QUANTILE * sd)
    shift, spread, low, high = (_measured(row, len(pixels)) for row in rows)
    return Shift(mean=shift, sd=spread, low=low, high=high)


def _measured(row: FloatArray, number: int) -> Figure:
    value, ci95 = value_and_interval(row)
    return Figure(value=value, ci95=ci95, of=number)
