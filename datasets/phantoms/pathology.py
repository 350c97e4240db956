"""What is wrong with whom: the findings of every phantom patient, sampled without drawing anything.

All slices of a patient show the same findings. A patient's findings depend on the seed and the patient's number only,
so patient 7 is the same person in a data set of 10 and in one of 654.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from spinedet.datasets.phantoms.people import image_names, patient_name, patient_seed

Finding = Literal["normal", "herniation", "spondylolisthesis"]

CLASSES: tuple[Finding, ...] = ("normal", "herniation", "spondylolisthesis")
"""The classes in the order of `dataset.yaml`."""

LEVELS = ("T11/12", "T12/L1", "L1/2", "L2/3", "L3/4", "L4/5", "L5/S1")
"""The discs that carry a box, from head to foot."""

PAPER_COUNTS: dict[Finding, int] = {"normal": 2532, "herniation": 1467, "spondylolisthesis": 585}
"""Boxes a class in the lumbar study whose proportions the phantom keeps (654 patients)."""

SLIPPED_LEVELS = (0.300, 0.5067, 0.1933)
"""Chance of 0, 1, 2 slipped levels in a patient; the mean, 0.893, is 7 levels x 585 / 4584."""

HERNIATED_LEVELS = (0.07, 0.20, 0.31, 0.26, 0.16)
"""Chance of 0 to 4 herniated levels in a patient; the mean, 2.24, is 7 levels x 1467 / 4584."""

SLIP_WEIGHTS = np.array([0.0, 0.0, 0.02, 0.06, 0.14, 0.41, 0.37])
"""Where a vertebra slips, by level: mostly on L5 and S1."""

HERNIATION_WEIGHTS = np.array([0.02, 0.04, 0.07, 0.13, 0.22, 0.28, 0.24])
"""Where a disc herniates, by level: mostly low in the lumbar spine."""

SLIP_RANGE = (0.10, 0.40)
"""Forward slip as a fraction of the endplate below (Meyerding I and II)."""

ALIGNMENT = 0.022
"""Standard deviation of the same figure where nothing has slipped; never more than `MAX_STEP`."""

MAX_STEP = 0.06
"""The largest step between two bodies that is not yet called a slip."""

HERNIATION_RANGE = (2.7, 9.0)
"""How far a herniated disc stands into the canal, in mm; the thecal sac is some 15 mm deep."""

NORMAL_BULGE = 2.4
"""The most that a normal disc bulges, in mm."""


@dataclass(frozen=True, slots=True)
class DiscFinding:
    """The state of one disc level.

    Attributes:
        level: One of `LEVELS`.
        label: The class of its box.
        hydration: Signal of the nucleus, from 0 (dark, degenerated) to 1 (bright, young).
        height: Height relative to a healthy disc of that level.
        bulge: How far the posterior border stands beyond the line between the bodies, in mm.
        spread: Width of the herniated part beyond the disc space, as a fraction of the disc height (a mushroom head).
        migration: How far its tip has moved down (positive) or up, in mm.
        slip: Forward slip of the upper body as a fraction of the endplate below; a small step, either way, is normal.
    """

    level: str
    label: Finding
    hydration: float
    height: float
    bulge: float
    spread: float = 0.0
    migration: float = 0.0
    slip: float = 0.0


@dataclass(frozen=True, slots=True)
class PatientPlan:
    """Everything that is decided about a patient before anything is drawn.

    Attributes:
        patient: Name of the patient, `P0001` for number 0.
        findings: One a level, in the order of `LEVELS`.
        offsets: One a slice: distance from the midline, from -1 to 1 (the edges of the canal).
    """

    patient: str
    findings: tuple[DiscFinding, ...]
    offsets: tuple[float, ...]

    @property
    def images(self) -> tuple[str, ...]:
        """Stems of the patient's images, one a slice."""
        return image_names(self.patient, len(self.offsets))


def plan_patient(seed: int, number: int) -> PatientPlan:
    """Sample the findings and slices of patient `number` (from 0)."""
    rng = np.random.default_rng(patient_seed(seed, number, 0))
    labels = _sample_labels(rng)
    findings = tuple(_SAMPLERS[label](level, rng) for level, label in zip(LEVELS, labels, strict=True))
    return PatientPlan(patient_name(number), findings, _sample_offsets(rng))


def _sample_labels(rng: np.random.Generator) -> list[Finding]:
    labels: list[Finding] = ["normal"] * len(LEVELS)
    slipped = _sample_levels(rng, SLIPPED_LEVELS, SLIP_WEIGHTS)
    free = HERNIATION_WEIGHTS.copy()
    free[slipped] = 0
    for level in slipped:
        labels[level] = "spondylolisthesis"
    for level in _sample_levels(rng, HERNIATED_LEVELS, free):
        labels[level] = "herniation"
    return labels


def _sample_levels(
    rng: np.random.Generator, chances: tuple[float, ...], weights: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> list[int]:
    """Indices of levels: how many by `chances`, which by `weights` (7,), none twice."""
    count = int(rng.choice(len(chances), p=chances))
    return [int(level) for level in rng.choice(len(weights), size=count, replace=False, p=weights / weights.sum())]


def _sample_offsets(rng: np.random.Generator) -> tuple[float, ...]:
    """One to three neighbouring slices; the first is the nearest to the midline."""
    first = rng.normal(0, 0.15)
    step = rng.uniform(0.3, 0.5) * rng.choice((-1, 1))
    offsets = first + step * np.array([0, 1, -1])[: rng.integers(1, 4)]
    return tuple(float(offset) for offset in np.clip(offsets, -1, 1))


def _normal(level: str, rng: np.random.Generator) -> DiscFinding:
    """A disc that stays in its place: young and bright, or degenerated and dark without standing out."""
    degenerated = rng.random() < 0.4
    hydration = rng.uniform(0.03, 0.35) if degenerated else rng.uniform(0.45, 1.0)
    height = rng.uniform(0.58, 0.95) if degenerated else rng.uniform(0.88, 1.1)
    bulge = np.clip(rng.normal(0.9 if degenerated else 0.2, 0.9), -0.8, NORMAL_BULGE)
    return DiscFinding(level, "normal", hydration, height, float(bulge), slip=_step(rng))


def _herniation(level: str, rng: np.random.Generator) -> DiscFinding:
    """A bulge, a protrusion or an extrusion that has moved along the canal."""
    hydration = rng.uniform(0.02, 0.3) if rng.random() < 0.75 else rng.uniform(0.3, 0.8)
    bulge = _between(HERNIATION_RANGE, rng.beta(1.2, 2.5))
    extruded = bulge > 5.0 and rng.random() < 0.6
    migration = np.clip(rng.normal(0.8, 2.5) if extruded else rng.normal(0, 0.5), -5, 6)
    spread = rng.uniform(0.4, 1.0) if extruded else rng.uniform(0.0, 0.35)
    height = rng.uniform(0.6, 1.0)
    return DiscFinding(level, "herniation", hydration, height, bulge, spread, float(migration), _step(rng))


def _spondylolisthesis(level: str, rng: np.random.Generator) -> DiscFinding:
    """A narrowed, mostly dark disc below a body that stands too far forward."""
    hydration = rng.uniform(0.02, 0.3) if rng.random() < 0.75 else rng.uniform(0.3, 0.8)
    slip = _between(SLIP_RANGE, rng.beta(1.15, 2.3))
    height = rng.uniform(0.48, 0.95)
    return DiscFinding(level, "spondylolisthesis", hydration, height, bulge=rng.uniform(0.0, 2.5), slip=slip)


def _between(bounds: tuple[float, float], share: float) -> float:
    return bounds[0] + (bounds[1] - bounds[0]) * float(share)


def _step(rng: np.random.Generator) -> float:
    """A small step forwards, or more often backwards, that readers do not call a slip."""
    return float(np.clip(rng.normal(-0.008, ALIGNMENT), -MAX_STEP, MAX_STEP))


_SAMPLERS = {"normal": _normal, "herniation": _herniation, "spondylolisthesis": _spondylolisthesis}
