"""The two legs of an axial image: Otsu's threshold, the largest parts, and the smallest window around each.

The "adaptive window" of P2. The paper dropped images whose legs stand too close to separate; here they are named.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from spinedet.annotations.boxes import Box
from spinedet.datasets.images import Pixels
from spinedet.datasets.regions.finding import Finding

LEFT, RIGHT = "left", "right"

SMOOTHING = 1 / 200
"""Standard deviation of the blur before the threshold, as a share of the image's shorter side: noise goes."""

BRIDGE = 1 / 50
"""Parts no thicker than this share of the shorter side are no part of a leg: table edges, folds, a thin contact."""

LEAST_LEG = 1 / 50
"""Share of the image that a leg takes at least."""

LEAST_RATIO = 0.5
"""Area of the smaller leg over that of the larger; an upper arm has about a quarter of a thigh's."""

LEAST_FILL = 0.6
"""Area of a leg over its window's; a disc has 0.79, and two legs that an arm or a table joins have less."""

WIDEST = 1.6
"""Longer over shorter side of a leg's window; two legs that touch are twice as wide as high."""

FLATTEST_PAIR = 0.5
"""Least overlap of the legs' windows from top to bottom, as a share of the lower window's height."""

Mask = NDArray[np.uint8]
"""(H, W), 0 or 1."""


@dataclass(frozen=True, slots=True)
class Legs:
    """Windows around both legs, in pixels.

    Attributes:
        left: The leg on the left of the image, which is the patient's right one as radiologists hang images.
        right: The other.
    """

    left: Box
    right: Box


@dataclass(frozen=True, slots=True)
class NotSeparable:
    """An image on which two legs cannot be told apart.

    Attributes:
        reason: What was seen instead, for people.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class _Part:
    """A connected part: its window and its area in pixels."""

    box: Box
    area: int

    @property
    def width(self) -> float:
        return self.box.x1 - self.box.x0

    @property
    def height(self) -> float:
        return self.box.y1 - self.box.y0

    @property
    def fill(self) -> float:
        """Share of its window that it covers."""
        return self.area / (self.width * self.height)

    @property
    def elongation(self) -> float:
        return max(self.width, self.height) / min(self.width, self.height)


def find_legs(image: Pixels) -> Legs | NotSeparable:
    """The window around each of two legs on a dark ground.

    Args:
        image: (H, W) grey or (H, W, 3) RGB, 8 bits.

    Returns:
        The windows, or why there are none: one leg, legs that touch, nothing that looks like legs.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.ndim == 3 else image
    if np.ptp(grey) == 0:
        return NotSeparable("all pixels are equal")
    parts = [part for part in _parts(_body(grey)) if part.area >= LEAST_LEG * grey.size]
    return _pair(parts, grey.shape[1])


def legs_finder(image: Pixels) -> Finding:
    """`find_legs` as a `spinedet.datasets.regions.finding.Finder`."""
    found = find_legs(image)
    if isinstance(found, NotSeparable):
        return Finding(remark=found.reason)
    return Finding({LEFT: found.left, RIGHT: found.right})


def _body(grey: NDArray[np.uint8]) -> Mask:
    """What is no air, without holes and thin parts, (H, W).

    The threshold is taken of the square root: fat is so much brighter than muscle that Otsu's threshold of the values
    themselves would part these two instead of the leg and the air. A bias field changes roots less, too.
    """
    side = min(grey.shape)
    roots = np.sqrt(cv2.GaussianBlur(grey, (0, 0), max(SMOOTHING * side, 0.5)).astype(np.float32) / 255)
    _, bright = cv2.threshold(np.rint(roots * 255).astype(np.uint8), 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    return _opened(_filled(bright), max(round(BRIDGE * side / 2), 1))


def _filled(mask: Mask) -> Mask:
    """Marrow, vessels and dark muscle inside a closed rim belong to the leg."""
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(cv2.drawContours(np.zeros_like(mask), outlines, -1, 1, cv2.FILLED), np.uint8)


def _opened(mask: Mask, radius: int) -> Mask:
    """Without parts thinner than two radii; OpenCV takes what lies beyond the border for body, so a cut leg stays."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, disc), np.uint8)


def _parts(mask: Mask) -> list[_Part]:
    """Connected parts, largest first."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    rows = stats[1:].tolist()  # the first is the ground
    found = [_Part(Box(x, y, x + width, y + height), area) for x, y, width, height, area in rows]
    return sorted(found, key=lambda part: -part.area)


def _pair(parts: list[_Part], width: int) -> Legs | NotSeparable:
    if not parts:
        return NotSeparable("nothing is as large as a leg")
    if len(parts) == 1 or parts[1].area < LEAST_RATIO * parts[0].area:
        return NotSeparable(_alone(parts[0], width))
    pair = parts[:2]
    if any(part.fill < LEAST_FILL or part.elongation > WIDEST for part in pair):
        return NotSeparable("the two largest parts do not have the shape of legs")
    left, right = sorted(pair, key=lambda part: part.box.x0 + part.box.x1)
    return _beside(left, right, parts[2:])


def _alone(part: _Part, width: int) -> str:
    """Why one large part is no pair."""
    middle = (part.box.x0 + part.box.x1) / (2 * width)
    joined = part.width >= WIDEST * part.height or (part.fill < LEAST_FILL and 1 / 3 < middle < 2 / 3)
    return "the legs touch, and cannot be parted" if joined else "there is one leg alone"


def _beside(left: _Part, right: _Part, others: list[_Part]) -> Legs | NotSeparable:
    shared = min(left.box.y1, right.box.y1) - max(left.box.y0, right.box.y0)
    if shared < FLATTEST_PAIR * min(left.height, right.height):
        return NotSeparable("the two largest parts do not lie side by side")
    if others and others[0].area >= LEAST_RATIO * left.area:
        return NotSeparable("there are three parts as large as legs")
    return Legs(left.box, right.box)
