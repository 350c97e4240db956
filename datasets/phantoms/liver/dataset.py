"""The liver phantom as a Pascal VOC data set; its lesion is the nodular liver of patients with cirrhosis."""

from spinedet.datasets.phantoms.liver.plan import CLASSES, EASY, HARD, PatientPlan, plan_patient
from spinedet.datasets.phantoms.liver.scene import make_patient, render_image
from spinedet.datasets.phantoms.whole_images import WholeImagePhantom


def _truth(plan: PatientPlan) -> list[tuple[object, ...]]:
    """What `phantom.csv` says of every image, beyond the common columns."""
    signs = (plan.signs.nodular, plan.signs.shape, plan.signs.fissures, plan.signs.spleen, plan.signs.ascites)
    shares = [f"{value:.3f}" for value in (plan.course, *signs, plan.signal, plan.patchy)]
    return [(int(plan.copy), *shares, plan.cysts, f"{level:.3f}") for level in plan.levels]


LIVER = WholeImagePhantom(
    name="liver",
    modality="MR, axial, T2-like",
    classes=CLASSES,
    easy=EASY,
    hard=HARD,
    plan_patient=plan_patient,
    make_patient=make_patient,
    render_image=render_image,
    columns=(
        "copy",
        "course",
        "nodular",
        "shape",
        "fissures",
        "spleen",
        "ascites",
        "signal",
        "patchy",
        "cysts",
        "level",
    ),
    truth=_truth,
)
"""The liver phantom: each patient has one to three images of 320 x 256 pixels; the hard setting has earlier disease,
finer nodules, more that looks alike, a more uneven field and more noise."""
