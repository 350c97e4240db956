"""`protocol.json`: what a study decides before anybody reads, frozen by a hash.

    {"protocol": {...}, "sha256": "..."}

The hash is over the protocol as canonical JSON (sorted keys, no spaces). Every reading carries the hash of the protocol
that it was made under, so that a later change shows, and a reading of another study is refused.
"""

import hashlib
import json
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, ValidationError, model_validator

from spinedet.annotations.errors import InputError
from spinedet.annotations.files import read_json, write_json
from spinedet.benchmarks.agreement.figures import Record
from spinedet.datasets.tasks import Kind

FILE = "protocol.json"
SCHEMA = 1

Unit = Literal["object", "image", "patient"]
"""What is counted: each object of the reference (a disc), each image, or each patient."""

Measure = Literal["sensitivity", "specificity", "accuracy", "f1", "auc", "seconds"]

Correction = Literal["none", "bonferroni", "holm", "benjamini-hochberg"]


class _Strict(Record):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Case(_Strict):
    """An image of the study under its neutral name.

    Attributes:
        code: Its name in the study, which tells nothing of patient, label or order of drawing.
        pixels: SHA-256 of size and pixels, see `spinedet.datasets.images.pixel_hash`.
        width, height: In pixels.
    """

    code: str
    pixels: str
    width: int
    height: int


class Source(_Strict):
    """The dataset that the images were drawn from."""

    name: str
    fingerprint: str
    images: int
    patients: int


class ModelReader(_Strict):
    """A model that takes part.

    Attributes:
        name: Its name among the readers.
        detector, size: Which.
        sha256: Of its weights.
        trained_on: How many images it was trained on or validated with; none of them is in the study.
    """

    name: str
    detector: str
    size: str
    sha256: str
    trained_on: int


class Endpoint(_Strict):
    """What the study is about, decided beforehand: a measure over a unit, readers against the model."""

    measure: Measure = "accuracy"
    unit: Unit = "object"


class Protocol(_Strict):
    """What is decided before anybody reads.

    Attributes:
        study: Name of the study.
        created: Date, ISO 8601.
        spinedet: Version that made it.
        source: Where the images come from.
        task: Name of the task, if one was named.
        kind: What an image is asked; `objects` where boxes are drawn.
        classes: In order.
        positive: Those that count as diseased.
        cases: The study's images, in the order of their codes.
        practice: Images to practise on, which do not count.
        readers: Names of the persons who read, in the order of the tables.
        experts: Who makes the reference standard; empty where it is the dataset's annotations.
        truth: SHA-256 of the reference standard's file where it was frozen too; empty where experts make it.
        per_patient: At most so many images of a patient; None for all.
        treatments: Reading conditions; more than one where readers read without and with the model.
        models: The models that read the same images.
        iou: Least overlap of a reader's box with the object of the reference that it marks.
        model_score: Least score at which a model's box counts as marked.
        endpoint: The primary endpoint.
        alpha: Level of its test.
        correction: For the comparisons of several readers.
        resamples: How many times patients are drawn anew.
        patient_score: How a patient's images become the patient's score.
        idle_seconds: Without input for longer, a reader is taken to pause.
        seed: Of the drawing, the orders and the resamples.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    layout: Literal[1] = Field(default=1, alias="schema")
    study: str
    created: str
    spinedet: str
    source: Source
    task: str | None = None
    kind: Kind = "objects"
    classes: Annotated[tuple[str, ...], Field(min_length=1)]
    positive: tuple[str, ...] = ()
    cases: Annotated[tuple[Case, ...], Field(min_length=1)]
    practice: tuple[Case, ...] = ()
    readers: tuple[str, ...]
    experts: tuple[str, ...] = ()
    truth: str = ""
    per_patient: Annotated[int, Field(ge=1)] | None = None
    treatments: Annotated[tuple[str, ...], Field(min_length=1)] = ("unaided",)
    models: tuple[ModelReader, ...] = ()
    iou: Annotated[float, Field(gt=0, le=1)] = 0.5
    model_score: Annotated[float, Field(ge=0, le=1)] = 0.25
    endpoint: Endpoint = Endpoint()
    alpha: Annotated[float, Field(gt=0, lt=1)] = 0.05
    correction: Correction = "holm"
    resamples: Annotated[int, Field(ge=0)] = 2000
    patient_score: Literal["mean", "maximum"] = "maximum"
    idle_seconds: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 60.0
    seed: int = 0

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        for what, names in (
            ("class", self.classes),
            ("reader", (*self.readers, *(one.name for one in self.models))),
            ("expert", self.experts),
            ("treatment", self.treatments),
            ("code", tuple(case.code for case in (*self.cases, *self.practice))),
        ):
            if len(set(names)) < len(names):
                raise ValueError(f"a {what} is named twice")
        if unknown := sorted(set(self.positive) - set(self.classes)):
            raise ValueError(f"positive classes must be among the classes; {unknown} are not")
        return self

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of the study's images, without practice."""
        return tuple(case.code for case in self.cases)

    @property
    def whole_image(self) -> bool:
        """Whether an image has one answer."""
        return self.kind != "objects"

    def sha256(self) -> str:
        """Hash over everything that was decided."""
        content = self.model_dump(mode="json", by_alias=True)
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()

    def write(self, path: Path) -> None:
        """Write the protocol with its hash."""
        write_json(path, {"protocol": self.model_dump(mode="json", by_alias=True), "sha256": self.sha256()})

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a protocol and hold it against its hash.

        Raises:
            InputError: It is missing, of another layout, or was changed after it was frozen.
        """
        content = read_json(path, "study protocol")
        try:
            protocol = cls.model_validate(content["protocol"])
            frozen = str(content["sha256"])
        except (KeyError, TypeError, ValidationError) as error:
            found = str(error).splitlines()[0]
            todo = "give the folder that `spinedet study new` made"
            raise InputError(
                "This is no study protocol.", expected=f"schema {SCHEMA}", found=found, where=path, todo=todo
            ) from error
        if protocol.sha256() != frozen:
            raise InputError(
                "The protocol was changed after it was frozen.",
                expected=f"sha256 {frozen[:12]}…",
                found=f"sha256 {protocol.sha256()[:12]}…",
                where=path,
                todo="restore the file, or make a new study: what was read under the old protocol stays with it",
            )
        return protocol
