"""The thigh phantom as a Pascal VOC data set; its region is each leg, 1 on the image's left, 2 on its right."""

from spinedet.datasets.phantoms.thigh.patterns import CLASSES
from spinedet.datasets.phantoms.thigh.plan import EASY, HARD, PatientPlan, plan_patient
from spinedet.datasets.phantoms.thigh.scene import make_patient, render_image
from spinedet.datasets.phantoms.whole_images import WholeImagePhantom


def _truth(plan: PatientPlan) -> list[tuple[object, ...]]:
    """What `phantom.csv` says of every image, beyond the common columns."""
    return [
        (plan.pattern.name, f"{plan.course:.3f}", f"{level:.3f}", int(touching))
        for level, touching in zip(plan.levels, plan.touching, strict=True)
    ]


THIGH = WholeImagePhantom(
    name="thigh",
    modality="MR, axial, T1-like",
    classes=CLASSES,
    easy=EASY,
    hard=HARD,
    plan_patient=plan_patient,
    make_patient=make_patient,
    render_image=render_image,
    columns=("pattern", "course", "level", "touching"),
    truth=_truth,
)
"""The thigh phantom: each patient has three to six images of 384 x 256 pixels; the hard setting has milder disease,
more that looks alike, a more uneven field and more noise."""
