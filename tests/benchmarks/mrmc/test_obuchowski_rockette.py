"""Obuchowski and Rockette's analysis: a layout by hand, the Van Dyke data as published, and what must not matter."""

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import f as fisher
from scipy.stats import norm
from scipy.stats import t as student

from spinedet.annotations.errors import InputError
from spinedet.benchmarks.mrmc.covariances import Method
from spinedet.benchmarks.mrmc.figures import NO_VARIANCE, ONE_READER, ONE_TREATMENT, Analysis, Crossed, Estimate
from spinedet.benchmarks.mrmc.measure import Question, measure_readers
from spinedet.benchmarks.mrmc.obuchowski_rockette import Layout, analyse, components
from spinedet.benchmarks.mrmc.ratings import Ratings

FloatArray = NDArray[np.float64]

Make = Callable[..., Ratings]

VALUES = np.array([[3 / 4, 1 / 2], [1, 5 / 8]])
"""Means of the treatments 5/8, 13/16, of the readers 7/8, 9/16, of all 23/32."""

TRUTH = [0, 0, 0, 1, 1, 1]
SMALL = [[[1, 2, 3, 2, 4, 5], [2, 1, 3, 3, 3, 4]], [[1, 1, 2, 2, 5, 5], [1, 3, 2, 3, 4, 5]]]
"""2 treatments, 2 readers, 6 cases."""


def shared(error: float, cov1: float, cov2: float, cov3: float, size: int = 2) -> FloatArray:
    """(T, R, T, R) of these four numbers."""
    table = np.full((size, size, size, size), cov3)
    for one, other in np.ndindex(size, size):
        table[one, :, one, :] = cov2
        table[:, other, :, other] = cov1
    for one, other in np.ndindex(size, size):
        table[one, other, one, other] = error
    return table


def layout(covariance: FloatArray, values: FloatArray = VALUES) -> Layout:
    return Layout(("t", "u"), ("a", "b"), values, covariance)


def difference(found: Analysis) -> Estimate:
    (row,) = found.differences
    return row.estimate


def test_mean_squares_and_covariances_by_hand() -> None:
    """2 x 2 x (3/32) squared; 2 x 2 x (5/32) squared; 4 x (1/32) squared; the covariances are those put in."""
    found = components(layout(shared(0.04, 0.02, 0.03, 0.01)))
    assert (found.ms_treatment, found.ms_reader, found.ms_interaction) == pytest.approx((9 / 256, 25 / 256, 1 / 256))
    assert (found.error, found.cov1, found.cov2, found.cov3) == pytest.approx((0.04, 0.02, 0.03, 0.01))


def test_random_readers_by_hand() -> None:
    """2 x (Cov2 - Cov3) = 1/256 beside MS(TR) = 1/256: F = 9/2, with 1 x (2/1) squared = 4 degrees of freedom.

    The difference is -3/16 and its variance 2/2 x 2/256.
    """
    found = analyse(layout(shared(0.1, 0.02, 1 / 512 + 0.01, 0.01))).random
    assert found.test is not None
    assert (found.test.name, found.test.df1) == ("F", 1)
    assert (found.test.value, found.test.df2) == pytest.approx((4.5, 4))
    assert found.test.p == pytest.approx(fisher.sf(4.5, 1, 4))
    own = difference(found)
    assert (own.value, own.se, own.df) == pytest.approx((-3 / 16, 1 / 128**0.5, 4))
    assert own.statistic == pytest.approx(-(4.5**0.5))
    assert own.p == pytest.approx(found.test.p)
    reach = student.ppf(0.975, 4) / 128**0.5
    assert own.ci95 == pytest.approx((-3 / 16 - reach, -3 / 16 + reach))


def test_a_covariance_that_looks_negative_counts_as_none() -> None:
    """Cov2 below Cov3: MS(TR) alone is left, as with fixed cases."""
    found = analyse(layout(shared(0.1, 0.02, 0.01, 0.02)))
    assert found.random.test == found.fixed_cases.test
    assert difference(found.random) == difference(found.fixed_cases)


def test_fixed_readers_by_hand() -> None:
    """Error - Cov1 + (Cov2 - Cov3) = 1/16: chi-square is 9/256 x 16 = 9/16, the difference's variance 1/16."""
    found = analyse(layout(shared(5 / 64 + 0.02, 0.02, 0.01, 0.01 + 1 / 64))).fixed_readers
    assert found.test is not None
    assert found.test.value == pytest.approx(9 / 256 / (5 / 64))  # Cov2 below Cov3 counts as none
    found = analyse(layout(shared(3 / 64 + 0.02, 0.02, 1 / 64 + 0.01, 0.01))).fixed_readers
    assert found.test is not None
    assert (found.test.name, found.test.df2) == ("chi-square", None)
    assert found.test.value == pytest.approx(9 / 16)
    assert difference(found).se == pytest.approx(1 / 4)
    assert difference(found).p == pytest.approx(2 * norm.sf(3 / 4))
    assert found.test.p == pytest.approx(difference(found).p)


def test_means_by_hand() -> None:
    """Of t: 3/4 and 1/2 spread by 1/32, with 2 x Cov2 = 1/32 that is 1/16, over 2 readers 1/32; df is 2 squared."""
    found = analyse(layout(shared(0.1, 0.02, 1 / 64, 0.01)))
    mean = found.random.means[0].estimate
    assert (mean.value, mean.se, mean.df) == pytest.approx((5 / 8, 1 / 32**0.5, 4))
    fixed = found.fixed_readers.means[0].estimate
    assert fixed.se == pytest.approx(((0.1 + 1 / 64) / 2) ** 0.5)
    assert fixed.df is None
    cases = found.fixed_cases.means[0].estimate
    assert (cases.se, cases.df) == pytest.approx((1 / 8, 1))
    assert mean.p is None


def test_a_mean_against_a_constant() -> None:
    found = analyse(replace(layout(shared(0.1, 0.02, 1 / 64, 0.01)), against=0.5)).random.means[0].estimate
    assert found.statistic == pytest.approx((1 / 8) * 32**0.5)
    assert found.p == pytest.approx(2 * student.sf((1 / 8) * 32**0.5, 4))


def test_van_dyke_by_delong(vandyke: Ratings) -> None:
    """Values printed by MRMCaov (B. J. Smith and S. L. Hillis)."""
    found = measure_readers(vandyke, Question()).crossed.random
    assert [mean.estimate.value for mean in found.means] == pytest.approx([0.8970370, 0.9408374], abs=5e-8)
    own = difference(found)
    assert own.value == pytest.approx(-0.04380032, abs=5e-9)
    assert own.se == pytest.approx(0.0206825, abs=5e-8)
    assert own.df == pytest.approx(15.06611, abs=5e-6)
    assert own.p == pytest.approx(0.05123303, abs=5e-9)
    assert own.ci95 == pytest.approx((-0.0878671960, 0.0002665519), abs=5e-11)
    assert [mean.estimate.se for mean in found.means] == pytest.approx([0.03307642, 0.02150464], abs=5e-9)
    assert [mean.estimate.df for mean in found.means] == pytest.approx([12.59597, 12.56530], abs=5e-6)


def test_van_dyke_unbiased(vandyke: Ratings) -> None:
    study = measure_readers(vandyke, Question(covariance="unbiased")).crossed
    own = difference(study.random)
    assert own.se == pytest.approx(0.02067154, abs=5e-9)
    assert own.p == pytest.approx(0.0511618, abs=5e-8)
    parts = study.components
    found = (parts.error, parts.cov1, parts.cov2, parts.cov3)
    assert found == pytest.approx((0.0007883925, 0.0003416706, 0.0003390650, 0.0002356148), abs=5e-11)


def test_van_dyke_fixed(vandyke: Ratings) -> None:
    study = measure_readers(vandyke, Question(covariance="jackknife")).crossed
    assert study.fixed_readers.test is not None
    assert study.fixed_readers.test.value == pytest.approx(5.475953, abs=5e-7)
    assert study.fixed_readers.test.p == pytest.approx(0.01927984, abs=5e-9)
    assert study.fixed_cases.test is not None
    assert study.fixed_cases.test.value == pytest.approx(8.704, abs=5e-4)
    assert study.fixed_cases.test.p == pytest.approx(0.04195875, abs=5e-9)
    means = [mean.estimate.se for mean in study.fixed_readers.means]
    assert means == pytest.approx([0.02428971, 0.01677632], abs=5e-9)
    assert [row.estimate.p for row in study.each_reader] == pytest.approx(
        [0.26933885, 0.07683102, 0.56683414, 0.12901715, 0.02300099], abs=5e-9
    )
    figures = {(row.treatment, row.reader): row.estimate for row in study.figures}
    assert figures["2", "4"].se == pytest.approx(0.0007213348, abs=5e-11)
    assert figures["1", "5"].ci95 == pytest.approx((0.7480206, 0.9115607), abs=5e-8)


def test_van_dyke_sensitivity(vandyke: Ratings) -> None:
    found = measure_readers(vandyke, Question("sensitivity", 3, "jackknife")).crossed.random
    assert [mean.estimate.value for mean in found.means] == pytest.approx([0.8222, 0.9200], abs=5e-5)
    assert found.test is not None
    assert found.test.value == pytest.approx(6.689493, abs=5e-7)
    assert found.test.p == pytest.approx(0.02008822, abs=5e-9)
    assert difference(found).se == pytest.approx(0.03780451, abs=5e-9)


def all_of(study: Crossed) -> list[Analysis]:
    return [study.random, study.fixed_readers, study.fixed_cases]


@pytest.mark.parametrize("method", ["delong", "jackknife", "unbiased"])
def test_the_order_of_readers_and_cases_does_not_matter(ratings: Make, method: Method) -> None:
    first = ratings(SMALL, TRUTH)
    order = [4, 0, 2, 5, 1, 3]
    other = Ratings(
        first.treatments, ("r1", "r0"), tuple(first.cases[place] for place in order), first.truth[order],
        first.rating[:, ::-1][:, :, order],
    )  # fmt: skip
    question = Question(covariance=method)
    for one, two in zip(*(all_of(measure_readers(table, question).crossed) for table in (first, other)), strict=True):
        assert one.test is not None
        assert two.test is not None
        assert two.test.value == pytest.approx(one.test.value)
        assert difference(two).ci95 == pytest.approx(difference(one).ci95)


def test_treatments_exchanged_turn_the_sign(ratings: Make) -> None:
    here, there = (measure_readers(ratings(rows, TRUTH), Question()).crossed for rows in (SMALL, SMALL[::-1]))
    for one, two in zip(all_of(here), all_of(there), strict=True):
        assert difference(two).value == pytest.approx(-difference(one).value)
        assert difference(two).se == pytest.approx(difference(one).se)
        assert difference(two).p == pytest.approx(difference(one).p)
        assert one.test is not None
        assert two.test is not None
        assert two.test.value == pytest.approx(one.test.value)


def test_the_opposite_truth_with_opposite_ratings_is_the_same(ratings: Make) -> None:
    here = measure_readers(ratings(SMALL, TRUTH), Question()).crossed
    there = measure_readers(ratings((-np.array(SMALL)).tolist(), [1 - one for one in TRUTH]), Question()).crossed
    assert difference(there.random).ci95 == pytest.approx(difference(here.random).ci95)


def test_three_treatments_are_tested_in_pairs_and_corrected(ratings: Make) -> None:
    third = [[3, 2, 2, 1, 4, 2], [3, 4, 1, 2, 2, 5]]
    found = measure_readers(ratings([*SMALL, third], TRUTH), Question()).crossed.fixed_readers
    assert [(row.first, row.second) for row in found.differences] == [("t0", "t1"), ("t0", "t2"), ("t1", "t2")]
    plain = sorted(row.estimate.p or 0 for row in found.differences)
    adjusted = sorted(row.p_adjusted or 0 for row in found.differences)
    assert adjusted[0] == pytest.approx(min(3 * plain[0], 1))
    assert found.correction == "holm"
    assert found.test is not None
    assert found.test.df1 == 2


def test_three_equal_treatments_in_any_order(ratings: Make) -> None:
    """The test of all three knows no order."""
    third = [[3, 2, 2, 1, 4, 2], [3, 4, 1, 2, 2, 5]]
    values = set()
    for order in permutations([*SMALL, third]):
        test = measure_readers(ratings(list(order), TRUTH), Question()).crossed.random.test
        assert test is not None
        values.add(round(test.value, 12))
    assert len(values) == 1


def test_one_treatment(ratings: Make) -> None:
    found = measure_readers(ratings(SMALL[:1], TRUTH), Question(against=0.5)).crossed
    assert [(row.test, row.why, row.differences) for row in all_of(found)] == [(None, ONE_TREATMENT, ())] * 3
    assert found.random.means[0].estimate.p is not None
    assert found.components.cov1 is None


def test_one_reader(ratings: Make) -> None:
    """No sample of readers; what is left is DeLong's paired test."""
    found = measure_readers(ratings([rows[:1] for rows in SMALL], TRUTH), Question()).crossed
    for analysis in (found.random, found.fixed_cases):
        assert (analysis.test, analysis.why) == (None, ONE_READER)
        assert (difference(analysis).se, difference(analysis).why) == (None, ONE_READER)
        assert analysis.means[0].estimate.why == ONE_READER
    assert difference(found.fixed_readers) == found.each_reader[0].estimate


def test_nothing_varies(ratings: Make) -> None:
    """Two readers who are always right, twice: areas of 1, and no variance to say how sure that is."""
    found = measure_readers(ratings([[[1, 1, 2, 2]] * 2] * 2, [0, 0, 1, 1]), Question()).crossed
    for analysis in all_of(found):
        assert (analysis.test, analysis.why) == (None, NO_VARIANCE)
        assert (difference(analysis).se, difference(analysis).p, difference(analysis).why) == (0, None, NO_VARIANCE)


def test_readers_alike_leave_the_cases(ratings: Make) -> None:
    """MS(TR) is 0: the degrees of freedom are infinite, and random readers say what fixed ones say."""
    same = [[SMALL[0][0]] * 2, [SMALL[1][1]] * 2]
    found = measure_readers(ratings(same, TRUTH), Question()).crossed
    assert found.random.test is not None
    assert found.random.test.df2 is None
    assert difference(found.random).p == pytest.approx(difference(found.fixed_readers).p)


def test_patients_with_several_cases_are_the_unit(ratings: Make) -> None:
    """Six cases copied within their patients tell what the six do; taken for independent they seem to tell more."""
    once = measure_readers(ratings(SMALL, TRUTH), Question())
    doubled = np.concatenate([SMALL, SMALL], axis=2).tolist()
    twice = measure_readers(ratings(doubled, TRUTH * 2, "abcdef" * 2), Question())
    naive = measure_readers(ratings(doubled, TRUTH * 2), Question())
    assert (once.unit, twice.unit, naive.unit, twice.patients) == ("case", "patient", "case", 6)
    ses = [difference(study.crossed.fixed_readers).se or 0 for study in (once, twice, naive)]
    assert ses[1] == pytest.approx(ses[0])
    assert ses[2] < 0.8 * ses[0]


def test_missing_cells_stop_the_analysis_or_leave_cases_out(ratings: Make) -> None:
    rows = np.array(SMALL, float)
    rows[1, 0, 2] = np.nan
    with pytest.raises(InputError, match="Ratings are missing"):
        measure_readers(ratings(rows.tolist(), TRUTH), Question())
    found = measure_readers(ratings(rows.tolist(), TRUTH), Question(missing="common"))
    kept = [place for place in range(6) if place != 2]
    whole = measure_readers(ratings(rows[:, :, kept].tolist(), [TRUTH[place] for place in kept]), Question())
    assert (found.cases, found.crossed) == (5, whole.crossed)
    assert found.notes
