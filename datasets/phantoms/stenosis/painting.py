"""Painting an axial slice on a canvas: muscles and fat, disc, arch with its joints, ligaments, sac and roots."""

from dataclasses import dataclass

import numpy as np

from spinedet.datasets.phantoms.canvas import Canvas, Tissue
from spinedet.datasets.phantoms.closeup import Frame, Knots, along
from spinedet.datasets.phantoms.outlines import Points, blob
from spinedet.datasets.phantoms.stenosis.anatomy import APEX, Canal, facet_joint, roots_in

MUSCLES = (
    ((30, -44), (42, -40), (51, -26), (48, -10), (38, -6), (30, -14), (27, -30)),  # psoas
    ((5, 20), (13, 17), (22, 19), (27, 27), (25, 40), (15, 47), (6, 46)),  # multifidus
    ((29, 14), (42, 9), (54, 16), (56, 32), (46, 45), (32, 48), (28, 36), (30, 26)),  # erector spinae
    ((34, -2), (44, -6), (54, 0), (54, 10), (42, 7), (34, 9)),  # quadratus lumborum
)
"""Muscles of the right half."""

LAMINA_BACK = ((20, 12), (16, 17), (8, 19))
"""The back border of the right lamina up to the spinous process, for a sac of middle size."""

SIDES = ((1, 1), (-1, 1))
"""The right half, and its mirror image."""

CORTEX = 0.9
"""Thickness of the cortex in mm."""

ROOTS = (16, 24)
"""Least and greatest number of visible nerve roots."""

CROWDED: Knots = ((0.0, 0.0), (0.3, 0.12), (0.5, 0.4), (0.7, 0.8), (0.9, 1.0))
"""How little fluid is left between the roots, by the share of the sac's area that is lost."""


@dataclass(frozen=True, slots=True)
class Palette:
    """The tissues of one patient on one scanner, T2-weighted."""

    fat: Tissue
    muscle: Tissue
    fluid: Tissue
    root: Tissue
    marrow: Tissue
    cortex: Tissue
    annulus: Tissue
    nucleus: Tissue
    flavum: Tissue


def sample_palette(rng: np.random.Generator) -> Palette:
    """Fluid and fat white, marrow grey, muscle, flavum and annulus dark, cortex black."""
    fat, muscle, annulus = rng.uniform(150, 200), rng.uniform(34, 54), rng.uniform(26, 42)
    return Palette(
        fat=Tissue(fat, 10, 4),
        muscle=Tissue(muscle, 20, 8),
        fluid=Tissue(rng.uniform(200, 240), 4),
        root=Tissue(rng.uniform(78, 112), 8),
        marrow=Tissue(rng.uniform(78, 115), 15),
        cortex=Tissue(rng.uniform(8, 18), 5),
        annulus=Tissue(annulus, 12),
        nucleus=Tissue(annulus * rng.uniform(1.3, 2.6), 14),
        flavum=Tissue(rng.uniform(34, 54), 12),
    )


def paint_trunk(canvas: Canvas, frame: Frame, palette: Palette, rng: np.random.Generator) -> None:
    """Fat, the muscles on both sides with streaks of fat in them, the fascia behind."""
    canvas.fill(np.array([(-200.0, -200), (200, -200), (200, 200), (-200, 200)]), palette.fat)
    fatty = rng.uniform(0.2, 1.0)
    for corners in MUSCLES:
        for side in SIDES:
            outline = (np.array(corners) + rng.normal(0, 0.8, (len(corners), 2))) * side
            canvas.fill(frame.outline(outline), palette.muscle)
            _streak(canvas, frame, outline, fatty, palette, rng)
    canvas.stroke(frame.place([(-60, 42), (-30, 50), (0, 49), (30, 50), (60, 42)]), palette.cortex, 0.9)
    canvas.blur(0.7)


def _streak(
    canvas: Canvas, frame: Frame, outline: Points, fatty: float, palette: Palette, rng: np.random.Generator
) -> None:
    """Short lines of fat in a muscle, more of them in a fatty one."""
    middle, size = outline.mean(axis=0), 0.32 * np.ptp(outline, axis=0)
    for _ in range(int(fatty * rng.integers(6, 22))):
        start = middle + rng.normal(0, 0.55, 2) * size
        line = start + np.linspace(-1, 1, 4)[:, None] * rng.normal(0, 2.2, 2) + rng.normal(0, 0.4, (4, 2))
        canvas.stroke(frame.place(line), Tissue(palette.fat.signal * rng.uniform(0.35, 0.8), 8), rng.uniform(0.3, 0.9))


def paint_disc(canvas: Canvas, frame: Frame, canal: Canal, palette: Palette, rng: np.random.Generator) -> None:
    """A dark annulus around a nucleus without a sharp border, and the nerves that leave beside it."""
    outline = canal.disc()
    canvas.fill(frame.place(outline), palette.annulus)
    canvas.stroke(frame.place(outline), palette.cortex, 0.5, closed=True)
    middle = np.array([0.0, canal.wall - 15])
    for share in (0.72, 0.64, 0.56):
        signal = palette.annulus.signal + (1 - share) / 0.44 * (palette.nucleus.signal - palette.annulus.signal)
        core = middle + share * (outline - middle) * (1, 0.92)
        canvas.fill(frame.place(core), Tissue(signal, palette.nucleus.grain))
    for side in SIDES:
        nerve = blob(rng.normal((21.5, -6.5), 0.8), (2.9, 2.1), 0.5, rng, 0.2) * side
        canvas.fill(frame.place(nerve), palette.root)


def paint_arch(
    canvas: Canvas, frame: Frame, canal: Canal, palette: Palette, angle: float, rng: np.random.Generator
) -> None:
    """Laminae, spinous process and both facet joints: marrow in cortex, a bright line in each joint."""
    top = canal.half[1] + APEX
    spinous = [(-2.4, top + 1), (2.4, top + 1), (3.0, top + 14), (4.2, top + 25), (0, top + 28), (-4.2, top + 25)]
    bones, lines = [frame.outline([*spinous, (-3.0, top + 14)])], []
    for side in SIDES:
        back = np.add(LAMINA_BACK, (0, top - 14.0))
        lamina = np.vstack([canal.lamina(), [(0.4, top + 5)], [(3.0, top + 6.5)], back[::-1]])
        behind, before, line = facet_joint(canal, angle, rng)
        _paint_bone(canvas, [frame.place(before * side)], palette)
        bones += [frame.place(lamina * side), frame.place(behind * side)]
        lines.append(frame.place(line * side))
    _paint_bone(canvas, bones, palette)
    for line in lines:
        canvas.stroke(line, palette.cortex, 2.0)
        canvas.stroke(line, Tissue(palette.fluid.signal * rng.uniform(0.5, 0.9), 5), 0.7)


def _paint_bone(canvas: Canvas, parts: list[Points], palette: Palette) -> None:
    """Marrow in one cortex around all parts, none between them."""
    for part in parts:
        canvas.stroke(part, palette.cortex, 2 * CORTEX, closed=True)
    for part in parts:
        canvas.fill(part, palette.marrow)


def paint_canal(
    canvas: Canvas, frame: Frame, canal: Canal, lost: float, palette: Palette, rng: np.random.Generator
) -> None:
    """Epidural fat, both ligamenta flava, and the sac with its roots; a narrow one has no fluid left to show them."""
    sac = canal.sac()
    for side in SIDES:
        canvas.fill(frame.place(canal.flavum() * side), palette.flavum)
    crowded = along(CROWDED, lost)
    signal = palette.fluid.signal + crowded * (palette.root.signal * 1.1 - palette.fluid.signal)
    canvas.fill(frame.place(sac), Tissue(signal, palette.fluid.grain + 8 * crowded))
    for place in roots_in(sac, int(rng.integers(*ROOTS)), rng):
        size = rng.uniform(0.5, 0.8)
        canvas.fill(frame.place(blob(place, (size, size), 0.0, rng, 0.2)), palette.root)
    canvas.stroke(frame.place(sac), Tissue(palette.cortex.signal * 2, 5), 0.4, closed=True)


def paint_epidural(canvas: Canvas, frame: Frame, canal: Canal, palette: Palette) -> None:
    """The fat that fills the canal around everything else; softer than the fat outside."""
    canvas.fill(frame.place(canal.bony()), Tissue(palette.fat.signal * 0.9, 8))
    canvas.blur(0.5)
