"""Areas by hand, as published by pROC, and their own laws."""

import csv
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from spinedet.benchmarks.agreement.resampling import Resamples
from spinedet.benchmarks.whole_image.figures import undefined
from spinedet.benchmarks.whole_image.roc import (
    ALL_POSITIVE,
    CONSTANT,
    NO_POSITIVE,
    SEPARATED,
    TOO_FEW,
    auc,
    delong,
    macro_auc,
    paired_delong,
    precision_recall_points,
    resampled_auc,
    roc_points,
)

ASAH = Path(__file__).parents[4] / "shared" / "reference" / "asah.csv"

TRUTH = np.array([True, True, True, False, False])
SCORES = np.array([0.9, 0.5, 0.4, 0.5, 0.1])
"""Positives 0.9, 0.5, 0.4 against negatives 0.5, 0.1: of 6 pairs 4 won, one tied, one lost."""

CASES = st.lists(st.tuples(st.booleans(), st.integers(0, 4)), min_size=4, max_size=14).filter(
    lambda rows: 2 <= sum(row[0] for row in rows) <= len(rows) - 2 and len({row[1] for row in rows}) > 1
)


def split(rows: list[tuple[bool, int]]) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    return np.array([row[0] for row in rows]), np.array([row[1] for row in rows]) / 4


@pytest.fixture
def asah() -> tuple[NDArray[np.bool_], dict[str, NDArray[np.float64]]]:
    if not ASAH.is_file():
        pytest.skip("asah.csv is not beside this checkout")
    rows = list(csv.DictReader(ASAH.read_text(encoding="utf-8").splitlines()))
    scores = {name: np.array([float(row[name]) for row in rows]) for name in ("wfns", "ndka", "s100b")}
    return np.array([row["outcome"] == "Poor" for row in rows]), scores


def test_proc_as_published(asah: tuple[NDArray[np.bool_], dict[str, NDArray[np.float64]]]) -> None:
    truth, scores = asah
    assert auc(truth, scores["wfns"]).value == pytest.approx(0.823678861788618, abs=1e-14)
    ndka = auc(truth, scores["ndka"])
    assert ndka.value == pytest.approx(0.611957994579946, abs=1e-14)
    assert ndka.ci95 == pytest.approx((0.501244999, 0.722670990), abs=5e-10)
    first = paired_delong(truth, scores["wfns"], scores["s100b"])
    assert (first.z, first.p) == pytest.approx((2.20898359144091, 0.0271757822291882), abs=1e-12)
    second = paired_delong(truth, scores["ndka"], scores["s100b"])
    assert (second.z, second.p) == pytest.approx((-1.39077002573558, 0.164295175223054), abs=1e-12)


def test_area_and_variance_by_hand() -> None:
    """Each positive wins 2, 3/2, 1 of 2 negatives; each negative is beaten by 3/2 and 3 of 3 positives."""
    wins, beaten = [Fraction(1), Fraction(3, 4), Fraction(1, 2)], [Fraction(1, 2), Fraction(1)]
    found = delong(TRUTH, SCORES[None])
    mean = Fraction(3, 4)
    spread = sum((win - mean) ** 2 for win in wins) / 2 / 3 + sum((part - mean) ** 2 for part in beaten) / 1 / 2
    assert found.areas[0] == pytest.approx(float(mean))
    assert spread == Fraction(1, 12)
    assert found.covariance[0, 0] == pytest.approx(1 / 12)


def test_the_interval_is_cut_at_1() -> None:
    reach = 1.959963984540054 * math.sqrt(1 / 12)
    assert auc(TRUTH, SCORES).ci95 == pytest.approx((0.75 - reach, 1.0))


@given(CASES)
@settings(deadline=None)
def test_the_other_way_round(rows: list[tuple[bool, int]]) -> None:
    """AUC(1 - s) = 1 - AUC, with the same variance; so is that of the opposite truth."""
    truth, scores = split(rows)
    one, other, opposite = delong(truth, scores[None]), delong(truth, 1 - scores[None]), delong(~truth, scores[None])
    assert [other.areas[0], opposite.areas[0]] == pytest.approx([1 - one.areas[0]] * 2)
    assert other.covariance[0, 0] == pytest.approx(one.covariance[0, 0], abs=1e-12)
    assert opposite.covariance[0, 0] == pytest.approx(one.covariance[0, 0], abs=1e-12)


@given(CASES)
@settings(deadline=None)
def test_only_the_order_counts(rows: list[tuple[bool, int]]) -> None:
    truth, scores = split(rows)
    assert auc(truth, scores) == auc(truth, np.exp(3 * scores))


@given(CASES, st.integers(0, 99))
@settings(deadline=None)
def test_a_resample_is_as_if_its_images_were_there(rows: list[tuple[bool, int]], seed: int) -> None:
    """Copies of the drawn patients' images, two images a patient, ranked from the beginning."""
    truth, scores = split(rows)
    drawn = Resamples.draw(np.arange(len(rows)) // 2, 3, seed)
    for weights, found in zip(drawn.weights, resampled_auc(truth, scores, drawn), strict=True):
        times = weights[drawn.patient]
        copies = np.repeat(truth, times), np.repeat(scores, times)
        if copies[0].any() and not copies[0].all():
            assert found == pytest.approx(delong(copies[0], copies[1][None]).areas[0])
        else:
            assert math.isnan(found)


@given(CASES)
@settings(deadline=None)
def test_the_area_under_the_points_is_the_area(rows: list[tuple[bool, int]]) -> None:
    truth, scores = split(rows)
    curve = roc_points(truth, scores)
    assert np.trapezoid(curve.y, curve.x) == pytest.approx(auc(truth, scores).value)


@pytest.mark.parametrize(
    ("truth", "scores", "why"),
    [
        ([False, False], [0.1, 0.2], NO_POSITIVE),
        ([True, True], [0.1, 0.2], ALL_POSITIVE),
        ([True, False], [0.4, 0.4], CONSTANT),
    ],
)
def test_no_area_says_why(truth: list[bool], scores: list[float], why: str) -> None:
    ill, said = np.array(truth), np.array(scores)
    assert (auc(ill, said).value, auc(ill, said).why) == (None, why)
    assert paired_delong(ill, said, said).why == why
    assert roc_points(ill, said).why == why


def test_an_area_without_an_interval_says_why() -> None:
    apart = auc(np.array([True, True, False, False]), np.array([0.9, 0.8, 0.2, 0.1]))
    assert (apart.value, apart.ci95, apart.why) == (1.0, None, SEPARATED)
    few = auc(np.array([True, False, False]), np.array([0.5, 0.8, 0.2]))
    assert (few.value, few.ci95, few.why) == (0.5, None, TOO_FEW)


def test_a_score_does_not_differ_from_itself() -> None:
    found = paired_delong(TRUTH, SCORES, SCORES)
    assert (found.difference, found.p) == (0.0, None)
    assert found.why == "the difference has no variance"


def test_precision_and_recall_by_hand() -> None:
    """0.9 is right (1/3, 1/1); then 0.5 twice, one right (2/3, 2/3); then 0.4 (1, 3/4); 0.1 adds nothing new."""
    curve = precision_recall_points(TRUTH, SCORES)
    points = list(zip(curve.threshold, curve.x, curve.y, strict=True))
    assert points[0] == (None, 0.0, 1.0)
    assert points[1:4] == [(0.9, 1 / 3, 1.0), (0.5, 2 / 3, 2 / 3), (0.4, 1.0, 0.75)]
    assert curve.area == pytest.approx(float(Fraction(1, 3) * (1 + Fraction(2, 3) + Fraction(3, 4))))
    assert precision_recall_points(~TRUTH & TRUTH, SCORES).why == NO_POSITIVE


def test_the_mean_over_classes_names_who_is_missing() -> None:
    area = auc(TRUTH, SCORES)
    found = macro_auc({"a": area, "b": undefined(NO_POSITIVE), "c": auc(TRUTH, -SCORES)})
    assert found.value == pytest.approx(0.5)
    assert (found.counts, found.why) == ({"classes": 2, "of": 3}, "no area of b")
    assert macro_auc({"b": undefined(NO_POSITIVE)}).value is None
