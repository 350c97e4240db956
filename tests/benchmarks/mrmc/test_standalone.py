"""A model on its own against readers: by hand, and where it must agree with tests that are known."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import t as student

from spinedet.annotations.errors import InputError
from spinedet.benchmarks.mrmc.figures import ONE_READER
from spinedet.benchmarks.mrmc.measure import Question, measure_readers
from spinedet.benchmarks.mrmc.ratings import Ratings
from spinedet.benchmarks.mrmc.standalone import against_model
from spinedet.benchmarks.whole_image.roc import delong, paired_delong

Make = Callable[..., Ratings]

TRUTH = [0, 0, 0, 0, 1, 1, 1, 1]
READERS = [[1, 2, 2, 3, 2, 3, 4, 5], [1, 1, 3, 2, 3, 3, 5, 2], [2, 1, 1, 4, 3, 5, 4, 4]]
MODEL = [0.1, 0.4, 0.2, 0.5, 0.3, 0.8, 0.6, 0.9]


def test_random_readers_by_hand() -> None:
    """Readers 3/4, 1/2 less the model's 7/8: -1/8, -3/8, mean -1/4, spread 1/32.

    Variances 0.05 of all, 0.02 between readers, 0.01 of each with the model: of the two differences
    0.02 - 0.01 - 0.01 + 0.05 = 0.05 is shared. (1/32 + 2 x 0.05) / 2, with (1/32 + 0.1) squared over (1/32) squared
    degrees of freedom.
    """
    covariance = np.array([[0.05, 0.02, 0.01], [0.02, 0.05, 0.01], [0.01, 0.01, 0.05]])
    found = against_model("plain", ("a", "b"), np.array([3 / 4, 1 / 2, 7 / 8]), covariance)
    total = 1 / 32 + 0.1
    assert (found.random.value, found.random.se) == pytest.approx((-1 / 4, (total / 2) ** 0.5))
    assert found.random.df == pytest.approx((total * 32) ** 2)
    assert found.random.p == pytest.approx(2 * student.sf(0.25 / (total / 2) ** 0.5, (total * 32) ** 2))
    assert found.fixed_readers.se == pytest.approx(((0.08 + 0.05) / 2) ** 0.5)
    assert (found.fixed_cases.se, found.fixed_cases.df) == pytest.approx((1 / 8, 1))
    assert (found.readers.value, found.model.value, found.model.se) == pytest.approx((5 / 8, 7 / 8, 0.05**0.5))
    assert found.each_reader["a"].se == pytest.approx(0.08**0.5)


def test_each_reader_is_delongs_paired_test(ratings: Make) -> None:
    study = measure_readers(ratings([[*READERS, MODEL]], TRUTH), Question(model="r3"))
    (found,) = study.against_model
    assert (study.readers, study.model) == (("r0", "r1", "r2"), "r3")
    for name, row in zip(study.readers, READERS, strict=True):
        known = paired_delong(np.array(TRUTH, bool), np.array(row, float), np.array(MODEL))
        assert (found.each_reader[name].statistic, found.each_reader[name].p) == pytest.approx((known.z, known.p))
    assert found.model.value == delong(np.array(TRUTH, bool), np.array([MODEL])).areas[0]


def test_the_model_is_no_part_of_the_readers(ratings: Make) -> None:
    """Without it their mean and its interval are the same."""
    alone = measure_readers(ratings([READERS], TRUTH), Question())
    beside = measure_readers(ratings([[*READERS, MODEL]], TRUTH), Question(model="r3"))
    assert beside.crossed == alone.crossed
    assert beside.against_model[0].readers == alone.crossed.random.means[0].estimate


def test_a_model_that_is_always_right_by_chance_of_nothing(ratings: Make) -> None:
    """A model of area 1 has no variance: the test is that of the readers' mean against the constant 1."""
    right = [float(truth) for truth in TRUTH]
    (found,) = measure_readers(ratings([[*READERS, right]], TRUTH), Question(model="r3")).against_model
    mean = measure_readers(ratings([READERS], TRUTH), Question(against=1.0)).crossed.random.means[0].estimate
    assert (found.random.statistic, found.random.p, found.random.se) == pytest.approx((mean.statistic, mean.p, mean.se))


def test_a_model_read_once_stands_against_every_treatment(ratings: Make) -> None:
    """Readers with and without the model; its own ratings stand in a third treatment, which is none of the readers'."""
    gap = [float("nan")] * 8
    aided = [[rating + truth for rating, truth in zip(row, TRUTH, strict=True)] for row in READERS]
    table = ratings([[*READERS, gap], [*aided, gap], [gap, gap, gap, MODEL]], TRUTH)
    found = measure_readers(table, Question(model="r3"))
    assert found.treatments == ("t0", "t1")
    assert [row.treatment for row in found.against_model] == ["t0", "t1"]
    assert found.against_model[0].model == found.against_model[1].model
    single = measure_readers(ratings([[*READERS, MODEL]], TRUTH), Question(model="r3"))
    assert found.against_model[0].random == single.against_model[0].random


def test_its_own_threshold(ratings: Make) -> None:
    """Ratings of 3 or more, and scores of 0.5 or more: sensitivities 3/4, 3/4, 1 and 3/4."""
    table = ratings([[*READERS, MODEL]], TRUTH)
    question = Question("sensitivity", 3, model="r3", model_threshold=0.5)
    (found,) = measure_readers(table, question).against_model
    assert (found.readers.value, found.model.value) == pytest.approx((5 / 6, 3 / 4))
    with pytest.raises(InputError, match="own threshold"):
        measure_readers(table, Question(model="r3", model_threshold=0.5))


def test_one_reader_against_the_model(ratings: Make) -> None:
    (found,) = measure_readers(ratings([[READERS[0], MODEL]], TRUTH), Question(model="r1")).against_model
    assert (found.random.why, found.fixed_cases.why) == (ONE_READER, ONE_READER)
    assert found.fixed_readers == found.each_reader["r0"]


def test_a_model_that_is_not_clear(ratings: Make) -> None:
    gap = [float("nan")] * 8
    with pytest.raises(InputError, match="the only reader"):
        measure_readers(ratings([[MODEL]], TRUTH), Question(model="r0"))
    with pytest.raises(InputError, match="no such reader"):
        measure_readers(ratings([READERS], TRUTH), Question(model="net"))
    table = ratings([[*READERS, gap], [*READERS, MODEL], [*READERS, MODEL]], TRUTH)
    with pytest.raises(InputError, match="Which ratings of r3 are meant"):
        measure_readers(table, Question(model="r3"))
