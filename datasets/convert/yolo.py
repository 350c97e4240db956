"""YOLO text labels in and out: a line is `class cx cy w h`, centre and sides as fractions of the image.

Lines with the points of an outline (segmentation, oriented boxes) are read as their extents. Numbers of few digits, as
LabelImg and ultralytics write them, cannot say whether an edge lies at 12 or at 12.0004 pixels: a border of whole
pixels is then taken, because that is what somebody drew.

LabelImg itself is not of one mind: it writes the corners it shows, 12 to 346, into both its formats, which a VOC file
means as pixels 12 to 346 (edges 11 and 346) and a YOLO line as edges 12 and 346. Each is read as its format has it.
"""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError, at, some
from spinedet.annotations.files import write_json, write_text
from spinedet.datasets.convert.classes import CLASSES, read_class_list, write_class_list
from spinedet.datasets.convert.image_index import ImageIndex, readable, visible_files
from spinedet.datasets.convert.notes import OUTLINES, Notes
from spinedet.datasets.convert.parsing import number_of, pair_up, read_json, read_text
from spinedet.datasets.convert.source import Shape, Source, SourceImage, existing, extent
from spinedet.datasets.dataset import Dataset, Item

DIFFICULT = "difficult.json"
"""Beside YOLO labels: the numbers, from 0, of the difficult lines of each image that has any."""

LABELS = "labels"

NOT_LABELS = {
    "classes",
    "train",
    "val",
    "valid",
    "test",
    "labels",
    "predefined_classes",
    "readme",
    "readme.roboflow",
    "license",
}
"""Names, without ending, of text files that lie about and are no labels, where no image has them."""

FEW_DIGITS = 7
"""Significant digits up to which a number is a rounded one."""

ROUNDED = 1e-6
"""How far off an edge of rounded numbers may be, as a share of the side: six decimals, of centre and half a side."""

EXACT = 1e-10
"""How far off an edge of unrounded numbers may be, in pixels."""

DECIMALS = 16
"""Decimals of every number we write: all that a float has, and more than `FEW_DIGITS`."""

Size = tuple[int, int]


def read_yolo(source: Path, images: Path | None = None, classes: Sequence[str] = ()) -> Source:
    """Read a folder of YOLO labels.

    Labels lie in folders called `labels`, or beside the images. An empty label file is an image without boxes; an image
    without label file is left out.

    Args:
        source: The folder, with `classes.txt` or a `data.yaml` that has `names`.
        images: Where the images lie; otherwise anywhere below the folder.
        classes: The classes in order; otherwise those of the folder.

    Raises:
        InputError: A line, a class or an image is missing or wrong; the message has the line.
    """
    if not existing(source, "YOLO").is_dir():
        raise InputError("YOLO labels are a folder.", expected="a folder of .txt files", found="a file", where=source)
    index, notes = ImageIndex.of(images or source), Notes()
    names = tuple(classes) or _class_names(source)
    files = _label_files(source, index)
    difficult = _difficult(source / DIFFICULT)
    found = tuple(_image(path, index, names, difficult, notes) for path in files)
    return Source("YOLO", source, names, found, index, {}, notes.all())


def _label_files(source: Path, index: ImageIndex) -> list[Path]:
    files = list(visible_files(source, ".txt"))
    inside = [path for path in files if LABELS in (source.resolve() / path.relative_to(source)).parent.parts]
    labels = [path for path in inside or files if not _lies_about(path, index)]
    if not labels:
        todo = "name the folder that holds the labels; images without objects have empty label files"
        raise InputError("There are no YOLO labels.", expected="labels/*.txt", found="none", where=source, todo=todo)
    return labels


def _lies_about(path: Path, index: ImageIndex) -> bool:
    return path.stem.lower() in NOT_LABELS and path.stem not in index.by_stem


def _class_names(source: Path) -> tuple[str, ...]:
    """The one list of classes of a folder."""
    lists = {path: read_class_list(path) for path in (source / CLASSES, source / LABELS / CLASSES)}
    lists |= {path: read_class_list(path) for path in source.glob("*.names")}
    lists |= {path: _yaml_names(path) for path in sorted(source.glob("*.y*ml"))}
    found = {path: names for path, names in lists.items() if names}
    if len(set(found.values())) != 1:
        told = "none" if not found else "; ".join(f"{path.name}: {some(names)}" for path, names in found.items())
        raise InputError(
            "Nobody knows the classes of these numbers." if not found else "Two lists of classes differ.",
            expected="one classes.txt, or one data.yaml with names",
            found=told,
            where=source,
            todo="name the classes in order: --classes a,b",
        )
    return next(iter(found.values()))


def _yaml_names(path: Path) -> tuple[str, ...]:
    """`names` of a data.yaml, a list or a mapping from 0 on; empty where it has none."""
    try:
        value: Any = yaml.safe_load(read_text(path, "data.yaml"))
    except yaml.YAMLError as error:
        raise InputError("A data.yaml is no YAML.", found=str(error), where=path) from error
    names = value.get("names") if isinstance(value, dict) else None
    if isinstance(names, dict):
        if set(names) != set(range(len(names))):
            found = some(str(key) for key in names)
            raise InputError("Classes are not numbered from 0.", expected="0, 1, 2 ...", found=found, where=path)
        names = [names[number] for number in range(len(names))]
    return tuple(str(name).strip() for name in names or ())


def _difficult(path: Path) -> Mapping[str, Sequence[int]]:
    """Numbers of difficult lines by image, where the folder was written by us."""
    value = read_json(path, "list of difficult lines") if path.is_file() else {}
    if not isinstance(value, dict) or not all(isinstance(lines, list) for lines in value.values()):
        found = json.dumps(value)[:60]
        raise InputError("A list of difficult lines is wrong.", expected='{"image": [0]}', found=found, where=path)
    return value


def _image(
    path: Path, index: ImageIndex, names: Sequence[str], difficult: Mapping[str, Sequence[int]], notes: Notes
) -> SourceImage:
    image = index.of_stem(path.stem, str(path))
    size = index.size(image) if readable(image) else (1, 1)  # its boxes are counted, and left out
    hard = set(difficult.get(path.stem, ()))
    rows = [(at(path, line), text.split()) for line, text in enumerate(read_text(path, "label file").split("\n"), 1)]
    rows = [(where, words) for where, words in rows if words]
    shapes = (_shape(words, where, names, size, number in hard, notes) for number, (where, words) in enumerate(rows))
    return SourceImage(image, str(path), tuple(shapes))


def _shape(words: Sequence[str], where: str, names: Sequence[str], size: Size, difficult: bool, notes: Notes) -> Shape:
    name = _name(words[0], where, names)
    values = [number_of(word, where) for word in words[1:]]
    if len(values) == 4:
        fractions = _edges(values, where)
    elif len(values) >= 6 and len(values) % 2 == 0:
        notes.reported(OUTLINES, where)
        fractions = extent(pair_up(values, where), where)
    else:
        todo = "these are predictions with their scores; import labels" if len(values) == 5 else None
        found = f"{len(values)} numbers after the class"
        expected = "4 (cx cy w h), or an even number from 6 on (an outline)"
        raise InputError("A label line is wrong.", expected=expected, found=found, where=where, todo=todo)
    rounded = all(_digits(word) <= FEW_DIGITS for word in words[1:])
    edges = (_pixels(edge, side, rounded) for edge, side in zip(fractions, (*size, *size), strict=True))
    return Shape(name, Box(*edges), where, difficult)


def _name(word: str, where: str, names: Sequence[str]) -> str:
    number = number_of(word, where)
    if number not in range(len(names)):
        expected = f"0 to {len(names) - 1} ({some(names)})"
        todo = "see whether the list of classes is this dataset's; --classes a,b names them in order"
        raise InputError("A class has no name.", expected=expected, found=word, where=where, todo=todo)
    return names[int(number)]


def _edges(values: Sequence[float], where: str) -> Box:
    cx, cy, w, h = values
    if w < 0 or h < 0:
        raise InputError("A box has a negative side.", expected="cx cy w h", found=f"{w:g} x {h:g}", where=where)
    return Box(cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2)


def _digits(word: str) -> int:
    """Significant digits of a number as it is written: 4 in 0.0123e-5 and in 12.30."""
    return len(word.lower().partition("e")[0].lstrip("+-").replace(".", "").lstrip("0"))


def _pixels(fraction: float, side: int, rounded: bool) -> float:
    """An edge in pixels; a border of whole pixels if the number means nothing finer."""
    edge = fraction * side
    border = float(round(edge))
    return border if math.isclose(edge, border, rel_tol=0, abs_tol=ROUNDED * side if rounded else EXACT) else edge


def write_yolo(dataset: Dataset, folder: Path) -> None:
    """Write `labels/<image>.txt`, `classes.txt`, `data.yaml` and `difficult.json`; images are not copied.

    A box comes back to 1e-9 pixels. An image without boxes gets an empty file.

    Raises:
        WorkError: A file cannot be written; those written before stay.
    """
    labels = {name: label for label, name in enumerate(dataset.classes)}
    for item in dataset.items:
        write_text(folder / LABELS / f"{item.image}.txt", _lines(item, labels))
    difficult = {
        item.image: [line for line, thing in enumerate(item.annotation.objects) if thing.difficult]
        for item in dataset.items
    }
    write_json(folder / DIFFICULT, {image: lines for image, lines in difficult.items() if lines})
    write_class_list(folder / CLASSES, dataset.classes)
    card = {"path": ".", "train": "images", "val": "images", "names": dict(enumerate(dataset.classes))}
    write_text(folder / "data.yaml", yaml.safe_dump(card, allow_unicode=True, sort_keys=False))


def _lines(item: Item, labels: Mapping[str, int]) -> str:
    width, height = item.annotation.width, item.annotation.height
    rows = [(labels[thing.name], yolo_box(thing.box, width, height)) for thing in item.annotation.objects]
    return "".join(f"{label} {' '.join(f'{value:.{DECIMALS}f}' for value in values)}\n" for label, values in rows)


def yolo_box(box: Box, width: int, height: int) -> tuple[float, float, float, float]:
    """Centre x, centre y, width and height of a box as fractions of an image of `width` x `height` pixels."""
    return (
        (box.x0 + box.x1) / (2 * width),
        (box.y0 + box.y1) / (2 * height),
        (box.x1 - box.x0) / width,
        (box.y1 - box.y0) / height,
    )
