"""What a reader said of the study's images, whoever it was and wherever it was read: a person, a model, an import."""

from typing import Literal

from pydantic import Field, FiniteFloat

from spinedet.annotations.reading import Timing
from spinedet.benchmarks.agreement.figures import Record

UNAIDED = "unaided"
AIDED = "aided"
"""What the treatments of a reader study are called: without and with what the model found on the screen."""

ReaderKind = Literal["person", "model"]


class Mark(Record):
    """A box that a reader drew, and what it was called.

    Attributes:
        label: Its class.
        box: x0, y0, x1, y1 in continuous pixels of the image.
        score: How sure the reader is, greater for surer; None where nobody asked.
    """

    label: str
    box: tuple[FiniteFloat, FiniteFloat, FiniteFloat, FiniteFloat]
    score: FiniteFloat | None = None


class CaseReading(Record):
    """One image read by one reader.

    Attributes:
        code: The image.
        marks: Boxes drawn; empty also where the whole image is asked.
        label: The answer where the whole image is asked; None where boxes are drawn.
        scores: Of a whole image: a score for each class, in their order, or a rating; empty where there is none.
        rating: Of a whole image: how surely it is positive, on any rising scale.
        timing: How long it took; None where nobody measured.
    """

    code: str
    marks: tuple[Mark, ...] = ()
    label: str | None = None
    scores: tuple[FiniteFloat, ...] = ()
    rating: FiniteFloat | None = None
    timing: Timing | None = None


class Reading(Record):
    """Everything that one reader said under one treatment.

    Attributes:
        reader: Name.
        kind: A person or a model.
        treatment: The reading condition.
        protocol: Hash of the protocol that it was read under.
        cases: What was read, in the order of the codes; those that are missing were not finished.
        source: Where it comes from: `read`, `import`, `model`.
        notes: What whoever reports this should know, such as the machine that a model ran on.
    """

    reader: str
    kind: ReaderKind
    treatment: str = UNAIDED
    protocol: str
    cases: tuple[CaseReading, ...]
    source: Literal["read", "import", "model", "simulated"] = "read"
    notes: dict[str, str] = Field(default_factory=dict)

    @property
    def by_code(self) -> dict[str, CaseReading]:
        """The images read, by code."""
        return {case.code: case for case in self.cases}


class Truth(Record):
    """The reference standard of one image.

    Attributes:
        code: The image.
        patient: Whose it is (a neutral name).
        marks: The objects; empty also where the whole image is asked.
        label: The answer where the whole image is asked.
    """

    code: str
    patient: str
    marks: tuple[Mark, ...] = ()
    label: str | None = None


class StudyData(Record):
    """What an analysis needs, and nothing of files.

    Attributes:
        truth: The reference standard of every image, in the order of the codes.
        readings: Every reading.
        standard: How the reference standard was made, in a few sentences with figures, for the report.
        concerns: What is missing or was left out, who it is about, and what the analysis does about it.
    """

    truth: tuple[Truth, ...]
    readings: tuple[Reading, ...]
    standard: tuple[str, ...] = ()
    concerns: tuple[str, ...] = ()
