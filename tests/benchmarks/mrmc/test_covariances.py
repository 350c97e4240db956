"""Covariances against their definitions, pair by pair and case by case."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from spinedet.annotations.errors import InputError
from spinedet.benchmarks.mrmc import covariances
from spinedet.benchmarks.mrmc.covariances import Method, covariance
from spinedet.benchmarks.mrmc.merits import Merit, Placements, merit_placements
from spinedet.benchmarks.whole_image.roc import delong

FloatArray = NDArray[np.float64]

TRUTH = np.array([True, True, True, False, False, False])
RATINGS = np.array([[3.0, 2, 5, 1, 2, 3], [4, 4, 2, 3, 1, 2]])

SETS = st.lists(st.tuples(*[st.integers(1, 4)] * 2), min_size=4, max_size=9)


def auc_parts(truth: NDArray[np.bool_], ratings: FloatArray, cluster: NDArray[np.int64] | None = None) -> Placements:
    return merit_placements(truth, ratings, "auc", None, np.arange(len(truth)) if cluster is None else cluster)


def kernel(above: float, below: float) -> Fraction:
    return Fraction(1) if above > below else Fraction(1, 2) if above == below else Fraction(0)


def area(truth: NDArray[np.bool_], row: FloatArray) -> Fraction:
    pairs = [kernel(above, below) for above, below in product(row[truth], row[~truth])]
    return sum(pairs, Fraction(0)) / len(pairs)


def unbiased_by_pairs(truth: NDArray[np.bool_], one: FloatArray, other: FloatArray) -> Fraction:
    """Product of the areas less the mean product over pairs of pairs without a common case."""
    ill, healthy = np.flatnonzero(truth), np.flatnonzero(~truth)
    products = [
        kernel(one[i], one[j]) * kernel(other[k], other[m])
        for i, k in product(ill, ill)
        for j, m in product(healthy, healthy)
        if i != k and j != m
    ]
    return area(truth, one) * area(truth, other) - sum(products, Fraction(0)) / len(products)


def left_out(truth: NDArray[np.bool_], ratings: FloatArray, cluster: NDArray[np.int64]) -> FloatArray:
    """Areas (K, P) without each patient, ranked anew."""
    kept = [cluster != patient for patient in np.unique(cluster)]
    return np.array([[float(area(truth[rest], row[rest])) for rest in kept] for row in ratings])


def test_unbiased_by_hand() -> None:
    """Of the first row 7 of 9 pairs are won: 49/81 - 41/72 = 23/648.

    Squares of what each case wins add up to 35/2 on either side, those of the pairs to 13/2, so that the products
    without a common case have the mean (49 - 35 + 13/2) / 36 = 41/72.
    """
    found = covariance(auc_parts(TRUTH, RATINGS), "unbiased")
    expected = [[float(unbiased_by_pairs(TRUTH, one, other)) for other in RATINGS] for one in RATINGS]
    assert found == pytest.approx(np.array(expected), abs=1e-14)
    assert found[0, 0] == pytest.approx(23 / 648)


def test_unbiased_in_chunks_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = covariance(auc_parts(TRUTH, RATINGS), "unbiased")
    monkeypatch.setattr(covariances, "CELLS", 1)
    assert covariance(auc_parts(TRUTH, RATINGS), "unbiased").tolist() == whole.tolist()


def test_delong_is_that_of_the_roc_module() -> None:
    found = covariance(auc_parts(TRUTH, RATINGS), "delong")
    assert found == pytest.approx(delong(TRUTH, RATINGS).covariance, abs=1e-15)


@given(SETS, st.integers(0, 99))
@settings(deadline=None)
def test_jackknife_is_that_of_areas_ranked_anew(rows: list[tuple[int, int]], seed: int) -> None:
    """Also where patients have cases of both kinds."""
    ratings = np.array(rows, np.float64).T
    truth = np.arange(len(rows)) % 2 == 0
    cluster = np.random.default_rng(seed).integers(0, 3, len(rows))
    for owner in (np.arange(len(rows)), np.concatenate([cluster[:-4], [7, 8, 9, 9]])):
        left = left_out(truth, ratings, owner)
        off = left - left.mean(axis=1, keepdims=True)
        expected = (left.shape[1] - 1) / left.shape[1] * off @ off.T
        assert covariance(auc_parts(truth, ratings, owner), "jackknife") == pytest.approx(expected, abs=1e-12)


def test_delong_and_jackknife_are_close() -> None:
    """In 200 cases they differ by about 1 in 200."""
    generator = np.random.default_rng(0)
    truth = np.arange(200) < 80
    ratings = truth + generator.normal(size=200) + generator.normal(size=(3, 200))
    parts = auc_parts(truth, ratings)
    assert covariance(parts, "jackknife") == pytest.approx(covariance(parts, "delong"), rel=0.02)
    assert covariance(parts, "unbiased") == pytest.approx(covariance(parts, "delong"), rel=0.02)


def test_clustered_delong_by_hand() -> None:
    """Patients a (ill 3, healthy 2) and b (ill 1, healthy 2): areas won 1, 1 of 2 pairs' halves and so on.

    The ill win 2 of 2 and 0 of 2 pairs, each healthy one loses to one of two: placements 1, 0 and 1/2, 1/2. Off the
    area 1/2, patient a is 1/2 and 0, b is -1/2 and 0: 2/1 x (1/4 + 1/4) / 2 squared = 1/4.
    """
    truth, ratings = np.array([True, False, True, False]), np.array([[3.0, 2, 1, 2]])
    found = covariance(auc_parts(truth, ratings, np.array([0, 0, 1, 1])), "delong")
    assert found.tolist() == [[0.25]]


def test_the_cross_term_of_patients_with_both_kinds_by_hand() -> None:
    """Ill 2 and 4 against healthy 1 and 3: placements 1/2, 1 and 1, 1/2, off the area 3/4 by -1/4, 1/4 and 1/4, -1/4.

    Each kind gives 2 x (1/16 + 1/16) / 4 = 1/16. Patients (2, 1) and (4, 3) are off in opposite ways, the cross term is
    2 x 2 x (-1/16 - 1/16) / 4 = -1/8, and nothing is left: whichever patient comes, the area is the same. With patients
    (2, 3) and (4, 1) it is 1/8, and the variance 1/4.
    """
    truth, ratings = np.array([True, True, False, False]), np.array([[2.0, 4, 1, 3]])
    assert covariance(auc_parts(truth, ratings, np.array([0, 1, 0, 1])), "delong")[0, 0] == pytest.approx(0)
    assert covariance(auc_parts(truth, ratings, np.array([0, 1, 1, 0])), "delong")[0, 0] == pytest.approx(1 / 4)


def test_sensitivity_by_hand() -> None:
    """Of ratings 3, 2, 5 two are 3 or more: 2/3, and variance 2/3 x 1/3 / (3 - 1) = 1/9, by every estimator."""
    parts = merit_placements(TRUTH, RATINGS[:1], "sensitivity", 3, np.arange(6))
    assert parts.values[0] == pytest.approx(2 / 3)
    for method in ("delong", "jackknife", "unbiased"):
        assert covariance(parts, method) == pytest.approx(np.array([[1 / 9]]))


def test_specificity_by_hand_with_a_threshold_each() -> None:
    """Of 1, 2, 3 two are below 3; of 3, 1, 2 one is below 2. Their covariance is (1/3 - 2/9) / (3 - 1) = 1/18."""
    parts = merit_placements(TRUTH, RATINGS, "specificity", np.array([3.0, 2.0]), np.arange(6))
    assert parts.values == pytest.approx([2 / 3, 1 / 3])
    hits = np.array([[1, 1, 0], [0, 1, 0]])
    assert covariance(parts, "delong")[0, 1] == pytest.approx(float(np.cov(hits)[0, 1]) / 3)
    assert covariance(parts, "jackknife")[0, 1] == pytest.approx(1 / 18)


@pytest.mark.parametrize("method", ["delong", "jackknife"])
@pytest.mark.parametrize(("merit", "threshold"), [("auc", None), ("sensitivity", 3.0), ("specificity", 3.0)])
def test_cases_copied_within_their_patients_tell_nothing_new(
    method: Method, merit: Merit, threshold: float | None
) -> None:
    generator = np.random.default_rng(1)
    truth, ratings = np.arange(30) % 2 == 0, generator.integers(1, 6, (2, 30)).astype(float)
    patients = np.arange(30)
    once = merit_placements(truth, ratings, merit, threshold, patients)
    copies = np.tile(truth, 2), np.tile(ratings, 2), np.tile(patients, 2)
    twice = merit_placements(copies[0], copies[1], merit, threshold, copies[2])
    assert (once.clustered, twice.clustered) == (False, True)
    assert covariance(twice, method) == pytest.approx(covariance(once, method))


def test_unbiased_needs_independent_cases() -> None:
    with pytest.raises(InputError, match="takes cases for independent"):
        covariance(auc_parts(TRUTH, RATINGS, np.array([0, 0, 1, 2, 3, 4])), "unbiased")


def test_too_few_cases() -> None:
    truth = np.array([True, False, False])
    with pytest.raises(InputError, match="2 or more positive cases"):
        covariance(auc_parts(truth, np.array([[3.0, 1, 2]])), "delong")
    with pytest.raises(InputError, match="2 or more negative cases, of different patients"):
        covariance(auc_parts(~truth, np.array([[3.0, 1, 2]])), "jackknife")
    with pytest.raises(InputError, match="2 or more positive"):
        covariance(auc_parts(np.array([True, True, False, False]), np.ones((1, 4)), np.array([0, 0, 1, 2])), "delong")


def test_a_threshold_where_it_belongs() -> None:
    with pytest.raises(InputError, match="does not fit auc"):
        merit_placements(TRUTH, RATINGS, "auc", 3.0, np.arange(6))
    with pytest.raises(InputError, match="does not fit sensitivity"):
        merit_placements(TRUTH, RATINGS, "sensitivity", None, np.arange(6))
