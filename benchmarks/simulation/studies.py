"""Simulated studies: discs of invented patients and what readers of stated skill say of them, ready to be analysed."""

from collections.abc import Sequence

import numpy as np
from pydantic import Field

from spinedet.benchmarks.agreement.figures import Record
from spinedet.benchmarks.simulation.reading import Edges, read
from spinedet.benchmarks.simulation.skill import Hardness, Skill, draw_classes
from spinedet.benchmarks.study.readings import Mark, Reading, Truth
from spinedet.benchmarks.whole_image.figures import IntArray

LUMBAR = {"normal": 0.552, "herniation": 0.320, "spondylolisthesis": 0.128}
"""Shares of the classes in P1: 2,532, 1,467 and 585 of 4,584 discs."""

WIDTH, HEIGHT = 812, 662
"""Size of an image in pixels, as in P1."""

DISC = (150.0, 46.0)
"""Width and height of a disc's box in pixels."""

LEFT = 400.0
"""Left edge of every disc."""

MOST_DISCS = 12
"""What fits on an image."""


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
    discs: int = Field(default=7, gt=0, le=MOST_DISCS)
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
    truth = tuple(_truth(design, material, image) for image in range(design.images))
    return truth, read(truth, design.classes, skills, models, hardness, protocol, rng)


def code(image: int) -> str:
    """The neutral name of an image, numbered from 0."""
    return f"S{image + 1:05d}"


def _truth(design: Design, material: Material, image: int) -> Truth:
    own = slice(image * design.discs, (image + 1) * design.discs)
    marks = tuple(
        Mark(label=design.classes[label], box=_place(row)) for row, label in enumerate(material.label[own].tolist())
    )
    return Truth(code=code(image), patient=f"P{int(material.patient[own][0]) + 1:05d}", marks=marks)


def _place(row: int) -> Edges:
    top = 20.0 + row * (HEIGHT - 40) / MOST_DISCS
    return LEFT, top, LEFT + DISC[0], top + DISC[1]
