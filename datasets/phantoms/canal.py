"""The spinal canal of a phantom: thecal sac, cord and nerve roots, indented by whatever bulges."""

from dataclasses import dataclass

import numpy as np

from spinedet.datasets.phantoms.outlines import Line, Points, bump, smoothed
from spinedet.datasets.phantoms.spine import Anatomy, Disc, Spine

EPIDURAL_GAP = ((0.0, 0.9), (0.45, 1.2), (0.75, 2.2), (1.0, 4.0), (1.3, 7.0))
"""Space between the wall and the sac: position from T11 (0) to the sacral endplate (1) and beyond, mm."""

SAC_DEPTH = ((0.0, 1.0), (0.6, 0.98), (0.85, 0.9), (1.0, 0.75), (1.12, 0.5), (1.25, 0.0))
"""Depth of the sac as a fraction of its full depth, at positions as above."""

MIN_SAC = 3.0
"""What even the largest herniation leaves of the sac, in mm."""

DURA = 0.5
"""What lies between a herniation and the fluid, in mm."""

CORD_RADIUS = 4.3
"""Half the depth of the cord at its lumbar enlargement, in mm."""

ROOTS = 11
"""Visible strands of the cauda equina."""


@dataclass(frozen=True, slots=True)
class Canal:
    """The contents of the canal, as offsets in mm (N,) backwards from the wall.

    Attributes:
        wall: The line along the back walls of the bodies (N samples).
        near, far: Front and back border of the thecal sac.
        sac: The samples between which there is a sac.
        cord: Outline of the cord (M, 2), ending in the conus.
        roots: The strands below it, each (K, 2).
    """

    wall: Line
    near: Points
    far: Points
    sac: slice
    cord: Points
    roots: tuple[Points, ...]

    def sac_outline(self) -> Points:
        """The closed outline of the thecal sac."""
        return self.wall.band(self.near, self.far, self.sac)


def build_canal(spine: Spine, anatomy: Anatomy, offset: float, rng: np.random.Generator) -> Canal:
    """The canal in a slice at `offset` (-1 to 1) from the midline; away from it the sac is shallower."""
    wall, where = spine.wall, _positions(spine)
    full = anatomy.canal * anatomy.stature * (1 - 0.2 * offset**2)
    gap = _profile(where, EPIDURAL_GAP)
    depth = full * _profile(where, SAC_DEPTH)
    near = np.maximum(gap, _indentation(spine))
    arch = ((spine.guide.points - wall.points) * wall.back).sum(axis=1)  # the arches follow a slip only slowly
    far = np.maximum(np.minimum(arch, 3.0) + gap + depth - _flavum(spine), near + np.minimum(depth, MIN_SAC))
    far = np.maximum(smoothed(far, 2.0), near + 0.1)
    end = int(np.argmax(where >= SAC_DEPTH[-1][0] - 0.01))
    conus = int(np.argmin(np.abs(where - np.clip(rng.normal(0.33, 0.06), 0.2, 0.45))))
    return Canal(
        wall, near, far, slice(0, end), _cord(wall, near, far, conus), _roots(wall, near, far, conus, end, rng)
    )


def _positions(spine: Spine) -> Points:
    """Each wall sample's place (N,): 0 at the top of T11, 1 at the sacral endplate."""
    top = spine.wall.nearest(spine.body("T11").upper.at(0.5))
    sacrum = spine.wall.nearest(spine.body("S1").upper.at(0.5))
    return (np.arange(len(spine.wall.points)) - top) / (sacrum - top)


def _profile(where: Points, knots: tuple[tuple[float, float], ...]) -> Points:
    places, values = zip(*knots, strict=True)
    return np.asarray(np.interp(where, places, values))


def _indentation(spine: Spine) -> Points:
    """How far discs (and the rim of a slipped body) stand into the canal at each wall sample (N,), mm; 0 where none."""
    pushed = np.zeros(len(spine.wall.points))
    for disc in spine.discs:
        _push(pushed, spine.wall, disc)
    held = np.max([np.roll(pushed, shift) for shift in range(-2, 3)], axis=0)  # (5, N): dura spans small gaps
    return smoothed(held, 1.5)


def _push(pushed: Points, wall: Line, disc: Disc) -> None:
    """Raise `pushed` to the disc's posterior border."""
    samples = wall.nearest_each(disc.posterior)  # (17,)
    beyond = ((disc.posterior - wall.points[samples]) * wall.back[samples]).sum(axis=1)
    out = beyond > 0
    np.maximum.at(pushed, samples[out], beyond[out] + DURA)


def _flavum(spine: Spine) -> Points:
    """How far the ligamentum flavum bulges in from behind at each wall sample (N,), mm: more at worn discs."""
    samples = np.arange(len(spine.wall.points))
    total = np.zeros(len(samples))
    for disc in spine.discs:
        if disc.finding:
            worn = 1.0 - disc.finding.hydration
            total += (0.3 + 1.3 * worn) * bump(samples, spine.wall.nearest(disc.middle.at(0.5)), 5.0)
    return total


def _cord(wall: Line, near: Points, far: Points, conus: int) -> Points:
    """The cord from the top of the canal to the tip of the conus."""
    left = conus - np.arange(conus + 1)  # samples to the tip
    radius = CORD_RADIUS * np.clip(left / 34.0, 0, 1) ** 0.75
    centre = smoothed(near + 0.52 * (far - near), 6.0)[: conus + 1]
    part = slice(0, conus + 1)
    return np.vstack(
        [
            wall.beside(_padded(centre - radius, len(near)))[part],
            wall.beside(_padded(centre + radius, len(near)))[part][::-1],
        ]
    )


def _padded(values: Points, length: int) -> Points:
    return np.concatenate([values, np.zeros(length - len(values))])


def _roots(wall: Line, near: Points, far: Points, conus: int, end: int, rng: np.random.Generator) -> tuple[Points, ...]:
    """Strands that leave the cord and sink to the back of the sac (the patient lies on the back)."""
    samples = np.arange(len(near))
    strands = []
    for _ in range(ROOTS):
        start = max(0, conus - int(rng.integers(0, 40)))
        stop = int(rng.integers(min(conus + 60, end - 6), end - 4))
        sink = np.clip((samples - start) / 70.0, 0, 1)
        place = (
            0.5 + (rng.uniform(-0.05, 0.4) * sink) + 0.04 * np.sin(samples / rng.uniform(12, 25) + rng.uniform(0, 6))
        )
        strands.append(wall.beside(near + place * (far - near))[start:stop])
    return tuple(strands)
