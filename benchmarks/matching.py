"""Which detections hit an object: the matching of the Pascal VOC devkit.

Detections of one class are taken in descending score over the whole set, equal scores in input order. Each looks only
at the object of its class and image that it overlaps most. It is a hit if that overlap reaches the threshold and the
object is not taken yet, and false otherwise; on a difficult object it is neither, and is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinedet.annotations.boxes import box_iou
from spinedet.annotations.errors import InputError
from spinedet.datasets.dataset import Boxes, Dataset
from spinedet.detect.contract import Detections
from spinedet.detect.predictions import OrderedDetections


@dataclass(frozen=True, eq=False, slots=True)
class ClassMatches:
    """The detections of one class that count, best first.

    Attributes:
        label: Name of the class.
        scores: (D,) float32, descending.
        hit: (D,) bool, True for a true positive.
        image: (D,) int64, index into the dataset's items.
        objects: (I,) int64, objects in each image of the dataset, difficult ones left out.
    """

    label: str
    scores: NDArray[np.float32]
    hit: NDArray[np.bool_]
    image: NDArray[np.int64]
    objects: NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class _Found:
    """The detections of one image, or of all, each with the object it overlaps most."""

    image: NDArray[np.int64]  # (D,) index into the dataset's items
    labels: NDArray[np.int64]  # (D,)
    scores: NDArray[np.float32]  # (D,)
    order: NDArray[np.int64]  # (D,) decides between equal scores; the place here decides between equal orders
    target: NDArray[np.int64]  # (D,) number of the object among all objects of the dataset
    overlap: NDArray[np.float64]  # (D,) IoU with it; -1 where the image has no object of this class
    difficult: NDArray[np.bool_]  # (D,) the object is difficult


def match_detections(
    dataset: Dataset, predictions: Mapping[str, Detections], iou: float = 0.5
) -> tuple[ClassMatches, ...]:
    """Match detections to ground truth, class by class.

    Equal scores keep the order of the file they were read from (`OrderedDetections`), otherwise that of the dataset's
    images and of the detections in each.

    Args:
        dataset: The ground truth.
        predictions: Detections by image name; an image without an entry has none.
        iou: Least overlap of a hit, above 0 and at most 1.

    Returns:
        One entry a class, in the dataset's order.

    Raises:
        InputError: `iou` is out of range.
    """
    if not 0 < iou <= 1:
        raise InputError("The IoU is out of range.", expected="above 0 and at most 1", found=f"{iou:g}")
    truths = [dataset.boxes(item) for item in dataset.items]
    found = _ranked(_all_found(dataset, predictions, truths))
    objects = _objects(truths, len(dataset.classes))  # (C, I)
    return tuple(
        _class_matches(name, _choose(found, found.labels == label), objects[label], iou)
        for label, name in enumerate(dataset.classes)
    )


def _objects(truths: list[Boxes], classes: int) -> NDArray[np.int64]:
    """Objects of each class in each image, (C, I), difficult ones left out."""
    rows = [np.bincount(truth.labels[~truth.difficult], minlength=classes) for truth in truths]
    return np.array(rows, np.int64).reshape(-1, classes).T


def _all_found(dataset: Dataset, predictions: Mapping[str, Detections], truths: list[Boxes]) -> _Found:
    parts = [_found(0, Detections.ranked([], [], []), _NOTHING, 0)]
    first = 0
    for index, (item, truth) in enumerate(zip(dataset.items, truths, strict=True)):
        detections = predictions.get(item.image)
        if detections is not None and len(detections):
            parts.append(_found(index, detections, truth, first))
        first += len(truth.labels)
    names = _Found.__slots__
    return _Found(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


_NOTHING = Boxes(np.empty((0, 4)), np.empty(0, np.int64), np.empty(0, np.bool_))


def _found(index: int, detections: Detections, truth: Boxes, first: int) -> _Found:
    """The detections of one image; `first` is the number of its first object."""
    count = len(detections)
    target, overlap = _best(detections, truth)
    return _Found(
        image=np.full(count, index, np.int64),
        labels=detections.labels,
        scores=detections.scores,
        order=detections.order if isinstance(detections, OrderedDetections) else np.zeros(count, np.int64),
        target=first + target,
        overlap=overlap,
        difficult=truth.difficult[target] if len(truth.labels) else np.zeros(count, np.bool_),
    )


def _best(detections: Detections, truth: Boxes) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """For each of N detections the object of its class that it overlaps most, the first of equals, and the IoU."""
    if not len(truth.labels):
        return np.zeros(len(detections), np.int64), np.full(len(detections), -1.0)
    overlap = box_iou(detections.boxes.astype(np.float64), truth.boxes)  # (N, M)
    overlap = np.where(detections.labels[:, None] == truth.labels[None, :], overlap, -1.0)
    target = np.argmax(overlap, axis=1)  # (N,)
    return target, overlap[np.arange(len(target)), target]


def _choose(found: _Found, rows: NDArray[np.generic]) -> _Found:
    return _Found(*(getattr(found, name)[rows] for name in _Found.__slots__))


def _ranked(found: _Found) -> _Found:
    """In descending score; `lexsort` is stable, its last key comes first."""
    return _choose(found, np.lexsort((found.order, -found.scores)))


def _class_matches(label: str, found: _Found, objects: NDArray[np.int64], iou: float) -> ClassMatches:
    reached = found.overlap >= iou
    counted = _choose(found, ~(reached & found.difficult))
    candidates = np.flatnonzero(counted.overlap >= iou)
    hit = np.zeros(len(counted.scores), np.bool_)
    hit[candidates[np.unique(counted.target[candidates], return_index=True)[1]]] = True  # an object's first candidate
    return ClassMatches(label, counted.scores, hit, counted.image, objects)
