"""Which position answers for which object, and what it should say (YOLOv3, arXiv 1804.02767, section 2.1).

The anchor whose shape overlaps an object most, among all nine, answers for it, in the cell that holds the object's
centre. Everything is computed for a whole batch at once, in numpy, and only for the positions that answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinedet.detect.ppyolov2.recipe import ANCHOR_MASKS, ANCHORS_PER_LEVEL, STRIDES

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

LEVEL_OF = np.array([[anchor in mask for mask in ANCHOR_MASKS] for anchor in range(9)]).argmax(axis=1)
"""(9,) which level an anchor belongs to."""

PLACE_IN_LEVEL = np.array([ANCHOR_MASKS[level].index(anchor) for anchor, level in enumerate(LEVEL_OF)])
"""(9,) which of its level's three anchors it is."""


@dataclass(frozen=True)
class Targets:
    """P answering positions of a batch.

    Attributes:
        image: (P,) number of the image in the batch.
        position: (P,) number of the position, as `spinedet.detect.ppyolov2.head` counts.
        centres: (P, 2) x and y in the cell, 0..1.
        sizes: (P, 2) logarithm of width and height over the anchor's.
        boxes: (P, 4) x0 y0 x1 y1 in pixels of the input.
        emphasis: (P,) 2 - area of the box as a share of the input, so that small objects count more.
        shares: (P,) 1, or the image's share in a mixed pair.
        classes: (P, C) 1 where an object of the class has this position, else 0.
    """

    image: Ints
    position: Ints
    centres: Floats
    sizes: Floats
    boxes: Floats
    emphasis: Floats
    shares: Floats
    classes: Floats


def find_targets(
    boxes: Floats, labels: Ints, shares: Floats, side: int, anchors: Sequence[tuple[float, float]], classes: int
) -> Targets:
    """The targets of a batch. Where two objects share a position the later one gives the box; both give their class.

    Args:
        boxes: (B, M, 4) x0 y0 x1 y1 in pixels of the input; boxes without area are padding.
        labels: (B, M).
        shares: (B, M).
        side: Side of the input in pixels.
        anchors: Nine widths and heights in pixels.
        classes: Number of classes C.
    """
    extent = boxes[..., 2:] - boxes[..., :2]  # (B, M, 2)
    image, row = np.nonzero((extent > 0).all(-1) & (shares > 0))  # (K,)
    drawn, extent, share, label = boxes[image, row], extent[image, row], shares[image, row], labels[image, row]
    shapes = np.asarray(anchors, np.float32)
    best = _best_anchor(extent, shapes)
    cells, centres = _cells(drawn[:, :2] + extent * np.float32(0.5), best, side)
    position = _first_position(side)[LEVEL_OF[best]] + cells * ANCHORS_PER_LEVEL + PLACE_IN_LEVEL[best]
    last, group = _last_of_each(image, position)
    named = np.zeros((len(last), classes), np.float32)
    named[group, label] = 1
    return Targets(
        image=image[last],
        position=position[last],
        centres=centres[last],
        sizes=np.log(extent / shapes[best])[last],
        boxes=drawn[last],
        emphasis=(2 - extent.prod(-1) / side**2)[last].astype(np.float32),
        shares=share[last],
        classes=named,
    )


def _best_anchor(extent: Floats, shapes: Floats) -> Ints:
    """(K,) anchor with the highest IoU if both share a corner."""
    common = np.minimum(extent[:, None], shapes).prod(-1)  # (K, 1, 2) and (9, 2) to (K, 9)
    union = extent.prod(-1)[:, None] + shapes.prod(-1) - common
    return np.asarray((common / union).argmax(axis=1), np.int64)


def _cells(centres: Floats, best: Ints, side: int) -> tuple[Ints, Floats]:
    """(K,) number of the cell in its level, row by row, and (K, 2) where in the cell the centre lies."""
    stride = np.array(STRIDES)[LEVEL_OF[best]]  # (K,)
    across = side // stride
    places = centres / stride[:, None]  # (K, 2)
    corner = np.clip(np.floor(places), 0, across[:, None] - 1).astype(np.int64)
    return corner[:, 1] * across + corner[:, 0], (places - corner).astype(np.float32)


def _first_position(side: int) -> Ints:
    """(3,) number of the first position of each level."""
    counts = [ANCHORS_PER_LEVEL * (side // stride) ** 2 for stride in STRIDES]
    return np.cumsum([0, *counts[:-1]])


def _last_of_each(image: Ints, position: Ints) -> tuple[Ints, Ints]:
    """Rows (P,) of the last object at each place, and for all rows (K,) which of those P places it has."""
    places = np.stack([image, position], axis=1)  # (K, 2)
    _, from_end, group = np.unique(places[::-1], axis=0, return_index=True, return_inverse=True)
    return len(places) - 1 - from_end, group.reshape(-1)[::-1]
