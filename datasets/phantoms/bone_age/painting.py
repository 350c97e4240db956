"""Laying a hand on a film: soft tissue, carpal bones, and tubular bones with the state of their growth plates."""

import numpy as np

from spinedet.datasets.phantoms.bone_age.anatomy import (
    CARPALS,
    RADIUS,
    RADIUS_END,
    RAYS,
    SESAMOID,
    ULNA,
    ULNA_END,
    Hand,
    Segment,
)
from spinedet.datasets.phantoms.bone_age.growth import (
    CARPAL_AGES,
    CARPALS_GROWN,
    EPIPHYSES,
    SESAMOID_APPEARS,
    Stage,
    grown,
    stage,
)
from spinedet.datasets.phantoms.outlines import Points, blob, rounded
from spinedet.datasets.phantoms.radiograph import Bone, Film

FLAT = 0.85
"""Depth of the soft tissue, as a share of its width."""

CARPAL, LONG = Bone(1.2, 3.0, 7.0, 1.1), Bone(2.5, 6.2, 8.0)

END, HEAD = 1.55, 1.4
"""Width of a tubular bone at the end with the growth plate, and at the other, 1 for its shaft."""

THICK = 0.95
"""Thickness of an epiphysis, as a share of half its width."""

SCAR, SCAR_WIDTH = 3.0, 0.9
"""Matter and width in mm of a plate that has just closed."""

SHAFT = ((0.0, 0.07, 0.2, 0.5, 0.78, 0.93, 1.0), (1.0, 0.95, 0.45, 0.0, 0.3, 0.95, 0.75))
"""Along a shaft: places, and how far it has widened there, from its waist (0) to its end (1)."""


def paint_flesh(film: Film, hand: Hand) -> Points:
    """Skin and what lies below; returns its outline in mm of the view."""
    skin = hand.skin()
    film.flesh(skin, FLAT)
    return skin


def paint_wrist(film: Film, hand: Hand, months: float, pace: float, rng: np.random.Generator) -> None:
    """The carpal bones that have appeared, and the ends of radius and ulna."""
    for name, (x, y, across, along, turn) in CARPALS.items():
        size = grown(CARPAL_AGES[name], CARPALS_GROWN, months + pace * rng.standard_normal())
        outline = blob((x, y), (across * size, along * size), turn, rng, 0.16)
        if size > 0:
            _lay(film, hand, outline, CARPAL)
    for kind, shaft, end in (("radius", RADIUS, RADIUS_END), ("ulna", ULNA, ULNA_END)):
        now = stage(EPIPHYSES[kind], months + pace * rng.standard_normal())
        _paint_forearm(film, hand, np.array(shaft, float), np.array(end, float), now)


def _paint_forearm(film: Film, hand: Hand, shaft: Points, end: Points, now: Stage) -> None:
    if now.plate is None:
        whole = np.vstack([end[:-1], end[-1:], shaft[::-1]])
        _lay(film, hand, rounded(whole, 3), LONG)
        _scar(film, hand, shaft[[0, -1]] - (0, 1), now.scar)
        return
    _lay(film, hand, rounded(shaft, 3), LONG)
    if now.size > 0:
        middle = end.mean(axis=0)
        lift = (0, 1.4 - now.plate)
        _lay(film, hand, rounded(middle + now.size * (end - middle) + lift, 2), Bone(1.1, 4.0, 8.0))


def paint_rays(film: Film, hand: Hand, months: float, pace: float, rng: np.random.Generator) -> None:
    """Metacarpals and phalanges, and the bone beside the thumb's joint."""
    for ray in RAYS:
        for segment in hand.segments(ray):
            _paint_segment(film, hand, segment, stage(EPIPHYSES[segment.kind], months + pace * rng.standard_normal()))
    thumb = hand.segments(RAYS[0])[1]
    aside, back, radius = SESAMOID
    place = thumb.points(np.array([-back]), np.array([aside]))[0]
    size = grown(SESAMOID_APPEARS, SESAMOID_APPEARS + 24, months + pace * rng.standard_normal())
    if size > 0:
        _lay(film, hand, blob(place, (radius * size, radius * size), 0.0, rng, 0.1), Bone(0.8, 2.0, 3.0))


def _paint_segment(film: Film, hand: Hand, segment: Segment, now: Stage) -> None:
    """One tubular bone; before its plate closes in two parts."""
    thick = THICK * END * segment.half * (0.8 if segment.kind == "distal" else 1.0)
    bone = Bone(0.42 * segment.half, segment.half, segment.half * END)
    if now.plate is None:
        _lay(film, hand, _shaft(segment, 0.0), bone)
        across = np.array([-0.9, 0.9]) * END * segment.half
        _scar(film, hand, segment.points(np.full(2, thick), across), now.scar)
        return
    _lay(film, hand, _shaft(segment, thick + now.plate / 2), bone)
    if now.size > 0:
        _lay(film, hand, _epiphysis(segment, thick - now.plate / 2, now.size), Bone(0.9, 2.0, segment.half * END))


def _shaft(segment: Segment, start: float) -> Points:
    """A shaft (N, 2) from `start` mm on; it is widest at its growing end."""
    places, widths = np.array(SHAFT)
    ends = np.where(places < 0.5, END, HEAD) * (0.8 if segment.kind == "distal" else 1.0)
    half = segment.half * (1 + (ends - 1) * widths)
    if segment.kind == "distal":
        half = half * np.interp(places, (0, 0.5, 1), (1.15, 0.85, 0.75))
    along = start + places * (segment.length - start)
    return rounded(segment.points(np.concatenate([along, along[::-1]]), np.concatenate([half, -half[::-1]])), 2)


def _epiphysis(segment: Segment, thick: float, size: float) -> Points:
    """A disc (N, 2), which grows across more than along."""
    half = END * segment.half * (0.85 if segment.kind == "distal" else 1.0) * size
    tall = thick * (0.35 + 0.65 * size)
    along = thick - tall + tall * np.array([0.0, 0.05, 0.55, 1.0, 1.0, 0.55, 0.05, 0.0])
    across = half * np.array([0.55, 0.92, 1.05, 0.95, -0.95, -1.05, -0.92, -0.55])
    return rounded(segment.points(along, across), 2)


def _scar(film: Film, hand: Hand, line: Points, strength: float) -> None:
    """The bright line of a plate that has closed."""
    if strength > 0:
        film.stroke(hand.place(line), SCAR * strength * hand.size, SCAR_WIDTH * hand.size, 0.3)


def _lay(film: Film, hand: Hand, outline: Points, bone: Bone) -> None:
    """A bone of a grown hand's mm, as small and as dense as this hand's."""
    cortex, waist, depth = bone.cortex * hand.size * hand.dense, bone.waist * hand.size, bone.depth * hand.size
    film.bone(hand.place(outline), Bone(cortex, waist, depth, bone.spongy * hand.dense))
