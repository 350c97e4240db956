"""How long reading took."""

from typing import Any

import numpy as np
import pytest
from letter_study import letter_study
from scipy.stats import linregress, spearmanr, wilcoxon

from spinedet.annotations.reading import Timing
from spinedet.benchmarks.study.protocol import Endpoint
from spinedet.benchmarks.study_analysis.analysis import analyse
from spinedet.benchmarks.study_analysis.records import StudyResults
from spinedet.benchmarks.study_analysis.times import learning

CODES = "abcdefgh"
TRUTH = {code: (f"p{code}", "N") for code in CODES}
SAID = dict.fromkeys(CODES, "N")

SLOW = dict(zip(CODES, (60.0, 48.0, 52.0, 45.0, 40.0, 41.0, 35.0, 30.0), strict=True))
FAST = dict(zip(CODES, (10.0, 9.0, 11.0, 10.5, 9.5, 10.2, 9.8, 10.1), strict=True))
EVEN = dict(zip(CODES, (20.0, 21.0, 19.0, 22.0, 18.0, 20.5, 19.5, 20.2), strict=True))


def results(seconds: Any, **decided: Any) -> StudyResults:
    models = ["M"] if "M" in seconds else []
    truth = decided.pop("truth", TRUTH)
    return analyse(*letter_study(truth, dict.fromkeys(seconds, SAID), models=models, seconds=seconds, **decided))


def test_the_times_of_a_reader() -> None:
    own = results({"R1": SLOW}).times.raters[0]
    values = np.array(list(SLOW.values()))
    assert own.median.value == np.median(values)
    assert own.mean.value == pytest.approx(values.mean())
    assert (own.lower_quartile.value, own.upper_quartile.value) == (37.5, 50.0)
    assert own.total == values.sum()
    assert own.sd == pytest.approx(values.std(ddof=1))
    assert own.median.ci95_patients is not None
    assert own.seconds == tuple(SLOW.values())
    assert own.orders == tuple(range(1, 9))


def test_a_reader_against_the_model() -> None:
    found = results({"R1": SLOW, "M": FAST})
    own = found.times.comparisons[0]
    slow, fast = (np.array(list(one.values())) for one in (SLOW, FAST))
    assert own.ratio.value == pytest.approx(np.exp(np.mean(np.log(slow / fast))))
    assert own.test.name == "Wilcoxon, signed ranks"
    assert own.test.p == pytest.approx(wilcoxon(slow, fast).pvalue)
    assert own.ratio.ci95_patients is not None
    low, high = own.ratio.ci95_patients
    assert low < np.exp(np.mean(np.log(slow / fast))) < high


def test_several_readers_are_corrected_for() -> None:
    found = results({"R1": SLOW, "R2": EVEN, "M": FAST}, correction="bonferroni")
    for one in found.times.comparisons:
        assert one.family == 2
        assert one.test.p is not None
        assert one.corrected_p == pytest.approx(min(2 * one.test.p, 1))
    assert all(one.corrected_p == one.test.p for one in results({"R1": SLOW, "M": FAST}).times.comparisons)


def test_the_primary_endpoint_can_be_time() -> None:
    found = results({"R1": SLOW, "R2": EVEN, "M": FAST}, endpoint=Endpoint(measure="seconds", unit="image"))
    slow, even, fast = (np.array(list(one.values())) for one in (SLOW, EVEN, FAST))
    mean = found.times.means[0]
    assert found.primary.value == mean.ratio
    assert mean.ratio.value == pytest.approx(np.exp(np.mean(np.log(np.sqrt(slow * even) / fast))))
    assert found.primary.reached is True
    assert found.primary.sentence.startswith("Time per image: mean of readers, unaided takes ")


def test_where_patients_have_several_images_ranks_are_added_up() -> None:
    truth = {code: (f"p{place // 2}", "N") for place, code in enumerate(CODES)}
    own = results({"R1": SLOW, "M": FAST}, truth=truth).times.comparisons[0]
    assert own.patients == 4
    assert own.test.name == "Wilcoxon, signed ranks added up by patient (Rosner)"
    assert own.test.p == own.pairs.p_patients


def test_images_without_a_whole_time_are_left_out_of_times_only() -> None:
    protocol, data = letter_study(TRUTH, {"R1": SAID}, seconds={"R1": SLOW})
    timings = [None, Timing(seconds=3.0, cut=True), Timing(seconds=0.0)]
    cases = list(data.readings[0].cases)
    cases[:3] = [case.model_copy(update={"timing": one}) for case, one in zip(cases, timings, strict=False)]
    reading = data.readings[0].model_copy(update={"cases": tuple(cases)})
    found = analyse(protocol, data.model_copy(update={"readings": (reading,)}))
    own = found.times.raters[0]
    assert own.codes == tuple("defgh")
    assert own.left_out == {"a": "no time", "b": "cut short: the window was killed", "c": "a time of 0 s"}
    assert found.units[0].raters[0].units == 8
    for told in (("no time", "(a)"), ("killed", "(b)"), ("a time of 0 s for 1 image", "(c)")):
        assert any(one.startswith("R1: ") and all(part in one for part in told) for one in found.warnings)


def test_nobody_measured() -> None:
    found = results({"R1": {}, "M": {}})
    assert (found.times.raters, found.times.comparisons, found.times.means) == ((), (), ())
    assert found.times.notes == ("No times of R1, M.",)


def test_learning_over_the_session() -> None:
    order = np.arange(1, 9)
    seconds = np.array(list(SLOW.values()))
    found = learning(seconds, order.tolist())
    assert found is not None
    expected = linregress(order, np.log(seconds))
    assert found.change.value == pytest.approx(np.expm1(expected.slope))
    assert expected.slope < 0
    assert found.change.ci95 is not None
    assert found.change.ci95[1] < 0
    assert found.p == pytest.approx(expected.pvalue)
    assert found.spearman == pytest.approx(spearmanr(order, seconds).statistic)


def test_learning_needs_orders_and_times_that_differ() -> None:
    assert learning(np.array([1.0, 2.0, 3.0]), [None, 1, 2]) is None
    found = learning(np.full(4, 2.0), [1, 2, 3, 4])
    assert found is not None
    assert (found.change.value, found.p, found.spearman) == (0.0, None, None)
    assert found.change.why == "every time is the same"
