"""One patient's hands from plan to images."""

import numpy as np

from spinedet.datasets.phantoms.bone_age.anatomy import Build, lay_hand, sample_build
from spinedet.datasets.phantoms.bone_age.painting import paint_flesh, paint_rays, paint_wrist
from spinedet.datasets.phantoms.bone_age.plan import PatientPlan, Setting, plan_patient
from spinedet.datasets.phantoms.exposure import exposed, sample_exposure
from spinedet.datasets.phantoms.people import image_seeds, patient_seed
from spinedet.datasets.phantoms.radiograph import Film
from spinedet.datasets.phantoms.whole_images import Imaged, WholeImage

WHITE = (9.5, 12.0)
"""Matter that is shown white for a grown hand, in mm of compact bone; less is set for a small one."""

HandPatient = Imaged[PatientPlan, Build, Setting]


def make_patient(seed: int, number: int, setting: Setting) -> HandPatient:
    """Patient `number` (from 0) of the data set that belongs to `seed`."""
    plan = plan_patient(seed, number, setting)
    build = sample_build(np.random.default_rng(patient_seed(seed, number, 1)))
    return Imaged(plan, build, setting, image_seeds(seed, number, len(plan.images)))


def render_image(patient: HandPatient, number: int) -> WholeImage:
    """Lay one hand on a film and expose it, `number` from 0; there is no lesion, and the hand is the region."""
    plan, side = patient.plan, patient.plan.hands[number]
    rng = np.random.default_rng(patient.images[number])
    hand = lay_hand(patient.build, plan.size, 1 if side == "R" else -1, rng)
    film = Film(hand.view, rng)
    skin = paint_flesh(film, hand)
    paint_wrist(film, hand, plan.months, plan.pace, rng)
    paint_rays(film, hand, plan.months, plan.pace, rng)
    lesion, region = (np.zeros(film.matter.shape, np.uint8) for _ in range(2))
    film.view.label(region, skin, 1)
    white = WHITE[0] * plan.size, WHITE[1] * plan.size
    exposure = sample_exposure(white, patient.setting.noise, side, rng)
    return WholeImage(plan.images[number], exposed(film, exposure, rng), lesion, region)
