"""Painting what is not liver: skin and fat, ribs and muscles, spine, spleen, stomach, bowel, kidneys, great vessels."""

from dataclasses import dataclass

import numpy as np

from spinedet.datasets.phantoms.canvas import Canvas, Tissue
from spinedet.datasets.phantoms.liver.anatomy import ANGLES, Build
from spinedet.datasets.phantoms.liver.lobes import ascites_depth
from spinedet.datasets.phantoms.liver.plan import Signs
from spinedet.datasets.phantoms.outlines import Points, blob, rounded

SKIN = 2.0
"""Thickness of the skin in mm."""

SATURATED = 0.35
"""Share of patients whose fat is suppressed."""

RIBS = (0.42, 0.95, 2.2, 2.72, 3.3, -0.16, -0.75, 3.95)
"""Directions of the ribs in radians, from the patient's left over the back."""

SPLEEN = np.array(
    [(0.58, 0.26), (0.70, -0.08), (0.95, -0.12), (1.1, 0.35), (0.88, 0.74), (0.56, 0.84), (0.60, 0.60), (0.58, 0.42)]
)
"""Corners of the spleen in fractions of the cavity; those beyond its border are drawn inwards."""

SPLEEN_ANCHOR, SPLEEN_GROWTH = (0.92, 0.42), 0.42
"""Where the spleen stays while it grows, and how much it does."""

WETTED = 0.12
"""Fluid reaches so much further in than the organs keep off the wall, so that it touches them."""

STOMACH = (0.50, -0.12)
"""Middle of the stomach."""

KIDNEYS = ((-0.37, 0.66), (0.42, 0.62))
"""Upper poles of the right and the left kidney."""


@dataclass(frozen=True, slots=True)
class Palette:
    """The tissues of one patient on one scanner, T2-weighted: fluid white, flowing blood and cortex black."""

    fat: Tissue
    skin: Tissue
    muscle: Tissue
    cortex: Tissue
    marrow: Tissue
    liver: Tissue
    spleen: Tissue
    kidney: Tissue
    fluid: Tissue
    vessel: Tissue
    cord: Tissue


def sample_palette(rng: np.random.Generator) -> Palette:
    """A T2-weighted contrast; in some patients the fat is suppressed."""
    saturated = rng.random() < SATURATED
    fat = rng.uniform(30, 58) if saturated else rng.uniform(145, 195)
    brighter = 1.25 if saturated else 1.0  # without bright fat the window is set lower
    muscle, liver = brighter * rng.uniform(32, 50), brighter * rng.uniform(68, 92)
    return Palette(
        fat=Tissue(fat, 6),
        skin=Tissue(muscle * rng.uniform(1.0, 1.6), 8),
        muscle=Tissue(muscle, 14),
        cortex=Tissue(rng.uniform(6, 14), 5),
        marrow=Tissue((0.75 if saturated else 0.55) * fat + rng.uniform(10, 30), 12),
        liver=Tissue(liver, 7),
        spleen=Tissue(liver * rng.uniform(1.35, 1.75), 7),
        kidney=Tissue(liver * rng.uniform(1.6, 2.0), 12),
        fluid=Tissue(rng.uniform(215, 245), 3),
        vessel=Tissue(rng.uniform(8, 26), 18),
        cord=Tissue(liver * 1.1, 5),
    )


def paint_trunk(canvas: Canvas, build: Build, signs: Signs, palette: Palette, rng: np.random.Generator) -> None:
    """Skin, fat, the wall with its ribs, and the cavity full of fat, with fluid along the wall if there is ascites."""
    canvas.fill(build.skin(), palette.skin)
    canvas.fill(build.skin(below=SKIN), palette.fat)
    for _ in range(int(rng.integers(10, 22))):
        canvas.stroke(_septum(build, rng), Tissue(palette.fat.signal * rng.uniform(0.65, 0.85), 5), 0.4)
    canvas.fill(build.ring(build.wall), palette.muscle)
    canvas.stroke(
        build.ring(0.55 * build.wall), Tissue(0.5 * (palette.fat.signal + palette.muscle.signal), 10), 1.0, True
    )
    shift = rng.normal(0, 0.08)
    for direction in RIBS:
        _paint_rib(canvas, build, direction + shift + rng.normal(0, 0.05), palette, rng)
    if signs.ascites:
        canvas.fill(build.ring(0.0), palette.fluid)
        depth = ascites_depth(signs)
        rise = (0.0, -0.5 * depth * build.half[1])  # fluid gathers at the back
        canvas.fill(build.ring(0.0, 1 - depth - WETTED) + rise, palette.fat)
    else:
        canvas.fill(build.ring(0.0), palette.fat)


def _septum(build: Build, rng: np.random.Generator) -> Points:
    """A line through the fat below the skin, slantwise."""
    start, length = int(rng.integers(len(ANGLES))), int(rng.integers(4, 12))
    part = np.arange(start, start + length) % len(ANGLES)
    share = np.linspace(rng.uniform(0.1, 0.5), rng.uniform(0.3, 0.9), length)[:, None]
    inner, outer = build.ring(build.wall)[part], build.skin(below=SKIN)[part]
    return np.asarray((1 - share) * inner + share * outer)


def _paint_rib(canvas: Canvas, build: Build, direction: float, palette: Palette, rng: np.random.Generator) -> None:
    """A rib cut slantwise: a dark rim around marrow, along the wall."""
    middle = np.interp(direction % (2 * np.pi), ANGLES, np.arange(len(ANGLES)), period=2 * np.pi)
    ring = build.ring(0.5 * build.wall)
    place = ring[round(float(middle)) % len(ANGLES)]
    along = ring[(round(float(middle)) + 1) % len(ANGLES)] - ring[(round(float(middle)) - 1) % len(ANGLES)]
    angle = float(np.arctan2(along[1], along[0]))
    length, depth = rng.uniform(9, 19), 0.36 * build.wall
    canvas.fill(blob(place, (length, depth), angle, rng, 0.12), palette.cortex)
    canvas.fill(blob(place, (length - 2.2, depth - 1.8), angle, rng, 0.12), palette.marrow)


def paint_left_side(
    canvas: Canvas, build: Build, signs: Signs, level: float, palette: Palette, rng: np.random.Generator
) -> None:
    """Bowel, stomach and spleen."""
    for _ in range(int(rng.integers(4, 9))):
        _paint_bowel(canvas, build, palette, rng)
    _paint_stomach(canvas, build, level, palette, rng)
    limit = 0.96 - 0.02 * build.stout - ascites_depth(signs)
    size = 0.86 + SPLEEN_GROWTH * signs.spleen + rng.normal(0, 0.05) - 0.06 * build.stout
    corners = SPLEEN_ANCHOR + (SPLEEN - SPLEEN_ANCHOR) * size + rng.normal(0, 0.02, SPLEEN.shape)
    outline = build.place(build.inside(rounded(corners, 3), limit))
    canvas.fill(outline, palette.spleen)
    canvas.fill(blob(build.place((0.63, 0.38)), (4, 2), 0.6, rng, 0.2), palette.vessel)


def _paint_bowel(canvas: Canvas, build: Build, palette: Palette, rng: np.random.Generator) -> None:
    """A loop with a grey wall; gas, fluid or stool inside."""
    place = build.place(build.inside(rng.uniform((0.25, -0.8), (0.8, -0.15))[None], 0.78)[0])
    radii = rng.uniform(7, 15, 2)
    angle, inside = rng.uniform(0, 3), rng.choice((8.0, 70.0, 120.0, 190.0))
    canvas.fill(blob(place, (radii[0], radii[1]), angle, rng, 0.2), Tissue(palette.muscle.signal * 1.5, 10))
    canvas.fill(blob(place, (radii[0] - 2, radii[1] - 2), angle, rng, 0.2), Tissue(inside, 16))


def _paint_stomach(canvas: Canvas, build: Build, level: float, palette: Palette, rng: np.random.Generator) -> None:
    """A bag behind the left lobe; its contents lie at the back, gas in front."""
    place = build.place(np.add(STOMACH, rng.normal(0, 0.03, 2)))
    radii = build.place((0.25 + 0.03 * level + rng.normal(0, 0.04), 0.27 + 0.03 * level + rng.normal(0, 0.04)))
    angle, wall = rng.uniform(-0.5, 0.5), rng.uniform(2.5, 4.5)
    food = Tissue(rng.choice((60.0, 110.0, 165.0, 225.0)), 14)
    canvas.fill(blob(place, (radii[0], radii[1]), angle, rng, 0.12), Tissue(palette.muscle.signal * 1.9, 10))
    inner = blob(place, (radii[0] - wall, radii[1] - wall), angle, rng, 0.16)
    canvas.fill(inner, food)
    if rng.random() < 0.6:
        surface = place[1] - rng.uniform(-0.2, 0.5) * radii[1]
        canvas.fill(np.stack([inner[:, 0], np.minimum(inner[:, 1], surface)], axis=1), Tissue(6, 20))


def paint_spine(canvas: Canvas, build: Build, palette: Palette, rng: np.random.Generator) -> None:
    """Muscles of the back, vertebra, canal with fluid and cord, and the crura before it."""
    for side in (-1, 1):
        place = build.place((side * 0.25, 1.0))
        canvas.fill(blob(place, (33, 24), side * -0.25, rng, 0.12), palette.muscle)
        for _ in range(5):
            start = place + rng.normal(0, 1, 2) * (12, 7)
            canvas.stroke(start + np.array([(0, 0), (side * 4, 6)]), Tissue(palette.fat.signal * 0.7, 6), 0.8)
        canvas.fill(blob(build.place((side * 0.16, 0.62)), (9, 13), side * 0.4, rng, 0.15), palette.muscle)
        canvas.fill(blob(build.place((side * 0.11, 0.34)), (3.5, 11), side * 0.5, rng, 0.15), palette.muscle)
        wing = np.array([(0.08, 0.78), (0.24, 0.82), (0.3, 0.88), (0.1, 0.9)]) * (side, 1)
        canvas.fill(build.place(rounded(wing)), palette.cortex)
    body = build.place((0.0, 0.56))
    canvas.fill(blob(body, (22, 17.5), 0.0, rng, 0.08), palette.cortex)
    canvas.fill(blob(body, (20.4, 15.9), 0.0, rng, 0.08), palette.marrow)
    canal = np.add(body, (0, 24.5))
    canvas.fill(blob(np.add(canal, (0, 2)), (14, 12), 0.0, rng, 0.06), palette.cortex)
    canvas.fill(
        build.place(rounded(np.array([(-0.05, 0.9), (0.05, 0.9), (0.03, 1.16), (-0.03, 1.16)]))), palette.cortex
    )
    canvas.fill(blob(canal, (9.5, 7.5), 0.0, rng, 0.05), palette.fluid)
    canvas.fill(blob(canal, (4.6, 3.4), 0.0, rng, 0.05), palette.cord)


def paint_aorta(canvas: Canvas, build: Build, palette: Palette, rng: np.random.Generator) -> None:
    """The aorta before the spine, a little to the left, black with flow."""
    radius = rng.uniform(8.5, 11.5)
    place = build.place((0.10, 0.29))
    canvas.fill(blob(place, (radius + 1.2, radius + 1.2), 0.0, rng, 0.04), Tissue(palette.muscle.signal, 5))
    canvas.fill(blob(place, (radius, radius), 0.0, rng, 0.04), palette.vessel)


def outline_kidneys(build: Build, level: float, rng: np.random.Generator) -> list[tuple[Points, Points]]:
    """Upper poles with their beds of fat, lower levels cutting more of them: (fat, kidney) in mm."""
    found = []
    for side, place in enumerate(KIDNEYS):
        radius = rng.uniform(13, 18) - 8 * level + 3 * side
        if radius > 5:
            centre = build.place(place) + rng.normal(0, 2, 2)
            radii = (0.85 * radius, radius)
            fat = (radii[0] + 4 + 4 * build.stout, radii[1] + 4 + 4 * build.stout)
            angle = rng.uniform(-0.4, 0.4)
            found.append((blob(centre, fat, angle, rng, 0.08), blob(centre, radii, angle, rng, 0.08)))
    return found
