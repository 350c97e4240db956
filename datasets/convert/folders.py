"""Folders that are whole or not there, and images that are in two places without taking twice the disk."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from spinedet.annotations.errors import InputError, WorkError


def check_new(out: Path, *, empty: bool = False) -> None:
    """Refuse a folder that is there already; nothing of anybody's is overwritten.

    Args:
        out: The folder that is to be made.
        empty: An empty folder will do.

    Raises:
        InputError: It is there.
    """
    if not out.exists() or (empty and out.is_dir() and not any(out.iterdir())):
        return
    expected = "a folder that does not exist yet, or an empty one" if empty else "a new folder"
    todo = "choose another --out, or delete this one first"
    raise InputError("The outcome needs a folder of its own.", expected=expected, where=out, todo=todo)


@contextmanager
def new_folder(out: Path, *, empty: bool = False) -> Iterator[Path]:
    """Yield a temporary folder beside `out`; on success it becomes `out` in one step, otherwise it is removed.

    Args:
        out: The folder that is to be made.
        empty: An empty folder may be there already.

    Raises:
        InputError: `out` is there already.
        WorkError: The disk is full, or the folder cannot be written; nothing is left behind.
    """
    check_new(out, empty=empty)
    out = out.resolve()
    folder = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        folder.mkdir(parents=True)
        yield folder
        if empty and out.exists():
            out.rmdir()
        folder.rename(out)
    except OSError as error:
        found = error.strerror or str(error)
        todo = "free space, or choose a folder you may write to"
        raise WorkError("The outcome could not be written.", found=found, where=out, todo=todo) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def place_image(image: Path, folder: Path, name: str | None = None) -> None:
    """Put an image file into a folder: a hard link, or a copy where the disk has none (another disk, FAT).

    Args:
        image: The file.
        folder: Where to.
        name: What it is called there, with its ending; otherwise as before.
    """
    target = folder / (name or image.name)
    try:
        target.hardlink_to(image.resolve())
    except OSError:
        shutil.copyfile(image, target)
