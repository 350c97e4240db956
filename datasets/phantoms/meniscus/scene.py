"""One patient's knee from plan to images: everything that stays the same between slices, and what does not."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from spinedet.datasets.phantoms.canvas import Canvas
from spinedet.datasets.phantoms.closeup import acquire, sample_scanner
from spinedet.datasets.phantoms.meniscus.anatomy import RIM, Build, Knee, cut, sample_build
from spinedet.datasets.phantoms.meniscus.painting import (
    Palette,
    paint_around,
    paint_bones,
    paint_joint,
    paint_line,
    paint_menisci,
    sample_palette,
)
from spinedet.datasets.phantoms.meniscus.plan import PatientPlan, Setting, plan_patient
from spinedet.datasets.phantoms.people import image_seeds, patient_seed
from spinedet.datasets.phantoms.scanner import Scanner
from spinedet.datasets.phantoms.whole_images import WholeImage

WIDTH = (0.5, 0.9)
"""Least and greatest width of a line in mm."""

JOINT = ((-32.0, -21.0), (32.0, 10.0))
"""What counts as the joint around the middle of the plateau, in mm."""

MARGIN = 2
"""Pixels around a torn horn that belong to the tear's surroundings."""


@dataclass(frozen=True, slots=True)
class KneePatient:
    """All that the images of one patient share, and the random source of each image.

    Attributes:
        plan: The line in the meniscus, and where the images lie.
        build, palette, scanner: What the knee is like, and how it is imaged.
        width: Width of a line in mm.
        images: One source an image.
    """

    plan: PatientPlan
    build: Build
    palette: Palette
    scanner: Scanner
    width: float
    images: tuple[np.random.SeedSequence, ...]


def make_patient(seed: int, number: int, setting: Setting) -> KneePatient:
    """Patient `number` (from 0) of the data set that belongs to `seed`."""
    plan = plan_patient(seed, number, setting)
    rng = np.random.default_rng(patient_seed(seed, number, 1))
    build, palette, scanner = sample_build(rng), sample_palette(rng), sample_scanner(setting.quality, rng)
    images = image_seeds(seed, number, len(plan.images))
    return KneePatient(plan, build, palette, scanner, float(rng.uniform(*WIDTH)), images)


def render_image(patient: KneePatient, number: int) -> WholeImage:
    """Paint and image one of a patient's slices, `number` from 0."""
    plan, palette = patient.plan, patient.palette
    rng = np.random.default_rng(patient.images[number])
    knee = cut(patient.build, plan.levels[number], rng)
    canvas = Canvas(knee.frame.view)
    paint_around(canvas, knee, palette, rng)
    canvas.blur(0.8)
    paint_joint(canvas, knee, palette, rng)
    paint_bones(canvas, knee, palette, rng)
    paint_menisci(canvas, knee, palette)
    if plan.reach[number] > 0:
        line = knee.line(plan.horn, plan.kind, plan.reach[number], rng)
        paint_line(canvas, line, plan.contrast[number], palette, patient.width)
    region = _joint(knee)
    return WholeImage(plan.images[number], acquire(canvas, None, patient.scanner, rng), _tear(plan, knee), region)


def _joint(knee: Knee) -> NDArray[np.uint8]:
    """The knee (H, W): where its bones face each other, and all that lies between them."""
    whole = knee.frame.mask(knee.femur(), knee.tibia(), knee.space(RIM + 2.5))
    (left, top), (right, bottom) = JOINT
    near = knee.frame.mask(knee.frame.place([(left, top), (right, top), (right, bottom), (left, bottom)]))
    return np.asarray(whole & near, np.uint8)


def _tear(plan: PatientPlan, knee: Knee) -> NDArray[np.uint8]:
    """The torn horn and what touches it (H, W); nothing where the meniscus is intact."""
    if plan.label == "intact":
        return knee.frame.mask()
    around = np.ones((2 * MARGIN + 1, 2 * MARGIN + 1), np.uint8)
    return np.asarray(cv2.dilate(knee.frame.mask(knee.horn(plan.horn)), around) & _joint(knee), np.uint8)
