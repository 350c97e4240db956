"""A diagnostic test from a table, or from printed counts alone: positive or not, with every class on its own."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from spinedet.annotations.errors import InputError, nearest, some
from spinedet.benchmarks.agreement.figures import Record
from spinedet.benchmarks.agreement.resampling import Resamples
from spinedet.benchmarks.whole_image.figures import BoolArray, Figure, FloatArray, IntArray
from spinedet.benchmarks.whole_image.operating import HALF, fixed
from spinedet.benchmarks.whole_image.proportions import Diagnostic, Method, cells_of_counts, diagnose, share
from spinedet.benchmarks.whole_image.roc import auc
from spinedet.benchmarks.whole_image.scores import ScoreTable, positive_columns, positive_scores, positive_truth
from spinedet.datasets.convert.table import Line, read_table

NEEDED = ("image", "patient", "truth")
PREDICTED = "predicted"

EXPECTED = f"{','.join(NEEDED)},{PREDICTED}, or {','.join(NEEDED)} and one column of scores a class"


class Diagnosed(Record):
    """What a table of calls says.

    Attributes:
        images: How many.
        patients: Of how many patients; None where only counts are known, and each image counts as one.
        positive: The positive classes.
        threshold: The least positive score called positive; None where calls were given.
        diagnosis: Positive against the rest.
        classes: Right calls of each class: of a positive one those called positive, of others those that were not.
        auc: Of the positive score; None where there are no scores.
    """

    images: int
    patients: int | None
    positive: tuple[str, ...]
    threshold: float | None
    diagnosis: Diagnostic
    classes: dict[str, Figure]
    auc: Figure | None


def diagnose_counts(
    counts: Mapping[str, tuple[int, int]],
    positive: Sequence[str],
    *,
    method: Method = "wilson",
    resamples: int = 2000,
    seed: int = 0,
) -> Diagnosed:
    """Figures from counts alone, as a paper prints them.

    Args:
        counts: By class: images called rightly (positive, or not), and all.
        positive: The positive classes.
        method: How intervals of proportions are made.
        resamples: How many times images are drawn anew.
        seed: The same seed gives the same intervals.

    Raises:
        InputError: More right than there are, or an unknown positive class.
    """
    if wrong := [f"{name}={right}/{of}" for name, (right, of) in counts.items() if not 0 <= right <= of]:
        raise InputError("These counts are no shares.", expected="right calls of all images", found=some(wrong))
    classes, rows = tuple(counts), np.array(list(counts.values()), np.int64).reshape(-1, 2)  # (C, 2) right, all
    cells = cells_of_counts([*rows[:, 0], *(rows[:, 1] - rows[:, 0])], resamples, seed)
    right, wrong_cells = cells[: len(classes)], cells[len(classes) :]  # (C, 1 + R)
    diagnosis, figures = _of_classes(right, right + wrong_cells, classes, positive, method)
    return Diagnosed(
        images=int(rows[:, 1].sum()),
        patients=None,
        positive=tuple(positive),
        threshold=None,
        diagnosis=diagnosis,
        classes=figures,
        auc=None,
    )


def diagnose_table(
    path: Path,
    positive: Sequence[str],
    *,
    threshold: float = HALF,
    method: Method = "wilson",
    resamples: int = 2000,
    seed: int = 0,
) -> Diagnosed:
    """Figures from a CSV with the columns image, patient, truth, and either `predicted` or a column of scores a class.

    Args:
        path: The table.
        positive: The positive classes.
        threshold: Where there are scores: the least positive score that is called positive.
        method: How intervals of proportions are made.
        resamples: How many times patients are drawn anew.
        seed: The same seed gives the same intervals.

    Raises:
        InputError: A column is missing, a cell is wrong, or a class is unknown; the message has the line.
    """
    header, lines = read_table(path)
    if not set(NEEDED) <= set(header) or len(set(header)) < len(header) or len(header) == len(NEEDED):
        raise InputError("The columns are wrong.", expected=EXPECTED, found=",".join(header), where=f"{path}:1")
    if not lines:
        raise InputError("A table has no row.", expected="one row an image", where=path)
    with_scores = PREDICTED not in header
    table = _scored(header, lines) if with_scores else _labelled(lines)
    scores, truth = positive_scores(table, positive), positive_truth(table, positive)
    called = fixed(threshold).called(scores)
    drawn = table.resamples(resamples, seed)
    right, of = _right(table, truth == called, drawn)
    diagnosis, figures = _of_classes(right, of, table.classes, positive, method)
    return Diagnosed(
        images=len(table),
        patients=len(set(table.patients)),
        positive=tuple(positive),
        threshold=threshold if with_scores else None,
        diagnosis=diagnosis,
        classes=figures,
        auc=auc(truth, scores, drawn) if with_scores else None,
    )


def parse_counts(text: str) -> dict[str, tuple[int, int]]:
    """`DMD=123/130,BMD=81/98` as right and all, by class.

    Raises:
        InputError: It is written otherwise, or a class is there twice.
    """
    found: dict[str, tuple[int, int]] = {}
    for word in text.split(","):
        name, _, numbers = (part.strip() for part in word.rpartition("="))
        right, _, of = (part.strip() for part in numbers.partition("/"))
        if not (name and right.isdecimal() and of.isdecimal()) or name in found:
            raise InputError(
                "The counts are not understood.", expected="CLASS=RIGHT/ALL with commas, each class once", found=word
            )
        found[name] = (int(right), int(of))
    return found


def _of_classes(
    right: FloatArray, of: FloatArray, classes: Sequence[str], positive: Sequence[str], method: Method
) -> tuple[Diagnostic, dict[str, Figure]]:
    """Figures from right calls and all images of each class, (C, 1 + R) both."""
    ill = np.isin(np.arange(len(classes)), positive_columns(classes, positive))
    tp, tn = right[ill].sum(axis=0), right[~ill].sum(axis=0)
    cells = np.stack([tp, of[~ill].sum(axis=0) - tn, of[ill].sum(axis=0) - tp, tn])
    why = "no image is of this class"
    figures = {name: share(right[place], of[place], why, method) for place, name in enumerate(classes)}
    return diagnose(cells, method), figures


def _right(table: ScoreTable, right: BoolArray, drawn: Resamples) -> tuple[FloatArray, FloatArray]:
    """Right calls and all images of each class, (C, 1 + R) both."""
    of_class = [table.truth == place for place in range(len(table.classes))]
    images = np.arange(len(table))
    return drawn.sums(images, [rows & right for rows in of_class]), drawn.sums(images, of_class)


def _labelled(lines: Sequence[Line]) -> ScoreTable:
    """A table of calls: the class that was said has all of the score."""
    said, true = _column(lines, PREDICTED), _column(lines, "truth")
    classes = sorted({*said, *true})
    if len(classes) < 2:
        raise InputError("There is one class only.", expected="two or more", found=classes[0], where=lines[0].where)
    places = np.array([classes.index(name) for name in said])
    return _table(lines, _indices(true, classes), np.eye(len(classes))[places], classes)


def _scored(header: Sequence[str], lines: Sequence[Line]) -> ScoreTable:
    """A table of scores; a class is written as in the column `truth` where it occurs there."""
    columns = [name for name in header if name not in NEEDED]
    true = _column(lines, "truth")
    spelled = {name.lower(): name for name in true}
    for line in lines:
        if line.cells["truth"].lower() not in columns:
            found = line.cells["truth"]
            raise InputError("A class has no column.", expected=nearest(found, columns), found=found, where=line.where)
    scores = np.array([[_score(line, name) for name in columns] for line in lines])
    truth = _indices([name.lower() for name in true], columns)
    return _table(lines, truth, scores, [spelled.get(name, name) for name in columns])


def _table(lines: Sequence[Line], truth: IntArray, scores: FloatArray, classes: Sequence[str]) -> ScoreTable:
    return ScoreTable.of(_column(lines, "image"), _column(lines, "patient"), truth, scores, classes)


def _column(lines: Sequence[Line], name: str) -> list[str]:
    for line in lines:
        if not line.cells[name]:
            raise InputError("A cell is empty.", expected=f"a value for {name}", where=line.where)
    return [line.cells[name] for line in lines]


def _indices(names: Sequence[str], classes: Sequence[str]) -> IntArray:
    place = {name: number for number, name in enumerate(classes)}
    return np.array([place[name] for name in names], np.int64)


def _score(line: Line, name: str) -> float:
    text = line.cells[name].replace(",", ".")  # decimal commas, where the semicolon parts the cells
    try:
        return float(text)
    except ValueError as error:
        raise InputError(
            "A score is no number.", expected=f"a number for {name}", found=text, where=line.where
        ) from error
