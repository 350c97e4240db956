"""The one box convention of the package.

Inside spinedet a box is four continuous pixel coordinates `(x0, y0, x1, y1)`: the first pixel of a row spans 0 to 1.
A Pascal VOC file counts pixels from 1 and includes both corners, so `x0 = xmin - 1`, `y0 = ymin - 1`, `x1 = xmax`,
`y1 = ymax`. IoU on these edges equals the VOC devkit's "+1" rule exactly.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating]

VOC_ORIGIN = 1
"""Number of the first pixel in a Pascal VOC file."""


class Box(NamedTuple):
    """Continuous edges of a box, in pixels of the image it was drawn on."""

    x0: float
    y0: float
    x1: float
    y1: float

    @classmethod
    def from_voc(cls, xmin: float, ymin: float, xmax: float, ymax: float) -> "Box":
        """Turn 1-based inclusive corners into edges."""
        return cls(xmin - VOC_ORIGIN, ymin - VOC_ORIGIN, xmax, ymax)

    def whole(self) -> "Box":
        """The box on pixel borders, as a person's tool can draw it: each edge rounded to the nearest, half to even.

        A side that rounding leaves without a pixel keeps the pixel of its first edge, so that a box inside an image
        stays inside.
        """
        x0, x1 = _whole_pixels(self.x0, self.x1)
        y0, y1 = _whole_pixels(self.y0, self.y1)
        return Box(x0, y0, x1, y1)


def _whole_pixels(start: float, end: float) -> tuple[int, int]:
    first, last = round(start), round(end)
    return (first, last) if first < last else (math.floor(start), math.floor(start) + 1)


def box_area(boxes: FloatArray) -> FloatArray:
    """Areas in square pixels of boxes (N, 4); a box turned inside out has area 0."""
    sides = np.clip(boxes[:, 2:] - boxes[:, :2], 0, None)  # (N, 2)
    return np.asarray(sides[:, 0] * sides[:, 1])


def box_iou(first: FloatArray, second: FloatArray) -> FloatArray:
    """Intersection over union of every pair: boxes (N, 4) and (M, 4) give (N, M); 0 where both have no area."""
    x0, y0, x1, y1 = (first[:, None, edge] for edge in range(4))  # (N, 1)
    u0, v0, u1, v1 = (second[None, :, edge] for edge in range(4))  # (1, M)
    width = np.maximum(np.minimum(x1, u1) - np.maximum(x0, u0), 0)  # (N, M)
    height = np.maximum(np.minimum(y1, v1) - np.maximum(y0, v0), 0)  # (N, M)
    shared = width * height
    union = box_area(first)[:, None] + box_area(second)[None, :] - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0))
