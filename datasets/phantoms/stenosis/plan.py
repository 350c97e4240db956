"""What is decided about a patient before anything is drawn: the grade, how narrow the canal is, what narrows it.

The grades are Schizas' (Spine 2010;35:1919) A to D in plain words: the sac loses room, then its fluid, then its roots.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from spinedet.datasets.phantoms.closeup import GOOD, POOR, Quality, neighbours
from spinedet.datasets.phantoms.people import image_names, label_in_block, patient_name, patient_seed

Grade = Literal["none", "mild", "moderate", "severe"]

CLASSES: tuple[Grade, ...] = ("none", "mild", "moderate", "severe")

BLOCK: tuple[Grade, ...] = ("none",) * 6 + ("mild",) * 5 + ("moderate",) * 5 + ("severe",) * 4
"""Every twenty patients (30, 25, 25, 20 %; 45 % from moderate on)."""

IMAGES = (1, 3)
"""Least and most images of a patient."""

CAUSE = (0.45, 1.0)
"""Least and greatest part that each of bulge, flavum and facets has in a narrowing."""


@dataclass(frozen=True, slots=True)
class Setting:
    """How hard it is to tell the grades apart.

    Attributes:
        narrowing: Least and greatest share of the sac's area that is lost, by grade.
        canal: Standard deviation of a canal's own width and depth, as a fraction.
        quality: How well the images are taken.
    """

    narrowing: Mapping[Grade, tuple[float, float]]
    canal: float
    quality: Quality


EASY = Setting(
    narrowing={"none": (0, 0.06), "mild": (0.22, 0.3), "moderate": (0.48, 0.58), "severe": (0.76, 0.86)},
    canal=0.04,
    quality=GOOD,
)

HARD = Setting(
    narrowing={"none": (0, 0.2), "mild": (0.1, 0.45), "moderate": (0.28, 0.65), "severe": (0.52, 0.86)},
    canal=0.1,
    quality=POOR,
)


@dataclass(frozen=True, slots=True)
class PatientPlan:
    """A patient on paper.

    Attributes:
        patient: Name of the patient, `P0001` for number 0.
        label: The grade, the same in all images.
        narrowing: Share of the sac's area that is lost, one an image.
        causes: The parts that bulge, flavum and facets have in it.
        canal: Width and depth of the canal, 1 for a person of middle size.
    """

    patient: str
    label: Grade
    narrowing: tuple[float, ...]
    causes: tuple[float, float, float]
    canal: tuple[float, float]

    @property
    def images(self) -> tuple[str, ...]:
        """Stems of the patient's images."""
        return image_names(self.patient, len(self.narrowing))


def plan_patient(seed: int, number: int, setting: Setting) -> PatientPlan:
    """Decide about patient `number` (from 0)."""
    label = label_of(seed, number)
    rng = np.random.default_rng(patient_seed(seed, number, 0))
    count = int(rng.integers(IMAGES[0], IMAGES[1] + 1))
    narrowing = neighbours(setting.narrowing[label], count, rng)
    bulge, flavum, facets = (float(part) for part in rng.uniform(*CAUSE, 3))
    width, depth = (float(size) for size in np.clip(1 + setting.canal * rng.standard_normal(2), 0.75, 1.25))
    return PatientPlan(patient_name(number), label, narrowing, (bulge, flavum, facets), (width, depth))


def label_of(seed: int, number: int) -> Grade:
    """The grade of patient `number` (from 0)."""
    return label_in_block(BLOCK, seed, number)
