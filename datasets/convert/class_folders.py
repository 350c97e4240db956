"""One folder a class: `DIR/DMD/*.png`, `DIR/BMD/*.png`, with any folders below."""

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from spinedet.annotations.errors import InputError, some
from spinedet.datasets.convert.folders import check_new
from spinedet.datasets.convert.image_index import ImageIndex
from spinedet.datasets.convert.importing import Progress, Report
from spinedet.datasets.convert.notes import Notes
from spinedet.datasets.convert.table import read_patient_table
from spinedet.datasets.convert.whole_images import (
    MOST,
    Labelled,
    answer,
    unknown_labels,
    whole_image_source,
    with_names,
    write_whole_images,
)
from spinedet.datasets.tasks import Task

LOOSE = "images in no folder of a class"

PATIENT = "patient"
"""Name of the group of a pattern that is the patient; otherwise the first group, otherwise all that fits."""


def import_folders(
    folder: Path,
    task: Task,
    out: Path,
    *,
    patients: Path | None = None,
    pattern: str | None = None,
    check_pixels: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Make a dataset of folders of images, each called like a class of the task.

    Args:
        folder: Has a folder for each class; of a number task also one for each number.
        task: Gives the classes.
        out: The dataset folder to make.
        patients: A table with the columns image and patient; an image by its name or, where several have it, by its
            path below `folder`.
        pattern: A regular expression that finds the patient in an image's path below `folder`, `DMD/p7_1.png`.
        check_pixels: Decode every image to find constant ones.
        progress: Told after every image that is written.

    Raises:
        InputError: Folders are no classes, images have no patient, or both ways to patients are given; all of a kind
            are listed, and nothing is written.
        WorkError: The disk is full; nothing is left behind.
    """
    check_new(out)
    if patients is not None and pattern is not None:
        raise InputError("Patients come from a table or from a pattern.", found="both", todo="leave one out")
    index, notes = ImageIndex.of(folder), Notes()
    inside = _inside(index)
    _check_folders(inside, task, index)
    owner = _owner(index, patients, pattern)
    rows = [
        Labelled(path, name, path.relative_to(folder).as_posix(), owner(path))
        for name, paths in inside.items()
        for path in paths
    ]
    _check_owned(rows, patients, pattern, folder)
    for path in index.paths():
        if path.parent == folder:
            notes.left_out(LOOSE, path.name)
    kind = f"folders of classes of the task {task.task}"
    rows = with_names(rows, index, notes)
    source = whole_image_source(kind, rows, task, index, notes, check_pixels=check_pixels)
    return write_whole_images(source, {}, out, progress)


def _inside(index: ImageIndex) -> dict[str, list[Path]]:
    """The images of each folder right below the root."""
    inside: dict[str, list[Path]] = defaultdict(list)
    for path in index.paths():
        below = path.relative_to(index.root).parts
        if len(below) > 1:
            inside[below[0]].append(path)
    if not inside:
        expected = "a folder for each class, with images in it"
        raise InputError("There are no images in folders.", expected=expected, where=index.root)
    return inside


def _check_folders(inside: dict[str, list[Path]], task: Task, index: ImageIndex) -> None:
    wrong = {name: list(map(index.shown, paths)) for name, paths in inside.items() if answer(task, name) is None}
    if wrong:
        raise unknown_labels(wrong, task, index.root, "image")


def _owner(index: ImageIndex, patients: Path | None, pattern: str | None) -> Callable[[Path], str]:
    """The patient of an image; empty where nobody says."""
    if patients is not None:
        known = read_patient_table(patients)
        return lambda path: next((known[name] for name in _table_names(path, index) if name in known), "")
    if pattern is None:
        return lambda path: ""
    fits = _compiled(pattern)
    return lambda path: _in_path(fits, path.relative_to(index.root).as_posix())


def _table_names(path: Path, index: ImageIndex) -> list[str]:
    """What a table of patients may call an image: its path or, where no other image has it, its name."""
    below = path.relative_to(index.root)
    names = [below.as_posix(), below.with_suffix("").as_posix()]
    return names if len(index.of_same_stem(path)) > 1 else [path.stem, path.name, *names]


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        todo = r"an example: --patient-pattern '(p\d+)_' finds p7 in DMD/p7_1.png"
        raise InputError("The pattern is no regular expression.", found=f"{pattern}: {error}", todo=todo) from error


def _in_path(pattern: re.Pattern[str], path: str) -> str:
    found = pattern.search(path)
    if found is None:
        return ""
    if PATIENT in pattern.groupindex:
        return found[PATIENT] or ""
    return (found[1] if pattern.groups else found[0]) or ""


def _check_owned(rows: Sequence[Labelled], patients: Path | None, pattern: str | None, folder: Path) -> None:
    """Where a table or a pattern was given, every image has a patient by it."""
    if patients is None and pattern is None:
        return
    if bare := [row.where for row in rows if not row.patient]:
        raise InputError(
            "Images have no patient.",
            expected=f"a row for every image in {patients}" if patients else f"paths in which {pattern} finds one",
            found=f"{len(bare)} without: {some(bare, MOST)}",
            where=folder,
            todo="add the rows, by the path below this folder where names repeat"
            if patients
            else "correct the pattern, or give a table with --patients",
        )
