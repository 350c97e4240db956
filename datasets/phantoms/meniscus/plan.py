"""What is decided about a patient before anything is drawn: the line in the meniscus, how far it reaches, the slices.

Of every twenty patients nine have a tear. Many intact menisci are worn and hold a line too, which ends within them;
the number of images and their places do not depend on the class.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from spinedet.datasets.phantoms.closeup import GOOD, POOR, Quality, neighbours
from spinedet.datasets.phantoms.people import image_names, label_in_block, patient_name, patient_seed, spread_levels

Label = Literal["intact", "tear"]
Horn = Literal["anterior", "posterior"]
Kind = Literal["oblique", "horizontal", "vertical"]

CLASSES: tuple[Label, ...] = ("intact", "tear")

BLOCK: tuple[Label, ...] = ("intact",) * 11 + ("tear",) * 9
"""Every twenty patients (45 % with a tear)."""

KINDS: tuple[Kind, ...] = ("oblique", "horizontal", "vertical")
KIND_SHARES = (0.45, 0.3, 0.25)
"""How a line runs: down to the tibia's surface, to the free edge, or across the meniscus to both surfaces."""

POSTERIOR = 0.75
"""Share of lines in the posterior horn."""

IMAGES = (1, 3)
"""Least and most images of a patient."""

LEVELS = (0.05, 0.95)
"""Between the body of the meniscus, a bow tie (0), and its two horns, triangles (1)."""

Ranges = Mapping[Label, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Setting:
    """How hard it is to tell the classes apart.

    Attributes:
        worn: Share of intact menisci that hold a line.
        reach: Least and greatest length of a line as a fraction of its way to the surface, by class.
        contrast: Least and greatest signal of a line between meniscus (0) and fluid (1), by class.
        quality: How well the images are taken.
    """

    worn: float
    reach: Ranges
    contrast: Ranges
    quality: Quality


EASY = Setting(
    worn=0.3,
    reach={"intact": (0.3, 0.55), "tear": (1.0, 1.0)},
    contrast={"intact": (0.25, 0.5), "tear": (0.75, 1.0)},
    quality=GOOD,
)

HARD = Setting(
    worn=0.6,
    reach={"intact": (0.3, 0.96), "tear": (0.76, 1.0)},  # a slice is thick: a tear may seem to end within
    contrast={"intact": (0.25, 0.8), "tear": (0.45, 1.0)},
    quality=POOR,
)


@dataclass(frozen=True, slots=True)
class PatientPlan:
    """A patient on paper.

    Attributes:
        patient: Name of the patient, `P0001` for number 0.
        label: The class, the same in all images.
        horn: Which horn holds the line, if there is one.
        kind: How it runs.
        levels: Where each image lies, see `LEVELS`.
        reach: Length of the line as a fraction of its way to the surface, one an image; 0 where there is none.
        contrast: Its signal between meniscus and fluid, one an image.
    """

    patient: str
    label: Label
    horn: Horn
    kind: Kind
    levels: tuple[float, ...]
    reach: tuple[float, ...]
    contrast: tuple[float, ...]

    @property
    def images(self) -> tuple[str, ...]:
        """Stems of the patient's images."""
        return image_names(self.patient, len(self.levels))


def plan_patient(seed: int, number: int, setting: Setting) -> PatientPlan:
    """Decide about patient `number` (from 0)."""
    label = label_of(seed, number)
    rng = np.random.default_rng(patient_seed(seed, number, 0))
    count = int(rng.integers(IMAGES[0], IMAGES[1] + 1))
    levels = spread_levels(count, LEVELS, rng)
    horn: Horn = "posterior" if rng.random() < POSTERIOR else "anterior"
    kind = KINDS[int(rng.choice(len(KINDS), p=KIND_SHARES))]
    lined = label == "tear" or rng.random() < setting.worn
    reach = neighbours(setting.reach[label] if lined else (0.0, 0.0), count, rng)
    return PatientPlan(
        patient_name(number), label, horn, kind, levels, reach, neighbours(setting.contrast[label], count, rng)
    )


def label_of(seed: int, number: int) -> Label:
    """The class of patient `number` (from 0)."""
    return label_in_block(BLOCK, seed, number)
