"""Torch files read without running what they may carry: tensors, and classes that the caller has looked at."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from spinedet.annotations.errors import InputError

OLD_START = pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2)
"""How torch's files began before release 1.6, which many published weights still are: a pickle of this number."""

Trusted = Callable[[str], type | None]
"""From the full name of a class in a file to the class, or None where it must not be used."""


def no_class(name: str) -> None:
    """For files of plain tensors."""


def read_torch_file(file: Path, expected: str = "tensors", trusted: Trusted = no_class) -> Any:
    """What `torch.save` wrote, on the CPU.

    Args:
        file: A file of torch. One from before 1.6 cannot be looked at first, so it may hold nothing but tensors.
        expected: What the file may hold, for messages.
        trusted: Which classes it may name; those of tensors need no leave.

    Raises:
        InputError: Damaged, or it names anything else (then it is refused, unread).
    """
    if _is_old(file):
        return _read_old(file, expected)
    try:
        classes = [_looked_at(name, trusted, expected, file) for name in _classes_in(file)]
        with torch.serialization.safe_globals(classes):
            return torch.load(file, map_location="cpu", weights_only=True)
    except InputError:
        raise
    except Exception as error:  # torch raises many types for a damaged or foreign file
        raise _unreadable(file, error) from error


def _is_old(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(len(OLD_START)) == OLD_START


def _read_old(file: Path, expected: str) -> Any:
    """The tensors of a file from before torch 1.6; torch itself refuses whatever else such a file names."""
    try:
        return torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        what = "The weights file carries code and is refused, unread."
        raise InputError(what, expected=expected, found="a file from before torch 1.6", where=file) from error
    except Exception as error:
        raise _unreadable(file, error) from error


def _unreadable(file: Path, error: Exception) -> InputError:
    found = (str(error) or type(error).__name__).splitlines()[0]
    return InputError("The weights cannot be read.", expected="a torch file", found=found, where=file)


def _classes_in(file: Path) -> list[str]:
    names: list[str] = torch.serialization.get_unsafe_globals_in_checkpoint(file)
    return sorted(names)


def _looked_at(name: str, trusted: Trusted, expected: str, file: Path) -> type:
    thing = trusted(name)
    if thing is None:
        what = "The weights file carries code and is refused, unread."
        raise InputError(what, expected=expected, found=name, where=file)
    return thing
