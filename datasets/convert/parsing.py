"""Reading text, JSON and numbers of other tools, with the place of every mistake."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spinedet.annotations.errors import InputError, at

MOST_PIXELS = 1e6
"""No edge of an image is longer; a coordinate of more is a mistake."""

Row = dict[str, Any]


def read_text(path: Path, what: str) -> str:
    """Text of a UTF-8 file, with or without a byte order mark.

    Raises:
        InputError: The file is missing or has another encoding (with the line).
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"There is no {what} to read.", found=error.strerror, where=path) from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        found = f"byte {data[error.start]:#04x}"
        todo = "save it again with the encoding UTF-8"
        what = f"This {what} is not UTF-8 text."
        raise InputError(what, expected="UTF-8", found=found, where=at(path, line), todo=todo) from error


def read_json(path: Path, what: str) -> Any:
    """Values of a JSON file; raises `InputError` with the line where it is none."""
    text = read_text(path, what)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = at(path, error.lineno)
        raise InputError(f"This {what} is no valid JSON.", expected="JSON", found=error.msg, where=where) from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, or thousands of brackets
        raise InputError(f"This {what} cannot be read.", expected="JSON", found=str(error), where=path) from error


def a_row(value: object, where: str) -> Row:
    """A JSON object, or an error."""
    if not isinstance(value, dict):
        raise InputError("This is no JSON object.", expected="{...}", found=_shown(value), where=where)
    return value


def rows(values: object, where: str) -> list[Row]:
    """A JSON list of objects, or an error with the number of the wrong one."""
    if not isinstance(values, list):
        raise InputError("A list is missing.", expected="[...]", found=_shown(values), where=where)
    for number, value in enumerate(values):
        if not isinstance(value, dict):
            a_row(value, f"{where}[{number}]")
    return values


def word(value: object, where: str) -> str:
    """A JSON string with something in it, or an error."""
    if not isinstance(value, str) or not value.strip():
        raise InputError("A name is missing.", expected="text", found=_shown(value), where=where)
    return value.strip()


def number(value: object, where: str) -> float:
    """A JSON number of pixels, or an error: no text, no NaN, nothing beyond `MOST_PIXELS`."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) < MOST_PIXELS:
        raise _no_number(_shown(value), where)
    return float(value)


def numbers(values: object, where: str, count: int | None = None) -> list[float]:
    """A JSON list of numbers; of so many where `count` says."""
    if not isinstance(values, list) or (count is not None and len(values) != count):
        expected = "a list of numbers" if count is None else f"{count} numbers"
        raise InputError("Coordinates are missing.", expected=expected, found=_shown(values), where=where)
    return [number(value, where) for value in values]


def number_of(text: str, where: str) -> float:
    """A number of pixels from a word of text, or an error."""
    try:
        value = float(text) if "_" not in text else float("nan")  # Python alone reads 1_0 as ten
    except ValueError:
        value = float("nan")
    if not abs(value) < MOST_PIXELS:
        raise _no_number(repr(text), where)
    return value


def pair_up(values: Sequence[float], where: str) -> list[tuple[float, float]]:
    """Points from coordinates x, y, x, y, ...; an odd number of them is an error."""
    if len(values) % 2:
        raise InputError(
            "An outline has half a point.", expected="pairs x y", found=f"{len(values)} values", where=where
        )
    return list(zip(values[::2], values[1::2], strict=True))


def image_size_in(width: object, height: object, where: str) -> tuple[int, int] | None:
    """The size of an image as a source gives it; None where it does not."""
    if width is None or height is None:
        return None
    sides = number(width, f"{where}, width"), number(height, f"{where}, height")
    if min(sides) < 1 or any(side != int(side) for side in sides):
        found = f"{width} x {height}"
        raise InputError("The size of an image is impossible.", expected="whole pixels", found=found, where=where)
    return int(sides[0]), int(sides[1])


def _no_number(found: str, where: str) -> InputError:
    return InputError("This is not a number of pixels.", expected="a finite number", found=found, where=where)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
