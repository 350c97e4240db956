"""One patient's knees from plan to images: what both share, and what they do not."""

import numpy as np

from spinedet.datasets.phantoms.exposure import exposed, sample_exposure
from spinedet.datasets.phantoms.knee_oa.anatomy import Build, Knee, sample_build, sample_view
from spinedet.datasets.phantoms.knee_oa.painting import paint_bones, paint_flesh, paint_masks, paint_surfaces
from spinedet.datasets.phantoms.knee_oa.plan import PatientPlan, Setting, plan_patient
from spinedet.datasets.phantoms.people import image_seeds, patient_seed
from spinedet.datasets.phantoms.radiograph import Film
from spinedet.datasets.phantoms.whole_images import Imaged, WholeImage

WHITE = (31.0, 39.0)
"""Matter that is shown white, in mm of compact bone."""

KneePatient = Imaged[PatientPlan, Build, Setting]


def make_patient(seed: int, number: int, setting: Setting) -> KneePatient:
    """Patient `number` (from 0) of the data set that belongs to `seed`."""
    plan = plan_patient(seed, number, setting)
    build = sample_build(setting.space, np.random.default_rng(patient_seed(seed, number, 1)))
    return Imaged(plan, build, setting, image_seeds(seed, number, len(plan.images)))


def render_image(patient: KneePatient, number: int) -> WholeImage:
    """Lay one knee on a film and expose it, `number` from 0."""
    plan = patient.plan
    rng = np.random.default_rng(patient.images[number])
    right = plan.is_right(number)
    knee = Knee(patient.build, plan.knees[number], 1 if right else -1, sample_view(rng))
    film = Film(knee.view, rng)
    paint_flesh(film, knee)
    paint_bones(film, knee, rng)
    paint_surfaces(film, knee, rng)
    lesion, joint = paint_masks(film, knee, ill=plan.label != "0")
    exposure = sample_exposure(WHITE, patient.setting.noise, "R" if right else "L", rng)
    return WholeImage(plan.images[number], exposed(film, exposure, rng), lesion, joint)
