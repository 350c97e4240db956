"""What `predict` leaves behind: boxes on the image (PNG), Pascal VOC that LabelImg opens, and `predictions.json`."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError, WorkError, some
from spinedet.annotations.files import write_bytes
from spinedet.annotations.voc import Annotation, VocObject, write_voc
from spinedet.datasets.dataset import IMAGES
from spinedet.datasets.images import SUFFIXES, Image, image_size
from spinedet.detect.contract import Detections

COLOURS = ((0, 158, 115), (213, 94, 0), (86, 180, 233), (230, 159, 0), (204, 121, 167), (240, 228, 66))
"""Okabe and Ito's palette (RGB), which colour-blind readers can tell apart; classes take them in turn."""

DATABASE = "spinedet prediction"
"""What a written annotation says about its source; LabelImg drops it when a person saves the file."""

LINE_SHARE = 1 / 400
"""Width of a box's line as a share of the image's long side."""


def find_images(paths: Iterable[Path]) -> list[Path]:
    """The image files among paths and, sorted by name, in folders; every header is checked.

    Raises:
        InputError: A path is missing, a folder has no images, a file is no image, or two have the same name.
    """
    found = [image for path in paths for image in _images_of(path)]
    for path in found:
        image_size(path)
    if doubled := sorted(stem for stem, times in Counter(path.stem for path in found).items() if times > 1):
        raise InputError("Two images have the same name.", found=some(doubled), todo="predict them in separate calls")
    return found


def _images_of(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise InputError("There is no such image or folder.", where=path)
    found = sorted(entry for entry in path.iterdir() if entry.suffix.lower() in SUFFIXES and entry.name[0] != ".")
    if not found:
        todo = f"give {path / IMAGES}" if (path / IMAGES).is_dir() else None
        raise InputError("The folder has no images.", expected=", ".join(SUFFIXES), where=path, todo=todo)
    return found


def as_annotation(image: Path, detections: Detections, classes: Sequence[str]) -> Annotation:
    """Detections as somebody would have drawn them; boxes take whole pixels and at least one of them."""
    width, height = image_size(image)
    boxes = [_whole(box, width, height) for box in detections.boxes.tolist()]
    names = [classes[label] for label in detections.labels]
    objects = tuple(VocObject(name, box) for name, box in zip(names, boxes, strict=True))
    return Annotation(image.name, width, height, objects, folder=image.parent.name, database=DATABASE)


def _whole(box: Sequence[float], width: int, height: int) -> Box:
    """The box on pixel borders inside the image, never empty."""
    x0, y0 = min(round(box[0]), width - 1), min(round(box[1]), height - 1)
    return Box(x0, y0, max(round(box[2]), x0 + 1), max(round(box[3]), y0 + 1))


def write_prediction(folder: Path, image: Path, detections: Detections, classes: Sequence[str]) -> None:
    """Write `<stem>.xml`, which LabelImg opens beside the image."""
    write_voc(folder / f"{image.stem}.xml", as_annotation(image, detections, classes))


def map_names(images: Sequence[Path], classes: Sequence[str]) -> dict[tuple[str, int], str]:
    """The file name `IMAGE_CLASS.png` of every map, by stem of the image and number of the class.

    What a file name cannot hold everywhere becomes `-`; classes that then look alike get their number.

    Raises:
        InputError: Two maps would have one name, as image `a` with class `b_c` and image `a_b` with class `c`.
    """
    words = [re.sub(r"[^\w.+-]+", "-", name) for name in classes]
    alike = Counter(map(str.casefold, words))
    told = [f"{label}-{word}" if alike[word.casefold()] > 1 else word for label, word in enumerate(words)]
    names = {(path.stem, label): f"{path.stem}_{word}.png" for path in images for label, word in enumerate(told)}
    if doubled := [name for name, times in Counter(names.values()).items() if times > 1]:
        raise InputError("Two maps would have one name.", found=some(doubled), todo="predict them in separate calls")
    return names


def draw(image: Image, detections: Detections, classes: Sequence[str]) -> Image:
    """The image with each box, its class and its score.

    Returns:
        (H, W, 3) uint8, a new array.
    """
    canvas = np.ascontiguousarray(image)
    canvas = canvas.copy() if canvas is image else canvas
    width = max(1, round(max(canvas.shape[:2]) * LINE_SHARE))
    for box, score, label in zip(detections.boxes, detections.scores, detections.labels, strict=True):
        colour = COLOURS[label % len(COLOURS)]
        x0, y0, x1, y1 = (round(float(edge)) for edge in box)
        cv2.rectangle(canvas, (x0, y0), (x1, y1), colour, width, cv2.LINE_AA)
        _caption(canvas, f"{classes[label]} {score:.2f}", (x0, y0), (x1, y1), colour, width)
    return canvas


def _caption(
    canvas: Image,
    text: str,
    top_left: tuple[int, int],
    bottom_right: tuple[int, int],
    colour: tuple[int, ...],
    line: int,
) -> None:
    """Write on black left of the box, or right of it where no room is.

    Left is the front of a sagittal spine: the next disc and the spinal canal stay free.
    """
    size = 0.3 * line + 0.1
    (width, height), below = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, 1)
    x = top_left[0] - width - 2 * line
    if x < 0:
        x = min(bottom_right[0] + 2 * line, canvas.shape[1] - width)
    y = (top_left[1] + bottom_right[1] + height) // 2
    cv2.rectangle(canvas, (x, y - height - line), (x + width, y + below), (0, 0, 0), cv2.FILLED)
    cv2.putText(canvas, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, size, colour, 1, cv2.LINE_AA)


def write_png(path: Path, image: Image) -> None:
    """Write an RGB image (H, W, 3) as PNG, whole or not at all.

    Raises:
        WorkError: It cannot be encoded or written.
    """
    done, data = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    if not done:
        raise WorkError("A picture could not be encoded.", where=path)
    write_bytes(path, data.tobytes())
