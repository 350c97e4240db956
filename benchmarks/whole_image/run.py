"""`whole_image.json`: every figure of a run whose images have one answer each, and every two detectors compared."""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
from pydantic import ConfigDict, Field, ValidationError

from spinedet.annotations.errors import InputError
from spinedet.annotations.files import read_json, write_json
from spinedet.benchmarks.agreement.figures import Record
from spinedet.benchmarks.agreement.kappa import ratio
from spinedet.benchmarks.results import RESAMPLES
from spinedet.benchmarks.whole_image.choosing import apply
from spinedet.benchmarks.whole_image.comparing import Comparison, compare
from spinedet.benchmarks.whole_image.figures import BoolArray, Figure, FloatArray, bootstrapped
from spinedet.benchmarks.whole_image.looking import Looked
from spinedet.benchmarks.whole_image.ordered import expected_value
from spinedet.benchmarks.whole_image.outcomes import Outcome, flat_images
from spinedet.benchmarks.whole_image.patients import patient_table
from spinedet.benchmarks.whole_image.scores import NO_FOLD, ScoreTable
from spinedet.benchmarks.whole_image.summary import Part, WholeImageFigures, summarise
from spinedet.benchmarks.whole_image.within import mean_area, mean_difference
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.folds import Folds, GroupedBy
from spinedet.datasets.tasks import Task
from spinedet.detect.contract import Settings

FILE = "whole_image.json"
SCHEMA = 1

R = TypeVar("R", bound=Record)


class Contender(Record):
    """One detector.

    Attributes:
        name: Its name.
        folds: The folds that it has finished.
        unfinished: Those that it has not; its figures leave their images out.
        figures: Every figure of its scores.
        area: Mean of the folds' areas under the curve, over images; None where the task has no positive classes.
        patient_area: The same over patients; None also where a patient has no one label.
        looked: Whether its maps point at the lesion; None where the dataset has no masks, or nobody looked.
        train_seconds: Training time of its finished folds together.
        predict_ms_per_image: Median of the folds' medians.
        settings: What it was trained with.
    """

    name: str
    folds: tuple[int, ...]
    unfinished: tuple[int, ...]
    figures: WholeImageFigures
    area: Figure | None
    patient_area: Figure | None
    looked: Looked | None
    train_seconds: float
    predict_ms_per_image: float | None
    settings: Settings


class Pair(Record):
    """Two detectors on the test images that both have finished.

    Attributes:
        first: One.
        second: The other.
        folds: The folds that both have finished.
        image: Over images; None where the task has no positive classes.
        patient: Over patients; None also where a patient has no one label.
        area: The first's mean of the folds' areas less the second's, over images.
        patient_area: The same over patients.
        error: Of grades and numbers: the first's mean absolute error less the second's, over images.
    """

    first: str
    second: str
    folds: tuple[int, ...]
    image: Comparison | None
    patient: Comparison | None
    area: Figure | None
    patient_area: Figure | None
    error: Figure | None


class Material(Record):
    """The dataset and how it was parted.

    Attributes:
        name: Of the dataset.
        images: How many.
        patients: How many.
        counts: Images of each class.
        fingerprint: SHA-256 of everything but the pixels.
        folds: How many.
        grouped_by: What was never parted.
        validation: Images set aside for validation, by fold (as text).
        gaps: Classes that a part of a fold lacks, and images that show nothing, a sentence each.
    """

    name: str
    images: int
    patients: int
    counts: dict[str, int]
    fingerprint: str
    folds: int
    grouped_by: GroupedBy
    validation: dict[str, int]
    gaps: tuple[str, ...]


class Results(Record):
    """The content of `whole_image.json`.

    Attributes:
        task: What was asked.
        material: Of what.
        sensitivity: The least sensitivity that was wanted on validation scores; None for Youden's point.
        resamples: How many times patients were drawn anew.
        seed: What for.
        detectors: In the order of the tables.
        pairs: Every two of them that have finished the same fold.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    layout: Literal[1] = Field(default=1, alias="schema")
    task: Task
    material: Material
    sensitivity: float | None
    resamples: int
    seed: int
    detectors: tuple[Contender, ...]
    pairs: tuple[Pair, ...]


Look = Callable[[Outcome, WholeImageFigures], Looked | None]
"""Plays the pointing game with a detector's maps."""


def measure_run(
    outcomes: Sequence[Outcome],
    dataset: Dataset,
    folds: Folds,
    task: Task,
    numbers: Mapping[str, float] | None,
    *,
    sensitivity: float | None = None,
    resamples: int = RESAMPLES,
    look: Look = lambda outcome, figures: None,
) -> Results:
    """Measure what a run has finished so far.

    Args:
        outcomes: What the detectors have finished.
        dataset: The whole dataset.
        folds: How it was parted; its seed also draws the patients anew.
        task: What was asked.
        numbers: The true number of each image, where one was asked.
        sensitivity: The least sensitivity wanted on validation scores; otherwise Youden's point.
        resamples: How many times patients are drawn anew.
        look: Plays the pointing game.

    Raises:
        InputError: The sensitivity is none.
    """
    contenders = []
    for one in outcomes:
        figures = summarise(
            one.table,
            task,
            validation=one.validation,
            sensitivity=sensitivity,
            numbers=numbers,
            resamples=resamples,
            seed=folds.seed,
        )
        contenders.append(_contender(one, figures, task, look(one, figures)))
    both = list(zip(outcomes, contenders, strict=True))
    pairs = (_pair(first, second, task, numbers, resamples, folds.seed) for first, second in combinations(both, 2))
    return Results(
        task=task,
        material=_material(dataset, folds),
        sensitivity=sensitivity,
        resamples=resamples,
        seed=folds.seed,
        detectors=tuple(contenders),
        pairs=tuple(pair for pair in pairs if pair is not None),
    )


def write_results(path: Path, results: Results) -> None:
    """Write `whole_image.json`."""
    write_json(path, results.model_dump(mode="json", by_alias=True))


def read_results(path: Path) -> Results:
    """Read `whole_image.json`.

    Raises:
        InputError: It is missing, no JSON, or has another layout.
    """
    return read_record(Results, path, "results file of whole images")


def read_record(kind: type[R], path: Path, what: str) -> R:
    """Read a JSON file that a benchmark has written.

    Args:
        kind: Its layout.
        path: The file.
        what: What it is, for messages, without an article.

    Raises:
        InputError: It is missing, no JSON, or has another layout.
    """
    try:
        return kind.model_validate(read_json(path, what))
    except ValidationError as error:
        row = error.errors()[0]
        found = f"{'.'.join(map(str, row['loc'])) or 'the whole'}: {row['msg']}"
        todo = "run the benchmark again: finished folds are kept"
        raise InputError(
            f"This is no {what}.", expected=f"schema {SCHEMA}", found=found, where=path, todo=todo
        ) from error


def called(table: ScoreTable, part: Part, task: Task) -> BoolArray:
    """Whether each row of a table is called positive, (N,), with the points that were chosen fold by fold."""
    choices = {NO_FOLD if one.fold is None else one.fold: one for one in part.choices}
    return apply(choices, table, task).positive


def patients_of(table: ScoreTable, task: Task) -> ScoreTable:
    """One row a patient, by the task's rule.

    Raises:
        InputError: A patient has no one label.
    """
    ordered = task.kind in {"grades", "number"}
    return patient_table(table, task.patient_score, positive=task.positive, ordered=ordered)


def errors(table: ScoreTable, task: Task, numbers: Mapping[str, float] | None) -> FloatArray:
    """How far each row's prediction is above the truth, (N,): in grades, or in the unit of a number."""
    if task.kind != "number":
        return np.asarray(table.scores.argmax(axis=1) - table.truth, np.float64)
    values = np.array(task.values, np.float64)
    truth = values[table.truth] if numbers is None else np.array([numbers[image] for image in table.images])
    return expected_value(table.scores, values) - truth


def _contender(one: Outcome, figures: WholeImageFigures, task: Task, looked: Looked | None) -> Contender:
    done, draws = one.done.values(), (figures.resamples, figures.seed)
    by_patient = task.positive and figures.patient is not None
    speeds = [record.predict_ms_per_image.median for record in done if record.predict_ms_per_image]
    return Contender(
        name=one.name,
        folds=tuple(one.done),
        unfinished=one.unfinished,
        figures=figures,
        area=mean_area(one.table, task.positive, *draws) if task.positive else None,
        patient_area=mean_area(patients_of(one.table, task), task.positive, *draws) if by_patient else None,
        looked=looked,
        train_seconds=round(sum(record.train_seconds for record in done), 2),
        predict_ms_per_image=round(float(np.median(speeds)), 2) if speeds else None,
        settings=one.settings,
    )


Both = tuple[Outcome, Contender]


def _pair(
    first: Both, second: Both, task: Task, numbers: Mapping[str, float] | None, resamples: int, seed: int
) -> Pair | None:
    """Compare two detectors on their common folds; None where they have none."""
    folds = sorted(set(first[1].folds) & set(second[1].folds))
    if not folds:
        return None
    tables = [_common(one.table, folds) for one, _ in (first, second)]
    image: tuple[Comparison | None, Figure | None] = (None, None)
    patient: tuple[Comparison | None, Figure | None] = (None, None)
    if task.positive:
        image = _compare(tables, (first[1].figures.image, second[1].figures.image), task, resamples, seed)
        rows = (first[1].figures.patient, second[1].figures.patient)
        if rows[0] is not None and rows[1] is not None:
            patient = _compare([patients_of(one, task) for one in tables], (rows[0], rows[1]), task, resamples, seed)
    ordered = task.kind in {"grades", "number"}
    return Pair(
        first=first[0].name,
        second=second[0].name,
        folds=tuple(folds),
        image=image[0],
        patient=patient[0],
        area=image[1],
        patient_area=patient[1],
        error=_error_difference(tables, task, numbers, resamples, seed) if ordered else None,
    )


def _common(table: ScoreTable, folds: Sequence[int]) -> ScoreTable:
    return table.rows(np.isin(table.fold, folds))


def _compare(
    tables: Sequence[ScoreTable], parts: tuple[Part, Part], task: Task, resamples: int, seed: int
) -> tuple[Comparison, Figure]:
    """All folds together, and the difference of the areas within folds; the tables have the same rows."""
    calls = (called(tables[0], parts[0], task), called(tables[1], parts[1], task))
    whole = compare(tables[0], tables[1], task.positive, called=calls, resamples=resamples, seed=seed)
    return whole, mean_difference(tables[0], tables[1], task.positive, resamples, seed)


def _error_difference(
    tables: Sequence[ScoreTable], task: Task, numbers: Mapping[str, float] | None, resamples: int, seed: int
) -> Figure:
    """Both tables have the same images in the same order (by name)."""
    first, second = (np.abs(errors(one, task, numbers)) for one in tables)
    drawn = tables[0].resamples(resamples, seed)
    apart, total = drawn.sums(np.arange(len(first)), (first - second, np.ones(len(first))))  # (1 + R,) each
    return bootstrapped(ratio(apart, total), {"of": len(first)}, "there is no image")


def _material(dataset: Dataset, folds: Folds) -> Material:
    return Material(
        name=dataset.name,
        images=len(dataset),
        patients=len(dataset.patients),
        counts=dataset.counts(),
        fingerprint=dataset.fingerprint(),
        folds=len(folds.folds),
        grouped_by=folds.grouped_by,
        validation={str(fold.number): len(fold.val) for fold in folds.folds},
        gaps=(*folds.warnings, *_validation_gaps(dataset, folds), *flat_images(dataset)),
    )


def _validation_gaps(dataset: Dataset, folds: Folds) -> list[str]:
    """A sentence for each class that a validation part lacks; parts that were not set aside lack nothing."""
    sentences = []
    for label in dataset.classes:
        having = {item.image for item in dataset.items if item.annotation.objects[0].name == label}
        lacking = [str(fold.number) for fold in folds.folds if fold.val and having.isdisjoint(fold.val)]
        if lacking and having:
            sentences.append(f"Class '{label}' is missing from the validation part of fold {', '.join(lacking)}.")
    return sentences
