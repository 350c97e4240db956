"""Reading a dataset for the rules: every file that can be read, and why the others cannot.

Above `POOL_FROM` files the work is parted among processes, one a core. What comes back of a file are its findings and
its boxes as columns; nothing else is kept.
"""

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spinedet.annotations.errors import InputError
from spinedet.annotations.voc import Reading
from spinedet.datasets.dataset import IMAGES
from spinedet.datasets.images import SUFFIXES, image_size
from spinedet.datasets.lint.findings import Finding
from spinedet.datasets.lint.rules import FILE_RULES
from spinedet.datasets.lint.salvage import line_of, read_what_can_be
from spinedet.datasets.lint.views import Columns, FileView, Refused

POOL_FROM = 4_000
"""Annotations; fewer are read before a second process has started."""

CHUNK = 500
"""Annotations a task of a process."""

Listener = Callable[[str, int, int], None]
"""Hears what is being done, how much of it is done, and how much there is."""


@dataclass(frozen=True, slots=True)
class ImageFolder:
    """The files of the image folder.

    Attributes:
        files: The image file of each name; where two have one name, the first.
        twins: Image files whose name an earlier one has.
        strange: Files that are no image of a kind we read.
    """

    files: Mapping[str, str]
    twins: tuple[str, ...]
    strange: tuple[str, ...]


def list_images(root: Path) -> ImageFolder:
    """What lies in the image folder; names that begin with a dot are passed over."""
    folder = root / IMAGES
    found = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    shown = [name for name in found if not name.startswith(".")]
    files: dict[str, str] = {}
    images = [name for name in shown if Path(name).suffix.lower() in SUFFIXES]
    twins = tuple(name for name in images if files.setdefault(Path(name).stem, name) != name)
    known = set(images)
    return ImageFolder(files, twins, tuple(name for name in shown if name not in known))


def list_annotations(folder: Path) -> list[str]:
    """Names of the annotations in a folder, sorted."""
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(path.stem for path in found if path.suffix == ".xml" and not path.name.startswith("."))


@dataclass(frozen=True, slots=True)
class Work:
    """Some annotations of one folder, for one process.

    Attributes:
        root: The dataset folder.
        drawn: The folder of the annotations, relative to it.
        rules: Ids of the rules to ask.
        images: Names of the annotations, sorted.
        files: The image file of each; None where there is none.
    """

    root: Path
    drawn: str
    rules: frozenset[str]
    images: tuple[str, ...]
    files: tuple[str | None, ...]


@dataclass(slots=True)
class Part:
    """What has become of some annotations; built up while they are read.

    Attributes:
        findings: What the rules of single files have found.
        refused: Annotations that cannot be read.
        damaged: Images whose header cannot be read.
        filenames: `<filename>` of each annotation that says another than its own.
        columns: Boxes of the annotations that could be read.
    """

    findings: list[Finding] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    damaged: list[Refused] = field(default_factory=list)
    filenames: dict[str, str] = field(default_factory=dict)
    columns: list[Columns] = field(default_factory=list)

    def add(self, other: "Part") -> None:
        """Take in the next part."""
        self.findings += other.findings
        self.refused += other.refused
        self.damaged += other.damaged
        self.filenames |= other.filenames
        self.columns += other.columns


def scan(root: Path, drawn: str, rules: frozenset[str], files: Mapping[str, str], listener: Listener) -> Part:
    """Read all annotations of a folder and ask the rules of single files; the columns come as one."""
    names = list_annotations(root / drawn)
    work = [
        Work(root, drawn, rules, tuple(chunk), tuple(files.get(name) for name in chunk))
        for chunk in chunks(names, CHUNK)
    ]
    whole = Part()
    for done, part in enumerate(_parts(work, len(names)), start=1):
        whole.add(part)
        listener("annotations", min(done * CHUNK, len(names)), len(names))
    whole.columns = [_joined(whole.columns)]
    return whole


def chunks(names: Iterable[str], size: int) -> Iterator[list[str]]:
    """Names in lists of `size`, the last one shorter."""
    rest = iter(names)
    while chunk := list(islice(rest, size)):
        yield chunk


def _parts(work: Sequence[Work], files: int) -> Iterator[Part]:
    """The parts in the order of the work."""
    processes = min(cores(), len(work))
    alone = multiprocessing.current_process().daemon  # such a process may have no children
    if files < POOL_FROM or processes < 2 or alone:
        yield from map(read_part, work)
        return
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(read_part, work)


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def read_part(work: Work) -> Part:
    """Read some annotations, one after the other."""
    part, columns = Part(), _Builder()
    asked = [rule for rule in FILE_RULES if rule.id in work.rules]
    for image, file in zip(work.images, work.files, strict=True):
        view = _read(work, image, file, part)
        if view is None:
            continue
        columns.add(image, view.reading)
        for rule in asked:
            part.findings += rule.findings(view)
        if (told := view.reading.annotation.filename) != (file or told):
            part.filenames[image] = told
    part.columns.append(columns.build())
    return part


def _read(work: Work, image: str, file: str | None, part: Part) -> FileView | None:
    """One annotation with the size of its image; what cannot be read goes to the part."""
    place = f"{work.drawn}/{image}.xml"
    size = None
    if file is not None:
        try:
            size = image_size(work.root / IMAGES / file)
        except InputError as error:
            part.damaged.append(refusal(error, work.root / IMAGES / file, f"{IMAGES}/{file}"))
    path = work.root / place
    reading, errors = read_what_can_be(path, None if size is None else partial(_given, size))
    part.refused += [refusal(error, path, place) for error in errors]
    return None if reading is None else FileView(image, place, reading, size)


def _given(size: tuple[int, int]) -> tuple[int, int]:
    return size


def refusal(error: InputError, path: Path, place: str) -> Refused:
    """The words of a reader, with its line where it knows one."""
    told = [f"{word} {text}" for word in ("expected", "found") if (text := error.details[word]) is not None]
    what = error.what.rstrip(".") + (f" ({', '.join(told)})" if told else "")
    return Refused(place, line_of(error, path), what, error.details["to do"])


class _Builder:
    """Columns that grow file by file."""

    def __init__(self) -> None:
        self._images: list[str] = []
        self._sizes: list[tuple[int, int]] = []
        self._names: dict[str, int] = {}
        self._file: list[int] = []
        self._label: list[int] = []
        self._box: list[tuple[float, float, float, float]] = []
        self._line: list[int] = []

    def add(self, image: str, reading: Reading) -> None:
        things = reading.annotation.objects
        self._file += [len(self._images)] * len(things)
        self._label += [self._names.setdefault(thing.name, len(self._names)) for thing in things]
        self._box += [thing.box for thing in things]
        self._line += reading.lines
        self._images.append(image)
        self._sizes.append((reading.annotation.width, reading.annotation.height))

    def build(self) -> Columns:
        return Columns(
            tuple(self._images),
            np.array(self._sizes, np.int32).reshape(-1, 2),
            tuple(self._names),
            np.array(self._file, np.int32),
            np.array(self._label, np.int32),
            np.array(self._box, np.float64).reshape(-1, 4),
            np.array(self._line, np.int32),
        )


def _joined(parts: Sequence[Columns]) -> Columns:
    """The columns of all parts as one, with one sorted list of class names."""
    parts = parts or [_Builder().build()]
    names = tuple(sorted({name for part in parts for name in part.names}))
    number = {name: place for place, name in enumerate(names)}
    first = np.cumsum([0, *(len(part.images) for part in parts)])
    labels = [np.array([number[name] for name in part.names], np.int32) for part in parts]
    return Columns(
        tuple(image for part in parts for image in part.images),
        np.concatenate([part.sizes for part in parts]),
        names,
        _int32([part.file + start for part, start in zip(parts, first[:-1], strict=True)]),
        _int32([known[part.label] for part, known in zip(parts, labels, strict=True)]),
        np.concatenate([part.box for part in parts]),
        np.concatenate([part.line for part in parts]),
    )


def _int32(columns: Sequence[NDArray[np.integer]]) -> NDArray[np.int32]:
    return np.concatenate(columns).astype(np.int32)
