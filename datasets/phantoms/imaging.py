"""What every MR phantom goes through: texture of the tissues, resolution, Rician noise, window."""

import cv2
import numpy as np
from numpy.typing import NDArray

FloatImage = NDArray[np.float32]

SHOULDER = 0.72
"""Signal above which the window flattens towards white."""

BRIGHTEST, WINDOW_STEPS = 4.0, 4096
"""The window is a table of so many steps up to this signal, like a 12-bit console."""


def textured(tissue: NDArray[np.uint8], glow: NDArray[np.uint8], rng: np.random.Generator) -> FloatImage:
    """Signal (H, W) from 0 to 1, uneven as the tissues are.

    Args:
        tissue: Signal, grain and fibre (H, W, 3); see `canvas.Tissue`.
        glow: Signal to add (H, W).
        rng: Source of the texture.
    """
    height, width = glow.shape
    grain = cv2.addWeighted(
        smooth_noise(rng, height, width, 2.5, 2.5), 1, smooth_noise(rng, height, width, 9, 9), 0.7, 0
    )
    fibre = cv2.addWeighted(smooth_noise(rng, height, width, 14, 3), 1, smooth_noise(rng, height, width, 40, 7), 0.6, 0)
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


def smooth_noise(rng: np.random.Generator, height: int, width: int, down: float, across: float) -> FloatImage:
    """Smooth noise (H, W) of unit variance (before enlarging) whose spots are `down` by `across` pixels."""
    spots = rng.standard_normal((round(height / down) + 1, round(width / across) + 1), dtype=np.float32)
    return np.asarray(cv2.resize(spots, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def measured(signal: FloatImage, matrix: float, noise: float, rng: np.random.Generator) -> FloatImage:
    """The magnitude of a complex measurement with Gaussian noise in both channels (Rician), on a coarser matrix.

    Args:
        signal: Signal (H, W), full signal is 1.
        matrix: Acquired pixels a displayed pixel.
        noise: Standard deviation of the noise in each channel.
        rng: Source of the noise.
    """
    height, width = signal.shape
    size = (round(width * matrix), round(height * matrix))
    coarse = cv2.resize(signal, size, interpolation=cv2.INTER_AREA)
    real, imaginary = noise * rng.standard_normal((2, size[1], size[0]), dtype=np.float32)
    magnitude = cv2.magnitude(coarse + real, imaginary)
    return np.asarray(cv2.resize(magnitude, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def windowed(signal: FloatImage, gain: float, gamma: float) -> NDArray[np.uint8]:
    """Eight bits with a soft shoulder above `SHOULDER`, so that the fat near the coil keeps its structure.

    Args:
        signal: Signal (H, W).
        gain: Signal shown as white is 1 / gain.
        gamma: Exponent of the window.
    """
    bright = np.linspace(0, BRIGHTEST * gain, WINDOW_STEPS)
    over = np.clip(bright - SHOULDER, 0, None)
    shown = np.minimum(bright, SHOULDER) + (1 - SHOULDER) * over / (over + 1.6 * (1 - SHOULDER))
    table = np.round(255 * shown**gamma).astype(np.uint8)
    return np.asarray(table[np.clip(signal * ((WINDOW_STEPS - 1) / BRIGHTEST), 0, WINDOW_STEPS - 1).astype(np.uint16)])
