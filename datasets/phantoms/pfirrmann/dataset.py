"""The disc phantom as a Pascal VOC data set; its lesion is a degenerated disc, its region the disc."""

from spinedet.datasets.phantoms.pfirrmann.plan import CLASSES, EASY, HARD, PatientPlan, plan_patient
from spinedet.datasets.phantoms.pfirrmann.scene import make_patient, render_image
from spinedet.datasets.phantoms.whole_images import WholeImagePhantom


def _truth(plan: PatientPlan) -> list[tuple[object, ...]]:
    """What `phantom.csv` says of every image, beyond the common columns."""
    return [
        (plan.level, f"{wear:.3f}", f"{plan.brightness(index):.3f}", f"{plan.tallness(index):.3f}")
        for index, wear in enumerate(plan.wear)
    ]


PFIRRMANN = WholeImagePhantom(
    name="pfirrmann",
    modality="MR, sagittal, T2-like",
    classes=CLASSES,
    easy=EASY,
    hard=HARD,
    plan_patient=plan_patient,
    make_patient=make_patient,
    render_image=render_image,
    columns=("level", "wear", "signal", "height"),
    truth=_truth,
)
"""The disc phantom: each patient has one to three images of 192 x 192 pixels of one disc; in the hard setting the
grades overlap in wear, healthy discs differ more, and field and noise are worse."""
