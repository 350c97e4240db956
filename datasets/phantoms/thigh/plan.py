"""What is decided about a patient before anything is drawn: class, disease, levels, degree of every muscle.

Of every twenty patients exactly four have Duchenne, three Becker and thirteen another disease (or none), in an order
that the seed decides; levels and number of images do not depend on the class, so the shares hold by image too.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinedet.datasets.phantoms.people import (
    image_names,
    label_in_block,
    patient_name,
    patient_seed,
    spread_levels,
)
from spinedet.datasets.phantoms.thigh.patterns import BECKER, COPY, DUCHENNE, MIMIC, OTHERS, Label, Pattern

BLOCK: tuple[Label, ...] = ("DMD",) * 4 + ("BMD",) * 3 + ("other",) * 13
"""The paper's test images: 130 DMD, 98 BMD, 420 other (20, 15, 65 %)."""

IMAGES = (3, 6)
"""Least and most levels of a patient."""

LEVELS = (0.1, 0.86)
"""Between the hip (0) and the knee (1)."""

TOUCHING = 0.06
"""Share of images on which the legs touch; `phantom.csv` names them."""

SLOPE = 1.7
"""Degree that a muscle gains while the disease goes from the muscle's onset to its end."""

LEAST = 0.14
"""Degrees below this are nothing: a muscle is affected or it is not."""


@dataclass(frozen=True, slots=True)
class Setting:
    """How hard it is to tell the classes apart.

    Attributes:
        course: Least and greatest course of the disease (0 to 1), by label.
        mimics: Share, among patients with another disease, of those whose pattern is nearly Becker's.
        copies: Share of those whose muscles cannot be told from Becker's at all; they keep every AUC from 1.
        scatter: Factor of the patterns' own scatter.
        bias: Strength of the coil's uneven field, as the logarithm's standard deviation.
        noise: Least and greatest standard deviation of the noise, where full signal is 1.
    """

    course: Mapping[Label, tuple[float, float]]
    mimics: float
    copies: float
    scatter: float
    bias: float
    noise: tuple[float, float]


EASY = Setting(
    course={"DMD": (0.5, 1.0), "BMD": (0.4, 0.9), "other": (0.35, 0.9)},
    mimics=0.04,
    copies=0.0,
    scatter=1.0,
    bias=0.08,
    noise=(0.008, 0.025),
)

HARD = Setting(
    course={"DMD": (0.25, 0.8), "BMD": (0.22, 0.65), "other": (0.2, 0.7)},
    mimics=0.08,
    copies=0.06,
    scatter=1.4,
    bias=0.2,
    noise=(0.02, 0.06),
)


@dataclass(frozen=True, slots=True)
class PatientPlan:
    """A patient on paper.

    Attributes:
        patient: Name of the patient, `P0001` for number 0.
        label: The class.
        pattern: The disease.
        course: How far it has gone, from 0 to 1.
        levels: One an image, from the hip (0) to the knee (1).
        touching: One an image: whether the legs touch.
        onset: When each muscle joins in (2, M): the leg on the image's left, the one on its right.
    """

    patient: str
    label: Label
    pattern: Pattern
    course: float
    levels: tuple[float, ...]
    touching: tuple[bool, ...]
    onset: NDArray[np.float64]

    @property
    def images(self) -> tuple[str, ...]:
        """Stems of the patient's images, one a level."""
        return image_names(self.patient, len(self.levels))

    def degrees(self, level: float) -> NDArray[np.float64]:
        """How much of every muscle is affected at a level (2, M), from 0 to 1."""
        course = self.course * (1 + self.pattern.distal * (level - 0.5))
        degrees = np.clip(SLOPE * (course - self.onset), 0, 1)
        return np.asarray(np.where(degrees < LEAST, 0.0, degrees))


def plan_patient(seed: int, number: int, setting: Setting) -> PatientPlan:
    """Decide about patient `number` (from 0)."""
    label = label_of(seed, number)
    rng = np.random.default_rng(patient_seed(seed, number, 0))
    pattern = _pattern(label, setting, rng)
    course = float(rng.uniform(*setting.course[label]))
    levels = spread_levels(int(rng.integers(IMAGES[0], IMAGES[1] + 1)), LEVELS, rng)
    touching = tuple(bool(touch) for touch in rng.random(len(levels)) < TOUCHING)
    return PatientPlan(
        patient_name(number), label, pattern, course, levels, touching, _onset(pattern, setting, course, rng)
    )


def label_of(seed: int, number: int) -> Label:
    """The class of patient `number` (from 0)."""
    return label_in_block(BLOCK, seed, number)


def _pattern(label: Label, setting: Setting, rng: np.random.Generator) -> Pattern:
    if label != "other":
        return DUCHENNE if label == "DMD" else BECKER
    chance = rng.random()
    if chance < setting.copies:
        return COPY
    return MIMIC if chance < setting.copies + setting.mimics else OTHERS[int(rng.integers(len(OTHERS)))]


def _onset(pattern: Pattern, setting: Setting, course: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """The patient's own order (2, M); in one of the legs the disease may lag behind."""
    onsets = pattern.onsets()
    own = onsets + rng.normal(0, pattern.scatter * setting.scatter, len(onsets))
    legs = own + rng.normal(0, 0.04 * setting.scatter, (2, len(onsets)))
    legs[rng.integers(2)] += course * pattern.uneven * rng.random()
    return np.asarray(legs)
