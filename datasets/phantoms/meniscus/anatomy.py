"""The knee of one patient where a sagittal slice cuts its condyle: outlines in mm, and the menisci between the bones.

In the frame of the knee the origin is the middle of the tibial plateau, x points backwards, y downwards. The
meniscus fills the wedge between two curves, the cartilage of the condyle and that of the plateau.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from spinedet.datasets.phantoms.bends import Bends, sample_bends
from spinedet.datasets.phantoms.canvas import View
from spinedet.datasets.phantoms.closeup import Frame
from spinedet.datasets.phantoms.meniscus.plan import Horn, Kind
from spinedet.datasets.phantoms.outlines import Points

SIZE = 208
"""Width and height of an image in pixels."""

FIELD_OF_VIEW = (62.0, 74.0)
"""Width of the image in mm."""

WAVES = ((60.0, 1.2), (26.0, 0.5))
SLICE_WAVES = ((40.0, 0.4), (15.0, 0.15))
"""Bends of all outlines of a patient, and of a slice: length and height in mm."""

RIM = 20.0
"""Distance of the outer border of the menisci from the middle, in mm."""

EDGE = 0.25
"""Space between a meniscus and the cartilage, in mm."""

BODY = 0.55
"""Levels below this show the body of the meniscus, thin between its horns: a bow tie."""

BODY_HEIGHT = 2.6
"""Height of the body at the outermost level, in mm."""

PLATEAU = (-23.0, 23.0)
"""Front and back edge of the tibial plateau."""

FEMUR_ABOVE = (
    (25.5, -28),
    (23, -36),
    (17, -43),
    (10, -49),
    (6, -60),
    (4, -90),
    (-25, -90),
    (-27, -60),
    (-29, -46),
    (-28.5, -32),
)
TIBIA_BELOW = ((24.5, 5), (24, 11), (20, 19), (15, 28), (13, 40), (12, 70), (-16, 70), (-18, 40), (-20, 26))
TIBIA_FRONT = ((-24.5, 16), (-25.5, 9), (-25, 4))
"""Corners of the bones beyond the joint."""

LINES: dict[Kind, tuple[tuple[float, float], tuple[tuple[float, float], ...]]] = {
    "oblique": ((0.86, 0.62), ((0.36, 0.0),)),
    "horizontal": ((0.95, 0.52), ((0.0, 0.5),)),
    "vertical": ((0.62, 0.5), ((0.66, 0.0), (0.56, 1.0))),
}
"""Where lines begin within a horn and at which surfaces they end: outwards from the tip, upwards from the tibia."""


@dataclass(frozen=True, slots=True)
class Build:
    """What all images of one patient share.

    Attributes:
        condyle: Half axes of the condyle, across and down, in mm.
        cartilage: Thickness on femur and tibia in mm.
        dish: How hollow the plateau is, in mm.
        heights: Greatest height of the anterior and the posterior horn in mm.
        lengths: Their lengths from tip to rim.
        stretch, side, bends, view: See `closeup.Frame`.
    """

    condyle: tuple[float, float]
    cartilage: tuple[float, float]
    dish: float
    heights: dict[Horn, float]
    lengths: dict[Horn, float]
    stretch: float
    side: int
    bends: Bends
    view: View


def sample_build(rng: np.random.Generator) -> Build:
    """A small or a large knee, whatever its menisci are like."""
    side = 1 if rng.random() < 0.5 else -1
    middle = np.array([side * rng.uniform(-4, 4), rng.uniform(-9, -2)])
    scale, turn = SIZE / rng.uniform(*FIELD_OF_VIEW), np.radians(rng.uniform(-7, 7))
    return Build(
        condyle=(rng.uniform(25, 27.5), rng.uniform(23, 26)),
        cartilage=(rng.uniform(1.7, 2.6), rng.uniform(1.5, 2.3)),
        dish=rng.uniform(0.3, 1.6),
        heights={"anterior": rng.uniform(5.2, 6.6), "posterior": rng.uniform(6.4, 8.0)},
        lengths={"anterior": rng.uniform(9, 11), "posterior": rng.uniform(10.5, 13)},
        stretch=rng.uniform(0.92, 1.06),
        side=side,
        bends=sample_bends(WAVES, rng),
        view=View.around(middle, (SIZE, SIZE), float(scale), float(turn)),
    )


@dataclass(frozen=True, slots=True)
class Knee:
    """One slice through the knee, `level` from the body of the meniscus (0) to its horns (1)."""

    build: Build
    level: float
    frame: Frame

    @property
    def body(self) -> float:
        """Height of the meniscus between its horns in mm; none in the inner slices."""
        return BODY_HEIGHT * float(np.clip(1 - self.level / BODY, 0, 1))

    def plateau(self, x: ArrayLike, above: float = 0.0) -> Points:
        """The tibia's surface (N, 2), or the curve `above` it."""
        along = np.asarray(x, float)
        return np.stack([along, self.build.dish * (1 - (along / PLATEAU[1]) ** 2) - above], axis=1)

    def condyle(self, x: ArrayLike, below: float = 0.0) -> Points:
        """The femur's surface (N, 2), or the curve `below` it."""
        along = np.asarray(x, float)
        across, down = self.build.condyle
        lowest = self.build.dish - sum(self.build.cartilage) - self.body - 2 * EDGE
        rise = down * (1 - np.sqrt(np.clip(1 - (along / across) ** 2, 0, 1)))
        return np.stack([along, lowest - rise + below], axis=1)

    def femur(self) -> Points:
        """The outline of the femur."""
        return self.frame.outline(
            [*self.condyle(np.linspace(-0.96, 0.94, 26) * self.build.condyle[0]), *FEMUR_ABOVE], 2
        )

    def tibia(self) -> Points:
        """The outline of the tibia."""
        return self.frame.outline([*self.plateau(np.linspace(*PLATEAU, 24)), *TIBIA_BELOW, *TIBIA_FRONT], 2)

    def space(self, half: float) -> Points:
        """The outline in mm of the view of what lies between the bones, to `half` mm on both sides of the middle."""
        along = np.linspace(-half, half, 40)
        return self.frame.place(np.vstack([self.condyle(along), self.plateau(along)[::-1]]))

    def surfaces(self, x: ArrayLike) -> tuple[Points, Points]:
        """The highest and the lowest line of menisci (each N, 2) over `x`."""
        low = self.plateau(x, self.build.cartilage[1] + EDGE)
        high = self.condyle(x, self.build.cartilage[0] + EDGE)
        tall = np.where(low[:, 0] < 0, self.build.heights["anterior"], self.build.heights["posterior"])
        height = np.clip(low[:, 1] - high[:, 1], 0, tall) * self._taper(low[:, 0])
        return low - height[:, None] * (0, 1), low

    def _taper(self, x: Points) -> Points:
        """Horns grow from their tip (N,); a body leaves no room between them."""
        length = np.where(x < 0, self.build.lengths["anterior"], self.build.lengths["posterior"])
        grown = np.clip((np.abs(x) - RIM + length) / 3.0, 0, 1)
        return np.asarray(np.maximum(grown, min(self.body, 1.0)))

    def reach(self, horn: Horn) -> tuple[float, float]:
        """Where a horn's tip and its rim lie, as x."""
        sign = -1 if horn == "anterior" else 1
        return sign * (RIM - self.build.lengths[horn]), sign * RIM

    def horn(self, horn: Horn) -> Points:
        """The outline of one horn in mm of the view: a triangle with a bulging rim."""
        tip, rim = self.reach(horn)
        high, low = self.surfaces(np.linspace(tip, rim, 14))
        out = (high[-1] + low[-1]) / 2 + (np.sign(rim) * 1.3, 0)
        return self.frame.place(np.vstack([high, out, low[::-1]]))

    def middle(self) -> Points:
        """The outline of the body between the horns in mm of the view; without height in inner slices."""
        high, low = self.surfaces(np.linspace(self.reach("anterior")[0] - 1, self.reach("posterior")[0] + 1, 24))
        return self.frame.place(np.vstack([high, low[::-1]]))

    def within(self, horn: Horn, points: ArrayLike) -> Points:
        """Places (N, 2) in a horn (outwards from the tip, upwards from the tibia; each 0 to 1) in mm of the view."""
        tip, rim = self.reach(horn)
        out, up = np.asarray(points, float).T
        high, low = self.surfaces(tip + out * (rim - tip))
        return self.frame.place(low + up[:, None] * (high - low))

    def line(self, horn: Horn, kind: Kind, reach: float, rng: np.random.Generator) -> list[Points]:
        """The parts (each K, 2) of a line that goes this share of its way to the surface, in mm of the view."""
        start, ends = LINES[kind]
        begin = np.array(start) + rng.normal(0, 0.03, 2)
        steps = np.linspace(0, reach, 7)[:, None]
        wave = np.sin(np.pi * steps) * rng.normal(0, 0.03, 2)
        return [self.within(horn, begin + steps * (np.array(end) - begin) + wave) for end in ends]


def cut(build: Build, level: float, rng: np.random.Generator) -> Knee:
    """The slice at a level, with bends of its own."""
    bends = (build.bends, sample_bends(SLICE_WAVES, rng))
    return Knee(build, level, Frame(build.view, np.full(2, build.stretch), build.side, bends))
