"""What the disease leaves of a muscle: how much of each pixel is fat or fluid, and the mask of the lesion."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinedet.datasets.phantoms.imaging import FloatImage, smooth_noise
from spinedet.datasets.phantoms.thigh.patterns import Pattern
from spinedet.datasets.phantoms.thigh.territory import Territory

HEALTHY_FAT = 0.045
"""Fat in a healthy muscle."""

SPREAD = 1.5
"""How the fat is divided: a muscle half of which is fat looks moth-eaten, not grey."""

STREAKS, PATCHES = 2.4, 7.0
"""Size of the streaks of fat and of the patches in which they lie, in pixels."""

UNEVEN, UNEVEN_SIZE = 0.3, 34.0
"""How much the degree varies within a muscle, and over how many pixels."""

RIM_DEPTH = 0.05
"""Depth of fat that keeps to the border of a muscle, as a fraction of the leg's radius."""

MASKED = 0.12
"""Local degree from which a pixel of an affected muscle belongs to the lesion's mask."""


@dataclass(frozen=True, slots=True)
class Lesion:
    """The lesion over a leg's window (H, W): share of fat, share of fluid, and where it is.

    It is where the disease shows: in affected muscle, and in the fat that took the place of muscle that wasted.
    """

    fat: FloatImage
    fluid: FloatImage
    mask: NDArray[np.bool_]


def spread_lesion(
    territory: Territory, degrees: NDArray[np.float64], pattern: Pattern, rng: np.random.Generator
) -> Lesion:
    """Spread the degrees of every muscle (M,) over its pixels, unevenly."""
    degree = _local(territory, degrees.astype(np.float32)[territory.muscle], pattern.rim, rng)
    mask = (degree >= MASKED) & (np.maximum(territory.share, territory.former) > 0.5)
    if pattern.oedema:
        return Lesion(_moth_eaten(np.full_like(degree, HEALTHY_FAT), rng), degree, mask)
    return Lesion(_moth_eaten(np.maximum(degree, HEALTHY_FAT), rng), np.zeros_like(degree), mask)


def _local(territory: Territory, degree: FloatImage, rim: float, rng: np.random.Generator) -> FloatImage:
    """The degree (H, W) after variation within each muscle; none comes to muscles that have none."""
    uneven = _noise(rng, degree, UNEVEN_SIZE)
    outer = np.exp(-np.clip(territory.depth, 0, None) / RIM_DEPTH)
    factor = (1 + UNEVEN * uneven) * (1 - rim + rim * 1.5 * outer)
    return np.asarray(np.clip(degree * factor, 0, 1), np.float32)


def _moth_eaten(degree: FloatImage, rng: np.random.Generator) -> FloatImage:
    """Fat (H, W) of a mean near the degree, in streaks: most of it where the degree is a half."""
    streaks = 0.8 * _noise(rng, degree, STREAKS)
    streaks += 0.8 * _noise(rng, degree, PATCHES)
    return np.asarray(np.clip(degree + SPREAD * degree * (1 - degree) * streaks, 0, 1), np.float32)


def _noise(rng: np.random.Generator, like: FloatImage, size: float) -> FloatImage:
    """Noise of the shape of another array, with spots of that many pixels."""
    height, width = like.shape
    return smooth_noise(rng, height, width, size, size)
