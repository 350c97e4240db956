"""Times of two readers: ratios and tests by hand, and against their definitions."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm, ttest_1samp, wilcoxon

from spinedet.annotations.errors import InputError
from spinedet.benchmarks.mrmc.clustered import ONE_PATIENT
from spinedet.benchmarks.mrmc.times import FEW, SAME, _mean_of_two, _outer, compare_times

TIMES = st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=12)


def test_always_twice_as_slow() -> None:
    found = compare_times(np.array([2.0, 4, 6, 8, 10, 12]), np.array([1.0, 2, 3, 4, 5, 6]))
    assert found.typical.value == pytest.approx(2)
    assert found.typical.ci95 == pytest.approx((2, 2))
    assert found.geometric.value == pytest.approx(2)
    assert (found.median, found.mean) == ((7, 3.5), (7, 3.5))
    assert found.p_wilcoxon == pytest.approx(2 / 2**6)


@given(TIMES)
@settings(deadline=None)
def test_the_typical_ratio_is_the_median_of_all_means_of_two(rows: list[tuple[int, int]]) -> None:
    first, second = np.array(rows, np.float64).T
    logs = np.log(first / second)
    means = np.sort([(logs[one] + logs[other]) / 2 for one in range(len(logs)) for other in range(one + 1)])
    found = compare_times(first, second)
    assert found.typical.value == pytest.approx(math.exp(np.median(means)), rel=1e-9)
    for rank in (1, (len(means) + 1) // 2, len(means)):
        assert _mean_of_two(np.sort(logs), rank) == pytest.approx(means[rank - 1], abs=1e-12)


@pytest.mark.parametrize(("pairs", "outer"), [(1, 0), (5, 0), (6, 1), (7, 3), (8, 4), (10, 9), (15, 26), (20, 53)])
def test_ends_are_those_of_the_printed_tables(pairs: int, outer: int) -> None:
    """Wilcoxon's critical values at 2.5 % on each side, plus one (F. Wilcoxon's table, as in any textbook)."""
    assert _outer(pairs) == outer


def test_the_normal_end_is_near_the_exact_one() -> None:
    assert (_outer(50), _outer(51)) == (435, 453)


def test_the_interval_leaves_out_1_where_the_test_finds_a_difference() -> None:
    """Both come from the same ranks."""
    generator = np.random.default_rng(0)
    for shift in np.linspace(0, 0.6, 25):
        logs = generator.normal(shift, 0.5, 20)
        found = compare_times(np.exp(logs), np.ones(20)).typical
        assert found.ci95 is not None
        assert found.p is not None
        assert found.p == pytest.approx(wilcoxon(logs).pvalue)
        assert (found.ci95[0] > 1 or found.ci95[1] < 1) == (found.p <= 0.05)


def test_the_geometric_ratio_is_students() -> None:
    first, second = np.array([3.0, 5, 4, 9]), np.array([2.0, 4, 4, 5])
    found = compare_times(first, second).geometric
    known = ttest_1samp(np.log(first / second), 0)
    assert found.value == pytest.approx(math.exp(np.log(first / second).mean()))
    assert found.p == pytest.approx(known.pvalue)
    assert found.ci95 == pytest.approx(tuple(np.exp(known.confidence_interval())))


def test_the_two_exchanged_turn_the_ratio() -> None:
    generator = np.random.default_rng(1)
    first, second = generator.uniform(5, 30, (2, 9))
    here, there = compare_times(first, second), compare_times(second, first)
    assert here.p_wilcoxon == there.p_wilcoxon
    for one, other in ((here.typical, there.typical), (here.geometric, there.geometric)):
        assert one.ci95 is not None
        assert other.ci95 is not None
        assert one.value == pytest.approx(1 / other.value)
        assert one.ci95 == pytest.approx((1 / other.ci95[1], 1 / other.ci95[0]))


def test_ranks_by_patient_by_hand() -> None:
    """Differences 1, 2 of one patient and 3, -4 of another: ranks add up to 3 and -1, z is 2 over root 10."""
    first, second = np.array([11.0, 12, 13, 10]), np.array([10.0, 10, 10, 14])
    found = compare_times(first, second, np.array([0, 0, 1, 1]))
    assert found.p_patients == pytest.approx(2 * norm.sf(2 / math.sqrt(10)))
    assert found.patients == 2
    assert compare_times(first, second).p_patients is None


def test_cases_copied_within_their_patients_tell_nothing_new() -> None:
    generator = np.random.default_rng(2)
    first, second = generator.uniform(5, 30, (2, 12))
    once = compare_times(first, second)
    thrice = compare_times(np.tile(first, 3), np.tile(second, 3), np.tile(np.arange(12), 3))
    assert thrice.geometric.ci95 == pytest.approx(once.geometric.ci95)
    assert once.geometric.p == pytest.approx(thrice.geometric.p)


def test_too_little_says_why() -> None:
    few = compare_times(np.array([2.0, 3]), np.array([1.0, 2]))
    assert (few.typical.ci95, few.typical.why) == (None, FEW)
    one = compare_times(np.array([2.0]), np.array([1.0]))
    assert one.geometric.value == pytest.approx(2)
    assert one.geometric.why == ONE_PATIENT
    same = compare_times(np.full(8, 3.0), np.full(8, 3.0), np.arange(8) // 2)
    assert (same.p_wilcoxon, same.p_patients, same.why) == (None, None, SAME)
    assert (same.typical.value, same.typical.ci95, same.geometric.ci95) == (1, (1, 1), None)


@pytest.mark.parametrize("times", [[1.0, 0.0], [1.0, -2.0], [1.0, math.nan], [1.0, math.inf]])
def test_impossible_times(times: list[float]) -> None:
    with pytest.raises(InputError, match="A time is impossible"):
        compare_times(np.array([1.0, 2.0]), np.array(times))


def test_no_pairs() -> None:
    for first, second in (([], []), ([1.0, 2.0], [1.0])):
        with pytest.raises(InputError, match="in pairs"):
            compare_times(np.array(first), np.array(second))
