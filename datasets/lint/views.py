"""What the rules look at: one file as it was read, and the whole dataset in columns.

A dataset of 100,000 files must fit beside everything else, so a file is let go once its own rules have seen it, and of
its boxes only the columns of `SetView` stay.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spinedet.annotations.boxes import Box
from spinedet.annotations.voc import Reading, VocObject
from spinedet.datasets.lint.twins import Twin, find_twins


@dataclass(frozen=True, eq=False)
class FileView:
    """One annotation that could be read.

    Attributes:
        image: The image's name (the file stem).
        place: The XML file, relative to the dataset.
        reading: What stands in it, with lines and remarks.
        size: Width and height of the image file; None where there is none or it cannot be read.
    """

    image: str
    place: str
    reading: Reading
    size: tuple[int, int] | None

    @property
    def objects(self) -> tuple[VocObject, ...]:
        """The boxes, in the order of the file."""
        return self.reading.annotation.objects

    @cached_property
    def twins(self) -> tuple[Twin, ...]:
        """Boxes that lie where an earlier one lies."""
        return find_twins(self.objects)


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that the reader or a decoder refuses.

    Attributes:
        place: The file, relative to the dataset.
        line: Line in it, where one is known.
        what: The reader's words.
        todo: What the reader advises; None where it says nothing.
    """

    place: str
    line: int | None
    what: str
    todo: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """One row of `patients.csv`; a cell that is missing is empty."""

    line: int
    image: str
    patient: str


@dataclass(frozen=True)
class Patients:
    """`patients.csv` as it stands, faults and all.

    Attributes:
        found: Whether there is such a file.
        refusal: Why it cannot be read; None where it can.
        rows: Its rows; empty where it cannot be read.
    """

    found: bool
    refusal: Refused | None = None
    rows: tuple[Row, ...] = ()

    @cached_property
    def of(self) -> dict[str, str]:
        """The patient of each image: that of its first complete row."""
        known: dict[str, str] = {}
        for row in self.rows:
            if row.image and row.patient:
                known.setdefault(row.image, row.patient)
        return known


@dataclass(frozen=True, eq=False)
class Columns:
    """All boxes of a dataset, box by box in the order of files and of the objects in them.

    Attributes:
        images: Names of the F annotations that could be read, sorted.
        sizes: (F, 2) int32 width and height of each image as its annotation says.
        names: The C class names that occur, sorted.
        file: (N,) int32, index into `images`.
        label: (N,) int32, index into `names`.
        box: (N, 4) float64 continuous edges.
        line: (N,) int32 line in the file.
    """

    images: tuple[str, ...]
    sizes: NDArray[np.int32]
    names: tuple[str, ...]
    file: NDArray[np.int32]
    label: NDArray[np.int32]
    box: NDArray[np.float64]
    line: NDArray[np.int32]

    def counts(self) -> NDArray[np.int64]:
        """(C,) boxes of each class."""
        return np.bincount(self.label, minlength=len(self.names))


@dataclass(frozen=True)
class Pixels:
    """What decoding every image has shown.

    Attributes:
        alike: Groups of two or more images with the very same pixels, each sorted.
        damaged: Images that cannot be decoded.
    """

    alike: tuple[tuple[str, ...], ...] = ()
    damaged: tuple[Refused, ...] = ()


@dataclass(frozen=True, eq=False)
class SetView:
    """A whole dataset.

    Attributes:
        root: The dataset folder.
        drawn: Folder of the annotations, relative to it (`Annotations`, or that of an annotator).
        annotator: Whose annotations these are; None for the common ones.
        classes: The classes of the task or of `dataset.yaml`; empty without a list.
        folds: The folds asked for; None where nobody asked.
        columns: The boxes.
        xml: Names of all annotations, readable or not.
        files: The image file of each name; where two have one name, the first.
        twins: Image files whose name an earlier one has.
        strange: Files in the image folder that are no image of a kind we read.
        patients: `patients.csv`.
        filenames: `<filename>` of each annotation that says another than its own.
        refused: Annotations that cannot be read.
        card_refused: What is wrong with `dataset.yaml`.
        damaged: Images whose header cannot be read.
        pixels: What decoding has shown; None where nobody asked.
    """

    root: Path
    drawn: str
    annotator: str | None
    classes: tuple[str, ...]
    folds: int | None
    columns: Columns
    xml: frozenset[str]
    files: Mapping[str, str]
    twins: tuple[str, ...] = ()
    strange: tuple[str, ...] = ()
    patients: Patients = field(default_factory=lambda: Patients(found=False))
    filenames: Mapping[str, str] = field(default_factory=dict)
    refused: tuple[Refused, ...] = ()
    card_refused: Refused | None = None
    damaged: tuple[Refused, ...] = ()
    pixels: Pixels | None = None

    def place(self, image: str) -> str:
        """The annotation of an image, relative to the dataset."""
        return f"{self.drawn}/{image}.xml"

    def each(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> Iterator["Drawn"]:
        """The chosen boxes (a mask (N,) or their numbers), one by one."""
        columns = self.columns
        numbers = np.flatnonzero(chosen) if chosen.dtype == np.bool_ else chosen
        for number in numbers.tolist():
            image = columns.images[columns.file[number]]
            name = columns.names[columns.label[number]]
            yield Drawn(
                number, image, self.place(image), int(columns.line[number]), name, Box(*columns.box[number].tolist())
            )


@dataclass(frozen=True, slots=True)
class Drawn:
    """One box of the columns, spelt out."""

    number: int
    image: str
    place: str
    line: int
    name: str
    box: Box
