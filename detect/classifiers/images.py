"""Batches of images with their classes. Every epoch is a function of the seed and its number alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from spinedet.annotations.errors import InputError
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.images import Image
from spinedet.detect.classifiers.recipe import Recipe
from spinedet.detect.contract import Settings
from spinedet.detect.decoded import DecodedImages
from spinedet.detect.modelfile import Preprocessing
from spinedet.detect.preprocess import INTERPOLATIONS, prepare

MIRROR_PROBABILITY = 0.5

WHITE = 255


@dataclass(frozen=True, eq=False, slots=True)
class Batch:
    """B images with their classes.

    Attributes:
        names: B image stems.
        inputs: (B, 3, S, S) float32 images, normalised, or (B, F) float32 features.
        labels: (B,) int64, index into the classes.
    """

    names: tuple[str, ...]
    inputs: NDArray[np.float32]
    labels: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Change:
    """How one image is changed for one epoch.

    Attributes:
        mirror: Left and right are changed.
        degrees: Rotation, counter-clockwise.
        contrast: Factor of the distance to the mean.
        brightness: Grey levels of 255 that are added.
    """

    mirror: bool = False
    degrees: float = 0.0
    contrast: float = 1.0
    brightness: float = 0.0


@dataclass(frozen=True, eq=False, slots=True)
class Places:
    """One batch before its pixels are there.

    Attributes:
        numbers: (B,) int64 places of its images.
        changes: One an image.
    """

    numbers: NDArray[np.int64]
    changes: tuple[Change, ...]


class Samples:
    """The images of one part with the class of each, decoded once.

    Attributes:
        names: Image stems.
        labels: (N,) int64, index into the classes.
    """

    def __init__(self, dataset: Dataset, side: int, how: Preprocessing):
        """Look at the annotations; nothing is decoded yet.

        Raises:
            InputError: An image has no object or several.
        """
        self._images = DecodedImages(dataset)
        self._side, self._how = side, how
        self.names = dataset.images
        self.labels = whole_image_labels(dataset)

    def __len__(self) -> int:
        return len(self.names)

    def batch(self, places: Places) -> Batch:
        """The images of a batch, changed and normalised."""
        inputs = [self._input(*place) for place in zip(places.numbers, places.changes, strict=True)]
        return Batch(self.names_of(places), np.stack(inputs), self.labels[places.numbers])

    def names_of(self, places: Places) -> tuple[str, ...]:
        """Stems of the images of a batch."""
        return tuple(self.names[number] for number in places.numbers)

    def _input(self, number: int, change: Change) -> NDArray[np.float32]:
        size, smooth = (self._side, self._side), INTERPOLATIONS[self._how.interpolation]
        square = np.asarray(cv2.resize(self._images.rgb(number), size, interpolation=smooth), np.uint8)
        return prepare(changed(square, change), self._side, self._how)[0]  # of this size already: only normalised


def whole_image_labels(dataset: Dataset) -> NDArray[np.int64]:
    """The class of each image: that of the one object that stands for it, (N,) int64.

    Raises:
        InputError: An image has no object or several.
    """
    for item in dataset.items:
        if (count := len(item.annotation.objects)) != 1:
            raise InputError(
                "A classifier gives an image one class.",
                expected="one object an image, which stands for the image",
                found=", ".join(thing.name for thing in item.annotation.objects) if count else "no object",
                where=f"image {item.image}",
                todo="make an image of each region first, or train a detector",
            )
    return np.array([dataset.boxes(item).labels[0] for item in dataset.items], np.int64)


def training_places(images: int, settings: Settings, recipe: Recipe, epoch: int) -> list[Places]:
    """The batches of an epoch (from 1) in a random order, each image with its change."""
    rng = np.random.default_rng([settings.seed, epoch])
    parts = _spread(rng.permutation(images), settings.batch)
    return [Places(part, tuple(_drawn(recipe, settings.mirror, rng) for _ in part)) for part in parts]


def plain_places(images: int, batch: int, change: Change | None = None) -> Iterator[Places]:
    """All images in their order, unchanged or each with the same change."""
    one = change or Change()
    return (Places(part, (one,) * len(part)) for part in _spread(np.arange(images), batch))


def steps_an_epoch(images: int, batch: int) -> int:
    """Batches that images are spread over evenly."""
    return -(-images // batch)


def _spread(order: NDArray[np.int64], batch: int) -> Sequence[NDArray[np.int64]]:
    return np.array_split(order, steps_an_epoch(len(order), batch)) if len(order) else []


def _drawn(recipe: Recipe, mirror: bool, rng: Generator) -> Change:
    degrees, contrast, brightness = rng.uniform(-1, 1, 3) * (recipe.degrees, recipe.contrast, recipe.brightness)
    mirrored = bool(rng.random() < MIRROR_PROBABILITY)  # drawn even where it is not allowed: the others stay the same
    return Change(mirror and mirrored, float(degrees), float(1 + contrast), float(WHITE * brightness))


def changed(image: Image, change: Change) -> Image:
    """A square image (S, S, 3) with contrast, brightness, rotation and mirroring changed, in this order."""
    if (change.contrast, change.brightness) != (1.0, 0.0):
        offset = (1 - change.contrast) * float(image.mean()) + change.brightness
        image = np.asarray(cv2.addWeighted(image, change.contrast, image, 0, offset), np.uint8)
    if change.degrees:
        image = _rotated(image, change.degrees)
    return np.asarray(cv2.flip(image, 1), np.uint8) if change.mirror else image


def _rotated(image: Image, degrees: float) -> Image:
    """The whole image turned about its centre, as much smaller as keeps its corners, on black."""
    side, angle = image.shape[0], np.deg2rad(abs(degrees))
    centre, scale = ((side - 1) / 2, (side - 1) / 2), 1 / (np.cos(angle) + np.sin(angle))
    turn = cv2.getRotationMatrix2D(centre, degrees, float(scale))
    return np.asarray(cv2.warpAffine(image, turn, (side, side), flags=cv2.INTER_LINEAR), np.uint8)
