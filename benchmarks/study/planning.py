"""What a person decides before a study is made, what of it does not go together, and the protocol that comes of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from pydantic import ValidationError

from spinedet.annotations.errors import InputError
from spinedet.benchmarks.study.protocol import Case, Correction, Endpoint, Measure, Protocol, Source, Unit
from spinedet.benchmarks.study.readings import AIDED, UNAIDED
from spinedet.benchmarks.study.sealed import Standard
from spinedet.benchmarks.study.taking_part import TakingPart, check_names, check_not_whole, read_models
from spinedet.benchmarks.whole_image.outcomes import check_one_answer
from spinedet.datasets.dataset import Dataset, check_sizes
from spinedet.datasets.tasks import Task


@dataclass(frozen=True)
class Plan:
    """What a person decides before a study is made.

    Attributes:
        images: How many images to draw.
        readers: Who reads.
        models: Folders of the models that read the same images.
        experts: Who makes the reference standard; empty where it is the dataset's annotations.
        task: What the images are asked; None for boxes of the dataset's classes.
        positive: Classes that count as diseased, where no task says it.
        practice: Images to practise on.
        per_patient: At most so many images of a patient; None for all.
        aided: Whether everybody reads a second time with the model's boxes on the screen.
        measure, unit: The primary endpoint; without a unit it is the object, or the image where that has one answer.
        correction: For the comparisons of several readers.
        iou, model_score, idle_seconds, seed: As the protocol has them.
    """

    images: int
    readers: tuple[str, ...]
    models: tuple[Path, ...] = ()
    experts: tuple[str, ...] = ()
    task: Task | None = None
    positive: tuple[str, ...] = ()
    practice: int = 3
    per_patient: int | None = None
    aided: bool = False
    measure: Measure = "accuracy"
    unit: Unit | None = None
    correction: Correction = "holm"
    iou: float = 0.5
    model_score: float = 0.25
    idle_seconds: float = 60.0
    seed: int = 0

    @property
    def whole_image(self) -> bool:
        """Whether an image has one answer."""
        return self.task is not None and self.task.whole_image

    @property
    def positives(self) -> tuple[str, ...]:
        """Classes that count as diseased."""
        return self.positive or (self.task.positive if self.task else ())

    @property
    def endpoint(self) -> Endpoint:
        """The primary endpoint."""
        return Endpoint(measure=self.measure, unit=self.unit or ("image" if self.whole_image else "object"))

    def protocol_values(self) -> dict[str, object]:
        """What goes into the protocol as it is."""
        kept = ("readers", "experts", "per_patient", "correction", "iou", "model_score", "idle_seconds", "seed")
        return {name: getattr(self, name) for name in kept}


def check_plan(dataset: Dataset, plan: Plan, out: Path) -> tuple[TakingPart, ...]:
    """The models that take part; what does not go together is refused before any image is decoded.

    Raises:
        InputError: The plan is contradictory, or a model was trained on the whole dataset.
    """
    models = read_models(plan.models, dataset.classes, whole_image=plan.whole_image)
    check_names(plan.readers, plan.experts, [model.reader.name for model in models], out)
    check_not_whole(models, dataset)
    if unknown := sorted(set(plan.positive) - set(dataset.classes)):
        found, expected = ", ".join(unknown), ", ".join(dataset.classes)
        raise InputError("A positive class is none of the study.", expected=expected, found=found)
    if plan.aided and not models:
        raise InputError("Nobody can read with a model that is not there.", expected="--model with --aided")
    if plan.whole_image and plan.endpoint.unit == "object":
        raise InputError("A whole image has no objects to count.", expected="--unit image or patient", found="object")
    if plan.whole_image:
        check_one_answer(dataset)
    check_sizes(dataset)
    return models


def unanswerable(plan: Plan) -> str | None:
    """Why the primary endpoint can have no answer whatever is read; None where it can."""
    measure = plan.endpoint.measure
    if not plan.models:
        return "no model takes part, and there is one reading condition"
    if measure == "auc" and not plan.whole_image:
        return "readers who draw boxes give no scores"
    if measure not in {"accuracy", "seconds"} and not plan.positives:
        return "no class counts as diseased"
    return None


def make_protocol(
    dataset: Dataset,
    plan: Plan,
    models: Sequence[TakingPart],
    cases: tuple[Case, ...],
    practice: tuple[Case, ...],
    standard: Standard | None,
    created: str | None,
) -> Protocol:
    """The protocol of a study whose images are drawn.

    Args:
        dataset: Where they come from.
        plan: What was decided.
        models: Those that take part.
        cases: The study's images under their codes.
        practice: Those of the practice.
        standard: The reference standard; None where experts will make it.
        created: Date; today's otherwise.

    Raises:
        InputError: A value of the plan is out of range.
    """
    task = plan.task
    source = Source(
        name=dataset.name, fingerprint=dataset.fingerprint(), images=len(dataset), patients=len(dataset.patients)
    )
    values = {
        **plan.protocol_values(),
        "schema": 1,
        "study": dataset.name,
        "created": created or datetime.now(UTC).date().isoformat(),
        "spinedet": version("spinedet"),
        "source": source,
        "task": task.task if task else None,
        "kind": task.kind if task else "objects",
        "classes": dataset.classes,
        "positive": plan.positives,
        "cases": cases,
        "practice": practice,
        "treatments": (UNAIDED, AIDED) if plan.aided else (UNAIDED,),
        "models": tuple(model.reader for model in models),
        "endpoint": plan.endpoint,
        "patient_score": task.patient_score if task and task.whole_image else "maximum",
        "truth": standard.sha256() if standard else "",
    }
    try:
        return Protocol.model_validate(values)
    except ValidationError as error:
        row = error.errors()[0]
        found = f"{'.'.join(map(str, row['loc']))}: {row['msg']}"
        raise InputError("A protocol cannot be made of this.", found=found) from error
