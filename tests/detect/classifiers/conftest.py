"""A dataset that a classifier can learn in seconds: one square an image, bright or dark, and its box is the image."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from spinedet.datasets.dataset import Dataset
from spinedet.detect.contract import Settings

WIDTH, HEIGHT = 70, 50

SIDE = 64

XML = """<annotation><filename>{name}.png</filename>
<size><width>70</width><height>50</height><depth>1</depth></size>{objects}</annotation>
"""

OBJECT = """<object><name>{label}</name>
<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>70</xmax><ymax>50</ymax></bndbox></object>"""

MakeSquares = Callable[..., Dataset]

MakeSettings = Callable[..., Settings]


def write_squares(root: Path, labels: list[list[str]]) -> Dataset:
    """One grey image for each list of labels, with a square that is bright where the first of them is `bright`."""
    rng = np.random.default_rng(0)
    (root / "JPEGImages").mkdir(parents=True)
    (root / "Annotations").mkdir()
    for number, names in enumerate(labels):
        pixels = rng.integers(90, 110, (HEIGHT, WIDTH), np.uint8)
        x, y = rng.integers(0, (WIDTH - 24, HEIGHT - 24))
        pixels[y : y + 24, x : x + 24] = 230 if names[:1] == ["bright"] else 10
        cv2.imwrite(str(root / "JPEGImages" / f"i{number:02}.png"), pixels)
        text = XML.format(name=f"i{number:02}", objects="".join(OBJECT.format(label=label) for label in names))
        (root / "Annotations" / f"i{number:02}.xml").write_text(text, encoding="utf-8")
    lines = ["image,patient", *(f"i{number:02},p{number}" for number in range(len(labels)))]
    (root / "patients.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Dataset.load(root, classes=("bright", "dark"))


@pytest.fixture(scope="session")
def squares(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Sixteen images, bright and dark in turn."""
    return write_squares(tmp_path_factory.mktemp("squares") / "data", [["bright"], ["dark"]] * 8)


@pytest.fixture
def make_squares(tmp_path: Path) -> MakeSquares:
    """`write_squares` into a folder of this test."""
    return lambda labels: write_squares(tmp_path / "data", labels)


@pytest.fixture
def tiny() -> MakeSettings:
    """Settings of a tiny training."""

    def make(detector: str = "resnet50", size: str = "full", **changes: object) -> Settings:
        values = {"image_size": SIDE, "epochs": 1, "batch": 8, "learning_rate": 0.01, "device": "cpu"}
        return Settings.model_validate({"detector": detector, "size": size, **values, **changes})

    return make
