"""One patient's canal from plan to images: everything that stays the same between slices, and what does not."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinedet.datasets.phantoms.canvas import Canvas
from spinedet.datasets.phantoms.closeup import Frame, acquire, sample_scanner
from spinedet.datasets.phantoms.people import image_seeds, patient_seed
from spinedet.datasets.phantoms.scanner import Scanner
from spinedet.datasets.phantoms.stenosis.anatomy import Build, Canal, cut, sample_build
from spinedet.datasets.phantoms.stenosis.painting import (
    SIDES,
    Palette,
    paint_arch,
    paint_canal,
    paint_disc,
    paint_epidural,
    paint_trunk,
    sample_palette,
)
from spinedet.datasets.phantoms.stenosis.plan import PatientPlan, Setting, plan_patient
from spinedet.datasets.phantoms.whole_images import WholeImage


@dataclass(frozen=True, slots=True)
class CanalPatient:
    """All that the images of one patient share, and the random source of each image.

    Attributes:
        plan: The grade, and what narrows the canal.
        build, palette, scanner: What the spine is like, and how it is imaged.
        images: One source an image.
    """

    plan: PatientPlan
    build: Build
    palette: Palette
    scanner: Scanner
    images: tuple[np.random.SeedSequence, ...]


def make_patient(seed: int, number: int, setting: Setting) -> CanalPatient:
    """Patient `number` (from 0) of the data set that belongs to `seed`."""
    plan = plan_patient(seed, number, setting)
    rng = np.random.default_rng(patient_seed(seed, number, 1))
    build, palette, scanner = sample_build(rng), sample_palette(rng), sample_scanner(setting.quality, rng)
    return CanalPatient(plan, build, palette, scanner, image_seeds(seed, number, len(plan.images)))


def render_image(patient: CanalPatient, number: int) -> WholeImage:
    """Paint and image one of a patient's slices, `number` from 0."""
    plan, build, palette = patient.plan, patient.build, patient.palette
    rng = np.random.default_rng(patient.images[number])
    frame, canal = cut(build, plan, number, rng)
    canvas = Canvas(frame.view)
    paint_trunk(canvas, frame, palette, rng)
    paint_arch(canvas, frame, canal, palette, build.facet, rng)
    paint_epidural(canvas, frame, canal, palette)
    paint_disc(canvas, frame, canal, palette, rng)
    paint_canal(canvas, frame, canal, plan.narrowing[number], palette, rng)
    region = frame.mask(frame.place(canal.bony()))
    lesion = _narrowing(frame, canal) & region if plan.label != "none" else np.zeros_like(region)
    return WholeImage(plan.images[number], acquire(canvas, None, patient.scanner, rng), lesion, region)


def _narrowing(frame: Frame, canal: Canal) -> NDArray[np.uint8]:
    """What narrows the canal, and what is left of it (H, W)."""
    flava = [canal.flavum() * side for side in SIDES]
    return frame.mask(*(frame.place(outline) for outline in (canal.sac(), canal.crescent(), *flava)))
