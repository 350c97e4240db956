"""The bones and discs of one phantom patient, as outlines in millimetres.

The spine is stacked from the sacral endplate headwards: each disc and body has a height, a depth and a wedge angle, and
the wedges add up to the lordosis. A slip moves a body, and all that stands on it, forward along the endplate below.
"""

from dataclasses import dataclass, replace

import numpy as np

from spinedet.datasets.phantoms.outlines import Line, Plate, Points, line_through, rounded
from spinedet.datasets.phantoms.pathology import LEVELS, DiscFinding


@dataclass(frozen=True, slots=True)
class _Segment:
    """A mean vertebra and the disc below it: lengths in mm, lordotic wedges in degrees (Panjabi 1992, rounded)."""

    body: str
    height: float
    depth: float
    wedge: float
    disc_height: float
    disc_wedge: float


_SEGMENTS = (
    _Segment("L5", 27.0, 35.0, 9.0, 11.0, 14.0),
    _Segment("L4", 27.5, 35.0, 3.0, 11.5, 12.0),
    _Segment("L3", 27.5, 34.5, 1.0, 10.8, 9.0),
    _Segment("L2", 27.0, 33.5, -1.0, 9.8, 6.0),
    _Segment("L1", 26.0, 32.5, -3.0, 8.8, 5.0),
    _Segment("T12", 24.5, 31.5, -4.0, 7.4, 2.0),
    _Segment("T11", 22.5, 30.5, -4.0, 6.4, 0.0),
    _Segment("T10", 21.5, 29.5, -3.0, 5.6, -1.0),
    _Segment("T9", 20.5, 28.5, -3.0, 5.2, -1.0),
)
"""From the sacrum headwards."""

_SACRUM = ((30.0, 22.0, -9.0), (25.0, 16.0, -6.0), (21.0, 12.0, 10.0), (18.0, 9.0, 24.0), (15.0, 7.0, 26.0))
"""S1 to S5, footwards: height and lower depth in mm, turn in degrees (negative: on backwards, positive: forwards)."""

_SACRAL_GAP = 2.6
"""Height of the remnant discs of the sacrum in mm."""


@dataclass(frozen=True, slots=True)
class Anatomy:
    """What differs between healthy people.

    Attributes:
        stature: Factor on all lengths.
        sacral_slope: Tilt of the sacral endplate in degrees.
        lordosis: Factor on all wedge angles.
        concavity: Depth of the hollow in an endplate, in mm.
        waist: Depth of the hollow in the front and back wall of a body, in mm.
        heights, depths: Factors, one a segment (9,), that make each body its own.
        canal: Depth of the thecal sac in mm.
    """

    stature: float
    sacral_slope: float
    lordosis: float
    concavity: float
    waist: float
    heights: tuple[float, ...]
    depths: tuple[float, ...]
    canal: float


@dataclass(frozen=True, slots=True)
class Body:
    """A vertebral body: its two endplates and its outline (N, 2)."""

    name: str
    upper: Plate
    lower: Plate
    outline: Points

    @property
    def middle_front(self) -> Points:
        """The middle of the front wall (2,)."""
        return np.asarray((self.upper.at(-0.5) + self.lower.at(-0.5)) / 2)


@dataclass(frozen=True, slots=True)
class Disc:
    """A disc: its outline (N, 2), the part of it that faces the canal, its nucleus, and what is wrong with it.

    `finding` is None for the discs above T11/12 (never wholly in the image) and those of the sacrum.
    """

    outline: Points
    posterior: Points
    nucleus: Points
    cleft: Points
    middle: Plate
    finding: DiscFinding | None


@dataclass(frozen=True, slots=True)
class Spine:
    """All bodies and discs, from head to foot, and the lines along their front and back walls."""

    bodies: tuple[Body, ...]
    discs: tuple[Disc, ...]
    front: Line
    wall: Line
    guide: Line

    def body(self, name: str) -> Body:
        """The body of that name, `T9` to `S4`."""
        return next(body for body in self.bodies if body.name == name)


def sample_anatomy(rng: np.random.Generator) -> Anatomy:
    """A healthy adult."""
    count = len(_SEGMENTS)
    return Anatomy(
        stature=float(np.clip(rng.normal(1.0, 0.05), 0.9, 1.1)),
        sacral_slope=float(np.clip(rng.normal(40, 6), 28, 52)),
        lordosis=float(np.clip(rng.normal(0.92, 0.14), 0.6, 1.2)),
        concavity=rng.uniform(1.0, 2.3),
        waist=rng.uniform(1.0, 2.2),
        heights=tuple(float(factor) for factor in rng.normal(1, 0.025, count)),
        depths=tuple(float(factor) for factor in np.full(count, rng.normal(1, 0.04)) + rng.normal(0, 0.015, count)),
        canal=rng.uniform(14.0, 18.0),
    )


def build_spine(anatomy: Anatomy, findings: tuple[DiscFinding, ...]) -> Spine:
    """Stack bodies and discs on a sacral endplate centred at (0, 0).

    Args:
        anatomy: The healthy shape.
        findings: One a level, in the order of `LEVELS`.
    """
    sacral = Plate(0.0, 0.0, -np.radians(anatomy.sacral_slope), 34.0 * anatomy.stature * anatomy.depths[0])
    bodies, discs = _stack(anatomy, findings, sacral)
    low_bodies, low_discs = _sacrum(anatomy, sacral)
    chain = [*reversed(bodies), *low_bodies]
    plates = [plate for body in chain for plate in (body.upper, body.lower)]
    return Spine(
        tuple(chain),
        (*reversed(discs), *low_discs),
        front=line_through(plates, -0.5, 2.5),
        wall=line_through(plates, 0.5, 3.0),
        guide=line_through(plates, 0.5, 16.0),
    )


def _stack(anatomy: Anatomy, findings: tuple[DiscFinding, ...], sacral: Plate) -> tuple[list[Body], list[Disc]]:
    """Bodies L5 to T9 and the discs below them, from foot to head."""
    bodies, discs = [], []
    below = sacral
    by_level: list[DiscFinding | None] = [*reversed(findings), *[None] * (len(_SEGMENTS) - len(LEVELS))]
    for number, (segment, finding) in enumerate(zip(_SEGMENTS, by_level, strict=True)):
        depth = segment.depth * anatomy.stature * anatomy.depths[number]
        gap = segment.disc_height * anatomy.stature * (finding.height if finding else 1.0)
        slip = finding.slip * below.depth if finding else 0.0
        lower = below.moved(gap, np.radians(segment.disc_wedge * anatomy.lordosis), depth, forward=slip)
        upper = lower.moved(
            segment.height * anatomy.stature * anatomy.heights[number],
            np.radians(segment.wedge * anatomy.lordosis),
            depth * 0.985,
        )
        bodies.append(Body(segment.body, upper, lower, _body_outline(upper, lower, anatomy)))
        discs.append(_disc(lower, below, anatomy, finding))
        below = upper
    return bodies, discs


def _sacrum(anatomy: Anatomy, sacral: Plate) -> tuple[list[Body], list[Disc]]:
    """S1 to S4, growing smaller on a hollow curve, and the thin remnants of their discs."""
    flat = replace(anatomy, concavity=0.4, waist=0.6)
    bodies: list[Body] = []
    discs: list[Disc] = []
    upper = sacral
    for number, (height, bottom, turn) in enumerate(_SACRUM, start=1):
        lower = upper.moved(-height * anatomy.stature, np.radians(turn), bottom * anatomy.stature)
        bodies.append(Body(f"S{number}", upper, lower, _body_outline(upper, lower, flat)))
        upper = lower.moved(-_SACRAL_GAP, 0.0, lower.depth)
        discs.append(_disc(lower, upper, flat, None))
    return bodies, discs[:-1]


def _hollow(along: Points, depth: float) -> Points:
    """The height (N,) of an endplate's hollow over `along` (-0.5 to 0.5): flat rims, deepest behind the middle."""
    return depth * np.clip(1 - np.abs((along - 0.04) / 0.46) ** 2.4, 0, None)


def _body_outline(upper: Plate, lower: Plate, anatomy: Anatomy) -> Points:
    along = np.linspace(-0.5, 0.5, 13)
    rise = np.linspace(0, 1, 9)[1:-1]
    waist = anatomy.waist * np.sin(np.pi * rise)[:, None]  # (7, 1)
    across = lower.at(0.5) - lower.at(-0.5)
    inwards = across / np.hypot(*across)
    back = lower.at(0.5) + rise[:, None] * (upper.at(0.5) - lower.at(0.5)) - waist * inwards
    front = lower.at(-0.5) + rise[:, None] * (upper.at(-0.5) - lower.at(-0.5)) + waist * inwards
    bottom = lower.at(along, _hollow(along, anatomy.concavity))
    top = upper.at(along, -_hollow(along, anatomy.concavity))
    return rounded(np.vstack([bottom, back, top[::-1], front[::-1]]))


def _disc(upper: Plate, lower: Plate, anatomy: Anatomy, finding: DiscFinding | None) -> Disc:
    """The disc between the lower endplate of one body (`upper`) and the upper endplate of the next."""
    along = np.linspace(-0.5, 0.5, 13)
    hollow = _hollow(along, anatomy.concavity)
    posterior = _posterior_border(upper, lower, finding)
    outline = np.vstack(
        [upper.at(along, hollow), posterior[1:-1], lower.at(along, -hollow)[::-1], _anterior_border(upper, lower)]
    )
    middle = Plate(
        (upper.x + lower.x) / 2, (upper.y + lower.y) / 2, (upper.angle + lower.angle) / 2, min(upper.depth, lower.depth)
    )
    inner = np.linspace(-0.36, 0.32, 13)
    hill = np.sqrt(np.clip(1 - ((inner + 0.02) / 0.34) ** 2, 0, None))[:, None]  # (13, 1)
    top, bottom = (
        upper.at(inner, _hollow(inner, anatomy.concavity)),
        lower.at(inner, -_hollow(inner, anatomy.concavity)),
    )
    centre = (top + bottom) / 2
    nucleus = np.vstack([centre + 0.84 * hill * (top - centre), (centre + 0.84 * hill * (bottom - centre))[::-1]])
    return Disc(outline, posterior, nucleus, centre[2:-2], middle, finding)


def _anterior_border(upper: Plate, lower: Plate) -> Points:
    """From the lower front rim up to the upper one, slightly bulging."""
    down, top = lower.at(-0.5), upper.at(-0.5)
    rise = np.linspace(0, 1, 7)[1:-1]
    forward = 1.3 * np.sin(np.pi * rise)[:, None] * np.array([np.cos(upper.angle), np.sin(upper.angle)])
    return np.asarray(down + rise[:, None] * (top - down) - forward)


def _posterior_border(upper: Plate, lower: Plate, finding: DiscFinding | None) -> Points:
    """From the upper back rim down to the lower one (17, 2), with whatever stands out into the canal."""
    top, down = upper.at(0.5), lower.at(0.5)
    fall = np.linspace(0, 1, 17)
    hill = np.sin(np.pi * fall) ** 0.8
    bulge, spread, migration = (finding.bulge, finding.spread, finding.migration) if finding else (0.0, 0.0, 0.0)
    angle = (upper.angle + lower.angle) / 2
    back, footwards = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    stretched = 0.5 + (fall - 0.5) * (1 + spread * hill)
    between = top + stretched[:, None] * (down - top)
    return np.asarray(between + (bulge * hill)[:, None] * back + (migration * hill**2)[:, None] * footwards)
