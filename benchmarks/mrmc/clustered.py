"""Shares and differences where patients have several cases: several images, or several discs of one spine.

Cases of one patient are alike, so that formulas for independent cases give intervals that are too narrow and tests that
find too much. Here the patient is what is drawn: each patient's cases are added up first.

Sources: ratio estimator, J. N. K. Rao and A. J. Scott, Biometrics 48:577 (1992); Wilson's interval on the effective
number of cases, with Student's quantile for few patients, E. L. Korn and B. I. Graubard, Survey Methodology 24:193
(1998).
"""

import math

import numpy as np
from scipy.stats import t as student

from spinedet.annotations.errors import InputError
from spinedet.benchmarks.agreement.figures import Interval, Record
from spinedet.benchmarks.mrmc.estimates import DIFFERENCE, Spread, estimate
from spinedet.benchmarks.mrmc.figures import Estimate
from spinedet.benchmarks.whole_image.figures import QUANTILE, BoolArray, FloatArray, IntArray

RAO_SCOTT = "Wilson on the effective number of cases (Rao and Scott)"

ONE_PATIENT = "one patient has no spread between patients"
ALL_ALIKE = "nothing varies: each patient counts as one case"
NO_CASE = "there is no case"


class ClusteredProportion(Record):
    """A share of cases that come in patients.

    Attributes:
        value: Hits of all cases; None without any.
        hits, of: In cases.
        patients: Who have these cases.
        se: Standard error between patients.
        design_effect: Variance over that of as many independent cases; at least 1, as chance may show less.
        effective: Independent cases that would tell as much.
        ci95: The interval of `method`.
        method: Where it comes from.
        why: Why something is missing, or assumed.
    """

    value: float | None
    hits: int
    of: int
    patients: int
    se: float | None = None
    design_effect: float | None = None
    effective: float | None = None
    ci95: Interval | None = None
    method: str = RAO_SCOTT
    why: str | None = None


def clustered_proportion(hit: BoolArray, patient: IntArray) -> ClusteredProportion:
    """The share of hits among N cases.

    Where all cases are hits, or none is, the spread between patients shows nothing; each patient then counts as one
    case, the least that they can tell.

    Args:
        hit: (N,) whether each case counts.
        patient: (N,) index of each case's patient.
    """
    cases, hits = len(hit), int(hit.sum())
    if not cases:
        return ClusteredProportion(value=None, hits=0, of=0, patients=0, why=NO_CASE)
    value, patients = hits / cases, len(np.unique(patient))
    known = ClusteredProportion(value=value, hits=hits, of=cases, patients=patients)
    if patients < 2:
        return known.model_copy(update={"why": ONE_PATIENT})
    variance = mean_variance(hit.astype(np.float64), patient)
    alike = hits in (0, cases)
    effect = cases / patients if alike else max(variance * cases / (value * (1 - value)), 1.0)
    effective = cases / effect
    details = {
        "se": None if alike else math.sqrt(variance),
        "design_effect": effect,
        "effective": effective,
        "ci95": _wilson(value, effective, patients - 1),
        "why": ALL_ALIKE if alike else None,
    }
    return known.model_copy(update=details)


def clustered_mean(values: FloatArray, patient: IntArray, within: Interval = DIFFERENCE) -> Estimate:
    """The mean of N cases' values, tested against 0, with Student's t over patients.

    Args:
        values: (N,) of one case or more.
        patient: (N,) index of each case's patient.
        within: What the mean can be; the interval is cut there.
    """
    if not len(values):
        raise InputError("A mean needs values.", expected="one case or more", found="none")
    mean, patients = float(values.mean()), len(np.unique(patient))
    if patients < 2:
        return Estimate(value=mean, why=ONE_PATIENT)
    return estimate(mean, Spread(mean_variance(values, patient), patients - 1), within, 0.0)


def mean_variance(values: FloatArray, patient: IntArray) -> float:
    """Variance of the mean of N cases' values, from the sums of what each patient is off; two patients or more."""
    sums = patient_sums(values - values.mean(), patient)
    return float(len(sums) / (len(sums) - 1) * (sums @ sums) / len(values) ** 2)


def patient_sums(values: FloatArray, patient: IntArray) -> FloatArray:
    """Sums (P,) of the values (N,) of each patient who has any."""
    _, own = np.unique(patient, return_inverse=True)
    return np.asarray(np.bincount(own, values), np.float64)


def _wilson(value: float, effective: float, df: int) -> Interval:
    """Wilson's interval of a share of so many cases; Student's quantile makes them fewer where patients are few."""
    quantile = float(student.ppf(0.975, df))
    size = effective * (QUANTILE / quantile) ** 2
    square = QUANTILE**2
    middle = (value + square / (2 * size)) / (1 + square / size)
    reach = QUANTILE / (1 + square / size) * math.sqrt(value * (1 - value) / size + square / (4 * size**2))
    return max(middle - reach, 0.0), min(middle + reach, 1.0)
