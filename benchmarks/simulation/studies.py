"""Simulated studies: discs of invented patients and what readers of stated skill say of them, ready to be analysed."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from spinedet.annotations.reading import Timing
from spinedet.benchmarks.agreement.figures import Record
from spinedet.benchmarks.simulation.skill import Hardness, Skill, draw_classes, draw_right
from spinedet.benchmarks.study.readings import CaseReading, Mark, ReaderKind, Reading, Truth
from spinedet.benchmarks.whole_image.figures import BoolArray, FloatArray, IntArray

LUMBAR = {"normal": 0.552, "herniation": 0.320, "spondylolisthesis": 0.128}
"""Shares of the classes in P1: 2,532, 1,467 and 585 of 4,584 discs."""

WIDTH, HEIGHT = 812, 662
"""Size of an image in pixels, as in P1."""

DISC = (150.0, 46.0)
"""Width and height of a disc's box in pixels."""

JITTER = 2.0
"""Standard deviation of a drawn edge in pixels."""

FALSE_AT = (30.0, 300.0)
"""Where marks without a disc lie, from the left: clear of every disc."""

LEFT = 400.0
"""Left edge of every disc."""


Edges = tuple[float, float, float, float]
"""x0, y0, x1, y1 in pixels."""


class Design(Record):
    """What is read.

    Attributes:
        images: How many.
        per_patient: Images of each patient; the last patient may have fewer.
        discs: Discs an image.
        shares: Share of each class among the discs.
        alike: How alike the classes of a patient's discs are, 0 to 1.
    """

    images: int = Field(gt=0)
    per_patient: int = Field(default=1, gt=0)
    discs: int = Field(default=7, gt=0, le=12)
    shares: dict[str, float] = Field(default_factory=lambda: dict(LUMBAR))
    alike: float = Field(default=0.3, ge=0, le=1)

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names, in order."""
        return tuple(self.shares)


class Material:
    """The discs of one study as arrays.

    Attributes:
        image: (N,) number of each disc's image.
        patient: (N,) number of its patient.
        label: (N,) number of its class.
    """

    def __init__(self, design: Design, rng: np.random.Generator) -> None:
        self.image: IntArray = np.repeat(np.arange(design.images), design.discs)
        self.patient: IntArray = self.image // design.per_patient
        shares = np.array(list(design.shares.values()))
        self.label: IntArray = draw_classes(shares / shares.sum(), self.patient, design.alike, rng)


def chances(skills: Sequence[Skill], classes: Sequence[str], label: IntArray) -> FloatArray:
    """(R, N) the chance of each reader to be right about each disc."""
    table = np.array([[skill.right[name] for name in classes] for skill in skills])  # (R, C)
    return np.asarray(table[:, label])


def answers(
    right: BoolArray, label: IntArray, skills: Sequence[Skill], classes: int, rng: np.random.Generator
) -> IntArray:
    """What each reader calls each disc, (R, N): a class, or -1 where nothing was marked.

    A wrong answer is no mark, or another class, each as likely as any other.
    """
    step = rng.integers(1, max(classes, 2), right.shape)  # (R, N) from 1 to C - 1 classes further on
    other = (label + step) % classes if classes > 1 else np.full(right.shape, -1)
    missed = rng.random(right.shape) < np.array([skill.missed for skill in skills])[:, None]
    return np.asarray(np.where(right, label, np.where(missed, -1, other)), np.int64)


def simulate(
    design: Design, skills: Sequence[Skill], models: Sequence[str], hardness: Hardness, protocol: str, seed: int
) -> tuple[tuple[Truth, ...], tuple[Reading, ...]]:
    """One whole study.

    Args:
        design: What is read.
        skills: Who reads, models among them.
        models: Which of them are models.
        hardness: What is hard for all.
        protocol: Hash of the protocol that the readings carry.
        seed: The same seed makes the same study.
    """
    rng = np.random.default_rng(seed)
    material = Material(design, rng)
    right = draw_right(chances(skills, design.classes, material.label), material.patient, len(skills), hardness, rng)
    called = answers(right, material.label, skills, len(design.classes), rng)
    truth = tuple(_truth(design, material, image) for image in range(design.images))
    kinds: list[ReaderKind] = ["model" if skill.name in models else "person" for skill in skills]
    readings = tuple(
        _reading(truth, skill, kind, row.reshape(design.images, -1), design.classes, protocol, rng)
        for skill, kind, row in zip(skills, kinds, called, strict=True)
    )
    return truth, readings


def code(image: int) -> str:
    """The neutral name of an image, numbered from 0."""
    return f"S{image + 1:05d}"


def _truth(design: Design, material: Material, image: int) -> Truth:
    own = slice(image * design.discs, (image + 1) * design.discs)
    marks = tuple(
        Mark(label=design.classes[label], box=_place(row)) for row, label in enumerate(material.label[own].tolist())
    )
    return Truth(code=code(image), patient=f"P{int(material.patient[own][0]) + 1:05d}", marks=marks)


def _place(row: int, left: float = LEFT) -> Edges:
    top = 20.0 + row * (HEIGHT - 40) / 12
    return left, top, left + DISC[0], top + DISC[1]


def _reading(
    truth: Sequence[Truth],
    skill: Skill,
    kind: ReaderKind,
    called: NDArray[np.int64],
    classes: Sequence[str],
    protocol: str,
    rng: np.random.Generator,
) -> Reading:
    """What one reader says; `called` (I, D) is a class a disc, or -1."""
    timings = _timings(skill, len(truth), rng)
    cases = tuple(
        CaseReading(
            code=one.code,
            marks=_marks(one.marks, row.tolist(), skill, kind, classes, rng),
            timing=timing,
        )
        for one, row, timing in zip(truth, called, timings, strict=True)
    )
    return Reading(reader=skill.name, kind=kind, protocol=protocol, cases=cases, source="simulated")


def _marks(
    truth: Sequence[Mark],
    called: Sequence[int],
    skill: Skill,
    kind: ReaderKind,
    classes: Sequence[str],
    rng: np.random.Generator,
) -> tuple[Mark, ...]:
    """Marks on the discs that were found, then false ones; only a model says how sure it is."""
    found = [(classes[label], mark.box) for mark, label in zip(truth, called, strict=True) if label >= 0]
    rows = rng.permutation(12)[: rng.poisson(skill.false_marks)].tolist()
    false = [(classes[int(rng.integers(len(classes)))], _place(row, rng.choice(FALSE_AT))) for row in rows]
    sure = 0.5 + rng.random(len(found) + len(false)) / 2
    scores = sure.tolist() if kind == "model" else [None] * len(sure)
    return tuple(
        Mark(label=label, box=_jittered(box, rng), score=score)
        for (label, box), score in zip((*found, *false), scores, strict=True)
    )


def _jittered(box: Edges, rng: np.random.Generator) -> Edges:
    x0, y0, x1, y1 = (edge + shift for edge, shift in zip(box, rng.normal(0, JITTER, 4).tolist(), strict=True))
    return max(x0, 0.0), max(y0, 0.0), min(x1, WIDTH), min(y1, HEIGHT)


def _timings(skill: Skill, images: int, rng: np.random.Generator) -> list[Timing]:
    """Times fall from the first image to the last by the reader's learning, evenly on the scale of logarithms."""
    learned = skill.learning ** (np.arange(images) / max(images - 1, 1) - 0.5)
    seconds = skill.seconds * learned * np.exp(rng.normal(0, skill.spread, images))
    order = rng.permutation(images)
    return [Timing(seconds=float(seconds[place]), order=int(place) + 1) for place in order]
