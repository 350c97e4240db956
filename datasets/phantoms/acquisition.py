"""How a spine coil sees the lumbar phantom: scanner, saturation band, and the way from tissue to an image."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from spinedet.datasets.phantoms.canvas import View
from spinedet.datasets.phantoms.imaging import FloatImage, measured, textured, windowed
from spinedet.datasets.phantoms.outlines import Points

FIELD_STEP = 8
"""Smooth fields are computed on every eighth pixel and enlarged."""


@dataclass(frozen=True, slots=True)
class Scanner:
    """How one patient was imaged.

    Attributes:
        matrix: Acquired pixels a displayed pixel (below 1: the console enlarges the image).
        blur: Sigma of the point spread in displayed pixels.
        noise: Standard deviation of the noise in each channel, where full signal is 1.
        coil_reach: Distance in mm at which the surface coil's signal has fallen to 1/e.
        coil_floor: What the body coil still gives far away, as a fraction.
        saturation: What a saturation band leaves of the belly's signal (1: there is no band).
        band_distance: Distance of that band from the front of the spine, in mm.
        gain: Signal shown as white is 1 / gain.
        gamma: Exponent of the window.
        square: The field of view is square, so the export has black borders.
    """

    matrix: float
    blur: float
    noise: float
    coil_reach: float
    coil_floor: float
    saturation: float
    band_distance: float
    gain: float
    gamma: float
    square: bool


def sample_scanner(rng: np.random.Generator) -> Scanner:
    """A 1.5 or 3 T scanner with a spine coil."""
    return Scanner(
        matrix=rng.uniform(0.58, 0.85),
        blur=rng.uniform(0.6, 1.3),
        noise=float(np.exp(rng.uniform(np.log(0.008), np.log(0.055)))),
        coil_reach=rng.uniform(55, 120),
        coil_floor=rng.uniform(0.15, 0.45),
        saturation=rng.uniform(0.1, 0.35) if rng.random() < 0.6 else 1.0,
        band_distance=rng.uniform(14, 34),
        gain=rng.uniform(1.0, 1.45),
        gamma=rng.uniform(0.85, 1.2),
        square=bool(rng.random() < 0.4),
    )


def acquire(
    tissue: NDArray[np.uint8],
    glow: NDArray[np.uint8],
    view: View,
    scanner: Scanner,
    borders: tuple[Points, Points],
    rng: np.random.Generator,
) -> NDArray[np.uint8]:
    """The displayed image (H, W) of a painted canvas.

    Args:
        tissue: Signal, grain and fibre (H, W, 3).
        glow: Signal to add (H, W).
        view: Where the image lies.
        scanner: How it is imaged.
        borders: The front of the spine and the skin of the back in mm, each (N, 2) from head to foot.
        rng: Source of texture and noise.
    """
    signal = textured(tissue, glow, rng) * _coil(view, scanner, borders)
    signal = cv2.GaussianBlur(signal, (0, 0), scanner.blur).astype(np.float32, copy=False)
    shown = measured(signal, scanner.matrix, scanner.noise, rng)
    return windowed(_bordered(shown, view) if scanner.square else shown, scanner.gain, scanner.gamma)


def _coil(view: View, scanner: Scanner, borders: tuple[Points, Points]) -> FloatImage:
    """The gain (H, W): falling from the back to the front, and nearly nothing inside a saturation band."""
    columns, rows = np.meshgrid(np.arange(0, view.width + 1, FIELD_STEP), np.arange(0, view.height + 1, FIELD_STEP))
    x, y = np.moveaxis(view.millimetres(np.stack([columns, rows], axis=-1)), -1, 0)  # each (h, w)
    front, skin = (np.interp(y, border[:, 1], border[:, 0]) for border in borders)
    near = np.exp(-np.clip(skin - x, 0, None) / scanner.coil_reach)
    along = np.clip(1 - 0.35 * ((y + 90) / 170) ** 2, 0.3, 1)
    gain = scanner.coil_floor + (1.7 - scanner.coil_floor) * near * along
    band = 1 / (1 + np.exp((x - front + scanner.band_distance) / 3.0))  # 1 inside the band
    gain *= 1 - (1 - scanner.saturation) * band
    return np.asarray(cv2.resize(gain.astype(np.float32), (view.width, view.height)), np.float32)


def _bordered(shown: FloatImage, view: View) -> FloatImage:
    """The image with the black sides of a square export."""
    border = (view.width - view.height) // 2
    shown[:, :border] = shown[:, view.width - border :] = 0
    return shown
