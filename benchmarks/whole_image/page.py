"""`whole_image.html`: the statement, the tables, the curves and what the models looked at, on one page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spinedet.benchmarks.agreement.figures import Interval
from spinedet.benchmarks.agreement.tables import SPACE, to
from spinedet.benchmarks.report.material import title
from spinedet.benchmarks.whole_image import cases, drawings, tables
from spinedet.benchmarks.whole_image.figures import Figure
from spinedet.benchmarks.whole_image.levels import Level
from spinedet.benchmarks.whole_image.outcomes import Outcome
from spinedet.benchmarks.whole_image.run import Contender, Pair, Results, errors, patients_of
from spinedet.benchmarks.whole_image.within import mean_curve
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.pages import Card, Picture, count, render, write_page
from spinedet.datasets.pages.style import drawing, style

PAGE = "whole_image.html"
HERE = "spinedet.benchmarks.whole_image"

BASELINE = "resnet50"
"""The classifier that the papers measured themselves against, and the best detector is measured against here."""

CLASSIFIERS = ("resnet50", "vgg19", "densenet121", "densenet201", "inception_v3")
"""What the papers used; every other name is a detector."""

MARGIN = 0.02
"""Difference of areas that counts as none."""

NAMED = 4
"""Models that the title names; more are counted."""

FEW_PATIENTS = 10
"""With fewer, a percentile interval is known to be too narrow, and the page says so."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """The figures of the page; None where there is nothing to draw."""

    curves: Picture | None
    confusion: Picture
    calibration: Picture
    differences: Picture | None


def write_whole_image_page(
    path: Path,
    results: Results,
    outcomes: Sequence[Outcome],
    dataset: Dataset,
    numbers: Mapping[str, float] | None,
    command: str,
    *,
    examples: bool,
) -> Path:
    """Write the page.

    Args:
        path: The file to write.
        results: The figures.
        outcomes: The scores that they were made of, in the same order.
        dataset: The dataset, with images where `examples` are wanted.
        numbers: The true number of each image, where one was asked.
        command: The command that made the run.
        examples: Whether images are shown, with the maps of what the models looked at; they are patients' images.

    Raises:
        InputError: There is a file of that name that is no page of ours, or an image or a model cannot be read.
        WorkError: The file cannot be written.
    """
    shown = _cards(results, outcomes, dataset, numbers) if examples else {}
    write_page(
        path,
        render(
            HERE,
            "page.html.j2",
            results=results,
            tables=tables,
            pictures=_draw(results, outcomes, numbers) if outcomes else None,
            cards=shown,
            heading=_heading(results),
            facts=_facts(results),
            finding=finding(results),
            notes=_notes(results),
            command=command,
            said="Score of being positive" if results.task.positive else "Highest score",
        ),
    )
    return path


def _cards(
    results: Results, outcomes: Sequence[Outcome], dataset: Dataset, numbers: Mapping[str, float] | None
) -> dict[str, list[Card]]:
    """Three cards a case, by the title of the detector."""
    both = zip(outcomes, results.detectors, strict=True)
    return {title(one.name): cases.draw_cases(one, of.figures, dataset, results.task, numbers) for one, of in both}


def _draw(results: Results, outcomes: Sequence[Outcome], numbers: Mapping[str, float] | None) -> Pictures:
    images = {title(one.name): one.figures.image.all for one in results.detectors}
    positive = bool(results.task.positive)
    said = "Mean score of being positive" if positive else "Mean highest score"
    with style():
        return Pictures(
            curves=_curves(results, outcomes, images) if positive else None,
            confusion=drawing(drawings.draw_confusion(images, results.task.classes), "Confusion matrices"),
            calibration=drawing(drawings.draw_calibration(images, said), "Calibration curves"),
            differences=_differences(results, outcomes, numbers),
        )


def _curves(results: Results, outcomes: Sequence[Outcome], levels: Mapping[str, Level]) -> Picture:
    """Curves of images, and of patients where each has one label."""
    task, images, patients = results.task, {}, {}
    for one, of in zip(outcomes, results.detectors, strict=True):
        area = of.area.value if of.area else None
        images[title(one.name)] = drawings.roc_of(of.figures.image.all, mean_curve(one.table, task.positive), area)
        if of.figures.patient is not None and of.patient_area is not None:
            curve = mean_curve(patients_of(one.table, task), task.positive)
            patients[title(one.name)] = drawings.roc_of(of.figures.patient.all, curve, of.patient_area.value)
    return drawing(drawings.draw_curves(images, patients, levels), "ROC and precision-recall curves")


def _differences(results: Results, outcomes: Sequence[Outcome], numbers: Mapping[str, float] | None) -> Picture | None:
    if results.task.kind != "number":
        return None
    values = np.array(results.task.values)
    rows, limits = {}, {}
    for one, of in zip(outcomes, results.detectors, strict=True):
        predicted = one.table.scores @ values
        found = of.figures.image.all.numbers
        assert found is not None  # a number was asked
        rows[title(one.name)] = (predicted - errors(one.table, results.task, numbers), predicted)
        limits[title(one.name)] = (found.lower_limit.value, found.bias.value, found.upper_limit.value)
    return drawing(drawings.draw_differences(rows, limits, results.task.unit), "Bland-Altman plots")


def _heading(results: Results) -> str:
    names = [one.name for one in results.detectors]
    who = tables.titles(names) if 0 < len(names) <= NAMED else count(len(names), "model")
    return f"{who} on {results.material.name}"


def _facts(results: Results) -> str:
    material, task = results.material, results.task
    counts = ", ".join(f"{label} {number:,}" for label, number in material.counts.items())
    positive = f"; positive: {', '.join(task.positive)}" if task.positive else ""
    parted = "a hold-out split" if material.folds == 1 else f"{material.folds} folds"
    of = f"{count(material.images, 'image')} of {count(material.patients, 'patient')}"
    return f"{of} ({counts}{positive}); {parted} by {material.grouped_by}."


def finding(results: Results) -> str:
    """The first sentences: which detector is best, and how it compares with the papers' classifier."""
    if results.task.kind == "number":
        return _least_error(results)
    ranked = sorted((one for one in results.detectors if _area(one).value is not None), key=_rank)
    if not ranked:
        return "No detector has an area under the curve yet."
    best = ranked[0]
    first = (
        f"{title(best.name)} ranks best, with {_name(results)} of {_told(_area(best))} over images{_by_patient(best)}."
    )
    return " ".join(filter(None, (first, _kappa(best), _against(results, ranked))))


def _rank(one: Contender) -> tuple[int, float]:
    """Detectors that miss folds come last."""
    return len(one.unfinished), -(_area(one).value or 0)


def _area(one: Contender) -> Figure:
    """The mean of the folds' areas; where no class is positive, the mean area of each class against the rest."""
    return one.figures.image.all.macro_auc if one.area is None else one.area


def _name(results: Results) -> str:
    return "an AUC" if results.task.positive else "a mean AUC"


def _told(figure: Figure) -> str:
    bounds = to(figure.ci95_patients or figure.ci95, tables.number)
    return f"{tables.number(figure.value or 0)}" + (f" (95{SPACE}% interval {bounds})" if bounds else "")


def _by_patient(one: Contender) -> str:
    found = one.patient_area
    return "" if found is None or found.value is None else f" and {_told(found)} over patients"


def _kappa(one: Contender) -> str:
    found = one.figures.image.all.grades
    if found is None or found.kappa.value is None:
        return ""
    return f"Its quadratic-weighted kappa is {_told(found.kappa)}."


def _least_error(results: Results) -> str:
    """Of numbers: who is nearest."""
    known = [
        (figures.mean_absolute_error, one)
        for one in results.detectors
        if (figures := one.figures.image.all.numbers) is not None and figures.mean_absolute_error.value is not None
    ]
    if not known:
        return "No detector has a figure yet."
    figure, best = min(known, key=lambda row: (len(row[1].unfinished), row[0].value or 0))
    unit = f"{SPACE}{results.task.unit}" if results.task.unit else ""
    return f"{title(best.name)} is nearest: it is off by {_told(figure)}{unit} on average."


def _against(results: Results, ranked: Sequence[Contender]) -> str:
    """The best detector against the baseline, whichever of them is better."""
    detectors = [one.name for one in ranked if one.name not in CLASSIFIERS]
    there = any(one.name == BASELINE for one in ranked)
    if not detectors or not there:
        return ""
    found = _between(results, detectors[0], BASELINE)
    if found is None or found.area is None or found.area.value is None:
        return ""
    apart, bounds = _turned(found.area, same=found.first == detectors[0])
    told = f" ({to(bounds, tables.signed)})" if bounds else ""
    verdict = "no worse than" if apart >= 0 else f"within {MARGIN} of" if apart >= -MARGIN else "behind"
    who = f"{title(detectors[0])}, the best detector," if ranked[0].name != detectors[0] else "It"
    return f"{who} is {verdict} {title(BASELINE)}: their areas differ by {tables.signed(apart)}{told}."


def _turned(figure: Figure, *, same: bool) -> tuple[float, Interval | None]:
    """A difference and its interval, as it is or the other way round."""
    value, bounds = figure.value or 0.0, figure.ci95_patients
    return (value, bounds) if same else (-value, None if bounds is None else (-bounds[1], -bounds[0]))


def _between(results: Results, first: str, second: str) -> Pair | None:
    wanted = {first, second}
    return next((pair for pair in results.pairs if {pair.first, pair.second} == wanted), None)


def _notes(results: Results) -> list[str]:
    """What a person should know before trusting the figures."""
    notes = list(results.material.gaps)
    notes += [
        f"{title(one.name)}: fold {', '.join(map(str, one.unfinished))} not finished; its figures leave "
        f"{'these folds' if len(one.unfinished) > 1 else 'this fold'} out."
        for one in results.detectors
        if one.unfinished
    ]
    notes += _missing(results)
    if not any(results.material.validation.values()):
        notes.append("No validation images were set aside: the threshold is 0.5, and temperatures are not fitted.")
    notes += [*_not_chosen(results), *_scales(results)]
    whys = dict.fromkeys(one.figures.patient_why for one in results.detectors if one.figures.patient_why)
    notes += [f"No figures of patients. {why}" for why in whys]
    if results.material.patients < FEW_PATIENTS:
        notes.append(f"There are fewer than {FEW_PATIENTS} patients: the intervals are too narrow.")
    return notes


def _scales(results: Results) -> list[str]:
    """Detectors whose folds' models mean different things by a score, so that folds must not be ranked together."""
    return [
        f"{title(one.name)}: its area within folds is {tables.number(one.area.value)}, that of all folds together "
        f"{tables.number(whole.value)}, because the models of two folds differ in the scale of their scores."
        for one in results.detectors
        if one.area is not None
        and one.area.value is not None
        and (whole := one.figures.image.all.auc) is not None
        and whole.value is not None
        and abs(one.area.value - whole.value) > MARGIN
    ]


def _missing(results: Results) -> list[str]:
    """Classes that the test images of a fold lack; gaps of the whole split tell the rest."""
    found = {fold: names for one in results.detectors for fold, names in one.figures.missing.items()}
    return [
        f"The test images of fold {fold} have no {', '.join(names)}: their figures there do not exist, and the mean "
        "over folds leaves the fold out."
        for fold, names in sorted(found.items())
    ]


def _not_chosen(results: Results) -> list[str]:
    """Operating points that could not be chosen although there were validation images."""
    return [
        f"{title(one.name)}, fold {choice.fold}: the operating point could not be chosen and is "
        f"{choice.point.threshold:g} ({choice.point.why})."
        for one in results.detectors
        for choice in one.figures.image.choices
        if choice.point is not None
        and choice.point.why
        and one.figures.image.all.auc is not None
        and results.material.validation.get(str(choice.fold))
    ]
