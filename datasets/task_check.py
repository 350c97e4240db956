"""A person's own task file: every mistake with its line, and what a sound one means, in words."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from spinedet.annotations.errors import InputError, at, some
from spinedet.datasets.tasks import Task, read_task

Place = tuple[str | int, ...]
"""Where a value stands in a YAML file: keys, and numbers in lists from 0."""

KINDS = {
    "objects": "objects are found in each image; detections are the result",
    "classes": "each image gets one of the classes",
    "grades": "each image gets one of the classes, which are grades in this order, from the least to the greatest",
    "number": "each image gets a number, told through the class whose value is nearest",
}

ROIS = {
    "whole": "the whole image is looked at",
    "legs": "each leg is looked at (spinedet regions --roi legs cuts them out)",
    "detector": "what a trained model finds is looked at (spinedet regions --roi detector --model MODEL cuts it out)",
}


def check_task(path: Path) -> Task:
    """Read a task file and be strict with it.

    Raises:
        InputError: All mistakes of the file, each with its line where YAML knows it.
    """
    text = _text(path)
    lines = _lines(_composed(text, path), path)
    given = yaml.safe_load(text)
    _check_classes(given.get("classes", []), lines.get(("classes",)), path)
    return _validated(given, lines, path)


def _check_classes(classes: Any, line: int | None, path: Path) -> None:
    if not isinstance(classes, list):
        raise _wrong([(line, "classes: a list is wanted: [normal, abnormal]")], path)
    if doubled := {str(name) for name in classes if classes.count(name) > 1}:
        raise _wrong([(line, f"classes: {some(sorted(doubled))} stands there twice")], path)


def _validated(given: dict[str, Any], lines: Mapping[Place, int], path: Path) -> Task:
    try:
        return Task.model_validate(given)
    except ValidationError as error:
        raise _wrong([_mistake(row, lines) for row in _errors(error, given)], path) from error


def _errors(error: ValidationError, given: Mapping[str, Any]) -> list[ErrorDetails]:
    """What is wrong; a cut is looked at before all else and would hide, say, a kind that is misspelt."""
    rows = error.errors()
    if rows[0]["loc"] or "cut" not in given:
        return rows
    try:
        Task.model_validate({key: value for key, value in given.items() if key != "cut"})
    except ValidationError as others:
        return [row for row in others.errors() if row["loc"]] or rows
    return rows


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("The task file cannot be read.", found=str(error), where=path) from error


def _composed(text: str, path: Path) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise InputError("The task file is no YAML.", found=error.problem, where=at(path, line)) from error
    except yaml.YAMLError as error:
        raise InputError("The task file is no YAML.", found=str(error), where=path) from error


def _lines(root: yaml.Node | None, path: Path) -> dict[Place, int]:
    """The line of every value; a key that stands there twice is refused, as YAML would take the last in silence."""
    if not isinstance(root, yaml.MappingNode):
        todo = "see one that is right: spinedet task show thigh"
        raise InputError("The task file is wrong.", expected="lines such as `task: NAME`", where=path, todo=todo)
    lines: dict[Place, int] = {}
    for place, line in _places(root, ()):
        if place in lines:
            raise _wrong([(line, f"{_told(place)} stands there twice, first in line {lines[place]}")], path)
        lines[place] = line
    return lines


def _places(node: yaml.Node, above: Place) -> Iterator[tuple[Place, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield (*above, key.value), key.start_mark.line + 1
            yield from _places(value, (*above, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield (*above, number), value.start_mark.line + 1
            yield from _places(value, (*above, number))


def _mistake(row: ErrorDetails, lines: Mapping[Place, int]) -> tuple[int | None, str]:
    """Line and words of one of pydantic's errors."""
    place, words = tuple(row["loc"]), str(row["msg"]).removeprefix("Value error, ")
    if not place:
        return _line_of_words(words, lines), words
    line = next((lines[place[:length]] for length in range(len(place), 0, -1) if place[:length] in lines), None)
    if row["type"] == "string_type":
        words += f': write "{row["input"]}" in quotes'
    return line, f"{_told(place)}: {words}"


def _line_of_words(words: str, lines: Mapping[Place, int]) -> int | None:
    """The line of the first key that a message about the whole file names."""
    named = [word.strip("`:,") for word in words.split()]
    return next((lines[(word,)] for word in named if (word,) in lines), None)


def _told(place: Place) -> str:
    return ".".join(str(part) if isinstance(part, str) else f"{part + 1}" for part in place)


def _wrong(mistakes: list[tuple[int | None, str]], path: Path) -> InputError:
    """One error of all mistakes, at the line of the first."""
    ranked = sorted(mistakes, key=lambda row: row[0] or 0)
    told = "; ".join(words if line is None else f"line {line}: {words}" for line, words in ranked)
    first = next((line for line, _ in ranked if line is not None), None)
    expected = f"the keys {', '.join(Task.model_fields)}"
    todo = "see one that is right: spinedet task show thigh"
    return InputError("The task file is wrong.", expected=expected, found=told, where=at(path, first), todo=todo)


def task_words(task: Task) -> list[str]:
    """What a task means, a sentence a line."""
    return [
        f"{task.task}: {task.about}" + (f" (paper {task.paper})" if task.paper else ""),
        f"asked: {KINDS[task.kind]}",
        f"classes: {_classes(task)}",
        f"positive: {_positive(task)}",
        f"box: {task.box}" + (f"; {ROIS[task.roi]}" if task.whole_image else ""),
        *([_patient(task)] if task.whole_image else []),
        f"training: {_training(task)}",
        f"folds: {task.split.folds}, parted by patient",
    ]


def _classes(task: Task) -> str:
    if task.kind == "number":
        pairs = zip(task.classes, task.values, strict=True)
        return ", ".join(f"{name} = {value:g}" for name, value in pairs) + f" {task.unit}".rstrip()
    return (" < " if task.kind == "grades" else ", ").join(task.classes)


def _positive(task: Task) -> str:
    if not task.positive:
        return "none; no sensitivity, specificity or ROC curve can be told"
    healthy = ", ".join(name for name in task.classes if name not in task.positive)
    cut = f", from the cut {task.cut} on" if task.cut else ""
    return f"{', '.join(task.positive)}{cut}; negative: {healthy or 'none'}"


def _patient(task: Task) -> str:
    how = {"mean": "the mean of", "maximum": "the greatest of"}[task.patient_score]
    return f"a patient's score: {how} the scores of the patient's images"


def _training(task: Task) -> str:
    flipping = "images may be flipped left to right" if task.mirror else "images are never flipped"
    if not task.whole_image:
        return f"{flipping}; mosaic, shift and scale as each detector's recipe has them"
    return f"{flipping}; no mosaic, and no crop or shift that would cut the region"


def task_named(name: str) -> Task:
    """A task of the package by name, or a file of one's own, which is checked strictly."""
    path = Path(name)
    return check_task(path) if path.suffix in {".yaml", ".yml"} else read_task(name)
