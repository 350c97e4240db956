"""The build of a hand from behind: rays of tubular bones, the wrist, and the skin; outlines in mm of a grown hand.

The origin is the middle of the wrist, fingers point up (y below 0), x to the little finger. A growing hand is the same,
smaller, and with those parts missing that have not turned to bone.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from spinedet.datasets.phantoms.bends import Bends, sample_bends
from spinedet.datasets.phantoms.canvas import View
from spinedet.datasets.phantoms.outlines import Points, rounded

WIDTH, HEIGHT = 192, 256
"""Of an image, in pixels."""

FIELD_OF_VIEW = (250.0, 272.0)
"""Height of the image in mm for a grown hand."""

ZOOM = 0.6
"""Small hands are imaged on small detectors: of a hand half as long the field is 0.5 ** ZOOM as high."""

CARPALS = {
    "capitate": (-3.5, -26, 6.2, 9.8, 0.05),
    "hamate": (7.5, -26.5, 6.8, 7.8, 0.2),
    "triquetrum": (9, -13.5, 6, 6.2, 0.4),
    "lunate": (-4, -11.5, 7, 6.3, 0.0),
    "trapezium": (-22.5, -27, 6.2, 5.8, 0.3),
    "trapezoid": (-13, -29, 5, 5.4, 0.0),
    "scaphoid": (-16.5, -16, 6, 9.2, 0.55),
    "pisiform": (12, -16, 4, 4.2, 0.0),
}
"""Rows of x, y, radii across and along, and turn in radians."""

SESAMOID = (7.0, 2.0, 2.3)
"""Away from the thumb's joint to the palm's side and back, and its radius."""


@dataclass(frozen=True, slots=True)
class Ray:
    """A finger with its metacarpal.

    Attributes:
        base: Where it begins.
        metacarpal, fingers: Direction of the metacarpal and of the phalanges in degrees, 0 up, rising to the right.
        lengths: Of its bones in mm, from the metacarpal on.
        half: Half the width of the metacarpal's shaft in mm.
    """

    base: tuple[float, float]
    metacarpal: float
    fingers: float
    lengths: tuple[float, ...]
    half: float


RAYS = (
    Ray((-27, -34), -38, -30, (43, 30, 22), 4.8),
    Ray((-14, -37.5), -9, -9, (65, 40, 23, 18), 4.2),
    Ray((-3.5, -38.5), -1, -2, (64, 44, 28, 19), 4.1),
    Ray((6, -37), 7, 6, (57, 41, 27, 19), 3.7),
    Ray((13.5, -34.5), 16, 17, (53, 33, 19, 17), 3.7),
)

SLENDER = (1.0, 0.97, 0.85, 0.7)
"""Width of the bones along a ray, 1 for the metacarpal."""

JOINT = 2.0
"""Between neighbouring bones of a ray, in mm."""

FLESHY, FLESH = 1.85, 2.4
"""Half the width of a finger: so many times its bone's, and so many mm more."""

RADIUS: tuple[tuple[float, float], ...] = (
    *((-26, 7.5), (-22.4, 14), (-19.2, 22), (-17.2, 34), (-16.6, 55), (-17.5, 130)),
    *((-4, 130), (-4, 55), (-4.4, 34), (-2.6, 22), (1.2, 14), (3.0, 7.5)),
)
RADIUS_END: tuple[tuple[float, float], ...] = ((-26, 5.5), (-26.5, -5), (-22.5, -8), (-12, -3.5), (2, 0.5), (3.2, 5.5))
ULNA: tuple[tuple[float, float], ...] = (
    *((6.2, 8), (8.0, 20), (8.5, 40), (9.4, 75), (9, 130), (21, 130), (20.5, 75), (19.2, 40), (18.8, 20), (20.8, 8)),
)
ULNA_END: tuple[tuple[float, float], ...] = ((6.5, 6.5), (8, 2.5), (16, 1), (19.5, -3.5), (21.5, -2), (21, 6.5))
"""Shafts without, and ends with the growth plate between them."""

PALM: tuple[tuple[float, float], ...] = (
    *((-31, 140), (-28, 35), (-31, 5), (-39, -22), (-48, -48), (-38, -72), (-34, -100), (-20, -112), (0, -116)),
    *((18, -110), (33, -94), (35, -62), (31, -20), (27, 8), (27, 35), (32, 140)),
)

WAVES = ((90.0, 1.4), (40.0, 0.5), (15.0, 0.15))
"""Bends of all outlines of a patient: length and height in mm."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A tubular bone of a ray.

    Attributes:
        kind: Which epiphysis it has.
        start, along: Its proximal end, and the unit vector to the distal one.
        length: In mm.
        half: Half the width of its shaft in mm.
        at_head: Whether its epiphysis is the distal end, as in the metacarpals of the fingers.
    """

    kind: str
    start: Points
    along: Points
    length: float
    half: float
    at_head: bool

    def points(self, along: NDArray[np.float64], across: NDArray[np.float64]) -> Points:
        """Points (N, 2) at so many mm from the end with the epiphysis, and across."""
        way = self.length - along if self.at_head else along
        aside = np.array([-self.along[1], self.along[0]])
        return np.asarray(self.start + way[:, None] * self.along + across[:, None] * aside)


@dataclass(frozen=True, slots=True)
class Hand:
    """One hand on its image.

    Attributes:
        size: Length, 1 for a grown hand of middle size.
        side: 1 for a right hand, -1 for a left one.
        spread: How far the fingers are spread, 1 for the middle.
        bends: The patient's own shape.
        dense: Mineral of the bones, 1 for a middle one.
        view: Where the image lies.
    """

    size: float
    side: int
    spread: float
    bends: Bends
    dense: float
    view: View

    def place(self, points: Points) -> Points:
        """From the frame of a grown hand (N, 2) to mm of the view."""
        return np.asarray(self.bends.moved(points) * self.size * (self.side, 1))

    def segments(self, ray: Ray) -> list[Segment]:
        """The bones of a ray, from the metacarpal on."""
        thumb = len(ray.lengths) == 3
        kinds = ("thumb", "proximal", "distal") if thumb else ("metacarpal", "proximal", "middle", "distal")
        found: list[Segment] = []
        start = np.array(ray.base, float)
        for kind, length, slender in zip(kinds, ray.lengths, (SLENDER[0], *SLENDER[1 + thumb :]), strict=True):
            first = not found
            turn = np.radians(self.spread * (ray.metacarpal if first else ray.fingers))
            along = np.array([np.sin(turn), -np.cos(turn)])
            found.append(Segment(kind, start, along, length, ray.half * slender, first and not thumb))
            start = start + (length + JOINT) * along
        return found

    def skin(self) -> Points:
        """The outline (N, 2) of palm, fingers and forearm in mm of the view."""
        margin = 60
        wide = np.zeros((HEIGHT + 2 * margin, WIDTH + 2 * margin), np.uint8)
        parts = [rounded(np.array(PALM, float), 2), *(self._finger(ray) for ray in RAYS)]
        for part in parts:
            pixels = self.view.pixels(self.place(part)) + margin
            cv2.fillPoly(wide, [np.round(pixels).astype(np.int32)], 255)
        soft = cv2.GaussianBlur(wide, (0, 0), 1.6)
        outlines, _ = cv2.findContours((soft > 127).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        largest = max(outlines, key=cv2.contourArea)[:, 0].astype(float)
        return self.view.millimetres(largest + 0.5 - margin)

    def _finger(self, ray: Ray) -> Points:
        bones = self.segments(ray)
        middle = np.array(
            [bones[0].start + 0.5 * bones[0].length * bones[0].along, *(bone.start for bone in bones[1:])]
        )
        last = bones[-1]
        middle = np.vstack([middle, last.start + (last.length + 3.5) * last.along])
        half = FLESH + FLESHY * np.array([bones[0].half, *(bone.half for bone in bones[1:]), 0.72 * last.half])
        normal = np.array([-last.along[1], last.along[0]])
        return rounded(np.vstack([middle + half[:, None] * normal, (middle - half[:, None] * normal)[::-1]]), 2)


@dataclass(frozen=True, slots=True)
class Build:
    """What both hands of a patient share, whatever their age.

    Attributes:
        spread: How far the fingers are spread, 1 for the middle.
        bends: The patient's own shape.
        dense: Mineral of the bones, 1 for a middle one.
    """

    spread: float
    bends: Bends
    dense: float


def sample_build(rng: np.random.Generator) -> Build:
    """Any child, whatever the age."""
    return Build(float(rng.uniform(0.75, 1.02)), sample_bends(WAVES, rng), float(rng.uniform(0.8, 1.15)))


def lay_hand(build: Build, size: float, side: int, rng: np.random.Generator) -> Hand:
    """A hand on a detector: its size, and 1 for a right or -1 for a left one."""
    scale = HEIGHT / (rng.uniform(*FIELD_OF_VIEW) * size**ZOOM)
    x, y = WIDTH / 2 + rng.uniform(-6, 6), HEIGHT / 2 + (83 + rng.uniform(-5, 5)) * scale * size
    view = View(WIDTH, HEIGHT, float(scale), float(np.radians(rng.uniform(-7, 7))), float(x), float(y))
    return Hand(size, side, build.spread, build.bends, build.dense, view)
