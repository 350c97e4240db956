"""The fracture phantom as a Pascal VOC data set; its lesion is what surrounds the fracture, its region the limb."""

from spinedet.datasets.convert.whole_images import Answer
from spinedet.datasets.phantoms.fracture.plan import CLASSES, EASY, HARD, PatientPlan, plan_patient
from spinedet.datasets.phantoms.fracture.scene import make_patient, render_image
from spinedet.datasets.phantoms.whole_images import WholeImagePhantom

NOTHING = ("",) * 6
"""What the table says of a view that shows no fracture."""


def _truth(plan: PatientPlan) -> list[tuple[object, ...]]:
    """What `phantom.csv` says of every image, beyond the common columns."""
    found = plan.broken
    if found is None:
        return [(view, *NOTHING) for view in plan.views]
    sizes = (found.severity, found.level, found.step, found.tilt, found.gap)
    cells = ("+".join(found.bones), *(f"{size:.3f}" for size in sizes))
    return [(view, *(cells if shown else NOTHING)) for view, shown in zip(plan.views, plan.shown, strict=True)]


def _answers(plan: PatientPlan) -> tuple[Answer, ...]:
    """Each view for itself."""
    return plan.answers


FRACTURE = WholeImagePhantom(
    name="fracture",
    modality="CR, forearm",
    classes=CLASSES,
    easy=EASY,
    hard=HARD,
    plan_patient=plan_patient,
    make_patient=make_patient,
    render_image=render_image,
    columns=("view", "bones", "severity", "level", "step", "tilt", "gap"),
    truth=_truth,
    answers=_answers,
)
"""The fracture phantom: each patient has one to three views of 176 x 224 pixels; in the hard setting fragments hardly
move, more looks like a fracture line, and noise is stronger."""
