"""The knee phantom as a Pascal VOC data set; its lesion is the worn compartment with spurs, its region the joint."""

from spinedet.datasets.phantoms.knee_oa.plan import CLASSES, EASY, HARD, PatientPlan, plan_patient
from spinedet.datasets.phantoms.knee_oa.scene import make_patient, render_image
from spinedet.datasets.phantoms.whole_images import WholeImagePhantom


def _truth(plan: PatientPlan) -> list[tuple[object, ...]]:
    """What `phantom.csv` says of every image, beyond the common columns."""
    rows: list[tuple[object, ...]] = []
    for image, knee in enumerate(plan.knees):
        signs = (knee.severity, knee.narrowing, knee.spur, knee.sclerosis)
        side, worn = "R" if plan.is_right(image) else "L", "medial" if knee.medial else "lateral"
        rows.append((side, worn, *(f"{sign:.3f}" for sign in signs), knee.cysts))
    return rows


KNEE_OA = WholeImagePhantom(
    name="knee_oa",
    modality="CR, knee, anteroposterior",
    classes=CLASSES,
    easy=EASY,
    hard=HARD,
    plan_patient=plan_patient,
    make_patient=make_patient,
    render_image=render_image,
    columns=("side", "compartment", "severity", "narrowing", "spur", "sclerosis", "cysts"),
    truth=_truth,
)
"""The knee phantom: each patient has one or two knees of 192 x 192 pixels; in the hard setting the grades overlap,
signs agree less with each other, healthy joint spaces differ more, and noise is stronger."""
