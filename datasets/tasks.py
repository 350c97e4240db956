"""`configs/task_*.yaml`: what is looked for, what its classes are called, and what may be done to the images."""

from importlib.resources import files
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from spinedet.annotations.errors import InputError, nearest


class Split(BaseModel):
    """How a task's images are parted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folds: Annotated[int, Field(ge=2)] = 5


class Task(BaseModel):
    """One task.

    Attributes:
        task: Its name.
        about: One sentence, with its source.
        classes: Class names, in the order of tables and labels.
        box: What a box encloses.
        positive: The classes that count as diseased.
        mirror: Whether left-right flips leave the meaning of an image alone.
        split: How images are parted.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str
    about: str
    classes: Annotated[tuple[str, ...], Field(min_length=1)]
    box: str
    positive: tuple[str, ...]
    mirror: bool = False
    split: Split = Split()

    @model_validator(mode="after")
    def _positive_is_known(self) -> Self:
        if unknown := sorted(set(self.positive) - set(self.classes)):
            raise ValueError(f"positive classes must be among the classes; {unknown} are not")
        return self


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
