"""What can still be read of an annotation that the reader refuses because of one box or a few."""

import re
from collections.abc import Callable
from pathlib import Path

from spinedet.annotations.errors import InputError
from spinedet.annotations.voc import MAX_BYTES, Reading, inspect_bytes, inspect_voc

MOST_REFUSED = 20
"""Boxes of one file that are refused one by one; a file with more is not worth it, and would take long."""

Size = Callable[[], tuple[int, int]]
"""Gives width and height of the image; asked only where the file does not say them."""

_OBJECT = re.compile(rb"<object\b.*?</object\s*>", re.DOTALL)


def read_what_can_be(path: Path, size: Size | None) -> tuple[Reading | None, tuple[InputError, ...]]:
    """Read an annotation; where a box is impossible, name it, leave it out and read the rest.

    Returns:
        What could be read, with the lines of the file as it is, and every reason for which something could not; None
        where nothing could.
    """
    try:
        return inspect_voc(path, size), ()
    except InputError as error:
        return _without_faults(path, size, error)


def _without_faults(path: Path, size: Size | None, error: InputError) -> tuple[Reading | None, tuple[InputError, ...]]:
    errors = [error]
    data = path.read_bytes() if path.is_file() and path.stat().st_size <= MAX_BYTES else b""
    while len(errors) <= MOST_REFUSED and (rest := _without_object(data, line_of(errors[-1], path))) is not None:
        data = rest
        try:
            reading = inspect_bytes(data, path, size)
        except InputError as another:
            errors.append(another)
        else:
            return (reading if reading.annotation.objects else None), tuple(errors)
    return None, tuple(errors)


def line_of(error: InputError, path: Path) -> int | None:
    """The line that a refusal names, from 1."""
    line = (error.details["where"] or "").removeprefix(str(path)).removeprefix(":")
    return int(line) if line.isdecimal() else None


def _without_object(data: bytes, line: int | None) -> bytes | None:
    """The file without the `<object>` on that line, of which only its line ends stay; None if there is none."""
    if line is None:
        return None
    for found in _OBJECT.finditer(data):
        first = data.count(b"\n", 0, found.start()) + 1
        if first <= line <= first + found.group().count(b"\n"):
            return data[: found.start()] + b"\n" * found.group().count(b"\n") + data[found.end() :]
    return None
