"""Scores of whole images: for each image one number a class, with its patient, its true class and its fold.

This table is where predictions end and statistics begin: whatever made the scores (a detector's best box of each class,
a classifier's softmax), the figures come from the same functions.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from spinedet.annotations.errors import InputError, nearest, some
from spinedet.annotations.files import read_json, write_json
from spinedet.benchmarks.agreement.resampling import Resamples
from spinedet.benchmarks.whole_image.figures import BoolArray, FloatArray, IntArray

SCHEMA = 1
"""Version of the layout of a scores file."""

SUM_TOLERANCE = 1e-5
"""How far a row may be from 1; single-precision networks add up to 1 within 1e-6."""

NO_FOLD = -1
"""The fold of an image that belongs to none."""

PatientRule = Literal["mean", "maximum"]


@dataclass(frozen=True, eq=False, slots=True)
class ScoreTable:
    """What N images were taken for.

    Attributes:
        images: N names, each once.
        patients: N names.
        truth: (N,) index of each image's true class.
        scores: (N, C) from 0 to 1, each row adding up to 1.
        classes: C names, for ordered grades from the least to the greatest.
        fold: (N,) the fold that each image was tested in, or `NO_FOLD`; a patient is in one.

    Raises:
        InputError: A row, a patient or a class breaks one of these rules; the message names it.
    """

    images: tuple[str, ...]
    patients: tuple[str, ...]
    truth: IntArray
    scores: FloatArray
    classes: tuple[str, ...]
    fold: IntArray

    def __post_init__(self) -> None:
        _check_shapes(self)
        _check_rows(self)
        _check_patients(self)

    @classmethod
    def of(
        cls,
        images: Sequence[str],
        patients: Sequence[str],
        truth: Sequence[int] | IntArray,
        scores: Sequence[Sequence[float]] | FloatArray,
        classes: Sequence[str],
        fold: Sequence[int] | IntArray | None = None,
    ) -> Self:
        """A table from anything like lists; without `fold` no image belongs to one."""
        folds = np.full(len(images), NO_FOLD) if fold is None else fold
        values = np.asarray(scores, np.float64).reshape(len(images), -1) if len(images) else np.empty((0, len(classes)))
        numbers = (np.asarray(truth, np.int64), values, tuple(classes), np.asarray(folds, np.int64))
        return cls(tuple(images), tuple(patients), *numbers)

    def __len__(self) -> int:
        return len(self.images)

    @property
    def patient_index(self) -> IntArray:
        """(N,) index of each image's patient, from 0."""
        return np.unique(np.array(self.patients, np.str_), return_inverse=True)[1].astype(np.int64)

    @property
    def folds(self) -> list[int]:
        """The folds, ascending; empty if no image belongs to one."""
        return [int(fold) for fold in np.unique(self.fold) if fold != NO_FOLD]

    def rows(self, chosen: BoolArray | IntArray) -> Self:
        """Some of the rows: (N,) bool, or indices in the order wanted."""
        places = np.arange(len(self))[chosen]
        images = tuple(self.images[place] for place in places)
        patients = tuple(self.patients[place] for place in places)
        return type(self)(images, patients, self.truth[places], self.scores[places], self.classes, self.fold[places])

    def of_fold(self, fold: int) -> Self:
        """The rows of one fold."""
        return self.rows(self.fold == fold)

    def resamples(self, number: int, seed: int) -> Resamples:
        """The patients drawn anew, for intervals."""
        return Resamples.draw(self.patient_index, number, seed)


def positive_columns(classes: Sequence[str], positive: Iterable[str]) -> IntArray:
    """Indices of the positive classes.

    Raises:
        InputError: One is no class.
    """
    names = list(positive)
    for name in names:
        if name not in classes:
            raise InputError("There is no such class.", expected=nearest(name, classes), found=name)
    return np.array(sorted(classes.index(name) for name in set(names)), np.int64)


def positive_scores(table: ScoreTable, positive: Iterable[str]) -> FloatArray:
    """The score that an image is positive, (N,): the sum over the positive classes."""
    columns = positive_columns(table.classes, positive)
    return np.asarray(np.clip(table.scores[:, columns].sum(axis=1), 0.0, 1.0))


def positive_truth(table: ScoreTable, positive: Iterable[str]) -> BoolArray:
    """Whether each image's true class is a positive one, (N,)."""
    return np.isin(table.truth, positive_columns(table.classes, positive))


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    image: str
    patient: str
    truth: str
    fold: int | None
    scores: tuple[float, ...]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    layout: Literal[1] = Field(alias="schema")
    classes: tuple[str, ...]
    images: tuple[_Row, ...]


def write_scores(path: Path, table: ScoreTable) -> None:
    """Write a scores file: JSON with `schema`, `classes`, and for each image its name, patient, truth, fold, scores."""
    truth = [table.classes[place] for place in table.truth]
    columns = (table.images, table.patients, truth, map(_known, table.fold.tolist()), table.scores.tolist())
    names = ("image", "patient", "truth", "fold", "scores")
    rows = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
    write_json(path, {"schema": SCHEMA, "classes": list(table.classes), "images": rows})


def read_scores(path: Path) -> ScoreTable:
    """Read a scores file.

    Raises:
        InputError: It cannot be read, has another layout, or breaks a rule of `ScoreTable`.
    """
    record = _parsed(read_json(path, "scores file"), path)
    strange = [row.image for row in record.images if row.truth not in record.classes]
    if strange:
        raise InputError("The truth is none of the classes.", found=some(strange), where=path)
    rows = record.images
    fold = [NO_FOLD if row.fold is None else row.fold for row in rows]
    if any(len(row.scores) != len(record.classes) for row in rows):
        raise InputError("An image has too few or too many scores.", expected="one a class", where=path)
    truth = [record.classes.index(row.truth) for row in rows]
    names = ([row.image for row in rows], [row.patient for row in rows])
    return ScoreTable.of(*names, truth, [row.scores for row in rows], record.classes, fold)


def _parsed(found: Any, path: Path) -> _Record:
    try:
        return _Record.model_validate(found)
    except ValidationError as error:
        row = error.errors()[0]
        place = ".".join(map(str, row["loc"])) or "the whole"
        raise InputError(
            "This is no scores file.", expected=f"schema {SCHEMA}", found=f"{place}: {row['msg']}", where=path
        ) from error


def _known(fold: int) -> int | None:
    return None if fold == NO_FOLD else fold


def _check_shapes(table: ScoreTable) -> None:
    number, width = len(table.images), len(table.classes)
    found = (len(table.patients), table.truth.shape, table.scores.shape, table.fold.shape)
    expected = (number, (number,), (number, width), (number,))
    if found != expected:
        raise InputError("A table of scores is ragged.", expected=f"{expected}", found=f"{found}")
    if width < 2 or len(set(table.classes)) < width:
        raise InputError("Scores need two different classes or more.", found=", ".join(table.classes))


def _check_rows(table: ScoreTable) -> None:
    """Names once, truth among the classes, scores that are shares of 1."""
    names, times = np.unique(np.array(table.images, np.str_), return_counts=True)
    _refuse(table, "An image is listed twice.", [str(name) for name in names[times > 1]])
    strange = (table.truth < 0) | (table.truth >= len(table.classes))
    _refuse(table, "The truth is none of the classes.", _named(table, strange))
    broken = np.asarray(~np.isfinite(table.scores).all(axis=1))
    _refuse(table, "A score is no number.", _named(table, broken))
    outside = np.asarray(((table.scores < 0) | (table.scores > 1 + SUM_TOLERANCE)).any(axis=1))
    _refuse(table, "A score is not from 0 to 1.", _named(table, outside))
    wrong = np.abs(table.scores.sum(axis=1) - 1) > SUM_TOLERANCE
    _refuse(table, "The scores of an image do not add up to 1.", _named(table, wrong))


def _check_patients(table: ScoreTable) -> None:
    nameless = np.array([not patient for patient in table.patients], bool)
    _refuse(table, "An image has no patient.", _named(table, nameless))
    pairs = sorted(set(zip(table.patients, table.fold.tolist(), strict=True)))
    twice = [one for (one, _), (other, _) in pairwise(pairs) if one == other]
    _refuse(table, "A patient is in two folds.", sorted(set(twice)))


def _named(table: ScoreTable, chosen: BoolArray) -> list[str]:
    return [table.images[place] for place in np.flatnonzero(chosen)]


def _refuse(table: ScoreTable, what: str, names: list[str]) -> None:
    if names:
        raise InputError(what, found=f"{len(names)}: {some(names)}", expected=f"of {len(table)} images, none")
