"""From tissue to an 8-bit image: texture, surface coil, resolution, Rician noise, window."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from spinedet.datasets.phantoms.canvas import View
from spinedet.datasets.phantoms.outlines import Points

FloatImage = NDArray[np.float32]

SHOULDER = 0.72
"""Signal above which the window flattens towards white."""

BRIGHTEST, WINDOW_STEPS = 4.0, 4096
"""The window is a table of so many steps up to this signal, like a 12-bit console."""

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
    signal = _textured(tissue, glow, rng) * _coil(view, scanner, borders)
    signal = cv2.GaussianBlur(signal, (0, 0), scanner.blur)
    return _windowed(_measured(signal, view, scanner, rng), scanner)


def _textured(tissue: NDArray[np.uint8], glow: NDArray[np.uint8], rng: np.random.Generator) -> FloatImage:
    """Signal (H, W) from 0 to 1, uneven as the tissues are."""
    height, width = glow.shape
    grain = cv2.addWeighted(_noise(rng, height, width, 2.5, 2.5), 1, _noise(rng, height, width, 9, 9), 0.7, 0)
    fibre = cv2.addWeighted(_noise(rng, height, width, 14, 3), 1, _noise(rng, height, width, 40, 7), 0.6, 0)
    signal, strength, along = (channel.astype(np.float32) for channel in cv2.split(tissue))
    # In place: fresh arrays of this size cost more than the sums.
    grain *= strength
    fibre *= along
    grain += fibre
    grain *= 0.01
    grain += 1
    signal += glow
    signal *= np.clip(grain, 0.2, 1.9, out=grain)
    signal *= 1 / 255
    return np.asarray(signal, np.float32)


def _noise(rng: np.random.Generator, height: int, width: int, down: float, across: float) -> FloatImage:
    """Smooth noise (H, W) of unit variance (before enlarging) whose spots are `down` by `across` pixels."""
    spots = rng.standard_normal((round(height / down) + 1, round(width / across) + 1), dtype=np.float32)
    return np.asarray(cv2.resize(spots, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


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


def _measured(signal: FloatImage, view: View, scanner: Scanner, rng: np.random.Generator) -> FloatImage:
    """The magnitude of a complex measurement with Gaussian noise in both channels (Rician), on the coarser matrix."""
    size = (round(view.width * scanner.matrix), round(view.height * scanner.matrix))
    coarse = cv2.resize(signal, size, interpolation=cv2.INTER_AREA)
    real, imaginary = scanner.noise * rng.standard_normal((2, size[1], size[0]), dtype=np.float32)
    magnitude = cv2.magnitude(coarse + real, imaginary)
    shown = cv2.resize(magnitude, (view.width, view.height), interpolation=cv2.INTER_CUBIC)
    if scanner.square:
        border = (view.width - view.height) // 2
        shown[:, :border] = shown[:, view.width - border :] = 0
    return np.asarray(shown, np.float32)


def _windowed(signal: FloatImage, scanner: Scanner) -> NDArray[np.uint8]:
    """Eight bits with a soft shoulder above `SHOULDER`, so that the fat near the coil keeps its structure."""
    bright = np.linspace(0, BRIGHTEST * scanner.gain, WINDOW_STEPS)
    over = np.clip(bright - SHOULDER, 0, None)
    shown = np.minimum(bright, SHOULDER) + (1 - SHOULDER) * over / (over + 1.6 * (1 - SHOULDER))
    table = np.round(255 * shown**scanner.gamma).astype(np.uint8)
    return np.asarray(table[np.clip(signal * ((WINDOW_STEPS - 1) / BRIGHTEST), 0, WINDOW_STEPS - 1).astype(np.uint16)])
