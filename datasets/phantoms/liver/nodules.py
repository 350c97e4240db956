"""What the disease makes of the liver's substance: dark nodules parted by bright septa, unevenly spread."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinedet.datasets.phantoms.imaging import FloatImage, smooth_noise

UNEVEN, UNEVEN_SIZE = 0.5, 42.0
"""How much the degree varies within a liver, and over how many pixels."""

MASKED = 0.6
"""A pixel is changed where the local degree is this share of the liver's own degree."""

SHADE = 0.3
"""Spread of the signal between nodules, as a share of the septa's contrast."""

SEPTUM, STRONG, STRONG_SIZE = 1.0, 0.35, 16.0
"""Half the width of a septum in pixels; how much that varies, and over how many pixels."""

BEND, BEND_SIZE = 0.35, 9.0
"""How far septa stray (in nodules), and the size of their bends in pixels."""

PATCH_SIZE = 34.0
"""Size of patches of fat in a healthy liver, in pixels."""


@dataclass(frozen=True, slots=True)
class Substance:
    """The liver's substance over a window (H, W): factor of its signal, and where it is nodular."""

    factor: FloatImage
    changed: NDArray[np.bool_]


def grow_nodules(
    shape: tuple[int, int], degree: float, contrast: float, size: float, rng: np.random.Generator
) -> Substance:
    """Nodules and septa of a degree (0 to 1).

    Args:
        shape: Height and width of the window.
        degree: How nodular the liver is.
        contrast: Signal that septa have over nodules, as a fraction, where the degree is 1.
        size: Of a nodule in pixels.
        rng: Source of everything.
    """
    local = np.clip(1 + UNEVEN * smooth_noise(rng, *shape, UNEVEN_SIZE, UNEVEN_SIZE), 0.0, 1.6)
    septa, shades = _cells(shape, size, rng)
    change = np.float32(degree * contrast) * local * (septa + SHADE * shades - 0.3)
    changed = (local >= MASKED) if degree > 0 else np.zeros(shape, bool)
    return Substance(np.asarray(1 + change, np.float32), np.asarray(changed))


def lay_patches(shape: tuple[int, int], strength: float, rng: np.random.Generator) -> FloatImage:
    """Factor of the signal (H, W) of a liver with patches of fat whose borders are soft."""
    noise = smooth_noise(rng, *shape, PATCH_SIZE, PATCH_SIZE) + 0.5 * smooth_noise(rng, *shape, 12.0, 12.0)
    return np.asarray(1 + strength * np.tanh(1.5 * noise), np.float32)


def _cells(shape: tuple[int, int], size: float, rng: np.random.Generator) -> tuple[FloatImage, FloatImage]:
    """Cells around jittered seeds (Worley, 1996): septa (H, W) from 0 to 1, and a shade (H, W) for each cell."""
    height, width = shape
    rows, columns = int(height / size) + 5, int(width / size) + 5
    jitter = rng.uniform(0.05, 0.95, (rows, columns, 2)).astype(np.float32)
    start = rng.uniform(0, 0.35, (rows, columns)).astype(np.float32)  # seeds with a start own larger cells
    shade = rng.standard_normal((rows, columns)).astype(np.float32)
    y, x = _bent(shape, size, rng)
    row, column = np.clip(y.astype(np.intp), 1, rows - 2), np.clip(x.astype(np.intp), 1, columns - 2)
    nearest, second = np.full(shape, 9.0, np.float32), np.full(shape, 9.0, np.float32)
    shades = np.zeros(shape, np.float32)
    for down in (-1, 0, 1):
        for across in (-1, 0, 1):
            i, j = row + down, column + across
            place = jitter[i, j]  # (H, W, 2)
            away = np.hypot(y - i - place[..., 0], x - j - place[..., 1]) - start[i, j]
            closer = away < nearest
            second = np.where(closer, nearest, np.minimum(second, away))
            shades = np.where(closer, shade[i, j], shades)
            nearest = np.minimum(nearest, away)
    thick = 2 * SEPTUM * np.exp(STRONG * smooth_noise(rng, height, width, STRONG_SIZE, STRONG_SIZE))
    septa = np.exp(-(((second - nearest) * size / thick) ** 2))
    return np.asarray(septa, np.float32), shades


def _bent(shape: tuple[int, int], size: float, rng: np.random.Generator) -> tuple[FloatImage, FloatImage]:
    """Row and column of every pixel (H, W) in units of nodules, strayed smoothly."""
    height, width = shape
    y = (np.arange(height, dtype=np.float32) / np.float32(size) + 2)[:, None]
    x = (np.arange(width, dtype=np.float32) / np.float32(size) + 2)[None]
    bends = [np.float32(BEND) * smooth_noise(rng, height, width, BEND_SIZE, BEND_SIZE) for _ in range(2)]
    return np.asarray(y + bends[0]), np.asarray(x + bends[1])
