"""Every figure of one table of scores, whether its rows are images or patients."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from spinedet.benchmarks.agreement.figures import Record
from spinedet.benchmarks.agreement.resampling import Resamples
from spinedet.benchmarks.whole_image.calibration import Calibration, calibration
from spinedet.benchmarks.whole_image.figures import BoolArray, Figure, FloatArray, IntArray
from spinedet.benchmarks.whole_image.ordered import Grades, Numbers, expected_value, grades, numbers
from spinedet.benchmarks.whole_image.proportions import Diagnostic, cells_of_images, diagnose, share
from spinedet.benchmarks.whole_image.roc import (
    Curve,
    auc,
    macro_auc,
    precision_recall_points,
    resampled_auc,
    roc_points,
)
from spinedet.benchmarks.whole_image.scores import ScoreTable, positive_columns, positive_scores, positive_truth
from spinedet.datasets.tasks import Task


class ClassFigures(Record):
    """One class against the rest; a row is of the class whose score is the highest.

    Attributes:
        count: Rows whose true class it is.
        calls: Sensitivity of the class and the rest of it.
        auc: Of the score of the class.
        called_positive: Share of the class that is called positive at the operating point: of a positive class its
            own sensitivity (the papers' subtype sensitivity). None where the task has no positive classes.
    """

    count: int
    calls: Diagnostic
    auc: Figure
    called_positive: Figure | None


class Level(Record):
    """Figures of images, or of patients.

    Attributes:
        rows: How many images, or patients, there are.
        patients: How many patients they are of.
        missing: Classes that no row has.
        confusion: (C, C) counts; row = true class, column = class of the highest score.
        accuracy: Share whose class is the one of the highest score.
        classes: Each class against the rest.
        macro_auc: Mean of their areas.
        diagnosis: Positive against the rest, at the operating point; None where the task has no positive classes.
        auc: Of the positive score.
        roc: Its curve.
        precision_recall: Its curve.
        calibration: Of the scores as they are.
        calibrated: After temperature scaling; None without validation scores.
        grades: Of ordered grades.
        numbers: Of numbers.
    """

    rows: int
    patients: int
    missing: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    accuracy: Figure
    classes: dict[str, ClassFigures]
    macro_auc: Figure
    diagnosis: Diagnostic | None
    auc: Figure | None
    roc: Curve | None
    precision_recall: Curve | None
    calibration: Calibration
    calibrated: Calibration | None
    grades: Grades | None
    numbers: Numbers | None

    def values(self) -> Iterator[tuple[str, float | None]]:
        """The figures that are averaged over folds, by name; those of a class have its name after a full stop."""
        yield "class accuracy", self.accuracy.value
        yield "macro AUC", self.macro_auc.value
        for record in (self.diagnosis, self.grades, self.numbers):
            if record is not None:
                yield from ((name, getattr(record, name).value) for name in type(record).model_fields)
        if self.auc is not None:
            yield "auc", self.auc.value
        for label, row in self.classes.items():
            yield f"sensitivity.{label}", row.calls.sensitivity.value
            yield f"specificity.{label}", row.calls.specificity.value
            yield f"auc.{label}", row.auc.value


@dataclass(frozen=True, eq=False, slots=True)
class Calls:
    """What was made of the scores with the help of validation images.

    Attributes:
        positive: (N,) whether a row is called positive.
        scaled: (N, C) scores at the fitted temperature; None where there were no validation images.
    """

    positive: BoolArray
    scaled: FloatArray | None


def measure_level(
    table: ScoreTable, task: Task, calls: Calls, resamples: Resamples, truth_numbers: FloatArray | None = None
) -> Level:
    """Figures of a table with one row or more.

    Args:
        table: The rows.
        task: What was asked.
        calls: What is called positive.
        resamples: The patients drawn anew.
        truth_numbers: (N,) the true numbers; otherwise those that the true bins stand for.
    """
    highest = table.scores.argmax(axis=1)
    right = table.truth == highest
    hits, total = resamples.sums(np.arange(len(table)), (right, np.ones(len(table))))
    columns = positive_columns(table.classes, task.positive)
    per_class, macro = _classes(table, task, highest, calls, resamples)
    ill, scores = positive_truth(table, task.positive), positive_scores(table, task.positive)
    asked = bool(task.positive)
    return Level(
        rows=len(table),
        patients=len(set(table.patients)),
        missing=missing_classes(table),
        confusion=_confusion(table, highest),
        accuracy=share(hits, total, "there is no image"),
        classes=per_class,
        macro_auc=macro,
        diagnosis=diagnose(cells_of_images(ill, calls.positive, resamples)) if asked else None,
        auc=auc(ill, scores, resamples) if asked else None,
        roc=roc_points(ill, scores) if asked else None,
        precision_recall=precision_recall_points(ill, scores) if asked else None,
        calibration=calibration(table.truth, table.scores, columns),
        calibrated=None if calls.scaled is None else calibration(table.truth, calls.scaled, columns),
        grades=grades(table.truth, highest, resamples) if task.kind == "grades" else None,
        numbers=_numbers(table, task, resamples, truth_numbers) if task.kind == "number" else None,
    )


def missing_classes(table: ScoreTable) -> tuple[str, ...]:
    """Classes that no row has."""
    present = np.bincount(table.truth, minlength=len(table.classes)) > 0
    return tuple(name for name, there in zip(table.classes, present, strict=True) if not there)


def _classes(
    table: ScoreTable, task: Task, highest: IntArray, calls: Calls, resamples: Resamples
) -> tuple[dict[str, ClassFigures], Figure]:
    """Each class against the rest, and the mean of their areas."""
    found, drawn = {}, []
    for place, label in enumerate(table.classes):
        truth, scores = table.truth == place, table.scores[:, place]
        area = auc(truth, scores)
        if area.value is not None:
            drawn.append(resampled_auc(truth, scores, resamples))
            area = area.model_copy(update={"ci95_patients": macro_auc({label: area}, drawn[-1:]).ci95_patients})
        positive = _called(truth, calls.positive, resamples) if task.positive else None
        cells = cells_of_images(truth, highest == place, resamples)
        found[label] = ClassFigures(count=int(truth.sum()), calls=diagnose(cells), auc=area, called_positive=positive)
    return found, macro_auc({label: row.auc for label, row in found.items()}, drawn)


def _called(truth: BoolArray, called: BoolArray, resamples: Resamples) -> Figure:
    hits, of = resamples.sums(np.arange(len(truth)), (truth & called, truth))
    return share(hits, of, "no image is of this class")


def _confusion(table: ScoreTable, highest: Sequence[int] | IntArray) -> tuple[tuple[int, ...], ...]:
    width = len(table.classes)
    cells = np.bincount(table.truth * width + highest, minlength=width**2).reshape(width, width)
    return tuple(tuple(row) for row in cells.tolist())


def _numbers(table: ScoreTable, task: Task, resamples: Resamples, truth: FloatArray | None) -> Numbers:
    values = np.array(task.values, np.float64)
    known = values[table.truth] if truth is None else truth
    return numbers(known, expected_value(table.scores, values), resamples)
