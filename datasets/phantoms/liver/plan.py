"""What is decided about a patient before anything is drawn: class, how far each sign has gone, levels, what misleads.

Of every nine patients exactly seven have cirrhosis, in an order that the seed decides; levels, the number of images,
and what misleads (fat, iron, cysts) do not depend on the class, so the shares hold by image too.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from spinedet.datasets.phantoms.people import (
    image_names,
    label_in_block,
    patient_name,
    patient_seed,
    spread_levels,
)

Label = Literal["normal", "cirrhosis"]

CLASSES: tuple[Label, ...] = ("normal", "cirrhosis")
"""The classes in the order of `dataset.yaml`."""

BLOCK: tuple[Label, ...] = ("cirrhosis",) * 7 + ("normal",) * 2
"""The paper's patients: 553 of 713 have cirrhosis (77.6 %; here 77.8 %)."""

IMAGES = (0.6, 0.25, 0.15)
"""Share of patients with one, two and three images; the paper has one each."""

LEVELS = (-1.0, 1.0)
"""Below (-1) to above (1) the middle of the caudate lobe."""

LEAST = 0.08
"""A cirrhotic liver is at least this nodular: there is always something to see."""

FATTY, IRON = 0.16, 0.14
"""Shares of livers whose signal is raised by fat or lowered by iron, in either class."""

CYSTS = 0.22
"""Share of livers with cysts, in either class."""


@dataclass(frozen=True, slots=True)
class Setting:
    """How hard it is to tell the classes apart.

    Attributes:
        course: Least and greatest course of cirrhosis, 0 to 1.
        scatter: Standard deviation of each sign around the course.
        variants: How far the shape of a healthy liver strays into what cirrhosis does, 0 to 1.
        patchy: Share of healthy livers with patches of fat.
        copies: Share of healthy patients who look like cirrhosis (as livers do after chemotherapy); biopsy alone
            tells, so no AUC reaches 1.
        nodules: Least and greatest size of a nodule in mm.
        contrast: Signal that septa have over nodules, as a fraction, where the course is 1.
        bias: Strength of the coils' uneven field, as the logarithm's standard deviation.
        noise: Least and greatest standard deviation of the noise, where full signal is 1.
    """

    course: tuple[float, float]
    scatter: float
    variants: float
    patchy: float
    copies: float
    nodules: tuple[float, float]
    contrast: float
    bias: float
    noise: tuple[float, float]


EASY = Setting(
    course=(0.35, 1.0),
    scatter=0.12,
    variants=0.35,
    patchy=0.15,
    copies=0.0,
    nodules=(6.0, 13.0),
    contrast=0.55,
    bias=0.1,
    noise=(0.01, 0.025),
)

HARD = Setting(
    course=(0.18, 0.85),
    scatter=0.16,
    variants=0.5,
    patchy=0.3,
    copies=0.08,
    nodules=(4.0, 10.0),
    contrast=0.5,
    bias=0.22,
    noise=(0.015, 0.035),
)


@dataclass(frozen=True, slots=True)
class Signs:
    """How far each sign of cirrhosis has gone, from 0 to 1.

    Attributes:
        nodular: Nodules and septa inside, and bumps of the outline.
        shape: Large caudate and left lobe, small right lobe.
        fissures: Width of the fissures.
        spleen: Its size.
        ascites: Depth of the fluid around the organs.
    """

    nodular: float
    shape: float
    fissures: float
    spleen: float
    ascites: float


@dataclass(frozen=True, slots=True)
class PatientPlan:
    """A patient on paper.

    Attributes:
        patient: Name of the patient, `P0001` for number 0.
        label: The class.
        copy: Healthy by label, cirrhotic by looks.
        course: How far the disease has gone, from 0 to 1; 0 for none.
        signs: What it has done.
        levels: One an image, below (-1) to above (1) the middle of the caudate lobe.
        signal: Factor of the liver's signal: fat raises it, iron lowers it.
        patchy: Strength of patches of fat, 0 for none.
        cysts: How many cysts.
        nodule: Size of a nodule in mm.
    """

    patient: str
    label: Label
    copy: bool
    course: float
    signs: Signs
    levels: tuple[float, ...]
    signal: float
    patchy: float
    cysts: int
    nodule: float

    @property
    def images(self) -> tuple[str, ...]:
        """Stems of the patient's images, one a level."""
        return image_names(self.patient, len(self.levels))


def plan_patient(seed: int, number: int, setting: Setting) -> PatientPlan:
    """Decide about patient `number` (from 0)."""
    label = label_of(seed, number)
    rng = np.random.default_rng(patient_seed(seed, number, 0))
    copy = bool(rng.random() < setting.copies) and label == "normal"
    sick = label == "cirrhosis" or copy
    course = float(rng.uniform(*setting.course)) if sick else 0.0
    return PatientPlan(
        patient=patient_name(number),
        label=label,
        copy=copy,
        course=course,
        signs=_cirrhotic(course, setting, rng) if sick else _healthy(setting, rng),
        levels=spread_levels(1 + int(rng.choice(len(IMAGES), p=IMAGES)), LEVELS, rng),
        signal=_signal(rng),
        patchy=float(rng.uniform(0.1, 0.25)) if not sick and rng.random() < setting.patchy else 0.0,
        cysts=int(rng.integers(1, 5)) if rng.random() < CYSTS else 0,
        nodule=float(rng.uniform(*setting.nodules)),
    )


def label_of(seed: int, number: int) -> Label:
    """The class of patient `number` (from 0)."""
    return label_in_block(BLOCK, seed, number)


def _cirrhotic(course: float, setting: Setting, rng: np.random.Generator) -> Signs:
    """Each sign near the course; ascites in the later half only, and not in all."""
    nodular, shape, fissures, spleen = (float(sign) for sign in course + rng.normal(0, setting.scatter, 4))
    dropsy = rng.random() < 0.75 * max(course - 0.25, 0)
    return Signs(
        nodular=float(np.clip(nodular, LEAST, 1)),
        shape=float(np.clip(shape, 0, 1)),
        fissures=float(np.clip(fissures, 0, 1)),
        spleen=float(np.clip(spleen, 0, 1)),
        ascites=float(rng.uniform(0.15, 1)) if dropsy else 0.0,
    )


def _healthy(setting: Setting, rng: np.random.Generator) -> Signs:
    """No nodules; the rest varies as it does among people, and a few have a large spleen or fluid of other causes."""
    shape, fissures, spleen = (float(sign) for sign in setting.variants * rng.random(3))
    odd = rng.random(2) < 0.06
    return Signs(
        nodular=0.0,
        shape=shape,
        fissures=fissures,
        spleen=spleen + (0.5 if odd[0] else 0.0),
        ascites=float(rng.uniform(0.1, 0.6)) if odd[1] else 0.0,
    )


def _signal(rng: np.random.Generator) -> float:
    chance = rng.random()
    if chance < FATTY:
        return float(rng.uniform(1.25, 1.6))
    return float(rng.uniform(0.5, 0.75) if chance < FATTY + IRON else rng.uniform(0.92, 1.08))
