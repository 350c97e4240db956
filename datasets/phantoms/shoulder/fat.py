"""Fat in a muscle: thin streaks where there is little, which thicken and meet as there is more."""

import cv2
import numpy as np
from numpy.typing import NDArray

from spinedet.datasets.phantoms.imaging import FloatImage, smooth_noise

STREAKS = (5.5, 9.0)
"""Distance of neighbouring streaks down and across, in pixels."""

SEPTA, SEPTA_SIZE, SEPTA_WIDTH = 0.16, (4.5, 9.0), 0.3
"""Fat in the septa of a healthy muscle, their distance down and across in pixels, their width in units of the noise."""

ROUGH, ROUGH_SIZE = 0.3, 2.2
"""How much fine grain breaks the streaks, and its size in pixels."""

PATCHY, PATCHES = 0.4, 16.0
"""How much the streaks gather in some parts of the muscle, and the size of those in pixels."""

SOFT = 0.6
"""Over how much of the pattern's range muscle turns into fat."""

NEAR = 3.0
"""Sigma in pixels of the surroundings in which the local share of fat is taken."""

MASKED = 0.15
"""Local share of fat from which a pixel of the muscle belongs to the lesion's mask."""


def marbled(inside: NDArray[np.bool_], share: float, patches: FloatImage, rng: np.random.Generator) -> FloatImage:
    """How much of each pixel is fat (H, W), from 0 to 1.

    Args:
        inside: The muscle (H, W).
        share: Share of the muscle that is fat.
        patches: Unit noise (H, W) that neighbouring images share: where fat gathers.
        rng: Source of the streaks.
    """
    height, width = inside.shape
    if share <= 0 or not inside.any():
        return np.zeros((height, width), np.float32)
    # The lines on which smooth noise changes its sign run through the muscle as septa do.
    ridges = -np.abs(smooth_noise(rng, height, width, *STREAKS)) + PATCHY * patches
    ridges += ROUGH * smooth_noise(rng, height, width, ROUGH_SIZE, ROUGH_SIZE)
    limit = np.quantile(ridges[inside], 1 - share)
    return np.asarray(np.clip((ridges - limit) / SOFT + 0.5, 0, 1) * inside, np.float32)


def septa(like: FloatImage, rng: np.random.Generator) -> FloatImage:
    """The faint lines (H, W) between the bundles of any muscle, as a share of fat; no reader would call it fat."""
    height, width = like.shape
    waves = smooth_noise(rng, height, width, *SEPTA_SIZE) / SEPTA_WIDTH
    return np.asarray(SEPTA * np.exp(-(waves**2)), np.float32)


def fatty(fat: FloatImage, inside: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The lesion's mask (H, W): 1 where at least `MASKED` of the muscle around is fat."""
    around, muscle = (cv2.GaussianBlur(part.astype(np.float32), (0, 0), NEAR) for part in (fat, inside))
    return np.asarray(inside & (around >= MASKED * muscle), np.uint8)
