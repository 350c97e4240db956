"""One patient's liver from plan to images: everything that stays the same between levels, and what does not."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from spinedet.datasets.phantoms.canvas import Canvas
from spinedet.datasets.phantoms.liver.anatomy import Build, sample_build
from spinedet.datasets.phantoms.liver.lobes import shape_lobes
from spinedet.datasets.phantoms.liver.nodules import Substance, grow_nodules, lay_patches
from spinedet.datasets.phantoms.liver.painting import (
    CAUDATE,
    RIGHT,
    clear,
    draw_lobes,
    paint_cysts,
    paint_gallbladder,
    paint_gaps,
    paint_substance,
    paint_vessels,
)
from spinedet.datasets.phantoms.liver.plan import PatientPlan, Setting, plan_patient
from spinedet.datasets.phantoms.liver.scanner import AbdominalScanner, acquire, sample_scanner
from spinedet.datasets.phantoms.liver.surroundings import (
    Palette,
    paint_aorta,
    paint_left_side,
    paint_spine,
    paint_trunk,
    sample_palette,
)
from spinedet.datasets.phantoms.people import image_seeds, patient_seed
from spinedet.datasets.phantoms.whole_images import WholeImage

VARIES = 0.06
"""Standard deviation of a lobe's size between people, as a fraction."""


@dataclass(frozen=True, slots=True)
class LiverPatient:
    """All that the images of one patient share, and the random source of each image.

    Attributes:
        plan: What is wrong, and where it is looked at.
        build, palette, scanner: What the trunk is like, and how it is imaged.
        contrast: Signal that septa have over nodules, where the liver is wholly nodular.
        own: What makes the lobes' sizes differ from other people's (3, 2).
        images: One source an image.
    """

    plan: PatientPlan
    build: Build
    palette: Palette
    scanner: AbdominalScanner
    contrast: float
    own: NDArray[np.float64]
    images: tuple[np.random.SeedSequence, ...]


@dataclass(frozen=True, slots=True)
class LiverImage(WholeImage):
    """A finished image.

    Attributes:
        caudate_to_right: Area of the caudate lobe over that of the right.
    """

    caudate_to_right: float


def make_patient(seed: int, number: int, setting: Setting) -> LiverPatient:
    """Patient `number` (from 0) of the data set that belongs to `seed`."""
    plan = plan_patient(seed, number, setting)
    rng = np.random.default_rng(patient_seed(seed, number, 1))
    build, palette, scanner = sample_build(rng), sample_palette(rng), sample_scanner(setting, rng)
    images = image_seeds(seed, number, len(plan.levels))
    return LiverPatient(plan, build, palette, scanner, setting.contrast, rng.normal(0, VARIES, (3, 2)), images)


def render_image(patient: LiverPatient, number: int) -> LiverImage:
    """Paint and image level `number` (from 0) of a patient."""
    plan, build, palette = patient.plan, patient.build, patient.palette
    level, rng = plan.levels[number], np.random.default_rng(patient.images[number])
    canvas = Canvas(build.view())
    paint_trunk(canvas, build, plan.signs, palette, rng)
    paint_left_side(canvas, build, plan.signs, level, palette, rng)
    paint_spine(canvas, build, palette, rng)
    labels, changed = _paint_liver(canvas, patient, level, rng)
    paint_aorta(canvas, build, palette, rng)
    pixels = acquire(canvas, patient.scanner, rng)
    lesion = (changed & (labels > 0)) if plan.label == "cirrhosis" else np.zeros_like(changed)
    right, caudate = (int(np.count_nonzero(labels == lobe)) for lobe in (RIGHT, CAUDATE))
    return LiverImage(
        plan.images[number], pixels, lesion.astype(np.uint8), (labels > 0).astype(np.uint8), caudate / max(right, 1)
    )


def _paint_liver(
    canvas: Canvas, patient: LiverPatient, level: float, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Paint the liver with all that lies in it; returns the lobes' labels and where it is nodular, each (H, W)."""
    plan, build, palette = patient.plan, patient.build, patient.palette
    lobes = shape_lobes(build, plan.signs, patient.own, level, plan.nodule, rng)
    labels, share = draw_lobes(canvas, lobes)
    substance = _substance(patient, canvas, rng)
    paint_substance(canvas, share, substance, palette.liver.signal * plan.signal, palette.liver.grain)
    gaps = paint_gaps(canvas, build, plan, lobes, level, palette, rng)
    before = canvas.pixels[..., 0].copy()
    paint_vessels(canvas, build, plan, palette, rng)
    paint_cysts(canvas, share, plan.cysts, palette, rng)
    clear(labels, canvas, gaps + paint_gallbladder(canvas, build, level, palette, rng))
    return labels, substance.changed & (canvas.pixels[..., 0] == before)


def _substance(patient: LiverPatient, canvas: Canvas, rng: np.random.Generator) -> Substance:
    plan, shape = patient.plan, (canvas.view.height, canvas.view.width)
    size = plan.nodule * canvas.view.scale
    found = grow_nodules(shape, plan.signs.nodular, patient.contrast, size, rng)
    return replace(found, factor=found.factor * lay_patches(shape, plan.patchy, rng)) if plan.patchy else found
