"""Annotations that do not say how large their image is."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from spinedet.annotations.errors import InputError
from spinedet.datasets.dataset import Dataset, check_sizes

XML = """<annotation><size><width>{}</width><height>{}</height></size><object><name>disc</name>
<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object></annotation>"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Image `a`, 64 x 48, whose annotation says 0 x 0, and `b`, whose annotation says its size."""
    for name, size in (("a", (0, 0)), ("b", (64, 48))):
        (tmp_path / "JPEGImages").mkdir(exist_ok=True)
        (tmp_path / "Annotations").mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / "JPEGImages" / f"{name}.png"), np.zeros((48, 64), np.uint8))
        (tmp_path / "Annotations" / f"{name}.xml").write_text(XML.format(*size), encoding="utf-8")
    return tmp_path


def test_the_image_is_asked_where_it_is_loaded(folder: Path) -> None:
    dataset = Dataset.load(folder, each_image_is_a_patient=True)
    assert [(item.annotation.width, item.annotation.height) for item in dataset.items] == [(64, 48), (64, 48)]
    check_sizes(dataset)


def test_an_image_is_not_asked_for_what_its_annotation_says(folder: Path) -> None:
    (folder / "JPEGImages" / "b.png").write_bytes(b"damaged")
    assert Dataset.load(folder, images=["b"], each_image_is_a_patient=True)["b"].annotation.width == 64


def test_without_images_the_annotation_is_refused_and_the_image_asked_for(folder: Path) -> None:
    with pytest.raises(InputError, match=r"no image size(.|\n)*a\.xml:1(.|\n)*the image is needed"):
        Dataset.load(folder, with_images=False, each_image_is_a_patient=True)


def test_an_image_that_is_asked_in_vain_is_named(folder: Path) -> None:
    (folder / "JPEGImages" / "a.png").write_bytes(b"damaged")
    with pytest.raises(InputError, match=r"image is damaged(.|\n)*a\.png"):
        Dataset.load(folder, each_image_is_a_patient=True)
