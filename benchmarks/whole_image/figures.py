"""A figure about whole images: its value, its 95 % intervals, its counts, and why it is missing where it is."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.stats import norm

from spinedet.benchmarks.agreement.figures import Interval, Record
from spinedet.benchmarks.bootstrap import CONFIDENCE, interval

QUANTILE = float(norm.ppf(0.5 + CONFIDENCE / 200))
"""Standard errors on each side of an analytic interval."""

TAIL = (1 - CONFIDENCE / 100) / 2
"""Share of the resamples beyond each end of an interval."""

BOOTSTRAP = "bootstrap of patients"

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


class Figure(Record):
    """One figure.

    Attributes:
        value: None where it is not defined; `why` says why.
        ci95: The interval of `method`. A formula takes each unit (image, or patient) for independent of the others.
        ci95_patients: Percentile interval over patients drawn anew; right also where a patient has several images.
            None where it was not wanted, has no end, or has no width: where nothing varies among these patients (all
            were found), drawing them anew cannot say how sure that is.
        counts: What the value is made of.
        method: Where `ci95` comes from.
        why: Why there is no value, or no interval.
    """

    value: float | None
    ci95: Interval | None = None
    ci95_patients: Interval | None = None
    counts: dict[str, int] = Field(default_factory=dict)
    method: str = ""
    why: str | None = None


def undefined(why: str, counts: Mapping[str, int] | None = None) -> Figure:
    """The figure that does not exist."""
    return Figure(value=None, counts=dict(counts or {}), why=why)


def resampled_interval(row: FloatArray) -> Interval | None:
    """The percentile interval of a figure from its value and resamples (1 + R,).

    Resamples without a value (NaN) are left out, as everywhere in the package. Infinite ones (a ratio over nothing)
    count as the greatest; if they reach into the interval it has no end, and there is none. Nor is there one where all
    resamples are the same.
    """
    drawn = row[1:][~np.isnan(row[1:])]
    infinite = np.isinf(drawn)
    if not drawn.size or infinite.mean() >= TAIL:
        return None
    found = interval(np.where(infinite, drawn[~infinite].max(), drawn))
    return None if found is None or found[0] == found[1] else found


def bootstrapped(row: FloatArray, counts: Mapping[str, int], why: str) -> Figure:
    """A figure whose only interval is that of the patients drawn anew.

    Args:
        row: (1 + R,) value and resamples; the value is NaN where there is none.
        counts: What it is made of.
        why: Why there is no value, if there is none.
    """
    if not np.isfinite(row[0]):
        return undefined(why, counts)
    found = resampled_interval(row)
    return Figure(
        value=float(row[0]), ci95=found, ci95_patients=found, counts=dict(counts), method=BOOTSTRAP if found else ""
    )
