"""COCO detection JSON in and out: `bbox` is x, y, width, height in continuous pixels from 0.

Beyond the format, boxes have `difficult` and, where x + width is not the right edge to the last digit, `edges`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pycocotools import mask as coco_mask

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError, some
from spinedet.annotations.files import write_json
from spinedet.datasets.convert.image_index import ImageIndex, visible_files
from spinedet.datasets.convert.notes import OUTLINES, OUTLINES_LOST, Notes
from spinedet.datasets.convert.parsing import Row, image_size_in, numbers, pair_up, read_json, rows, word
from spinedet.datasets.convert.source import Point, Shape, Source, SourceImage, existing, extent
from spinedet.datasets.dataset import Dataset, Item

FIRST_ID = 1
"""COCO counts images, boxes and categories from 1 (some tools take 0 for "none")."""

JSON = "instances.json"
"""The file that the export writes."""

CROWDS = "crowds, kept as difficult boxes"

FOLDERS_OF_JSON = {"annotations", "labels"}
"""Where COCO files lie, the images being in a folder beside."""

RLE_FIRST, RLE_LAST, RLE_MORE = 48, 111, 0x20
"""Compressed run lengths: characters from 48 to 111, six bits each, the highest saying that the number goes on."""


def read_coco(source: Path, images: Path | None = None, classes: Sequence[str] = ()) -> Source:
    """Read a COCO file of instances.

    Args:
        source: The JSON file, or a folder with one.
        images: Where the images lie; otherwise anywhere below the folder of the file (or of its `annotations/`).
        classes: The classes in order; otherwise the categories in theirs.

    Raises:
        InputError: Something is missing or wrong; the message has the JSON path.
    """
    path, notes = _json_file(source), Notes()
    index = ImageIndex.of(images or (path.parent.parent if path.parent.name in FOLDERS_OF_JSON else path.parent))
    data = _instances(read_json(path, "COCO file"), path)
    names = _categories(data["categories"], path)
    listed = rows(data["images"], f"{path}: images")
    shapes = _shapes(data["annotations"], path, names, _by_id(listed, f"{path}: images"), notes)
    found = tuple(_image(row, f"{path}: images[{at}]", index, shapes) for at, row in enumerate(listed))
    return Source("COCO", path.parent, tuple(classes) or tuple(names.values()), found, index, {}, notes.all())


def _json_file(source: Path) -> Path:
    if existing(source, "COCO").is_file():
        return source
    found = list(visible_files(source, ".json"))
    if len(found) != 1:
        told = some(str(path.relative_to(source)) for path in found) or "none"
        raise InputError("Which COCO file is it?", expected="one .json file", found=told, where=source, todo="name it")
    return found[0]


def _instances(data: Any, path: Path) -> Row:
    tables = ("images", "annotations", "categories")
    if isinstance(data, dict) and all(name in data for name in tables):
        return data
    todo = None
    if isinstance(data, dict) and "shapes" in data:
        todo = f"this is a LabelMe file: spinedet import labelme {path.parent} --out DATASET"
    elif isinstance(data, list):
        todo = "these are detections without a list of images; import the annotations they were scored against"
    found = some(map(str, data)) if isinstance(data, dict) else type(data).__name__
    raise InputError("This is no COCO file.", expected=", ".join(tables), found=found, where=path, todo=todo)


def _by_id(listed: Sequence[Row], where: str) -> dict[int | str, Row]:
    """Rows by their number, which must be there once."""
    found: dict[int | str, Row] = {}
    for at, row in enumerate(listed):
        key = row.get("id")
        if not isinstance(key, int | str) or key in found:
            expected = "a number of its own"
            raise InputError("An id is wrong.", expected=expected, found=repr(key), where=f"{where}[{at}].id")
        found[key] = row
    return found


def _categories(value: Any, path: Path) -> dict[int | str, str]:
    where = f"{path}: categories"
    found = _by_id(rows(value, where), where)
    return {key: word(row.get("name"), f"{where}, id {key}, name") for key, row in found.items()}


def _image(row: Row, where: str, index: ImageIndex, shapes: Mapping[Any, list[Shape]]) -> SourceImage:
    path = index.named(word(row.get("file_name"), f"{where}.file_name"), f"{where}.file_name")
    size = image_size_in(row.get("width"), row.get("height"), where)
    return SourceImage(path, where, tuple(shapes.get(row["id"], ())), size)


def _shapes(
    value: Any, path: Path, names: Mapping[Any, str], images: Mapping[Any, Row], notes: Notes
) -> dict[Any, list[Shape]]:
    """Boxes by the number of their image."""
    found: dict[Any, list[Shape]] = {}
    for at, row in enumerate(rows(value, f"{path}: annotations")):
        where = f"{path}: annotations[{at}]"
        image, name = _known(row, "image_id", images, where), _known(row, "category_id", names, where)
        crowd = bool(row.get("iscrowd"))
        if crowd:
            notes.reported(CROWDS, where)
        shape = Shape(name, _box(row, image, where, notes), where, crowd or bool(row.get("difficult")))
        found.setdefault(row["image_id"], []).append(shape)
    return found


def _known(row: Row, key: str, known: Mapping[Any, Any], where: str) -> Any:
    value = row.get(key)
    if not isinstance(value, int | str) or value not in known:
        expected = f"an id of {'images' if key == 'image_id' else 'categories'}"
        raise InputError(
            f"An annotation has a wrong {key}.", expected=expected, found=repr(value), where=f"{where}.{key}"
        )
    return known[value]


def _box(row: Row, image: Row, where: str, notes: Notes) -> Box:
    outline = row.get("segmentation")
    if row.get("edges"):
        return Box(*numbers(row["edges"], f"{where}.edges", 4))
    if row.get("bbox"):
        if outline:
            notes.reported(OUTLINES_LOST, where)
        return _from_bbox(numbers(row["bbox"], f"{where}.bbox", 4), f"{where}.bbox")
    if not outline:
        raise InputError("An annotation has no box.", expected="bbox or segmentation", where=where)
    notes.reported(OUTLINES, where)
    return _outline_extent(outline, image, f"{where}.segmentation")


def _from_bbox(values: Sequence[float], where: str) -> Box:
    x, y, width, height = values
    if width < 0 or height < 0:
        found = f"{width:g} x {height:g}"
        raise InputError("A box has a negative side.", expected="x, y, width, height", found=found, where=where)
    return Box(x, y, x + width, y + height)


def _outline_extent(outline: Any, image: Row, where: str) -> Box:
    """Extent of polygons, or of the pixels of run lengths."""
    if isinstance(outline, dict):
        return _run_length_extent(outline, image, where)
    points: list[Point] = []
    for at, polygon in enumerate(outline if isinstance(outline, list) else [outline]):
        points += pair_up(numbers(polygon, f"{where}[{at}]"), f"{where}[{at}]")
    return extent(points, where)


def _run_length_extent(outline: Row, image: Row, where: str) -> Box:
    height, width = size = _run_length_size(outline, image, f"{where}.size")
    counts = outline.get("counts")
    if isinstance(counts, str) and _is_compressed(counts):
        runs = {"size": size, "counts": counts.encode("ascii")}
    elif (
        isinstance(counts, list)
        and all(type(run) is int and run >= 0 for run in counts)
        and sum(counts) == height * width
    ):
        runs = coco_mask.frPyObjects({"size": size, "counts": counts}, height, width)
    else:
        expected = f"run lengths of {height * width} pixels"
        raise InputError(
            "Run lengths are damaged.", expected=expected, found=repr(counts)[:60], where=f"{where}.counts"
        )
    x, y, across, down = (float(value) for value in coco_mask.toBbox(runs))
    return Box(x, y, x + across, y + down)


def _run_length_size(outline: Row, image: Row, where: str) -> list[int]:
    """Height and width, which must be the image's where that says its own."""
    size, told = outline.get("size"), [image.get("height"), image.get("width")]
    possible = isinstance(size, list) and len(size) == 2 and all(type(side) is int and side > 0 for side in size)
    if not possible or (None not in told and size != told):
        raise InputError("Run lengths are of another size.", expected=str(told), found=repr(size)[:60], where=where)
    return [int(side) for side in outline["size"]]


def _is_compressed(text: str) -> bool:
    """Whether the C code behind pycocotools can read it without leaving it."""
    codes = [ord(letter) for letter in text]
    ends = not codes or not (codes[-1] - RLE_FIRST) & RLE_MORE
    return ends and all(RLE_FIRST <= code <= RLE_LAST for code in codes)


def write_coco(dataset: Dataset, path: Path) -> None:
    """Write one COCO detection file; `iscrowd` is always 0, and every box comes back exactly.

    Raises:
        WorkError: The file cannot be written.
    """
    numbered = list(enumerate(dataset.items, start=FIRST_ID))
    boxes = [(image_id, thing) for image_id, item in numbered for thing in item.annotation.objects]
    ids = {name: number for number, name in enumerate(dataset.classes, start=FIRST_ID)}
    annotations = [
        {
            "id": number,
            "image_id": image_id,
            "category_id": ids[thing.name],
            **_bbox(thing.box),
            "iscrowd": 0,
            "difficult": int(thing.difficult),
        }
        for number, (image_id, thing) in enumerate(boxes, start=FIRST_ID)
    ]
    categories = [{"id": number, "name": name, "supercategory": "none"} for name, number in ids.items()]
    images = [_image_row(image_id, item) for image_id, item in numbered]
    write_json(path, {"images": images, "annotations": annotations, "categories": categories})


def _bbox(box: Box) -> Row:
    sides = (box.x1 - box.x0, box.y1 - box.y0)
    found: Row = {"bbox": [box.x0, box.y0, *sides], "area": sides[0] * sides[1]}
    if (box.x0 + sides[0], box.y0 + sides[1]) != (box.x1, box.y1):
        found["edges"] = list(box)
    return found


def _image_row(image_id: int, item: Item) -> Row:
    """`file_name` is the image's file where it was loaded, otherwise its name."""
    name = item.image if item.path is None else item.path.name
    return {"id": image_id, "file_name": name, "width": item.annotation.width, "height": item.annotation.height}
