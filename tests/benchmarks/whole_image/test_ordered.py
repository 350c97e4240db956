"""Grades and numbers: by hand, against scikit-learn, and their own laws."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student
from sklearn.metrics import cohen_kappa_score

from spinedet.annotations.errors import InputError
from spinedet.benchmarks.agreement.resampling import Resamples
from spinedet.benchmarks.whole_image.ordered import CONSTANT, ONE, expected_value, grades, numbers

PAIRS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=25)


def single(number: int, resamples: int = 0) -> Resamples:
    """Each image a patient of its own."""
    return Resamples.draw(np.arange(number), resamples, 0)


def test_grades_by_hand() -> None:
    """True 0 1 2 4, said 0 2 2 1: off by 0, 1, 0, 3."""
    found = grades(np.array([0, 1, 2, 4]), np.array([0, 2, 2, 1]), single(4))
    figures = (found.mean_absolute_error, found.within_one, found.exact)
    assert [figure.value for figure in figures] == [1.0, 0.75, 0.5]
    # squares 10; sums 7 and 5, of squares 21 and 9: 1 - 4 * 10 / (4 * 30 - 2 * 35)
    assert found.kappa.value == pytest.approx(1 - 40 / 50)


@given(PAIRS)
@settings(deadline=None)
def test_kappa_as_in_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    truth, said = np.array(pairs).T
    found = grades(truth, said, single(len(pairs))).kappa
    if found.value is None:
        assert len({*truth, *said}) == 1
        assert found.why == CONSTANT
    else:
        expected = cohen_kappa_score(truth, said, weights="quadratic", labels=range(5))
        assert found.value == pytest.approx(expected, abs=1e-12)


def test_numbers_by_hand() -> None:
    """Differences 1, -1, 2, 2: mean 1, squares 10, variance (10 - 4) / 3 = 2."""
    found = numbers(np.zeros(4), np.array([1.0, -1, 2, 2]), single(4, 50))
    assert found.mean_absolute_error.value == 1.5
    assert found.rmse.value == pytest.approx(math.sqrt(10 / 4))
    assert found.bias.value == 1.0
    z, reach = 1.959963984540054, student.ppf(0.975, 3)
    assert found.bias.ci95 == pytest.approx((1 - reach * math.sqrt(2 / 4), 1 + reach * math.sqrt(2 / 4)))
    limit, error = 1 + z * math.sqrt(2), math.sqrt(2 * (1 / 4 + z**2 / 6))
    assert found.upper_limit.value == pytest.approx(limit)
    assert found.upper_limit.ci95 == pytest.approx((limit - reach * error, limit + reach * error))
    assert found.lower_limit.value == pytest.approx(2 - limit)
    assert found.bias.ci95_patients is not None


def test_one_number_has_no_spread() -> None:
    found = numbers(np.array([5.0]), np.array([7.0]), single(1))
    assert (found.bias.value, found.bias.ci95, found.bias.why) == (2.0, None, ONE)
    assert (found.upper_limit.value, found.upper_limit.why) == (None, ONE)


@given(st.lists(st.floats(-99, 99), min_size=2, max_size=20), st.floats(-99, 99))
@settings(deadline=None)
def test_a_shift_of_all_moves_the_bias_only(values: list[float], shift: float) -> None:
    truth, said = np.zeros(len(values)), np.array(values)
    one, other = numbers(truth, said, single(len(values))), numbers(truth, said + shift, single(len(values)))
    for name in ("bias", "lower_limit", "upper_limit"):
        assert getattr(other, name).value == pytest.approx(getattr(one, name).value + shift, abs=1e-4)


def test_what_bins_stand_for() -> None:
    scores = np.array([[0.5, 0.5, 0.0], [0.0, 0.25, 0.75]])
    assert expected_value(scores, np.array([24.0, 48, 72])).tolist() == [36.0, 66.0]
    with pytest.raises(InputError, match="Bins"):
        expected_value(scores, np.array([1.0, 2.0]))
