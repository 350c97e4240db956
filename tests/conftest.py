"""Small datasets, written by hand into a temporary folder.

`make_dataset({"a1": ("ann", [("disc", 1, 1, 20, 10)])})` writes one 64 x 48 image `a1` of patient `ann` with one box
(VOC corners) and returns the folder. `voc_xml` gives the literal text of an annotation.
"""

import importlib.util
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

WIDTH, HEIGHT = 64, 48

VocBox = tuple[Any, ...]
"""Class name, xmin, ymin, xmax, ymax and, if it is so, a sixth value that is true for a difficult object."""

Rows = Mapping[str, tuple[str, Sequence[VocBox]]]
"""Patient and boxes of each image, by image name."""

MakeDataset = Callable[..., Path]

OBJECT = """  <object>
    <name>{name}</name>
    <pose>Unspecified</pose>
    <truncated>0</truncated>
    <difficult>{difficult:d}</difficult>
    <bndbox>
      <xmin>{xmin}</xmin>
      <ymin>{ymin}</ymin>
      <xmax>{xmax}</xmax>
      <ymax>{ymax}</ymax>
    </bndbox>
  </object>
"""


def voc_xml(image: str, boxes: Sequence[VocBox], size: tuple[int, int] = (WIDTH, HEIGHT)) -> str:
    """The text of a Pascal VOC file; `size` is width and height."""
    objects = "".join(
        OBJECT.format(name=escape(name), xmin=xmin, ymin=ymin, xmax=xmax, ymax=ymax, difficult=bool(rest and rest[0]))
        for name, xmin, ymin, xmax, ymax, *rest in boxes
    )
    return (
        f"<annotation>\n  <folder>JPEGImages</folder>\n  <filename>{escape(image)}.png</filename>\n"
        f"  <size>\n    <width>{size[0]}</width>\n    <height>{size[1]}</height>\n    <depth>1</depth>\n  </size>\n"
        f"{objects}</annotation>\n"
    )


def save_image(path: Path, pixels: NDArray[Any]) -> Path:
    """Write (H, W) or (H, W, 3) BGR pixels in the format of the suffix; any name works on every system."""
    path.parent.mkdir(parents=True, exist_ok=True)
    done, data = cv2.imencode(path.suffix, pixels)
    assert done
    path.write_bytes(data.tobytes())
    return path


def write_dataset(root: Path, rows: Rows, *, images: bool = True, patients: bool = True) -> Path:
    """Write a VOC folder with tiny grey images and, if wanted, `patients.csv`."""
    (root / "Annotations").mkdir(parents=True)
    for image, (_, boxes) in rows.items():
        (root / "Annotations" / f"{image}.xml").write_text(voc_xml(image, boxes), encoding="utf-8")
        if images:
            save_image(root / "JPEGImages" / f"{image}.png", np.full((HEIGHT, WIDTH), 90, np.uint8))
    if patients:
        lines = ["image,patient", *(f"{image},{patient}" for image, (patient, _) in rows.items())]
        (root / "patients.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs Paddle where it is not installed; where `SPINEDET_REQUIRE` says `paddle`, let it fail instead."""
    there = all(importlib.util.find_spec(name) is not None for name in ("paddle", "ppdet"))
    if there or "paddle" in os.environ.get("SPINEDET_REQUIRE", ""):
        return
    for item in items:
        if item.get_closest_marker("paddle"):
            item.add_marker(pytest.mark.skip(reason="needs the extra `paddle` and PaddleDetection: make setup-paddle"))


@pytest.fixture
def make_dataset(tmp_path: Path) -> MakeDataset:
    """`write_dataset` into a fresh folder of this test: `make_dataset(rows, images=True, patients=True)`."""
    numbers = iter(range(1000))

    def make(rows: Rows, *, images: bool = True, patients: bool = True) -> Path:
        return write_dataset(tmp_path / f"dataset{next(numbers)}", rows, images=images, patients=patients)

    return make


@pytest.fixture
def two_classes(make_dataset: MakeDataset) -> Path:
    """Six patients, two images each: a disc in every image, a vertebra in the first image of each patient."""
    disc, vertebra = ("disc", 5, 5, 24, 14), ("vertebra", 30, 20, 49, 39)
    return make_dataset(
        {
            f"p{patient}_{image}": (f"P{patient}", [disc, vertebra][: 3 - image])
            for patient in range(6)
            for image in (1, 2)
        }
    )


@pytest.fixture
def lumbar_mri() -> Path:
    """The real set beside the repository; tests that want it are skipped where it is absent."""
    folder = Path(__file__).parents[2] / "shared" / "data" / "lumbar-mri"
    if not folder.is_dir():
        pytest.skip("the lumbar-mri set is not beside this checkout")
    return folder
