"""Power: none without a difference, all with a large one, more with more of everything; and its test by hand."""

import numpy as np
import pytest

from spinedet.benchmarks.mrmc.clustered import clustered_mean
from spinedet.benchmarks.simulation.power import (
    Question,
    clustered_covariance,
    one_study,
    power,
    power_table,
    readers_against_model,
)
from spinedet.benchmarks.simulation.skill import Hardness, draw_spread
from spinedet.benchmarks.simulation.studies import Design

DESIGN = Design(images=40, discs=6)


def test_a_large_difference_is_found_and_none_seldom() -> None:
    rng = np.random.default_rng(0)
    assert power(DESIGN, Question(readers=0.6, model=0.97), 3, 60, rng).power > 0.9
    assert power(DESIGN, Question(readers=0.9, model=0.9), 3, 200, rng).power < 0.12


def test_more_images_find_more() -> None:
    question = Question(readers=0.85, model=0.9)
    few, many = power_table(DESIGN, question, [20, 160], [3], studies=150, seed=1)
    assert (few.images, many.images) == (20, 160)
    assert few.power + 0.1 < many.power
    assert few.width is not None
    assert many.width is not None
    assert many.width < few.width


def test_the_same_seed_gives_the_same_table() -> None:
    tables = [list(power_table(DESIGN, Question(), [20], [1, 2], studies=20, seed=seed)) for seed in (3, 3, 4)]
    assert tables[0] == tables[1] != tables[2]


def test_one_reader_is_tested_as_clustered_differences_are() -> None:
    rng = np.random.default_rng(2)
    patient, right = np.repeat(np.arange(15), 4), rng.random((2, 60)) < 0.8
    ours, theirs = readers_against_model(right, patient), clustered_mean(right[0] * 1.0 - right[1], patient)
    assert (ours.value, ours.se) == pytest.approx((theirs.value, theirs.se))


def test_the_covariance_by_hand() -> None:
    """Two patients of two things: sums 1 and -1 of row one, 0.5 and -0.5 of row two; P / (P - 1) = 2; N^2 = 16."""
    off = np.array([[0.5, 0.5, -0.5, -0.5], [0.5, 0.0, 0.0, -0.5]])
    found = clustered_covariance(off, np.array([0, 0, 1, 1]))
    assert found.tolist() == [[2 * 2 / 16, 2 * 1 / 16], [2 * 1 / 16, 2 * 0.5 / 16]]


def test_readers_who_differ_keep_their_mean() -> None:
    hardness = Hardness(patient=0.5, disc=0.5)
    skills = draw_spread(0.85, 40_000, 0.6, hardness, np.random.default_rng(5))
    assert skills.mean() == pytest.approx(0.85, abs=0.005)
    assert skills.std() > 0.05
    assert draw_spread(0.85, 3, 0.0, hardness, np.random.default_rng(5)).tolist() == pytest.approx([0.85] * 3)


def test_a_study_has_an_estimate_with_an_interval() -> None:
    found = one_study(DESIGN, Question(), 4, np.random.default_rng(6))
    assert found.ci95 is not None
    assert found.ci95[0] < (found.value or 0) < found.ci95[1]
