"""Every box of a dataset as arrays: what the tables count, the figures draw, and the examples are chosen by."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spinedet.annotations.annotators import annotator_folder, annotator_names
from spinedet.annotations.voc import Annotation, read_voc
from spinedet.datasets.dataset import IMAGES, Dataset
from spinedet.datasets.images import SUFFIXES, image_size

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Census:
    """A dataset and the arrays of its boxes, N in all.

    Attributes:
        dataset: The dataset.
        item: (N,) which image a box is on, as a place in `dataset.items`.
        label: (N,) its class, as a place in `dataset.classes`.
        boxes: (N, 4) edges in pixels.
        canvas: (N, 2) width and height of its image.
    """

    dataset: Dataset
    item: Ints
    label: Ints
    boxes: Floats
    canvas: Floats

    @classmethod
    def of(cls, dataset: Dataset) -> "Census":
        """Count a dataset; no image is read."""
        places = {name: label for label, name in enumerate(dataset.classes)}
        rows = [
            (number, places[thing.name], *thing.box, item.annotation.width, item.annotation.height)
            for number, item in enumerate(dataset.items)
            for thing in item.annotation.objects
        ]
        table = np.array(rows, np.float64).reshape(-1, 8)
        return cls(dataset, table[:, 0].astype(int), table[:, 1].astype(int), table[:, 2:6], table[:, 6:])

    def __len__(self) -> int:
        return len(self.item)

    @cached_property
    def sides(self) -> Floats:
        """(N, 2) width and height in pixels."""
        return np.asarray(self.boxes[:, 2:] - self.boxes[:, :2])

    @cached_property
    def share(self) -> Floats:
        """(N,) area in per cent of the image's."""
        return np.asarray(100 * self.sides.prod(axis=1) / self.canvas.prod(axis=1))

    @cached_property
    def aspect(self) -> Floats:
        """(N,) width over height."""
        return np.asarray(self.sides[:, 0] / self.sides[:, 1])

    @cached_property
    def centre(self) -> Floats:
        """(N, 2) centre as shares of the image's width and height."""
        return np.asarray((self.boxes[:, :2] + self.boxes[:, 2:]) / 2 / self.canvas)

    @cached_property
    def per_image(self) -> Ints:
        """(images,) boxes on each image."""
        return np.bincount(self.item, minlength=len(self.dataset))

    @cached_property
    def patient(self) -> Ints:
        """(images,) the patient of each image, as a place in `patients`; -1 where the dataset does not say."""
        places = {name: place for place, name in enumerate(self.patients)}
        return np.array([places.get(item.patient or "", -1) for item in self.dataset.items], np.int64)

    @cached_property
    def owner(self) -> Ints:
        """(images,) whose image it is, as a number: its patient, or where none is named a number of its own."""
        return np.where(self.patient >= 0, self.patient, len(self.patients) + np.arange(len(self.patient)))

    @cached_property
    def patients(self) -> tuple[str, ...]:
        """Names of all patients, sorted."""
        return self.dataset.patients

    @cached_property
    def boxes_of(self) -> Ints:
        """(classes,) boxes of each class."""
        return np.bincount(self.label, minlength=len(self.dataset.classes))

    @cached_property
    def images_of(self) -> Ints:
        """(classes,) images with a box of each class."""
        return self._distinct(self.item)

    @cached_property
    def patients_of(self) -> Ints:
        """(classes,) patients with a box of each class; images of unknown patients are left out."""
        return self._distinct(self.patient[self.item])

    def _distinct(self, owner: Ints) -> Ints:
        pairs = np.unique(np.stack([self.label, owner]), axis=1)  # (2, pairs)
        return np.bincount(pairs[0, pairs[1] >= 0], minlength=len(self.dataset.classes))

    @cached_property
    def by_patient(self) -> Ints:
        """(patients, classes) boxes of each patient and class."""
        owner = self.patient[self.item]
        table = np.zeros((len(self.patients), len(self.dataset.classes)), np.int64)
        np.add.at(table, (owner[owner >= 0], self.label[owner >= 0]), 1)
        return table

    @cached_property
    def images_by_patient(self) -> Ints:
        """(patients,) images of each patient."""
        return np.bincount(self.patient[self.patient >= 0], minlength=len(self.patients))

    def classes_by_boxes(self) -> list[int]:
        """Labels of the classes that have boxes, the most frequent first."""
        order = sorted(range(len(self.boxes_of)), key=lambda label: (-self.boxes_of[label], label))
        return [label for label in order if self.boxes_of[label]]


@dataclass(frozen=True, slots=True)
class Hand:
    """What one annotator has drawn.

    Attributes:
        name: The annotator.
        images: Names of the images that have this annotator's file.
        empty: How many of them have no box.
        verified: How many of them are marked as verified.
        counts: Boxes by class, as the files call it.
    """

    name: str
    images: frozenset[str]
    empty: int
    verified: int
    counts: Counter[str]


def hands(folder: Path) -> list[Hand]:
    """What each annotator of a dataset folder has drawn.

    Raises:
        InputError: A file of an annotator is damaged.
    """
    pictures = image_files(folder)
    return [_hand(folder, name, pictures) for name in annotator_names(folder)]


def _hand(folder: Path, name: str, pictures: Mapping[str, Path]) -> Hand:
    paths = [path for path in annotator_folder(folder, name).glob("*.xml") if not path.name.startswith(".")]
    drawn = {path.stem: _read(path, pictures.get(path.stem)) for path in paths}
    return Hand(
        name,
        frozenset(drawn),
        sum(not annotation.objects for annotation in drawn.values()),
        sum(annotation.verified for annotation in drawn.values()),
        Counter(thing.name for annotation in drawn.values() for thing in annotation.objects),
    )


def _read(path: Path, image: Path | None) -> Annotation:
    """An annotation; the size of its image is asked of the image where the file does not say."""
    return read_voc(path, None if image is None else partial(image_size, image))


def unlabelled(dataset: Dataset) -> int:
    """Images of the folder that the dataset does not hold: nobody annotated them, or no list names them."""
    return sum(stem not in dataset for stem in image_files(dataset.folder))


def image_files(folder: Path) -> dict[str, Path]:
    """The images of a dataset folder by name; of two with one name the first."""
    found = sorted((folder / IMAGES).glob("*"), reverse=True)
    return {path.stem: path for path in found if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")}


def with_pictures(dataset: Dataset) -> Dataset:
    """The dataset with the images that are there; those that are missing stay without."""
    pictures = image_files(dataset.folder)
    return replace(dataset, items=tuple(replace(item, path=pictures.get(item.image)) for item in dataset.items))
