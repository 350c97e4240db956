"""Drawing in millimetres: where the image lies on the anatomy, and a canvas of tissues."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from spinedet.annotations.boxes import Box
from spinedet.datasets.phantoms.outlines import Points

SUBPIXEL_BITS = 5
"""OpenCV draws at 1/32 pixel."""


@dataclass(frozen=True, slots=True)
class Tissue:
    """How a tissue looks.

    Attributes:
        signal: Mean brightness, 0 (air) to 255.
        grain: Strength of the isotropic texture in percent of the signal.
        fibre: Strength of the texture that runs along the body in percent of the signal.
    """

    signal: float
    grain: float = 0.0
    fibre: float = 0.0

    @property
    def colour(self) -> tuple[float, float, float]:
        """The three channels of a canvas."""
        return self.signal, self.grain, self.fibre


@dataclass(frozen=True, slots=True)
class View:
    """A similarity from millimetres of the anatomy to continuous pixels of the image.

    Attributes:
        width, height: Size of the image in pixels.
        scale: Pixels a millimetre.
        turn: Rotation in radians.
        x, y: The pixel on which the anatomy's origin falls.
    """

    width: int
    height: int
    scale: float
    turn: float
    x: float
    y: float

    @classmethod
    def around(cls, middle: Points, size: tuple[int, int], scale: float, turn: float) -> "View":
        """The view that has a point (2,) in mm in the middle of its `size` (width, height)."""
        width, height = size
        free = cls(width, height, scale, turn, 0.0, 0.0)
        x, y = free.pixels(middle[None])[0]
        return cls(width, height, scale, turn, float(width / 2 - x), float(height / 2 - y))

    def pixels(self, points: Points) -> Points:
        """Continuous pixel coordinates (N, 2) of points in mm; the first pixel of a row spans 0 to 1."""
        return self.scale * points @ self._rotation().T + (self.x, self.y)

    def millimetres(self, pixels: Points) -> Points:
        """The reverse of `pixels`."""
        return (np.asarray(pixels, float) - (self.x, self.y)) @ self._rotation() / self.scale

    def box(self, outline: Points) -> Box:
        """The smallest box around an outline in mm, in continuous pixels."""
        corners = self.pixels(outline)
        (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
        return Box(float(x0), float(y0), float(x1), float(y1))

    def window(self, outline: Points) -> tuple[slice, slice]:
        """Rows and columns of the image around an outline in mm, a pixel wider than it and never empty."""
        x0, y0, x1, y1 = self.box(outline)
        left, top = max(int(x0) - 1, 0), max(int(y0) - 1, 0)
        right, bottom = max(min(int(x1) + 2, self.width), left + 1), max(min(int(y1) + 2, self.height), top + 1)
        return slice(top, bottom), slice(left, right)

    def fixed(self, points: Points) -> NDArray[np.int32]:
        """Points in mm as OpenCV draws them, in `1 / 2**SUBPIXEL_BITS` pixels.

        OpenCV counts from the centre of the first pixel, the package from its border.
        """
        return np.round((self.pixels(points) - 0.5) * (1 << SUBPIXEL_BITS)).astype(np.int32)

    def label(self, labels: NDArray[np.uint8], outline: Points, number: int) -> None:
        """Give the inside of an outline in mm this number in an image of labels (H, W), to whole pixels."""
        cv2.fillPoly(labels, [np.round(self.pixels(outline) - 0.5).astype(np.int32)], number)

    def _rotation(self) -> Points:
        sine, cosine = np.sin(self.turn), np.cos(self.turn)
        return np.array([[cosine, -sine], [sine, cosine]])


class Canvas:
    """An image (H, W, 3) uint8 of signal, grain and fibre, painted from back to front.

    Attributes:
        view: Where the image lies.
        pixels: What has been painted.
    """

    def __init__(self, view: View):
        self.view = view
        self.pixels: NDArray[np.uint8] = np.zeros((view.height, view.width, 3), np.uint8)

    def fill(self, outline: Points, tissue: Tissue) -> None:
        """Paint the inside of a closed outline (N, 2) in mm."""
        cv2.fillPoly(self.pixels, [self.view.fixed(outline)], tissue.colour, cv2.LINE_AA, SUBPIXEL_BITS)

    def stroke(self, line: Points, tissue: Tissue, width: float, closed: bool = False) -> None:
        """Paint a line (N, 2) in mm of `width` mm (one pixel at least)."""
        thickness = max(1, round(width * self.view.scale))
        fixed = [self.view.fixed(line)]
        cv2.polylines(self.pixels, fixed, closed, tissue.colour, thickness, cv2.LINE_AA, SUBPIXEL_BITS)

    def blur(self, sigma: float) -> None:
        """Soften everything painted so far by `sigma` pixels: bowel moves, lungs breathe."""
        self.pixels = cv2.GaussianBlur(self.pixels, (0, 0), sigma)
