"""From images to patients: one truth and one row of scores for each.

*Mean*: the mean of the images' scores. *Maximum*: the worst image speaks for the patient: of the images the one with
the greatest positive score (the first of equals), with all its scores, so that the row adds up to 1, the positive score
is the maximum, and the split among the positive classes is one that was really given. Where no class is positive, the
maximum of each class, divided by their sum.

A patient whose images have several labels: of ordered grades the greatest counts. Otherwise, where exactly one of the
labels is a positive class, that one: one torn meniscus makes a patient ill. Everything else is refused.
"""

from collections.abc import Iterable

import numpy as np

from spinedet.annotations.errors import InputError, some
from spinedet.benchmarks.whole_image.figures import FloatArray, IntArray
from spinedet.benchmarks.whole_image.scores import PatientRule, ScoreTable, positive_columns, positive_scores

DIGITS = 12
"""Decimals of a mean score; sums of different numbers of images differ beyond them."""


def patient_table(
    table: ScoreTable, rule: PatientRule, *, positive: Iterable[str] = (), ordered: bool = False
) -> ScoreTable:
    """One row a patient, in the order of their names.

    Args:
        table: The images.
        rule: How the scores of a patient's images become the patient's.
        positive: The positive classes.
        ordered: Whether the classes are grades.

    Raises:
        InputError: A patient has several labels of which none can stand for all.
    """
    names, first, patient = np.unique(np.array(table.patients, np.str_), return_index=True, return_inverse=True)
    if not len(table):
        return table
    columns = positive_columns(table.classes, positive)
    truth = _truths(table, names.tolist(), patient, columns, ordered=ordered)
    if rule == "mean":
        scores = _means(table.scores, patient)
    elif len(columns):
        scores = table.scores[_worst(positive_scores(table, positive), patient)]
    else:
        scores = _maxima(table.scores, patient)
    chosen = tuple(names.tolist())
    return ScoreTable(chosen, chosen, truth, scores, table.classes, table.fold[first])


def _truths(table: ScoreTable, names: list[str], patient: IntArray, columns: IntArray, *, ordered: bool) -> IntArray:
    """(P,) the true class of each patient."""
    given = np.zeros((len(names), len(table.classes)), bool)
    given[patient, table.truth] = True  # (P, C)
    highest = given.shape[1] - 1 - np.argmax(given[:, ::-1], axis=1)  # (P,)
    several = given.sum(axis=1) > 1
    if ordered or not several.any():
        return np.asarray(highest, np.int64)
    ill = given[:, columns]  # (P, positive)
    clash = several & (ill.sum(axis=1) != 1)
    if clash.any():
        found = some(_labels(names[place], given[place], table) for place in np.flatnonzero(clash))
        raise InputError(
            f"{int(clash.sum())} patients have several labels, and none of them can stand for all.",
            expected="one label a patient, one positive class among them, or ordered grades",
            found=found,
        )
    return np.asarray(np.where(several, columns[np.argmax(ill, axis=1)], highest), np.int64)


def _labels(name: str, given: FloatArray, table: ScoreTable) -> str:
    return f"{name} ({', '.join(label for label, has in zip(table.classes, given, strict=True) if has)})"


def _means(scores: FloatArray, patient: IntArray) -> FloatArray:
    """(P, C) means; the mean of equal scores is that score, so that patients are not ranked by a last binary digit."""
    sums = np.stack([np.bincount(patient, column) for column in scores.T], axis=1)  # (P, C)
    return np.asarray(np.round(sums / np.bincount(patient)[:, None], DIGITS))  # (P, C) over (P, 1)


def _worst(scores: FloatArray, patient: IntArray) -> IntArray:
    """(P,) the image of each patient with the greatest score, the first of equals."""
    order = np.lexsort((np.arange(len(scores)), -scores, patient))
    return order[np.unique(patient[order], return_index=True)[1]]


def _maxima(scores: FloatArray, patient: IntArray) -> FloatArray:
    greatest = np.zeros((int(patient.max()) + 1, scores.shape[1]))
    np.maximum.at(greatest, patient, scores)
    return np.asarray(greatest / greatest.sum(axis=1, keepdims=True))
