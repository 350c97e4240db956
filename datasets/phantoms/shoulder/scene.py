"""One patient's shoulder from plan to images: everything that stays the same between images, and what does not."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinedet.datasets.phantoms.bends import sample_bends
from spinedet.datasets.phantoms.canvas import Canvas, Tissue, View
from spinedet.datasets.phantoms.imaging import FloatImage, smooth_noise
from spinedet.datasets.phantoms.outlines import Points
from spinedet.datasets.phantoms.people import image_seeds, patient_seed
from spinedet.datasets.phantoms.scanner import Scanner, log_uniform, textured_canvas, uneven
from spinedet.datasets.phantoms.shoulder.anatomy import (
    FOSSA,
    MUSCLES,
    SIZE,
    SLICE_WAVES,
    SUPRASPINATUS,
    Build,
    Shoulder,
    sample_build,
    supraspinatus,
)
from spinedet.datasets.phantoms.shoulder.fat import PATCHES, fatty, marbled, septa
from spinedet.datasets.phantoms.shoulder.painting import (
    Palette,
    muscle_window,
    paint_bones,
    paint_covers,
    paint_muscle,
    paint_region,
    paint_tendons,
    paint_vessels,
    sample_palette,
)
from spinedet.datasets.phantoms.shoulder.plan import EASY, PatientPlan, Setting, plan_patient
from spinedet.datasets.phantoms.whole_images import WholeImage

BIAS_SIZE = 130.0
"""Size of the bright and dark parts of the coil's field, in pixels."""

HEALTHY = EASY.occupation["0"][0]
"""Share of its fossa that a healthy supraspinatus fills at least; what a wasted one leaves of that is fat."""

SHADE = 0.06
"""Standard deviation of the signal between muscles of one image, as a fraction."""

COIL = (0.25, 0.6)
"""How much of the signal is lost from the skin of the back to the chest, as the logarithm."""


@dataclass(frozen=True, slots=True)
class CoilScanner(Scanner):
    """A scanner with a surface coil.

    Attributes:
        coil: Logarithm of the signal lost across the image towards the chest.
    """

    coil: float


@dataclass(frozen=True, slots=True)
class ShoulderPatient:
    """All that the images of one patient share, and the random source of each image.

    Attributes:
        plan: The grade, and how much fat there is.
        build, palette, scanner: What the shoulder is like, and how it is imaged.
        patches: Where fat gathers, as noise over the whole image (H, W).
        images: One source an image.
    """

    plan: PatientPlan
    build: Build
    palette: Palette
    scanner: CoilScanner
    patches: FloatImage
    images: tuple[np.random.SeedSequence, ...]


def make_patient(seed: int, number: int, setting: Setting) -> ShoulderPatient:
    """Patient `number` (from 0) of the data set that belongs to `seed`."""
    plan = plan_patient(seed, number, setting)
    rng = np.random.default_rng(patient_seed(seed, number, 1))
    build, palette, scanner = sample_build(rng), sample_palette(rng), _sample_scanner(setting, rng)
    patches = smooth_noise(rng, SIZE, SIZE, PATCHES, PATCHES)
    images = image_seeds(seed, number, len(plan.images))
    return ShoulderPatient(plan, build, palette, scanner, patches, images)


def _sample_scanner(setting: Setting, rng: np.random.Generator) -> CoilScanner:
    return CoilScanner(
        matrix=rng.uniform(0.75, 1.0),
        blur=rng.uniform(0.45, 0.8),
        noise=log_uniform(setting.noise, rng),
        bias=setting.bias,
        coil=rng.uniform(*COIL),
        gain=rng.uniform(0.95, 1.25),
        gamma=rng.uniform(0.85, 1.15),
    )


def render_image(patient: ShoulderPatient, number: int) -> WholeImage:
    """Paint and image one of a patient's places along the muscle, `number` from 0."""
    plan, palette = patient.plan, patient.palette
    rng = np.random.default_rng(patient.images[number])
    shoulder = Shoulder(patient.build, sample_bends(SLICE_WAVES, rng))
    canvas = Canvas(shoulder.view)
    paint_covers(canvas, shoulder, palette, rng)
    for (name, corners), share in zip(MUSCLES.items(), plan.elsewhere, strict=True):
        _paint_muscle(canvas, shoulder.outline(corners), share, patient, rng)
        paint_tendons(canvas, shoulder, name, palette, rng)
    muscle = supraspinatus(shoulder, plan.occupation[number])
    lesion = _paint_muscle(canvas, muscle, plan.fat[number], patient, rng)
    if plan.fat[number] > 0:
        lesion |= _replaced(canvas, supraspinatus(shoulder, HEALTHY), muscle)
    paint_tendons(canvas, shoulder, SUPRASPINATUS, palette, rng)
    paint_bones(canvas, shoulder, palette, rng)
    paint_vessels(canvas, shoulder, palette, rng)
    fossa = paint_region(canvas, shoulder.outline(FOSSA))
    pixels = _acquire(canvas, patient, rng)
    return WholeImage(plan.images[number], pixels, lesion & fossa, fossa)


def _paint_muscle(
    canvas: Canvas, outline: Points, share: float, patient: ShoulderPatient, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Paint one muscle with this share of fat; returns where the fat is (H, W)."""
    window, cover = muscle_window(canvas, outline)
    inside, palette = cover > 0.5, patient.palette
    fat = marbled(inside, share, patient.patches[window], rng)
    muscle = palette.muscle
    flesh = Tissue(muscle.signal * (1 + SHADE * rng.standard_normal()), muscle.grain, muscle.fibre)
    everywhere = np.maximum(fat, septa(fat, rng))
    paint_muscle(canvas, window, cover, everywhere, flesh, palette.fat)
    mask = np.zeros(canvas.pixels.shape[:2], np.uint8)
    mask[window] = fatty(fat, inside) if share > 0 else 0
    return mask


def _replaced(canvas: Canvas, healthy: Points, muscle: Points) -> NDArray[np.uint8]:
    """Where fat has taken the place of muscle that wasted (H, W)."""
    before, after = (paint_region(canvas, outline) for outline in (healthy, muscle))
    return before & (1 - after)


def _acquire(canvas: Canvas, patient: ShoulderPatient, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The displayed image (H, W) of a painted canvas."""
    signal = textured_canvas(canvas, rng)
    signal = signal * _field(canvas.view, patient.scanner, patient.build.side, rng)
    return patient.scanner.shown(patient.scanner.blurred(signal), rng)


def _field(view: View, scanner: CoilScanner, side: int, rng: np.random.Generator) -> FloatImage:
    """The surface coil's field (H, W): falling from the skin above and behind to the chest, and uneven."""
    back = side * np.linspace(-0.5, 0.5, view.width)[None]  # (1, W)
    down = np.linspace(-0.5, 0.5, view.height)[:, None]  # (H, 1)
    strength = scanner.bias * uneven(view, BIAS_SIZE, rng) + scanner.coil * (0.5 * back - 0.5 * down)
    return np.asarray(np.exp(strength), np.float32)
