"""Kappa against published values, hand-computed fractions and its own definition."""

from fractions import Fraction

import numpy as np
import pytest
from fleiss_data import FLEISS_1971, TEN_SUBJECTS
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from spinedet.annotations.errors import InputError
from spinedet.benchmarks.agreement.kappa import (
    CONSTANT,
    NOTHING,
    Kappa,
    agreeing,
    cohen,
    cohen_values,
    fleiss,
    fleiss_values,
)

TABLES = st.integers(2, 4).flatmap(lambda size: st.lists(st.integers(0, 9), min_size=size**2, max_size=size**2))


def square(cells: list[int]) -> NDArray[np.int64]:
    return np.array(cells).reshape(int(len(cells) ** 0.5), -1)


def test_fleiss_1971_as_published() -> None:
    found = fleiss(FLEISS_1971)
    assert found.value == pytest.approx(0.4302445, abs=5e-8)
    assert found.z == pytest.approx(17.65183, abs=5e-6)
    assert (found.n, found.why) == (30, None)


def test_ten_subjects_as_published() -> None:
    assert fleiss(TEN_SUBJECTS).value == pytest.approx(0.210, abs=5e-4)


def test_two_categories_by_hand() -> None:
    """Observed 35/50; 25 and 30 of 50 said yes, so expected is (25 x 30 + 25 x 20) / 2500 = 1/2."""
    found = cohen([[20, 5], [10, 15]])
    assert found.value == pytest.approx(float((Fraction(7, 10) - Fraction(1, 2)) / Fraction(1, 2)))
    assert (found.observed, found.expected, found.n) == (0.7, 0.5, 50)


def test_three_categories_by_hand() -> None:
    """Observed 31/40, expected (12 x 12 + 12 x 12 + 16 x 16) / 1600 = 17/50: kappa is 29/44."""
    found = cohen([[10, 2, 0], [1, 8, 3], [1, 2, 13]])
    assert found.value == pytest.approx(float(Fraction(29, 44)))
    assert found.expected == pytest.approx(0.34)


def test_standard_error_by_hand() -> None:
    """With even margins formula 13 is sqrt(po (1 - po) / n) / (1 - pe) = sqrt(0.8 x 0.2 / 100) / 0.5."""
    found = cohen([[40, 10], [10, 40]])
    assert found.se == pytest.approx(0.08)
    assert found.ci95 == pytest.approx((0.6 - 1.959964 * 0.08, 0.6 + 1.959964 * 0.08), abs=1e-6)
    assert found.z == pytest.approx(0.6 / 0.1)  # sqrt(pe / (n (1 - pe))) if there were no agreement


def test_full_agreement() -> None:
    for found in (cohen([[3, 0], [0, 4]]), fleiss([[2, 0]] * 3 + [[0, 2]] * 4)):
        assert found.value == 1
        assert found.ci95 == pytest.approx((1, 1))


def test_one_category_alone_has_no_kappa() -> None:
    assert cohen([[5, 0], [0, 0]]) == Kappa(None, None, None, None, 5, 1.0, 1.0, CONSTANT)
    assert fleiss([[3, 0], [3, 0]]) == Kappa(None, None, None, None, 2, 1.0, 1.0, CONSTANT)


def test_a_constant_rater_has_kappa_zero() -> None:
    """The second always says yes: no agreement beyond chance is possible, and z does not exist."""
    found = cohen([[2, 0], [3, 0]])
    assert found.value == pytest.approx(0)
    assert (found.z, found.why) == (None, None)


def test_nothing_rated() -> None:
    assert cohen(np.zeros((3, 3))).why == NOTHING
    assert fleiss(np.zeros((0, 3))).why == NOTHING
    assert fleiss(np.zeros((0, 3))).observed is None


def test_one_unit_has_no_standard_error() -> None:
    found = fleiss([[2, 1]])
    assert (found.se, found.ci95) == (None, None)
    assert found.value == pytest.approx(float((Fraction(1, 3) - Fraction(5, 9)) / Fraction(4, 9)))


def test_standard_error_of_fleiss_is_that_of_its_linearised_form() -> None:
    """Each unit is given a little more weight in turn: the slopes of kappa are what Gwet's formula squares."""
    step, n = 1e-6, len(FLEISS_1971)
    slopes = []
    for unit in range(n):
        weights = np.ones(n)
        weights[unit] += step
        moved = fleiss_values(weights @ agreeing(FLEISS_1971), weights @ FLEISS_1971, 6)
        slopes.append(n * (float(moved) - 0.43024452006014074) / step)
    expected = np.sqrt(np.square(slopes).sum() / (n * (n - 1)))
    assert fleiss(FLEISS_1971).se == pytest.approx(expected, rel=1e-4)


@given(TABLES)
def test_many_tables_at_once_are_the_single_ones(cells: list[int]) -> None:
    table = square(cells)
    one, values = cohen(table), cohen_values(np.stack([table, table.T]))
    if one.value is None:
        assert np.isnan(values).all()
    else:
        assert values == pytest.approx([one.value, one.value])  # and the raters may be exchanged
        assert -1 <= one.value <= 1 + 1e-12


@given(TABLES)
def test_fleiss_of_two_raters_is_scotts_pi(cells: list[int]) -> None:
    """Both raters' habits together are taken for each one's: (observed - sum of squares) / (1 - sum of squares)."""
    table = square(cells)
    n, size = int(table.sum()), len(table)
    units = [np.bincount([row, column], minlength=size) for row, column in np.argwhere(table >= 0).tolist()]
    found = fleiss(np.repeat(np.array(units), table.ravel(), axis=0))
    shares = [Fraction(int(table[k].sum() + table[:, k].sum()), 2 * n) for k in range(size)] if n else []
    chance = sum((share**2 for share in shares), start=Fraction(0))
    if n == 0 or chance == 1:
        assert found.value is None
    else:
        assert found.value == pytest.approx(float((Fraction(int(np.trace(table)), n) - chance) / (1 - chance)))


@pytest.mark.parametrize("table", [[[1, 2, 3], [4, 5, 6]], [[1, -1], [0, 2]], [[0.5, 1], [1, 1]], [1, 2]])
def test_what_is_no_table_is_refused(table: list[list[float]]) -> None:
    with pytest.raises(InputError):
        cohen(table)


@pytest.mark.parametrize("counts", [[[2, 0], [1, 2]], [[1, 0], [0, 1]]])
def test_fleiss_wants_as_many_ratings_of_each_unit(counts: list[list[int]]) -> None:
    with pytest.raises(InputError, match="two or more"):
        fleiss(counts)
