"""Painting a shoulder on a canvas: skin, fat, chest, muscles with their fat and tendons, bones, vessels."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from spinedet.datasets.phantoms.canvas import Canvas, Tissue
from spinedet.datasets.phantoms.imaging import FloatImage
from spinedet.datasets.phantoms.outlines import Points, blob
from spinedet.datasets.phantoms.shoulder.anatomy import CLAVICLE, LUNG, SCAPULA, TENDONS, VESSELS, Shoulder

Window = tuple[slice, slice]

SKIN_DEPTH = 0.022
"""Thickness of the skin, as a fraction of its distance from the fork of the Y."""

CORTEX = 0.95
"""Thickness of a bone's cortex in mm."""

WALL = 7.0
"""Thickness of the chest wall in mm."""


@dataclass(frozen=True, slots=True)
class Palette:
    """The tissues of one patient on one scanner, T2-weighted without fat saturation: fat white, muscle dark."""

    fat: Tissue
    skin: Tissue
    muscle: Tissue
    tendon: Tissue
    cortex: Tissue
    marrow: Tissue
    vessel: Tissue
    lung: Tissue
    nerve: Tissue


def sample_palette(rng: np.random.Generator) -> Palette:
    """A T2-weighted contrast."""
    fat, muscle = rng.uniform(160, 210), rng.uniform(42, 66)
    return Palette(
        fat=Tissue(fat, 8),
        skin=Tissue(fat * rng.uniform(0.35, 0.5), 5),
        muscle=Tissue(muscle, 15, 8),
        tendon=Tissue(rng.uniform(12, 24), 8),
        cortex=Tissue(rng.uniform(6, 14), 3),
        marrow=Tissue(fat * rng.uniform(0.6, 0.9), 16),
        vessel=Tissue(rng.uniform(8, 26), 10),
        lung=Tissue(rng.uniform(6, 14), 30),
        nerve=Tissue(muscle * rng.uniform(1.3, 1.7), 8),
    )


def paint_covers(canvas: Canvas, shoulder: Shoulder, palette: Palette, rng: np.random.Generator) -> None:
    """Skin, all the fat below it with its septa, the chest with ribs and lung."""
    canvas.fill(shoulder.skin(0.0), palette.skin)
    canvas.fill(shoulder.skin(SKIN_DEPTH), palette.fat)
    for _ in range(int(rng.integers(14, 28))):
        canvas.stroke(_septum(shoulder, rng), Tissue(palette.fat.signal * rng.uniform(0.6, 0.85), 5), 0.4)
    x, y, across, down = LUNG
    canvas.fill(shoulder.ellipse(x, y, across + WALL, down + WALL), palette.muscle)
    canvas.stroke(shoulder.ellipse(x, y, across + WALL, down + WALL), palette.fat, 0.8, closed=True)
    for turn in np.arange(rng.uniform(3.5, 3.9), 2 * np.pi + 0.3, rng.uniform(0.52, 0.64)):
        rib = (x + (across + WALL / 2) * np.cos(turn), y + (down + WALL / 2) * np.sin(turn))
        _bone(canvas, shoulder.place(blob(rib, (4.6, 2.7), turn + np.pi / 2, rng, 0.15)), palette, 1.0)
    canvas.fill(shoulder.ellipse(x, y, across, down), palette.lung)
    canvas.stroke(shoulder.ellipse(x, y, across, down), palette.tendon, 0.6, closed=True)


def _septum(shoulder: Shoulder, rng: np.random.Generator) -> Points:
    """A line that runs slantwise through the fat below the skin."""
    room = shoulder.build.stout + 0.04
    start, length = int(rng.integers(20, 100)), int(rng.integers(4, 14))
    deep, shallow = (shoulder.skin(depth) for depth in (room * rng.uniform(0.5, 1), SKIN_DEPTH + room * 0.2))
    share = np.linspace(0, 1, length)[:, None]
    return (1 - share) * deep[start : start + length] + share * shallow[start : start + length]


def muscle_window(canvas: Canvas, outline: Points) -> tuple[Window, FloatImage]:
    """Rows and columns of the image around an outline in mm, and how much of each pixel lies inside (h, w)."""
    window = rows, columns = canvas.view.window(outline)
    share = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.uint8)
    corner = columns.start + 0.5, rows.start + 0.5
    points = np.round((canvas.view.pixels(outline) - corner) * 16).astype(np.int32)
    cv2.fillPoly(share, [points], 255, cv2.LINE_AA, 4)
    return window, np.asarray(share / 255, np.float32)


def paint_muscle(
    canvas: Canvas, window: Window, share: FloatImage, fat: FloatImage, flesh: Tissue, white: Tissue
) -> None:
    """One muscle with its fat (h, w), over whatever lies below; `share` (h, w) is how much of each pixel is muscle."""
    pixels = canvas.pixels[window]
    for channel, (lean, rich) in enumerate(zip(flesh.colour, white.colour, strict=True)):
        mixed = lean + fat * (rich - lean)
        pixels[..., channel] = np.round(mixed * share + pixels[..., channel] * (1 - share))


def paint_tendons(canvas: Canvas, shoulder: Shoulder, name: str, palette: Palette, rng: np.random.Generator) -> None:
    """The dark lines within a muscle."""
    for corners in TENDONS.get(name, ()):
        ends = np.array(corners) + rng.normal(0, 1.2, (len(corners), 2))
        line = ends[0] + (ends - ends[0]) * rng.uniform(0.6, 1.1)
        signal = rng.uniform(1.0, 2.0) * palette.tendon.signal
        canvas.stroke(shoulder.place(line), Tissue(signal, palette.tendon.grain), rng.uniform(0.4, 1.1))


def paint_bones(canvas: Canvas, shoulder: Shoulder, palette: Palette, rng: np.random.Generator) -> None:
    """The scapula's Y and the clavicle."""
    _bone(canvas, shoulder.outline(SCAPULA), palette, CORTEX)
    x, y, across, down = CLAVICLE
    size = rng.uniform(0.88, 1.1)
    _bone(canvas, shoulder.place(blob((x, y), (across * size, down * size), -0.25, rng, 0.12)), palette, CORTEX)


def _bone(canvas: Canvas, outline: Points, palette: Palette, cortex: float) -> None:
    """Marrow in a black cortex; a thin plate is all cortex."""
    canvas.fill(outline, palette.marrow)
    canvas.stroke(outline, palette.cortex, cortex, closed=True)


def paint_vessels(canvas: Canvas, shoulder: Shoulder, palette: Palette, rng: np.random.Generator) -> None:
    """Axillary vessels, dark because their blood flows, the plexus beside them, and the vessels of the notch."""
    for x, y, radius in VESSELS:
        place = rng.normal((x, y), 0.7)
        canvas.fill(shoulder.place(blob(place, (radius, radius * 0.85), 0.0, rng, 0.2)), palette.vessel)
    for _ in range(5):
        place = rng.normal((-40.5, 2.0), (2.2, 7.0))
        canvas.fill(shoulder.place(blob(place, (1.1, 0.9), 0.0, rng, 0.2)), palette.nerve)
    for _ in range(int(rng.integers(1, 4))):
        place = rng.normal((0.0, -9.0), (1.6, 0.8))
        canvas.fill(shoulder.place(blob(place, (0.8, 0.6), 0.0, rng, 0.2)), palette.vessel)


def paint_region(canvas: Canvas, outline: Points) -> NDArray[np.uint8]:
    """The inside of an outline in mm (H, W), 1 in it."""
    region = np.zeros(canvas.pixels.shape[:2], np.uint8)
    canvas.view.label(region, outline, 1)
    return region
