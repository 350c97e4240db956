"""Shares and means where patients have several cases: by hand, and where they must agree with what is known."""

import numpy as np
import pytest
from scipy.stats import t as student

from spinedet.annotations.errors import InputError
from spinedet.benchmarks.mrmc.clustered import (
    ALL_ALIKE,
    NO_CASE,
    ONE_PATIENT,
    clustered_mean,
    clustered_proportion,
    mean_variance,
)
from spinedet.benchmarks.whole_image.figures import QUANTILE
from spinedet.benchmarks.whole_image.proportions import proportion_interval

PATIENTS = np.array([0, 0, 0, 1, 1, 2])
HITS = np.array([1, 1, 0, 1, 1, 0], bool)
"""Patients hit 2 of 3, 2 of 2, 0 of 1; 4 of 6 in all."""


def test_the_ratio_estimator_by_hand() -> None:
    """Off 2/3 of their cases the patients are 0, 2/3, -2/3: 3/2 x 8/9 / 36 = 1/27, as 2/9 / 6 is: no effect."""
    found = clustered_proportion(HITS, PATIENTS)
    assert found.value == pytest.approx(2 / 3)
    assert (found.hits, found.of, found.patients) == (4, 6, 3)
    assert found.se == pytest.approx((1 / 27) ** 0.5)
    assert (found.design_effect, found.effective) == pytest.approx((1, 6))


def test_less_than_chance_is_no_gain() -> None:
    """Every patient has one hit of two: the variance is 0, and counts as that of independent cases."""
    found = clustered_proportion(np.tile([True, False], 20), np.repeat(np.arange(20), 2))
    assert (found.se, found.design_effect, found.effective) == (0, 1, 40)


def test_copies_count_as_their_patients() -> None:
    """Each of 400 cases three times: the design effect is 3, and the interval nearly that of the 400."""
    hits = np.arange(400) < 320
    found = clustered_proportion(np.tile(hits, 3), np.tile(np.arange(400), 3))
    assert found.design_effect == pytest.approx(3, rel=0.01)
    assert found.ci95 == pytest.approx(proportion_interval(320, 400), abs=1e-3)
    assert found.ci95 != pytest.approx(proportion_interval(960, 1200), abs=0.01)


def test_few_patients_widen_the_interval() -> None:
    narrow, wide = (
        clustered_proportion(np.tile([True, True, False], 40), np.arange(120) % patients) for patients in (60, 6)
    )
    assert narrow.ci95 is not None
    assert wide.ci95 is not None
    assert wide.ci95[0] < narrow.ci95[0] < narrow.ci95[1] < wide.ci95[1]


def test_all_alike_counts_patients() -> None:
    """12 hits of 12 in 6 patients: 6 of 6, with Student's t of 5 degrees of freedom instead of the normal."""
    found = clustered_proportion(np.ones(12, bool), np.arange(12) // 2)
    assert (found.value, found.se, found.effective, found.why) == (1, None, 6, ALL_ALIKE)
    size = 6 * (QUANTILE / student.ppf(0.975, 5)) ** 2
    assert found.ci95 == pytest.approx((size / (size + QUANTILE**2), 1))


def test_too_little_says_why() -> None:
    assert clustered_proportion(np.empty(0, bool), np.empty(0, np.int64)).why == NO_CASE
    one = clustered_proportion(HITS, np.zeros(6, np.int64))
    assert one.value == pytest.approx(2 / 3)
    assert (one.ci95, one.why) == (None, ONE_PATIENT)
    assert clustered_mean(np.array([1.0]), np.array([0])).why == ONE_PATIENT
    with pytest.raises(InputError, match="needs values"):
        clustered_mean(np.empty(0), np.empty(0, np.int64))


def test_a_mean_of_independent_cases_is_students() -> None:
    values = np.array([0.1, 0.4, -0.2, 0.3])
    found = clustered_mean(values, np.arange(4))
    assert found.se == pytest.approx(values.std(ddof=1) / 2)
    assert found.df == 3
    assert found.p == pytest.approx(2 * student.sf(0.15 / (values.std(ddof=1) / 2), 3))


def test_the_names_of_patients_do_not_matter() -> None:
    values = HITS.astype(float)
    assert mean_variance(values, PATIENTS) == pytest.approx(mean_variance(values, np.array([90, 90, 90, 7, 7, 1000])))
