"""Plain radiographs: what lies along each ray adds up, and is shown bright on dark.

Matter is counted in mm of compact bone that would weaken the beam as much. A bone is a tube of compact bone filled with
spongy bone, as deep as it is wide; so its edges are brighter than its middle, and overlapping bones are brighter still.
"""

from dataclasses import dataclass
from math import ceil, floor

import cv2
import numpy as np
from numpy.typing import NDArray

from spinedet.datasets.phantoms.canvas import SUBPIXEL_BITS, View
from spinedet.datasets.phantoms.imaging import FloatImage, smooth_noise
from spinedet.datasets.phantoms.outlines import Points

FINE = 3
"""Outlines are filled on a grid so many times finer than the image."""

COARSE, STEPS, THINNEST = 60, 16, 0.08
"""The local thickness is smooth: measured on a grid of so many pixels a side, in so many steps from a share of the
greatest on."""

SPONGY, FLESH = 0.22, 0.08
"""What a mm of spongy bone and of soft tissue weakens the beam, of what a mm of compact bone does."""

THINNING = 1.6
"""How fast the compact bone gets thinner where a bone is wider than its waist."""

HOLLOW = 0.7
"""Spongy bone fades where a bone is narrower than this and 1 times its waist: a shaft is hollow."""

TRABECULAE, MUSCLE = 0.24, 0.05
"""Standard deviation of the texture of spongy bone and of soft tissue, as a fraction."""

Window = tuple[slice, slice]


@dataclass(frozen=True, slots=True)
class Bone:
    """How a bone is built.

    Attributes:
        cortex: Thickness of the compact bone in mm, where half the bone's width is `waist`; where wider, it is thinner.
        waist: Half the width in mm of the bone's narrowest part.
        depth: Greatest half-depth along the ray in mm.
        spongy: Density of the spongy bone, 1 for a middle one.
    """

    cortex: float
    waist: float
    depth: float
    spongy: float = 1.0


class Film:
    """Matter along the rays, laid one thing over the other.

    Attributes:
        view: Where the image lies.
        matter: In mm of compact bone (H, W).
    """

    def __init__(self, view: View, rng: np.random.Generator):
        self.view = view
        self.matter: FloatImage = np.zeros((view.height, view.width), np.float32)
        size = (view.height, view.width)
        spongy = smooth_noise(rng, *size, 2.6, 1.5) + 0.7 * smooth_noise(rng, *size, 6, 3.5)
        bundles = smooth_noise(rng, *size, 26, 5) + smooth_noise(rng, *size, 9, 9)
        self._trabeculae = np.asarray(np.clip(1 + TRABECULAE * spongy, 0.3, 1.9), np.float32)
        self._muscle = np.asarray(np.clip(1 + MUSCLE * bundles, 0.7, 1.3), np.float32)

    def flesh(self, outline: Points, flat: float, density: float = 1.0) -> None:
        """Soft tissue within an outline (N, 2) in mm, whose depth is its width times `flat`."""
        window, away, width = self._filled(outline)
        self._lay(window, flat * density * FLESH * chord(away, width), self._muscle)

    def bone(self, outline: Points, bone: Bone, part: Points | None = None) -> None:
        """A bone within an outline (N, 2) in mm; of a broken one only the fragment within `part` (M, 2)."""
        window, away, width = self._filled(outline)
        kept = 1 if part is None else self._inside(part, window)
        radius = np.minimum(width, bone.depth)
        cortex = np.minimum(bone.cortex * (bone.waist / np.maximum(width, bone.waist)) ** THINNING, 0.8 * radius)
        marrow = chord(np.maximum(away - cortex, 0), np.maximum(radius - cortex, 0))
        self._lay(window, (chord(away, radius) - marrow) * kept)
        filling = np.clip(width / bone.waist - HOLLOW, 0, 1)
        self._lay(window, bone.spongy * SPONGY * marrow * filling * kept, self._trabeculae)

    def fill(self, outline: Points, matter: float, soft: float = 0.0) -> None:
        """Add (below 0: take away) matter within an outline (N, 2) in mm, its border softened by `soft` mm."""
        share = np.zeros(self.matter.shape, np.uint8)
        cv2.fillPoly(share, [self.view.fixed(outline)], 255, cv2.LINE_AA, SUBPIXEL_BITS)
        self._add(share, matter, soft)

    def stroke(self, line: Points, matter: float, width: float, soft: float = 0.0) -> None:
        """Add (below 0: take away) matter along a line (N, 2) in mm that is `width` mm wide; a hair is fainter."""
        share = np.zeros(self.matter.shape, np.uint8)
        pixels = width * self.view.scale
        thick = max(1, round(pixels))
        cv2.polylines(share, [self.view.fixed(line)], False, 255, thick, cv2.LINE_AA, SUBPIXEL_BITS)
        self._add(share, matter * min(1.0, pixels), soft)

    def _add(self, share: NDArray[np.uint8], matter: float, soft: float) -> None:
        laid = np.asarray(share * np.float32(matter / 255), np.float32)
        if soft > 0:
            laid = np.asarray(cv2.GaussianBlur(laid, (0, 0), soft * self.view.scale), np.float32)
        self.matter = np.maximum(self.matter + laid, 0)

    def _filled(self, outline: Points) -> tuple[Window, FloatImage, FloatImage]:
        """Rows and columns around an outline; on their fine grid, in mm, the way to it and the local thickness.

        They may go on beyond the image: what lies within has the depth that the whole outline gives it.
        """
        x0, y0, x1, y1 = self.view.box(outline)
        window = slice(floor(y0) - 1, ceil(y1) + 1), slice(floor(x0) - 1, ceil(x1) + 1)
        away = distance_inside(self._inside(outline, window))
        pixel = np.float32(1 / (FINE * self.view.scale))
        return window, away * pixel, local_thickness(away) * pixel

    def _inside(self, outline: Points, window: Window) -> NDArray[np.uint8]:
        """1 within the outline, 0 outside, on the fine grid of a window."""
        rows, columns = window
        inside = np.zeros((FINE * (rows.stop - rows.start), FINE * (columns.stop - columns.start)), np.uint8)
        points = FINE * (self.view.pixels(outline) - (columns.start, rows.start)) - 0.5
        cv2.fillPoly(inside, [np.round(points).astype(np.int32)], 1)
        return inside

    def _lay(self, window: Window, matter: FloatImage, texture: FloatImage | None = None) -> None:
        """Add what of a window's fine grid lies within the image, uneven as the texture (H, W) is."""
        rows, columns = window
        size = (columns.stop - columns.start, rows.stop - rows.start)
        laid = cv2.resize(matter.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        top, left = max(rows.start, 0), max(columns.start, 0)
        place = slice(top, max(rows.stop, top)), slice(left, max(columns.stop, left))
        height, width = self.matter[place].shape
        laid = laid[top - rows.start :, left - columns.start :][:height, :width]
        self.matter[place] += laid if texture is None else laid * texture[place]


def distance_inside(inside: NDArray[np.uint8]) -> FloatImage:
    """The way of each pixel to the nearest one outside (h, w), in pixels; its square is a whole number.

    OpenCV's last digits depend on where in memory the image lies, and the same seed is to make the same bytes.
    """
    away = cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(np.sqrt(np.rint(away.astype(np.float64) ** 2)), np.float32)


def chord(away: FloatImage, radius: FloatImage) -> FloatImage:
    """The way of a ray (h, w) through a tube of `radius`, `away` from its border; beyond its middle as in it."""
    within = np.minimum(away, radius)
    return np.asarray(2 * np.sqrt(within * (2 * radius - within)), np.float32)


def local_thickness(away: FloatImage) -> FloatImage:
    """The radius of the largest disc that covers a place and lies inside (h, w), smooth.

    The local thickness of T. Hildebrand and P. Ruegsegger, J. Microsc. 185 (1997) 67-75, on a coarse grid.

    Args:
        away: The way to the outline in pixels, 0 outside (h, w).
    """
    height, width = away.shape
    shrink = min(1.0, COARSE / max(height, width))
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    coarse = cv2.resize(away, size, interpolation=cv2.INTER_AREA)
    found = np.zeros_like(coarse)
    for radius in np.geomspace(THINNEST, 1, STEPS) * float(coarse.max()):
        reach = 2 * round(radius * shrink) + 1
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
        covered = cv2.dilate((coarse >= radius).astype(np.uint8), disc)
        found = np.where(covered > 0, np.float32(radius), found)
    within = (coarse > 0).astype(np.float32)
    found, share = (cv2.GaussianBlur(image, (0, 0), 1.5) for image in (np.maximum(found, coarse) * within, within))
    found = np.asarray(found / np.maximum(share, 1e-3), np.float32)  # what lies outside counts for nothing
    return np.asarray(cv2.resize(found, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
