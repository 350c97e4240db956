"""What the frameworks read: YOLO label files and COCO JSON. `difficult` is kept and classes stay in their order.

Both are deterministic: the same dataset gives the same bytes.
"""

from pathlib import Path
from typing import Any

import yaml

from spinedet.annotations.boxes import Box
from spinedet.annotations.files import write_json, write_text
from spinedet.datasets.dataset import Dataset, Item

DIFFICULT = "difficult.json"
"""Beside YOLO labels: the numbers, from 0, of the difficult lines of each image that has any."""

FIRST_COCO_ID = 1
"""COCO counts images, boxes and categories from 1 (some tools take 0 for "none")."""


def write_yolo(dataset: Dataset, folder: Path) -> None:
    """Write `labels/<image>.txt`, `classes.txt`, `data.yaml` and `difficult.json`; images are not copied.

    A line is `class cx cy w h`, centre and sides over the image's width and height, with every digit of the number, so
    that the box comes back to 1e-9 pixels. An image without boxes gets an empty file.

    Raises:
        WorkError: A file cannot be written; those written before stay.
    """
    labels = {name: label for label, name in enumerate(dataset.classes)}
    for item in dataset.items:
        write_text(folder / "labels" / f"{item.image}.txt", _yolo_lines(item, labels))
    difficult = {
        item.image: [line for line, thing in enumerate(item.annotation.objects) if thing.difficult]
        for item in dataset.items
    }
    write_json(folder / DIFFICULT, {image: lines for image, lines in difficult.items() if lines})
    write_text(folder / "classes.txt", "".join(f"{name}\n" for name in dataset.classes))
    names = dict(enumerate(dataset.classes))
    write_text(folder / "data.yaml", yaml.safe_dump({"names": names}, allow_unicode=True))


def _yolo_lines(item: Item, labels: dict[str, int]) -> str:
    width, height = item.annotation.width, item.annotation.height
    rows = [(labels[thing.name], *yolo_box(thing.box, width, height)) for thing in item.annotation.objects]
    return "".join(f"{label} {cx!r} {cy!r} {w!r} {h!r}\n" for label, cx, cy, w, h in rows)


def yolo_box(box: Box, width: int, height: int) -> tuple[float, float, float, float]:
    """Centre x, centre y, width and height of a box as fractions of an image of `width` x `height` pixels."""
    return (
        (box.x0 + box.x1) / (2 * width),
        (box.y0 + box.y1) / (2 * height),
        (box.x1 - box.x0) / width,
        (box.y1 - box.y0) / height,
    )


def write_coco(dataset: Dataset, path: Path) -> None:
    """Write one COCO detection file: `bbox` is x, y, width, height in continuous pixels, `iscrowd` is always 0.

    Raises:
        WorkError: The file cannot be written.
    """
    numbered = list(enumerate(dataset.items, start=FIRST_COCO_ID))
    boxes = [(image_id, thing) for image_id, item in numbered for thing in item.annotation.objects]
    ids = {name: number for number, name in enumerate(dataset.classes, start=FIRST_COCO_ID)}
    annotations = [
        {
            "id": number,
            "image_id": image_id,
            "category_id": ids[thing.name],
            **_coco_box(thing.box),
            "iscrowd": 0,
            "difficult": int(thing.difficult),
        }
        for number, (image_id, thing) in enumerate(boxes, start=FIRST_COCO_ID)
    ]
    categories = [{"id": number, "name": name, "supercategory": "none"} for name, number in ids.items()]
    images = [_coco_image(image_id, item) for image_id, item in numbered]
    write_json(path, {"images": images, "annotations": annotations, "categories": categories})


def _coco_box(box: Box) -> dict[str, Any]:
    sides = (box.x1 - box.x0, box.y1 - box.y0)
    return {"bbox": [box.x0, box.y0, *sides], "area": sides[0] * sides[1]}


def _coco_image(image_id: int, item: Item) -> dict[str, Any]:
    """`file_name` is the image's file where it was loaded, otherwise its name."""
    name = item.image if item.path is None else item.path.name
    return {"id": image_id, "file_name": name, "width": item.annotation.width, "height": item.annotation.height}
