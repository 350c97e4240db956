"""Readers as a sample: their mean against a model, and several treatments, by Obuchowski and Rockette's analysis.

Figures of merit are sensitivity, specificity and accuracy of the calls, and the area under the curve where every rater
gave scores. Only units count that all of them have read; where patients have several, covariances are by patient.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from spinedet.annotations.errors import InputError
from spinedet.benchmarks.agreement.resampling import Resamples
from spinedet.benchmarks.mrmc.covariances import covariance
from spinedet.benchmarks.mrmc.figures import AgainstModel, Estimate
from spinedet.benchmarks.mrmc.merits import Placements, merit_placements
from spinedet.benchmarks.mrmc.multiple import Correction as Adjustment
from spinedet.benchmarks.mrmc.obuchowski_rockette import Layout, analyse
from spinedet.benchmarks.mrmc.standalone import against_model
from spinedet.benchmarks.study.protocol import Correction, Measure
from spinedet.benchmarks.study_analysis.comparing import known, paired_hits
from spinedet.benchmarks.study_analysis.comparison_records import MeanComparison, Mrmc
from spinedet.benchmarks.study_analysis.figure import Figure, Test
from spinedet.benchmarks.study_analysis.figures import count, mean_rate
from spinedet.benchmarks.study_analysis.roc import ranking
from spinedet.benchmarks.study_analysis.units import Calls, Level
from spinedet.benchmarks.whole_image.figures import BoolArray, FloatArray, resampled_interval, undefined

RANDOM_BOTH = "readers and patients random (one model against a sample of readers)"

NO_MEAN = "F1 is no mean over units: it has the interval of patients drawn anew, and no test"

ONE_TREATMENT = "there is one treatment only, so that there are no two to compare"


@dataclass(frozen=True, eq=False, slots=True)
class Merits:
    """One measure of several raters on the same units.

    Attributes:
        measure: Which.
        chosen: (N,) the units that it is of.
        parts: The figures, and each unit's part in them; None of F1, which is no mean over units.
        rows: K rows (1 + R,) with the resamples.
    """

    measure: Measure
    chosen: BoolArray
    parts: Placements | None
    rows: tuple[FloatArray, ...]


def mean_comparisons(level: Level, resamples: Resamples, correction: Correction) -> tuple[MeanComparison, ...]:
    """The mean of the persons under each treatment against each model, in every scope."""
    found = []
    for model in level.models:
        for treatment in dict.fromkeys(one.rater.treatment for one in level.persons):
            persons = [one for one in level.persons if one.rater.treatment == treatment]
            for column in range(1 + len(level.classes)):
                for merits in _merits(level, [*persons, model], column, resamples):
                    found.append(_against(level, column, merits, persons, model, correction))
    return tuple(found)


def treatments(level: Level, resamples: Resamples, correction: Correction) -> tuple[tuple[Mrmc, ...], str | None]:
    """Obuchowski and Rockette's analysis in every scope; or why there is none."""
    names = tuple(dict.fromkeys(one.rater.treatment for one in level.persons))
    if len(names) < 2:
        return (), ONE_TREATMENT
    by = {(one.rater.treatment, one.rater.reader): one for one in level.persons}
    readers = tuple(
        reader for reader in dict.fromkeys(name for _, name in by) if all((name, reader) in by for name in names)
    )
    if not readers:
        return (), f"no reader has read under all treatments ({', '.join(names)})"
    raters = [by[name, reader] for name in names for reader in readers]
    return tuple(
        _crossed(level, column, merits, names, readers, correction)
        for column in range(1 + len(level.classes))
        for merits in _merits(level, raters, column, resamples)
    ), None


def _merits(level: Level, raters: Sequence[Calls], column: int, resamples: Resamples) -> Iterator[Merits]:
    """Every measure that all raters have in a column."""
    both = np.logical_and.reduce([one.read for one in raters])
    if both.any():
        counted = [count(level, one, resamples, both) for one in raters]
        for measure, (chosen, rights) in paired_hits(level, raters, column, both).items():
            if chosen.any():
                hits = np.array([right[chosen] for right in rights], np.float64)
                rows = tuple(one.rate(column, measure) for one in counted)
                yield Merits(measure, chosen, _share(hits, level.patient[chosen]), rows)
        if column in level.columns:
            yield Merits("f1", both, None, tuple(one.rate(column, "f1") for one in counted))
    scored = np.logical_and.reduce([one.scored for one in raters])
    ranked = [ranking(level, one, column, resamples, scored) for one in raters]
    known = [one for one in ranked if one is not None]
    if len(known) < len(raters) or not known[0].truth.any() or known[0].truth.all():
        return
    if all(np.array_equal(one.chosen, known[0].chosen) for one in known):
        scores = np.array([one.scores for one in known])
        parts = merit_placements(known[0].truth, scores, "auc", None, level.patient[known[0].chosen])
        yield Merits("auc", known[0].chosen, parts, tuple(one.area() for one in known))


def _share(hits: FloatArray, patient: np.ndarray) -> Placements:
    """Shares of units (K, N) as figures of merit: each unit's part is whether it is a hit."""
    nothing, nobody = np.empty((len(hits), 0)), np.empty(0, np.int64)
    return Placements(hits.mean(axis=1), hits, nothing, patient, nobody, None)


def _covariance(parts: Placements | None) -> tuple[FloatArray | None, str | None]:
    """DeLong's covariance, or why there is none."""
    if parts is None:
        return None, NO_MEAN
    try:
        return covariance(parts, "delong"), None
    except InputError as error:
        return None, error.what


def _against(
    level: Level, column: int, merits: Merits, persons: Sequence[Calls], model: Calls, correction: Correction
) -> MeanComparison:
    row, own = mean_rate(merits.rows[:-1]), merits.rows[-1]
    names = tuple(one.rater.name for one in persons)
    found, why = _covariance(merits.parts)
    against = None
    if found is not None and merits.parts is not None:
        treatment, values = persons[0].rater.treatment, merits.parts.values
        against = against_model(treatment, names, values, found, _adjustment(correction))
    return MeanComparison(
        model=model.rater.name,
        treatment=persons[0].rater.treatment,
        raters=names,
        label=level.label(column),
        measure=merits.measure,
        units=int(merits.chosen.sum()),
        patients=len(np.unique(level.patient[merits.chosen])),
        mean=known(float(row[0])),
        of_model=known(float(own[0])),
        difference=_difference(row - own, against, int(merits.chosen.sum())),
        test=None if against is None else _test(against.random),
        against=against,
        why=why or (None if against is None else against.random.why),
    )


def _difference(row: FloatArray, against: AgainstModel | None, of: int) -> Figure:
    if np.isnan(row[0]):
        return Figure(**dict(undefined("there is no such unit")))
    return Figure(
        value=float(row[0]),
        ci95=None if against is None else against.random.ci95,
        ci95_patients=resampled_interval(row),
        counts={"of": of},
        method="" if against is None or against.random.ci95 is None else RANDOM_BOTH,
        why=None if against is None else against.random.why,
    )


def _test(found: Estimate) -> Test:
    return Test(name=RANDOM_BOTH, statistic=found.statistic, df=found.df, p=found.p, why=found.why)


def _crossed(
    level: Level, column: int, merits: Merits, names: Sequence[str], readers: Sequence[str], correction: Correction
) -> Mrmc:
    shape = (len(names), len(readers))
    found, why = _covariance(merits.parts)
    layout = None
    if found is not None and merits.parts is not None:
        layout = Layout(
            treatments=tuple(names),
            readers=tuple(readers),
            values=merits.parts.values.reshape(shape),
            covariance=found.reshape(shape * 2),
            correction=_adjustment(correction),
        )
    return Mrmc(
        unit=level.unit,
        label=level.label(column),
        measure=merits.measure,
        treatments=tuple(names),
        readers=tuple(readers),
        units=int(merits.chosen.sum()),
        patients=len(np.unique(level.patient[merits.chosen])),
        crossed=None if layout is None else analyse(layout),
        why=why,
    )


def _adjustment(correction: Correction) -> Adjustment:
    """Of comparisons whose uncorrected p stands beside the corrected one, there is always a correction."""
    return "holm" if correction == "none" else correction
