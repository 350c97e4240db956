"""The outlines of the liver: three lobes, how cirrhosis changes their sizes, bumps, and the fissures between them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinedet.datasets.phantoms.liver.anatomy import Build
from spinedet.datasets.phantoms.liver.plan import Signs
from spinedet.datasets.phantoms.outlines import Points, rounded, signed_area

RIGHT = np.array(
    [
        (-0.10, -0.95),
        (-0.50, -1.0),
        (-0.95, -0.75),
        (-1.1, -0.1),
        (-1.05, 0.40),
        (-0.85, 0.78),
        (-0.56, 0.88),
        (-0.45, 0.66),
        (-0.36, 0.50),
        (-0.30, 0.36),
        (-0.26, 0.12),
        (-0.12, -0.06),
        (-0.04, -0.40),
    ]
)
"""Corners of the right lobe in fractions of the cavity; those beyond its border are drawn inwards."""

LEFT = np.array(
    [
        (-0.22, -0.95),
        (0.16, -1.0),
        (0.40, -0.82),
        (0.60, -0.58),
        (0.50, -0.42),
        (0.32, -0.34),
        (0.16, -0.22),
        (-0.06, -0.10),
        (-0.22, -0.08),
        (-0.20, -0.40),
    ]
)
"""Corners of the left lobe, quadrate lobe included."""

CAUDATE = np.array(
    [
        (-0.28, -0.08),
        (-0.10, -0.12),
        (0.07, -0.10),
        (0.12, 0.04),
        (0.02, 0.15),
        (-0.12, 0.18),
        (-0.26, 0.18),
    ]
)
"""Corners of the caudate lobe, before the inferior vena cava."""

ANCHORS = ((-0.55, -0.05), (-0.12, -0.62), (-0.25, 0.02))
"""Points that stay where they are while a lobe grows or shrinks: right, left, caudate."""

GROWTH = ((-0.3, -0.26), (0.42, 0.22), (0.5, 0.62))
"""What the shape's sign adds to each lobe's size across and down: right, left, caudate."""

STEP = 1.0
"""Distance between the samples of a bumpy outline, in mm."""

BUMP = 3.2
"""Height of the outline's bumps in mm where the liver is wholly nodular."""


@dataclass(frozen=True, slots=True)
class Lobes:
    """Outlines (N, 2) in mm of the right, left and caudate lobe, and of the fissures that part them."""

    right: Points
    left: Points
    caudate: Points
    fissures: tuple[Points, ...]


def shape_lobes(
    build: Build, signs: Signs, own: NDArray[np.float64], level: float, nodule: float, rng: np.random.Generator
) -> Lobes:
    """The liver at one level.

    Args:
        build: The trunk.
        signs: How far the disease has gone.
        own: What makes the patient's lobes differ from other people's: shifts of size (3, 2), around 0.
        level: Below (-1) to above (1) the middle of the caudate lobe.
        nodule: Size of a nodule in mm.
        rng: Source of the outline's unevenness.
    """
    cranial = np.array([(0.03, 0.02), (0.1, 0.04), (-0.04, -0.04)]) * level
    sizes = 1 + np.array(GROWTH) * signs.shape + own + cranial - 0.05 * build.stout
    limit = 0.965 - 0.03 * build.stout - ascites_depth(signs)
    outlines: list[Points] = []
    for corners, anchor, size in zip((RIGHT, LEFT, CAUDATE), ANCHORS, sizes, strict=True):
        moved = anchor + (corners - anchor) * size + rng.normal(0, 0.012, corners.shape)
        smooth = build.place(build.inside(rounded(moved, 3), limit))
        outlines.append(_bumpy(smooth, BUMP * signs.nodular, nodule, rng))
    right, left, caudate = outlines
    return Lobes(right, left, caudate, _fissures(build, signs, sizes, rng))


def ascites_depth(signs: Signs) -> float:
    """Depth of the fluid between wall and organs, as a fraction of the cavity's half axes."""
    return 0.16 * signs.ascites


def _bumpy(outline: Points, height: float, nodule: float, rng: np.random.Generator) -> Points:
    """A closed outline with round bumps as wide as the nodules, and sharp notches between them."""
    points = _resampled(outline)
    ends = np.cumsum(nodule * rng.uniform(0.5, 1.5, 2 + int(2 * len(points) * STEP / nodule)))
    which = np.searchsorted(ends, np.arange(len(points)) * STEP)
    starts = np.concatenate([[0.0], ends])[which]
    across = 2 * (np.arange(len(points)) * STEP - starts) / (ends[which] - starts) - 1  # -1 to 1 within a bump
    heights = height * rng.uniform(0.3, 1.0, len(ends))[which]
    along = np.roll(points, -1, axis=0) - np.roll(points, 1, axis=0)
    normal = np.stack([along[:, 1], -along[:, 0]], axis=1) / np.maximum(np.hypot(*along.T), 1e-9)[:, None]
    sign = 1.0 if signed_area(points) > 0 else -1.0  # the normal points outwards
    return np.asarray(points + sign * (heights * (np.sqrt(1 - across**2) - 0.75))[:, None] * normal)


def _resampled(outline: Points) -> Points:
    """A closed outline with a point every `STEP` mm."""
    closed = np.vstack([outline, outline[:1]])
    lengths = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(closed, axis=0).T))])
    along = np.arange(0, lengths[-1], STEP)
    return np.stack([np.interp(along, lengths, closed[:, axis]) for axis in (0, 1)], axis=1)


def _fissures(build: Build, signs: Signs, sizes: NDArray[np.float64], rng: np.random.Generator) -> tuple[Points, ...]:
    """Wedges of fat: before the caudate lobe, of the round ligament, and of the hilum."""
    top = float(-0.10 * sizes[2, 1])
    edge = float(-0.25 + 0.42 * sizes[2, 0])
    venous = [(edge + 0.1, top - 0.12), (edge - 0.06, top - 0.05), (-0.1, top - 0.01), (-0.25, top + 0.03)]
    middle = 0.06 + 0.1 * signs.shape * rng.random()
    round_ligament = [(middle + 0.02, -1.0), (middle, -0.7), (middle - 0.06, -0.45), (middle - 0.12, -0.24)]
    hilum = [(-0.18, -0.10), (-0.28, -0.05), (-0.40, -0.02)]
    widths = (1.0 + 4.0 * signs.fissures, 0.9 + 4.5 * signs.fissures, 1.6 + 2.6 * signs.fissures)
    lines = (np.array(venous), np.array(round_ligament), np.array(hilum))
    return tuple(
        _wedge(build.place(line + rng.normal(0, 0.008, line.shape)), width)
        for line, width in zip(lines, widths, strict=True)
    )


def _wedge(line: Points, width: float) -> Points:
    """A strip along a line (K, 2), `width` mm wide at its start and narrow at its end."""
    along = np.gradient(line, axis=0)
    across = np.stack([along[:, 1], -along[:, 0]], axis=1) / np.hypot(*along.T)[:, None]
    half = np.linspace(width / 2, 0.35, len(line))[:, None]
    return rounded(np.vstack([line + half * across, (line - half * across)[::-1]]))
