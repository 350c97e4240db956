"""Tables of labels: a row an image, with its patient and its label; several images a patient.

Everything wrong in the table is told at once, kind by kind, with the lines; nothing is written before all is right.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from spinedet.annotations.errors import InputError, at, nearest, some
from spinedet.datasets.convert.folders import check_new
from spinedet.datasets.convert.image_index import ImageIndex
from spinedet.datasets.convert.image_paths import PathIndex
from spinedet.datasets.convert.importing import Progress, Report
from spinedet.datasets.convert.notes import Notes
from spinedet.datasets.convert.sheet import read_rows
from spinedet.datasets.convert.table import CLASS_COLUMNS, IMAGE_COLUMNS, Line
from spinedet.datasets.convert.whole_images import (
    MOST,
    Labelled,
    answer,
    image_sets,
    unknown_labels,
    whole_image_source,
    with_names,
    write_whole_images,
)
from spinedet.datasets.tasks import Task

PATIENT_COLUMNS = ("patient", "patient_id", "case")
LABEL_COLUMNS = ("label", *CLASS_COLUMNS, "grade")
SPLIT = "split"

REPEATED = "rows that say again what a row before says, taken once"
NO_SPLIT = "images in no split"


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of a table hold what; None is found by the usual names (`IMAGE_COLUMNS` and so on).

    Attributes:
        image: File name with or without ending, or a path below the folder of images.
        patient: Whose image it is.
        label: A class of the task, or a number where the task wants one.
    """

    image: str | None = None
    patient: str | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of the table with its line number."""

    line: str
    image: str
    patient: str
    label: str
    split: str


def import_labels(
    table: Path,
    images: Path,
    task: Task,
    out: Path,
    columns: Columns | None = None,
    *,
    check_pixels: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Make a dataset of a table of labels: each image gets one box, the whole of it, whose class is the label.

    A column `split` becomes `ImageSets/Main/`. Images of one name in several folders are told apart by the paths in
    the table, and called by them in the dataset.

    Args:
        table: CSV (UTF-8) or XLSX, with a header.
        images: Folder of the images, with any folders below it.
        task: Gives the classes.
        out: The dataset folder to make.
        columns: Which columns to read.
        check_pixels: Decode every image to find constant ones.
        progress: Told after every image that is written.

    Raises:
        InputError: Cells, labels, images, patients or splits are wrong; the message lists all of one kind with their
            lines, and nothing is written.
        WorkError: The disk is full; nothing is left behind.
    """
    check_new(out)
    notes = Notes()
    rows = _rows(table, columns or Columns(), notes)
    _check_labels(rows, task, table)
    index = ImageIndex.of(images)
    labelled = with_names(_labelled(_by_image(rows, index, table), index, task, table, notes), index, notes)
    splits = image_sets(labelled, table)
    for row in labelled if splits else ():
        if not row.split:
            notes.reported(NO_SPLIT, index.shown(row.path))
    kind = f"a table of labels for the task {task.task}"
    source = whole_image_source(kind, labelled, task, index, notes, check_pixels=check_pixels)
    return write_whole_images(source, splits, out, progress)


def _rows(table: Path, columns: Columns, notes: Notes) -> list[_Row]:
    header, lines = read_rows(table, notes)
    if doubled := sorted({name for name in header if name and header.count(name) > 1}):
        raise InputError("Columns have the same name.", found=some(doubled), where=at(table, 1))
    image = _column(columns.image, IMAGE_COLUMNS, header, table)
    patient = _column(columns.patient, PATIENT_COLUMNS, header, table)
    label = _column(columns.label, LABEL_COLUMNS, header, table)
    if not lines:
        raise InputError("The table has no rows.", expected="a row for each image", where=table)
    _check_filled(lines, (image, patient, label), table)
    return [_row(line.cells, _line_of(line), image, patient, label) for line in lines]


def _column(wanted: str | None, usual: Sequence[str], header: Sequence[str], table: Path) -> str:
    """The column that was named, or the first of the usual names that is there."""
    names = usual if wanted is None else (wanted.strip().lower(),)
    found = next((name for name in names if name in header), None)
    if found is None:
        expected = f"{usual[0]} (or {', '.join(usual[1:])})" if wanted is None else nearest(names[0], header)
        raise InputError(
            "A column is missing.",
            expected=expected,
            found=", ".join(header) if wanted is None else f"'{wanted}'",
            where=at(table, 1),
            todo=f"correct the first line, or name the column with --{usual[0]}-column",
        )
    return found


def _row(cells: Mapping[str, str], line: str, image: str, patient: str, label: str) -> _Row:
    return _Row(line, cells[image], cells[patient], cells[label], cells.get(SPLIT, ""))


def _line_of(line: Line) -> str:
    return line.where.rpartition(":")[2]


def _check_filled(lines: Iterable[Line], columns: Sequence[str], table: Path) -> None:
    empty = {name: [_line_of(line) for line in lines if not line.cells[name]] for name in columns}
    told = [f"{name} in {len(found)} (line {some(found, MOST)})" for name, found in empty.items() if found]
    if told:
        expected = f"{', '.join(columns)} in every row"
        raise InputError("Cells are empty.", expected=expected, found="; ".join(told), where=table)


def _check_labels(rows: Iterable[_Row], task: Task, table: Path) -> None:
    """Every label means something; a label is looked at once, however many rows have it."""
    places: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        places[row.label].append(row.line)
    if wrong := {label: found for label, found in places.items() if answer(task, label) is None}:
        raise unknown_labels(wrong, task, table, "line")


def _by_image(rows: Iterable[_Row], index: ImageIndex, table: Path) -> dict[Path, list[_Row]]:
    """The rows of each image, in the order of the table."""
    groups: dict[Path, list[_Row]] = defaultdict(list)
    missing: list[_Row] = []
    several: list[tuple[_Row, Sequence[Path]]] = []
    paths = PathIndex.of(index)
    for row in rows:
        found = paths.named(row.image)
        if len(found) == 1:
            groups[found[0]].append(row)
        elif found:
            several.append((row, found))
        else:
            missing.append(row)
    if missing:
        raise _missing(missing, index, table)
    if several:
        raise _ambiguous(several, index, table)
    return groups


def _ambiguous(rows: Sequence[tuple[_Row, Sequence[Path]]], index: ImageIndex, table: Path) -> InputError:
    told = [
        f"'{row.image}' (line {row.line}): {some(map(index.shown, sorted(found)), MOST)}" for row, found in rows[:MOST]
    ]
    left = len(rows) - len(told)
    return InputError(
        "Names fit several images.",
        expected="one image for every row",
        found=f"{len(rows)} row{'s' * (len(rows) > 1)}: " + "; ".join(told) + (f"; and {left} more" if left else ""),
        where=table,
        todo="write the path below the folder of images, such as patient7/1.png",
    )


def _missing(rows: Sequence[_Row], index: ImageIndex, table: Path) -> InputError:
    known = [*index.by_name, *index.by_stem]
    hint = nearest(rows[0].image, known).rpartition("; ")[2] if known else ""
    guess = f"; {hint}" if hint.startswith("did you mean") else ""
    return InputError(
        "Images are missing.",
        expected=f"an image below {index.root} for every row{guess}",
        found=f"{len(rows)} rows without: " + some((f"'{row.image}' (line {row.line})" for row in rows), MOST),
        where=table,
        todo="put the images there, name their folder with --images, or take the rows out of the table",
    )


def _labelled(
    groups: Mapping[Path, Sequence[_Row]], index: ImageIndex, task: Task, table: Path, notes: Notes
) -> list[Labelled]:
    """One row for each image; rows that contradict each other are an error with all their lines."""
    known = {index.shown(path): rows for path, rows in groups.items()}
    _check_agreement(known, "label", lambda row: answer(task, row.label), lambda row: row.label, table)
    _check_agreement(known, "patient", lambda row: row.patient, lambda row: row.patient, table)
    _check_agreement(known, "split", lambda row: row.split, lambda row: row.split or "none", table)
    for name, rows in known.items():
        for row in rows[1:]:
            notes.reported(REPEATED, f"{name} (lines {rows[0].line} and {row.line})")
    return [
        Labelled(path, rows[0].label, f"{table}:{rows[0].line}", rows[0].patient, rows[0].split)
        for path, rows in groups.items()
    ]


def _check_agreement(
    groups: Mapping[str, Sequence[_Row]],
    what: str,
    meaning: Callable[[_Row], object],
    words: Callable[[_Row], str],
    table: Path,
) -> None:
    """All rows of an image say the same of it."""
    torn = [
        f"{name}: " + ", ".join(f"'{words(row)}' (line {row.line})" for row in rows)
        for name, rows in groups.items()
        if len(rows) > 1 and len({meaning(row) for row in rows}) > 1
    ]
    if torn:
        raise InputError(
            f"Images are listed with two {what}s.",
            expected=f"one {what} an image",
            found=f"{len(torn)}: {some(torn, MOST)}",
            where=table,
            todo="keep the right row of each, and delete the others",
        )
