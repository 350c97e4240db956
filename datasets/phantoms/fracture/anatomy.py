"""The build of a distal forearm with wrist and hand's root: outlines in mm in any view, whole or broken.

The origin is the wrist's middle, the hand lies above (y below 0). Seen from behind (posteroanterior) x points to the
little finger of a right hand, from the side (lateral) to the back of the hand; between them outlines go over.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinedet.datasets.phantoms.bends import Bends, sample_bends
from spinedet.datasets.phantoms.canvas import View
from spinedet.datasets.phantoms.fracture.plan import Break
from spinedet.datasets.phantoms.outlines import Points, rounded
from spinedet.datasets.phantoms.radiograph import Bone

WIDTH, HEIGHT = 176, 224
"""Of an image, in pixels."""

FIELD_OF_VIEW = (122.0, 142.0)
"""Height of the image in mm."""

Stations = tuple[tuple[float, float, float, float, float], ...]
"""Rows of y, then left and right border seen from behind, then from the side, in mm."""

BONES: dict[str, Stations] = {
    "ulna": (
        *((-3.5, 18.6, 20.6, 3, 5), (0, 16.5, 21.4, 1, 6.5), (2.5, 8, 21.4, -1, 9), (6, 5.6, 21, -2, 9)),
        *((12, 6.6, 19.6, -1, 8), (20, 8.3, 18.6, 0, 8.5), (40, 8.5, 19.2, 1, 9.5), (75, 9.4, 20.8, 2, 11)),
        *((145, 7.5, 22.5, 3, 13),),
    ),
    "radius": (
        *((-8.5, -24.5, -22.5, -2, 1), (-4.5, -26.2, -15, -5.5, 5.5), (-0.5, -26.8, -5, -8.5, 9)),
        *((2.5, -26.5, 2.6, -10, 10), (8, -25, 3.2, -10.6, 9.4), (14, -22.4, 1.2, -9, 7.8), (22, -19.2, -2.6, -7, 6.5)),
        *((32, -17.2, -4.4, -6.2, 6), (50, -16.6, -4, -6, 6.4), (75, -18, -5, -6.5, 7), (145, -15, -2, -5.5, 6)),
    ),
}

BUILDS = {"radius": Bone(2.7, 6.2, 9.0), "ulna": Bone(2.5, 5.2, 7.5)}

CARPALS = (
    *(
        (-17, -15.5, 5.8, 9, 0.55, -3),
        (-4.5, -11.5, 7, 6.3, 0, 0),
        (8, -13.5, 6, 6.2, 0.4, 2),
        (10.5, -16, 4, 4.2, 0, -8),
    ),
    *(
        (-22.5, -27, 6, 5.6, 0.3, -6),
        (-13.5, -29, 5, 5.2, 0, -1),
        (-3.5, -26, 6, 9.6, 0.05, 1),
        (7.5, -26.5, 6.6, 7.6, 0.2, 0),
    ),
)
"""Rows of x, y, radii across and along, turn in radians, and x from the side."""

METACARPALS = (
    *((-28, -35, -46, -66, 5.2), (-14.5, -38, -18, -92, 5), (-3.5, -38.5, -4, -92, 4.9), (5.5, -37, 8.5, -90, 4.4)),
    *((13, -34.5, 20, -88, 4.4),),
)
"""Rows of the base's x and y, the x and y towards the head, half the shaft's width."""

SKIN: Stations = (
    *((-100, -44, 36, -19, 17), (-60, -46, 35, -21, 17), (-35, -41, 30, -21, 18), (-12, -33.5, 27, -19, 19)),
    *((10, -33, 28, -18, 20), (40, -34, 31, -20, 22), (80, -40, 37, -26, 26), (150, -47, 44, -34, 30)),
)

WAVES = ((90.0, 1.3), (40.0, 0.5), (16.0, 0.2))
"""Bends of all outlines of a patient: length and height in mm."""

REACH = 150.0
"""Fragments are cut off so far from the fracture, beyond the image."""

JAG = 0.55
"""Standard deviation of the fracture line's teeth in mm."""

AROUND = 6.0
"""The lesion's mask reaches so far from the fracture line, in mm."""


@dataclass(frozen=True, slots=True)
class Build:
    """What all views of one patient share.

    Attributes:
        size: 1 for a person of middle size.
        stout: Width of the soft tissue, 1 for a middle one.
        side: 1 for a right forearm, -1 for a left one.
        bends: The patient's own shape.
        dense: Mineral of the bones, 1 for a middle one.
    """

    size: float
    stout: float
    side: int
    bends: Bends
    dense: float


def sample_build(rng: np.random.Generator) -> Build:
    """A small or a large person, whatever the class."""
    return Build(
        size=float(rng.uniform(0.88, 1.08)),
        stout=float(rng.uniform(0.94, 1.25)),
        side=1 if rng.random() < 0.5 else -1,
        bends=sample_bends(WAVES, rng),
        dense=float(rng.uniform(0.75, 1.15)),
    )


@dataclass(frozen=True, slots=True)
class Motion:
    """A rigid motion in mm: a turn about a pivot, then a shift."""

    pivot: tuple[float, float]
    turn: float
    shift: tuple[float, float]

    def moved(self, points: Points) -> Points:
        """Points (N, 2) after it."""
        sine, cosine = np.sin(self.turn), np.cos(self.turn)
        away = points - np.array(self.pivot)
        return np.asarray(away @ np.array([[cosine, sine], [-sine, cosine]]) + self.pivot + self.shift)


STILL = Motion((0.0, 0.0), 0.0, (0.0, 0.0))


@dataclass(frozen=True, slots=True)
class Forearm:
    """A patient's forearm in one view.

    Attributes:
        build: Whose it is.
        turn: About its length, 0 from behind and pi / 2 from the side.
        view: Where the image lies.
    """

    build: Build
    turn: float
    view: View

    def place(self, points: Points) -> Points:
        """From the frame of the forearm (N, 2) to mm of the view."""
        return np.asarray(self.build.bends.moved(points) * self.build.size * (self.build.side, 1))

    def outline(self, stations: Stations, stout: float = 1.0) -> Points:
        """A closed outline (N, 2) in the frame of the forearm."""
        rows = np.array(stations)
        left, right = (np.cos(self.turn) * rows[:, at] + np.sin(self.turn) * rows[:, at + 2] for at in (1, 2))
        middle, half = (left + right) / 2, stout * (right - left) / 2
        sides = np.stack([middle - half, rows[:, 0]], axis=1), np.stack([middle + half, rows[:, 0]], axis=1)[::-1]
        return rounded(np.vstack(sides), 3)

    def middle(self, bone: str, level: float) -> tuple[float, float]:
        """Middle and half the width in mm of a bone at a level, in this view."""
        rows = np.array(BONES[bone])
        borders = np.array([np.interp(level, rows[:, 0], rows[:, at]) for at in range(1, 5)])
        left, right = np.cos(self.turn) * borders[:2] + np.sin(self.turn) * borders[2:]
        return float(left + right) / 2, float(right - left) / 2

    def aside(self, behind: float, beside: float) -> float:
        """The x in this view of what has these in the two views."""
        return float(np.cos(self.turn) * behind + np.sin(self.turn) * beside)


def sample_view(rng: np.random.Generator) -> View:
    """Where the forearm lies on the detector."""
    scale = float(HEIGHT / rng.uniform(*FIELD_OF_VIEW))
    x, y = WIDTH / 2 + rng.uniform(-8, 8), HEIGHT * rng.uniform(0.34, 0.42)
    return View(WIDTH, HEIGHT, scale, float(np.radians(rng.uniform(-8, 8))), float(x), float(y))


@dataclass(frozen=True, slots=True)
class Fragments:
    """A broken bone in one view, in the frame of the forearm.

    Attributes:
        line: The fracture line (N, 2), from left to right.
        motion: Where the distal fragment has gone.
    """

    line: Points
    motion: Motion

    @property
    def parts(self) -> tuple[Points, Points]:
        """What holds the distal and what holds the proximal fragment, before the motion."""
        (x0, _), (x1, _) = self.line[0], self.line[-1]
        distal, proximal = (
            np.vstack([self.line, [(x1, away), (x0, away)]])
            for away in (self.line[0, 1] - REACH, self.line[0, 1] + REACH)
        )
        return distal, proximal


def fragments(forearm: Forearm, bone: str, broken: Break, rng: np.random.Generator) -> Fragments:
    """How a break looks in a view: step and tilt are seen in so far as they do not lie along the ray."""
    middle, half = forearm.middle(bone, broken.level)
    across = np.arange(-half - 25, half + 25, 0.8)
    jags: NDArray[np.float64] = JAG * np.cumsum(rng.standard_normal(len(across))) * 0.5
    jags -= np.interp(across, (across[0], across[-1]), (jags[0], jags[-1]))
    line = np.stack(
        [middle + across, broken.level + broken.slope * np.clip(across, -half - 3, half + 3) + jags], axis=1
    )
    return Fragments(line, _motion(forearm, bone, broken, middle))


def _motion(forearm: Forearm, bone: str, broken: Break, middle: float) -> Motion:
    """Of the distal fragment; where the other bone is a splint, about its end at the wrist."""
    seen = float(np.cos(broken.plane - forearm.turn))
    if broken.splinted:
        return Motion((forearm.middle(bone, 0)[0], 0.0), broken.step * seen / broken.level, (0.0, -broken.gap))
    return Motion((middle, broken.level), broken.tilt * seen, (broken.step * seen, -broken.gap))


def around_break(forearm: Forearm, bone: str, broken: Break, pieces: Fragments) -> Points:
    """The outline (N, 2) of the lesion: the fracture line from border to border of both fragments, and `AROUND`."""
    middle, half = forearm.middle(bone, broken.level)
    within = pieces.line[np.abs(pieces.line[:, 0] - middle) <= half + AROUND / 2]
    moved = pieces.motion.moved(within)
    above, below = np.minimum(within, moved), np.maximum(within, moved)
    above[:, 1] -= AROUND
    below[:, 1] += AROUND
    return np.vstack([above, below[::-1]])
