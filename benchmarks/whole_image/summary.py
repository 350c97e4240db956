"""All figures of a whole-image task: of images and of patients, over all folds and fold by fold."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from spinedet.annotations.errors import InputError, some
from spinedet.benchmarks.agreement.figures import Record
from spinedet.benchmarks.whole_image.choosing import Choice, Validation, apply, by_fold, choose
from spinedet.benchmarks.whole_image.figures import FloatArray
from spinedet.benchmarks.whole_image.levels import Calls, Level, measure_level, missing_classes
from spinedet.benchmarks.whole_image.patients import patient_table
from spinedet.benchmarks.whole_image.scores import ScoreTable
from spinedet.datasets.tasks import Task


class OverFolds(Record):
    """A figure as the papers print it.

    Attributes:
        mean: Over the folds that have it; None if none has.
        sd: Standard deviation over them, with n - 1; None for fewer than two.
        folds: Each fold's, in their order.
        why: Which folds have none.
    """

    mean: float | None
    sd: float | None
    folds: tuple[float | None, ...]
    why: str | None = None


class Part(Record):
    """Images, or patients.

    Attributes:
        all: Figures of all folds together, each row called with its own fold's operating point.
        choices: What was chosen on validation scores, by fold.
        over_folds: Mean and standard deviation, by figure; empty for fewer than two folds.
    """

    all: Level
    choices: tuple[Choice, ...]
    over_folds: dict[str, OverFolds]


class WholeImageFigures(Record):
    """Everything that is said of one table of scores.

    Attributes:
        task: The task's name.
        classes: Its classes, in order.
        positive: Its positive ones.
        patient_score: How a patient's score was made.
        counts: Images of each class.
        folds: The folds, in order.
        missing: Classes that a fold's test images do not have, by fold (as text): their figures there are null.
        image: Figures of images.
        patient: Figures of patients; None where a patient has no one label, and `patient_why` says who.
        patient_why: Why there are none.
        resamples: How many times patients were drawn anew.
        seed: What for.
    """

    task: str
    classes: tuple[str, ...]
    positive: tuple[str, ...]
    patient_score: str
    counts: dict[str, int]
    folds: tuple[int, ...]
    missing: dict[str, tuple[str, ...]]
    image: Part
    patient: Part | None
    patient_why: str | None
    resamples: int
    seed: int

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; a figure that does not exist is None."""
        return self.model_dump(mode="json")


def summarise(
    table: ScoreTable,
    task: Task,
    *,
    validation: ScoreTable | Validation | None = None,
    sensitivity: float | None = None,
    numbers: Mapping[str, float] | None = None,
    resamples: int = 2000,
    seed: int = 0,
) -> WholeImageFigures:
    """Every figure of a table of test scores.

    Args:
        table: The scores of test images.
        task: What was asked.
        validation: The validation scores of each fold's model, or of the one model; without them the threshold is 0.5.
        sensitivity: The least sensitivity wanted on validation scores; otherwise Youden's point.
        numbers: Of a number: the true one of each image; otherwise what its true bin stands for.
        resamples: How many times patients are drawn anew.
        seed: The same seed gives the same intervals.

    Raises:
        InputError: There is no image, classes differ, or a patient is both validated and tested by one model.
    """
    _check(table, task, numbers)
    given = by_fold(validation, table)
    truth = _numbers_of(table, numbers)
    image = _part(table, task, given, sensitivity, truth, (resamples, seed))
    patient, why = None, None
    try:
        patients, validated = _patients(table, task), {fold: _patients(rows, task) for fold, rows in given.items()}
    except InputError as error:
        why = str(error)
    else:
        patient = _part(patients, task, validated, sensitivity, _patient_means(table, truth), (resamples, seed))
    return WholeImageFigures(
        task=task.task,
        classes=table.classes,
        positive=task.positive,
        patient_score=task.patient_score,
        counts={label: int((table.truth == place).sum()) for place, label in enumerate(table.classes)},
        folds=tuple(table.folds),
        missing=_missing(table),
        image=image,
        patient=patient,
        patient_why=why,
        resamples=resamples,
        seed=seed,
    )


def over_folds(rows: list[Level], folds: list[int]) -> dict[str, OverFolds]:
    """Mean and standard deviation of every figure over the folds, each fold counting the same."""
    found = [dict(row.values()) for row in rows]
    return {name: _mean([row[name] for row in found], folds) for name in found[0]} if found else {}


def _part(
    table: ScoreTable,
    task: Task,
    validation: Validation,
    sensitivity: float | None,
    truth: FloatArray | None,
    draws: tuple[int, int],
) -> Part:
    """Figures of images or patients, with the number of resamples and the seed."""
    choices = {fold: choose(validation.get(fold), fold, task, sensitivity) for fold in np.unique(table.fold).tolist()}
    calls = apply(choices, table, task)
    levels = [_fold_level(table, task, calls, truth, fold) for fold in table.folds] if len(table.folds) > 1 else []
    return Part(
        all=measure_level(table, task, calls, table.resamples(*draws), truth),
        choices=tuple(choices.values()),
        over_folds=over_folds(levels, table.folds),
    )


def _fold_level(table: ScoreTable, task: Task, calls: Calls, truth: FloatArray | None, fold: int) -> Level:
    chosen = table.fold == fold
    rows = table.rows(chosen)
    scaled = None if calls.scaled is None else calls.scaled[chosen]
    known = None if truth is None else truth[chosen]
    return measure_level(rows, task, Calls(calls.positive[chosen], scaled), rows.resamples(0, 0), known)


def _mean(values: list[float | None], folds: list[int]) -> OverFolds:
    known = [value for value in values if value is not None]
    without = [str(fold) for fold, value in zip(folds, values, strict=True) if value is None]
    return OverFolds(
        mean=float(np.mean(known)) if known else None,
        sd=float(np.std(known, ddof=1)) if len(known) > 1 else None,
        folds=tuple(values),
        why=f"not in fold {', '.join(without)}" if without else None,
    )


def _patients(table: ScoreTable, task: Task) -> ScoreTable:
    ordered = task.kind in {"grades", "number"}
    return patient_table(table, task.patient_score, positive=task.positive, ordered=ordered)


def _missing(table: ScoreTable) -> dict[str, tuple[str, ...]]:
    rows = {str(fold): missing_classes(table.of_fold(fold)) for fold in table.folds}
    return {fold: names for fold, names in rows.items() if names}


def _numbers_of(table: ScoreTable, numbers: Mapping[str, float] | None) -> FloatArray | None:
    return None if numbers is None else np.array([numbers[image] for image in table.images], np.float64)


def _patient_means(table: ScoreTable, truth: FloatArray | None) -> FloatArray | None:
    """The mean number of each patient's images, (P,), in the order of `patient_table`."""
    if truth is None:
        return None
    patient = table.patient_index
    return np.asarray(np.bincount(patient, truth) / np.bincount(patient))


def _check(table: ScoreTable, task: Task, numbers: Mapping[str, float] | None) -> None:
    if not len(table):
        raise InputError("There is no image to measure.", expected="one or more")
    if table.classes != task.classes:
        raise InputError(
            "The scores are of other classes than the task.",
            expected=", ".join(task.classes),
            found=", ".join(table.classes),
        )
    unknown = [image for image in table.images if numbers is not None and image not in numbers]
    if unknown:
        raise InputError("An image has no number.", found=f"{len(unknown)}: {some(unknown)}")
