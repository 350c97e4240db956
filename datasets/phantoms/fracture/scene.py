"""One patient's forearm from plan to images: what stays the same between views, and what does not."""

import numpy as np

from spinedet.datasets.phantoms.exposure import exposed, sample_exposure
from spinedet.datasets.phantoms.fracture.anatomy import (
    STILL,
    Build,
    Forearm,
    Fragments,
    Motion,
    around_break,
    fragments,
    sample_build,
    sample_view,
)
from spinedet.datasets.phantoms.fracture.painting import (
    paint_alike,
    paint_bone,
    paint_flesh,
    paint_hand,
    paint_masks,
)
from spinedet.datasets.phantoms.fracture.plan import VIEWS, PatientPlan, Setting, plan_patient
from spinedet.datasets.phantoms.people import image_seeds, patient_seed
from spinedet.datasets.phantoms.radiograph import Film
from spinedet.datasets.phantoms.whole_images import Imaged, WholeImage

WHITE = (19.0, 25.0)
"""Matter that is shown white, in mm of compact bone."""

MISPLACED = 7.0
"""Standard deviation of a view's turn from what it should be, in degrees."""

FracturePatient = Imaged[PatientPlan, Build, Setting]


def make_patient(seed: int, number: int, setting: Setting) -> FracturePatient:
    """Patient `number` (from 0) of the data set that belongs to `seed`."""
    plan = plan_patient(seed, number, setting)
    build = sample_build(np.random.default_rng(patient_seed(seed, number, 1)))
    return Imaged(plan, build, setting, image_seeds(seed, number, len(plan.images)))


def render_image(patient: FracturePatient, number: int) -> WholeImage:
    """Lay one view on a film and expose it, `number` from 0."""
    plan, build = patient.plan, patient.build
    rng = np.random.default_rng(patient.images[number])
    forearm = _forearm(patient, number, rng)
    pieces = _pieces(forearm, patient.plan, number, rng)
    film = Film(forearm.view, rng)
    skin = paint_flesh(film, forearm)
    paint_hand(film, forearm, _hand(plan, pieces), rng)
    for bone in ("ulna", "radius"):
        paint_bone(film, forearm, bone, pieces.get(bone))
    paint_alike(film, forearm, patient.setting.alike, rng)
    lesions = [
        forearm.place(around_break(forearm, bone, plan.broken, found))
        for bone, found in pieces.items()
        if plan.broken is not None
    ]
    lesion, limb = paint_masks(film, skin, lesions)
    exposure = sample_exposure(WHITE, patient.setting.noise, "R" if build.side > 0 else "L", rng)
    return WholeImage(plan.images[number], exposed(film, exposure, rng), lesion, limb)


def _hand(plan: PatientPlan, pieces: dict[str, Fragments]) -> Motion:
    """The hand goes with the distal fragment of the radius."""
    held = plan.broken is None or plan.broken.splinted or "radius" not in pieces
    return STILL if held else pieces["radius"].motion


def _forearm(patient: FracturePatient, number: int, rng: np.random.Generator) -> Forearm:
    turn = np.radians(VIEWS[patient.plan.views[number]] + MISPLACED * rng.standard_normal())
    return Forearm(patient.build, float(np.clip(turn, 0, np.pi / 2)), sample_view(rng))


def _pieces(forearm: Forearm, plan: PatientPlan, number: int, rng: np.random.Generator) -> dict[str, Fragments]:
    """The broken bones of a view that shows the fracture."""
    if plan.broken is None or not plan.shown[number]:
        return {}
    return {bone: fragments(forearm, bone, plan.broken, rng) for bone in plan.broken.bones}
