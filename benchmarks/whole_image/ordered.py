"""Grades and numbers: how far off, not only whether right.

Quadratic-weighted kappa: J. Cohen, Psychological Bulletin 70:213 (1968); limits of agreement with their intervals:
J. M. Bland and D. G. Altman, Lancet 327:307 (1986) and Statistical Methods in Medical Research 8:135 (1999).
"""

import math

import numpy as np
from scipy.stats import t as student

from spinedet.annotations.errors import InputError
from spinedet.benchmarks.agreement.figures import Record
from spinedet.benchmarks.agreement.kappa import ratio
from spinedet.benchmarks.agreement.resampling import Resamples
from spinedet.benchmarks.bootstrap import CONFIDENCE
from spinedet.benchmarks.whole_image.figures import (
    QUANTILE,
    Figure,
    FloatArray,
    IntArray,
    bootstrapped,
    resampled_interval,
    undefined,
)
from spinedet.benchmarks.whole_image.proportions import share

NOTHING = "there is no image"
CONSTANT = "truth and prediction are one and the same grade throughout, so agreement by chance is certain"
ONE = "one image has no spread"

STUDENT = "Student's t (Bland and Altman)"


class Grades(Record):
    """How far predicted grades are from the true ones.

    Attributes:
        kappa: Quadratic-weighted kappa.
        mean_absolute_error: In grades.
        within_one: Share at most one grade off.
        exact: Share of the right grade.
    """

    kappa: Figure
    mean_absolute_error: Figure
    within_one: Figure
    exact: Figure


class Numbers(Record):
    """How far predicted numbers are from the true ones, in the task's unit; differences are predicted less true.

    Attributes:
        mean_absolute_error: Mean distance.
        rmse: Root of the mean squared difference.
        bias: Mean difference.
        lower_limit: Bias less 1.96 standard deviations of the differences.
        upper_limit: Bias and as much.
    """

    mean_absolute_error: Figure
    rmse: Figure
    bias: Figure
    lower_limit: Figure
    upper_limit: Figure


def expected_value(scores: FloatArray, values: FloatArray) -> FloatArray:
    """The number that scores of bins (N, B) stand for, (N,): the mean of the bins' `values` (B,) under the scores.

    Raises:
        InputError: There are not as many values as bins.
    """
    if scores.ndim != 2 or scores.shape[1:] != values.shape:
        raise InputError("Bins and values differ.", expected=f"{scores.shape[1:]}", found=f"{values.shape}")
    return np.asarray(scores @ values)


def grades(truth: IntArray, predicted: IntArray, resamples: Resamples) -> Grades:
    """Figures of grades (N,), counted from 0."""
    off = np.abs(predicted - truth)
    columns = (np.ones(len(truth)), off, off <= 1, off == 0)
    total, distance, near, right = resamples.sums(np.arange(len(truth)), columns)  # (1 + R,) each
    counts = {"of": len(truth)}
    return Grades(
        kappa=quadratic_kappa(truth, predicted, resamples),
        mean_absolute_error=bootstrapped(ratio(distance, total), counts, NOTHING),
        within_one=share(near, total, NOTHING),
        exact=share(right, total, NOTHING),
    )


def quadratic_kappa(truth: IntArray, predicted: IntArray, resamples: Resamples) -> Figure:
    """Quadratic-weighted kappa of grades (N,): one less the squared distance over that of blind guesses.

    Guessing blindly, the mean squared distance is the sum of both variances and of the squared difference of the means,
    so that five sums make a kappa.
    """
    columns = (np.ones(len(truth)), truth, predicted, truth**2 + predicted**2, (predicted - truth) ** 2)
    total, true, guessed, squares, apart = resamples.sums(np.arange(len(truth)), columns)
    row = 1 - ratio(total * apart, total * squares - 2 * true * guessed)
    return bootstrapped(row, {"of": len(truth)}, CONSTANT if len(truth) else NOTHING)


def numbers(truth: FloatArray, predicted: FloatArray, resamples: Resamples) -> Numbers:
    """Figures of numbers (N,)."""
    difference = predicted - truth
    columns = (np.ones(len(truth)), np.abs(difference), difference, difference**2)
    total, distance, shift, squares = resamples.sums(np.arange(len(truth)), columns)
    counts, mean = {"of": len(truth)}, ratio(shift, total)
    below = np.where(total > 1, total - 1, 0)
    spread = np.sqrt(np.maximum(ratio(squares - total * mean**2, below), 0))  # (1 + R,) with n - 1
    errors = _errors(difference)
    return Numbers(
        mean_absolute_error=bootstrapped(ratio(distance, total), counts, NOTHING),
        rmse=bootstrapped(np.sqrt(ratio(squares, total)), counts, NOTHING),
        bias=_with_error(mean, errors[0], len(truth)),
        lower_limit=_with_error(mean - QUANTILE * spread, errors[1], len(truth)),
        upper_limit=_with_error(mean + QUANTILE * spread, errors[1], len(truth)),
    )


def _errors(difference: FloatArray) -> tuple[float, float]:
    """Standard errors of the bias and of a limit of agreement; NaN where there is no spread to know them from.

    That of a limit: the variance of the mean, s^2 / n, and of 1.96 s, 1.96^2 s^2 / (2 (n - 1)), added up.
    """
    number = len(difference)
    if number < 2:
        return math.nan, math.nan
    deviation = float(difference.std(ddof=1))
    return deviation / math.sqrt(number), deviation * math.sqrt(1 / number + QUANTILE**2 / (2 * (number - 1)))


def _with_error(row: FloatArray, se: float, number: int) -> Figure:
    """A figure of `number` images from its resamples (1 + R,) and its standard error."""
    counts = {"of": number}
    if math.isnan(row[0]):
        return undefined(ONE if number else NOTHING, counts)
    value, drawn = float(row[0]), resampled_interval(row)
    if math.isnan(se):
        return Figure(value=value, counts=counts, why=ONE)
    reach = float(student.ppf(0.5 + CONFIDENCE / 200, number - 1)) * se
    ci95 = (value - reach, value + reach)
    return Figure(value=value, ci95=ci95, ci95_patients=drawn, counts=counts, method=STUDENT)
