"""From images with a label each to a dataset: every image gets one box, the whole of it, whose class is the label.

What `labels` and `class_folders` share.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

import numpy as np

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError, nearest, some
from spinedet.annotations.files import write_text
from spinedet.datasets.convert.folders import new_folder
from spinedet.datasets.convert.image_index import ImageIndex, readable
from spinedet.datasets.convert.image_paths import SOURCES, dataset_names, sources_csv
from spinedet.datasets.convert.importing import Progress, Report, import_dataset
from spinedet.datasets.convert.notes import Notes
from spinedet.datasets.convert.source import Shape, Source, SourceImage
from spinedet.datasets.dataset import IMAGE_SETS
from spinedet.datasets.images import read_pixels
from spinedet.datasets.tasks import Task, read_task, task_names

BINNED = "numbers put into the nearest class"
BEYOND = "numbers beyond the first or the last class, put there all the same"
CONSTANT = "images whose pixels are all equal"
NO_PATIENTS = "no image has a patient: no fold can be made until patients.csv says whose they are"
NO_IMAGE = "classes without an image"
BY_PATH = f"images called by their path, because others have the same name ({SOURCES} leads back)"

MOST = 20
"""Names, labels or lines of one kind in a message; all of them are counted."""

VALUE = "value"
"""The element of a box in the VOC file that keeps a number as it was, where the class only says which bin."""

PLAIN_BYTES = 4096
BYTES_A_PIXEL = 1 / 16
"""A constant image is a file of no more: PNG needs 0.003 bytes a pixel for one, JPEG up to 0.04, both a header.

So only small files are decoded to look for one; formats that do not compress are looked at on demand alone.
"""


@dataclass(frozen=True, slots=True)
class Labelled:
    """An image with its label, as a source has it.

    Attributes:
        path: The image file.
        label: The words of the source.
        where: Where the source says so, for messages.
        patient: Whose image it is; empty where nobody says.
        split: The image set it belongs to; empty for none.
        name: What it is called in the dataset; empty for the name of its file.
    """

    path: Path
    label: str
    where: str
    patient: str = ""
    split: str = ""
    name: str = ""

    @property
    def stem(self) -> str:
        """What it is called in the dataset."""
        return self.name or self.path.stem


@dataclass(frozen=True, slots=True)
class Answer:
    """What a label means in a task.

    Attributes:
        name: The class.
        value: The number that was put into that class; None where the label names the class.
    """

    name: str
    value: float | None = None

    @property
    def extra(self) -> tuple[str, ...]:
        """What the box in the VOC file keeps beside the class."""
        return () if self.value is None else (f"<{VALUE}>{self.value!r}</{VALUE}>",)


def whole_image_task(name: str) -> Task:
    """A task by name or file, which must ask for one answer an image.

    Raises:
        InputError: It asks for objects.
    """
    task = read_task(name)
    if not task.whole_image:
        known = [known for known in task_names() if read_task(known).whole_image]
        expected = f"a task with one answer an image: {', '.join(known)}, or a file of your own"
        found = f"{task.task}, whose boxes somebody has to draw"
        raise InputError("This task does not label whole images.", expected=expected, found=found)
    return task


def answer(task: Task, label: str) -> Answer | None:
    """What a label means: a class by its name or, where the task wants a number, the class nearest to it.

    Of two classes equally near, the lower. None where the label means nothing.
    """
    if label in task.classes:
        return Answer(label)
    if task.kind != "number" or (value := _number(label)) is None:
        return None
    return Answer(task.classes[int(np.argmin(np.abs(np.array(task.values) - value)))], value)


def _number(text: str) -> float | None:
    try:
        value = float(text.replace(",", ".")) if "_" not in text else float("nan")  # Python alone reads 1_0 as ten
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def unknown_labels(places: Mapping[str, Sequence[str]], task: Task, where: Path, unit: str) -> InputError:
    """All labels that a task does not know, with where they stand and what was probably meant.

    Args:
        places: Lines, or files, of each label.
        task: What the labels should be of.
        where: The table or the folder.
        unit: What a place is, in the singular: `line`.
    """
    rows = [f"{label!r} ({_placed(found, unit)}{_hint(label, task)})" for label, found in places.items()]
    number = f", or a number of {task.unit or 'the same unit'}" if task.kind == "number" else ""
    return InputError(
        f"{_times(len(places), 'label')} that the task '{task.task}' does not know.",
        expected=f"{', '.join(task.classes)}{number}",
        found=f"{sum(map(len, places.values()))} in all: " + some(rows, MOST),
        where=where,
        todo="correct the labels, or write a task file with these classes (see: spinedet task show)",
    )


def _placed(places: Sequence[str], unit: str) -> str:
    return f"{_times(len(places), unit)}: {some(places, MOST)}"


def _times(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")


def _hint(label: str, task: Task) -> str:
    folded = {name.casefold(): name for name in task.classes}
    close = get_close_matches(label.casefold(), list(folded), n=1)
    return f"; did you mean '{folded[close[0]]}'?" if close else ""


def with_names(rows: Sequence[Labelled], index: ImageIndex, notes: Notes) -> list[Labelled]:
    """The same rows with what their images are called in a dataset, see `image_paths.dataset_names`.

    Args:
        rows: One for each image.
        index: All images that lie there.
        notes: Told which images are called by their path.
    """
    names = dataset_names((row.path for row in rows if readable(row.path)), index.root)
    for path, name in names.items():
        if name != path.stem:
            notes.reported(BY_PATH, f"{path.relative_to(index.root).as_posix()} is {name}")
    return [replace(row, name=names[row.path]) if row.path in names else row for row in rows]


def whole_image_source(
    kind: str, rows: Sequence[Labelled], task: Task, index: ImageIndex, notes: Notes, *, check_pixels: bool = False
) -> Source:
    """Labelled images as a source of boxes; the labels are known to mean something.

    Args:
        kind: Name of the source, for `dataset.yaml`.
        rows: One for each image.
        task: Gives the classes.
        index: All images that lie there.
        notes: Told which numbers went into which class, which images are constant, and which classes are empty.
        check_pixels: Decode every image, and not only those whose file is so small that they may be constant.

    Raises:
        InputError: An image is damaged, or there is none that can be read.
    """
    usable = [row.path for row in rows if readable(row.path)]
    if not usable:
        raise InputError("There is no image that spinedet reads.", expected="png, jpg, bmp or tif", where=index.root)
    found = tuple(_image(row, task, index, notes) for row in rows)
    for path in constant_images(usable, index, every=check_pixels):
        notes.reported(CONSTANT, index.shown(path))
    used = Counter(shape.name for image in found for shape in image.shapes)
    for name in task.classes:
        if not used[name]:
            notes.reported(NO_IMAGE, name)
    patients = {row.stem: row.patient for row in rows if row.patient}
    if not patients:
        notes.reported(NO_PATIENTS, _times(len(usable), "image"))
    return Source(kind, index.root, task.classes, found, index, patients, notes.all())


def _image(row: Labelled, task: Task, index: ImageIndex, notes: Notes) -> SourceImage:
    meant = answer(task, row.label)
    if meant is None:
        raise unknown_labels({row.label: [row.where]}, task, index.root, "place")
    if meant.value is not None:
        _tell(f"{index.shown(row.path)}: {meant.value:g} to {meant.name}", meant, task, notes)
    width, height = index.size(row.path) if readable(row.path) else (0, 0)  # the importer leaves the others out
    shape = Shape(meant.name, Box(0, 0, width, height), row.where, extra=meant.extra)
    return SourceImage(row.path, row.where, (shape,), name=row.name)


def _tell(place: str, meant: Answer, task: Task, notes: Notes) -> None:
    """A number that is a class's own needs no word; half a step beyond the outer classes is still theirs."""
    (first, second), (last_but_one, last) = task.values[:2], task.values[-2:]
    least, most = first - (second - first) / 2, last + (last - last_but_one) / 2
    if meant.value is None or meant.value in task.values:
        return
    notes.reported(BINNED if least <= meant.value <= most else BEYOND, place)


def constant_images(paths: Sequence[Path], index: ImageIndex, *, every: bool = False) -> list[Path]:
    """Images whose pixels are all equal, in the order given; nobody can answer anything by them.

    Args:
        paths: Image files.
        index: Knows their sizes.
        every: Decode all of them; otherwise those whose file is small for its pixels.

    Raises:
        InputError: An image is damaged.
    """
    suspects = [path for path in paths if every or _is_small(path, index)]
    with ThreadPoolExecutor() as pool:
        return [path for path, flat in zip(suspects, pool.map(_is_constant, suspects), strict=True) if flat]


def _is_small(path: Path, index: ImageIndex) -> bool:
    width, height = index.size(path)
    return path.stat().st_size <= PLAIN_BYTES + BYTES_A_PIXEL * width * height


def _is_constant(path: Path) -> bool:
    pixels = read_pixels(path)
    return bool(np.ptp(pixels, axis=(0, 1)).max() == 0) if pixels.ndim == 3 else bool(np.ptp(pixels) == 0)


def write_whole_images(
    source: Source, splits: Mapping[str, Sequence[str]], out: Path, progress: Progress | None = None
) -> Report:
    """Write the dataset, with an image set for each split; the folder appears whole or not at all.

    Where images are called by their paths, `sources.csv` says what each of them was.

    Args:
        source: What `whole_image_source` made.
        splits: Names of images (stems) of each image set.
        out: The dataset folder to make.
        progress: Told after every image.

    Raises:
        InputError: `out` is there, or two images would have one name; nothing is written.
        WorkError: The disk is full; nothing is left behind.
    """
    with new_folder(out) as folder:
        report = import_dataset(source, folder / out.resolve().name, progress=progress)
        for name, images in splits.items():
            write_text(report.out / IMAGE_SETS / f"{name}.txt", "".join(f"{image}\n" for image in sorted(images)))
        names = {image.path: image.stem for image in source.images if readable(image.path)}
        if any(name != path.stem for path, name in names.items()):
            write_text(report.out / SOURCES, sources_csv(names, source.index.root))
        for part in list(report.out.iterdir()):
            part.rename(folder / part.name)
        report.out.rmdir()
    return replace(report, out=out)


def image_sets(rows: Iterable[Labelled], where: Path) -> dict[str, list[str]]:
    """Images of each split, for rows that have one.

    Raises:
        InputError: A split's name cannot be a file's, or patients are in two splits; each is named with the places.
    """
    splits: dict[str, list[str]] = defaultdict(list)
    homes: dict[str, dict[str, str]] = defaultdict(dict)
    for row in rows:
        if row.split and readable(row.path):
            splits[row.split].append(row.stem)
            homes[row.patient].setdefault(row.split, row.where)
    _check_set_names(list(splits), where)
    torn = {patient: found for patient, found in homes.items() if patient and len(found) > 1}
    if torn:
        told = (
            f"{patient}: " + ", ".join(f"{split} ({place})" for split, place in found.items())
            for patient, found in torn.items()
        )
        raise InputError(
            "Patients are in two splits: a model would be tested on those it has learnt from.",
            expected="all images of a patient in one split",
            found=f"{_times(len(torn), 'patient')}: " + some(told, MOST),
            where=where,
            todo="put each of them into one split, or leave the column out and let `spinedet folds` part them",
        )
    return dict(splits)


def _check_set_names(names: Sequence[str], where: Path) -> None:
    folded = Counter(name.casefold() for name in names)
    wrong = [name for name in names if not name.replace("-", "_").replace("_", "a").isalnum()]
    wrong += [name for name in names if folded[name.casefold()] > 1]
    if wrong:
        expected = f"letters, figures, - and _, one writing for each ({nearest(wrong[0], ['train', 'val', 'test'])})"
        raise InputError("A split's name cannot be used.", expected=expected, found=some(map(repr, wrong)), where=where)
