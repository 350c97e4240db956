"""Which class is taken for which, with what was missed and what was found where nothing is."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from spinedet.annotations.boxes import box_iou
from spinedet.datasets.dataset import Boxes, Dataset
from spinedet.detect.contract import Detections

SCORE = 0.25
"""Least score of a detection that is shown to a person."""


def confusion_matrix(
    dataset: Dataset, predictions: Mapping[str, Detections], *, iou: float = 0.5, score: float = SCORE
) -> NDArray[np.int64]:
    """Count objects by their class and by what they were taken for.

    Detections of one image, in descending score, each take the free object that they overlap most, whatever its class,
    if the overlap reaches `iou`: the best-scored of several boxes on one object is what a person acts on. A detection
    whose best overlap is with a difficult object is left out, as are difficult objects.

    Args:
        dataset: The ground truth.
        predictions: Detections by image name, labels in the dataset's order; an image without an entry has none.
        iou: Least overlap of a pair.
        score: Detections below it are not looked at.

    Returns:
        (C + 1, C + 1): row = class in the ground truth, column = class found. The last column counts missed objects,
        the last row false detections; the corner is 0.
    """
    size = len(dataset.classes) + 1
    matrix = np.zeros((size, size), np.int64)
    for item in dataset.items:
        truth = dataset.boxes(item)
        found = predictions.get(item.image, Detections.ranked([], [], [])).above(score)
        rows, columns = _pairs(truth, found, iou, missed=size - 1)
        np.add.at(matrix, (rows, columns), 1)
    return matrix


def _pairs(truth: Boxes, found: Detections, iou: float, missed: int) -> tuple[list[int], list[int]]:
    """Class drawn and class found of every pair, missed object and false detection of one image."""
    overlap = box_iou(found.boxes.astype(np.float64), truth.boxes)  # (N, M)
    taken = np.zeros(len(truth.labels), np.bool_)
    rows, columns = [], []
    for place, label in enumerate(found.labels.tolist()):
        free = np.where(taken, -1.0, overlap[place])  # (M,)
        best = int(np.argmax(free)) if free.size else -1
        hit = best >= 0 and free[best] >= iou
        if hit and truth.difficult[best]:
            continue
        if hit:
            taken[best] = True
        rows.append(int(truth.labels[best]) if hit else missed)
        columns.append(label)
    lost = truth.labels[~taken & ~truth.difficult].tolist()
    return rows + lost, columns + [missed] * len(lost)
