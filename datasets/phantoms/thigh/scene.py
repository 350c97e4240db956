"""One patient's thighs from plan to images: everything that stays the same between levels, and what does not."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinedet.datasets.phantoms.canvas import Canvas
from spinedet.datasets.phantoms.people import image_seeds, patient_seed
from spinedet.datasets.phantoms.scanner import Scanner, log_uniform, textured_canvas, uneven
from spinedet.datasets.phantoms.thigh.anatomy import Build, Leg, build_legs, place_legs, sample_build
from spinedet.datasets.phantoms.thigh.lesions import spread_lesion
from spinedet.datasets.phantoms.thigh.muscles import NAMES
from spinedet.datasets.phantoms.thigh.painting import (
    Palette,
    paint_core,
    paint_covers,
    paint_labels,
    paint_muscles,
    sample_palette,
)
from spinedet.datasets.phantoms.thigh.plan import PatientPlan, Setting, plan_patient
from spinedet.datasets.phantoms.thigh.territory import map_muscles
from spinedet.datasets.phantoms.whole_images import WholeImage

BIAS_SIZE = 150.0
"""Size of the bright and dark parts of the coil's field, in pixels."""

PLANE = (0.003, 0.012)
"""Half the width of the fat between two muscles, as a fraction of the leg's radius."""

SHADE = 0.035
"""Standard deviation of the signal between muscles of one leg, as a fraction."""


@dataclass(frozen=True, slots=True)
class ThighPatient:
    """All that the images of one patient share, and the random source of each image.

    Attributes:
        plan: What is wrong, and where it is looked at.
        build, palette, scanner: What both legs are like, and how they are imaged.
        plane: Half the width of the fat between two muscles, as a fraction of the leg's radius.
        shades: Signal of every muscle (2, M) around 1.
        images: One source an image.
    """

    plan: PatientPlan
    build: Build
    palette: Palette
    scanner: Scanner
    plane: float
    shades: NDArray[np.float64]
    images: tuple[np.random.SeedSequence, ...]


def make_patient(seed: int, number: int, setting: Setting) -> ThighPatient:
    """Patient `number` (from 0) of the data set that belongs to `seed`."""
    plan = plan_patient(seed, number, setting)
    rng = np.random.default_rng(patient_seed(seed, number, 1))
    build, palette, scanner = sample_build(rng), sample_palette(rng), _sample_scanner(setting, rng)
    images = image_seeds(seed, number, len(plan.levels))
    shades = 1 + SHADE * rng.standard_normal((2, len(NAMES)))
    return ThighPatient(plan, build, palette, scanner, rng.uniform(*PLANE), shades, images)


def _sample_scanner(setting: Setting, rng: np.random.Generator) -> Scanner:
    return Scanner(
        matrix=rng.uniform(0.75, 1.0),
        blur=rng.uniform(0.45, 0.75),
        noise=log_uniform(setting.noise, rng),
        bias=setting.bias,
        gain=rng.uniform(0.95, 1.2),
        gamma=rng.uniform(0.85, 1.15),
    )


def render_image(patient: ThighPatient, number: int) -> WholeImage:
    """Paint and image level `number` (from 0) of a patient."""
    plan, rng = patient.plan, np.random.default_rng(patient.images[number])
    legs = build_legs(patient.build, plan.levels[number], plan.touching[number])
    canvas = Canvas(place_legs(patient.build, legs))
    lesion = np.zeros(canvas.pixels.shape[:2], np.uint8)
    for index, leg in enumerate(legs):
        _paint_leg(canvas, leg, patient, (index, number), rng, lesion)
    pixels = _acquire(canvas, patient.scanner, rng)
    return WholeImage(plan.images[number], pixels, lesion, paint_labels(legs, canvas))


def _paint_leg(
    canvas: Canvas,
    leg: Leg,
    patient: ThighPatient,
    which: tuple[int, int],
    rng: np.random.Generator,
    lesion: NDArray[np.uint8],
) -> None:
    """Paint one leg, and its lesion into the mask; `which` counts the leg and the level."""
    (index, number), plan = which, patient.plan
    level = plan.levels[number]
    degrees = plan.degrees(level)[index]
    swelling = degrees if plan.pattern.oedema else -degrees
    paint_covers(canvas, leg, patient.palette, rng)
    territory = map_muscles(leg, canvas.view, level, swelling, patient.plane, rng)
    found = spread_lesion(territory, degrees, plan.pattern, rng)
    paint_muscles(canvas, territory, found, patient.palette, patient.shades[index])
    before = canvas.pixels[..., 0].copy()
    paint_core(canvas, leg, patient.build, level, patient.palette, rng)
    untouched = (canvas.pixels[..., 0] == before)[territory.window]
    lesion[territory.window] |= found.mask & untouched


def _acquire(canvas: Canvas, scanner: Scanner, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The displayed image (H, W) of a painted canvas; the coil's field is a smooth factor around 1."""
    signal = textured_canvas(canvas, rng)
    field = np.exp(scanner.bias * uneven(canvas.view, BIAS_SIZE, rng)).astype(np.float32)
    return scanner.shown(scanner.blurred(signal * field), rng)
