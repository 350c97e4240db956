"""Painting a leg on a canvas: skin, fat and its septa, muscles, femur, vessels and nerve."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinedet.datasets.phantoms.canvas import Canvas, Tissue
from spinedet.datasets.phantoms.outlines import Points, blob, rounded
from spinedet.datasets.phantoms.thigh.anatomy import ANGLES, Build, Leg
from spinedet.datasets.phantoms.thigh.lesions import Lesion
from spinedet.datasets.phantoms.thigh.territory import Territory

SKIN = 1.6
"""Thickness of the skin in mm."""

FLUID_LOSS = 0.22
"""Signal that a wholly oedematous muscle loses on T1."""

FEMUR = ((0.0, 0.10, -0.10, 0.185), (0.5, 0.12, -0.16, 0.175), (1.0, 0.06, -0.34, 0.28))
"""The femur: level, place in the frame of the leg (2), radius."""

VESSELS = ((0.0, -0.28, -0.62), (0.5, -0.52, -0.26), (0.8, -0.34, 0.08), (1.0, -0.04, 0.22))
"""Femoral artery, later popliteal: level, place."""

NERVE = ((0.0, 0.20, 0.46), (0.5, 0.12, 0.46), (1.0, 0.06, 0.42))
"""Sciatic nerve: level, place."""


@dataclass(frozen=True, slots=True)
class Palette:
    """The tissues of one patient on one scanner, T1-weighted: fat and marrow white, muscle grey, cortex black."""

    fat: Tissue
    skin: Tissue
    muscle: Tissue
    between: Tissue
    fascia: Tissue
    cortex: Tissue
    marrow: Tissue
    vessel: Tissue
    nerve: Tissue


def sample_palette(rng: np.random.Generator) -> Palette:
    """A T1-weighted contrast."""
    fat, muscle = rng.uniform(185, 225), rng.uniform(58, 82)
    return Palette(
        fat=Tissue(fat, 4),
        skin=Tissue(fat * rng.uniform(0.45, 0.65), 5),
        muscle=Tissue(muscle, 10),
        between=Tissue(fat * 0.9, 7),
        fascia=Tissue(muscle * 0.9, 4),
        cortex=Tissue(rng.uniform(4, 14), 3),
        marrow=Tissue(fat * rng.uniform(0.8, 0.98), 7),
        vessel=Tissue(rng.uniform(12, 40), 12),
        nerve=Tissue(muscle * rng.uniform(1.15, 1.4), 16),
    )


def paint_covers(canvas: Canvas, leg: Leg, palette: Palette, rng: np.random.Generator) -> None:
    """Skin, the fat below it with septa and veins, and the fascia around the muscles."""
    canvas.fill(leg.outline(leg.skin), palette.skin)
    canvas.fill(leg.outline(leg.skin - SKIN / leg.radius), palette.fat)
    for _ in range(int(rng.integers(14, 30))):
        canvas.stroke(_septum(leg, rng), Tissue(palette.fat.signal * rng.uniform(0.72, 0.88), 4), 0.4)
    canvas.fill(leg.outline(leg.fascia), palette.between)
    saphenous = _under_skin(leg, np.pi - 0.35, 0.45)
    for place in (saphenous, *(_under_skin(leg, rng.uniform(0, 2 * np.pi), rng.uniform(0.2, 0.8)) for _ in range(4))):
        radius = rng.uniform(0.7, 1.2) * (1.9 if place is saphenous else 0.9)
        canvas.fill(blob(place, (radius, radius), 0.0, rng, 0.2), Tissue(palette.fat.signal * 0.35, 10))


def _under_skin(leg: Leg, angle: float, share: float) -> Points:
    """A place (2,) in the fat below the skin, in mm."""
    limits = [np.interp(angle, ANGLES, limit, period=2 * np.pi) for limit in (leg.fascia, leg.skin)]
    distance = (1 - share) * limits[0] + share * limits[1]
    return np.asarray(leg.place(distance * np.array([[np.cos(angle), np.sin(angle)]]))[0])


def _septum(leg: Leg, rng: np.random.Generator) -> Points:
    """A line that rises through the fat, slantwise, from near the fascia to near the skin."""
    start, length = int(rng.integers(len(ANGLES))), int(rng.integers(3, 10))
    part = np.arange(start, start + length) % len(ANGLES)
    share = np.linspace(rng.uniform(0, 0.5), rng.uniform(0.3, 0.95), length)
    distance = (1 - share) * leg.fascia[part] + share * (leg.skin[part] - SKIN / leg.radius)
    whole = np.array(leg.fascia)
    whole[part] = distance
    return leg.outline(whole)[part]


def paint_muscles(
    canvas: Canvas, territory: Territory, lesion: Lesion, palette: Palette, shades: NDArray[np.float64]
) -> None:
    """Muscles over the fat between them, each with a shade (M,) of its own, and with the lesion's fat and fluid."""
    window = canvas.pixels[territory.window]
    flesh = palette.muscle.signal * shades.astype(np.float32)[territory.muscle] * (1 - FLUID_LOSS * lesion.fluid)
    flesh += lesion.fat * (palette.between.signal - flesh)
    share = territory.share
    window[..., 0] = np.round(flesh * share + window[..., 0] * (1 - share))
    window[..., 1] = np.round(palette.muscle.grain * share + window[..., 1] * (1 - share))


def paint_core(
    canvas: Canvas, leg: Leg, build: Build, level: float, palette: Palette, rng: np.random.Generator
) -> None:
    """Femur, femoral vessels with their fat, and the sciatic nerve; the fascia as a thin line."""
    canvas.stroke(leg.outline(leg.fascia), palette.fascia, 0.5, closed=True)
    _paint_femur(canvas, leg, build, level, palette, rng)
    _paint_vessels(canvas, leg, level, palette, rng)
    _paint_nerve(canvas, leg, level, palette, rng)


def _at(leg: Leg, table: tuple[tuple[float, ...], ...], level: float) -> tuple[Points, NDArray[np.float64]]:
    """The place in mm (2,) that a table gives at a level, and what else it says."""
    levels, *columns = np.array(table).T
    values = np.array([np.interp(level, levels, column) for column in columns])
    return leg.place(values[None, :2])[0], values[2:]


def _paint_femur(
    canvas: Canvas, leg: Leg, build: Build, level: float, palette: Palette, rng: np.random.Generator
) -> None:
    """A black ring around bright marrow, with the rough line at the back; thinner near the knee."""
    centre, (size,) = _at(leg, FEMUR, level)
    radius = size * leg.radius
    cortex = build.cortex * radius * (1.1 - 0.75 * max(level - 0.55, 0))
    crest = np.array([[-0.35, 0.8], [0.0, 1.28 - 0.35 * max(level - 0.5, 0)], [0.35, 0.8]]) * radius
    outline = blob(centre, (radius, radius * 0.97), 0.0, rng, 0.06)
    canvas.fill(outline, palette.cortex)
    canvas.fill(centre + rounded(crest * (leg.side, 1.0)), palette.cortex)
    inner = max(radius - cortex, 0.4 * radius)
    canvas.fill(blob(centre, (inner, inner), 0.0, rng, 0.07), palette.marrow)


def _paint_vessels(canvas: Canvas, leg: Leg, level: float, palette: Palette, rng: np.random.Generator) -> None:
    """Artery and vein in a bed of fat, dark because their blood flows; small branches elsewhere."""
    place, _ = _at(leg, VESSELS, level)
    size = 0.052 * leg.radius
    canvas.fill(blob(place, (2.5 * size, 2.1 * size), 0.0, rng, 0.25), palette.between)
    beside = np.array([leg.side * 0.9, 1.0]) * size
    for centre, radius in ((place - 0.7 * beside, 0.95 * size), (place + 0.7 * beside, 1.15 * size)):
        canvas.fill(blob(centre, (radius, radius * rng.uniform(0.75, 1)), rng.uniform(0, 3), rng, 0.15), palette.vessel)
        canvas.stroke(blob(centre, (radius, radius), 0.0, rng, 0.1), Tissue(palette.muscle.signal * 0.8, 5), 0.3, True)
    deep = leg.place(np.array([[-0.14 + 0.1 * level, 0.12 - 0.1 * level]]))[0]
    for step in ((-0.8, 0.2), (0.9, 0.6)):
        canvas.fill(blob(deep + np.array(step) * size, (0.5 * size, 0.5 * size), 0.0, rng, 0.2), palette.vessel)


def _paint_nerve(canvas: Canvas, leg: Leg, level: float, palette: Palette, rng: np.random.Generator) -> None:
    """A flat grey bundle in fat, with the dots of its fascicles."""
    place, _ = _at(leg, NERVE, level)
    size = 0.06 * leg.radius
    canvas.fill(blob(place, (2.0 * size, 1.4 * size), 0.2, rng, 0.2), palette.between)
    canvas.fill(blob(place, (1.15 * size, 0.65 * size), 0.2, rng, 0.15), palette.nerve)
    for _ in range(4):
        dot = place + rng.normal(0, 0.35, 2) * size * (1.4, 0.7)
        canvas.fill(blob(dot, (0.2 * size, 0.2 * size), 0.0, rng, 0.1), Tissue(palette.nerve.signal * 1.5, 5))


def paint_labels(legs: tuple[Leg, Leg], canvas: Canvas) -> NDArray[np.uint8]:
    """Which leg a pixel belongs to (H, W): 1 on the image's left, 2 on its right, 0 neither."""
    labels = np.zeros(canvas.pixels.shape[:2], np.uint8)
    for number, leg in enumerate(legs, start=1):
        canvas.view.label(labels, leg.outline(leg.skin), number)
    return labels
