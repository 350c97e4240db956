"""What lies around a phantom's spine: back fat and muscle, vessels, bowel and the abdominal wall."""

from dataclasses import dataclass

import numpy as np

from spinedet.datasets.phantoms.canvas import Canvas, Tissue
from spinedet.datasets.phantoms.outlines import Points, blob, smoothed
from spinedet.datasets.phantoms.spine import Spine
from spinedet.datasets.phantoms.tissues import Palette

MUSCLE_DEPTH = ((-230.0, 52.0), (-120.0, 60.0), (-20.0, 56.0), (25.0, 36.0), (70.0, 22.0), (120.0, 16.0))
"""From the wall of the canal back to the fascia: height above (-) or below the sacral endplate in mm, depth in mm."""

BACK_FAT = ((-230.0, 0.55), (-120.0, 0.8), (-30.0, 1.5), (30.0, 1.7), (90.0, 1.1))
"""Thickness of the fat behind the fascia as a fraction of the patient's mean, at heights as above."""

BELLY = ((-230.0, 0.92), (-120.0, 1.0), (-30.0, 1.08), (60.0, 0.95), (120.0, 0.85))
"""Distance from the spine to the belly's skin as a fraction of the patient's mean, at heights as above."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The layers of the trunk as positions in mm (N,) at `heights` (N,), all growing backwards.

    Attributes:
        heights: Height of each sample, 1 mm apart, head to foot.
        belly, belly_fat: The skin of the belly and the inner border of its fat.
        front: The front of the spine.
        fascia, skin: The back of the muscles and the skin of the back.
    """

    heights: Points
    belly: Points
    belly_fat: Points
    front: Points
    fascia: Points
    skin: Points

    def layer(self, near: Points, far: Points) -> Points:
        """The closed strip between two layers."""
        return np.vstack([self.edge(near), self.edge(far)[::-1]])

    def edge(self, at: Points) -> Points:
        """A layer's border as points (N, 2)."""
        return np.stack([at, self.heights], axis=1)


def build_surroundings(spine: Spine, rng: np.random.Generator) -> Surroundings:
    """Layers for one patient, thin or stout."""
    heights = np.arange(-330.0, 190.0)
    wall = _x_at(heights, spine.wall.points)
    front = _x_at(heights, spine.front.points)
    fascia = smoothed(wall, 14.0) + _profile(heights, MUSCLE_DEPTH)
    waves = smoothed(rng.normal(0, 30, len(heights)), 22.0)
    skin = smoothed(fascia + rng.uniform(7, 24) * _profile(heights, BACK_FAT), 16.0) + 0.4 * waves
    upright = (
        0.35 * smoothed(front, 40.0) + 0.65 * front[heights < 0].mean()
    )  # the belly hangs, whatever the sacrum does
    belly = upright - rng.uniform(88, 140) * _profile(heights, BELLY) + waves
    belly_fat = belly + smoothed(rng.uniform(9, 34) + rng.normal(0, 12, len(heights)), 16.0)
    return Surroundings(heights, belly, belly_fat, front, np.minimum(fascia, skin - 4), skin)


def _x_at(heights: Points, line: Points) -> Points:
    return np.interp(heights, line[:, 1], line[:, 0])


def _profile(heights: Points, knots: tuple[tuple[float, float], ...]) -> Points:
    places, values = zip(*knots, strict=True)
    return smoothed(np.interp(heights, places, values), 8.0)


def paint_front(
    canvas: Canvas, around: Surroundings, spine: Spine, palette: Palette, rng: np.random.Generator, offset: float
) -> None:
    """The trunk's outline, belly wall, bowel and vessels; softened, because all of it breathes."""
    canvas.fill(around.layer(around.belly, around.skin), palette.fat)
    inner = around.belly_fat + rng.uniform(7, 12)
    canvas.fill(around.layer(around.belly_fat, inner), palette.muscle)
    canvas.fill(around.layer(inner, around.front + 10), Tissue(palette.fat.signal * 0.72, 14, 8))
    _paint_bowel(canvas, around, inner, palette, rng)
    canvas.blur(3.0)
    _paint_vessels(canvas, spine, palette, rng, offset)
    canvas.blur(1.6)
    canvas.stroke(around.edge(around.belly), palette.skin, 1.6)


def _paint_bowel(
    canvas: Canvas, around: Surroundings, inner: Points, palette: Palette, rng: np.random.Generator
) -> None:
    """Loops and vessels of the mesentery from the diaphragm to the pelvis; a bladder sometimes."""
    for size in rng.gamma(2.2, 3.6, int(rng.integers(70, 115))):
        row = int(rng.integers(60, len(around.heights) - 40))
        x = rng.uniform(inner[row] + 4, max(around.front[row] - 16, inner[row] + 8))
        radii = (2 + size, (2 + size) * rng.uniform(0.5, 2.2))
        loop = blob((x, around.heights[row]), radii, rng.normal(0, 0.7), rng, 0.45)
        canvas.fill(loop, palette.bowel(rng))
        canvas.stroke(loop, Tissue(palette.viscera.signal * rng.uniform(0.4, 1.1), 10, 0), 1.2, closed=True)
    if rng.random() < 0.5:
        row = int(np.searchsorted(around.heights, rng.uniform(75, 110)))
        bladder = blob((around.front[row] - rng.uniform(60, 85), around.heights[row]), (30, 22), 0.2, rng, 0.15)
        canvas.fill(bladder, Tissue(palette.fluid.signal * 0.97, 2, 1))


def _paint_vessels(canvas: Canvas, spine: Spine, palette: Palette, rng: np.random.Generator, offset: float) -> None:
    """Fat before the spine and the aorta (or vena cava) in it, black because its blood flows, down to L4."""
    end = spine.front.nearest(spine.body("S3").lower.at(-0.5))
    samples = np.arange(len(spine.front.points))
    drift = smoothed(rng.normal(0, 10, len(samples)), 14.0)
    uneven = smoothed(rng.normal(0, 12, len(samples)), 9.0)
    canvas.fill(spine.front.band(-4.5 + 0.5 * uneven, 4.0, slice(0, end)), Tissue(palette.fat.signal * 0.75, 16, 10))
    fork = spine.front.nearest(spine.body("L4").middle_front) + int(rng.integers(-12, 16))
    width = rng.uniform(8, 16) * (1 - 0.5 * abs(offset)) * np.clip((fork + 14 - samples) / 24.0, 0.1, 1) + uneven
    near = -3.5 - np.abs(drift) - 0.3 * np.clip(samples - fork, 0, 30)
    canvas.fill(spine.front.band(near - np.clip(width, 1.0, None), near, slice(0, fork + 14)), palette.vessel)


def paint_back(canvas: Canvas, around: Surroundings, spine: Spine, palette: Palette, rng: np.random.Generator) -> None:
    """Muscle and interspinous tissue with streaks of fat, fascia, the fat of the back with its septa, skin."""
    wall = _x_at(around.heights, spine.wall.points)
    canvas.fill(around.layer(wall + 4, around.fascia), palette.sinew)
    for _ in range(int(rng.integers(70, 120))):
        canvas.stroke(_streak(around, wall, rng), _streak_tissue(palette, rng), rng.uniform(0.4, 2.2))
    canvas.blur(1.2)
    for _ in range(int(rng.integers(10, 24))):
        canvas.stroke(_septum(around, rng), Tissue(palette.fat.signal * rng.uniform(0.6, 0.85), 5, 0), 0.5)
    canvas.stroke(around.edge(around.fascia), palette.ligament, rng.uniform(1.0, 1.8))
    canvas.stroke(around.edge(around.skin), palette.skin, 1.8)


def _septum(around: Surroundings, rng: np.random.Generator) -> Points:
    """A line of connective tissue that runs down through the fat of the back, towards the skin or away from it."""
    rows = len(around.heights)
    share = np.clip(rng.uniform(0.1, 0.8) + np.linspace(0, rng.uniform(-0.6, 0.6), rows), 0.05, 0.85)
    start, length = int(rng.integers(60, rows - 80)), int(rng.integers(20, 90))
    return around.edge(around.fascia + share * (around.skin - around.fascia))[start : start + length]


def _streak(around: Surroundings, wall: Points, rng: np.random.Generator) -> Points:
    """A short line between the spine and the fascia that runs backwards and down."""
    row = int(rng.integers(70, len(wall) - 60))
    length = rng.uniform(6, 26)
    start = wall[row] + rng.uniform(0.3, 0.95) * (around.fascia[row] - wall[row])
    steps = np.linspace(0, 1, 6)
    heights = around.heights[row] + length * steps
    x = start + 0.35 * length * steps + rng.normal(0, 0.6, 6)
    return np.stack([np.minimum(x, np.interp(heights, around.heights, around.fascia) - 1.5), heights], axis=1)


def _streak_tissue(palette: Palette, rng: np.random.Generator) -> Tissue:
    fatty = rng.random() < 0.55
    return Tissue(palette.fat.signal * rng.uniform(0.4, 0.75) if fatty else palette.muscle.signal * 0.6, 10, 8)
