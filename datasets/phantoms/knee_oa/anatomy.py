"""The build of a standing knee from in front: outlines in mm, and how wear changes them.

The origin is the middle of the joint line, x points to the outer side (the fibula), y downwards. Outlines are given by
their corners for a person of middle size, and rounded.
"""

from dataclasses import dataclass

import numpy as np

from spinedet.datasets.phantoms.bends import Bends, sample_bends
from spinedet.datasets.phantoms.canvas import View
from spinedet.datasets.phantoms.knee_oa.plan import Wear
from spinedet.datasets.phantoms.outlines import Points, rounded

SIZE = 192
"""Width and height of an image in pixels."""

FIELD_OF_VIEW = (116.0, 130.0)
"""Width of the image in mm."""

Corners = tuple[tuple[float, float], ...]

FEMUR: Corners = (
    *((-15, -110), (-16.5, -78), (-19.5, -60), (-26, -46), (-35, -36), (-41, -27), (-42.5, -17), (-40.5, -8)),
    *((-33, -0.5), (-22, 1), (-12, -1), (-6.5, -9), (0, -15), (6.5, -9), (12, -1), (22, 0.8), (32.5, -0.8)),
    *((39.5, -8), (41.5, -16), (40, -26), (34.5, -35), (26, -46), (20, -60), (16.5, -78), (15, -110)),
)

TIBIA: Corners = (
    *((-40, -0.5), (-31, 0.6), (-22, 1), (-11, 0), (-6.5, -4), (-3.5, -8.5), (0, -2.5), (4, -7.5), (7.5, -3), (13, 0)),
    *((23, 0.4), (32, 0), (39, 0.5), (41.5, 6), (39.5, 15), (34, 26), (26, 39), (20, 54), (16, 74), (14, 112)),
    *((-14, 112), (-16, 74), (-20, 54), (-26, 39), (-34, 26), (-40, 15), (-42, 6)),
)
"""Where there is no joint space; it lies a joint space lower."""

FIBULA: Corners = (
    *((31.5, 18), (35, 9.5), (40.5, 8.5), (46, 15), (45.5, 27), (42.5, 40), (41.5, 60), (42, 110)),
    *((33.5, 110), (34, 60), (34.5, 40), (32, 27)),
)

PATELLA = (1.0, -31.0, 21.0, 20.0)
"""Place and radii (x, y, across, down)."""

SKIN: Corners = (
    *((-66, -130), (-63, -75), (-56, -45), (-54, -20), (-52, 5), (-54, 30), (-57, 60), (-52, 130)),
    *((56, 130), (62, 60), (59, 30), (56, 5), (56, -20), (57, -45), (62, -75), (65, -130)),
)

REGION: Corners = (
    *((-30, -48), (-44, -38), (-54, -12), (-54, 10), (-46, 26), (-28, 40), (28, 40), (50, 30), (54, 12), (54, -12)),
    *((44, -38), (30, -48)),
)
"""The joint: condyles, joint space, head of the tibia."""

COMPARTMENT = 22.5
"""Middle of each compartment, from the middle of the joint in mm."""

MARGINS: tuple[tuple[float, float, float], ...] = ((41.5, -4.5, 1.0), (40.5, 2.5, 1.0))
"""Where spurs grow on femur and tibia: x and y, and their length, 1 for the longest."""

SPUR_WIDTH = 3.0
"""Standard deviation of a spur's base in mm."""

LIP = 0.55
"""How far a spur leans towards the joint line, a mm of its length."""

OTHER_SIDE = 0.45
"""Length of spurs in the compartment that is not worn."""

WAVES = ((80.0, 1.2), (35.0, 0.45), (14.0, 0.2))
"""Bends of all outlines of a patient: length and height in mm."""


@dataclass(frozen=True, slots=True)
class Build:
    """What both knees of a patient share.

    Attributes:
        size: 1 for a person of middle size.
        stout: Width of the soft tissue, 1 for a middle one.
        space: Joint space before it narrowed, in mm.
        bends: The patient's own shape.
        dense: Mineral of the bones, 1 for a middle one.
    """

    size: float
    stout: float
    space: float
    bends: Bends
    dense: float


def sample_build(space: tuple[float, float], rng: np.random.Generator) -> Build:
    """A small or a large person, whatever the grade."""
    return Build(
        size=float(rng.uniform(0.9, 1.08)),
        stout=float(rng.uniform(0.97, 1.15)),
        space=float(rng.uniform(*space)),
        bends=sample_bends(WAVES, rng),
        dense=float(rng.uniform(0.75, 1.15)),
    )


@dataclass(frozen=True, slots=True)
class Knee:
    """One knee.

    Attributes:
        build: Whose it is.
        wear: Its state.
        side: 1 for a right knee, whose fibula is on the image's left, -1 for a left one.
        view: Where the image lies.
    """

    build: Build
    wear: Wear
    side: int
    view: View

    def place(self, points: Points) -> Points:
        """From the frame of the knee (N, 2) to mm of the view."""
        return np.asarray(self.build.bends.moved(points) * self.build.size * (-self.side, 1))

    @property
    def worn(self) -> int:
        """-1 where the inner compartment is worn, 1 where the outer one is."""
        return -1 if self.wear.medial else 1

    def femur(self) -> Points:
        """The femur's outline (N, 2) in the frame of the knee, with its spurs."""
        return self._spurred(rounded(np.array(FEMUR, float), 3), MARGINS[0], lean=1)

    def tibia(self) -> Points:
        """The tibia's outline, with its spurs, where the worn joint has let it come."""
        return self.sunk(self._spurred(rounded(np.array(TIBIA, float), 3), MARGINS[1], lean=-1))

    def sunk(self, points: Points) -> Points:
        """Points (N, 2) of the lower leg, which tips over the compartment that is not worn."""
        space, hinge = self.build.space, -self.worn * COMPARTMENT
        turn = self.worn * -np.arctan(self.wear.narrowing * space / (2 * COMPARTMENT))
        sine, cosine = np.sin(turn), np.cos(turn)
        away = points - (hinge, 0)
        return np.asarray(away @ np.array([[cosine, sine], [-sine, cosine]]) + (hinge, space))

    def _spurred(self, outline: Points, margin: tuple[float, float, float], lean: int) -> Points:
        """An outline whose margins are drawn out to spurs, outwards and to the joint line."""
        x, y, share = margin
        for side in (-1, 1):
            length = self.wear.spur * share * (1 if side == self.worn else OTHER_SIDE)
            near = np.exp(-0.5 * ((outline - (side * x, y)) ** 2).sum(axis=1) / SPUR_WIDTH**2)  # (N,)
            outline = outline + near[:, None] * length * np.array([side, lean * LIP])
        return outline

    def surface(self, of: str, depth: float) -> Points:
        """A line (12, 2) along the worn compartment's surface in the frame of the knee, `depth` mm in the bone."""
        across = np.linspace(10, 36, 12)
        arch = 1.5 * ((across - COMPARTMENT) / 13) ** 2
        if of == "femur":
            return np.stack([self.worn * across, -0.8 - arch - depth], axis=1)
        return self.sunk(np.stack([self.worn * across, 0.8 - 0.4 * arch + depth], axis=1))

    def lesion(self) -> Points:
        """The worn compartment with its spurs: an outline (N, 2) in the frame of the knee."""
        across = np.array([6.5, 15, 30, 40, 43 + self.wear.spur])
        above, below = np.full(5, -4.0), np.full(5, 4.5)
        above[-2:], below[-2:] = -9.0, 8.0
        upper = np.stack([self.worn * across, above], axis=1)
        lower = self.sunk(np.stack([self.worn * across, below], axis=1))
        return rounded(np.vstack([upper, lower[::-1]]), 1)


def sample_view(rng: np.random.Generator) -> View:
    """Where the knee lies on the detector."""
    scale = float(SIZE / rng.uniform(*FIELD_OF_VIEW))
    x, y = SIZE / 2 + rng.uniform(-6, 6, 2)
    return View(SIZE, SIZE, scale, float(np.radians(rng.uniform(-5, 5))), float(x), float(y))
