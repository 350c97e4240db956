"""The build of one patient's thighs: sizes in mm, fat below the skin, femur, and where the legs lie in the image."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from spinedet.datasets.phantoms.canvas import View
from spinedet.datasets.phantoms.outlines import Points

WIDTH, HEIGHT = 384, 256
"""Size of an image in pixels."""

ANGLES = np.linspace(0, 2 * np.pi, 96, endpoint=False)
"""Directions in which outlines are given, from lateral over posterior."""

FILL = (0.86, 0.95)
"""Share of the image's width that the legs take."""

TURN = (-3.0, 3.0)
"""How the patient lies, in degrees."""

GAP = (9.0, 26.0)
"""Air between the legs in mm."""

PRESSED = (2.5, 7.0)
"""How far each of two touching legs is pressed flat, in mm; never through its fat."""


@dataclass(frozen=True, slots=True)
class Build:
    """What all levels of one patient share; both legs are alike but for `waves` and `turns`.

    Attributes:
        radius: Of the fascia lata at mid-thigh, in mm.
        fat: Mean thickness of the fat below the skin at mid-thigh, in mm.
        medial: How much thicker that is on the inner side, as a fraction.
        cortex: Thickness of the femur's cortex, as a fraction of its radius.
        flat: How far the table flattens the back, as a fraction of the leg's radius.
        gap: Air between the legs in mm.
        pressed: How far each leg is pressed flat where they touch, in mm.
        fill: Share of the image's width that the legs take.
        tilt: How the patient lies, in radians.
        turns: Outward rotation of each leg in radians (2,).
        waves: Phases of the outlines' unevenness (2, 3).
    """

    radius: float
    fat: float
    medial: float
    cortex: float
    flat: float
    gap: float
    pressed: float
    fill: float
    tilt: float
    turns: NDArray[np.float64]
    waves: NDArray[np.float64]


def sample_build(rng: np.random.Generator) -> Build:
    """A child or an adult, thin or stout, whatever the disease."""
    radius = rng.uniform(46, 80)
    return Build(
        radius=radius,
        fat=radius * rng.uniform(0.1, 0.34),
        medial=rng.uniform(0.1, 0.5),
        cortex=rng.uniform(0.26, 0.4),
        flat=rng.uniform(0.02, 0.12),
        gap=rng.uniform(*GAP),
        pressed=rng.uniform(*PRESSED),
        fill=rng.uniform(*FILL),
        tilt=float(np.radians(rng.uniform(*TURN))),
        turns=np.radians(rng.uniform(-8, 10, 2)),
        waves=rng.uniform(0, 2 * np.pi, (2, 3)),
    )


@dataclass(frozen=True, slots=True)
class Leg:
    """One leg at one level.

    Attributes:
        side: -1 on the image's left, 1 on its right.
        centre: Middle of the fascia in mm.
        radius: Of the fascia in mm.
        turn: Outward rotation in radians.
        fascia: Distance of the fascia from the centre by `ANGLES`, as a fraction of the radius (96,).
        skin: The same of the skin (96,).
        flat: The back of the leg lies on the table, this far behind the centre (fraction of the radius).
    """

    side: int
    centre: tuple[float, float]
    radius: float
    turn: float
    fascia: NDArray[np.float64]
    skin: NDArray[np.float64]
    flat: float

    def place(self, points: Points) -> Points:
        """From the frame of the leg (N, 2) to mm."""
        sine, cosine = np.sin(self.turn), np.cos(self.turn)
        x, y = points[:, 0] * cosine - points[:, 1] * sine, points[:, 0] * sine + points[:, 1] * cosine
        return np.stack([self.side * x, y], axis=1) * self.radius + self.centre

    def frame(self, points: Points) -> Points:
        """The reverse of `place`, for points (..., 2)."""
        x, y = np.moveaxis((points - self.centre) / self.radius, -1, 0)
        sine, cosine = np.sin(self.turn), np.cos(self.turn)
        x = self.side * x
        return np.stack([x * cosine + y * sine, -x * sine + y * cosine], axis=-1)

    def outline(self, distance: NDArray[np.float64]) -> Points:
        """A closed outline in mm at a distance from the centre by `ANGLES`, flattened by the table."""
        points = self.place(np.stack([distance * np.cos(ANGLES), distance * np.sin(ANGLES)], axis=1))
        table = self.centre[1] + self.flat * self.radius
        over = np.clip(points[:, 1] - table, 0, None)
        points[:, 1] -= 0.8 * over
        # Legs that press into each other meet in a plane.
        points[:, 0] = self.side * np.clip(self.side * points[:, 0], 0, None)
        return points


def build_legs(build: Build, level: float, touching: bool) -> tuple[Leg, Leg]:
    """The leg on the image's left and the one on its right."""
    return _leg(build, level, touching, 0), _leg(build, level, touching, 1)


def _leg(build: Build, level: float, touching: bool, index: int) -> Leg:
    radius = build.radius * (1.1 - 0.28 * level)
    fat = build.fat / build.radius * (1.15 - 0.3 * level)
    waves = np.arange(2, 5)[:, None]  # (3, 1) waves a turn
    uneven = 0.03 * np.sin(waves * ANGLES + build.waves[index][:, None]).mean(axis=0)  # (3, 96) to (96,)
    fascia = 1 + uneven + 0.03 * np.cos(2 * ANGLES) * (1 - 2 * level)
    inner = 1 - build.medial * np.cos(ANGLES) + 0.25 * build.medial * np.sin(ANGLES)
    skin = fascia + fat * inner * (1 + 3 * np.roll(uneven, 7))
    side = 2 * index - 1
    turn, flat = (
        float(build.turns[index]),
        max((1 + fat) * (1 - build.flat), float(fascia.max())),
    )  # muscles keep their shape
    far = Leg(side, (side * 10.0 * radius, 0.0), radius, turn, fascia, skin, flat)  # beyond reach of the other leg
    inwards = 10.0 * radius - float((side * far.outline(skin)[:, 0]).min())
    apart = -min(build.pressed, 0.7 * fat * radius) if touching else build.gap / 2
    return replace(far, centre=(side * (apart + inwards), 0.0))


def place_legs(build: Build, legs: tuple[Leg, Leg]) -> View:
    """Both legs in the middle of the image."""
    corners = np.vstack([leg.outline(leg.skin) for leg in legs])
    low, high = corners.min(axis=0), corners.max(axis=0)
    scale = min(build.fill * WIDTH / (high[0] - low[0]), 0.95 * HEIGHT / (high[1] - low[1]))
    return View.around((low + high) / 2, (WIDTH, HEIGHT), float(scale), build.tilt)
