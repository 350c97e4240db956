"""Rules over what boxes are called: unknown, written otherwise, misspelt, never drawn, too rare."""

import difflib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from spinedet.annotations.voc import Annotation
from spinedet.datasets.lint.findings import Fault, Known
from spinedet.datasets.lint.views import SetView

RARE_SHARE = 0.1
"""Without a list of classes a name is doubted if it has at most this share of the boxes of the name it resembles."""

SLIPS = {4: 1, 8: 2}
"""From how many letters of the shorter name on how many slips still make a likely misspelling."""

LEAST_LIKENESS = 0.6
"""Least likeness (`difflib`) of a class that is suggested for an unknown one."""


def plain(name: str) -> str:
    """A name without what the eye passes over: case, and spaces around it."""
    return name.strip().casefold()


def bare(name: str) -> str:
    """A name without case and without any space."""
    return "".join(name.split()).casefold()


def same_written(name: str, classes: Sequence[str]) -> str | None:
    """The one class that differs from an unknown name in case or surrounding spaces only."""
    alike = [one for one in classes if plain(one) == plain(name)]
    return alike[0] if name not in classes and len(alike) == 1 else None


def unknown(view: SetView) -> Iterator[Fault]:
    """A name that is not in the list of classes; the nearest class is suggested."""
    if not view.classes:
        return
    wrong = [name not in view.classes and same_written(name, view.classes) is None for name in view.columns.names]
    for drawn in view.each(_having(view, wrong)):
        near = nearest_class(drawn.name, view.classes)
        hint = f"; did you mean '{near}'?" if near else f" ({', '.join(view.classes)})"
        yield Fault(
            drawn.place, f"class '{drawn.name}' is not known{hint}", drawn.line, None, drawn.image, (drawn.box,)
        )


def nearest_class(name: str, classes: Sequence[str]) -> str | None:
    """The class that was probably meant; spaces and case do not count."""
    known = {bare(one): one for one in classes}
    near = difflib.get_close_matches(bare(name), known, n=1, cutoff=LEAST_LIKENESS)
    return known[near[0]] if near else None


def written_otherwise(view: SetView) -> Iterator[Fault]:
    """A name that differs from a known class in case or surrounding spaces only."""
    meant = [same_written(name, view.classes) for name in view.columns.names]
    for drawn in view.each(_having(view, [name is not None for name in meant])):
        what = f"class '{drawn.name}' is written '{same_written(drawn.name, view.classes)}' in the list"
        yield Fault(drawn.place, what, drawn.line, None, drawn.image, (drawn.box,))


def as_listed(annotation: Annotation, known: Known) -> Annotation:
    """Mend: the name as the list of classes has it."""
    things = (replace(one, name=same_written(one.name, known.classes) or one.name) for one in annotation.objects)
    return replace(annotation, objects=tuple(things))


def _having(view: SetView, names: Sequence[bool]) -> NDArray[np.bool_]:
    """(N,) whether a box has one of the chosen names (C,)."""
    return np.array(names, np.bool_)[view.columns.label]


def two_spellings(view: SetView) -> Iterator[Fault]:
    """Without a list: a name that equals a more frequent one but for case and spaces."""
    yield from _doubted(view, _is_other_spelling, "is elsewhere written")


def misspelt(view: SetView) -> Iterator[Fault]:
    """Without a list: a rare name that is a slip or two away from a frequent one."""
    yield from _doubted(view, _is_rare_slip, "looks like a slip for")


Doubt = Callable[["Name", "Name"], bool]


@dataclass(frozen=True, slots=True)
class Name:
    """A class name that occurs, and in how many boxes."""

    text: str
    boxes: int


def _is_other_spelling(name: Name, other: Name) -> bool:
    return bare(name.text) == bare(other.text)


def _is_rare_slip(name: Name, other: Name) -> bool:
    rare = name.boxes <= RARE_SHARE * other.boxes
    return rare and bare(name.text) != bare(other.text) and looks_misspelt(bare(name.text), bare(other.text))


def _doubted(view: SetView, doubt: Doubt, words: str) -> Iterator[Fault]:
    """Every box whose name is doubted beside a more frequent one."""
    if view.classes:
        return
    counted = zip(view.columns.names, view.columns.counts().tolist(), strict=True)
    ranked = sorted((Name(text, boxes) for text, boxes in counted), key=lambda name: (-name.boxes, name.text))
    meant: dict[str, Name] = {}
    for place, name in enumerate(ranked):
        if other := next((one for one in ranked[:place] if doubt(name, one)), None):
            meant[name.text] = other
    for drawn in view.each(_having(view, [name in meant for name in view.columns.names])):
        other = meant[drawn.name]
        what = f"class '{drawn.name}' {words} '{other.text}' ({other.boxes:,} boxes)"
        yield Fault(drawn.place, what, drawn.line, None, drawn.image, (drawn.box,))


def looks_misspelt(name: str, other: str) -> bool:
    """Whether so few slips lie between two names that one is probably meant for the other.

    Figures are never slips: `L4` and `L5`, `grade 1` and `grade 2` are different things.
    """
    if re.findall(r"\d", name) != re.findall(r"\d", other):
        return False
    slips = max((most for letters, most in SLIPS.items() if min(len(name), len(other)) >= letters), default=0)
    return 0 < distance(name, other) <= slips


def distance(first: str, second: str) -> int:
    """Slips between two words: a letter too many, missing, wrong, or two neighbours exchanged.

    The restricted Damerau-Levenshtein distance (Damerau, Commun ACM 1964;7:171-176).
    """
    above: list[int] = []
    row = list(range(len(second) + 1))
    for i, letter in enumerate(first, start=1):
        before, above, row = above, row, [i]
        for j, other in enumerate(second, start=1):
            slips = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != other))
            if i > 1 and j > 1 and (letter, first[i - 2]) == (second[j - 2], other):
                slips = min(slips, before[j - 2] + 1)
            row.append(slips)
    return row[-1]


def never_drawn(view: SetView) -> Iterator[Fault]:
    """A class of the list that no box has."""
    for name in view.classes:
        if view.columns.images and name not in view.columns.names:
            yield Fault(view.drawn, f"class '{name}' is listed and nowhere drawn")


def rare_for_folds(view: SetView) -> Iterator[Fault]:
    """A class with fewer patients than the folds asked for, where there are patients enough for the folds."""
    everybody = len(set(view.patients.of.values()))
    for name, patients in patients_of_classes(view).items():
        if view.folds is not None and 1 < patients < view.folds <= everybody:
            what = f"class '{name}' has {patients} patients for {view.folds} folds, so some test part will lack it"
            yield Fault(view.drawn, what)


def of_one_patient(view: SetView) -> Iterator[Fault]:
    """A class that one patient alone has: it cannot be learnt from one and tested on another."""
    for name, patients in patients_of_classes(view).items():
        if patients == 1 and len(set(view.patients.of.values())) > 1:
            yield Fault(view.drawn, f"class '{name}' belongs to one patient alone")


def patients_of_classes(view: SetView) -> dict[str, int]:
    """How many patients have a box of each class that occurs (and is in the list, where there is one).

    Empty where `patients.csv` says nothing.
    """
    columns, whose = view.columns, view.patients.of
    if not whose:
        return {}
    numbers = {patient: number for number, patient in enumerate(sorted(set(whose.values())))}
    patient = np.array([numbers.get(whose.get(image, ""), -1) for image in columns.images], np.int64)[columns.file]
    pairs = np.unique((columns.label * np.int64(len(numbers)) + patient)[patient >= 0])  # class and patient as one
    counts = np.bincount(pairs // len(numbers), minlength=len(columns.names))
    named = zip(columns.names, counts.tolist(), strict=True)
    return {name: count for name, count in named if not view.classes or name in view.classes}
