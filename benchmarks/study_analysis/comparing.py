"""Readers with models, and readers with themselves under another treatment, one pair at a time.

Two raters are compared on the units that both have read. The test that counts is McNemar's where each patient has one
unit, and its clustered form where patients have several. Chi-square stands beside because the papers printed it.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from spinedet.benchmarks.agreement.resampling import Resamples
from spinedet.benchmarks.mrmc.paired import PairedCalls, compare_calls
from spinedet.benchmarks.study.protocol import Correction, Measure
from spinedet.benchmarks.study_analysis.comparison_records import Comparison, PairedMeasure
from spinedet.benchmarks.study_analysis.correcting import Pairing, correct, pairings
from spinedet.benchmarks.study_analysis.figure import Figure, Test
from spinedet.benchmarks.study_analysis.figures import Counted, count
from spinedet.benchmarks.study_analysis.roc import ranking
from spinedet.benchmarks.study_analysis.units import WHOLE, Calls, Level
from spinedet.benchmarks.whole_image.figures import BoolArray, bootstrapped, resampled_interval, undefined
from spinedet.benchmarks.whole_image.roc import PairedTest, paired_delong

EXACT_MCNEMAR = "McNemar, exact"
MCNEMAR = "McNemar"
EXACT_CLUSTERED = "clustered McNemar, exact over patients"
CLUSTERED = "clustered McNemar (Obuchowski)"

NO_UNIT = "there is no such unit"


def comparisons(level: Level, resamples: Resamples, correction: Correction) -> tuple[Comparison, ...]:
    """All comparisons over one unit, with corrected p-values."""
    every = pairings([one.rater for one in level.raters])
    found = [(pairing, one) for pairing in every for one in _pair(level, pairing, resamples)]
    flat = [(pairing, one, measure) for pairing, one in found for measure in one.measures]
    families = [(pairing.why, pairing.opponent, one.label, measure.measure) for pairing, one, measure in flat]
    p = [None if measure.test is None else measure.test.p for _, _, measure in flat]
    fixed = iter(correct(p, families, correction))
    return tuple(
        one.model_copy(update={"measures": tuple(_corrected(row, *next(fixed)) for row in one.measures)})
        for _, one in found
    )


def _corrected(row: PairedMeasure, p: float | None, family: int) -> PairedMeasure:
    return row.model_copy(update={"corrected_p": p, "family": family})


def test_of(calls: PairedCalls) -> Test:
    """The test that counts of two raters' calls."""
    if calls.clustered is not None:
        found = calls.clustered
        name = EXACT_CLUSTERED if found.exact else CLUSTERED
        statistic = None if found.exact else found.obuchowski
        return Test(name=name, statistic=statistic, df=None if found.exact else 1, p=found.p, why=found.why)
    simple = calls.mcnemar
    return Test(name=EXACT_MCNEMAR if simple.exact else MCNEMAR, p=simple.p, why=simple.why)


def _pair(level: Level, pairing: Pairing, resamples: Resamples) -> Iterator[Comparison]:
    """Two raters in every scope; nothing if there is no unit that both have read or scored."""
    first, second = level.raters[pairing.first], level.raters[pairing.second]
    both = first.read & second.read
    if not (both.any() or (first.scored & second.scored).any()):
        return
    counted = [count(level, one, resamples, both) for one in (first, second)]
    for column in range(1 + len(level.classes)):
        delong, area = _areas(level, (first, second), column, resamples)
        yield Comparison(
            first=first.rater.name,
            second=second.rater.name,
            why=pairing.why,
            label=level.label(column),
            units=int(both.sum()),
            patients=len(np.unique(level.patient[both])),
            measures=tuple(_measures(level, (first, second), counted, column, both)),
            delong=delong,
            auc=area,
        )


def _measures(
    level: Level, pair: tuple[Calls, Calls], counted: Sequence[Counted], column: int, both: BoolArray
) -> Iterator[PairedMeasure]:
    if not both.any():
        return
    for measure, (chosen, rights) in paired_hits(level, pair, column, both).items():
        calls = compare_calls(rights[0][chosen], rights[1][chosen], level.patient[chosen])
        yield _measure(counted, column, measure, calls)
    if column in level.columns:
        yield _measure(counted, column, "f1", None)


def paired_hits(
    level: Level, raters: Sequence[Calls], column: int, both: BoolArray
) -> dict[Measure, tuple[BoolArray, list[BoolArray]]]:
    """For each measure that is a share: the units that it is of (N,), and whether each rater is right on them (N,)."""
    whole = (both, [one.right for one in raters])
    if column not in level.columns:
        return {"accuracy": whole}
    truth = level.truth[:, column]
    rights = [np.asarray(one.called[:, column] == truth) for one in raters]
    return {
        "sensitivity": (both & truth, rights),
        "specificity": (both & ~truth, rights),
        "accuracy": whole if column == WHOLE else (both, rights),
    }


def _measure(counted: Sequence[Counted], column: int, measure: Measure, calls: PairedCalls | None) -> PairedMeasure:
    first, second = (one.rate(column, measure) for one in counted)
    return PairedMeasure(
        measure=measure,
        first=known(float(first[0])),
        second=known(float(second[0])),
        difference=difference(first - second, calls),
        calls=calls,
        test=None if calls is None else test_of(calls),
    )


def difference(row: np.ndarray, calls: PairedCalls | None) -> Figure:
    """A difference (1 + R,) with both intervals."""
    counts = {} if calls is None else {"of": calls.mcnemar.of}
    figure = Figure(**dict(bootstrapped(row, counts, NO_UNIT)))
    if calls is None or calls.difference is None or figure.value is None:
        return figure
    return figure.model_copy(
        update={"ci95": calls.difference.ci95, "method": "Student's t over patients", "why": calls.difference.why}
    )


def known(value: float) -> float | None:
    """A value; None where there is none (NaN)."""
    return None if np.isnan(value) else value


def _areas(
    level: Level, pair: tuple[Calls, Calls], column: int, resamples: Resamples
) -> tuple[PairedTest | None, Figure | None]:
    """DeLong's test and the difference of the areas; None where one of the two has no scores."""
    among = pair[0].scored & pair[1].scored
    first, second = (ranking(level, one, column, resamples, among) for one in pair)
    if first is None or second is None or not np.array_equal(first.chosen, second.chosen):
        return None, None
    delong = paired_delong(first.truth, first.scores, second.scores)
    if delong.difference is None:
        return delong, Figure(**dict(undefined(delong.why or "")))
    row = first.area() - second.area()
    return delong, Figure(
        value=delong.difference,
        ci95=delong.ci95,
        ci95_patients=resampled_interval(row),
        counts={"of": len(first.truth)},
        method="DeLong",
        why=delong.why,
    )
