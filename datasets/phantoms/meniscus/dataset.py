"""The meniscus phantom as a Pascal VOC data set; its lesion is the torn horn, its region the joint of the knee."""

from spinedet.datasets.phantoms.meniscus.plan import CLASSES, EASY, HARD, PatientPlan, plan_patient
from spinedet.datasets.phantoms.meniscus.scene import make_patient, render_image
from spinedet.datasets.phantoms.whole_images import WholeImagePhantom


def _truth(plan: PatientPlan) -> list[tuple[object, ...]]:
    """What `phantom.csv` says of every image, beyond the common columns."""
    return [
        (plan.horn, plan.kind, f"{level:.3f}", f"{reach:.3f}", f"{contrast:.3f}")
        for level, reach, contrast in zip(plan.levels, plan.reach, plan.contrast, strict=True)
    ]


MENISCUS = WholeImagePhantom(
    name="meniscus",
    modality="MR, sagittal, PD-like",
    classes=CLASSES,
    easy=EASY,
    hard=HARD,
    plan_patient=plan_patient,
    make_patient=make_patient,
    render_image=render_image,
    columns=("horn", "kind", "level", "reach", "contrast"),
    truth=_truth,
)
"""The meniscus phantom: each patient has one to three images of 208 x 208 pixels; in the hard setting most intact
menisci hold a line as well, tears may seem to end within the meniscus, and field and noise are worse."""
