"""The shoulder phantom as a Pascal VOC data set; its lesion is the fat, its region the fossa of the supraspinatus."""

from spinedet.datasets.phantoms.shoulder.anatomy import OTHERS
from spinedet.datasets.phantoms.shoulder.plan import CLASSES, EASY, HARD, PatientPlan, plan_patient
from spinedet.datasets.phantoms.shoulder.scene import make_patient, render_image
from spinedet.datasets.phantoms.whole_images import WholeImagePhantom


def _truth(plan: PatientPlan) -> list[tuple[object, ...]]:
    """What `phantom.csv` says of every image, beyond the common columns."""
    elsewhere = [f"{share:.3f}" for share in plan.elsewhere]
    return [
        (f"{fat:.3f}", f"{occupation:.3f}", *elsewhere)
        for fat, occupation in zip(plan.fat, plan.occupation, strict=True)
    ]


SHOULDER = WholeImagePhantom(
    name="shoulder",
    modality="MR, oblique sagittal, T2-like",
    classes=CLASSES,
    easy=EASY,
    hard=HARD,
    plan_patient=plan_patient,
    make_patient=make_patient,
    render_image=render_image,
    columns=("fat", "occupation", *OTHERS),
    truth=_truth,
)
"""The shoulder phantom: each patient has one to three images of 320 x 320 pixels; in the hard setting the grades
overlap in fat and in size of the muscle, and field and noise are worse."""
