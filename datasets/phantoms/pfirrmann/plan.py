"""What is decided about a patient before anything is drawn: the grade, how worn the disc is, which disc it is.

All signs of a disc follow from one figure, its wear, so that neighbouring grades that share wear share their signs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from spinedet.datasets.phantoms.closeup import GOOD, POOR, Knots, Quality, along, neighbours
from spinedet.datasets.phantoms.people import image_names, label_in_block, patient_name, patient_seed

Grade = Literal["I", "II", "III", "IV", "V"]

CLASSES: tuple[Grade, ...] = ("I", "II", "III", "IV", "V")
"""Pfirrmann's grades (Spine 2001;26:1873)."""

DEGENERATED: tuple[Grade, ...] = ("III", "IV", "V")
"""Grades that have a lesion."""

BLOCK: tuple[Grade, ...] = ("I",) * 3 + ("II",) * 3 + ("III",) * 5 + ("IV",) * 5 + ("V",) * 4
"""Every twenty patients (15, 15, 25, 25, 20 %; 45 % from grade IV on)."""

LEVEL_WEIGHTS = {"L2/3": 0.2, "L3/4": 0.3, "L4/5": 0.4, "L5/S1": 0.1}
"""Which disc is looked at."""

IMAGES = (1, 3)
"""Least and most images of a patient."""

STEP = (0.12, 0.3)
"""Distance between neighbouring slices, where 1 is the edge of the canal."""

SIGNAL: Knots = ((0, 1.1), (0.1, 1.02), (0.24, 0.86), (0.42, 0.46), (0.62, 0.17), (0.8, 0.05), (1, 0))
"""Signal of the nucleus, 1 for a young one, by wear."""

CLEFT: Knots = ((0.06, 0), (0.2, 0.45), (0.4, 0.4), (0.6, 0.1), (1, 0))
"""Signal that the band in the nucleus's middle lacks, as a fraction, by wear."""

BORDER: Knots = ((0, 0.35), (0.26, 0.45), (0.42, 1.3), (0.65, 2.4), (1, 3.0))
"""How gradually nucleus turns to annulus, in mm, by wear."""

MOTTLE: Knots = ((0, 0.03), (0.25, 0.13), (0.5, 0.28), (1, 0.3))
"""Unevenness of the nucleus, as a fraction of its signal, by wear."""

HEIGHT: Knots = ((0, 1.06), (0.3, 1.0), (0.45, 0.93), (0.66, 0.78), (0.82, 0.58), (1, 0.36))
"""Height as a fraction of a healthy disc's, by wear."""

BULGE: Knots = ((0, 0.0), (0.3, 0.3), (0.6, 1.4), (1, 2.4))
"""How far the disc stands into the canal, in mm, by wear."""


@dataclass(frozen=True, slots=True)
class Setting:
    """How hard it is to tell the grades apart.

    Attributes:
        wear: Least and greatest wear, by grade.
        scatter: Standard deviation of a healthy disc's own signal and height, as a fraction.
        quality: How well the images are taken.
    """

    wear: Mapping[Grade, tuple[float, float]]
    scatter: float
    quality: Quality


EASY = Setting(
    wear={"I": (0, 0.07), "II": (0.17, 0.26), "III": (0.38, 0.47), "IV": (0.6, 0.72), "V": (0.88, 1)},
    scatter=0.03,
    quality=GOOD,
)

HARD = Setting(
    wear={"I": (0, 0.18), "II": (0.1, 0.35), "III": (0.28, 0.6), "IV": (0.45, 0.82), "V": (0.7, 1)},
    scatter=0.08,
    quality=POOR,
)


@dataclass(frozen=True, slots=True)
class PatientPlan:
    """A patient on paper.

    Attributes:
        patient: Name of the patient, `P0001` for number 0.
        label: Pfirrmann's grade, the same in all images.
        level: Which disc.
        wear: From a young disc (0) to a collapsed one (1), one an image.
        signal, height: Factors that make this disc its own.
        offsets: One an image: distance from the midline, from -1 to 1 (the edges of the canal).
    """

    patient: str
    label: Grade
    level: str
    wear: tuple[float, ...]
    signal: float
    height: float
    offsets: tuple[float, ...]

    @property
    def images(self) -> tuple[str, ...]:
        """Stems of the patient's images."""
        return image_names(self.patient, len(self.wear))

    def brightness(self, index: int) -> float:
        """Signal of the nucleus in one image, 1 for a young one."""
        return self.signal * along(SIGNAL, self.wear[index])

    def tallness(self, index: int) -> float:
        """Height of the disc in one image as a fraction of a healthy one's."""
        return self.height * along(HEIGHT, self.wear[index])


def plan_patient(seed: int, number: int, setting: Setting) -> PatientPlan:
    """Decide about patient `number` (from 0)."""
    label = label_of(seed, number)
    rng = np.random.default_rng(patient_seed(seed, number, 0))
    count = int(rng.integers(IMAGES[0], IMAGES[1] + 1))
    level = str(rng.choice(list(LEVEL_WEIGHTS), p=list(LEVEL_WEIGHTS.values())))
    signal, height = np.clip(1 + setting.scatter * rng.standard_normal(2), 0.75, 1.25)
    offsets = rng.normal(0, 0.12) + rng.uniform(*STEP) * np.array([0, 1, -1])[:count]
    wear = neighbours(setting.wear[label], count, rng)
    where = tuple(float(offset) for offset in offsets)
    return PatientPlan(patient_name(number), label, level, wear, float(signal), float(height), where)


def label_of(seed: int, number: int) -> Grade:
    """The grade of patient `number` (from 0)."""
    return label_in_block(BLOCK, seed, number)
