"""`predictions.json`: what a detector found, one entry a detection, in continuous pixels of the original image.

Scores and boxes are written with every digit of their float32 value, so scoring the file equals scoring what was in
memory.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict  # pydantic needs this one below Python 3.12

from spinedet.annotations.errors import InputError, WorkError, nearest, some
from spinedet.annotations.files import read_json, write_text
from spinedet.datasets.dataset import Dataset
from spinedet.detect.contract import Detections

LAYOUT = '{"image": "...", "label": "...", "box": [x0, y0, x1, y1], "score": s}'
"""An entry as messages show it."""

LARGEST = float(np.finfo(np.float32).max)
"""Coordinates and scores are held as float32; what is larger counts as not finite."""


@dataclass(frozen=True, eq=False, slots=True)
class OrderedDetections(Detections):
    """Detections that remember their place in the file they were read from.

    Attributes:
        order: (N,) int64, place among all detections of the file when these are sorted by descending score, equal
            scores in the file's order. It decides between scores that are equal as float32.
    """

    order: NDArray[np.int64]


_Float = Annotated[float, Field(ge=-LARGEST, le=LARGEST)]


class _Row(TypedDict):
    __pydantic_config__ = ConfigDict(strict=True, allow_inf_nan=False)  # type: ignore[misc]

    image: str
    label: str
    box: Annotated[list[_Float], Field(min_length=4, max_length=4)]
    score: _Float


_CHECK = TypeAdapter(_Row)


def read_predictions(path: Path, dataset: Dataset) -> dict[str, Detections]:
    """Read and check a predictions file.

    Args:
        path: The file.
        dataset: Whose images and classes the file may name; its pixels are not read.

    Returns:
        The detections of every image of the dataset (none where the file has no entry of it), as `OrderedDetections`.

    Raises:
        InputError: The file is missing, is no JSON list, or an entry is incomplete, names an unknown image or class,
            has a score or an edge that is no finite number, or a box turned inside out. The message has its number.
    """
    rows = read_json(path, "predictions file")
    if not isinstance(rows, list):
        found = f"a JSON {type(rows).__name__}"
        raise InputError("This is not a predictions file.", expected=f"a list of {LAYOUT}", found=found, where=path)
    _check_rows(path, rows)
    images = _places(path, rows, "image", dataset.images)
    labels = _places(path, rows, "label", dataset.classes)
    boxes = np.array([row["box"] for row in rows], np.float64).reshape(-1, 4)
    _check_sides(path, boxes)
    scores = np.array([row["score"] for row in rows], np.float64)
    return _by_image(dataset.images, images, boxes, scores, labels)


def _check_rows(path: Path, rows: list[Any]) -> None:
    """Every row has its keys, with values of the right kind."""
    check = _CHECK.validator.validate_python
    number = 0
    try:
        for number, row in enumerate(rows, start=1):  # noqa: B007
            check(row)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise InputError(
            "An entry of the predictions is wrong.",
            expected=LAYOUT,
            found=f"{key or 'the entry'}: {first['msg'].lower()} ({json.dumps(rows[number - 1])[:120]})",
            where=_entry(path, number),
        ) from error


def _entry(path: Path, number: int) -> str:
    return f"{path}, entry {number}"


def _places(path: Path, rows: list[_Row], key: Literal["image", "label"], known: Sequence[str]) -> NDArray[np.int64]:
    """Index of each row's image or label into the known ones."""
    numbers = {name: number for number, name in enumerate(known)}
    places = np.array([numbers.get(row[key], -1) for row in rows], np.int64)
    unknown = np.flatnonzero(places < 0)
    if unknown.size:
        names = list(dict.fromkeys(rows[place][key] for place in unknown.tolist()))
        raise InputError(
            f"The predictions name an unknown {'class' if key == 'label' else key}.",
            expected=nearest(names[0], known) if key == "label" else f"one of {some(known)}",
            found=some(f"'{name}'" for name in names),
            where=_entry(path, int(unknown[0]) + 1),
        )
    return places


def _check_sides(path: Path, boxes: NDArray[np.float64]) -> None:
    wrong = np.flatnonzero((boxes[:, 2:] < boxes[:, :2]).any(axis=1))
    if wrong.size:
        raise InputError(
            "A box of the predictions is turned inside out.",
            expected="[x0, y0, x1, y1] with x0 <= x1 and y0 <= y1, in pixels",
            found=str(boxes[wrong[0]].tolist()),
            where=_entry(path, int(wrong[0]) + 1),
            todo="write corners, not width and height",
        )


def _by_image(
    names: Sequence[str],
    images: NDArray[np.int64],
    boxes: NDArray[np.float64],
    scores: NDArray[np.float64],
    labels: NDArray[np.int64],
) -> dict[str, Detections]:
    """Part the rows of a file, (N,) each and boxes (N, 4), by image."""
    ranked = np.argsort(-scores, kind="stable")  # sorted before float32 can make two scores equal
    order = np.empty_like(ranked)
    order[ranked] = np.arange(len(ranked))
    rows = ranked[np.argsort(images[ranked], kind="stable")]  # image after image, each by score
    borders = np.searchsorted(images[rows], np.arange(1, len(names)))
    points, corners = scores.astype(np.float32), boxes.astype(np.float32)
    return {
        name: OrderedDetections(corners[part], points[part], labels[part], order[part])
        for name, part in zip(names, np.split(rows, borders), strict=True)
    }


def write_predictions(path: Path, predictions: Mapping[str, Detections], classes: Sequence[str]) -> None:
    """Write a predictions file, whole or not at all: one line a detection, images by name, best score first.

    Args:
        path: The file.
        predictions: Detections by image name.
        classes: The names behind their labels.

    Raises:
        WorkError: A score or an edge is no finite number, or the file cannot be written.
    """
    lines = [line for image in sorted(predictions) for line in _lines(image, predictions[image], classes)]
    write_text(path, "[\n" + ",\n".join(lines) + "\n]\n" if lines else "[]\n")


def _lines(image: str, found: Detections, classes: Sequence[str]) -> Iterator[str]:
    if not (np.isfinite(found.boxes).all() and np.isfinite(found.scores).all()):
        raise WorkError(
            "A detector gave a box or a score that is no finite number.",
            found=f"in image '{image}'",
            todo="training has diverged: train again with a smaller learning rate",
        )
    name = json.dumps(image, ensure_ascii=False)
    labels = [json.dumps(label, ensure_ascii=False) for label in classes]
    boxes, scores = found.boxes.astype(np.str_), found.scores.astype(np.str_)  # the shortest text of each float32
    for corners, score, label in zip(boxes.tolist(), scores.tolist(), found.labels.tolist(), strict=True):
        yield f'{{"image": {name}, "label": {labels[label]}, "box": [{", ".join(corners)}], "score": {score}}}'
