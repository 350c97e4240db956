"""Small datasets for studies, whose images all differ, and the pieces that tests of a study put together.

`write_images(root, {"ann": {"a1": ["disc"]}})` writes one noisy 64 x 48 image `a1` of patient `ann` with one box of
class `disc`; the boxes of an image lie beside each other.
"""

import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from spinedet.annotations.boxes import Box
from spinedet.annotations.voc import Annotation, VocObject, write_voc
from spinedet.datasets.dataset import Dataset
from spinedet.detect.contract import Settings
from spinedet.detect.fake import FakeDetector

WIDTH, HEIGHT, SIDE = 64, 48, 12

Patients = Mapping[str, Mapping[str, Sequence[str]]]
"""Classes of the boxes on each image of each patient."""

SETTINGS = Settings(detector="fake", size="one", image_size=64, epochs=1)


def write_images(root: Path, patients: Patients, *, same: Mapping[str, str] | None = None, bits: int = 8) -> Path:
    """Write a dataset; an image that `same` names has the pixels of the other one."""
    owners = ["image,patient"]
    for patient, images in patients.items():
        for image, classes in images.items():
            save(root / "JPEGImages" / f"{image}.png", noise((same or {}).get(image, image), bits))
            write_voc(root / "Annotations" / f"{image}.xml", drawn(image, classes))
            owners.append(f"{image},{patient}")
    (root / "patients.csv").write_text("\n".join(owners) + "\n", encoding="utf-8")
    return root


def noise(name: str, bits: int = 8) -> np.ndarray:
    """(H, W) pixels that depend on the name."""
    kind = np.uint8 if bits == 8 else np.uint16
    return np.random.default_rng(zlib.crc32(name.encode())).integers(0, 2**bits, (HEIGHT, WIDTH), kind)


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(path.suffix, pixels)[1].tobytes())


def box(place: int) -> Box:
    """The box at a place from the left."""
    return Box(SIDE * place, 10, SIDE * place + SIDE - 2, 30)


def drawn(
    image: str, classes: Sequence[str], *, verified: bool = False, size: tuple[int, int] = (WIDTH, HEIGHT)
) -> Annotation:
    """An annotation with a box of each class, from left to right."""
    things = tuple(VocObject(name, box(place)) for place, name in enumerate(classes))
    return Annotation(f"{image}.png", *size, things, verified=verified)


def whole(image: str, label: str, *, verified: bool = False) -> Annotation:
    """An annotation with the one box that a whole image has."""
    return Annotation(f"{image}.png", WIDTH, HEIGHT, (VocObject(label, Box(0, 0, WIDTH, HEIGHT)),), verified=verified)


def train(data: Dataset, patients: Sequence[str], job: Path) -> Path:
    """A fake model that was trained on all images of these patients."""
    part = data.subset(item.image for item in data.items if item.patient in patients)
    return FakeDetector().train(part, None, SETTINGS, job, lambda _: None)
