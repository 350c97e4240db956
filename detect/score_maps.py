"""Where on an image a model sees each class: the network's own score of every cell, brought back to the image.

The detection counterpart of class activation maps, from the exported network alone. A network of stride s parts its
input of S x S pixels into (S / s) x (S / s) cells, on two or three levels, and gives each cell a score for every class.
All three detectors lay their cells out in one order: level by level as `model.json` lists the strides (yolov3 and
yolov5 from the finest on, ppyolov2 from the coarsest, and last that of the evidence, if there is one), row by row,
column by column, and the anchors of a cell together. Nothing in the network says so, so `check_order` holds it against
the boxes: every detector's box touches the cell that it comes from, trained or not.

These maps show where the network says what it says. For objects that is where they are. A whole-image head says it
wherever its box is easiest to draw, mostly in the middle, unless it was trained with `evidence`: then one level more
speaks where it saw evidence (`spinedet.detect.training.evidence`), no finer than a cell, the same place for all
positive classes (`spinedet.detect.training.questions`), and the other levels are silent. Of any other whole-image head
`spinedet.detect.occlusion` shows what it looked at.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from spinedet.annotations.errors import WorkError
from spinedet.detect.modelfile import ModelCard
from spinedet.detect.preprocess import Fit
from spinedet.detect.runtime import Answer, Model, Source

Floats = NDArray[np.float32]

REACH = 0.05
"""How far from its cell a box may end, in cells; PP-YOLOv2's grid factor of 1.05 puts a centre 0.025 cells outside."""


@dataclass(frozen=True)
class Level:
    """One grid of a network.

    Attributes:
        stride: Side of a cell in pixels of the network input.
        side: Cells a row, and rows.
        first: Number of the first of its positions among all N.
        anchors: Positions a cell.
    """

    stride: int
    side: int
    first: int
    anchors: int

    def part(self, values: Floats) -> Floats:
        """What belongs to this level, (N, K) to (rows, columns, anchors, K)."""
        count = self.side**2 * self.anchors
        return values[self.first : self.first + count].reshape(self.side, self.side, self.anchors, -1)


def levels(card: ModelCard) -> tuple[Level, ...]:
    """The grids of a model in the order of its output."""
    sides = [card.image_size // stride for stride in card.strides]
    firsts = np.cumsum([0, *(side**2 * card.anchors_per_cell for side in sides)]).tolist()
    return tuple(
        Level(stride, side, first, card.anchors_per_cell)
        for stride, side, first in zip(card.strides, sides, firsts[:-1], strict=True)
    )


def check_order(card: ModelCard, answer: Answer) -> None:
    """Hold the order of the cells against the boxes, each of which touches its cell.

    YOLO's boxes are distances from the middle of their cell, which are never negative; the middle of a PP-YOLOv2 box
    lies in its cell.

    Raises:
        WorkError: The output has another length, or its boxes lie elsewhere: the map would be scrambled.
    """
    grids = levels(card)
    count = sum(grid.side**2 * grid.anchors for grid in grids)
    if len(answer.boxes) != count:
        raise _scrambled(f"{count} positions", f"{len(answer.boxes)}")
    away = sum(int(_away(grid, grid.part(answer.boxes)).sum()) for grid in grids)
    if away:
        raise _scrambled("boxes that touch their cells", f"{away} of {count} that do not")


def _away(grid: Level, boxes: Floats) -> NDArray[np.bool_]:
    """Which boxes (rows, columns, anchors, 4) do not touch their cells."""
    low = np.arange(grid.side, dtype=np.float32) * grid.stride - REACH * grid.stride  # (side,)
    high = low + (1 + 2 * REACH) * grid.stride
    x0, y0, x1, y1 = np.moveaxis(boxes, -1, 0)  # (rows, columns, anchors) each
    beside = (x1 < low[:, None]) | (x0 > high[:, None])  # (columns, 1)
    above = (y1 < low[:, None, None]) | (y0 > high[:, None, None])  # (rows, 1, 1)
    return np.asarray(beside | above, np.bool_)


def _scrambled(expected: str, found: str) -> WorkError:
    what = "The network's cells are not in the order that its model card tells."
    return WorkError(what, expected=expected, found=found, todo="export the model again with `spinedet train`")


def score_maps(model: Model, image: Source) -> Floats:
    """Score maps of one image; see `maps_of`.

    Raises:
        InputError: The image cannot be read.
        WorkError: The network does not keep the order of cells that its card tells.
    """
    return next(model.each([image], lambda answer: maps_of(model.card, answer)))


def maps_of(card: ModelCard, answer: Answer) -> Floats:
    """Score maps from an answer that is there already: no second run of the network.

    A cell counts with its best anchor, lies at its middle, and is brought to the image bilinearly, without the padding;
    levels are combined by the maximum. Values are the network's scores as they are, not stretched: a class that is seen
    nowhere has a dark map. A pixel beyond the middle of the outermost cells has these cells' value.

    Returns:
        (C, H, W) float32 in 0..1, at the size of the image.
    """
    check_order(card, answer)
    found = np.zeros((len(card.classes), answer.fit.height, answer.fit.width), np.float32)
    for grid in levels(card):
        cells = np.moveaxis(grid.part(answer.scores).max(axis=2), -1, 0)  # (C, rows, columns)
        np.maximum(found, spread(cells, grid.stride, answer.fit), out=found)
    return found


def spread(cells: Floats, stride: float, fit: Fit) -> Floats:
    """Bring a grid over the network input to the image, bilinearly.

    Args:
        cells: (C, rows, columns).
        stride: Side of a cell in pixels of the network input.
        fit: Where the image lies in the input.

    Returns:
        (C, H, W).
    """
    columns = _weights(cells.shape[2], stride, fit.scale[0], fit.offset[0], fit.width)  # (W, columns)
    rows = _weights(cells.shape[1], stride, fit.scale[1], fit.offset[1], fit.height)  # (H, rows)
    return np.asarray(np.matmul(rows, np.matmul(cells, columns.T)), np.float32)


@lru_cache(maxsize=32)
def _weights(cells: int, stride: float, scale: float, offset: int, pixels: int) -> Floats:
    """(pixels, cells): how much each cell gives to each pixel of one axis of the image; rows sum to 1."""
    middles = (np.arange(pixels) + 0.5) * scale + offset  # (pixels,) in pixels of the network input
    places = np.clip(middles / stride - 0.5, 0, cells - 1)  # (pixels,) in cells, whole numbers at their middles
    found: Floats = np.maximum(0, 1 - np.abs(places[:, None] - np.arange(cells))).astype(np.float32)  # (pixels, cells)
    found.setflags(write=False)  # it is kept for the next image of this size
    return found
