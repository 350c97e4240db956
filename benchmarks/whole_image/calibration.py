"""Whether a score of 0.8 is right eight times in ten: Brier score, calibration curve, and temperature scaling.

Sources: temperature scaling and the expected calibration error, C. Guo and others, ICML (2017), arXiv 1706.04599;
Brier score, G. W. Brier, Monthly Weather Review 78:1 (1950); its parts, A. H. Murphy, Journal of Applied Meteorology
12:595 (1973), with what bins leave over, D. B. Stephenson and others, Weather and Forecasting 23:752 (2008).
"""

import math

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from spinedet.benchmarks.agreement.figures import Interval, Record
from spinedet.benchmarks.whole_image.figures import BoolArray, FloatArray, IntArray
from spinedet.benchmarks.whole_image.proportions import proportion_interval

BINS = 10
"""Bins of a calibration curve."""

FLOOR = 1e-6
"""A score below this counts as this much, so that it has a logarithm."""

COLDEST, HOTTEST = 0.05, 20.0
"""Temperatures between which the best one is looked for."""

EDGE = 1.02
"""A temperature this close to a bound, as a factor, is taken for the bound itself: nothing was found between them."""

UNIFORM = 1e-9
"""Scores of an image that differ by less than this say nothing."""


class Temperature(Record):
    """What the logarithms of scores are divided by; 1 leaves the scores alone.

    Attributes:
        value: Above 1 scores become less sure, below 1 more.
        images: Validation images that it was fitted on.
        before: Mean negative log likelihood of the truth, in nats, before.
        after: The same after.
        why: Why it could not be fitted and is 1.
    """

    value: float = 1.0
    images: int = 0
    before: float | None = None
    after: float | None = None
    why: str | None = None

    def scale(self, scores: FloatArray) -> FloatArray:
        """Scores (N, C) at this temperature, rows adding up to 1."""
        if self.value == 1.0:
            return scores
        return np.asarray(softmax(_logarithms(scores) / self.value, axis=1))


class Bin(Record):
    """Images of about one score.

    Attributes:
        score: Their mean score.
        observed: Share of them that is positive.
        ci95: Wilson's interval of it.
        positive: How many of them are.
        of: How many they are.
    """

    score: float
    observed: float
    ci95: Interval
    positive: int
    of: int


class Brier(Record):
    """Mean squared error of a score, 0 to 1, and its parts.

    Attributes:
        value: `reliability - resolution + uncertainty + within`.
        reliability: How far the bins' scores are from what was observed; 0 is best.
        resolution: How far the bins are from the share of positives; more is better.
        uncertainty: What always saying that share would give.
        within: What bins leave over, their scores not being all the same.
    """

    value: float
    reliability: float
    resolution: float
    uncertainty: float
    within: float


class Calibration(Record):
    """How far scores can be taken for probabilities.

    Attributes:
        images: How many there are.
        brier: Of the positive score; None where the task has no positive classes.
        brier_classes: Sum of squared errors over the classes, 0 to 2, the mean over images.
        expected_error: Expected calibration error: of the positive score, otherwise of the highest score.
        curve: Of the same score.
    """

    images: int
    brier: Brier | None
    brier_classes: float
    expected_error: float
    curve: tuple[Bin, ...]


def fit_temperature(truth: IntArray, scores: FloatArray) -> Temperature:
    """The temperature at which validation images' true classes are the likeliest.

    It stays 1 where it cannot be fitted: there is no image, all are of one class, or no temperature between the bounds
    is best (all are right, so that surer would always be better; or the scores say nothing of the truth).

    Args:
        truth: (N,) index of each validation image's class.
        scores: (N, C) rows adding up to 1.
    """
    number = len(truth)
    if len(np.unique(truth)) < 2:
        return Temperature(images=number, why="the validation images are of one class" if number else "no image")
    if (np.ptp(scores, axis=1) < UNIFORM).all():
        return Temperature(images=number, why="every score is the same")
    logarithms = _logarithms(scores)
    # In the logarithm of the temperature, so that halving and doubling are equally far.
    bounds = (math.log(COLDEST), math.log(HOTTEST))
    found = minimize_scalar(
        lambda power: _surprise(truth, logarithms / math.exp(power)), bounds=bounds, method="bounded"
    )
    value, before = math.exp(float(found.x)), _surprise(truth, logarithms)
    if why := _at_bound(value):
        return Temperature(images=number, before=before, after=before, why=why)
    return Temperature(value=value, images=number, before=before, after=_surprise(truth, logarithms / value))


def brier_score(truth: BoolArray, scores: FloatArray, bins: int = BINS) -> Brier:
    """Brier score of positive scores (N,), N > 0, with its parts over bins of about as many images each."""
    value = float(np.mean((scores - truth) ** 2))
    rate = float(truth.mean())
    rows = calibration_curve(truth, scores, bins)
    shares = np.array([row.of for row in rows]) / len(truth)
    said, seen = np.array([row.score for row in rows]), np.array([row.observed for row in rows])
    parts = (float(shares @ (said - seen) ** 2), float(shares @ (seen - rate) ** 2), rate * (1 - rate))
    within = value - (parts[0] - parts[1] + parts[2])
    return Brier(value=value, reliability=parts[0], resolution=parts[1], uncertainty=parts[2], within=within)


def brier_classes(truth: IntArray, scores: FloatArray) -> float:
    """Brier score over all classes, (N,) and (N, C), N > 0: Brier's own, with two classes twice the other."""
    return float(np.mean(((scores - np.eye(scores.shape[1])[truth]) ** 2).sum(axis=1)))


def calibration_curve(truth: BoolArray, scores: FloatArray, bins: int = BINS) -> tuple[Bin, ...]:
    """Bins of about as many images each, by ascending score (N,); equal scores are never parted."""
    place = _bins(scores, bins)
    return tuple(_bin(truth[place == one], scores[place == one]) for one in np.unique(place))


def expected_calibration_error(curve: tuple[Bin, ...]) -> float:
    """Mean distance of score and observation over the bins, weighted by their images."""
    total = sum(row.of for row in curve)
    return sum(row.of * abs(row.score - row.observed) for row in curve) / total


def calibration(truth: IntArray, scores: FloatArray, positive: IntArray, bins: int = BINS) -> Calibration:
    """Calibration of scores.

    Args:
        truth: (N,) index of each image's class, N > 0.
        scores: (N, C).
        positive: Indices of the positive classes; where there are none, the highest score is looked at.
        bins: How many bins at most.
    """
    if len(positive):
        said, right = np.clip(scores[:, positive].sum(axis=1), 0.0, 1.0), np.isin(truth, positive)
    else:
        said, right = scores.max(axis=1), scores.argmax(axis=1) == truth
    curve = calibration_curve(right, said, bins)
    return Calibration(
        images=len(truth),
        brier=brier_score(right, said, bins) if len(positive) else None,
        brier_classes=brier_classes(truth, scores),
        expected_error=expected_calibration_error(curve),
        curve=curve,
    )


def _logarithms(scores: FloatArray) -> FloatArray:
    return np.log(np.maximum(scores, FLOOR))


def _surprise(truth: IntArray, logarithms: FloatArray) -> float:
    """Mean negative log likelihood of the truth (N,) under unnormalised logarithms (N, C)."""
    return -float(np.mean(log_softmax(logarithms, axis=1)[np.arange(len(truth)), truth]))


def _at_bound(value: float) -> str | None:
    if value < COLDEST * EDGE:
        return "surer scores would always be better: every validation image is right"
    if value > HOTTEST / EDGE:
        return "less sure scores would always be better: they say nothing of the validation images"
    return None


def _bins(scores: FloatArray, bins: int) -> IntArray:
    """(N,) the bin of each score: a run of equal scores goes where its middle belongs."""
    _, index, times = np.unique(scores, return_inverse=True, return_counts=True)
    middle = np.cumsum(times) - times / 2  # (U,) images below, and half of those of the same score
    return np.minimum((middle * bins / len(scores)).astype(np.int64), bins - 1)[index]


def _bin(truth: BoolArray, scores: FloatArray) -> Bin:
    positive, of = int(truth.sum()), len(truth)
    ci95 = proportion_interval(positive, of)
    return Bin(score=float(scores.mean()), observed=positive / of, ci95=ci95, positive=positive, of=of)
