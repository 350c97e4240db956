"""One phantom patient from plan to images: everything that stays the same between slices, and what does not."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from spinedet.annotations.voc import VocObject
from spinedet.datasets.phantoms.acquisition import Scanner, acquire, sample_scanner
from spinedet.datasets.phantoms.canal import build_canal
from spinedet.datasets.phantoms.canvas import Canvas, View
from spinedet.datasets.phantoms.painting import paint_arches, paint_bodies, paint_canal, paint_discs, paint_glow
from spinedet.datasets.phantoms.pathology import PatientPlan, plan_patient
from spinedet.datasets.phantoms.people import image_seeds, patient_seed
from spinedet.datasets.phantoms.spine import Anatomy, Spine, build_spine, sample_anatomy
from spinedet.datasets.phantoms.surroundings import Surroundings, build_surroundings, paint_back, paint_front
from spinedet.datasets.phantoms.tissues import Palette, sample_palette

WIDTH, HEIGHT = 812, 662
"""Size of the images that the paper's PACS exported, in pixels."""

SCALE_RANGE = (1.95, 2.35)
"""Zoom in pixels a millimetre: 280 to 340 mm from top to bottom."""

TURN_RANGE = (-3.5, 3.5)
"""How a patient lies, in degrees; half of the spine's own slant is taken out by the technician."""

SHOWN_T11 = (0.45, 0.8)
"""How much of T11 the image shows: never all of it, so that no disc without a box is visible above."""

SPINE_PLACE = (0.5, 0.62)
"""Where L3 lies across the image, as a fraction of its width."""

OFF_MIDLINE_LOSS = 0.3
"""A slice at the edge of the canal shows this much less of a herniation."""


@dataclass(frozen=True, slots=True)
class PhantomPatient:
    """All that the slices of one patient share, and the random sources of the trunk and of each slice."""

    plan: PatientPlan
    anatomy: Anatomy
    palette: Palette
    scanner: Scanner
    view: View
    trunk: np.random.SeedSequence
    slices: tuple[np.random.SeedSequence, ...]


@dataclass(frozen=True, slots=True)
class PhantomImage:
    """A finished slice: its stem, its pixels (H, W) and its boxes from head to foot."""

    stem: str
    pixels: NDArray[np.uint8]
    objects: tuple[VocObject, ...]


def make_patient(seed: int, number: int) -> PhantomPatient:
    """Patient `number` (from 0) of the data set that belongs to `seed`."""
    plan = plan_patient(seed, number)
    rng = np.random.default_rng(patient_seed(seed, number, 1))
    anatomy = sample_anatomy(rng)
    palette, scanner = sample_palette(rng), sample_scanner(rng)
    view = _place(build_spine(anatomy, plan.findings), rng)
    slices = image_seeds(seed, number, len(plan.offsets))
    return PhantomPatient(plan, anatomy, palette, scanner, view, patient_seed(seed, number, 2), slices)


def _place(spine: Spine, rng: np.random.Generator) -> View:
    """Put the upper border of the image into T11 and the spine near the middle."""
    t11, l3 = spine.body("T11"), spine.body("L3")
    slant = np.arctan2(t11.lower.x, -t11.lower.y)
    scale, turn = rng.uniform(*SCALE_RANGE), np.radians(rng.uniform(*TURN_RANGE)) - slant / 2
    free = View(WIDTH, HEIGHT, scale, float(turn), 0.0, 0.0)
    top, bottom, middle = free.pixels(np.array([t11.upper.at(0), t11.lower.at(0), l3.upper.at(0)]))
    y = rng.uniform(*SHOWN_T11) * (bottom[1] - top[1]) - bottom[1]
    x = rng.uniform(*SPINE_PLACE) * WIDTH - middle[0]
    return replace(free, x=float(x), y=float(y))


def slice_spine(patient: PhantomPatient, number: int) -> Spine:
    """The spine as slice `number` (from 0) cuts it."""
    loss = 1 - OFF_MIDLINE_LOSS * abs(patient.plan.offsets[number])
    findings = tuple(
        replace(finding, bulge=finding.bulge * loss) if finding.label == "herniation" else finding
        for finding in patient.plan.findings
    )
    return build_spine(patient.anatomy, findings)


def disc_boxes(spine: Spine, view: View) -> tuple[VocObject, ...]:
    """A box for every disc with a finding, from head to foot: the extent of its drawn outline."""
    return tuple(
        VocObject(disc.finding.label, view.box(disc.outline)) for disc in spine.discs if disc.finding is not None
    )


def render_slice(patient: PhantomPatient, number: int) -> PhantomImage:
    """Paint and image slice `number` (from 0) of a patient."""
    spine = slice_spine(patient, number)
    # The shape of the trunk is the patient's; bowel, texture and noise are the slice's.
    around = build_surroundings(spine, np.random.default_rng(patient.trunk))
    own = np.random.default_rng(patient.slices[number])
    canvas, glow = paint_slice(patient, spine, around, patient.plan.offsets[number], own)
    borders = around.edge(around.front), around.edge(around.skin)
    pixels = acquire(canvas.pixels, glow, patient.view, patient.scanner, borders, own)
    return PhantomImage(patient.plan.images[number], pixels, disc_boxes(spine, patient.view))


def paint_slice(
    patient: PhantomPatient, spine: Spine, around: Surroundings, offset: float, rng: np.random.Generator
) -> tuple[Canvas, NDArray[np.uint8]]:
    """The tissues from back to front, and the soft signal to add."""
    canvas, palette = Canvas(patient.view), patient.palette
    canal = build_canal(spine, patient.anatomy, offset, rng)
    paint_front(canvas, around, spine, palette, rng, offset)
    paint_back(canvas, around, spine, palette, rng)
    paint_arches(canvas, canal, spine, palette, offset, rng)
    canvas.blur(0.8)
    paint_canal(canvas, canal, spine, palette, rng)
    paint_discs(canvas, spine, palette)
    paint_bodies(canvas, spine, palette, rng)
    return canvas, paint_glow(canvas, spine, palette, rng)
