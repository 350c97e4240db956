"""How a radiograph is taken and shown: scatter, noise of few quanta, window, collimated field, side marker."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from spinedet.datasets.phantoms.imaging import windowed
from spinedet.datasets.phantoms.radiograph import Film
from spinedet.datasets.phantoms.scanner import log_uniform, uneven

HALF = 14.0
"""Matter in mm of compact bone behind which the noise has grown by e: fewer quanta arrive."""

CLOUDS = 90.0
"""Size of the field's uneven parts, in pixels."""

SCATTER = 12.0
"""Sigma in pixels over which scattered rays spread."""

MARKER = 0.075
"""Height of the side marker, as a fraction of the image's."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """How one image was taken.

    Attributes:
        white: Matter that is shown nearly white, in mm of compact bone.
        gamma: Exponent of the window.
        blur: Sigma of the point spread in pixels.
        noise: Standard deviation of the noise where nothing weakens the beam; white is 1.
        scatter: Share of the signal that arrives spread out.
        field: Standard deviation of the field's unevenness, as a fraction.
        blades: How far the collimator's blades reach into the image: left, top, right, bottom, in pixels.
        marker: The side, `L` or `R`.
        corner: Where its marker lies, as fractions of width and height.
    """

    white: float
    gamma: float
    blur: float
    noise: float
    scatter: float
    field: float
    blades: tuple[int, int, int, int]
    marker: str
    corner: tuple[float, float]


def sample_exposure(
    white: tuple[float, float], noise: tuple[float, float], marker: str, rng: np.random.Generator
) -> Exposure:
    """A digital radiograph, whatever it shows.

    Args:
        white: Least and greatest matter that is shown nearly white, in mm of compact bone.
        noise: Least and greatest standard deviation of the noise, where white is 1.
        marker: The side.
        rng: Source of the rest.
    """
    blades = rng.integers(2, 9, 4) * (rng.random(4) < 0.6)
    left, top, right, bottom = (int(blade) for blade in blades)
    return Exposure(
        white=float(rng.uniform(*white)),
        gamma=float(rng.uniform(0.85, 1.2)),
        blur=float(rng.uniform(0.45, 0.7)),
        noise=log_uniform(noise, rng),
        scatter=float(rng.uniform(0.06, 0.2)),
        field=float(rng.uniform(0.01, 0.05)),
        blades=(left, top, right, bottom),
        marker=marker,
        corner=(float(rng.choice([0.09, 0.84])), float(rng.uniform(0.12, 0.2))),
    )


def exposed(film: Film, exposure: Exposure, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The displayed image (H, W) of a film."""
    signal = np.asarray(cv2.GaussianBlur(film.matter, (0, 0), exposure.blur), np.float32)
    spread = cv2.GaussianBlur(film.matter, (0, 0), SCATTER)
    signal = (1 - exposure.scatter) * signal + exposure.scatter * spread
    strength = exposure.noise * np.exp(signal / HALF)  # (H, W)
    signal = signal / exposure.white * (1 + exposure.field * uneven(film.view, CLOUDS, rng))
    grain = rng.standard_normal(signal.shape, dtype=np.float32)
    grain = 0.7 * grain + 0.9 * cv2.GaussianBlur(grain, (0, 0), 0.8)  # a detector's pixels are not independent
    noisy = np.asarray(np.maximum(signal + 0.03 + strength * grain, 0), np.float32)
    return _marked(windowed(noisy, 1.0, exposure.gamma), exposure)


def _marked(shown: NDArray[np.uint8], exposure: Exposure) -> NDArray[np.uint8]:
    """With the lead marker, and black where the collimator's blades were."""
    height, width = shown.shape
    across, down = exposure.corner
    place, size = (round(across * width), round(down * height)), MARKER * height / 21
    cv2.putText(shown, exposure.marker, place, cv2.FONT_HERSHEY_SIMPLEX, size, 235, 1, cv2.LINE_AA)
    left, top, right, bottom = exposure.blades
    field = np.zeros_like(shown)
    field[top : height - bottom, left : width - right] = 1
    return shown * field
