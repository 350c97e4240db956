"""Reading times of the same cases: who is faster, and by which factor.

Times are compared as ratios, because a slow case is slow for all. *Typical ratio*: Hodges and Lehmann's on the
logarithms, with the interval that goes with Wilcoxon's test of them. *Mean ratio*: of the geometric means, with
Student's t over patients.

Sources: F. Wilcoxon, Biometrics Bulletin 1:80 (1945); J. L. Hodges and E. L. Lehmann, Annals of Mathematical Statistics
34:598 (1963); M. Hollander and D. A. Wolfe, Nonparametric Statistical Methods (1973), section 3.3; several cases a
patient: B. Rosner, R. J. Glynn and M.-L. T. Lee, Biometrics 62:185 (2006).
"""

import math

import numpy as np
from scipy.stats import norm, rankdata, wilcoxon

from spinedet.annotations.errors import InputError
from spinedet.benchmarks.agreement.figures import Interval, Record
from spinedet.benchmarks.mrmc.clustered import clustered_mean, patient_sums
from spinedet.benchmarks.mrmc.signs import either_sign
from spinedet.benchmarks.whole_image.figures import QUANTILE, TAIL, FloatArray, IntArray

EXACT_UP_TO = 50
"""Pairs up to which the distribution of Wilcoxon's statistic is counted out; beyond, it is normal."""

LAST_DIGIT = float(np.finfo(np.float64).eps)
"""How close two ends are, against the greatest value, when halving stops."""

FEW = "fewer than six pairs have no 95 % interval of this kind"
SAME = "every pair has the same two times"

ANYTHING: Interval = (-math.inf, math.inf)


class Ratio(Record):
    """A factor of time, first over second: 2 means that the first takes twice as long."""

    value: float
    ci95: Interval | None = None
    p: float | None = None
    why: str | None = None


class Times(Record):
    """Two readers' times of the same cases.

    Attributes:
        pairs: Cases.
        patients: Whose; as many as cases where each is one.
        median: Of the first and of the second, in seconds.
        mean: Likewise.
        p_wilcoxon: Wilcoxon's signed-rank test of the differences in seconds, pairs without difference left out.
        p_patients: The same with ranks added up by patient (Rosner); None where each case is a patient.
        typical: Hodges and Lehmann's ratio; its p is Wilcoxon's of the logarithms. Takes cases for independent.
        geometric: Ratio of the geometric means; interval and p over patients.
        why: Why a test is missing.
    """

    pairs: int
    patients: int
    median: tuple[float, float]
    mean: tuple[float, float]
    p_wilcoxon: float | None
    p_patients: float | None = None
    typical: Ratio
    geometric: Ratio
    why: str | None = None


def compare_times(first: FloatArray, second: FloatArray, patient: IntArray | None = None) -> Times:
    """Compare times (N,) of the same N cases, in seconds.

    Args:
        first: The first reader's.
        second: The second's.
        patient: (N,) index of each case's patient; None where each case is one.

    Raises:
        InputError: There is no pair, the two differ in length, or a time is not above 0.
    """
    if first.shape != second.shape or not len(first):
        raise InputError(
            "Times are compared in pairs.", expected="as many of both, one or more", found=_sizes(first, second)
        )
    for times in (first, second):
        if not (np.isfinite(times) & (times > 0)).all():
            raise InputError("A time is impossible.", expected="above 0 s", found=f"{times.min()}")
    unit = np.arange(len(first)) if patient is None else patient
    apart, logs = first - second, np.log(first) - np.log(second)
    patients = len(np.unique(unit))
    return Times(
        pairs=len(first),
        patients=patients,
        median=(float(np.median(first)), float(np.median(second))),
        mean=(float(first.mean()), float(second.mean())),
        p_wilcoxon=_signed_rank(apart),
        p_patients=_by_patient(apart, unit) if patients < len(first) else None,
        typical=_typical(logs),
        geometric=_geometric(logs, unit),
        why=None if apart.any() else SAME,
    )


def _sizes(first: FloatArray, second: FloatArray) -> str:
    return f"{len(first)} and {len(second)}"


def _signed_rank(apart: FloatArray) -> float | None:
    """Wilcoxon's two-sided p: exact up to `EXACT_UP_TO` pairs, also with ties; None where nothing differs.

    Midranks are whole or half numbers, so that twice the signed ranks are whole.
    """
    differing = apart[apart != 0]
    if not differing.size:
        return None
    if differing.size > EXACT_UP_TO:
        return float(wilcoxon(differing, method="asymptotic").pvalue)
    return either_sign(2 * np.sign(differing) * rankdata(np.abs(differing)))


def _by_patient(apart: FloatArray, patient: IntArray) -> float | None:
    """Two-sided p of signed ranks added up by patient; None where nothing differs, or one patient has all."""
    differing = apart != 0
    if not differing.any():
        return None
    signed = np.sign(apart[differing]) * rankdata(np.abs(apart[differing]))
    sums = patient_sums(signed, patient[differing])
    if len(sums) < 2:
        return None
    if not sums.any():
        return 1.0
    return float(2 * norm.sf(abs(sums.sum()) / math.sqrt(sums @ sums)))


def _typical(logs: FloatArray) -> Ratio:
    """Median of all means of two logarithms (each with itself too), and the outer ones that make the interval."""
    number = len(logs) * (len(logs) + 1) // 2
    ordered = np.sort(logs)
    middle = (_mean_of_two(ordered, (number + 1) // 2) + _mean_of_two(ordered, number // 2 + 1)) / 2
    p, outer = _signed_rank(logs), _outer(len(logs))
    if not outer:
        return Ratio(value=math.exp(middle), p=p, why=FEW)
    ends = (_mean_of_two(ordered, outer), _mean_of_two(ordered, number + 1 - outer))
    return Ratio(value=math.exp(middle), ci95=(math.exp(ends[0]), math.exp(ends[1])), p=p)


def _outer(pairs: int) -> int:
    """Which mean of two, counted from the least, is the lower end of the interval; 0 where none is far enough out.

    The greatest number such that the sum of positive ranks is below it with a chance of 2.5 % or less.
    """
    if pairs > EXACT_UP_TO:
        spread = math.sqrt(pairs * (pairs + 1) * (2 * pairs + 1) / 24)
        return max(int(pairs * (pairs + 1) / 4 - QUANTILE * spread), 0)
    chance = np.ones(1)  # of each sum of ranks
    for rank in range(1, pairs + 1):
        apart = np.zeros(rank)
        chance = (np.concatenate([chance, apart]) + np.concatenate([apart, chance])) / 2
    return int((np.cumsum(chance) <= TAIL).sum())


def _mean_of_two(ordered: FloatArray, rank: int) -> float:
    """The mean of two values of a rank from 1, among all N (N + 1) / 2, without making them: by halving.

    How many are at or below a limit comes from one search in the sorted values (N,).
    """
    low, high = float(ordered[0]), float(ordered[-1])
    if _at_most(ordered, low) >= rank:
        return low
    close = LAST_DIGIT * max(abs(low), abs(high))
    while high - low > close:
        middle = (low + high) / 2
        low, high = (low, middle) if _at_most(ordered, middle) >= rank else (middle, high)
    return high


def _at_most(ordered: FloatArray, limit: float) -> int:
    """How many means of two are at most a limit, each pair once and each value with itself."""
    partners = np.searchsorted(ordered, 2 * limit - ordered, side="right")  # (N,)
    with_itself = int((ordered <= limit).sum())
    return (int(partners.sum()) + with_itself) // 2


def _geometric(logs: FloatArray, patient: IntArray) -> Ratio:
    found = clustered_mean(logs, patient, ANYTHING)
    ends = None if found.ci95 is None else (math.exp(found.ci95[0]), math.exp(found.ci95[1]))
    return Ratio(value=math.exp(found.value), ci95=ends, p=found.p, why=found.why)
