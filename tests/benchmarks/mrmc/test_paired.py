"""Two on the same cases: by hand, against their limits, and where patients have several cases."""

import numpy as np
import pytest
from scipy.stats import binomtest, chi2
from statsmodels.stats.proportion import proportions_chisquare

from spinedet.annotations.errors import InputError
from spinedet.benchmarks.mrmc.paired import (
    ALL_RIGHT,
    BALANCED,
    NEVER_APART,
    NO_CASE,
    chi_square,
    clustered_mcnemar,
    compare_calls,
)
from spinedet.benchmarks.whole_image.comparing import mcnemar_test

FIRST = np.array([1, 1, 1, 1, 1, 0, 1, 0], bool)
SECOND = np.array([0, 0, 1, 0, 1, 1, 1, 0], bool)
PATIENTS = np.array([0, 0, 0, 1, 1, 2, 2, 3])
"""First less second: patient 0 has 2 of 3, patient 1 has 1 of 2, patient 2 has -1 of 2, patient 3 has 0 of 1."""


def test_clustered_mcnemar_by_hand() -> None:
    """Obuchowski: 3/4 x (2 + 1 - 1) squared / (4 + 1 + 1) = 1/2. Durkalski: (2/3) squared / (4/9 + 1/4 + 1/4) = 8/17.

    Signs of 2, 1, 1 changed: sums 4, 2, 2, 0, 0, -2, -2, -4; six of eight are at least 2 from 0, four of
    them just 2: mid-p is 4/8.
    """
    found = clustered_mcnemar(FIRST, SECOND, PATIENTS)
    assert (found.patients, found.discordant) == (4, 3)
    assert (found.obuchowski, found.durkalski) == pytest.approx((1 / 2, 8 / 17))
    assert (found.p_obuchowski, found.p_durkalski) == pytest.approx((chi2.sf(1 / 2, 1), chi2.sf(8 / 17, 1)))
    assert found.exact
    assert (found.p, found.p_mid) == pytest.approx((6 / 8, 4 / 8))


def test_one_case_a_patient_is_mcnemar() -> None:
    """Durkalski's statistic is McNemar's without correction, Obuchowski's has (P - 1) / P; the exact p is the same."""
    found, known = clustered_mcnemar(FIRST, SECOND, np.arange(8)), mcnemar_test(FIRST, SECOND)
    assert found.durkalski == pytest.approx((3 - 1) ** 2 / (3 + 1))
    assert found.obuchowski == pytest.approx(7 / 8 * (found.durkalski or 0))
    assert found.p == pytest.approx(known.p)


def test_many_discordant_patients_take_the_chi_square() -> None:
    first = np.arange(60) < 40
    found = clustered_mcnemar(first, ~first, np.arange(60) // 2)
    assert (found.discordant, found.exact, found.p) == (30, False, found.p_obuchowski)


def test_correlated_patients_make_mcnemar_too_sure() -> None:
    """Ten patients, six cases each, on which one or the other is right throughout: 7 to 3 patients, not 42 to 18."""
    first = np.repeat(np.arange(10) < 7, 6)
    patient = np.repeat(np.arange(10), 6)
    found = compare_calls(first, ~first, patient)
    assert found.mcnemar.p is not None
    assert found.mcnemar.p < 0.01
    assert found.clustered is not None
    assert found.clustered.p == pytest.approx(binomtest(3, 10).pvalue)
    assert found.difference is not None
    assert found.difference.p is not None
    assert found.difference.p > 0.2
    assert found.first_clustered is not None
    assert found.first_clustered.design_effect == pytest.approx(60 / 9)


def test_the_two_exchanged_turn_the_sign() -> None:
    here, there = compare_calls(FIRST, SECOND, PATIENTS), compare_calls(SECOND, FIRST, PATIENTS)
    assert here.difference is not None
    assert there.difference is not None
    assert here.difference.value == -there.difference.value == 0.25
    assert here.clustered == there.clustered
    assert here.chi_square == there.chi_square
    assert (here.mcnemar.first_only, here.mcnemar.second_only) == (3, 1)


def test_independent_cases_have_no_clustered_figures() -> None:
    for patient in (None, np.arange(8)):
        found = compare_calls(FIRST, SECOND, patient)
        assert (found.clustered, found.first_clustered) == (None, None)
        assert (found.first.value, found.second.value) == (0.75, 0.5)


def test_chi_square_is_that_of_two_sets() -> None:
    """40 of 50 against 30 of 50: 100 x (40 x 20 - 30 x 10) squared / (50 x 50 x 70 x 30) = 100/21."""
    found = chi_square(40, 50, 30, 50)
    assert found.statistic == pytest.approx(100 / 21)
    assert found.p == pytest.approx(proportions_chisquare([40, 30], [50, 50])[1])


def test_without_anything_to_tell() -> None:
    assert chi_square(0, 5, 0, 9).why == ALL_RIGHT
    assert chi_square(0, 0, 3, 9).why == NO_CASE
    assert clustered_mcnemar(FIRST, FIRST, PATIENTS).why == NEVER_APART
    pair = np.array([True, False])
    assert clustered_mcnemar(pair, ~pair, np.array([0, 0])).why == BALANCED
    empty = np.empty(0, bool)
    found = compare_calls(empty, empty)
    assert (found.difference, found.first.value, found.mcnemar.p) == (None, None, None)


def test_impossible_counts() -> None:
    with pytest.raises(InputError, match="no shares"):
        chi_square(6, 5, 0, 9)
    with pytest.raises(InputError, match="not of the same cases"):
        compare_calls(FIRST, SECOND[:3])
