"""Tables of ratings from people: CSV or a workbook's first sheet, every defect named with its line."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from spinedet.annotations.errors import InputError, at, some
from spinedet.benchmarks.mrmc.ratings import Ratings
from spinedet.datasets.convert.notes import Notes
from spinedet.datasets.convert.sheet import read_rows
from spinedet.datasets.convert.table import Line

KEY = ("reader", "treatment", "case")
"""What names one cell."""

TRUTH, RATING, PATIENT = "truth", "rating", "patient"

POSITIVE = {"1", "1.0", "yes", "true", "positive"}
NEGATIVE = {"0", "0.0", "no", "false", "negative"}
ABSENT = {"", "na", "n/a", "nan", "."}
"""What stands in a cell that was not rated."""

DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")

EXTRA = "columns not used"
COMMAS = "ratings with a decimal comma, read as with a point"
UNRATED = "rows without a rating, which count as missing cells"

MOST_TOLD = 8
"""Defects of one kind that a message names."""

Cell = tuple[str, ...]
"""Names of one cell in the order of the key's columns, such as reader, treatment, case."""

Said = tuple[str, str]
"""A word, and the line where it stands."""


@dataclass(eq=False, slots=True)
class Cells:
    """What a table says, cell by cell, and what is wrong with it.

    Attributes:
        path: The table.
        key: The columns that name a cell.
        rating: What each cell says.
        shown: What each case says, by column (truth, patient).
        defects: By kind, where.
        notes: What was left out or read in another form.
    """

    path: Path
    key: tuple[str, ...]
    rating: dict[Cell, Said] = field(default_factory=dict)
    shown: dict[str, dict[str, Said]] = field(default_factory=dict)
    defects: dict[str, list[str]] = field(default_factory=dict)
    notes: Notes = field(default_factory=Notes)

    def defect(self, kind: str, where: str, found: str) -> None:
        """Note a defect; reading goes on, so that all of them are told at once."""
        self.defects.setdefault(kind, []).append(f"{where}: {found}")

    def refuse(self) -> None:
        """Stop if there are defects.

        Raises:
            InputError: There are; every kind is named, with its first places.
        """
        if not self.defects:
            return
        count = sum(map(len, self.defects.values()))
        rows = [f"{kind}: {len(places)} ({some(places, MOST_TOLD)})" for kind, places in self.defects.items()]
        todo = "correct these lines; nothing is dropped or filled in"
        what = f"A table of ratings has {count} defect{'s' if count > 1 else ''}."
        raise InputError(what, found="; ".join(rows), where=self.path, todo=todo)

    def names(self, column: str) -> tuple[str, ...]:
        """The names in a column of the key, in order: numbers by their value, then words."""
        place = self.key.index(column)
        return ordered({cell[place] for cell in self.rating})

    def told(self) -> tuple[str, ...]:
        """The notes as lines."""
        return tuple(note.line() for note in self.notes.all())


def read_ratings(path: Path) -> Ratings:
    """Read the columns reader, treatment, case, truth and rating, and patient if there is one; others are noted.

    Args:
        path: Table with one rating a row. Truth is 1 or 0 (or yes, no); a rating that is empty or NA is missing.

    Raises:
        InputError: The table cannot be read, lacks a column, or has duplicate cells, cases of two truths or patients,
            ratings that are no numbers (each with its line), or only one of the two truths.
    """
    cells = read_cells(path, KEY, (TRUTH, RATING), (PATIENT,))
    values = {cell: number(word, where, cells) for cell, (word, where) in cells.rating.items()}
    truths = {case: _truth(word, where, cells) for case, (word, where) in cells.shown[TRUTH].items()}
    cells.refuse()
    readers, treatments, cases = (cells.names(column) for column in KEY)
    places = [{name: place for place, name in enumerate(names)} for names in (readers, treatments, cases)]
    rating = np.full((len(treatments), len(readers), len(cases)), np.nan)
    for (reader, treatment, case), value in values.items():
        rating[places[1][treatment], places[0][reader], places[2][case]] = value
    truth = np.array([truths[case] for case in cases], bool)
    try:
        return Ratings(treatments, readers, cases, truth, rating, patients_of(cells, cases), cells.told())
    except InputError as error:
        details = error.details
        raise InputError(error.what, expected=details["expected"], found=details["found"], where=path) from error


def read_cells(path: Path, key: Sequence[str], needed: Sequence[str], optional: Sequence[str] = ()) -> Cells:
    """Read a table of one cell a row; what is wrong with its cells is noted, not yet raised.

    Args:
        path: The table.
        key: The columns that name a cell; the last one is the case.
        needed: Further columns that must be there.
        optional: Columns that may be there. Of those other than the rating, all rows of a case must say the same.

    Raises:
        InputError: The table cannot be read, is empty, or lacks a column.
    """
    cells = Cells(path, tuple(key))
    header, lines = read_rows(path, cells.notes)
    lacking = [name for name in (*key, *needed) if name not in header]
    if lacking or len(set(header)) < len(header):
        expected = ",".join((*key, *needed))
        raise InputError("The columns are wrong.", expected=expected, found=",".join(header), where=at(path, 1))
    if not lines:
        raise InputError("A table of ratings has no ratings.", expected="one a row", found="a header", where=path)
    for name in header:
        if name not in {*key, *needed, *optional}:
            cells.notes.reported(EXTRA, name)
    shown = [name for name in (*needed, *optional) if name in header and name != RATING]
    cells.shown.update({name: {} for name in shown})
    for line in lines:
        _add(cells, line, shown)
    return cells


def _add(cells: Cells, line: Line, shown: Iterable[str]) -> None:
    cell = tuple(line.cells[name] for name in cells.key)
    empty = [name for name in (*cells.key, *shown) if not line.cells[name]]
    if empty:
        cells.defect("empty cells", line.where, " and ".join(empty))
        return
    first = cells.rating.setdefault(cell, (line.cells[RATING], line.where))
    if first[1] != line.where:
        named = ", ".join(f"{name} {word}" for name, word in zip(cells.key, cell, strict=True))
        cells.defect("cells that stand twice", line.where, f"{named}, as in {first[1]}")
    for name in shown:
        word, where = cells.shown[name].setdefault(cell[-1], (line.cells[name], line.where))
        if word != line.cells[name]:
            found = f"case {cell[-1]} is {line.cells[name]}, but {word} in {where}"
            cells.defect(f"cases with more than one {name}", line.where, found)


def number(word: str, where: str, cells: Cells) -> float:
    """A rating; NaN where the cell was not rated, or is a defect."""
    if word.lower() in ABSENT:
        cells.notes.reported(UNRATED, where)
        return math.nan
    if DECIMAL_COMMA.fullmatch(word):
        cells.notes.reported(COMMAS, where)
        word = word.replace(",", ".")
    try:
        value = float(word)
    except ValueError:
        value = math.inf
    if math.isinf(value):
        cells.defect("ratings that are no number", where, word)
        return math.nan
    return value


def _truth(word: str, where: str, cells: Cells) -> bool:
    if word.lower() not in POSITIVE | NEGATIVE:
        cells.defect("truths that are neither 1 nor 0", where, word)
    return word.lower() in POSITIVE


def patients_of(cells: Cells, cases: Sequence[str]) -> tuple[str, ...]:
    """Each case's patient; empty where the table has no such column."""
    owners = cells.shown.get(PATIENT)
    return () if owners is None else tuple(owners[case][0] for case in cases)


def ordered(names: Iterable[str]) -> tuple[str, ...]:
    """Names in order: numbers by their value, then words, in which digits count as numbers (R2 before R10)."""
    return tuple(sorted(names, key=_parts))


def _parts(name: str) -> tuple[tuple[int, float, str], ...]:
    found = re.split(r"(\d+)", name)
    return tuple((0, float(part), "") if part.isdecimal() else (1, 0.0, part) for part in found if part)
