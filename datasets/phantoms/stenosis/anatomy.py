"""An axial slice through a lumbar disc and its canal: outlines in mm, and how the canal grows narrow.

In the frame of the canal the origin is the middle of the healthy sac, x points to the side, y backwards (down in the
image).
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinedet.datasets.phantoms.bends import Bends, sample_bends
from spinedet.datasets.phantoms.canvas import View
from spinedet.datasets.phantoms.closeup import Frame
from spinedet.datasets.phantoms.outlines import Points, blob, signed_area
from spinedet.datasets.phantoms.stenosis.plan import PatientPlan

SIZE = 192
"""Width and height of an image in pixels."""

FIELD_OF_VIEW = (78.0, 92.0)
"""Width of the image in mm."""

WAVES = ((70.0, 1.3), (30.0, 0.5))
SLICE_WAVES = ((45.0, 0.5), (18.0, 0.2))
"""Bends of all outlines of a patient, and of a slice: length and height in mm."""

SAC = (10.8, 7.6)
"""Half the width and half the depth of a healthy sac in mm."""

GAP = 1.2
"""Space between disc and sac in mm."""

DISC = (25.0, 16.5)
"""Half the width and half the depth of a disc in mm."""

APEX = 6.5
"""Distance from the sac to where the laminae meet, in mm."""

FLAVUM = 2.6
"""Thickness of a healthy ligamentum flavum in mm."""

MOST = (8.5, 6.5, 0.42)
"""What full causes do: mm of bulge, mm of flavum, share of the width taken by the facets."""

LEAST_DEPTH = 0.9
"""What even the worst narrowing leaves of the sac's depth in its middle, in mm."""

HALVINGS, STRONGEST = 12, 3.0
"""Steps in which the strength of the causes is found, and the greatest that is looked at."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What narrows a canal.

    Attributes:
        bulge: How far the disc stands into the canal, in mm.
        flavum: How much thicker the ligamentum flavum is than a healthy one, in mm.
        facets: Share of the canal's width that the facet joints take.
    """

    bulge: float
    flavum: float
    facets: float


@dataclass(frozen=True, slots=True)
class Canal:
    """The canal at one disc.

    Attributes:
        half: Half the width and half the depth of the sac when it was healthy, in mm.
        lean: Where the disc bulges most, in mm from the midline.
        signs: What narrows it.
    """

    half: tuple[float, float]
    lean: float
    signs: Signs

    @property
    def wall(self) -> float:
        """Where a healthy disc ends, as y."""
        return -self.half[1] - GAP

    def bulged(self, x: ArrayLike) -> Points:
        """How far the disc stands out over `x` (N,), in mm."""
        away = (np.asarray(x, float) - self.lean) / (2.1 * self.half[0])
        return np.asarray(self.signs.bulge * np.clip(1 - away**2, 0, 1))

    def sac(self) -> Points:
        """The outline (50, 2) of the sac: a rounded triangle, or what is left of it."""
        across, depth = self.half
        u = np.linspace(-1, 1, 25)
        x = u * across * (1 - self.signs.facets)
        front = -depth * (1 - np.abs(u) ** 3.2) ** 0.6 + self.bulged(x)
        hump = np.exp(-(((np.abs(u) - 0.55) / 0.36) ** 2)) + 0.25 * np.exp(-((u / 0.4) ** 2))
        back = depth * (1 - u**2) ** 0.8 - self.signs.flavum * hump
        middle, room = (front + back) / 2, np.maximum(back - front, LEAST_DEPTH * (1 - u**2) + 0.05) / 2
        return np.vstack([np.stack([x, middle - room], 1), np.stack([x, middle + room], 1)[::-1]])

    def disc(self) -> Points:
        """The outline of the disc with its bulge."""
        across, depth = DISC
        x = across * np.sin(np.linspace(-np.pi / 2, np.pi / 2, 41))
        share = np.abs(x / across)
        middle = self.wall - depth
        front = middle - depth * (1 - share**2.3) ** 0.5
        back = middle + depth * (1 - share**3.4) ** 0.5 + self.bulged(x)
        return np.vstack([np.stack([x, front], 1), np.stack([x, back], 1)[::-1]])

    def crescent(self) -> Points:
        """The part of the disc that stands in the canal."""
        x = np.linspace(-1.2, 1.2, 21) * self.half[0]
        return np.vstack([np.stack([x, np.full(21, self.wall)], 1), np.stack([x, self.wall + self.bulged(x)], 1)[::-1]])

    def lamina(self) -> Points:
        """The inner border (9, 2) of the right lamina, from the facet joint to the midline."""
        across, depth = self.half
        along = np.linspace(0, 1, 9)
        x = (across + 3.2) * (1 - along**1.6)
        return np.stack([x, 0.5 + (depth + APEX - 0.5) * along**1.15], 1)

    def flavum(self) -> Points:
        """The outline of the right ligamentum flavum, inside the lamina."""
        outer = self.lamina()
        thick = (FLAVUM + 1.15 * self.signs.flavum) * np.array([0.55, 0.9, 1, 1, 1, 0.95, 0.8, 0.55, 0.2])
        inwards = -outer / np.hypot(*outer.T)[:, None]  # (9, 2)
        return np.vstack([outer, (outer + thick[:, None] * inwards)[::-1]])

    def bony(self) -> Points:
        """The outline of the canal within disc, facets and laminae, as if nothing narrowed it."""
        right = np.vstack([[(self.half[0] + 1.5, self.wall)], self.lamina()])
        return np.vstack([right, (right * (-1, 1))[::-1]])


def narrowed(half: tuple[float, float], lean: float, causes: tuple[float, float, float], lost: float) -> Canal:
    """The canal whose sac has lost this share of its area to causes of these parts."""
    make = partial(_with_causes, half, lean, causes)
    wanted = (1 - lost) * abs(signed_area(make(0.0).sac()))
    low, high = 0.0, STRONGEST
    for _ in range(HALVINGS if lost > 0 else 0):  # the area falls with the strength
        strength = (low + high) / 2
        small = abs(signed_area(make(strength).sac())) < wanted
        low, high = (low, strength) if small else (strength, high)
    return make(low)


def _with_causes(half: tuple[float, float], lean: float, causes: tuple[float, float, float], strength: float) -> Canal:
    bulge, flavum, facets = (strength * part * most for part, most in zip(causes, MOST, strict=True))
    return Canal(half, lean, Signs(bulge, flavum, min(facets, 0.55)))


@dataclass(frozen=True, slots=True)
class Build:
    """What all images of one patient share; see `closeup.Frame`.

    Attributes:
        stretch: Size of the person, 1 for one of middle size.
        side: 1, or -1 for a mirror image.
        bends: The patient's own shape.
        view: Where the images lie.
        facet: Angle of the facet joints in radians.
    """

    stretch: float
    side: int
    bends: Bends
    view: View
    facet: float


def sample_build(rng: np.random.Generator) -> Build:
    """A small or a large person, whatever the grade."""
    middle = rng.normal((0, 2), 2.5)
    scale, turn = SIZE / rng.uniform(*FIELD_OF_VIEW), np.radians(rng.normal(0, 3))
    return Build(
        stretch=rng.uniform(0.93, 1.06),
        side=1 if rng.random() < 0.5 else -1,
        bends=sample_bends(WAVES, rng),
        view=View.around(middle, (SIZE, SIZE), float(scale), float(turn)),
        facet=float(rng.normal(0.75, 0.12)),
    )


def cut(build: Build, plan: PatientPlan, index: int, rng: np.random.Generator) -> tuple[Frame, Canal]:
    """The slice of one image, with bends of its own, and its canal."""
    frame = Frame(build.view, np.full(2, build.stretch), build.side, (build.bends, sample_bends(SLICE_WAVES, rng)))
    half = SAC[0] * plan.canal[0], SAC[1] * plan.canal[1]
    return frame, narrowed(half, float(rng.normal(0, 1.5)), plan.causes, plan.narrowing[index])


def roots_in(sac: Points, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Places (count, 2) of nerve roots: they sink to the back of the sac of a person who lies, in two sheaves."""
    u = np.sign(rng.random(count) - 0.5) * rng.beta(1.6, 1.4, count) * 0.86
    front, back = sac[:25], sac[25:][::-1]
    x = np.interp(u, np.linspace(-1, 1, 25), front[:, 0])
    top, bottom = (np.interp(x, border[:, 0], border[:, 1]) for border in (front, back))
    return np.stack([x, top + rng.beta(3.2, 1.5, count) * (bottom - top)], axis=1)


def facet_joint(canal: Canal, angle: float, rng: np.random.Generator) -> tuple[Points, Points, Points]:
    """The right facet joint: outlines of the upper body's process and the lower's, and the line between them (5, 2)."""
    grown = 1 + 0.9 * canal.signs.facets
    middle = np.array([canal.half[0] + 6.6 - 6 * canal.signs.facets, 6.5])
    along, across = np.array([np.sin(angle), np.cos(angle)]), np.array([np.cos(angle), -np.sin(angle)])
    behind = blob(middle - 3.4 * grown * across + 0.8 * along, (3.2 * grown, 6.2 * grown), -angle, rng, 0.25)
    before = blob(middle + 3.4 * grown * across - 0.8 * along, (3.0 * grown, 6.4 * grown), -angle, rng, 0.25)
    steps = np.linspace(-4.6, 4.6, 5) * grown
    return behind, before, middle + steps[:, None] * along + (0.02 * steps**2)[:, None] * across
