"""Ranking of positive before negative: area under the ROC curve, DeLong's interval and test, and the curves' points.

The area is the empirical one: the share of pairs, one positive and one negative, in which the positive has the greater
score; equal scores count half. Sources: E. R. DeLong, D. M. DeLong, D. L. Clarke-Pearson, Biometrics 44:837 (1988);
through midranks, in N log N: X. Sun and W. Xu, IEEE Signal Processing Letters 21:1389 (2014).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_curve

from spinedet.benchmarks.agreement.figures import Interval, Record
from spinedet.benchmarks.agreement.kappa import ratio
from spinedet.benchmarks.agreement.resampling import Resamples
from spinedet.benchmarks.whole_image.figures import (
    BOOTSTRAP,
    QUANTILE,
    BoolArray,
    Figure,
    FloatArray,
    resampled_interval,
    undefined,
)

DELONG = "DeLong"

CELLS = 4_000_000
"""Images times resamples held at once; bounds the memory (about 20 bytes a cell)."""

NO_VARIANCE = 1e-12
"""A variance below this is 0 but for rounding."""

Weights = NDArray[np.uint16]
"""Times that each patient, or each of its images, is drawn."""

NO_POSITIVE = "no image is positive"
ALL_POSITIVE = "every image is positive"
CONSTANT = "every score is the same"
SEPARATED = "positive and negative are wholly apart, so DeLong's variance is 0"
TOO_FEW = "DeLong's variance needs two positive and two negative images"


class PairedTest(Record):
    """DeLong's test of two scores of the same images.

    Attributes:
        first: Area of the first.
        second: Area of the second.
        difference: First less second; None where there is none.
        ci95: Its interval.
        z: The difference over its standard error.
        p: Two-sided.
        why: Why something is missing.
    """

    first: float | None = None
    second: float | None = None
    difference: float | None = None
    ci95: Interval | None = None
    z: float | None = None
    p: float | None = None
    why: str | None = None


class Curve(Record):
    """The points of a curve, from the highest threshold to the lowest.

    Attributes:
        x: False positive rate, or recall.
        y: True positive rate, or precision.
        threshold: The least score called positive; None where nothing is.
        area: Under the curve; of precision and recall the average precision, without interpolation.
        why: Why there is no curve.
    """

    x: tuple[float, ...] = ()
    y: tuple[float, ...] = ()
    threshold: tuple[float | None, ...] = ()
    area: float | None = None
    why: str | None = None


@dataclass(frozen=True, eq=False, slots=True)
class DeLong:
    """Areas (K,) of K scores of the same images, and their covariance (K, K)."""

    areas: FloatArray
    covariance: FloatArray


def delong(truth: BoolArray, scores: FloatArray) -> DeLong:
    """Areas and their covariance.

    Args:
        truth: (N,) with one positive and one negative image or more; the covariance is NaN without two of each.
        scores: (K, N).
    """
    below_ill, above_healthy = placements(truth, scores)
    return DeLong(below_ill.mean(axis=1), _spread(below_ill) + _spread(above_healthy))


def placements(truth: BoolArray, scores: FloatArray) -> tuple[FloatArray, FloatArray]:
    """DeLong's components: the share of negatives below each positive, and of positives above each negative.

    Args:
        truth: (N,) with M positive and L negative images, one or more of each.
        scores: (K, N).

    Returns:
        (K, M) and (K, L); the mean of each row, of either, is the area. Equal scores count half.
    """
    ill, healthy = scores[:, truth], scores[:, ~truth]  # (K, M), (K, L)
    among_all = rankdata(scores, axis=1)  # (K, N) midranks
    below_ill = (among_all[:, truth] - rankdata(ill, axis=1)) / healthy.shape[1]  # (K, M)
    above_healthy = 1 - (among_all[:, ~truth] - rankdata(healthy, axis=1)) / ill.shape[1]  # (K, L)
    return below_ill, above_healthy


def unrankable(truth: BoolArray, scores: FloatArray) -> str | None:
    """Why there is no area; None where there is one."""
    if not truth.any():
        return NO_POSITIVE
    if truth.all():
        return ALL_POSITIVE
    return CONSTANT if scores.min() == scores.max() else None


def auc(truth: BoolArray, scores: FloatArray, resamples: Resamples | None = None) -> Figure:
    """Area under the ROC curve with DeLong's interval, cut at 0 and 1.

    Args:
        truth: (N,) whether an image is positive.
        scores: (N,) greater for positive ones.
        resamples: The patients drawn anew, for `ci95_patients`.
    """
    counts = {"positive": int(truth.sum()), "negative": int((~truth).sum())}
    if why := unrankable(truth, scores):
        return undefined(why, counts)
    found = delong(truth, scores[None])
    value, variance = float(found.areas[0]), float(found.covariance[0, 0])
    why = _no_interval(variance)
    drawn = None if resamples is None else resampled_interval(resampled_auc(truth, scores, resamples))
    ci95 = None if why else _around(value, math.sqrt(variance), (0.0, 1.0))
    return Figure(value=value, ci95=ci95, ci95_patients=drawn, counts=counts, method=DELONG, why=why)


def paired_delong(truth: BoolArray, first: FloatArray, second: FloatArray) -> PairedTest:
    """Test whether two scores (N,) of the same images rank equally well."""
    for scores in (first, second):
        if why := unrankable(truth, scores):
            return PairedTest(why=why)
    found = delong(truth, np.stack([first, second]))
    contrast = np.array([1.0, -1.0])
    difference, variance = float(contrast @ found.areas), float(contrast @ found.covariance @ contrast)
    areas = PairedTest(first=float(found.areas[0]), second=float(found.areas[1]), difference=difference)
    if math.isnan(variance):
        return areas.model_copy(update={"why": TOO_FEW})
    if variance < NO_VARIANCE:
        return areas.model_copy(update={"why": "the difference has no variance"})
    se = math.sqrt(variance)
    z, ci95 = difference / se, _around(difference, se, (-1.0, 1.0))
    return areas.model_copy(update={"ci95": ci95, "z": z, "p": float(2 * norm.sf(abs(z)))})


def resampled_auc(truth: BoolArray, scores: FloatArray, resamples: Resamples) -> FloatArray:
    """The area, and that of the patients drawn anew, (1 + R,); NaN where one of the two kinds is missing.

    Under weights a positive image beats the weight of the negatives below it, and half of those beside it; both come
    from one running sum over the sorted negatives.
    """
    healthy = np.flatnonzero(~truth)[np.argsort(scores[~truth], kind="stable")]
    ends = [np.searchsorted(scores[healthy], scores[truth], side) for side in ("left", "right")]  # 2 of (M,)
    ill_of, healthy_of = resamples.patient[truth], resamples.patient[healthy]
    rows = max(1, CELLS // max(len(truth), 1))
    values = [
        _weighted(part[:, ill_of], part[:, healthy_of], ends)
        for part in (resamples.weights[at : at + rows] for at in range(0, len(resamples.weights), rows))
    ]
    return np.concatenate(values)


def macro_auc(areas: Mapping[str, Figure], resampled: Sequence[FloatArray] = ()) -> Figure:
    """Mean of the areas of each class against the rest, over the classes that have one; `why` names the others.

    Args:
        areas: By class.
        resampled: Rows (1 + R,) of the classes that have an area, for the interval.
    """
    known = [figure.value for figure in areas.values() if figure.value is not None]
    missing = [name for name, figure in areas.items() if figure.value is None]
    why = f"no area of {', '.join(missing)}" if missing else None
    if not known:
        return undefined(why or "there is no class")
    drawn = resampled_interval(np.mean(resampled, axis=0)) if len(resampled) else None
    counts = {"classes": len(known), "of": len(areas)}
    method = BOOTSTRAP if drawn else ""
    mean = float(np.mean(known))
    return Figure(value=mean, ci95=drawn, ci95_patients=drawn, counts=counts, method=method, why=why)


def roc_points(truth: BoolArray, scores: FloatArray) -> Curve:
    """The corners of the ROC curve."""
    if why := unrankable(truth, scores):
        return Curve(why=why)
    x, y, threshold = roc_curve(truth, scores)
    area = float(delong(truth, scores[None]).areas[0])
    return Curve(x=x.tolist(), y=y.tolist(), threshold=(None, *threshold[1:].tolist()), area=area)


def precision_recall_points(truth: BoolArray, scores: FloatArray) -> Curve:
    """Recall and precision at every score, from the highest; the first point (nothing found) is at precision 1."""
    if not truth.any():
        return Curve(why=NO_POSITIVE)
    precision, recall, threshold = precision_recall_curve(truth, scores, drop_intermediate=True)
    points = {"x": recall[::-1].tolist(), "y": precision[::-1].tolist()}
    area = float(average_precision_score(truth, scores))
    return Curve(**points, threshold=(None, *threshold[::-1].tolist()), area=area)


def _weighted(ill: Weights, healthy: Weights, ends: Sequence[NDArray[np.integer]]) -> FloatArray:
    """Area under weights: (R, M) of the positives, (R, L) of the sorted negatives, with each positive's place there."""
    below = np.zeros((len(healthy), healthy.shape[1] + 1))  # whole numbers, exact in floating point
    np.cumsum(healthy, axis=1, out=below[:, 1:])  # (R, L + 1)
    won = (ill * (below[:, ends[0]] + below[:, ends[1]])).sum(axis=1)  # (R,) in half pairs
    return ratio(won, 2 * ill.sum(axis=1) * below[:, -1])


def _spread(parts: FloatArray) -> FloatArray:
    """Covariance (K, K) of the means of the rows (K, M)."""
    size = parts.shape[1]
    if size < 2:
        return np.full((len(parts), len(parts)), np.nan)
    return np.asarray(np.atleast_2d(np.cov(parts)) / size)


def _no_interval(variance: float) -> str | None:
    if math.isnan(variance):
        return TOO_FEW
    return SEPARATED if variance < NO_VARIANCE else None


def _around(value: float, se: float, within: Interval) -> Interval:
    return max(value - QUANTILE * se, within[0]), min(value + QUANTILE * se, within[1])
