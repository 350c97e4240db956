"""The area under the curve within folds: images of two folds are never ranked against each other.

Each fold has a model of its own, and two models need not mean the same by a score of 0.5. An area over all folds
together also counts pairs from two folds, so that it falls when the models' scales differ, however well each of them
ranks (B. J. Parker, S. Gunter, J. Bedo, BMC Bioinformatics 8:326, 2007). The mean of the folds' areas has no such
pairs; patients are drawn anew over all folds for its interval.
"""

import warnings
from collections.abc import Sequence

import numpy as np

from spinedet.benchmarks.agreement.resampling import Resamples
from spinedet.benchmarks.whole_image.figures import Figure, FloatArray, bootstrapped, undefined
from spinedet.benchmarks.whole_image.roc import Curve, resampled_auc, roc_points, unrankable
from spinedet.benchmarks.whole_image.scores import ScoreTable, positive_scores, positive_truth

HAIR = 1e-9
"""How far beside a jump of a curve its height is looked at; far less than one image of any set."""


def mean_area(table: ScoreTable, positive: Sequence[str], resamples: int, seed: int) -> Figure:
    """Mean of the folds' areas, over the folds that have one.

    Args:
        table: The scores.
        positive: The positive classes.
        resamples: How many times patients are drawn anew.
        seed: The same seed gives the same interval.
    """
    folds = _folds(table, [table], positive)
    if not folds:
        return undefined("no fold has an area", _counts(table, folds))
    row = _mean(table, positive, folds, table.resamples(resamples, seed))
    return bootstrapped(row, _counts(table, folds), "no fold has an area")


def mean_difference(
    first: ScoreTable, second: ScoreTable, positive: Sequence[str], resamples: int, seed: int
) -> Figure:
    """The first's mean area less the second's, over the folds in which both have one.

    Args:
        first: One model's scores.
        second: The other's, with the same rows in the same order.
        positive: The positive classes.
        resamples: How many times patients are drawn anew.
        seed: The same seed gives the same interval.
    """
    folds = _folds(first, [first, second], positive)
    if not folds:
        return undefined("no fold has both areas", _counts(first, folds))
    drawn = first.resamples(resamples, seed)
    row = _mean(first, positive, folds, drawn) - _mean(second, positive, folds, drawn)
    return bootstrapped(row, _counts(first, folds), "no fold has both areas")


def mean_curve(table: ScoreTable, positive: Sequence[str]) -> tuple[FloatArray, FloatArray]:
    """The mean of the folds' ROC curves: false positive rates, and the mean sensitivity at each, (P,) both.

    Empty where no fold has a curve. Source: vertical averaging, T. Fawcett, Pattern Recognition Letters 27:861 (2006).
    """
    folds = _folds(table, [table], positive)
    if not folds:
        return np.empty(0), np.empty(0)
    curves = []
    for fold in folds:
        rows = table.of_fold(fold)
        curves.append(roc_points(positive_truth(rows, positive), positive_scores(rows, positive)))
    rates = np.repeat(np.unique(np.concatenate([curve.x for curve in curves])), 2)  # before and after each jump
    sides = np.resize([-HAIR, HAIR], len(rates))
    heights = [np.interp(rates + sides, *_unfolded(curve)) for curve in curves]
    return np.concatenate([[0.0], rates]), np.concatenate([[0.0], np.mean(heights, axis=0)])


def _unfolded(curve: Curve) -> tuple[FloatArray, FloatArray]:
    """A curve whose jumps are steep but no jumps, so that it has one height at each place."""
    x, y = np.array(curve.x), np.array(curve.y)
    first = np.flatnonzero(np.diff(x, prepend=-1.0) > 0)  # where each new rate begins
    last = np.append(first[1:], len(x)) - 1
    places = np.stack([x[first] - HAIR / 2, x[last] + HAIR / 2], axis=1)  # (P, 2): either side of each rate
    return places.ravel(), np.stack([y[first], y[last]], axis=1).ravel()


def _counts(table: ScoreTable, folds: Sequence[int]) -> dict[str, int]:
    return {"folds": len(folds), "of": len(np.unique(table.fold))}


def _folds(like: ScoreTable, tables: Sequence[ScoreTable], positive: Sequence[str]) -> list[int]:
    """The folds in which every table has an area."""
    return [fold for fold in np.unique(like.fold).tolist() if all(_rankable(one, positive, fold) for one in tables)]


def _rankable(table: ScoreTable, positive: Sequence[str], fold: int) -> bool:
    rows = table.of_fold(fold)
    return unrankable(positive_truth(rows, positive), positive_scores(rows, positive)) is None


def _mean(table: ScoreTable, positive: Sequence[str], folds: Sequence[int], drawn: Resamples) -> FloatArray:
    """(1 + R,) mean of the folds' areas; a resample leaves out a fold that lost one of the two kinds."""
    truth, scores = positive_truth(table, positive), positive_scores(table, positive)
    areas = []
    for fold in folds:
        rows = table.fold == fold
        areas.append(resampled_auc(truth[rows], scores[rows], Resamples(drawn.patient[rows], drawn.weights)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a resample without any area is NaN, and left out
        return np.asarray(np.nanmean(areas, axis=0))  # (F, 1 + R) over folds
