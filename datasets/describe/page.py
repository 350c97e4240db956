"""`describe.html`: a dataset on one page that needs nothing else."""

from dataclasses import dataclass, replace

import numpy as np

from spinedet.annotations.errors import some
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.describe import examples, figures, tables, words
from spinedet.datasets.describe.cards import box_cards, image_cards
from spinedet.datasets.describe.census import Census, hands, unlabelled
from spinedet.datasets.describe.examples import Found
from spinedet.datasets.pages import Card, Look, Picture, Table, count, looks, render
from spinedet.datasets.pages.style import drawing, style

PACKAGE = "spinedet.datasets.describe"
"""Where the template lies."""

FEW_PATIENTS = 5
"""A class of fewer patients cannot stand in each of five folds."""

ROWS = 6
"""Classes whose typical boxes stand in a row of their own."""

NAMED = 12
"""Classes that a note names; those beyond are counted."""


@dataclass(frozen=True, slots=True)
class Drawings:
    """The drawn figures."""

    numbers: Picture
    sizes: Picture
    places: Picture


@dataclass(frozen=True, slots=True)
class Group:
    """Boxes or images that belong together, under a heading of their own.

    Attributes:
        name: The heading: a class, or a kind of odd case.
        words: What it is, in a line.
        cards: The pictures; empty where no image may be shown.
        table: The same in words, for a page without pictures.
    """

    name: str
    words: str
    cards: list[Card]
    table: Table | None = None


def describe(dataset: Dataset, *, annotator: str | None = None, pictures: bool = True) -> str:
    """A page about a dataset: its facts, counts, sizes, places, typical boxes and rarest cases.

    Args:
        dataset: The dataset; items without an image have no picture on the page.
        annotator: Whose boxes these are, where it is not `Annotations/` that was loaded.
        pictures: False reads no pixels and shows no image of a patient.

    Returns:
        HTML of less than 5 MB that refers to nothing outside itself.

    Raises:
        InputError: A file of an annotator is damaged.
    """
    census = Census.of(dataset)
    seen = _seen(census) if pictures else None
    known = looks(dataset.classes)
    return render(
        PACKAGE,
        "page.html.j2",
        census=census,
        tables=tables,
        hands=hands(dataset.folder),
        annotator=annotator,
        drawings=_draw(census),
        looks=known,
        seen=seen,
        typical=_typical(seen, known) if seen else [],
        rare=_rare(census, known, pictures=pictures),
        odd=_odd(seen or census, known, pictures=seen is not None),
        finding=_finding(census),
        notes=_notes(census),
        limits={"maps": figures.MAPS, "rows": figures.ROWS, "classes": examples.CLASSES, "rare": examples.RARE_IMAGES},
    )


def _seen(census: Census) -> Census | None:
    """The part of a dataset that has its images; None where there is none."""
    there = [item.image for item in census.dataset.items if item.path is not None]
    if len(there) == len(census.dataset):
        return census
    return Census.of(census.dataset.subset(there)) if there else None


def _draw(census: Census) -> Drawings | None:
    if not len(census):
        return None
    with style():
        return Drawings(
            drawing(figures.draw_numbers(census), "Histograms of boxes an image and, where known, by patient"),
            drawing(figures.draw_sizes(census), "Width, height, aspect and area of the boxes, one row a class"),
            drawing(figures.draw_places(census), "Where the centres of boxes lie, one map a class"),
        )


def _typical(census: Census, known: dict[str, Look]) -> list[Group]:
    """Typical boxes, a row a class; of many classes one after the other, each with its class before its name."""
    groups = []
    for name, boxes in examples.typical(census).items():
        median = np.median(census.sides[census.label == census.dataset.classes.index(name)], axis=0)
        cards = box_cards(census, [Found(box, "") for box in boxes], known)
        groups.append(Group(name, f"median {words.size_of(median)}{words.PX}", cards))
    if len(groups) <= ROWS:
        return [group for group in groups if group.cards]
    cards = [replace(card, mark=group.name) for group in groups for card in group.cards]
    return [Group("", "", cards)] if cards else []


def _rare(census: Census, known: dict[str, Look], *, pictures: bool) -> list[Group]:
    groups = []
    for name, places in examples.rare(census).items():
        label = census.dataset.classes.index(name)
        owners = f" of {count(int(census.patients_of[label]), 'patient')}" if census.patients else ""
        cards = image_cards(census, places, known, name) if pictures else []
        names = "" if cards else f": {', '.join(census.dataset.items[place].image for place in places)}"
        told = f"{count(int(census.boxes_of[label]), 'box')} on {count(len(places), 'image')}{owners}{names}"
        groups.append(Group(name, told, cards))
    return groups


def _odd(census: Census, known: dict[str, Look], *, pictures: bool) -> list[Group]:
    groups = []
    for kind, found in examples.odd(census).items():
        cards = box_cards(census, found, known) if pictures else []
        groups.append(Group(kind, "", cards, tables.odd(census, found)))
    if places := examples.crowded(census):
        cards = image_cards(census, places, known) if pictures else []
        groups.append(Group("Images with the most boxes", "", cards, tables.crowded(census, places)))
    return groups


def _finding(census: Census) -> str:
    """The first sentence: how many boxes, and how unevenly they are spread over the classes."""
    order = census.classes_by_boxes()
    if not order:
        return "No box has been drawn yet."
    names = census.dataset.classes
    if len(order) == 1:
        return f"Every box is of one class, {names[order[0]]}: {words.spread(census.per_image)} an image."
    most, least = order[0], order[-1]
    owners = f" of {count(int(census.patients_of[least]), 'patient')}" if census.patients else ""
    return (
        f"Most frequent: {names[most]}, {words.per_cent(census.boxes_of[most], len(census))} of the boxes; rarest: "
        f"{names[least]}, {words.per_cent(census.boxes_of[least], len(census))} "
        f"({count(int(census.boxes_of[least]), 'box')} on {count(int(census.images_of[least]), 'image')}{owners})."
    )


def _notes(census: Census) -> list[str]:
    """What a person should know before trusting the counts."""
    dataset = census.dataset
    without = sum(item.path is None for item in dataset.items)
    bare, empty = unlabelled(dataset), int((census.per_image == 0).sum())
    absent = [name for name, number in zip(dataset.classes, census.boxes_of, strict=True) if not number]
    notes = [
        (bare, f"{count(bare, 'image')} of the folder not annotated or not chosen; counted nowhere on this page."),
        (without, f"{count(without, 'annotation')} without an image in JPEGImages/; counted, but not shown."),
        (empty, f"{count(empty, 'annotated image')} without a box."),
        (absent, f"Without a box: {some(absent, NAMED)}."),
        (not census.patients, "No patients.csv: counts by patient are left out, and folds cannot be made."),
        (few := _few(census), f"Fewer than {FEW_PATIENTS} patients, too few to stand in each of five folds: {few}."),
    ]
    return [sentence for holds, sentence in notes if holds]


def _few(census: Census) -> str:
    """Classes of few patients, with their number."""
    if not census.patients:
        return ""
    rows = zip(census.dataset.classes, census.patients_of, strict=True)
    return some([f"{name} ({number})" for name, number in rows if 0 < number < FEW_PATIENTS], NAMED)
