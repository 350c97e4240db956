"""What is decided about a patient before anything is drawn: the views, and where and how a bone is broken.

A patient is abnormal where one view shows the fracture at least; a view along which the fragments lie behind each
other shows none, and is normal. Half of the patients are abnormal, in every ten.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from spinedet.datasets.convert.whole_images import Answer
from spinedet.datasets.phantoms.people import image_names, label_in_block, patient_name, patient_seed

Label = Literal["normal", "abnormal"]

CLASSES: tuple[Label, ...] = ("normal", "abnormal")

BLOCK: tuple[Label, ...] = ("normal",) * 5 + ("abnormal",) * 5
"""Every ten patients."""

VIEWS = {"posteroanterior": 0.0, "oblique": 45.0, "lateral": 90.0}
"""Turn of the forearm about its length in degrees."""

VIEW_SHARES = ((0, 0.15), (1, 0.5), (2, 0.35))
"""Share of patients with so many views beyond the first, which is the posteroanterior one."""

HIDDEN = 0.3
"""Share of patients with several views of whom one does not show the fracture."""

METAPHYSIS, SHAFT = (13.0, 27.0), (32.0, 56.0)
"""Where bones break, in mm from the wrist."""

STEP, TILT, GAP = 8.0, 30.0, (0.35, 2.4)
"""Of the most severe fracture: shift of the fragments in mm, their angle in degrees; the gap in mm from mild to severe.

The severity scales the first two; each has a scatter of its own.
"""


@dataclass(frozen=True, slots=True)
class Setting:
    """How hard it is to tell a broken bone.

    Attributes:
        severity: Least and greatest severity of a fracture.
        alike: Probability of each thing that looks like a fracture line, in any view.
        noise: Least and greatest standard deviation of the noise, where white is 1.
    """

    severity: tuple[float, float]
    alike: float
    noise: tuple[float, float]


EASY = Setting(severity=(0.55, 1.0), alike=0.1, noise=(0.004, 0.012))
HARD = Setting(severity=(0.02, 0.45), alike=0.5, noise=(0.01, 0.03))


@dataclass(frozen=True, slots=True)
class Break:
    """A fracture.

    Attributes:
        bones: Which bones: `radius`, `ulna`.
        level: Distance from the wrist in mm.
        slope: Rise of the line across the bone, mm a mm.
        step: Shift of the distal fragment in mm.
        tilt: Angle between the fragments in radians.
        gap: Distance between them in mm; below 0 they are driven into each other.
        plane: View in which step and tilt are greatest, in radians.
        severity: From 0 to 1.
    """

    bones: tuple[str, ...]
    level: float
    slope: float
    step: float
    tilt: float
    gap: float
    plane: float
    severity: float

    @property
    def splinted(self) -> bool:
        """One shaft alone is broken: the other bone holds the hand in its place."""
        return len(self.bones) == 1 and self.level >= SHAFT[0]


@dataclass(frozen=True, slots=True)
class PatientPlan:
    """A patient on paper.

    Attributes:
        patient: Name of the patient, `P0001` for number 0.
        label: The patient's class.
        views: Names of the views.
        shown: Whether each view shows the fracture.
        broken: The fracture, if there is one.
    """

    patient: str
    label: Label
    views: tuple[str, ...]
    shown: tuple[bool, ...]
    broken: Break | None

    @property
    def images(self) -> tuple[str, ...]:
        """Stems of the patient's images."""
        return image_names(self.patient, len(self.views))

    @property
    def answers(self) -> tuple[Answer, ...]:
        """The class of each view."""
        return tuple(Answer(CLASSES[shown]) for shown in self.shown)


def plan_patient(seed: int, number: int, setting: Setting) -> PatientPlan:
    """Decide about patient `number` (from 0)."""
    label = label_in_block(BLOCK, seed, number)
    rng = np.random.default_rng(patient_seed(seed, number, 0))
    views = _views(rng)
    hidden = int(rng.integers(len(views))) if len(views) > 1 and rng.random() < HIDDEN else None
    broken = _fracture(setting, rng) if label == "abnormal" else None
    shown = tuple(broken is not None and index != hidden for index in range(len(views)))
    return PatientPlan(patient_name(number), label, views, shown, broken)


def _views(rng: np.random.Generator) -> tuple[str, ...]:
    first, *others = VIEWS
    counts, shares = zip(*VIEW_SHARES, strict=True)
    more = int(rng.choice(counts, p=shares))
    chosen = {others[place] for place in rng.permutation(len(others))[:more]}
    return (first, *(name for name in others if name in chosen))


def _fracture(setting: Setting, rng: np.random.Generator) -> Break:
    severity = float(rng.uniform(*setting.severity))
    bones = (("radius",), ("radius", "ulna"), ("ulna",))[rng.choice(3, p=(0.65, 0.2, 0.15))]
    low = rng.random() < 0.55 and bones != ("ulna",)
    least, most = GAP
    driven_in = low and rng.random() < 0.4
    gap = (least + (most - least) * severity) * rng.uniform(0.7, 1.3)
    return Break(
        bones=bones,
        level=float(rng.uniform(*(METAPHYSIS if low else SHAFT))),
        slope=float(np.tan(np.radians(rng.uniform(-25, 25) if low else rng.uniform(-48, 48)))),
        step=float(STEP * severity * rng.uniform(0.6, 1.2)),
        tilt=float(np.radians(TILT * severity * rng.uniform(0.5, 1.2) * rng.choice([-1, 1]))),
        gap=float(-1.6 * gap if driven_in else gap),
        plane=float(np.radians(rng.uniform(0, 180))),
        severity=severity,
    )
