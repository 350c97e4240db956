"""How an abdomen is imaged: uneven coils, a dark middle at high field, breathing, resolution, noise, window."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from spinedet.datasets.phantoms.canvas import Canvas, View
from spinedet.datasets.phantoms.imaging import FloatImage, smooth_noise
from spinedet.datasets.phantoms.liver.plan import Setting
from spinedet.datasets.phantoms.scanner import Scanner, log_uniform, textured_canvas

BIAS_SIZE = 130.0
"""Size of the bright and dark parts of the coils' field, in pixels."""

SHADE_SIZE = 0.3
"""Radius of the dark middle, as a fraction of the image's width."""


@dataclass(frozen=True, slots=True)
class AbdominalScanner(Scanner):
    """A scanner at high field, and how calmly the patient breathed.

    Attributes:
        shade: Signal that the middle loses to the radio waves' own length, as a fraction.
        ghost: Strength of the copy that breathing adds, as a fraction.
    """

    shade: float
    ghost: float


def sample_scanner(setting: Setting, rng: np.random.Generator) -> AbdominalScanner:
    """A scanner and how calmly the patient breathed."""
    return AbdominalScanner(
        matrix=rng.uniform(0.72, 1.0),
        blur=rng.uniform(0.45, 0.8),
        noise=log_uniform(setting.noise, rng),
        bias=setting.bias,
        shade=rng.uniform(0, 0.35) if rng.random() < 0.5 else 0.0,
        ghost=rng.uniform(0, 0.05),
        gain=rng.uniform(0.95, 1.2),
        gamma=rng.uniform(0.8, 1.1),
    )


def acquire(canvas: Canvas, scanner: AbdominalScanner, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The displayed image (H, W) of a painted canvas."""
    signal = textured_canvas(canvas, rng)
    signal = scanner.blurred(signal * _field(canvas.view, scanner, rng))
    return scanner.shown(_breathed(signal, scanner.ghost, rng), rng)


def _field(view: View, scanner: AbdominalScanner, rng: np.random.Generator) -> FloatImage:
    """The coils' field (H, W): a smooth factor around 1, less in the middle."""
    spots = smooth_noise(rng, view.height // 8, view.width // 8, BIAS_SIZE / 8, BIAS_SIZE / 8)
    smooth = np.exp(scanner.bias * cv2.GaussianBlur(spots, (0, 0), 3.0))
    middle = np.array([0.5 * view.width, 0.45 * view.height]) + rng.normal(0, 12, 2)
    y, x = np.mgrid[4 : view.height : 8, 4 : view.width : 8]
    away = ((x - middle[0]) ** 2 + (y - middle[1]) ** 2) / (SHADE_SIZE * view.width) ** 2
    field = np.asarray(smooth * (1 - scanner.shade * np.exp(-0.5 * away)), np.float32)
    return np.asarray(cv2.resize(field, (view.width, view.height), interpolation=cv2.INTER_CUBIC), np.float32)


def _breathed(signal: FloatImage, strength: float, rng: np.random.Generator) -> FloatImage:
    """The image (H, W) with faint copies of itself above and below."""
    shift = int(rng.integers(18, 60))
    return np.asarray(
        signal + strength * (np.roll(signal, shift, axis=0) + np.roll(signal, -shift, axis=0)), np.float32
    )
