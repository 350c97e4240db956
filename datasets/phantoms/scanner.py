"""How the phantoms of whole images are imaged: resolution, an uneven field, noise, window.

A phantom whose coil or patient does more extends `Scanner` by what that needs.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from spinedet.datasets.phantoms.canvas import Canvas, View
from spinedet.datasets.phantoms.imaging import FloatImage, measured, textured, windowed


@dataclass(frozen=True, slots=True)
class Scanner:
    """How one patient was imaged.

    Attributes:
        matrix: Acquired pixels a displayed pixel.
        blur: Sigma of the point spread in displayed pixels.
        noise: Standard deviation of the noise in each channel, where full signal is 1.
        bias: Standard deviation of the logarithm of the coil's field.
        gain: Signal shown as white is 1 / gain.
        gamma: Exponent of the window.
    """

    matrix: float
    blur: float
    noise: float
    bias: float
    gain: float
    gamma: float

    def blurred(self, signal: FloatImage) -> FloatImage:
        """Signal (H, W) after the point spread."""
        return np.asarray(cv2.GaussianBlur(signal, (0, 0), self.blur), np.float32)

    def shown(self, signal: FloatImage, rng: np.random.Generator) -> NDArray[np.uint8]:
        """Signal (H, W) as it is measured and displayed."""
        return windowed(measured(signal, self.matrix, self.noise, rng), self.gain, self.gamma)


def log_uniform(limits: tuple[float, float], rng: np.random.Generator) -> float:
    """A number between two limits whose logarithm is uniform."""
    return float(np.exp(rng.uniform(*np.log(limits))))


def textured_canvas(canvas: Canvas, rng: np.random.Generator) -> FloatImage:
    """Signal (H, W) of what was painted, from 0 to 1, where nothing glows."""
    return textured(canvas.pixels, np.zeros(canvas.pixels.shape[:2], np.uint8), rng)


def uneven(view: View, size: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """A smooth field (H, W) around 0 whose bright and dark parts are `size` pixels large."""
    spots = rng.standard_normal((round(view.height / size) + 2, round(view.width / size) + 2))
    return np.asarray(cv2.resize(spots, (view.width, view.height), interpolation=cv2.INTER_CUBIC))
