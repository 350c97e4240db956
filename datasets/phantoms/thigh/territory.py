"""Whose a pixel is: muscles, the fat between them, and how near the next border is."""

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from spinedet.datasets.phantoms.canvas import View
from spinedet.datasets.phantoms.imaging import FloatImage, smooth_noise
from spinedet.datasets.phantoms.thigh.anatomy import ANGLES, Leg
from spinedet.datasets.phantoms.thigh.muscles import cut_muscles

STEP = 2
"""Distances are computed on every second pixel and enlarged; they are smooth."""

WOBBLE, WOBBLE_SIZE = 0.045, 26.0
"""How far borders stray (fraction of the leg's radius), and the size of the bends in pixels."""

SLACK = 0.16
"""A muscle ends this far beyond its reach where it has no neighbour (fraction of the leg's radius)."""

WASTING = 0.05
"""Reach that a muscle loses when it has turned to fat, or wins when it swells."""

PLANE_VARIES, PLANE_SIZE = 0.8, 14.0
"""How unevenly wide the fat between two muscles is (of its logarithm), and over how many pixels."""

FAR = 9.0
"""Further than anything in the leg."""


@dataclass(frozen=True, slots=True)
class Territory:
    """The muscles of one leg over its window of the image (H, W).

    Attributes:
        window: Rows and columns of the image that hold the leg.
        muscle: Number of the nearest muscle.
        share: How much of the pixel is muscle, from 0 (fat between muscles, or outside) to 1.
        depth: Distance from the nearest border, as a fraction of the leg's radius.
        former: As `share`, before muscles wasted.
    """

    window: tuple[slice, slice]
    muscle: NDArray[np.intp]
    share: FloatImage
    depth: FloatImage
    former: FloatImage


def map_muscles(
    leg: Leg, view: View, level: float, swelling: NDArray[np.float64], plane: float, rng: np.random.Generator
) -> Territory:
    """Part one leg among its muscles.

    Args:
        leg: The leg.
        view: Where the image lies.
        level: From the hip (0) to the knee (1).
        swelling: Of every muscle (M,), 1 swollen to -1 wasted.
        plane: Half the width of the fat between two muscles, as a fraction of the leg's radius.
        rng: Source of the borders' unevenness.
    """
    window = rows, columns = view.window(leg.outline(leg.fascia))
    size = columns.stop - columns.start, rows.stop - rows.start  # as OpenCV wants it
    places = _places(leg, view, window, rng)
    beyond = _beyond_reach(places, level, swelling)
    beyond = cv2.resize(beyond, size, interpolation=cv2.INTER_LINEAR)  # (H, W, M)
    inside = cv2.resize(_inside_fascia(leg, places), size, interpolation=cv2.INTER_LINEAR)
    planes = plane * np.exp(PLANE_VARIES * smooth_noise(rng, size[1], size[0], PLANE_SIZE, PLANE_SIZE))
    pixel = 1 / (leg.radius * view.scale)
    wasted = (WASTING * np.minimum(swelling, 0)).astype(np.float32)  # (M,)
    _, depth_before = _claims(beyond + wasted, inside, planes)
    muscle, depth = _claims(beyond, inside, planes)
    share, former = (np.clip(part / pixel + 0.5, 0, 1) for part in (depth, depth_before))
    return Territory(window, muscle, share, depth, former)


def _claims(beyond: FloatImage, inside: FloatImage, planes: FloatImage) -> tuple[NDArray[np.intp], FloatImage]:
    """The nearest muscle (H, W), and how far within it each pixel lies (H, W); negative in the fat between two."""
    muscle = beyond.argmin(axis=2)
    nearest = np.take_along_axis(beyond, muscle[..., None], axis=2)[..., 0]
    others = beyond.copy()
    np.put_along_axis(others, muscle[..., None], FAR, axis=2)
    return muscle, np.minimum(np.minimum((others.min(axis=2) - nearest) / 2, SLACK - nearest), inside) - planes


def _places(leg: Leg, view: View, window: tuple[slice, slice], rng: np.random.Generator) -> NDArray[np.float64]:
    """The place of every second pixel in the frame of the leg (h, w, 2), strayed smoothly."""
    rows, columns = (np.arange(part.start, part.stop, STEP) for part in window)
    corners = np.stack(np.meshgrid(columns, rows), axis=-1) + STEP / 2  # (h, w, 2)
    places = leg.frame(view.millimetres(corners.reshape(-1, 2))).reshape(corners.shape)
    size = WOBBLE_SIZE / STEP
    for axis in (0, 1):
        places[..., axis] += WOBBLE * smooth_noise(rng, len(rows), len(columns), size, size)
    return np.asarray(places)


def _inside_fascia(leg: Leg, places: NDArray[np.float64]) -> FloatImage:
    """How far inside the fascia each place lies (h, w); negative outside."""
    x, y = places[..., 0], places[..., 1]
    limit = np.interp(np.arctan2(y, x), ANGLES, leg.fascia, period=2 * np.pi)
    return np.asarray(limit - np.hypot(x, y), np.float32)


def _beyond_reach(places: NDArray[np.float64], level: float, swelling: NDArray[np.float64]) -> FloatImage:
    """How far every place lies beyond the reach of every muscle (h, w, M); negative within."""
    lines, reach = cut_muscles(level)
    points = places.reshape(-1, 2).astype(np.float32)
    away = np.empty((len(points), len(lines)), np.float32)
    for number, line in enumerate(lines):
        away[:, number] = _distance(points, line.astype(np.float32))
    away -= (reach + WASTING * swelling).astype(np.float32)
    return away.reshape(*places.shape[:2], len(lines))


def _distance(points: FloatImage, line: FloatImage) -> FloatImage:
    """The distance of points (N, 2) from a line of two points or more (N,)."""
    squared = np.full(len(points), FAR**2, np.float32)
    for start, end in pairwise(line):
        along = end - start
        from_start = points - start
        share = np.clip(from_start @ along / (along @ along), 0, 1)
        gap = from_start - share[:, None] * along
        np.minimum(squared, np.einsum("nd,nd->n", gap, gap), out=squared)
    return np.sqrt(squared)
