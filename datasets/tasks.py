"""`configs/task_*.yaml`: what is looked for, what its classes are called, and what may be done to the images."""

from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from spinedet.annotations.errors import InputError, nearest


class Split(BaseModel):
    """How a task's images are parted.

    Attributes:
        folds: How many folds.
        val: Share of each training part's patients set aside for validation.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    folds: Annotated[int, Field(ge=2)] = 5
    val: Annotated[float, Field(ge=0, lt=1)] = 0.0


Kind = Literal["objects", "classes", "grades", "number"]
"""What an image is asked: its objects, its class, its grade (in the order of the classes), or a number over bins."""

Roi = Literal["whole", "legs", "detector"]
"""What is boxed where the whole image has one answer: the image, each leg on it, or what a trained model finds."""


class Task(BaseModel):
    """One task.

    Attributes:
        task: Its name.
        about: One sentence, with its source.
        classes: Class names, in the order of tables and labels; for grades and numbers from the least to the greatest.
        box: What a box encloses.
        positive: The classes that count as diseased; may be left out where `cut` says it, or nothing is diseased.
        mirror: Whether left-right flips leave the meaning of an image alone.
        split: How images are parted.
        kind: What an image is asked.
        roi: What is boxed where the whole image has one answer.
        cut: Of grades: the least one that counts as positive.
        values: Of a number: what each class stands for, rising.
        unit: Of a number: what it is measured in.
        patient_score: How the scores of a patient's images become the patient's.
        paper: The document that the task comes from.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str
    about: str
    classes: Annotated[tuple[str, ...], Field(min_length=1)]
    box: str
    positive: tuple[str, ...] = ()
    mirror: bool = False
    split: Split = Split()
    kind: Kind = "objects"
    roi: Roi = "whole"
    cut: str | None = None
    values: tuple[float, ...] = ()
    unit: str = ""
    patient_score: Literal["mean", "maximum"] = "mean"
    paper: str = ""

    @model_validator(mode="before")
    @classmethod
    def _positive_from_cut(cls, given: Any) -> Any:
        """Grades from the cut on are positive."""
        if not isinstance(given, dict) or given.get("cut") is None:
            return given
        if not isinstance(given.get("classes"), (list, tuple)):
            return given  # told as what it is: no list of classes
        classes = list(given["classes"])
        if given.get("kind") != "grades":
            raise ValueError("a cut belongs to grades: say `kind: grades`, or name the positive classes")
        if given.get("positive"):
            raise ValueError("the cut says which grades are positive: leave one of `cut` and `positive` out")
        if given["cut"] not in classes[1:]:
            raise ValueError(f"the cut must be one of the grades after the first: {classes[1:]}")
        return {**given, "positive": classes[classes.index(given["cut"]) :]}

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if len(set(self.classes)) < len(self.classes):
            raise ValueError("a class is listed twice")
        if unknown := sorted(set(self.positive) - set(self.classes)):
            raise ValueError(f"positive classes must be among the classes; {unknown} are not")
        if self.kind != "objects" and len(self.classes) < 2:
            raise ValueError("a whole image can only be told apart by two classes or more")
        if self.kind == "objects" and self.roi != "whole":
            raise ValueError("a region belongs to tasks that ask the whole image, not to `kind: objects`")
        if (self.kind == "number") != bool(self.values):
            raise ValueError("`values` and `kind: number` belong together")
        rising = all(low < high for low, high in pairwise(self.values))
        if self.values and (len(self.values) != len(self.classes) or not rising):
            raise ValueError("`values` must rise, one for each class")
        return self

    @property
    def whole_image(self) -> bool:
        """Whether an image has one answer, and one box that stands for it."""
        return self.kind != "objects"


def task_names() -> list[str]:
    """Names of the tasks that come with the package."""
    found = (entry.name for entry in files("spinedet.configs").iterdir())
    return sorted(name[len("task_") : -len(".yaml")] for name in found if name.startswith("task_"))


def read_task(name: str) -> Task:
    """Read a task by name, or by the path of a YAML file of one's own.

    Raises:
        InputError: There is none of that name, or the file is no task.
    """
    path = Path(name)
    if path.suffix in {".yaml", ".yml"}:
        return _parse(_text(path), name)
    if name not in task_names():
        expected = f"{nearest(name, task_names())}, or the path of a .yaml file"
        raise InputError("There is no such task.", expected=expected, found=name)
    return _parse(files("spinedet.configs").joinpath(f"task_{name}.yaml").read_text(encoding="utf-8"), name)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("The task file cannot be read.", found=str(error), where=path) from error


def _parse(text: str, where: str) -> Task:
    try:
        return Task.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise InputError("The task file is no YAML.", found=str(error), where=where) from error
    except ValidationError as error:
        row = error.errors()[0]
        found = f"{'.'.join(map(str, row['loc'])) or 'the whole'}: {row['msg']}"
        expected = ", ".join(Task.model_fields)
        raise InputError("The task file is wrong.", expected=expected, found=found, where=where) from error
