"""What is chosen on validation scores, fold by fold: the operating point and the temperature.

The model of a fold is tested on that fold's images and validated on others; what is chosen on the latter is used on the
former, and on no others. A patient who is in both would give the choice away, and is refused.
"""

from collections.abc import Mapping

import numpy as np

from spinedet.annotations.errors import InputError, some
from spinedet.benchmarks.agreement.figures import Record
from spinedet.benchmarks.whole_image.calibration import Temperature, fit_temperature
from spinedet.benchmarks.whole_image.levels import Calls
from spinedet.benchmarks.whole_image.operating import OperatingPoint, at_sensitivity, fixed, youden
from spinedet.benchmarks.whole_image.scores import NO_FOLD, ScoreTable, positive_scores, positive_truth
from spinedet.datasets.tasks import Task

Validation = Mapping[int, ScoreTable]
"""The validation scores of each fold's model, by fold."""


class Choice(Record):
    """What was chosen for one fold.

    Attributes:
        fold: None where images belong to no fold.
        point: The operating point; None where the task has no positive classes.
        temperature: None without validation scores.
    """

    fold: int | None
    point: OperatingPoint | None
    temperature: Temperature | None


def by_fold(validation: ScoreTable | Validation | None, table: ScoreTable) -> Validation:
    """Validation scores by fold; one table serves all folds, as one model does that was tested in parts.

    Raises:
        InputError: A patient is validated and tested by one model, or the classes differ.
    """
    folds = [*table.folds, *([NO_FOLD] if (table.fold == NO_FOLD).any() else [])]
    given = dict.fromkeys(folds, validation) if isinstance(validation, ScoreTable) else dict(validation or {})
    for fold, rows in given.items():
        if rows.classes != table.classes:
            raise InputError(
                "Validation and test have other classes.", expected=str(table.classes), found=str(rows.classes)
            )
        both = sorted(set(rows.patients) & set(table.of_fold(fold).patients))
        if both:
            raise InputError(
                "A patient is in two splits: validation and test.",
                found=f"{len(both)}: {some(both)}",
                todo="choose the operating point on patients who are not tested",
            )
    return given


def choose(rows: ScoreTable | None, fold: int, task: Task, sensitivity: float | None = None) -> Choice:
    """Choose for one fold.

    Args:
        rows: The validation scores; None where there are none.
        fold: Which fold.
        task: What was asked.
        sensitivity: The least sensitivity wanted; otherwise Youden's point.
    """
    known = None if fold == NO_FOLD else fold
    if rows is None or not len(rows):
        point = fixed(why="there are no validation scores") if task.positive else None
        return Choice(fold=known, point=point, temperature=None)
    temperature = fit_temperature(rows.truth, rows.scores)
    return Choice(fold=known, point=_point(rows, task, sensitivity), temperature=temperature)


def apply(choices: Mapping[int, Choice], table: ScoreTable, task: Task) -> Calls:
    """Use each fold's choice on its rows of a table."""
    scores = positive_scores(table, task.positive)
    called, scaled = np.zeros(len(table), bool), table.scores.copy()
    for fold, choice in choices.items():
        rows = table.fold == fold
        if choice.point is not None:
            called[rows] = choice.point.called(scores[rows])
        if choice.temperature is not None:
            scaled[rows] = choice.temperature.scale(table.scores[rows])
    fitted = all(choice.temperature is not None for choice in choices.values())
    return Calls(called, scaled if fitted else None)


def _point(rows: ScoreTable, task: Task, sensitivity: float | None) -> OperatingPoint | None:
    if not task.positive:
        return None
    truth, scores = positive_truth(rows, task.positive), positive_scores(rows, task.positive)
    from_ = f"{len(rows)} validation rows of {len(set(rows.patients))} patients, {int(truth.sum())} of them positive"
    if sensitivity is None:
        return youden(truth, scores, from_)
    return at_sensitivity(truth, scores, sensitivity, from_)
