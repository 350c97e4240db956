"""Where the boxes of a fresh network start: at the size that the drawn ones have, instead of at 15 cells.

Ultralytics' head tells each side's distance from a cell as a distribution over bins 0 to 15 (in strides; Generalized
Focal Loss, arXiv 2006.04388) and starts it flat, at a mean of 7.5: a box of 120 px at stride 8, 480 px at stride 32.
Discs of 10 px overlap such boxes so little that the IoU-weighted targets, and with them the loss, all but vanish, and a
short training never starts. A published network has long left that behind; a fresh one is given a better start here.
"""

import math

import numpy as np
import torch

from spinedet.datasets.dataset import Dataset

SMALLEST_MEAN, LARGEST_MEAN = 0.05, 7.0
"""Mean distances in strides that sixteen bins can be started at; 7.5 is the flat start."""


def usual_sides(dataset: Dataset, image_size: int) -> tuple[float, float] | None:
    """Median width and height of the boxes in pixels of the letterboxed input, or None where there is no box."""
    sides = [
        np.array([thing.box.x1 - thing.box.x0, thing.box.y1 - thing.box.y0])
        * (image_size / max(item.annotation.width, item.annotation.height))
        for item in dataset.items
        for thing in item.annotation.objects
    ]
    if not sides:
        return None
    width, height = np.median(sides, axis=0)
    return float(width), float(height)


def start_boxes_at(head: torch.nn.Module, sides: tuple[float, float]) -> None:
    """Set the biases of the box branches so that every cell first predicts a box of these sides around itself.

    Args:
        head: Ultralytics' `Detect`: `cv2` are the box branches, `stride` their strides, `reg_max` the number of bins.
        sides: Width and height in pixels of the input.
    """
    width, height = sides
    for branch, stride in zip(head.cv2, head.stride.tolist(), strict=True):
        rows = [bin_logits(side / 2 / stride, head.reg_max) for side in (width, height, width, height)]
        with torch.no_grad():  # left, top, right, bottom
            branch[-1].bias.copy_(torch.tensor(rows).flatten())


def bin_logits(mean: float, bins: int) -> list[float]:
    """Logits of a geometric distribution over bins 0, 1, 2 ... with that mean."""
    within = min(max(mean, SMALLEST_MEAN), LARGEST_MEAN)
    fall = -math.log(1 + 1 / within)
    return [fall * number for number in range(bins)]
