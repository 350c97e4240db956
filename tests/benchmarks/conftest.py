"""Ground truth and detections drawn by hand in memory; every image has 100 x 100 pixels.

`draw({"a": [("disc", 0, 0, 10, 10)]})` is a dataset with one image and one disc (continuous edges; a sixth value
that is true marks a difficult object). `find([(0, 0, 0, 10, 10, 0.9)])` is one detection: label, edges, score.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from spinedet.annotations.boxes import Box
from spinedet.annotations.voc import Annotation, VocObject
from spinedet.datasets.card import Card
from spinedet.datasets.dataset import Dataset, Item
from spinedet.detect.contract import Detections

SIDE = 100


def draw_dataset(
    rows: Mapping[str, Sequence[tuple[Any, ...]]],
    classes: Sequence[str] = ("disc",),
    patients: Mapping[str, str] | None = None,
) -> Dataset:
    """A dataset without files; patients by image, otherwise each image is one."""
    items = [
        Item(
            image,
            None,
            Annotation("", SIDE, SIDE, tuple(VocObject(row[0], Box(*row[1:5]), any(row[5:])) for row in rows[image])),
            (patients or {}).get(image, image),
        )
        for image in sorted(rows)
    ]
    return Dataset(Path(), Card(name="drawn"), tuple(classes), tuple(items))


def find_detections(rows: Sequence[tuple[float, ...]]) -> Detections:
    return Detections.ranked([row[1:5] for row in rows], [row[5] for row in rows], [row[0] for row in rows])


@pytest.fixture(scope="session")
def draw() -> Callable[..., Dataset]:
    return draw_dataset


@pytest.fixture(scope="session")
def find() -> Callable[..., Detections]:
    return find_detections
