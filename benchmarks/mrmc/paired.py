"""Two readers (or a reader and a model) on the same cases: who is right more often.

McNemar's test looks at the cases on which exactly one of two is right, and takes them for independent. Where patients
have several cases, look at `ClusteredMcNemar`: the differences are added up by patient first. Chi-square of the two
proportions stands beside, because papers print it; it takes the two sets of cases for different ones.

Sources: N. A. Obuchowski, Statistics in Medicine 17:1495 (1998); V. L. Durkalski, Y. Y. Palesch, S. R. Lipsitz and
P. F. Rust, Statistics in Medicine 22:2417 (2003). The exact test swaps the two readers in whole patients, which under
no difference is as likely as not; with one case a patient it is the exact McNemar test.
"""

import numpy as np
from scipy.stats import chi2, chi2_contingency

from spinedet.annotations.errors import InputError
from spinedet.benchmarks.agreement.figures import Record
from spinedet.benchmarks.mrmc.clustered import ClusteredProportion, clustered_mean, clustered_proportion, patient_sums
from spinedet.benchmarks.mrmc.figures import Estimate
from spinedet.benchmarks.mrmc.signs import either_sign
from spinedet.benchmarks.whole_image.comparing import EXACT_BELOW, McNemar, mcnemar_test
from spinedet.benchmarks.whole_image.figures import BoolArray, Figure, IntArray
from spinedet.benchmarks.whole_image.proportions import Method, share

NEVER_APART = "they are never right and wrong apart"
BALANCED = "in no patient is one of them right more often"
NO_CASE = "there is no case"
ALL_RIGHT = "both are always right, or always wrong"


class ChiSquare(Record):
    """Pearson's test of two proportions, without continuity correction.

    Attributes:
        statistic: With one degree of freedom.
        p: None where nothing varies.
        why: Why there is no p.
    """

    statistic: float | None = None
    p: float | None = None
    why: str | None = None


class ClusteredMcNemar(Record):
    """McNemar's test with the patient as the unit.

    Attributes:
        patients: All who have cases.
        discordant: Patients in whom one of the two is right more often.
        obuchowski: Obuchowski's chi-square, patients weighted by their cases.
        p_obuchowski: Its p.
        durkalski: Durkalski's chi-square, patients weighted alike.
        p_durkalski: Its p.
        p: The p to report: exact below 25 discordant patients, as for McNemar's test; Obuchowski's from there on.
        exact: Which of the two it is.
        p_mid: The exact test's mid-p, less careful with few discordant patients.
        why: Why there is none.
    """

    patients: int
    discordant: int
    obuchowski: float | None = None
    p_obuchowski: float | None = None
    durkalski: float | None = None
    p_durkalski: float | None = None
    p: float | None = None
    exact: bool = False
    p_mid: float | None = None
    why: str | None = None


class PairedCalls(Record):
    """Two on the same cases.

    Attributes:
        first, second: Share of cases each is right on, with the interval of independent cases.
        first_clustered, second_clustered: The same with the interval over patients; None where each case is one.
        difference: First less second, with Student's t over patients (cases, where each is one).
        mcnemar: For independent cases.
        clustered: For patients; None where each case is a patient of its own.
        chi_square: As papers print it.
    """

    first: Figure
    second: Figure
    first_clustered: ClusteredProportion | None = None
    second_clustered: ClusteredProportion | None = None
    difference: Estimate | None
    mcnemar: McNemar
    clustered: ClusteredMcNemar | None = None
    chi_square: ChiSquare


def compare_calls(
    first: BoolArray, second: BoolArray, patient: IntArray | None = None, method: Method = "wilson"
) -> PairedCalls:
    """Compare two on the same N cases.

    Args:
        first: (N,) whether the first is right.
        second: (N,) whether the second is.
        patient: (N,) index of each case's patient; None where each case is one.
        method: Of the intervals for independent cases.

    Raises:
        InputError: The two are not of the same cases.
    """
    if first.shape != second.shape or (patient is not None and patient.shape != first.shape):
        raise InputError("The calls are not of the same cases.", expected=f"{first.shape}", found=f"{second.shape}")
    several = patient is not None and len(np.unique(patient)) < len(first)
    unit = np.arange(len(first)) if patient is None else patient
    apart = first.astype(np.float64) - second
    figures = [
        share(np.array([right.sum()], float), np.array([len(first)], float), NO_CASE, method)
        for right in (first, second)
    ]
    return PairedCalls(
        first=figures[0],
        second=figures[1],
        first_clustered=clustered_proportion(first, unit) if several else None,
        second_clustered=clustered_proportion(second, unit) if several else None,
        difference=clustered_mean(apart, unit) if len(apart) else None,
        mcnemar=mcnemar_test(first, second),
        clustered=clustered_mcnemar(first, second, unit) if several else None,
        chi_square=chi_square(int(first.sum()), len(first), int(second.sum()), len(second)),
    )


def clustered_mcnemar(first: BoolArray, second: BoolArray, patient: IntArray) -> ClusteredMcNemar:
    """Test whether two are right equally often on N cases of P patients.

    Args:
        first: (N,) whether the first is right.
        second: (N,) whether the second is.
        patient: (N,) index of each case's patient.
    """
    apart = patient_sums(first.astype(np.float64) - second, patient)  # (P,)
    known = ClusteredMcNemar(patients=len(apart), discordant=int(np.count_nonzero(apart)))
    if not apart.any():
        why = NO_CASE if not len(first) else BALANCED if (first != second).any() else NEVER_APART
        return known.model_copy(update={"why": why})
    number = len(apart)
    correction = (number - 1) / number
    obuchowski = float(correction * apart.sum() ** 2 / (apart @ apart))
    weighted = apart / patient_sums(np.ones(len(first)), patient)
    durkalski = float(weighted.sum() ** 2 / (weighted @ weighted))
    exact = known.discordant < EXACT_BELOW
    details = {
        "obuchowski": obuchowski,
        "p_obuchowski": float(chi2.sf(obuchowski, 1)),
        "durkalski": durkalski,
        "p_durkalski": float(chi2.sf(durkalski, 1)),
        "p": either_sign(apart) if exact else float(chi2.sf(obuchowski, 1)),
        "exact": exact,
        "p_mid": either_sign(apart, mid=True),
    }
    return known.model_copy(update=details)


def chi_square(first: int, first_of: int, second: int, second_of: int) -> ChiSquare:
    """Pearson's chi-square of two proportions, as if they were of different cases."""
    table = np.array([[first, first_of - first], [second, second_of - second]])
    if (table < 0).any():
        raise InputError("These counts are no shares.", found=f"{first} of {first_of}, {second} of {second_of}")
    if not first_of or not second_of:
        return ChiSquare(why=NO_CASE)
    if not table.sum(axis=0).all():
        return ChiSquare(why=ALL_RIGHT)
    statistic, p, _, _ = chi2_contingency(table, correction=False)
    return ChiSquare(statistic=float(statistic), p=float(p))
