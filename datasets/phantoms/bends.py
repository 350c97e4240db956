"""Smooth displacements: what makes one person's outlines, or one image's, differ from the mean."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinedet.datasets.phantoms.outlines import Points


@dataclass(frozen=True, slots=True)
class Bends:
    """Smooth displacements: `heights` (K,) in mm of waves with `vectors` (K, 2) in 1/mm and `phases` (K, 2)."""

    vectors: NDArray[np.float64]
    heights: NDArray[np.float64]
    phases: NDArray[np.float64]

    def moved(self, points: Points) -> Points:
        """Points (N, 2) after the displacement."""
        turns = points @ self.vectors.T  # (N, K)
        waves = np.sin(turns[..., None] + self.phases)  # (N, K, 1) + (K, 2)
        return np.asarray(points + np.einsum("k,nkd->nd", self.heights, waves))


def sample_bends(waves: tuple[tuple[float, float], ...], rng: np.random.Generator) -> Bends:
    """Two waves of each length, in any direction."""
    lengths, heights = np.repeat(np.array(waves), 2, axis=0).T
    angles = rng.uniform(0, 2 * np.pi, len(lengths))
    vectors = 2 * np.pi / lengths[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return Bends(vectors, heights / np.sqrt(2), rng.uniform(0, 2 * np.pi, (len(lengths), 2)))
