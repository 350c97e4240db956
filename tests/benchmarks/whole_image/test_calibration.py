"""Scores as probabilities: by hand, and their own laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinedet.benchmarks.whole_image.calibration import (
    Temperature,
    brier_classes,
    brier_score,
    calibration,
    calibration_curve,
    expected_calibration_error,
    fit_temperature,
)

ROWS = st.lists(st.tuples(st.booleans(), st.integers(0, 10)), min_size=1, max_size=40)


def test_brier_by_hand() -> None:
    """Errors 0.2, 0.2, 0.6 and 0.4 squared: 0.60 / 4; over both classes twice that."""
    truth, scores = np.array([True, False, False, True]), np.array([0.8, 0.2, 0.6, 0.6])
    assert brier_score(truth, scores).value == pytest.approx(0.15)
    assert brier_classes(truth.astype(np.int64), np.stack([1 - scores, scores], axis=1)) == pytest.approx(0.3)


def test_parts_of_the_brier_score_by_hand() -> None:
    """Scores 0.25 (1 of 4 positive) and 0.75 (4 of 4): reliability 1/32, resolution (3/8)^2, uncertainty 5/8 * 3/8."""
    truth = np.array([True, False, False, False, True, True, True, True])
    found = brier_score(truth, np.repeat([0.25, 0.75], 4))
    parts = (found.reliability, found.resolution, found.uncertainty, found.within)
    assert parts == pytest.approx((1 / 32, 9 / 64, 15 / 64, 0), abs=1e-12)


@given(ROWS, st.integers(1, 12))
@settings(deadline=None)
def test_the_parts_add_up_and_no_image_is_lost(rows: list[tuple[bool, int]], bins: int) -> None:
    truth, scores = np.array([row[0] for row in rows]), np.array([row[1] for row in rows]) / 10
    found, curve = brier_score(truth, scores, bins), calibration_curve(truth, scores, bins)
    assert found.reliability - found.resolution + found.uncertainty + found.within == pytest.approx(found.value)
    assert (sum(row.of for row in curve), sum(row.positive for row in curve)) == (len(rows), truth.sum())
    assert len(curve) <= bins
    assert [row.score for row in curve] == sorted(row.score for row in curve)


def test_bins_hold_as_many_images_each() -> None:
    curve = calibration_curve(np.arange(20) > 9, np.arange(20) / 20, bins=5)
    assert [row.of for row in curve] == [4] * 5
    assert [row.observed for row in curve] == [0, 0, 0.5, 1, 1]


def test_equal_scores_are_never_parted() -> None:
    curve = calibration_curve(np.array([True, False] * 10), np.full(20, 0.5))
    assert [(row.of, row.positive) for row in curve] == [(20, 10)]


def test_expected_calibration_error_by_hand() -> None:
    """0.25 where 1 of 4 was, 0.75 where 4 of 4 were: (4 * 0 + 4 * 0.25) / 8."""
    truth = np.array([True, False, False, False, True, True, True, True])
    assert expected_calibration_error(calibration_curve(truth, np.repeat([0.25, 0.75], 4))) == pytest.approx(1 / 8)


def test_the_highest_score_where_nothing_is_positive() -> None:
    """0.6 right, 0.6 wrong: observed 1/2."""
    found = calibration(np.array([0, 1]), np.array([[0.6, 0.2, 0.2], [0.6, 0.2, 0.2]]), np.array([], np.int64))
    assert found.brier is None
    assert found.expected_error == pytest.approx(0.1)


def test_a_temperature_that_is_known() -> None:
    """A score of 0.9 is right 3 times in 4, so that log(9) / T = log(3): T = 2."""
    truth = np.array([0, 0, 0, 1, 1, 1, 1, 0])
    scores = np.array([[0.9, 0.1]] * 4 + [[0.1, 0.9]] * 4)
    found = fit_temperature(truth, scores)
    assert found.value == pytest.approx(2, abs=1e-3)
    assert found.after is not None
    assert found.before is not None
    assert found.after < found.before
    np.testing.assert_allclose(found.scale(scores)[0], [0.75, 0.25], atol=1e-4)


@pytest.mark.parametrize(
    ("truth", "scores", "why"),
    [
        ([], np.empty((0, 2)), "no image"),
        ([1, 1], [[0.2, 0.8], [0.4, 0.6]], "one class"),
        ([0, 1], [[0.5, 0.5], [0.5, 0.5]], "the same"),
        ([0, 1], [[0.8, 0.2], [0.4, 0.6]], "every validation image is right"),
        ([1, 0], [[0.8, 0.2], [0.4, 0.6]], "say nothing"),
    ],
)
def test_where_no_temperature_can_be_fitted_it_is_1(truth: list[int], scores: list[list[float]], why: str) -> None:
    found = fit_temperature(np.array(truth, np.int64), np.array(scores))
    assert found.value == 1.0
    assert why in str(found.why)


@given(st.floats(0.1, 10), st.lists(st.integers(0, 20), min_size=3, max_size=3).filter(any))
@settings(deadline=None)
def test_scaling_keeps_the_order_and_the_sum(value: float, parts: list[int]) -> None:
    scores = np.array([parts]) / sum(parts)
    found = Temperature(value=value).scale(scores)
    assert found.sum() == pytest.approx(1)
    assert found[0, scores[0].argmax()] == pytest.approx(found.max())


def test_scores_of_0_can_be_scaled() -> None:
    np.testing.assert_allclose(Temperature(value=2.0).scale(np.array([[0.0, 1.0]])), [[0.001, 0.999]], atol=1e-5)
