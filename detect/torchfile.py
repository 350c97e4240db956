"""Torch files read without running what they may carry: tensors, and classes that the caller has looked at."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from spinedet.annotations.errors import InputError

Trusted = Callable[[str], type | None]
"""From the full name of a class in a file to the class, or None where it must not be used."""


def no_class(name: str) -> None:
    """For files of plain tensors."""


def read_torch_file(file: Path, expected: str = "tensors", trusted: Trusted = no_class) -> Any:
    """What `torch.save` wrote, on the CPU.

    Args:
        file: A file of torch 1.6 or later (before that, files could not be looked at without running them).
        expected: What the file may hold, for messages.
        trusted: Which classes it may name; those of tensors need no leave.

    Raises:
        InputError: Damaged, or it names anything else (then it is refused, unread).
    """
    try:
        classes = [_looked_at(name, trusted, expected, file) for name in _classes_in(file)]
        with torch.serialization.safe_globals(classes):
            return torch.load(file, map_location="cpu", weights_only=True)
    except InputError:
        raise
    except Exception as error:  # torch raises many types for a damaged or foreign file
        found = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError("The weights cannot be read.", expected="a torch file", found=found, where=file) from error


def _classes_in(file: Path) -> list[str]:
    names: list[str] = torch.serialization.get_unsafe_globals_in_checkpoint(file)
    return sorted(names)


def _looked_at(name: str, trusted: Trusted, expected: str, file: Path) -> type:
    thing = trusted(name)
    if thing is None:
        what = "The weights file carries code and is refused, unread."
        raise InputError(what, expected=expected, found=name, where=file)
    return thing
