"""The errors a person sees: what was expected, what was found, where, and what to do.

`InputError` ends a command with exit code 2 (the input or the words are wrong), `WorkError` with 1 (the work failed).
Anything else that reaches the command line is a defect.
"""

import difflib
from collections.abc import Iterable, Sequence
from pathlib import Path


class SpinedetError(Exception):
    """A mistake that can be told in a few lines, without a traceback.

    Args:
        what: One sentence saying what is wrong.
        expected: What would have been right.
        found: What stands there instead.
        where: The file, with the line where one is known.
        todo: What the person can do next.
    """

    exit_code = 1

    def __init__(
        self,
        what: str,
        *,
        expected: str | None = None,
        found: str | None = None,
        where: str | Path | None = None,
        todo: str | None = None,
    ):
        self.what = what
        place = None if where is None else str(where)
        self.details = {"expected": expected, "found": found, "where": place, "to do": todo}
        super().__init__(self._text())

    def _text(self) -> str:
        lines = [f"  {name}: {value}" for name, value in self.details.items() if value is not None]
        return "\n".join([self.what, *lines])


class InputError(SpinedetError):
    """The input or the words of the command are wrong; nothing was written."""

    exit_code = 2


class WorkError(SpinedetError):
    """The input was right and the work failed; what had been finished is kept."""


def at(path: Path, line: int | None) -> str:
    """A place in a file as editors write it, `file:line`."""
    return str(path) if line is None else f"{path}:{line}"


def some(names: Iterable[str], most: int = 5) -> str:
    """A list shortened for a message: `a, b, c and 12 more`."""
    rows = list(names)
    left = len(rows) - most
    return ", ".join(rows[:most]) + (f" and {left} more" if left > 0 else "")


def nearest(word: str, known: Sequence[str]) -> str:
    """The known words, with the one that was probably meant."""
    close = difflib.get_close_matches(word, known, n=1)
    hint = f"; did you mean '{close[0]}'?" if close else ""
    return f"one of {', '.join(known)}{hint}"
