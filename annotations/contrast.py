"""Window and level: which values of an image are shown from black to white."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

WINDOW_PERCENTILES = (0.5, 99.5)
"""Images of more than 8 bits are shown between these percentiles of their own values."""

NARROWEST = 1.0
"""Least width of a window set by hand, in grey values."""

BLACK, WHITE = 0, 255


@dataclass(frozen=True, slots=True)
class Window:
    """Grey values `low` (shown black) to `high` (shown white); what radiologists call window and level.

    Attributes:
        low, high: In the units of the image's own values.
    """

    low: float
    high: float

    @classmethod
    def of_level(cls, level: float, width: float) -> Self:
        """The window of `width` grey values around `level`, at least `NARROWEST` wide."""
        half = max(width, NARROWEST) / 2
        return cls(level - half, level + half)

    @property
    def level(self) -> float:
        """The middle of the window."""
        return (self.low + self.high) / 2

    @property
    def width(self) -> float:
        """The grey values from black to white."""
        return self.high - self.low


def whole_range(image: NDArray[np.generic]) -> tuple[int, int]:
    """The least and the greatest value that pixels of this kind can have: 0 and 255, or those found in 16 bits."""
    if image.dtype == np.uint8 or not image.size:
        return BLACK, WHITE
    return int(image.min()), max(int(image.max()), int(image.min()) + 1)


def first_window(image: NDArray[np.generic]) -> Window:
    """How an image is shown at first: 8 bits as they are, others between `WINDOW_PERCENTILES`.

    A constant image and one without finite values get a window that shows them black.
    """
    if image.dtype == np.uint8:
        return Window(BLACK, WHITE)
    values = image.astype(np.float32)
    finite = values[np.isfinite(values)]
    low, high = np.percentile(finite, WINDOW_PERCENTILES) if finite.size else (0.0, 0.0)
    return Window(float(low), float(high))


def show(image: NDArray[np.generic], window: Window) -> NDArray[np.uint8]:
    """Map values linearly from the window to 0..255, same shape; missing values become black."""
    values = image.astype(np.float32)
    scaled = np.nan_to_num((values - window.low) / max(window.width, 1e-6))
    return np.asarray(np.rint(np.clip(scaled, 0, 1) * WHITE), np.uint8)
