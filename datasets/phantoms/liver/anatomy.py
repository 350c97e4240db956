"""The build of one patient's trunk: sizes in mm, the wall around the abdominal cavity, and where it lies in the image.

Places in the trunk are given as fractions of the cavity's half axes: x to the image's right (the patient's left), y
backwards. The cavity is a squarish ellipse, its border at distance 1.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinedet.datasets.phantoms.canvas import View
from spinedet.datasets.phantoms.outlines import Points

WIDTH, HEIGHT = 320, 256
"""Size of an image in pixels."""

ANGLES = np.linspace(0, 2 * np.pi, 128, endpoint=False)
"""Directions in which the wall is given, from the patient's left over the back."""

SQUARE = 2.3
"""Exponent of the superellipse: 2 is an ellipse, more is squarer."""

FILL = (0.88, 0.96)
"""Share of the image's width or height that the trunk takes."""

TURN = (-4.0, 4.0)
"""How the patient lies, in degrees."""

BACK = 0.9
"""The table flattens what lies further back than this share of the trunk's depth."""


@dataclass(frozen=True, slots=True)
class Build:
    """What all levels of one patient share.

    Attributes:
        half: Half axes of the cavity in mm, to the side and to the back.
        wall: Thickness of ribs and muscles in mm.
        fat: Thickness of the fat below the skin in mm, at the front.
        flanks: How much thicker it is at the sides, as a fraction.
        stout: Fat between the organs, from 0 to 1; it makes them smaller and moves them off the wall.
        fill: Share of the image that the trunk takes.
        tilt: How the patient lies, in radians.
        waves: Phases of the wall's unevenness (3,).
    """

    half: tuple[float, float]
    wall: float
    fat: float
    flanks: float
    stout: float
    fill: float
    tilt: float
    waves: NDArray[np.float64]

    def place(self, points: ArrayLike) -> Points:
        """From fractions of the cavity's half axes (..., 2) to mm."""
        return np.asarray(points, float) * self.half

    def border(self, angle: ArrayLike) -> NDArray[np.float64]:
        """Distance of the cavity's border by direction, in fractions of the half axes."""
        angle = np.asarray(angle, float)
        waves = np.arange(2, 5)[:, None]  # (3, 1) waves a turn
        uneven = 0.025 * np.sin(waves * angle.ravel() + self.waves[:, None]).mean(axis=0).reshape(angle.shape)
        squarish = (np.abs(np.cos(angle)) ** SQUARE + np.abs(np.sin(angle)) ** SQUARE) ** (-1 / SQUARE)
        return np.asarray(squarish + uneven)

    def inside(self, points: Points, limit: float) -> Points:
        """Points (N, 2) drawn inwards, where they lie beyond `limit` times the border."""
        distance = np.hypot(points[:, 0], points[:, 1])
        allowed = limit * self.border(np.arctan2(points[:, 1], points[:, 0]))
        return points * np.minimum(1, allowed / np.maximum(distance, 1e-9))[:, None]  # (N, 2) * (N, 1)

    def ring(self, beyond: ArrayLike, share: float = 1.0) -> Points:
        """An outline (128, 2) in mm around the cavity, `beyond` mm outside the border; `share` of it if nearer."""
        unit = self.border(ANGLES)[:, None] * np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)
        more = np.broadcast_to(np.asarray(beyond, float), len(ANGLES))[:, None]
        return np.asarray(unit * (share * np.array(self.half) + more))  # (128, 2) * (2,) + (128, 1)

    def skin(self, below: float = 0.0) -> Points:
        """The outline (128, 2) of the trunk in mm, or `below` mm under it; flat where it lies on the table."""
        fat = self.fat * (1 + self.flanks * np.cos(ANGLES) ** 2 + 0.4 * np.clip(np.sin(ANGLES), 0, None))
        points = self.ring(self.wall + fat - below)
        table = BACK * float(self.ring(self.wall + fat)[:, 1].max()) - below
        points[:, 1] -= 0.75 * np.clip(points[:, 1] - table, 0, None)
        return points

    def view(self) -> View:
        """The trunk in the middle of the image."""
        skin = self.skin()
        low, high = skin.min(axis=0), skin.max(axis=0)
        scale = self.fill * min(WIDTH / (high[0] - low[0]), HEIGHT / (high[1] - low[1]))
        return View.around((low + high) / 2, (WIDTH, HEIGHT), float(scale), self.tilt)


def sample_build(rng: np.random.Generator) -> Build:
    """A grown-up, thin or stout, whatever the disease."""
    wide, stout = rng.uniform(118, 142), rng.random()
    return Build(
        half=(wide, wide * rng.uniform(0.68, 0.8)),
        wall=rng.uniform(12, 17),
        fat=rng.uniform(6, 12) + 16 * stout * rng.random(),
        flanks=rng.uniform(0, 0.5),
        stout=stout,
        fill=rng.uniform(*FILL),
        tilt=float(np.radians(rng.uniform(*TURN))),
        waves=rng.uniform(0, 2 * np.pi, 3),
    )
