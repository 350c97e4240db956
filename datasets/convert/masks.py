"""Label images in and out: a PNG an image, 0 where nothing is, and a value for each class.

Every connected component (8 neighbours) of a value is read as one box, its extent. `classes.csv` beside the masks says
what the values mean: `value,class,difficult`. A mask holds whole pixels only, and neither boxes that overlap nor boxes
of one value that touch: `write_masks` refuses those, because they could not be told apart again.
"""

import csv
import io
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError, WorkError, some
from spinedet.annotations.files import write_bytes, write_text
from spinedet.datasets.convert.classes import CLASSES, read_class_list
from spinedet.datasets.convert.image_index import ImageIndex, visible_files
from spinedet.datasets.convert.notes import Notes
from spinedet.datasets.convert.source import Shape, Source, SourceImage, existing
from spinedet.datasets.convert.table import TRUE, Line, read_table
from spinedet.datasets.dataset import Dataset, Item
from spinedet.datasets.images import image_size

MASKS, IMAGES = "masks", "images"

VALUES = "classes.csv"
"""What each value of the masks means."""

COLUMNS = ("value", "class", "difficult")

MOST_VALUES = 255
"""Values that an 8-bit mask has besides the background."""

MODES = {"1", "L", "P", "I", "I;16", "I;16B"}
"""Pillow's names of images with one value a pixel; of a palette image the number is the value, not the colour."""

Mask = NDArray[np.int32]
"""(H, W) values."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a value of a mask says."""

    name: str
    difficult: bool = False


def read_masks(source: Path, images: Path | None = None, classes: Sequence[str] = (), smallest_area: int = 1) -> Source:
    """Read label images.

    Args:
        source: A folder with `masks/` and `images/`, or the masks alone; `classes.csv` or `classes.txt` in it.
        images: Where the images lie, by the names of the masks; otherwise `source/images`.
        classes: The classes of the values 1, 2, ...; otherwise `classes.csv`, otherwise the lines of `classes.txt`.
        smallest_area: Pixels of the smallest component that is taken for an object.

    Raises:
        InputError: A mask is damaged, coloured or of another size than its image, or a value has no class.
    """
    folder = source / MASKS if (existing(source, "mask") / MASKS).is_dir() else source
    index, notes = ImageIndex.of(images or source / IMAGES), Notes()
    meanings = _meanings(source, classes)
    files = _mask_files(folder, index.root)
    found = tuple(_image(path, index, meanings, smallest_area, notes) for path in files)
    names = tuple(dict.fromkeys(meaning.name for meaning in meanings.values()))
    return Source("masks", folder, names, found, index, {}, notes.all())


def _mask_files(folder: Path, images: Path) -> list[Path]:
    """The masks of a folder, in which the folder of images may lie."""
    inside, root = folder.resolve() in images.resolve().parents, images.resolve()
    files = [path for path in visible_files(folder, ".png") if not (inside and path.resolve().is_relative_to(root))]
    if not files:
        raise InputError("There are no masks.", expected="*.png", found="none", where=folder)
    return files


def _meanings(source: Path, classes: Sequence[str]) -> dict[int, Meaning]:
    """What each value means, in the order of the list."""
    if not classes and (source / VALUES).is_file():
        return _read_values(source / VALUES)
    names = tuple(classes) or read_class_list(source / CLASSES)
    if not names:
        raise InputError(
            "Nobody knows the classes of these masks.",
            expected=f"{VALUES} with the columns value and class, or {CLASSES}",
            found="neither",
            where=source,
            todo="write one, or name the classes of the values 1, 2, ...: --classes a,b",
        )
    return {value: Meaning(name) for value, name in enumerate(names, start=1)}


def _read_values(path: Path) -> dict[int, Meaning]:
    header, lines = read_table(path)
    if not set(COLUMNS[:2]) <= set(header):
        raise InputError("The columns are wrong.", expected=",".join(COLUMNS[:2]), found=",".join(header), where=path)
    found: dict[int, Meaning] = {}
    for line in lines:
        value, name = _value(line), line.cells["class"]
        if not name or value in found:
            raise InputError("A value has no class, or two.", found=f"{value}: '{name}'", where=line.where)
        found[value] = Meaning(name, line.cells.get("difficult", "").lower() in TRUE)
    return found


def _value(line: Line) -> int:
    text = line.cells["value"]
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 2**16):
        raise InputError("This is no value of a mask.", expected="1 to 65535", found=repr(text), where=line.where)
    return int(text)


def _image(path: Path, index: ImageIndex, meanings: Mapping[int, Meaning], smallest: int, notes: Notes) -> SourceImage:
    image, mask = index.of_stem(path.stem, str(path)), _read_mask(path)
    values = [int(value) for value in np.unique(mask) if value]
    if unknown := [value for value in values if value not in meanings]:
        raise InputError(
            "Values of a mask have no class.",
            expected=some(f"{value} {meaning.name}" for value, meaning in meanings.items()),
            found=some(map(str, unknown)),
            where=path,
            todo=f"add them to {VALUES} (a mask of 0 and 255 has the value 255)",
        )
    shapes = [
        Shape(meanings[value].name, box, f"{path}, value {value}", meanings[value].difficult)
        for value in values
        for box in _components(mask == value, smallest, f"{path.name}, value {value}", notes)
    ]
    return SourceImage(image, str(path), tuple(shapes), (mask.shape[1], mask.shape[0]))


def _read_mask(path: Path) -> Mask:
    """The values of a mask, (H, W); Pillow, because OpenCV gives the colours of a palette."""
    image_size(path)  # refuses what is damaged or too large before anything is decoded
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Picture.open(path) as picture:
                if picture.mode not in MODES:
                    todo = "save one value a pixel: 8 or 16 bits grey, or a palette"
                    found = f"mode {picture.mode}"
                    raise InputError("A mask has colours.", expected="values", found=found, where=path, todo=todo)
                return np.asarray(picture).astype(np.int32)
    except (OSError, ValueError, SyntaxError) as error:  # all that Pillow says of a damaged PNG
        raise InputError("A mask is damaged.", expected="a readable PNG", found=str(error), where=path) from error


def _components(region: NDArray[np.bool_], smallest: int, where: str, notes: Notes) -> list[Box]:
    """Extents of the connected components of a region, from the top down; small ones are left out by name."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(region.astype(np.uint8), connectivity=8)
    boxes = []
    for left, top, width, height, area in stats[1:].tolist():  # the first is the background
        if area < smallest:
            notes.left_out(f"components of less than {smallest} pixels", f"{where} at {left} {top}")
        else:
            boxes.append(Box(left, top, left + width, top + height))
    return boxes


def write_masks(dataset: Dataset, folder: Path) -> None:
    """Write `masks/<image>.png`, 8 bits, and `classes.csv`; edges are rounded to whole pixels.

    Difficult objects have values of their own, after those of the classes.

    Raises:
        InputError: Boxes overlap, or touch and are of one value; the message names the images.
        WorkError: A file cannot be written.
    """
    values = _values(dataset)
    if crossed := [item.image for item in dataset.items if _cannot_be_told_apart(item, values)]:
        raise InputError(
            "Boxes overlap, or touch and are of one class: a mask cannot hold them.",
            expected="boxes apart from each other",
            found=f"{len(crossed)} images: {some(crossed)}",
            where=dataset.folder,
            todo="export coco, labelme, yolo or csv instead; these hold every box",
        )
    for item in dataset.items:
        write_bytes(folder / MASKS / f"{item.image}.png", _png(_paint(item, values)))
    table = io.StringIO(newline="")
    rows = [(value, meaning.name, int(meaning.difficult)) for meaning, value in values.items()]
    csv.writer(table, lineterminator="\n").writerows([COLUMNS, *rows])
    write_text(folder / VALUES, table.getvalue())


def _values(dataset: Dataset) -> dict[Meaning, int]:
    """A value for every class, and further ones for the classes that have difficult objects."""
    hard = {thing.name for item in dataset.items for thing in item.annotation.objects if thing.difficult}
    meanings = [Meaning(name) for name in dataset.classes]
    meanings += [Meaning(name, difficult=True) for name in dataset.classes if name in hard]
    if len(meanings) > MOST_VALUES:
        found = f"{len(meanings)} classes, difficult ones counted apart"
        raise InputError("A mask has not so many values.", expected=f"at most {MOST_VALUES}", found=found)
    return {meaning: value for value, meaning in enumerate(meanings, start=1)}


def _regions(item: Item, values: Mapping[Meaning, int]) -> list[tuple[int, Box]]:
    return [(values[Meaning(thing.name, thing.difficult)], thing.box.whole()) for thing in item.annotation.objects]


def _cannot_be_told_apart(item: Item, values: Mapping[Meaning, int]) -> bool:
    pairs = combinations(_regions(item, values), 2)
    return any(_meet(one, other, touching=value == other_value) for (value, one), (other_value, other) in pairs)


def _meet(one: Box, other: Box, *, touching: bool) -> bool:
    """Whether two boxes share a pixel or, if that is asked, a border or a corner."""
    gap = max(one.x0 - other.x1, other.x0 - one.x1, one.y0 - other.y1, other.y0 - one.y1)
    return gap <= 0 if touching else gap < 0


def _paint(item: Item, values: Mapping[Meaning, int]) -> NDArray[np.uint8]:
    mask = np.zeros((item.annotation.height, item.annotation.width), np.uint8)
    for value, box in _regions(item, values):
        x0, y0, x1, y1 = map(int, box)
        mask[y0:y1, x0:x1] = value
    return mask


def _png(mask: NDArray[np.uint8]) -> bytes:
    done, data = cv2.imencode(".png", mask)
    if not done:
        raise WorkError("A mask could not be written as PNG.", found="{} x {}".format(*mask.shape[::-1]))
    return bytes(data)
