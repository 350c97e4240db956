"""The tables of the page: every count and every size as it is printed."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image as Header
from PIL import UnidentifiedImageError

from spinedet.datasets.dataset import Dataset
from spinedet.datasets.describe.census import Census, Floats, Hand
from spinedet.datasets.describe.examples import Found
from spinedet.datasets.describe.words import EN, PX, TIMES, figure, per_cent, size_of, spread, whole
from spinedet.datasets.pages import Cell, Column, Table, count
from spinedet.datasets.pages.parts import DASH

MOST_PATIENTS = 20
"""Rows of the table of patients; of more, those with the most boxes are shown and the others are summed up."""

MOST_CLASSES = 5
"""Columns of classes in a table; of more, the most frequent are shown and the others are summed up."""

KINDS = {"1": "1-bit", "L": "8-bit grey", "P": "8-bit palette", "LA": "8-bit grey with alpha", "RGB": "8-bit colour"}
KINDS |= {"RGBA": "8-bit colour with alpha", "I;16": "16-bit grey", "I;16B": "16-bit grey", "I": "32-bit grey"}
KINDS |= {"CMYK": "8-bit colour (CMYK)", "F": "32-bit floating point", "YCbCr": "8-bit colour"}
"""Pillow's modes in words."""


def quartiles(values: Floats) -> Cell:
    """Median, and the quartiles in smaller print."""
    if not len(values):
        return Cell(DASH)
    low, middle, high = np.percentile(values, (25, 50, 75))
    return Cell(figure(middle), f"{figure(low)}{EN}{figure(high)}")


def card(census: Census, hands: Sequence[Hand]) -> list[tuple[str, str]]:
    """What the dataset is, one fact a row; what is not known is left out."""
    dataset = census.dataset
    rows = [
        ("name", dataset.name),
        ("modality", dataset.card.modality),
        ("licence", dataset.card.licence or "not stated"),
        ("source", dataset.card.source),
        ("images", whole(len(dataset))),
        ("patients", whole(len(census.patients)) if census.patients else "not stated"),
        ("boxes", whole(len(census))),
        ("classes", whole(len(dataset.classes))),
        ("annotators", ", ".join(hand.name for hand in hands) or "not stated"),
        ("fingerprint", dataset.fingerprint()[:16]),
    ]
    return [(name, text) for name, text in rows if text]


def make_up(census: Census) -> list[tuple[str, str]]:
    """How images, boxes and patients come together, one fact a row; median and range."""
    dataset = census.dataset
    things = [thing for item in dataset.items for thing in item.annotation.objects]
    verified = sum(item.annotation.verified for item in dataset.items)
    empty = int((census.per_image == 0).sum())
    rows = [
        ("image size", sizes(dataset)),
        ("image kind", kinds(item.path for item in dataset.items)),
        ("boxes an image", spread(census.per_image)),
        ("images a patient", spread(census.images_by_patient) if census.patients else ""),
        ("boxes a patient", spread(census.by_patient.sum(axis=1)) if census.patients else ""),
        ("images without boxes", _of(empty, len(dataset))),
        ("verified images", _of(verified, len(dataset))),
        ("difficult boxes", _of(sum(thing.difficult for thing in things), len(things))),
        ("truncated boxes", _of(sum(thing.truncated for thing in things), len(things))),
    ]
    return [(name, text) for name, text in rows if text]


def _of(part: int, total: int) -> str:
    return "none" if not part else f"{part:,} of {total:,} ({per_cent(part, total)})"


def sizes(dataset: Dataset) -> str:
    """The most common sizes; a range where there are many."""
    found = Counter((item.annotation.width, item.annotation.height) for item in dataset.items)
    if not found:
        return DASH
    if len(found) <= 3:
        return "; ".join(f"{w}{TIMES}{h}{PX} ({number:,})" for (w, h), number in found.most_common())
    widths, heights = zip(*found, strict=True)
    wide, high = f"{min(widths)} to {max(widths)} px wide", f"{min(heights)} to {max(heights)} px high"
    return f"{wide}, {high} ({len(found)} sizes)"


def kinds(paths: Iterable[Path | None]) -> str:
    """File kind and depth of the images that are there, from their headers: `PNG, 8-bit grey (165)`."""
    found = Counter(_kind(path) for path in paths if path is not None)
    return "; ".join(f"{kind} ({number:,})" for kind, number in found.most_common())


def _kind(path: Path) -> str:
    try:
        with Header.open(path) as header:
            return f"{header.format}, {KINDS.get(header.mode, header.mode)}"
    except (OSError, UnidentifiedImageError, ValueError, SyntaxError, Header.DecompressionBombError):
        return "cannot be read"


def classes(census: Census) -> Table:
    """Counts of every class."""
    columns = [Column("Class"), *(Column(name, unit) for name, unit in COUNTED)]
    rows = [
        (
            Cell(name),
            _part(census.boxes_of[label], len(census)),
            _part(census.images_of[label], len(census.dataset)),
            _part(census.patients_of[label], len(census.patients)) if census.patients else Cell(DASH),
            Cell(_boxes_an_image(census, label)),
        )
        for label, name in enumerate(census.dataset.classes)
    ]
    return Table(tuple(columns), tuple(rows))


COUNTED = (
    ("Boxes", "of all"),
    ("Images", "with the class"),
    ("Patients", "with the class"),
    ("Boxes an image", "where there are any"),
)


def _part(number: int, of: int) -> Cell:
    """A count with its share beneath."""
    return Cell(whole(number), per_cent(number, of))


def _boxes_an_image(census: Census, label: int) -> str:
    return spread(np.unique(census.item[census.label == label], return_counts=True)[1])


def measures(census: Census) -> Table:
    """Sizes of every class that has boxes."""
    columns = (
        Column("Class", "boxes"),
        Column("Width", "px"),
        Column("Height", "px"),
        Column("Aspect", "width : height"),
        Column("Area", "% of the image"),
        Column("Smallest", "px"),
        Column("Largest", "px"),
    )
    rows = [_measures(census, label) for label in range(len(census.dataset.classes)) if census.boxes_of[label]]
    return Table(columns, tuple(rows))


def _measures(census: Census, label: int) -> tuple[Cell, ...]:
    mine = census.label == label
    sides = census.sides[mine]
    areas = sides.prod(axis=1)
    return (
        Cell(census.dataset.classes[label], whole(len(sides))),
        *(quartiles(values) for values in (sides[:, 0], sides[:, 1], census.aspect[mine], census.share[mine])),
        Cell(size_of(sides[areas.argmin()])),
        Cell(size_of(sides[areas.argmax()])),
    )


def patients(census: Census) -> Table:
    """Images and boxes of the patients, those with the most boxes first."""
    shown, left = _columns(census)
    total = census.by_patient.sum(axis=1)
    order = sorted(range(len(total)), key=lambda place: (-total[place], census.patients[place]))
    rows = [_patient(census, [place], census.patients[place], shown, left) for place in order[:MOST_PATIENTS]]
    if rest := order[MOST_PATIENTS:]:
        rows.append(_patient(census, rest, f"{count(len(rest), 'other patient')} together", shown, left))
    columns = [Column("Patient"), Column("Images"), Column("Boxes"), *_class_columns(census, shown, left)]
    return Table(tuple(columns), tuple(rows))


def _patient(
    census: Census, places: Sequence[int], name: str, shown: Sequence[int], left: Sequence[int]
) -> tuple[Cell, ...]:
    boxes = census.by_patient[list(places)].sum(axis=0)  # (classes,)
    figures = [census.images_by_patient[list(places)].sum(), boxes.sum(), *boxes[list(shown)]]
    figures += [boxes[list(left)].sum()] if left else []
    return Cell(name), *(Cell(whole(number)) for number in figures)


def _columns(census: Census) -> tuple[list[int], list[int]]:
    """Classes that get a column of their own, in class order, and those that share one."""
    if len(census.dataset.classes) <= MOST_CLASSES:
        return list(range(len(census.dataset.classes))), []
    order = sorted(range(len(census.dataset.classes)), key=lambda label: (-census.boxes_of[label], label))
    return sorted(order[:MOST_CLASSES]), sorted(order[MOST_CLASSES:])


def _class_columns(census: Census, shown: Sequence[int], left: Sequence[int]) -> list[Column]:
    columns = [Column(census.dataset.classes[label], "", "Boxes by class") for label in shown]
    return columns + ([Column("others", f"{len(left)} classes", "Boxes by class")] if left else [])


def annotators(hands: Sequence[Hand]) -> Table:
    """How much each annotator has drawn."""
    columns = (
        Column("Annotator"),
        Column("Images"),
        Column("Shared", "images, with another"),
        Column("Boxes"),
        Column("Boxes an image", "mean"),
        Column("Without boxes", "images"),
        Column("Verified", "images"),
    )
    return Table(columns, tuple(_annotator(hand, hands) for hand in hands))


def _annotator(hand: Hand, hands: Sequence[Hand]) -> tuple[Cell, ...]:
    elsewhere = frozenset().union(*(other.images for other in hands if other is not hand))
    boxes, images = hand.counts.total(), len(hand.images)
    mean = figure(boxes / images) if images else DASH
    texts = [whole(images), whole(len(hand.images & elsewhere)), whole(boxes), mean, whole(hand.empty)]
    return tuple(Cell(text) for text in (hand.name, *texts, whole(hand.verified)))


def annotators_by_class(census: Census, hands: Sequence[Hand]) -> Table:
    """Boxes of each annotator by class; a class that the dataset does not have is among the others."""
    names = [census.dataset.classes[label] for label in _columns(census)[0]]
    rest = [hand.counts.total() - sum(hand.counts[name] for name in names) for hand in hands]
    rows = [[whole(hand.counts[name]) for name in names] for hand in hands]
    if any(rest):
        names.append("others")
        rows = [[*row, whole(number)] for row, number in zip(rows, rest, strict=True)]
    cells = [tuple(Cell(text) for text in (hand.name, *row)) for hand, row in zip(hands, rows, strict=True)]
    return Table(tuple(Column(name) for name in ("Annotator", *names)), tuple(cells))


def odd(census: Census, found: Sequence[Found]) -> Table:
    """Odd boxes in words, for a page without pictures."""
    columns = (Column("Image"), Column("Patient"), Column("Class"), Column("Size", "px"), Column("Why"))
    rows = []
    for one in found:
        item = census.dataset.items[census.item[one.box]]
        name = census.dataset.classes[census.label[one.box]]
        texts = (item.image, item.patient or DASH, name, size_of(census.sides[one.box]), one.words)
        rows.append(tuple(Cell(text) for text in texts))
    return Table(columns, tuple(rows))


def crowded(census: Census, places: Sequence[int]) -> Table:
    """Images with the most boxes in words, for a page without pictures."""
    items = [(census.dataset.items[place], census.per_image[place]) for place in places]
    rows = tuple((Cell(item.image), Cell(item.patient or DASH), Cell(whole(number))) for item, number in items)
    return Table((Column("Image"), Column("Patient"), Column("Boxes")), rows)
