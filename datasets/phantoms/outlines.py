"""Small plane geometry for phantoms: oriented endplates, smooth lines, bands beside a line, closed outlines.

Lengths are millimetres; x grows to the right (posterior), y downwards (caudal). Lines and outlines are float arrays
(N, 2).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Points = NDArray[np.float64]
"""Points (N, 2) in mm, or scalars along a line (N,)."""

LINE_STEP = 1.0
"""Distance between neighbouring samples of a `Line`, in mm."""


@dataclass(frozen=True, slots=True)
class Plate:
    """One endplate: a place, a direction and a depth.

    Attributes:
        x, y: Its centre in mm.
        angle: Tilt in radians; the spine goes on headwards along `(sin, -cos)`.
        depth: Its extent from front to back in mm.
    """

    x: float
    y: float
    angle: float
    depth: float

    def at(self, along: ArrayLike, up: ArrayLike = 0.0) -> Points:
        """Points (..., 2) at `along` (-0.5 front rim, 0.5 back rim) and `up` mm headwards."""
        back, height = np.asarray(along, float) * self.depth, np.asarray(up, float)
        sine, cosine = np.sin(self.angle), np.cos(self.angle)
        points = np.empty((*np.broadcast_shapes(back.shape, height.shape), 2))
        points[..., 0] = self.x + back * cosine + height * sine
        points[..., 1] = self.y + back * sine - height * cosine
        return points

    def moved(self, up: float, turn: float, depth: float, forward: float = 0.0) -> "Plate":
        """The next plate headwards: `up` mm along an arc of `turn` radians, then `forward` mm forwards."""
        middle = self.angle + turn / 2
        x = self.x + up * np.sin(middle) - forward * np.cos(self.angle)
        y = self.y - up * np.cos(middle) - forward * np.sin(self.angle)
        return Plate(float(x), float(y), self.angle + turn, depth)


@dataclass(frozen=True, slots=True)
class Line:
    """A line along the spine from head to foot, sampled every `LINE_STEP` mm.

    Attributes:
        points: Samples (N, 2).
        back: Unit vectors (N, 2) pointing backwards, across the spine.
    """

    points: Points
    back: Points

    def beside(self, offset: ArrayLike) -> Points:
        """The line moved backwards by `offset` mm, a number or one a sample (N,)."""
        shift = np.broadcast_to(np.asarray(offset, float), len(self.points))
        return np.asarray(self.points + self.back * shift[:, None])  # (N, 2) + (N, 2) * (N, 1)

    def band(self, near: ArrayLike, far: ArrayLike, part: slice = slice(None)) -> Points:
        """The closed strip between two offsets, over a part of the line."""
        return np.vstack([self.beside(near)[part], self.beside(far)[part][::-1]])

    def nearest(self, point: ArrayLike) -> int:
        """Index of the sample nearest to a point (2,)."""
        return int(self.nearest_each(np.asarray(point)[None])[0])

    def nearest_each(self, points: Points) -> NDArray[np.intp]:
        """Indices (M,) of the samples nearest to points (M, 2)."""
        away = self.points[None] - points[:, None]  # (1, N, 2) - (M, 1, 2)
        return np.asarray(np.argmin((away**2).sum(axis=2), axis=1))


def line_through(plates: list[Plate], along: float, smooth: float) -> Line:
    """The line through the same place of all plates (head to foot), smoothed by a Gaussian of `smooth` mm."""
    knots = np.array([plate.at(along) for plate in plates])  # (K, 2)
    lengths = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(knots, axis=0).T))])
    along_line = np.arange(0, lengths[-1], LINE_STEP)
    points = np.stack([np.interp(along_line, lengths, knots[:, axis]) for axis in (0, 1)], axis=1)
    angles = smoothed(np.interp(along_line, lengths, [plate.angle for plate in plates]), 4.0)
    back = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return Line(np.stack([smoothed(points[:, axis], smooth) for axis in (0, 1)], axis=1), back)


def smoothed(values: Points, sigma: float) -> Points:
    """Samples (N,) after a Gaussian of `sigma` samples (N must exceed 3 sigma); straight ends stay straight."""
    reach = max(1, int(3 * sigma))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    before = 2 * values[0] - values[reach:0:-1]
    after = 2 * values[-1] - values[-2 : -reach - 2 : -1]
    return np.convolve(np.concatenate([before, values, after]), weights / weights.sum(), mode="valid")


def rounded(outline: Points, rounds: int = 2) -> Points:
    """A closed outline with its corners cut (Chaikin, 1974), each round doubling the points."""
    for _ in range(rounds):
        after = np.roll(outline, -1, axis=0)
        outline = np.stack([0.75 * outline + 0.25 * after, 0.25 * outline + 0.75 * after], axis=1).reshape(-1, 2)
    return outline


def blob(
    centre: ArrayLike, radii: tuple[float, float], angle: float, rng: np.random.Generator, wobble: float
) -> Points:
    """An uneven ellipse (32, 2): three random waves change its radius by about `wobble` (a fraction)."""
    turn = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    waves = np.arange(2, 5)[:, None]  # (3, 1) waves a turn
    uneven = 1 + wobble * np.sin(waves * turn + rng.uniform(0, 2 * np.pi, (3, 1))).mean(axis=0)
    across, down = radii[0] * uneven * np.cos(turn), radii[1] * uneven * np.sin(turn)
    sine, cosine = np.sin(angle), np.cos(angle)
    turned = np.stack([across * cosine - down * sine, across * sine + down * cosine], axis=1)
    return np.asarray(np.asarray(centre, float) + turned)


def signed_area(outline: Points) -> float:
    """The area inside a closed outline (shoelace formula); negative where it runs from y towards x."""
    x, y = outline.T
    return float((np.dot(y, np.roll(x, 1)) - np.dot(x, np.roll(y, 1))) / 2)


def bump(values: ArrayLike, centre: float, width: float) -> Points:
    """A Gaussian hill of height 1 over `values` (N,)."""
    return np.exp(-0.5 * ((np.asarray(values, float) - centre) / width) ** 2)
