"""Painting bones, discs and the contents of the canal of a phantom on its canvas."""

import cv2
import numpy as np
from numpy.typing import NDArray

from spinedet.datasets.phantoms.canal import Canal
from spinedet.datasets.phantoms.canvas import Canvas, Tissue
from spinedet.datasets.phantoms.outlines import Points, bump, rounded
from spinedet.datasets.phantoms.spine import Body, Disc, Spine
from spinedet.datasets.phantoms.tissues import Palette

RIM = 0.75
"""Thickness of the dark cortical rim of a body, in mm."""

LIGAMENT = 0.4
"""Thickness of the ligament behind a disc in mm: thin, for a box ends at the disc."""

LAMINAR_FAT = 4.5
"""Depth of the fat behind the sac between two arches, in mm."""


def paint_canal(canvas: Canvas, canal: Canal, spine: Spine, palette: Palette, rng: np.random.Generator) -> None:
    """Epidural fat, thecal sac, cord and roots, with the dura as a thin dark line."""
    samples = np.arange(len(canal.wall.points))
    pads = np.full(len(samples), 1.2)
    for disc in spine.discs:
        pads += rng.uniform(0.3, 1.1) * LAMINAR_FAT * bump(samples, spine.wall.nearest(disc.middle.at(0.5)) - 3, 6.0)
    canvas.fill(canal.wall.band(0.0, canal.far + pads), Tissue(palette.fat.signal * 0.85, 6, 4))
    canvas.stroke(canal.wall.beside(canal.far + pads), palette.ligament, 0.9)
    canvas.fill(canal.sac_outline(), palette.fluid)
    canvas.fill(canal.cord, palette.cord)
    for root in canal.roots:
        canvas.stroke(root, palette.root, 0.4)
    canvas.stroke(canal.sac_outline(), Tissue(palette.fluid.signal * 0.35, 4, 0), 0.4, closed=True)


def paint_arches(
    canvas: Canvas, canal: Canal, spine: Spine, palette: Palette, offset: float, rng: np.random.Generator
) -> None:
    """The spinous processes; away from the midline the slice leaves them."""
    movable = [body for body in spine.bodies if not body.name.startswith("S")]
    for low, body in zip(np.linspace(0, 1, len(movable)), movable, strict=True):
        outline = _process(canal, body, float(low), offset, rng)
        canvas.fill(outline, Tissue(palette.muscle.signal * 0.6, 8, 8))
        canvas.fill(
            _shrunk(outline, rng.uniform(0.5, 1.1)), Tissue(palette.marrow.signal * rng.uniform(0.8, 1.05), 22, 10)
        )
    crest = slice(canal.sac.stop - 25, len(canal.wall.points) - 10)
    canvas.stroke(canal.wall.beside(canal.far + 4)[crest], Tissue(palette.marrow.signal * 0.8, 20, 4), 5.0)


def _process(canal: Canal, body: Body, low: float, offset: float, rng: np.random.Generator) -> Points:
    """One spinous process: steep and slender at T11, level and broad in the lumbar spine, short at L5."""
    sample = canal.wall.nearest(body.lower.at(0.5)) - 7
    root = canal.wall.beside(canal.far + 2.5)[sample]
    back = canal.wall.back[sample]
    down = np.array([-back[1], back[0]])
    last = body.name == "L5"
    long = (25.0 if last else 33.0) * rng.uniform(0.9, 1.05)
    tip = (8 + 14 * low) * (1 - 0.6 * abs(offset)) * (0.65 if last else 1.0) * rng.uniform(0.85, 1.1)
    drop = 17 - 16 * low
    shape = np.array(
        [
            *((0, -5), (0.3, 0.2 * drop - 0.3 * tip), (0.7, 0.7 * drop - 0.5 * tip), (0.95, drop - 0.4 * tip)),
            *((1.0, drop + 0.45 * tip), (0.8, 0.9 * drop + 0.6 * tip), (0.4, 0.5 * drop + 0.3 * tip), (0, 4)),
        ]
    )  # (8, 2): fraction of the length, mm down
    shape = shape + rng.normal(0, (0.02, 0.8), shape.shape)
    return rounded(root + shape[:, :1] * long * back + shape[:, 1:] * down, 3)


def _shrunk(outline: Points, by: float) -> Points:
    """An outline moved inwards by about `by` mm."""
    inwards = outline.mean(axis=0) - outline
    return np.asarray(outline + by * inwards / np.maximum(np.hypot(*inwards.T), 1e-6)[:, None])


def paint_discs(canvas: Canvas, spine: Spine, palette: Palette) -> None:
    """Dark annuli, outlined by the ligament where they face the canal."""
    for disc in spine.discs:
        canvas.fill(disc.outline, _annulus(disc, palette))
        canvas.stroke(disc.posterior, palette.ligament, LIGAMENT)


def _annulus(disc: Disc, palette: Palette) -> Tissue:
    """Herniated tissue keeps some signal: it is nucleus that has left its place."""
    out = disc.finding is not None and disc.finding.label == "herniation"
    return Tissue(palette.annulus.signal * (1.35 if out else 1.0), palette.annulus.grain, 0)


def paint_bodies(canvas: Canvas, spine: Spine, palette: Palette, rng: np.random.Generator) -> None:
    """Marrow within a black rim, each body with a shade of its own; ligaments before and behind."""
    canvas.stroke(spine.front.beside(-0.6), palette.ligament, 1.1)
    for body in spine.bodies:
        shade = palette.marrow.signal * (0.95 if body.name.startswith("S") else 1.0) * rng.uniform(0.95, 1.05)
        canvas.fill(body.outline, Tissue(shade, palette.marrow.grain, palette.marrow.fibre))
        canvas.stroke(body.outline, palette.cortex, RIM, closed=True)


def paint_glow(canvas: Canvas, spine: Spine, palette: Palette, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Signal (H, W) to add where borders are soft: nuclei, the basivertebral veins, fatty change beside worn discs."""
    glow = Canvas(canvas.view)
    for body in spine.bodies:
        _glow_body(glow, body, palette, rng)
    for disc in spine.discs:
        _glow_disc(glow, disc, palette, rng)
    return np.asarray(cv2.GaussianBlur(np.ascontiguousarray(glow.pixels[..., 0]), (0, 0), 0.75 * canvas.view.scale))


def _glow_body(glow: Canvas, body: Body, palette: Palette, rng: np.random.Generator) -> None:
    if body.name.startswith("S"):
        return
    entry, deep = (body.upper.at(0.5) + body.lower.at(0.5)) / 2, (body.upper.at(0.1) + body.lower.at(0.1)) / 2
    up = body.upper.at(0.5) - body.lower.at(0.5)
    wedge = np.array([entry + 0.07 * up, deep, entry - 0.07 * up])
    glow.fill(wedge, Tissue(palette.marrow.signal * rng.uniform(0.0, 0.55)))


def _glow_disc(glow: Canvas, disc: Disc, palette: Palette, rng: np.random.Generator) -> None:
    hydration = disc.finding.hydration if disc.finding else 0.6
    glow.fill(disc.nucleus, Tissue(palette.nucleus * hydration))
    if hydration > 0.3 and rng.random() < 0.35:
        glow.stroke(disc.cleft, Tissue(palette.nucleus * hydration * 0.65), 0.8)
    if disc.finding and hydration < 0.25 and rng.random() < 0.3:
        _glow_endplates(glow, disc, palette.marrow.signal * rng.uniform(0.25, 0.6))


def _glow_endplates(glow: Canvas, disc: Disc, signal: float) -> None:
    """Fatty bands in the marrow on both sides of a worn disc (Modic type 2)."""
    along = np.linspace(-0.42, 0.35, 8)
    for up in (9.0, -9.0):
        glow.stroke(disc.middle.at(along, up), Tissue(signal), 4.5)
