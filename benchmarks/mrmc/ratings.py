"""Ratings of the same cases by several readers, in one or several treatments: a checked table.

A *case* is what was rated at once (an image, a disc); a *treatment* is a way of reading (a modality, with the model or
without). Both are the words of the literature of multi-reader multi-case studies.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np

from spinedet.annotations.errors import InputError, nearest, some
from spinedet.benchmarks.whole_image.figures import BoolArray, FloatArray, IntArray

MissingRule = Literal["refuse", "common"]
"""What is done about missing cells: name them and stop, or use the cases that all have read. Nothing is imputed."""

MOST_TOLD = 8
"""Readers with missing cells that a message names."""


@dataclass(frozen=True, slots=True)
class Missing:
    """The cases that one reader has not rated in one treatment."""

    treatment: str
    reader: str
    cases: tuple[str, ...]

    def line(self) -> str:
        """The reader, the treatment, and the first of the cases."""
        named = f"reader {self.reader}" + (f" in treatment {self.treatment}" if self.treatment else "")
        return f"{named}: {len(self.cases)} (cases {some(self.cases, 3)})"


@dataclass(frozen=True, eq=False, slots=True)
class Ratings:
    """What R readers said of N cases in T treatments.

    Attributes:
        treatments: T names, each once.
        readers: R names, each once.
        cases: N names, each once.
        truth: (N,) whether a case is positive; both kinds are there.
        rating: (T, R, N) greater for positive cases; NaN where a cell is missing.
        patients: N names, where several cases may show one patient; empty where each case is a patient of its own.
        notes: What was left out of the source, for people.

    Raises:
        InputError: A name stands twice, the shapes differ, a rating is infinite, or one of the two kinds is absent.
    """

    treatments: tuple[str, ...]
    readers: tuple[str, ...]
    cases: tuple[str, ...]
    truth: BoolArray
    rating: FloatArray
    patients: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        expected = (len(self.treatments), len(self.readers), len(self.cases))
        found = (self.rating.shape, self.truth.shape, len(self.patients))
        if found not in {(expected, expected[2:], 0), (expected, expected[2:], expected[2])}:
            raise InputError("A table of ratings is ragged.", expected=f"{expected}", found=f"{found}")
        for what, names in (("treatment", self.treatments), ("reader", self.readers), ("case", self.cases)):
            if len(set(names)) < len(names) or not names:
                raise InputError(f"Every {what} needs a name of its own.", found=some(names) or "none")
        if np.isinf(self.rating).any():
            raise InputError("A rating is infinite.", expected="finite numbers")
        if self.truth.all() or not self.truth.any():
            kind = "positive" if self.truth.all() else "negative"
            raise InputError(
                "One class is absent from the truth.",
                expected="positive and negative cases",
                found=f"{len(self.cases)} cases, all {kind}",
            )

    @property
    def cluster(self) -> IntArray:
        """(N,) index of each case's patient; without patients every case is one of its own."""
        if not self.patients:
            return np.arange(len(self.cases))
        return np.unique(np.array(self.patients, np.str_), return_inverse=True)[1].astype(np.int64)

    def missing(self) -> tuple[Missing, ...]:
        """The cells without a rating, by treatment and reader."""
        gaps = np.isnan(self.rating)
        rows = [(int(place), int(reader)) for place, reader in np.argwhere(gaps.any(axis=2))]
        return tuple(
            Missing(self.treatments[place], self.readers[reader], self._named(gaps[place, reader]))
            for place, reader in rows
        )

    def crossed(self, rule: MissingRule = "refuse") -> Self:
        """The ratings with every cell filled.

        Args:
            rule: Whether missing cells are refused, or the cases without them used; then a note says how many.

        Raises:
            InputError: Cells are missing (each reader and treatment is named), or no case was read by all.
        """
        whole = np.asarray(~np.isnan(self.rating).any(axis=(0, 1)))  # (N,)
        left_out = settle(self.missing(), self.rating.size, whole, rule)
        return replace(self.of_cases(whole), notes=(*self.notes, left_out)) if left_out else self

    def of_cases(self, chosen: BoolArray) -> Self:
        """Some of the cases, (N,) bool."""
        patients = self._named(chosen, self.patients) if self.patients else ()
        rating = self.rating[:, :, chosen]
        return replace(self, cases=self._named(chosen), truth=self.truth[chosen], rating=rating, patients=patients)

    def of_readers(self, names: Sequence[str]) -> Self:
        """Some of the readers, and the treatments in which any of them has rated.

        Raises:
            InputError: A name is no reader.
        """
        places = [self.reader_index(name) for name in names]
        rating = self.rating[:, places]
        used = np.asarray(~np.isnan(rating).all(axis=(1, 2)))  # (T,)
        treatments = tuple(name for name, has in zip(self.treatments, used, strict=True) if has)
        return replace(self, treatments=treatments, readers=tuple(names), rating=rating[used])

    def reader_index(self, name: str) -> int:
        """The place of a reader by name."""
        if name not in self.readers:
            raise InputError("There is no such reader.", expected=nearest(name, self.readers), found=name)
        return self.readers.index(name)

    def _named(self, chosen: BoolArray, names: Sequence[str] = ()) -> tuple[str, ...]:
        known = names or self.cases
        return tuple(known[place] for place in np.flatnonzero(chosen).tolist())


def settle(gaps: Sequence[Missing], cells: int, whole: BoolArray, rule: MissingRule) -> str:
    """What is done about missing cells: the note for people, empty where none is missing.

    Args:
        gaps: The missing cells.
        cells: How many there should be.
        whole: (N,) whether each case was read by all.
        rule: Whether gaps are refused, or the whole cases used.

    Raises:
        InputError: Gaps are refused, or no case is whole.
    """
    if not gaps:
        return ""
    missing = sum(len(gap.cases) for gap in gaps)
    found = f"{missing} of {cells} cells: {some((gap.line() for gap in gaps), MOST_TOLD)}"
    if rule == "refuse":
        expected = "every reader rates every case in every treatment"
        todo = "complete the table, or use only the cases that all have read (--missing common)"
        raise InputError("Ratings are missing.", expected=expected, found=found, todo=todo)
    if not whole.any():
        raise InputError("No case was read by all.", expected="one case or more", found=f"missing are {found}")
    return f"{int((~whole).sum())} of {len(whole)} cases left out, not read by all; missing are {found}"
