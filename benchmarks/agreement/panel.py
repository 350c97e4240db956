"""The annotators who are compared: what each drew on the images that all of them have, grouped by what it shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from spinedet.annotations.annotators import ANNOTATORS, check_names
from spinedet.annotations.boxes import box_area
from spinedet.annotations.consensus.grouping import Group, group_boxes
from spinedet.annotations.errors import InputError
from spinedet.annotations.voc import VocObject
from spinedet.datasets.dataset import ANNOTATIONS, Dataset, Item

LEFT, RIGHT = 0, 1
"""Places of the two annotators of a pair."""


@dataclass(frozen=True, eq=False, slots=True)
class Panel:
    """Annotators and the images that all of them have finished.

    Attributes:
        annotators: Their names, in the order in which they were asked for.
        datasets: What each of them drew on `images`.
        classes: Class names.
        images: Names of the images, sorted.
        left_out: Images that only some have, with the names of those who have not; they are not compared.
    """

    annotators: tuple[str, ...]
    datasets: tuple[Dataset, ...]
    classes: tuple[str, ...]
    images: tuple[str, ...]
    left_out: dict[str, tuple[str, ...]]

    @classmethod
    def of(cls, drawn: dict[str, Dataset]) -> Self:
        """Compare datasets of the same images by annotator.

        Raises:
            InputError: No image has been finished by all, or two say another size of one image.
        """
        every = sorted(set(chain.from_iterable(one.images for one in drawn.values())))
        missing = {image: tuple(name for name, one in drawn.items() if image not in one) for image in every}
        common = tuple(image for image in every if not missing[image])
        if not common:
            counts = ", ".join(f"{name} {len(one)}" for name, one in drawn.items())
            raise InputError(
                "There is no image that all annotators have finished.",
                expected="the same images drawn by each",
                found=f"images: {counts}",
                todo=f"see which files are in {ANNOTATORS}/NAME/, or compare fewer annotators",
            )
        left_out = {image: names for image, names in missing.items() if names}
        datasets = tuple(one.subset(common) for one in drawn.values())
        _check_sizes(dict(zip(drawn, datasets, strict=True)))
        return cls(tuple(drawn), datasets, _classes(list(drawn.values())), common, left_out)

    @property
    def patients(self) -> tuple[str, ...]:
        """Patients of the images; empty where the dataset does not say."""
        return self.datasets[0].patients

    def units(self) -> NDArray[np.int64]:
        """What resampling draws, (I,): the patient of each image, or the image itself where patients are not known."""
        known = bool(self.patients)
        names = [item.patient if known else item.image for item in self.datasets[0].items]
        return np.asarray(np.unique(np.array(names, np.str_), return_inverse=True)[1], np.int64)

    def items(self, image: str) -> dict[str, Item]:
        """What each annotator has of an image."""
        return {name: one[image] for name, one in zip(self.annotators, self.datasets, strict=True)}

    def only(self, *annotators: str) -> "Panel":
        """The same images for some of the annotators, in this order."""
        known = dict(zip(self.annotators, self.datasets, strict=True))
        return Panel(annotators, tuple(known[name] for name in annotators), self.classes, self.images, self.left_out)


@dataclass(frozen=True, eq=False, slots=True)
class Groups:
    """Things that somebody drew a box around, with what each of K annotators drew there.

    Attributes:
        annotators: Names of the K annotators.
        classes: Names of the C classes.
        images: Number of images; some may have no group.
        image: (G,) index of each group's image.
        labels: (G, K) class of each annotator's box; C where that annotator drew none.
        boxes: (G, K, 4) edges of the boxes; 0 where there is none.
    """

    annotators: tuple[str, ...]
    classes: tuple[str, ...]
    images: int
    image: NDArray[np.int64]
    labels: NDArray[np.int64]
    boxes: NDArray[np.float64]

    @classmethod
    def of(cls, panel: Panel, iou: float) -> Self:
        """Group the boxes of every image by `spinedet.annotations.consensus.grouping`.

        Raises:
            InputError: `iou` is out of range.
        """
        found = [group_boxes(_objects(panel, image), iou) for image in panel.images]
        groups = [group for one in found for group in one]
        labels = {name: label for label, name in enumerate(panel.classes)}
        rows = [_row(group, panel.annotators, labels) for group in groups]
        shape = (len(rows), len(panel.annotators))
        return cls(
            annotators=panel.annotators,
            classes=panel.classes,
            images=len(panel.images),
            image=np.repeat(np.arange(len(found)), [len(one) for one in found]),
            labels=np.array([row[0] for row in rows], np.int64).reshape(shape),
            boxes=np.array([row[1] for row in rows], np.float64).reshape(*shape, 4),
        )

    @property
    def drawn(self) -> NDArray[np.bool_]:
        """(G, K) whether each annotator drew a box there."""
        return self.labels < len(self.classes)

    @property
    def matched(self) -> NDArray[np.bool_]:
        """(G,) whether all annotators drew a box there."""
        return np.asarray(self.drawn.all(axis=1))

    def overlaps(self) -> NDArray[np.float64]:
        """(G,) IoU of the first two annotators' boxes; 0 where one is missing."""
        first, second = self.boxes[:, LEFT], self.boxes[:, RIGHT]  # (G, 4)
        sides = np.minimum(first[:, 2:], second[:, 2:]) - np.maximum(first[:, :2], second[:, :2])  # (G, 2)
        shared = np.clip(sides, 0, None).prod(axis=1)
        union = box_area(first) + box_area(second) - shared
        return np.asarray(np.divide(shared, union, out=np.zeros(len(shared)), where=union > 0))

    def by_image(self, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Boxes of each image among chosen ones, (G, K) to (I, K)."""
        counts = np.zeros((self.images, self.labels.shape[1]), np.int64)
        np.add.at(counts, self.image, chosen)
        return counts


def load_panel(folder: Path, annotators: Sequence[str], classes: Sequence[str] | None, *, with_images: bool) -> Panel:
    """Load what annotators drew.

    Args:
        folder: The dataset folder.
        annotators: Names of folders in `annotators/`; two or more.
        classes: The classes in order; otherwise those of `dataset.yaml`, otherwise the names found, sorted.
        with_images: Whether pictures will be drawn.

    Raises:
        InputError: An annotator is missing or named twice, a file is damaged, or no image is common to all.
    """
    check_names(list(annotators))
    loaded = {
        name: Dataset.load(folder, classes=classes, annotator=name, with_images=with_images) for name in annotators
    }
    return Panel.of(loaded)


def load_reference(folder: Path, name: str, images: Sequence[str], classes: Sequence[str] | None) -> Dataset:
    """Load what annotators are compared with: the dataset's own `Annotations`, or another annotator by name.

    Raises:
        InputError: There is no such annotator, a file is damaged, or it has none of the images.
    """
    if name != ANNOTATIONS:
        return Dataset.load(folder, classes=classes, annotator=name, with_images=False)
    there = [image for image in images if (folder / ANNOTATIONS / f"{image}.xml").is_file()]
    if not there:
        raise InputError(
            "The reference has none of the images.",
            expected=f"{ANNOTATIONS}/{images[0]}.xml",
            where=folder / ANNOTATIONS,
            todo="decide on the boxes first: spinedet consensus",
        )
    return Dataset.load(folder, classes=classes, images=there, with_images=False)


def _classes(drawn: Sequence[Dataset]) -> tuple[str, ...]:
    """One order for all: they agree where the task or `dataset.yaml` has one; otherwise all names, sorted."""
    if len({one.classes for one in drawn}) == 1:
        return drawn[0].classes
    return tuple(sorted(set(chain.from_iterable(one.classes for one in drawn))))


def _check_sizes(drawn: dict[str, Dataset]) -> None:
    for items in zip(*(one.items for one in drawn.values()), strict=True):
        sizes = [(item.annotation.width, item.annotation.height) for item in items]
        if len(set(sizes)) > 1:
            told = ", ".join(f"{name} {size[0]} x {size[1]}" for name, size in zip(drawn, sizes, strict=True))
            raise InputError(
                f"Annotators drew on images of another size: {items[0].image}.",
                expected="one size",
                found=told,
                todo="draw again on the image that is in the dataset",
            )


def _objects(panel: Panel, image: str) -> dict[str, tuple[VocObject, ...]]:
    return {name: item.annotation.objects for name, item in panel.items(image).items()}


_NOTHING = (0.0, 0.0, 0.0, 0.0)


def _row(group: Group, annotators: Sequence[str], labels: dict[str, int]) -> tuple[list[int], list[tuple[float, ...]]]:
    """Class and edges of each annotator's box in a group."""
    things = dict(group.members)
    return (
        [labels[things[name].name] if name in things else len(labels) for name in annotators],
        [tuple(things[name].box) if name in things else _NOTHING for name in annotators],
    )
