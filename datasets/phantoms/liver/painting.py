"""Painting the liver on a canvas: its substance, fissures, vessels, cysts, gallbladder, and what lies before it."""

import cv2
import numpy as np
from numpy.typing import NDArray

from spinedet.datasets.phantoms.canvas import SUBPIXEL_BITS, Canvas, Tissue
from spinedet.datasets.phantoms.imaging import FloatImage
from spinedet.datasets.phantoms.liver.anatomy import Build
from spinedet.datasets.phantoms.liver.lobes import Lobes
from spinedet.datasets.phantoms.liver.nodules import Substance
from spinedet.datasets.phantoms.liver.plan import PatientPlan
from spinedet.datasets.phantoms.liver.surroundings import Palette, outline_kidneys
from spinedet.datasets.phantoms.outlines import Points, blob, smoothed

RIGHT, LEFT, CAUDATE = 1, 2, 3
"""Labels of the lobes."""

CAVA = (-0.21, 0.27)
"""The inferior vena cava, behind the caudate lobe."""

HILUM = (-0.22, -0.03)
"""Where the portal vein enters."""

PORTAL = (((-0.42, 0.02), (-0.62, 0.22), 5.0), ((-0.44, -0.05), (-0.62, -0.32), 4.2), ((-0.12, -0.3), (0.1, -0.5), 3.6))
"""Branches of the portal vein: on their way, at their end, width at the start in mm."""

HEPATIC = (((-0.55, 0.35), (-0.84, 0.2), 5.0), ((-0.40, -0.2), (-0.5, -0.62), 4.6))
"""Hepatic veins, which start at the vena cava: on their way, at their end, width at the start in mm."""

GALLBLADDER = 0.45
"""Share of lower levels that cut the gallbladder."""


def draw_lobes(canvas: Canvas, lobes: Lobes) -> tuple[NDArray[np.uint8], FloatImage]:
    """Which lobe a pixel belongs to (H, W; 0 none), and how much of it is liver (H, W) from 0 to 1."""
    labels = np.zeros(canvas.pixels.shape[:2], np.uint8)
    share = np.zeros_like(labels)
    for label, outline in ((RIGHT, lobes.right), (LEFT, lobes.left), (CAUDATE, lobes.caudate)):
        fixed = [canvas.view.fixed(outline)]
        cv2.fillPoly(labels, fixed, label, cv2.LINE_8, SUBPIXEL_BITS)
        cv2.fillPoly(share, fixed, 255, cv2.LINE_AA, SUBPIXEL_BITS)
    return labels, np.asarray(share / np.float32(255), np.float32)


def paint_substance(canvas: Canvas, share: FloatImage, substance: Substance, signal: float, grain: float) -> None:
    """The liver over what lies behind it, its signal times the substance's factor (H, W)."""
    flesh = np.clip(signal * substance.factor, 0, 250)
    for channel, value in ((0, flesh), (1, grain), (2, 0.0)):
        behind = canvas.pixels[..., channel]
        canvas.pixels[..., channel] = np.round(behind + share * (value - behind))


def paint_gaps(
    canvas: Canvas,
    build: Build,
    plan: PatientPlan,
    lobes: Lobes,
    level: float,
    palette: Palette,
    rng: np.random.Generator,
) -> list[Points]:
    """What takes room from the liver: fissures, kidneys, vena cava.

    Returns:
        The outlines in mm; what lies in them is no liver.
    """
    fissure = palette.fluid if plan.signs.ascites > 0.6 else palette.fat
    gaps = [(outline, fissure) for outline in lobes.fissures]
    for fat, kidney in outline_kidneys(build, level, rng):
        gaps += [(fat, palette.fat), (kidney, palette.kidney)]
    radii = (rng.uniform(9, 13), rng.uniform(7, 10))
    gaps.append((blob(build.place(CAVA), radii, rng.uniform(-0.3, 0.3), rng, 0.1), palette.vessel))
    for outline, tissue in gaps:
        canvas.fill(outline, tissue)
    return [outline for outline, _ in gaps]


def paint_gallbladder(
    canvas: Canvas, build: Build, level: float, palette: Palette, rng: np.random.Generator
) -> list[Points]:
    """A bag of bile in a thin wall, between the right lobe and the quadrate, at some lower levels; its outline."""
    if level >= 0 or rng.random() >= GALLBLADDER:
        return []
    place = build.place((-0.26, -0.36)) + rng.normal(0, 4, 2)
    radii, angle = (rng.uniform(8, 12), rng.uniform(13, 22)), rng.uniform(-0.2, 0.5)
    wall = blob(place, (radii[0] + 1.3, radii[1] + 1.3), angle, rng, 0.08)
    canvas.fill(wall, Tissue(palette.muscle.signal, 5))
    canvas.fill(blob(place, radii, angle, rng, 0.08), Tissue(palette.fluid.signal * rng.uniform(0.8, 1), 3))
    return [wall]


def clear(labels: NDArray[np.uint8], canvas: Canvas, gaps: list[Points]) -> None:
    """Take the insides of outlines in mm out of the labels (H, W)."""
    for outline in gaps:
        canvas.view.label(labels, outline, 0)


def paint_vessels(canvas: Canvas, build: Build, plan: PatientPlan, palette: Palette, rng: np.random.Generator) -> None:
    """Portal and hepatic veins with twigs, black with flow; the disease thins the hepatic ones."""
    thin = 1 - 0.45 * plan.signs.nodular
    size = 1 - 0.2 * plan.signs.shape  # the right lobe's vessels draw together with it
    for start, branches, width in ((HILUM, PORTAL, 1.0), (CAVA, HEPATIC, thin)):
        for middle, end, thick in branches:
            if rng.random() < 0.85:
                line = np.array([start, middle, end]) * (size, size) + rng.normal(0, 0.03, (3, 2))
                _paint_vessel(canvas, build.place(line), thick * width * rng.uniform(0.7, 1.1), palette.vessel, rng)
    canvas.fill(blob(build.place(HILUM), (8.5, 5.5), 0.3, rng, 0.15), palette.vessel)


def _paint_vessel(canvas: Canvas, line: Points, width: float, tissue: Tissue, rng: np.random.Generator) -> None:
    """A tube through three points that grows thinner, with two twigs."""
    along = np.linspace(0, 2, 21)
    points = np.stack([smoothed(np.interp(along, (0, 1, 2), line[:, axis]), 3.0) for axis in (0, 1)], axis=1)
    for part in range(20):
        canvas.stroke(points[part : part + 2], tissue, width * (1 - 0.04 * part))
    for _ in range(2):
        root = points[int(rng.integers(8, 20))]
        canvas.stroke(np.stack([root, root + rng.normal(0, 9, 2)]), tissue, 0.3 * width)


def paint_cysts(canvas: Canvas, share: FloatImage, count: int, palette: Palette, rng: np.random.Generator) -> None:
    """Round drops of fluid somewhere in the liver (H, W)."""
    rows, columns = np.nonzero(share > 0.9)
    for _ in range(count if len(rows) else 0):
        pick = int(rng.integers(len(rows)))
        place = canvas.view.millimetres(np.array([[columns[pick] + 0.5, rows[pick] + 0.5]]))[0]
        radius = float(np.exp(rng.uniform(np.log(1.8), np.log(9))))
        canvas.fill(blob(place, (radius, radius), 0.0, rng, 0.1), palette.fluid)
