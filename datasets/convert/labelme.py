"""LabelMe JSON in and out: one file an image, points in continuous pixels from 0.

Rectangles are boxes; polygons, circles and masks are read as their extents. `imageData` is ignored: the image is the
file that lies there.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError, some
from spinedet.annotations.files import write_json
from spinedet.annotations.voc import VocObject
from spinedet.datasets.convert.classes import read_class_list, write_class_list
from spinedet.datasets.convert.image_index import ImageIndex, visible_files
from spinedet.datasets.convert.notes import OUTLINES, Notes
from spinedet.datasets.convert.parsing import Row, a_row, image_size_in, numbers, read_json, rows, word
from spinedet.datasets.convert.source import Point, Shape, Source, SourceImage, existing, extent
from spinedet.datasets.dataset import Dataset, Item

LABELS = "labels.txt"
"""The list of classes that LabelMe is started with: `labelme --labels labels.txt`."""

NOT_CLASSES = {"__ignore__", "_background_"}
"""What LabelMe's own examples put at the head of that list."""

KINDS = ("rectangle", "polygon", "circle", "mask")
"""Shapes that enclose something."""

VERSION = "5.5.0"
"""The release of LabelMe whose files ours are like."""


def read_labelme(source: Path, images: Path | None = None, classes: Sequence[str] = ()) -> Source:
    """Read LabelMe files.

    Args:
        source: A folder of JSON files, or one file.
        images: Where the images lie; otherwise in the same folder or below.
        classes: The classes in order; otherwise those of `labels.txt`, otherwise the names found, sorted.

    Raises:
        InputError: Something is missing or wrong; the message has the JSON path.
    """
    folder = existing(source, "LabelMe") if source.is_dir() else source.parent
    index, notes = ImageIndex.of(images or folder), Notes()
    files = list(visible_files(source, ".json")) if source.is_dir() else [existing(source, "LabelMe")]
    if not files:
        raise InputError("There are no LabelMe files.", expected="*.json", found="none", where=source)
    listed = tuple(name for name in read_class_list(folder / LABELS) if name not in NOT_CLASSES)
    found = tuple(_image(path, index, notes) for path in files)
    return Source("LabelMe", folder, tuple(classes) or listed, found, index, {}, notes.all())


def _image(path: Path, index: ImageIndex, notes: Notes) -> SourceImage:
    data = read_json(path, "LabelMe file")
    if not isinstance(data, dict) or "shapes" not in data:
        coco = isinstance(data, dict) and {"images", "annotations"} <= data.keys()
        todo = f"this is a COCO file: spinedet import coco {path} --out DATASET" if coco else None
        found = some(map(str, data)) if isinstance(data, dict) else type(data).__name__
        raise InputError("This is no LabelMe file.", expected="shapes", found=found, where=path, todo=todo)
    image = index.named(word(data.get("imagePath"), f"{path}: imagePath"), f"{path}: imagePath")
    size = image_size_in(data.get("imageWidth"), data.get("imageHeight"), str(path))
    shapes = (
        _shape(row, f"{path}: shapes[{at}]", notes) for at, row in enumerate(rows(data["shapes"], f"{path}: shapes"))
    )
    return SourceImage(image, str(path), tuple(shape for shape in shapes if shape is not None), size)


def _shape(row: Row, where: str, notes: Notes) -> Shape | None:
    """A shape with an extent; others are left out by name."""
    kind = row.get("shape_type") or "polygon"  # files of old releases do not say
    points = [_point(value, f"{where}.points[{at}]") for at, value in enumerate(_list(row.get("points"), where))]
    if kind not in KINDS:
        notes.left_out(f"shapes of the kind {kind}, which have no extent", where)
        return None
    if kind != "rectangle":
        notes.reported(OUTLINES, where)
    flags = a_row(row.get("flags") or {}, f"{where}.flags")
    for flag in sorted(name for name, on in flags.items() if on and name not in ("difficult", "truncated")):
        notes.reported(f"flags '{flag}', not kept", where)
    if row.get("group_id") is not None:
        notes.reported("group numbers, not kept", where)
    if row.get("description"):
        notes.reported("descriptions, not kept", where)
    name, hard, cut = word(row.get("label"), f"{where}.label"), flags.get("difficult"), flags.get("truncated")
    return Shape(name, _box(kind, points, where), where, bool(hard), bool(cut))


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise InputError("A shape has no points.", expected="[[x, y], ...]", found=repr(value), where=where)
    return value


def _point(value: Any, where: str) -> Point:
    x, y = numbers(value, where, 2)
    return x, y


def _box(kind: str, points: Sequence[Point], where: str) -> Box:
    box = extent(points, where)
    if kind == "mask":  # its corners are pixels, both of them inside
        return Box(box.x0, box.y0, box.x1 + 1, box.y1 + 1)
    if kind != "circle":
        return box
    (x, y), radius = points[0], math.dist(points[0], points[1])
    return Box(x - radius, y - radius, x + radius, y + radius)


def write_labelme(dataset: Dataset, folder: Path) -> None:
    """Write one JSON file an image, and `labels.txt`; difficult and truncated objects have flags of that name.

    Raises:
        WorkError: A file cannot be written.
    """
    for item in dataset.items:
        write_json(folder / f"{item.image}.json", _file(item))
    write_class_list(folder / LABELS, dataset.classes)


def _file(item: Item) -> Row:
    return {
        "version": VERSION,
        "flags": {},
        "shapes": [_rectangle(thing) for thing in item.annotation.objects],
        "imagePath": item.image if item.path is None else item.path.name,
        "imageData": None,
        "imageHeight": item.annotation.height,
        "imageWidth": item.annotation.width,
    }


def _rectangle(thing: VocObject) -> Row:
    box, flags = thing.box, {"difficult": thing.difficult, "truncated": thing.truncated}
    return {
        "label": thing.name,
        "points": [[box.x0, box.y0], [box.x1, box.y1]],
        "group_id": None,
        "description": "",
        "shape_type": "rectangle",
        "flags": {name: True for name, on in flags.items() if on},
        "mask": None,
    }
