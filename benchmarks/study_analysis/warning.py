"""What whoever reads the results must know, in sentences: what is missing, what was left out, what stands apart."""

from collections.abc import Iterator, Sequence

from spinedet.annotations.errors import some
from spinedet.benchmarks.study.readings import StudyData
from spinedet.benchmarks.study_analysis.material import Material
from spinedet.benchmarks.study_analysis.records import UnitResults
from spinedet.benchmarks.study_analysis.time_records import Times


def warnings_of(
    material: Material, data: StudyData, units: Sequence[UnitResults], times: Times, resamples: int
) -> tuple[str, ...]:
    """All of them; those that the study's folder gave rise to come first."""
    found = [*data.concerns, *material.warnings, *_absent(units), *_false_marks(units), *_no_answers(units)]
    return tuple(dict.fromkeys([*found, *_times(times), *_resamples(material, resamples)]))


def _absent(units: Sequence[UnitResults]) -> Iterator[str]:
    for name in units[0].absent:
        yield (
            f"No {units[0].unit} of the reference is of the class '{name}': its sensitivity, F1, likelihood ratios and "
            "curve do not exist; its specificity does."
        )


def _false_marks(units: Sequence[UnitResults]) -> Iterator[str]:
    for one in units[0].raters:
        if one.outcomes is None or not (total := sum(one.outcomes.false_marks.values())):
            continue
        doubles = f", {one.outcomes.doubles} of them on an object that another mark has" if one.outcomes.doubles else ""
        each = ", ".join(f"{name} {number}" for name, number in one.outcomes.false_marks.items() if number)
        yield f"{one.rater} has {total} marks without an object ({each}){doubles}; they are counted apart."


def _no_answers(units: Sequence[UnitResults]) -> Iterator[str]:
    for unit in units:
        without = [one.rater for one in unit.raters if not one.units]
        if without:
            yield f"Over the unit '{unit.unit}' there is no answer of {', '.join(without)}: no calls, at most scores."


def _times(times: Times) -> Iterator[str]:
    for one in times.raters:
        if one.left_out:
            told = [f"{code} ({why})" for code, why in one.left_out.items()]
            yield f"{len(told)} images of {one.rater} are left out of the times: {some(told)}."


def _resamples(material: Material, resamples: int) -> Iterator[str]:
    asked = material.protocol.resamples
    if resamples != asked:
        yield f"Patients were drawn anew {resamples} times; the protocol says {asked}."
    if len(material.patients) == 1:
        yield "There is one patient only, so nothing can be drawn anew: intervals over patients do not exist."
