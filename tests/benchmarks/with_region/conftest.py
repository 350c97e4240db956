"""Livers drawn by hand: `livers()` is a dataset of eight patients with two images each, and masks of their regions."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from spinedet.annotations.boxes import Box
from spinedet.datasets.dataset import Dataset

WIDTH, HEIGHT = 64, 48
CLASSES = ("healthy", "ill")


def place_of(image: str) -> Box:
    """Where the region of `p3b` lies: further right with the patient's number."""
    left = 4 * int(image[1])
    return Box(left, 10, left + 20, 30)


def write_mask(path: Path, box: Box | None, value: int = 255) -> None:
    """A mask of one box; of none it is empty."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    if box is not None:
        x0, y0, x1, y1 = map(int, box)
        mask[y0:y1, x0:x1] = value
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(cv2.imencode(".png", mask)[1].tobytes())


@pytest.fixture
def livers(make_dataset: Callable[..., Path]) -> Callable[..., Dataset]:
    """`livers()`: `p0a`, `p0b`, `p1a` ... with masks; odd patients are ill, every image has pixels of its own."""

    def make(*, masks: bool = True) -> Dataset:
        names = [f"p{number}{view}" for number in range(8) for view in "ab"]
        rows = {image: (f"P{image[1]}", [(CLASSES[int(image[1]) % 2], 1, 1, WIDTH, HEIGHT)]) for image in names}
        folder = make_dataset(rows)
        for number, image in enumerate(names):
            pixels = np.full((HEIGHT, WIDTH), 60, np.uint8)
            pixels[0, number] = 200
            (folder / "JPEGImages" / f"{image}.png").write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
            if masks:
                write_mask(folder / "Regions" / f"{image}.png", place_of(image))
        return Dataset.load(folder, classes=CLASSES)

    return make
