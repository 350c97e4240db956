"""The stenosis phantom as a VOC data set; its lesion is a narrow canal and what narrows it, its region the canal."""

from spinedet.datasets.phantoms.stenosis.plan import CLASSES, EASY, HARD, PatientPlan, plan_patient
from spinedet.datasets.phantoms.stenosis.scene import make_patient, render_image
from spinedet.datasets.phantoms.whole_images import WholeImagePhantom


def _truth(plan: PatientPlan) -> list[tuple[object, ...]]:
    """What `phantom.csv` says of every image, beyond the common columns."""
    causes = [f"{part:.3f}" for part in plan.causes]
    return [(f"{lost:.3f}", *causes) for lost in plan.narrowing]


STENOSIS = WholeImagePhantom(
    name="stenosis",
    modality="MR, axial, T2-like",
    classes=CLASSES,
    easy=EASY,
    hard=HARD,
    plan_patient=plan_patient,
    make_patient=make_patient,
    render_image=render_image,
    columns=("narrowing", "bulge", "flavum", "facets"),
    truth=_truth,
)
"""The stenosis phantom: each patient has one to three images of 192 x 192 pixels; in the hard setting the grades
overlap in what is lost of the sac's area, healthy canals differ more, and field and noise are worse."""
