"""The build of one patient's shoulder at the Y view: outlines in mm, and how they differ between people and images.

Places are in the frame of the shoulder: the origin is the fork of the scapula's Y, x points backwards, y downwards.
Outlines are given by their corners for a person of middle size, and rounded.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinedet.datasets.phantoms.bends import Bends, sample_bends
from spinedet.datasets.phantoms.canvas import View
from spinedet.datasets.phantoms.outlines import Points, rounded, signed_area

SIZE = 320
"""Width and height of an image in pixels."""

FIELD_OF_VIEW = (148.0, 178.0)
"""Width of the image in mm, for a person of middle size."""

Corners = tuple[tuple[float, float], ...]

SCAPULA: Corners = (
    *((-3, -5), (-10, -10), (-18, -17), (-24, -26), (-31, -29), (-37, -21), (-32, -12), (-22, -7)),  # coracoid
    *((-12, 0), (-4.5, 6), (-2.4, 14), (-1.6, 28), (-1.8, 46), (-3.5, 58), (-3, 67), (2, 72), (8, 67)),  # body
    *((4.5, 57), (1.8, 46), (1.6, 28), (2.8, 14), (5.5, 6), (13, 0), (25, -7), (38, -13), (45, -21)),  # spine
    *((44, -32), (36, -36), (29, -27), (16, -14.5), (4, -6)),
)
"""The Y: coracoid in front, body below, spine behind (it broadens to the acromion)."""

FOSSA: Corners = (
    *((-4, -7.5), (-11, -12.5), (-18, -19.5), (-24, -28), (-21, -36), (-11, -41.5), (2, -43.5)),
    *((15, -42), (26, -37), (29.5, -30), (16, -17), (4, -8.5)),
)
"""The supraspinatus fossa: between coracoid, spine and trapezius."""

SUPRASPINATUS = "supraspinatus"

MUSCLES: dict[str, Corners] = {
    "infraspinatus": (
        *((8, 6), (16, 1.5), (27, -4.5), (38, -10), (44, -3), (45, 12), (40, 30), (29, 43), (15, 49), (5, 47)),
        *((3.6, 28), (5, 14)),
    ),
    "subscapularis": (
        *((-7, 7), (-14, 2), (-24, -4), (-32, -6), (-36, 4), (-34, 20), (-28, 38), (-18, 55), (-8, 63), (-5.5, 57)),
        *((-4, 44), (-3.6, 28), (-4.4, 14)),
    ),
    "teres minor": ((6, 52), (16, 51.5), (29, 47), (36, 49), (32, 59), (21, 66), (12, 67), (8, 60)),
    "teres major": ((-4, 76), (6, 75), (18, 72), (27, 77), (24, 91), (5, 97), (-10, 91), (-12, 81)),
    "deltoid": (
        *((38, -35), (47, -33), (55, -16), (59, 10), (56, 38), (46, 62), (38, 62), (46, 40), (49, 12)),
        *((47.5, -8), (46, -22)),
    ),
    "trapezius": ((-10, -58), (4, -61), (22, -57), (36, -47), (43, -38), (35, -38), (20, -46.5), (2, -50), (-6, -51)),
    "pectoralis": (
        *((-30, -55), (-25, -46), (-38, -36), (-46, -14), (-50, 10), (-57, 34), (-70, 58), (-84, 60)),
        *((-68, 30), (-61, 6), (-56, -18), (-45, -44)),
    ),
    "pectoralis minor": ((-44, -10), (-39, -12), (-40, 8), (-44, 26), (-52, 40), (-58, 42), (-50, 22), (-46, 6)),
}
"""The muscles around, deltoid and pectoralis major without their joint border."""

OTHERS = tuple(MUSCLES)

TENDONS: dict[str, tuple[Corners, ...]] = {
    SUPRASPINATUS: (((-10, -27), (-6, -24.5), (-1, -24)),),
    "infraspinatus": (((14, 16), (24, 12), (34, 8)), ((12, 32), (20, 29))),
    "subscapularis": (((-31, 0), (-22, 4)), ((-31, 14), (-21, 17)), ((-26, 30), (-16, 32)), ((-18, 44), (-11, 46))),
}
"""Dark lines within the muscles."""

SKIN: Corners = (
    *((-112, 120), (-92, 62), (-74, 30), (-66, 4), (-61, -20), (-50, -46), (-34, -62), (-10, -69)),
    *((10, -70), (30, -64), (47, -48), (60, -24), (66, 8), (65, 40), (58, 70), (52, 120)),
)
"""The skin of a thin person; it goes on beyond the image."""

CLAVICLE = (-18.0, -52.5, 9.5, 6.3)
LUNG = (-54.0, 96.0, 38.0, 44.0)
"""Place and radii (x, y, across, down)."""

VESSELS = ((-39.5, -1.0, 2.6), (-40.0, 7.5, 3.4), (-42.5, 15.0, 1.5))
"""Axillary artery and vein, and a branch: place and radius."""

WAVES = ((70.0, 2.2), (32.0, 0.9), (13.0, 0.35))
"""Bends of all outlines: length and height in mm."""

SLICE_WAVES = ((45.0, 0.7), (18.0, 0.3))
"""By how much outlines differ between neighbouring images of one patient."""

CONCAVE = 9.0
"""How far the upper border of a wholly wasted muscle sags, in mm."""

FLOOR = (-1.0, -15.0)
"""The place in the fossa to which a wasted muscle draws back."""

MARGIN = 0.97
"""Share of the fossa, across, within which the greatest muscle keeps."""

HALVINGS = 10
"""Steps in which the size of a muscle is found, to a thousandth."""


@dataclass(frozen=True, slots=True)
class Build:
    """What all images of one patient share.

    Attributes:
        stretch: Size across and down, 1 for a person of middle size (2,).
        stout: How much further out the skin lies than a thin person's, as a fraction.
        side: 1 for a shoulder that looks to the image's left, -1 for its mirror image.
        bends: The patient's own shape.
        scale: Pixels a millimetre.
        turn: How the patient lies, in radians.
        centre: Pixel on which the fork of the Y falls (2,).
    """

    stretch: NDArray[np.float64]
    stout: float
    side: int
    bends: Bends
    scale: float
    turn: float
    centre: NDArray[np.float64]


def sample_build(rng: np.random.Generator) -> Build:
    """A small or a large person, thin or stout, whatever the grade."""
    return Build(
        stretch=rng.uniform(0.88, 1.06) * rng.uniform(0.95, 1.05, 2),
        stout=float(rng.uniform(0, 0.16)),
        side=1 if rng.random() < 0.5 else -1,
        bends=sample_bends(WAVES, rng),
        scale=float(SIZE / rng.uniform(*FIELD_OF_VIEW)),
        turn=float(np.radians(rng.uniform(-9, 9))),
        centre=np.array([0.51, 0.47]) * SIZE + rng.uniform(-14, 14, 2),
    )


@dataclass(frozen=True, slots=True)
class Shoulder:
    """One image's shoulder: the patient's build with the bends of this place along the muscle."""

    build: Build
    bends: Bends

    @property
    def view(self) -> View:
        """Where the image lies; only the frame is mirrored, never the view."""
        build = self.build
        x, y = build.centre
        return View(SIZE, SIZE, build.scale, build.side * build.turn, SIZE / 2 + build.side * (x - SIZE / 2), y)

    def place(self, points: Points) -> Points:
        """From the frame of the shoulder (N, 2) to mm of the view."""
        moved = self.bends.moved(self.build.bends.moved(np.asarray(points, float))) * self.build.stretch
        return np.asarray(moved * (self.build.side, 1))

    def outline(self, corners: Corners) -> Points:
        """A closed outline (N, 2) in mm of the view."""
        return self.place(rounded(np.array(corners, float), 3))

    def ellipse(self, x: float, y: float, across: float, down: float) -> Points:
        """An ellipse (48, 2) in mm of the view."""
        turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)
        return self.place(np.stack([x + across * np.cos(turn), y + down * np.sin(turn)], axis=1))

    def skin(self, depth: float) -> Points:
        """The line `depth` (a fraction) below the skin, in mm of the view."""
        return self.place(rounded(np.array(SKIN) * (1 + self.build.stout - depth), 3))


def supraspinatus(shoulder: Shoulder, occupation: float) -> Points:
    """The outline (N, 2) in mm of a muscle that fills this share of its fossa; a wasted one draws back from above."""
    fossa = rounded(np.array(FOSSA), 3)
    largest, wanted = FLOOR + MARGIN * (fossa - FLOOR), occupation * abs(signed_area(shoulder.place(fossa)))
    low, high = 0.05, 1.0
    for _ in range(HALVINGS):  # the area rises with the fullness
        fullness = (low + high) / 2
        small = abs(signed_area(shoulder.place(_wasted(largest, fullness)))) < wanted
        low, high = (fullness, high) if small else (low, fullness)
    return shoulder.place(_wasted(largest, high))


def _wasted(points: Points, fullness: float) -> Points:
    """Lower and, at the sides, narrower; the upper border sags in its middle."""
    x, y = (points - FLOOR).T
    above = np.clip(-y / 25, 0, 1)
    sag = CONCAVE * (1 - fullness) * above * np.exp(-((x / 13) ** 2))
    return np.stack([x * fullness**0.35, np.where(y < 0, y * fullness + sag, y)], axis=1) + FLOOR
