"""From an image to network input and back, for every detector, in numpy and OpenCV alone."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from spinedet.datasets.images import Pixels
from spinedet.detect.modelfile import Preprocessing

INTERPOLATIONS = {"linear": cv2.INTER_LINEAR, "cubic": cv2.INTER_CUBIC, "area": cv2.INTER_AREA}

HALF_PIXEL_LEFT = 0.1
"""An odd number of padding pixels puts the extra one right and below (rounding half down, as the YOLO family does)."""


@dataclass(frozen=True, slots=True)
class Fit:
    """Where an image lies in the network input: input = image * scale + offset, per axis (x, y), in pixels."""

    scale: tuple[float, float]
    offset: tuple[int, int]
    width: int
    height: int

    def to_image(self, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Map boxes (N, 4) from network input back to the image and clip them to it."""
        moved = (boxes - np.tile(self.offset, 2)) / np.tile(self.scale, 2)  # (N, 4) - (4,)
        limit = np.array([self.width, self.height] * 2)
        return np.asarray(np.clip(moved, 0, limit), np.float32)


def prepare(image: Pixels, size: int, how: Preprocessing) -> tuple[NDArray[np.float32], Fit]:
    """Fit an image, (H, W) grey or (H, W, 3) RGB, to a square input.

    Returns:
        The input (3, size, size) float32, and where the image lies in it.
    """
    fitted, fit = _letterbox(image, size, how) if how.fit == "letterbox" else _stretch(image, size, how)
    mean, std = np.asarray(how.mean, np.float32), np.asarray(how.std, np.float32)
    planes = np.empty((3, size, size), np.float32)
    planes[:] = fitted if fitted.ndim == 2 else fitted.transpose(2, 0, 1)  # grey (size, size) fills all three
    planes *= (1 / (255 * std))[:, None, None]
    if mean.any():
        planes -= (mean / std)[:, None, None]
    return planes, fit


def _stretch(image: Pixels, size: int, how: Preprocessing) -> tuple[Pixels, Fit]:
    height, width = image.shape[:2]
    resized = cv2.resize(image, (size, size), interpolation=INTERPOLATIONS[how.interpolation])
    return resized, Fit((size / width, size / height), (0, 0), width, height)


def _letterbox(image: Pixels, size: int, how: Preprocessing) -> tuple[Pixels, Fit]:
    height, width = image.shape[:2]
    scale = min(size / height, size / width)
    inner = max(1, round(width * scale)), max(1, round(height * scale))  # a long thin image keeps a line
    left, top = (round((size - side) / 2 - HALF_PIXEL_LEFT) for side in inner)
    if inner != (width, height):
        image = cv2.resize(image, inner, interpolation=INTERPOLATIONS[how.interpolation])
    if inner != (size, size):
        right, bottom = size - inner[0] - left, size - inner[1] - top
        image = cv2.copyMakeBorder(image, top, bottom, left, right, cv2.BORDER_CONSTANT, value=(how.fill,) * 3)
    return image, Fit((scale, scale), (left, top), width, height)
