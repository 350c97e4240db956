"""Which cells of evidence are asked: those that show the image, and of it the region that its box outlines.

A task of whole images boxes the whole image, and all of it is asked. A crop around a region shows what lies around it
as well (`spinedet.datasets.regions`), and there networks read how large the region is, and of which shape, which may go
with the disease: from how far it is to the crop's edge, and from what is seen there. Its box is the region; the cells
beside it say nothing, in training by the box that was drawn, later by the one that the detector draws.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

STRIDE = 4
"""Side of a cell of evidence in pixels of the input, finer than the cells that draw boxes: most misses of the stride 8
lay less than one of its cells from the lesion."""


def shown(images: Tensor) -> Tensor:
    """Cells that show the image and not the even margin that makes it square: (B, 3, S, S) to (B, 1, S / 4, S / 4).

    A margin is told by rows or columns of one colour from edge to edge. Its cells say nothing: how wide it is tells
    an image's proportions, and of regions that are cut out these go with the disease. In an image of one colour all
    cells speak, for there is nothing to choose from.
    """
    rows, columns = (_varied(images, axis) for axis in (3, 2))
    found = (rows[:, :, None] & columns[:, None])[:, None]  # (B, S / 4, 1) & (B, 1, S / 4)
    return found | _none(found)


def _varied(images: Tensor, along: int) -> Tensor:
    """Lines of cells (B, S / 4) with more than one colour along an axis."""
    spread = (images.amax(along) - images.amin(along)).amax(1)  # (B, S), the largest of the channels
    return spread.unflatten(1, (-1, STRIDE)).amax(2) > 0


def asked_of(images: Tensor, owners: Tensor, boxes: Tensor) -> Tensor:
    """Cells that show an image and lie in a box of its own; where no box holds any, all that show it.

    Args:
        images: (B, 3, S, S).
        owners: (K,) which of them each box belongs to.
        boxes: (K, 4) x0 y0 x1 y1 in pixels of the input.

    Returns:
        (B, 1, S / 4, S / 4).
    """
    cells = shown(images)
    found = torch.zeros_like(cells, dtype=boxes.dtype)
    found.index_add_(0, owners, inside(boxes, cells.shape[2:]).to(boxes.dtype)[:, None])
    return _or_all(cells & (found > 0), cells)


def within(cells: Tensor, box: Tensor) -> Tensor:
    """Cells (B, 1, H, W) that lie in the one box (B, 4) of their image; all of them where none does."""
    return _or_all(cells & inside(box, cells.shape[2:])[:, None], cells)


def inside(boxes: Tensor, shape: Sequence[int]) -> Tensor:
    """Cells (K, H, W) whose middles lie in a box (K, 4), x0 y0 x1 y1 in pixels of the input."""
    rows, columns = middles(boxes, shape)
    x0, y0, x1, y1 = boxes[..., None].unbind(1)  # (K, 1) each
    down, across = (rows >= y0) & (rows <= y1), (columns >= x0) & (columns <= x1)  # (K, H) and (K, W)
    return down[:, :, None] & across[:, None]


def middles(like: Tensor, shape: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Where the middles of H rows and W columns of cells lie, (H,) and (W,) in pixels of the input."""
    rows, columns = ((torch.arange(count, device=like.device) + 0.5) * STRIDE for count in map(int, shape))
    return rows, columns


def _or_all(some: Tensor, cells: Tensor) -> Tensor:
    """Some of the cells (B, 1, H, W) of each image, or all of them where that would be none."""
    return some | (cells & _none(some))


def _none(cells: Tensor) -> Tensor:
    """Images (B, 1, 1, 1) with none of the cells (B, 1, H, W)."""
    return ~cells.any(3, keepdim=True).any(2, keepdim=True)
