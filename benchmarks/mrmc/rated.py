"""Categories that readers gave the same cases, and the tables that they come in."""

import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from spinedet.annotations.errors import InputError, nearest, some
from spinedet.benchmarks.mrmc.ratings import Missing, MissingRule, settle
from spinedet.benchmarks.mrmc.reading import ABSENT, PATIENT, RATING, Cells, ordered, patients_of, read_cells
from spinedet.benchmarks.whole_image.figures import FloatArray, IntArray
from spinedet.datasets.convert.notes import Notes
from spinedet.datasets.convert.sheet import read_rows

TREATMENT = "treatment"

MOST_CATEGORIES = 30
"""Beyond, ratings are a scale: kappa of its every value says nothing."""

NOT_RATED = -1


@dataclass(frozen=True, eq=False, slots=True)
class Rated:
    """Categories that R readers gave N cases.

    Attributes:
        readers: R names.
        cases: N names.
        categories: C names, in order.
        given: (N, R) index of the category; `NOT_RATED` where a cell is missing.
        values: (C,) the numbers that the categories are; empty where they are words.
        patients: N names; empty where each case is a patient of its own.
        notes: What was left out of the source.
    """

    readers: tuple[str, ...]
    cases: tuple[str, ...]
    categories: tuple[str, ...]
    given: IntArray
    values: FloatArray
    patients: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def crossed(self, rule: MissingRule = "refuse") -> "Rated":
        """The cases with every cell filled; raises `InputError` as `Ratings.crossed` does."""
        gaps = self.given == NOT_RATED  # (N, R)
        named = [
            Missing(
                "", self.readers[place], tuple(self.cases[case] for case in np.flatnonzero(gaps[:, place]).tolist())
            )
            for place in np.flatnonzero(gaps.any(axis=0)).tolist()
        ]
        whole = ~gaps.any(axis=1)
        left_out = settle(named, gaps.size, whole, rule)
        if not left_out:
            return self
        kept = np.flatnonzero(whole).tolist()
        cases = tuple(self.cases[case] for case in kept)
        patients = tuple(self.patients[case] for case in kept) if self.patients else ()
        return replace(self, cases=cases, given=self.given[whole], patients=patients, notes=(*self.notes, left_out))


def read_rated(path: Path, treatment: str | None = None) -> Rated:
    """Read the columns reader, case and rating (numbers or words), and patient if there is one.

    Args:
        path: The table, one rating a row.
        treatment: Which rows are meant where there is a column treatment.

    Raises:
        InputError: The table cannot be read, has a defect (each with its line), several treatments of which none is
            named, fewer than two readers, or more categories than kappa has a use for.
    """
    several = TREATMENT in read_rows(path, Notes())[0]
    cells = read_cells(path, ("reader", *[TREATMENT] * several, "case"), (RATING,), (PATIENT,))
    cells.refuse()
    if several:
        _choose(cells, treatment)
    elif treatment is not None:
        raise InputError("This table has no treatments.", expected=f"a column {TREATMENT}", where=path)
    readers, cases = cells.names("reader"), cells.names("case")
    if len(readers) < 2:
        raise InputError("Agreement needs two readers.", expected="two or more", found=some(readers), where=path)
    categories, values, place_of = _categories(cells)
    places = {name: place for place, name in enumerate(cases)}
    given = np.full((len(cases), len(readers)), NOT_RATED)
    numbers = {name: place for place, name in enumerate(readers)}
    for cell, (word, _) in cells.rating.items():
        given[places[cell[-1]], numbers[cell[0]]] = place_of.get(word, NOT_RATED)
    return Rated(readers, cases, categories, given, values, patients_of(cells, cases), cells.told())


def _choose(cells: Cells, treatment: str | None) -> None:
    """Keep the rows of one treatment."""
    names = cells.names(TREATMENT)
    if treatment is None and len(names) > 1:
        todo = "name one with --treatment"
        raise InputError("Which treatment is meant?", expected="one", found=some(names), where=cells.path, todo=todo)
    if treatment is not None and treatment not in names:
        expected = nearest(treatment, names)
        raise InputError("There is no such treatment.", expected=expected, found=treatment, where=cells.path)
    cells.rating = {cell: said for cell, said in cells.rating.items() if treatment in (None, cell[1])}


def _categories(cells: Cells) -> tuple[tuple[str, ...], FloatArray, dict[str, int]]:
    """The categories in order, the numbers that they are, and the place of each word."""
    words = {word for word, _ in cells.rating.values() if word.lower() not in ABSENT}
    if not words:
        raise InputError("Nothing was rated.", expected="ratings", found="empty cells", where=cells.path)
    numbers = {word: value for word in words if (value := _finite(word)) is not None}
    if len(numbers) < len(words):
        names, values = ordered(words), np.empty(0)
        place_of = {word: place for place, word in enumerate(names)}
    else:
        values = np.array(sorted(set(numbers.values())), np.float64)
        place_of = {word: int(np.searchsorted(values, value)) for word, value in numbers.items()}
        names = tuple(f"{value:g}" for value in values)
    if len(names) > MOST_CATEGORIES:
        expected = f"{MOST_CATEGORIES} categories or fewer"
        found = f"{len(names)}: {some(names)}"
        raise InputError("Kappa is about categories.", expected=expected, found=found, where=cells.path)
    return names, values, place_of


def _finite(word: str) -> float | None:
    try:
        value = float(word.replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None
