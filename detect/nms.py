"""Non-maximum suppression in numpy: greedy (YOLO) and Matrix NMS (PP-YOLO)."""

import numpy as np
from numpy.typing import NDArray

from spinedet.annotations.boxes import box_iou
from spinedet.detect.contract import Detections
from spinedet.detect.modelfile import Postprocessing

SMALLEST_ROOM = 1e-9
"""Keeps the decay finite where a box lies exactly on a better one."""

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


def suppress(boxes: Floats, scores: Floats, how: Postprocessing) -> Detections:
    """Turn the raw output of one image into detections.

    Every class of a box is a candidate of its own, so a box may leave with two labels.

    Args:
        boxes: (N, 4) in pixels of the network input.
        scores: (N, C) in 0..1.
        how: Thresholds and kind of NMS.

    Returns:
        At most `how.keep` detections, still in pixels of the network input.
    """
    rows, labels = np.nonzero(scores >= how.score_threshold)
    points = scores[rows, labels]
    order = np.argsort(-points, kind="stable")[: how.before]
    chosen, points, labels = boxes[rows[order]], points[order], labels[order]
    if how.nms == "greedy":
        kept = greedy(chosen, labels, how.iou if how.iou is not None else 1.0)
    else:
        points = matrix_decay(chosen, points, labels)
        kept = np.flatnonzero(points >= how.score_threshold)
    found = Detections.ranked(chosen[kept], points[kept], labels[kept])
    return Detections(found.boxes[: how.keep], found.scores[: how.keep], found.labels[: how.keep])


def _classes(labels: Ints) -> list[Ints]:
    """Rows of each class, (K,) ascending; pairs of different classes never meet, so they are never computed."""
    return [np.flatnonzero(labels == label) for label in np.unique(labels)]


def greedy(boxes: Floats, labels: Ints, iou: float) -> Ints:
    """Keep a box unless a better one of its class that was kept overlaps it by more than `iou`.

    Args:
        boxes: (N, 4), best first.
        labels: (N,).
        iou: Threshold.

    Returns:
        (K,) indices of the kept boxes, ascending.
    """
    alive = np.ones(len(boxes), np.bool_)
    for rows in _classes(labels):
        alive[rows] = _greedy_in_class(boxes[rows], iou)
    return np.flatnonzero(alive)


def _greedy_in_class(boxes: Floats, iou: float) -> NDArray[np.bool_]:
    covers = box_iou(boxes, boxes) > iou  # (N, N)
    alive = np.ones(len(boxes), np.bool_)
    for row in range(len(boxes)):
        if alive[row]:
            alive[row + 1 :] &= ~covers[row, row + 1 :]
    return alive


def matrix_decay(boxes: Floats, scores: Floats, labels: Ints) -> Floats:
    """Matrix NMS with the linear kernel (Wang et al., SOLOv2, arXiv 2003.10152, eq. 2 to 5).

    A box's score is multiplied by min over better boxes i of (1 - iou_i) / (1 - compensation_i), where compensation_i
    is the largest IoU of i with a box better than i.

    Args:
        boxes: (N, 4), best first.
        scores: (N,), descending.
        labels: (N,).

    Returns:
        (N,) decayed scores, in the same order as the boxes.
    """
    decayed = scores.copy()
    for rows in _classes(labels):
        decayed[rows] *= _decay_in_class(boxes[rows])
    return decayed


def _decay_in_class(boxes: Floats) -> Floats:
    iou = np.triu(box_iou(boxes, boxes), k=1)  # (N, N): row i is better than column j
    compensation = iou.max(axis=0)  # (N,)
    decay = (1 - iou) / np.maximum(1 - compensation[:, None], SMALLEST_ROOM)  # (N, N)
    return np.asarray(np.where(np.triu(np.ones_like(iou), k=1) > 0, decay, 1).min(axis=0), np.float32)
