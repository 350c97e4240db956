"""One patient's disc from plan to images: the lumbar phantom's trunk, seen close, around a disc of a known grade."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from spinedet.datasets.phantoms import scene as lumbar
from spinedet.datasets.phantoms.canvas import View
from spinedet.datasets.phantoms.closeup import acquire, sample_scanner
from spinedet.datasets.phantoms.people import patient_seed
from spinedet.datasets.phantoms.pfirrmann.disc import disc_mask, graded_disc, nucleus_glow, worn_spine
from spinedet.datasets.phantoms.pfirrmann.plan import DEGENERATED, PatientPlan, Setting, plan_patient
from spinedet.datasets.phantoms.scanner import Scanner
from spinedet.datasets.phantoms.spine import Disc
from spinedet.datasets.phantoms.surroundings import build_surroundings
from spinedet.datasets.phantoms.whole_images import WholeImage

SIZE = 192
"""Width and height of an image in pixels."""

FIELD_OF_VIEW = (66.0, 80.0)
"""Width of the image in mm: a disc, the bodies on both sides, the canal behind."""

TURN = 6.0
"""Standard deviation in degrees of how far the disc is from level."""

MIDDLE = 3.0
"""Standard deviation in mm of the image's middle around the disc's back half."""


@dataclass(frozen=True, slots=True)
class DiscPatient:
    """All that the images of one patient share, and the random sources of each image.

    Attributes:
        plan: The grade, and how worn the disc is.
        seed, number: Which patient.
        trunk: The lumbar phantom's patient, whose body this is.
        scanner: How it is imaged.
        scale, turn, shift: Pixels a millimetre, radians, mm (2,): where the image lies around the disc.
        images: One source an image.
    """

    plan: PatientPlan
    seed: int
    number: int
    trunk: lumbar.PhantomPatient
    scanner: Scanner
    scale: float
    turn: float
    shift: tuple[float, float]
    images: tuple[np.random.SeedSequence, ...]


def make_patient(seed: int, number: int, setting: Setting) -> DiscPatient:
    """Patient `number` (from 0) of the data set that belongs to `seed`."""
    plan = plan_patient(seed, number, setting)
    rng = np.random.default_rng(patient_seed(seed, number, 1, 1))  # the trunk has taken the source (number, 1)
    scanner = sample_scanner(setting.quality, rng)
    scale, turn = SIZE / rng.uniform(*FIELD_OF_VIEW), np.radians(rng.normal(0, TURN))
    x, y = rng.normal(0, MIDDLE, 2)
    images = tuple(patient_seed(seed, number, 4, index) for index in range(len(plan.images)))
    trunk = lumbar.make_patient(seed, number)
    return DiscPatient(plan, seed, number, trunk, scanner, float(scale), float(turn), (float(x), float(y)), images)


def render_image(patient: DiscPatient, number: int) -> WholeImage:
    """Paint and image one of a patient's slices, `number` from 0."""
    plan, trunk = patient.plan, patient.trunk
    rng = np.random.default_rng(patient.images[number])
    spine = worn_spine(patient.seed, patient.number, plan, trunk.anatomy, number)
    disc = graded_disc(spine, plan.level)
    seen = replace(trunk, view=_view(patient, disc))
    around = build_surroundings(spine, np.random.default_rng(trunk.trunk))
    canvas, glow = lumbar.paint_slice(seen, spine, around, plan.offsets[number], rng)
    region = disc_mask(disc, canvas.view)
    glow[region > 0] = 0  # the lumbar phantom's nucleus, which has no grade
    glow = cv2.add(glow, nucleus_glow(disc, canvas.view, plan, number, trunk.palette.nucleus, rng))
    lesion = region if plan.label in DEGENERATED else np.zeros_like(region)
    pixels = acquire(canvas, np.asarray(glow, np.uint8), patient.scanner, rng)
    return WholeImage(plan.images[number], pixels, lesion, region)


def _view(patient: DiscPatient, disc: Disc) -> View:
    """The disc's back half in the middle of the image, the disc nearly level."""
    middle = disc.middle.at(0.2) + patient.shift
    return View.around(middle, (SIZE, SIZE), patient.scale, patient.turn - disc.middle.angle)
