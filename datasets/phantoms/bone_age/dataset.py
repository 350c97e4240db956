"""The bone age phantom as a Pascal VOC data set; it has no lesion, its region is the hand."""

from spinedet.datasets.convert.whole_images import Answer
from spinedet.datasets.phantoms.bone_age.plan import CLASSES, EASY, HARD, PatientPlan, plan_patient
from spinedet.datasets.phantoms.bone_age.scene import make_patient, render_image
from spinedet.datasets.phantoms.whole_images import WholeImagePhantom


def _truth(plan: PatientPlan) -> list[tuple[object, ...]]:
    """What `phantom.csv` says of every image, beyond the common columns."""
    return [(plan.months, f"{plan.size:.3f}", hand) for hand in plan.hands]


def _answers(plan: PatientPlan) -> tuple[Answer, ...]:
    """The class, and the months themselves."""
    return plan.answers


BONE_AGE = WholeImagePhantom(
    name="bone_age",
    modality="CR, hand, posteroanterior",
    classes=CLASSES,
    easy=EASY,
    hard=HARD,
    plan_patient=plan_patient,
    make_patient=make_patient,
    render_image=render_image,
    columns=("months", "size", "hand"),
    truth=_truth,
    answers=_answers,
)
"""The bone age phantom: each patient has one or two hands of 192 x 256 pixels, whose months the annotation keeps
beside the class; in the hard setting each bone has more of a pace of its own, sizes differ more, and there is
more noise."""
