"""What is decided about a patient before anything is drawn: the bone age, the hand's size, and each centre's own pace.

The bone age is what a reader of the image should say. Every nine patients have each class once, so forty-five patients
give every class to every one of five folds.
"""

from dataclasses import dataclass

import numpy as np

from spinedet.datasets.convert.whole_images import Answer
from spinedet.datasets.phantoms.people import image_names, label_in_block, patient_name, patient_seed

BINS = {f"y{years:02d}": 12.0 * years for years in range(2, 20, 2)}
"""Each class and the months that it stands for."""

CLASSES = tuple(BINS)

BOTH = 0.3
"""Share of patients whose other hand was imaged too."""

HALF_BIN = 11.9
"""Greatest distance in months of an age from its class's."""

GROWTH = ((12, 24, 48, 72, 96, 120, 144, 168, 192, 228), (0.47, 0.54, 0.64, 0.71, 0.77, 0.83, 0.9, 0.97, 1, 1))
"""Months, and the length of a hand by then as a share of a grown one."""


@dataclass(frozen=True, slots=True)
class Setting:
    """How hard it is to tell the age.

    Attributes:
        pace: Standard deviation in months by which each centre is ahead of the hand or behind it.
        size: Standard deviation of the hands' sizes at one age, as a fraction.
        noise: Least and greatest standard deviation of the noise, where white is 1.
    """

    pace: float
    size: float
    noise: tuple[float, float]


EASY = Setting(pace=3.0, size=0.04, noise=(0.004, 0.012))
HARD = Setting(pace=10.0, size=0.09, noise=(0.012, 0.035))


@dataclass(frozen=True, slots=True)
class PatientPlan:
    """A patient on paper.

    Attributes:
        patient: Name of the patient, `P0001` for number 0.
        label: The class nearest to the bone age.
        months: The bone age.
        size: Length of the hand, 1 for a grown one of middle size.
        pace: Standard deviation of the centres' own ages in months.
        hands: Which hand each image shows, `L` or `R`.
    """

    patient: str
    label: str
    months: float
    size: float
    pace: float
    hands: tuple[str, ...]

    @property
    def images(self) -> tuple[str, ...]:
        """Stems of the patient's images."""
        return image_names(self.patient, len(self.hands))

    @property
    def answers(self) -> tuple[Answer, ...]:
        """The class of each image, and the months themselves."""
        return (Answer(self.label, self.months),) * len(self.hands)


def plan_patient(seed: int, number: int, setting: Setting) -> PatientPlan:
    """Decide about patient `number` (from 0)."""
    label = label_in_block(CLASSES, seed, number)
    rng = np.random.default_rng(patient_seed(seed, number, 0))
    months = round(BINS[label] + float(rng.uniform(-HALF_BIN, HALF_BIN)), 1)
    size = float(np.interp(months, *GROWTH) * np.clip(1 + setting.size * rng.standard_normal(), 0.8, 1.2))
    order = "LR" if rng.random() < 0.5 else "RL"
    hands = tuple(order) if rng.random() < BOTH else (order[0],)
    return PatientPlan(patient_name(number), label, months, size, setting.pace, hands)
