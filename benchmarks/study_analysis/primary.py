"""The primary endpoint, picked out of the results: what the protocol asked beforehand, and the answer in a sentence.

Readers are compared with the first model of the protocol under its first treatment: the mean of several readers, as a
sample of readers and of patients; a single reader with the paired test. Without a model the first two treatments are
compared, readers and patients random.
"""

from collections.abc import Callable, Sequence

from spinedet.benchmarks.agreement.figures import Interval
from spinedet.benchmarks.study.protocol import Protocol
from spinedet.benchmarks.study_analysis.comparison_records import Comparison, MeanComparison, Mrmc
from spinedet.benchmarks.study_analysis.figure import Figure, Test
from spinedet.benchmarks.study_analysis.records import Primary, UnitResults
from spinedet.benchmarks.study_analysis.time_records import Times
from spinedet.benchmarks.whole_image.figures import undefined
from spinedet.datasets.pages import count

WORDS = {
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "accuracy": "Accuracy (share of right diagnoses)",
    "f1": "F1",
    "auc": "Area under the ROC curve",
}

FIXED = "readers fixed"


def primary(protocol: Protocol, units: Sequence[UnitResults], mrmc: Sequence[Mrmc], times: Times) -> Primary:
    """The answer to the protocol's question."""
    if protocol.endpoint.measure == "seconds":
        return _of_times(protocol, times)
    return _of_calls(protocol, units, mrmc)


def _of_times(protocol: Protocol, times: Times) -> Primary:
    first = protocol.treatments[0]
    alone = [one for one in times.comparisons if one.why == "model"]
    rows = times.means if len({one.first for one in alone}) > 1 else alone
    found = next((one for one in rows if one.images), None)
    if found is None:
        return _none(protocol, f"no image has a time of a reader ({first}) and of a model")
    several = found in times.means
    sentence = (
        f"Time per image: {found.first} takes {_three(found.ratio.value)} times as long as {found.second}"
        f"{_bounds(found.ratio.ci95)}{', ' + FIXED if several else ''} ({found.images} images, {found.test.name})"
    )
    return _answer(protocol, sentence, found.ratio, found.test)


def _of_calls(protocol: Protocol, units: Sequence[UnitResults], mrmc: Sequence[Mrmc]) -> Primary:
    endpoint = protocol.endpoint
    unit = next((one for one in units if one.unit == endpoint.unit), None)
    if unit is None:
        return _none(protocol, f"nothing is counted over the unit '{endpoint.unit}' in this study")
    mean = next((one for one in unit.mean_comparisons if _asked(one.label, one.measure, protocol)), None)
    if mean is not None and len(mean.raters) > 1:
        return _of_mean(protocol, mean)
    single = next((one for one in unit.comparisons if one.label is None and one.why == "model"), None)
    if single is not None:
        return _of_single(protocol, single)
    crossed = next((one for one in mrmc if one.unit == unit.unit and _asked(one.label, one.measure, protocol)), None)
    if crossed is not None and crossed.crossed is not None:
        return _of_treatments(protocol, crossed)
    if not unit.means:
        return _none(protocol, f"no reader has an answer over the unit '{unit.unit}'")
    if endpoint.measure != "accuracy" and not protocol.positive:
        return _none(protocol, "the protocol names no positive class")
    return _none(protocol, "there is no model, or no second treatment, to compare readers with")


def _asked(label: str | None, measure: str, protocol: Protocol) -> bool:
    return label is None and measure == protocol.endpoint.measure


def _of_mean(protocol: Protocol, found: MeanComparison) -> Primary:
    sentence = (
        f"{_what(protocol)}: mean of {len(found.raters)} readers {_three(found.mean)}, {found.model} "
        f"{_three(found.of_model)}; difference {_signed(found.difference)} "
        f"({_units(found)}, readers and patients random)"
    )
    return _answer(protocol, sentence, found.difference, found.test, found.why)


def _of_single(protocol: Protocol, found: Comparison) -> Primary:
    if protocol.endpoint.measure == "auc":
        if found.auc is None or found.delong is None:
            return _none(protocol, f"{found.first} or {found.second} gave no scores")
        rows = (found.delong.first, found.delong.second, found.auc)
        test: Test | None = Test(name="paired DeLong", statistic=found.delong.z, p=found.delong.p, why=found.delong.why)
    else:
        measure = next((one for one in found.measures if one.measure == protocol.endpoint.measure), None)
        if measure is None:
            return _none(protocol, "the protocol names no positive class")
        rows, test = (measure.first, measure.second, measure.difference), measure.test
    sentence = (
        f"{_what(protocol)}: {found.first} {_three(rows[0])}, {found.second} {_three(rows[1])}; difference "
        f"{_signed(rows[2])} ({_units(found)}{f', {test.name}' if test else ''})"
    )
    return _answer(protocol, sentence, rows[2], test)


def _of_treatments(protocol: Protocol, found: Mrmc) -> Primary:
    if found.crossed is None or not found.crossed.random.differences:
        return _none(protocol, found.why or "there are no two treatments")
    row = found.crossed.random.differences[0]
    figure = Figure(value=row.estimate.value, ci95=row.estimate.ci95, counts={"of": found.units}, why=row.estimate.why)
    test = Test(
        name="Obuchowski and Rockette, readers and patients random",
        statistic=row.estimate.statistic,
        df=row.estimate.df,
        p=row.estimate.p,
        why=row.estimate.why,
    )
    sentence = (
        f"{_what(protocol)}: {row.first} less {row.second} {_signed(figure)} ({len(found.readers)} readers, "
        f"{_units(found)}, {test.name})"
    )
    return _answer(protocol, sentence, figure, test)


def _answer(protocol: Protocol, sentence: str, value: Figure, test: Test | None, why: str | None = None) -> Primary:
    p = None if test is None else test.p
    if p is None:
        reason = why or (None if test is None else test.why) or value.why
        verdict = f"no test{f': {reason}' if reason else ''}"
    else:
        verdict = f"{_p(p)}, {'below' if p < protocol.alpha else 'not below'} the level of {protocol.alpha:g}"
    reached = None if p is None else p < protocol.alpha
    return Primary(
        endpoint=protocol.endpoint, sentence=f"{sentence}; {verdict}.", value=value, test=test, reached=reached
    )


def _none(protocol: Protocol, why: str) -> Primary:
    asked = f"{protocol.endpoint.measure} over the unit '{protocol.endpoint.unit}'"
    return Primary(
        endpoint=protocol.endpoint,
        sentence=f"The primary endpoint ({asked}) has no answer: {why}.",
        value=Figure(**dict(undefined(why))),
        test=None,
        reached=None,
    )


def _what(protocol: Protocol) -> str:
    return f"{WORDS[protocol.endpoint.measure]} over {protocol.endpoint.unit}s"


def _units(found: Comparison | MeanComparison | Mrmc) -> str:
    return f"{count(found.units, 'unit')} of {count(found.patients, 'patient')}"


def _signed(figure: Figure) -> str:
    """A difference with its interval: of its own method, otherwise that of patients drawn anew."""
    if figure.value is None:
        return "not defined"
    return f"{figure.value:+.3f}{_bounds(figure.ci95 or figure.ci95_patients, lambda value: f'{value:+.3f}')}"


def _bounds(bounds: Interval | None, say: Callable[[float], str] = lambda value: f"{value:.3f}") -> str:
    return "" if bounds is None else f" (95 % interval {say(bounds[0])} to {say(bounds[1])})"


def _three(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _p(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"
