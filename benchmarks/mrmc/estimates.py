"""From a value, its variance and its degrees of freedom to interval and test; and the mean of one sample of readers."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from spinedet.benchmarks.agreement.figures import Interval
from spinedet.benchmarks.bootstrap import CONFIDENCE
from spinedet.benchmarks.mrmc.figures import NO_VARIANCE, ONE_READER, Estimate
from spinedet.benchmarks.whole_image.figures import FloatArray
from spinedet.benchmarks.whole_image.roc import NO_VARIANCE as NOTHING

SHARE: Interval = (0.0, 1.0)
DIFFERENCE: Interval = (-1.0, 1.0)
"""What a figure of merit, and a difference of two, can be."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A variance and its degrees of freedom, infinite where it is taken for known; NaN where it is not defined."""

    variance: float
    df: float


UNKNOWN = Spread(math.nan, math.nan)


@dataclass(frozen=True, slots=True)
class MeanSpread:
    """How far a mean over readers may be off, by what is taken for a sample."""

    random: Spread
    fixed_readers: Spread
    fixed_cases: Spread


def estimate(
    value: float, spread: Spread, within: Interval, against: float | None = None, why: str = ONE_READER
) -> Estimate:
    """A figure with its 95 % interval and its test.

    Args:
        value: The figure.
        spread: Of the figure itself.
        within: What it can be; the interval is cut there.
        against: What it is tested against.
        why: What is said where the variance is not defined.
    """
    if math.isnan(spread.variance):
        return Estimate(value=value, why=why)
    if spread.variance < NOTHING:
        return Estimate(value=value, se=0.0, why=NO_VARIANCE)
    se = math.sqrt(spread.variance)
    reach = float(student.ppf(0.5 + CONFIDENCE / 200, spread.df)) * se
    df = None if math.isinf(spread.df) else spread.df
    found = Estimate(value=value, se=se, df=df, ci95=(max(value - reach, within[0]), min(value + reach, within[1])))
    if against is None:
        return found
    statistic = (value - against) / se
    tested = {"statistic": statistic, "p": float(2 * student.sf(abs(statistic), spread.df))}
    return found.model_copy(update=tested)


def satterthwaite(total: float, sampled: float, df: float) -> float:
    """Hillis' degrees of freedom of a sum of variances of which one, `sampled` with `df`, varies with the readers.

    Source: S. L. Hillis, Statistics in Medicine 26:596 (2007), formula 22.
    """
    return math.inf if sampled <= 0 else df * (total / sampled) ** 2


def mean_spread(values: FloatArray, covariance: FloatArray) -> MeanSpread:
    """How far the mean of R readers' figures (or differences) may be off.

    Args:
        values: (R,) one a reader.
        covariance: (R, R) over cases.

    Source: S. L. Hillis, Statistics in Medicine 33:330 (2014), the analysis of one treatment; with values reader less
    model it is that of a stand-alone model against readers, D. P. Chakraborty, Observer Performance Methods for
    Diagnostic Imaging (CRC Press 2017), chapter 22.
    """
    readers = len(values)
    fixed = Spread(max(float(covariance.mean()), 0.0), math.inf)
    if readers == 1:
        return MeanSpread(UNKNOWN, fixed, UNKNOWN)
    between = float(np.var(values, ddof=1))
    shared = float(covariance.sum() - np.trace(covariance)) / (readers * (readers - 1))
    total = between + max(readers * shared, 0.0)
    random = Spread(total / readers, satterthwaite(total, between, readers - 1))
    return MeanSpread(random, fixed, Spread(between / readers, readers - 1))
