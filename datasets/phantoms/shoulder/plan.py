"""What is decided about a patient before anything is drawn: grade, fat and size of the supraspinatus, other muscles.

The first `MINIMUM_PATIENTS` patients hold every grade once in every twelve, so that five folds have every grade; from
there on every sixty patients have the paper's shares as nearly as whole patients can. The number of images does not
depend on the grade, so the shares hold by image too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from spinedet.datasets.phantoms.people import ORDER, image_names, label_in_block, patient_name, patient_seed
from spinedet.datasets.phantoms.shoulder.anatomy import OTHERS

Grade = Literal["0", "1", "2", "3", "4"]

CLASSES: tuple[Grade, ...] = ("0", "1", "2", "3", "4")
"""Goutallier's grades: no fat, some streaks, less fat than muscle, as much, more."""

MINIMUM_PATIENTS = 60
"""As many patients have five of every grade at least."""

FIRST: tuple[Grade, ...] = ("0",) * 7 + ("1",) * 2 + ("2", "3", "4")
"""Every twelve of the first patients (58.3, 16.7, 8.3, 8.3, 8.3 %)."""

LATER: tuple[Grade, ...] = ("0",) * 40 + ("1",) * 12 + ("2",) * 5 + ("3",) * 2 + ("4",)
"""Every sixty patients from there on (66.7, 20.0, 8.3, 3.3, 1.7 %); the paper has 66.50, 18.81, 8.42, 3.96, 2.31 %."""

LATER_ORDER = ORDER + 1
"""Purpose of the random source of the later blocks, which are counted from 0 again."""

IMAGES = (1, 3)
"""Least and most images of a patient."""

WANDER = 0.07
"""Standard deviation of fat and size between neighbouring images of one muscle, as a fraction."""

Ranges = Mapping[Grade, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Setting:
    """How hard it is to tell the grades apart.

    Attributes:
        fat: Least and greatest share of fat in the supraspinatus, by grade.
        occupation: Least and greatest share of the fossa that the muscle fills, by grade.
        affected: Share of patients in whom another muscle holds fat, each muscle for itself.
        elsewhere: Least and greatest share of fat in such a muscle.
        bias: Strength of the coil's uneven field, as the logarithm's standard deviation.
        noise: Least and greatest standard deviation of the noise, where full signal is 1.
    """

    fat: Ranges
    occupation: Ranges
    affected: float
    elsewhere: tuple[float, float]
    bias: float
    noise: tuple[float, float]


EASY = Setting(
    fat={"0": (0, 0), "1": (0.06, 0.15), "2": (0.24, 0.38), "3": (0.46, 0.54), "4": (0.64, 0.85)},
    occupation={"0": (0.8, 0.93), "1": (0.72, 0.9), "2": (0.6, 0.82), "3": (0.5, 0.72), "4": (0.38, 0.6)},
    affected=0.3,
    elsewhere=(0.05, 0.5),
    bias=0.08,
    noise=(0.008, 0.025),
)

HARD = Setting(
    fat={"0": (0, 0.12), "1": (0.03, 0.32), "2": (0.1, 0.46), "3": (0.26, 0.62), "4": (0.42, 0.85)},
    occupation={"0": (0.6, 0.93), "1": (0.56, 0.92), "2": (0.5, 0.88), "3": (0.45, 0.8), "4": (0.38, 0.72)},
    affected=0.45,
    elsewhere=(0.05, 0.7),
    bias=0.2,
    noise=(0.02, 0.06),
)


@dataclass(frozen=True, slots=True)
class PatientPlan:
    """A patient on paper.

    Attributes:
        patient: Name of the patient, `P0001` for number 0.
        label: Goutallier's grade, the same in all images.
        fat: Share of fat in the supraspinatus, one an image.
        occupation: Share of the fossa that the muscle fills, one an image.
        elsewhere: Share of fat in every other muscle (M,), in the order of `anatomy.OTHERS`.
    """

    patient: str
    label: Grade
    fat: tuple[float, ...]
    occupation: tuple[float, ...]
    elsewhere: NDArray[np.float64]

    @property
    def images(self) -> tuple[str, ...]:
        """Stems of the patient's images."""
        return image_names(self.patient, len(self.fat))


def plan_patient(seed: int, number: int, setting: Setting) -> PatientPlan:
    """Decide about patient `number` (from 0)."""
    label = label_of(seed, number)
    rng = np.random.default_rng(patient_seed(seed, number, 0))
    count = int(rng.integers(IMAGES[0], IMAGES[1] + 1))
    fat, occupation = (_neighbours(ranges[label], count, rng) for ranges in (setting.fat, setting.occupation))
    affected = rng.random(len(OTHERS)) < setting.affected
    elsewhere = np.where(affected, rng.uniform(*setting.elsewhere, len(OTHERS)), 0.0)
    return PatientPlan(patient_name(number), label, fat, occupation, elsewhere)


def label_of(seed: int, number: int) -> Grade:
    """The grade of patient `number` (from 0)."""
    if number < MINIMUM_PATIENTS:
        return label_in_block(FIRST, seed, number)
    return label_in_block(LATER, seed, number - MINIMUM_PATIENTS, LATER_ORDER)


def _neighbours(limits: tuple[float, float], count: int, rng: np.random.Generator) -> tuple[float, ...]:
    """One value of the patient's, a little different in every image, within the limits."""
    values = rng.uniform(*limits) * (1 + WANDER * rng.standard_normal(count))
    return tuple(float(value) for value in np.clip(values, *limits))
