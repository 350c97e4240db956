"""What is decided about a patient before anything is drawn: the grade, and how far each sign of wear has gone.

A knee has one severity within the limits of its grade; narrowing, spurs and sclerosis follow it, each with a scatter of
its own. So no reader of the image can tell the grades better than the severity does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from spinedet.datasets.phantoms.people import image_names, label_in_block, patient_name, patient_seed

Grade = Literal["0", "1", "2", "3", "4"]

CLASSES: tuple[Grade, ...] = ("0", "1", "2", "3", "4")
"""Kellgren and Lawrence: none, doubtful, minimal, moderate, severe osteoarthritis."""

BLOCK: tuple[Grade, ...] = ("0", "0", "1", "1", "2", "2", "3", "4")
"""Every eight patients (25, 25, 25, 12.5, 12.5 %); forty have five of every grade at least."""

BOTH = 0.5
"""Share of patients whose other knee was imaged too; it has the same grade."""

MEDIAL = 0.7
"""Share of knees that are worn on the inner side."""

SPUR, SPURS_FROM = 9.0, 0.1
"""Length of the longest spurs in mm, and the severity from which there are any."""

NARROW_FROM, SCLEROSIS_FROM, CYSTS_FROM = 0.2, 0.4, 0.75
"""Severity from which the joint space narrows, bone beside it hardens, cysts appear."""


@dataclass(frozen=True, slots=True)
class Setting:
    """How hard it is to tell the grades apart.

    Attributes:
        severity: Least and greatest severity, by grade.
        scatter: Standard deviation of each sign around the severity.
        space: Least and greatest joint space before it narrowed, in mm.
        noise: Least and greatest standard deviation of the noise, where white is 1.
    """

    severity: Mapping[Grade, tuple[float, float]]
    scatter: float
    space: tuple[float, float]
    noise: tuple[float, float]


EASY = Setting(
    severity={"0": (0, 0.08), "1": (0.17, 0.28), "2": (0.37, 0.5), "3": (0.6, 0.74), "4": (0.86, 1)},
    scatter=0.03,
    space=(4.9, 5.7),
    noise=(0.003, 0.007),
)

HARD = Setting(
    severity={"0": (0, 0.26), "1": (0.1, 0.4), "2": (0.24, 0.6), "3": (0.42, 0.82), "4": (0.64, 1)},
    scatter=0.08,
    space=(4.2, 6.2),
    noise=(0.006, 0.016),
)


@dataclass(frozen=True, slots=True)
class Wear:
    """The state of one knee.

    Attributes:
        severity: From 0 to 1.
        medial: Whether the inner compartment is worn, or the outer one.
        narrowing: Share of its joint space that is lost; above 1 the bone itself is ground off.
        spur: Length of its spurs in mm.
        sclerosis: Hardening of its bone, from 0 to 1.
        cysts: How many there are.
    """

    severity: float
    medial: bool
    narrowing: float
    spur: float
    sclerosis: float
    cysts: int


@dataclass(frozen=True, slots=True)
class PatientPlan:
    """A patient on paper.

    Attributes:
        patient: Name of the patient, `P0001` for number 0.
        label: The grade of all of the patient's knees.
        knees: Wear of each knee that was imaged.
        right_first: Whether the first is the right one.
    """

    patient: str
    label: Grade
    knees: tuple[Wear, ...]
    right_first: bool

    @property
    def images(self) -> tuple[str, ...]:
        """Stems of the patient's images."""
        return image_names(self.patient, len(self.knees))

    def is_right(self, image: int) -> bool:
        """Whether an image, numbered from 0, shows the right knee."""
        return self.right_first == (image == 0)


def plan_patient(seed: int, number: int, setting: Setting) -> PatientPlan:
    """Decide about patient `number` (from 0)."""
    label = label_in_block(BLOCK, seed, number)
    rng = np.random.default_rng(patient_seed(seed, number, 0))
    count = 1 + int(rng.random() < BOTH)
    medial = bool(rng.random() < MEDIAL)
    knees = tuple(_wear(setting.severity[label], medial, setting.scatter, rng) for _ in range(count))
    return PatientPlan(patient_name(number), label, knees, bool(rng.random() < 0.5))


def _wear(limits: tuple[float, float], medial: bool, scatter: float, rng: np.random.Generator) -> Wear:
    severity = float(rng.uniform(*limits))
    narrowing, spur, sclerosis = (
        max(0.0, float(severity + scatter * rng.standard_normal() - start) / (1 - start))
        for start in (NARROW_FROM, SPURS_FROM, SCLEROSIS_FROM)
    )
    cysts = int(rng.integers(1, 4)) if severity > CYSTS_FROM else 0
    return Wear(severity, medial, min(narrowing, 1.1), SPUR * spur, min(sclerosis, 1.0), cysts)
