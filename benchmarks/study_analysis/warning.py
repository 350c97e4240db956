"""What whoever reads the results must know, in sentences: what is missing, what was left out, what stands apart."""

from collections.abc import Iterator, Sequence

from spinedet.annotations.errors import some
from spinedet.benchmarks.study.readings import StudyData
from spinedet.benchmarks.study_analysis.material import Material
from spinedet.benchmarks.study_analysis.records import UnitResults
from spinedet.benchmarks.study_analysis.time_records import Times
from spinedet.benchmarks.study_analysis.times import NOTHING
from spinedet.datasets.pages import count


def warnings_of(
    material: Material, data: StudyData, units: Sequence[UnitResults], times: Times, resamples: int
) -> tuple[str, ...]:
    """All of them; those that the study's folder gave rise to come first."""
    found = [*data.concerns, *material.warnings, *_false_marks(units), *_no_answers(units), *_common(units)]
    return tuple(dict.fromkeys([*found, *_times(times), *_resamples(material, resamples)]))


def _false_marks(units: Sequence[UnitResults]) -> Iterator[str]:
    for one in units[0].raters:
        if one.outcomes is None or not (total := sum(one.outcomes.false_marks.values())):
            continue
        doubles = f", {one.outcomes.doubles} of them on an object that another mark has" if one.outcomes.doubles else ""
        each = ", ".join(f"{name} {number}" for name, number in one.outcomes.false_marks.items() if number)
        apart = "they are" if total > 1 else "it is"
        yield f"{one.rater} has {count(total, 'mark')} without an object ({each}){doubles}; {apart} counted apart."


def _no_answers(units: Sequence[UnitResults]) -> Iterator[str]:
    for unit in units:
        without = [one.rater for one in unit.raters if not one.units]
        if without:
            yield f"Over the unit '{unit.unit}' there is no answer of {', '.join(without)}: no calls, at most scores."


def _common(units: Sequence[UnitResults]) -> Iterator[str]:
    """Where one reader's missing images make the comparisons of all readers' mean smaller."""
    for unit in units:
        rows = [one for one in unit.mean_comparisons if one.label is None and one.measure == "accuracy"]
        for one in rows:
            if one.units < unit.units:
                yield (
                    f"The mean of {count(len(one.raters), 'reader')} ({one.treatment}) and {one.model} are compared on "
                    f"{one.units} of {unit.units} {unit.unit}s, those that all of them have read."
                )


def _times(times: Times) -> Iterator[str]:
    """Times that cannot be; those that are missing or cut short are told with the reader."""
    for one in times.raters:
        impossible = [code for code, why in one.left_out.items() if why == NOTHING]
        if impossible:
            images = f"{count(len(impossible), 'image')} ({some(impossible)})"
            yield f"{one.rater}: a time of 0 s for {images}; times are of the others."


def _resamples(material: Material, resamples: int) -> Iterator[str]:
    asked = material.protocol.resamples
    if resamples != asked:
        yield f"Patients were drawn anew {resamples} times; the protocol says {asked}."
    if len(material.patients) == 1:
        yield "There is one patient only, so nothing can be drawn anew: intervals over patients do not exist."
