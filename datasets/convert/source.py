"""What every importer makes of its format: images by path, boxes as continuous edges, classes by name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError
from spinedet.datasets.convert.image_index import ImageIndex
from spinedet.datasets.convert.notes import Note

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Shape:
    """One box as a source has it; not yet checked against its image.

    Attributes:
        name: Its class.
        box: Continuous edges in pixels.
        where: File and line, or JSON path, for messages.
        difficult: As in VOC.
        truncated: As in VOC.
        extra: Elements for the VOC file that the box brings along, as XML.
    """

    name: str
    box: Box
    where: str
    difficult: bool = False
    truncated: bool = False
    extra: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceImage:
    """One image of a source.

    Attributes:
        path: The image file.
        where: Where the source speaks of it.
        shapes: Its boxes in the order of the source.
        size: Width and height as the source gives them; None where it does not.
        name: What it is called in the dataset; empty for the name of its file.
    """

    path: Path
    where: str
    shapes: tuple[Shape, ...] = ()
    size: tuple[int, int] | None = None
    name: str = ""

    @property
    def stem(self) -> str:
        """What it is called in the dataset."""
        return self.name or self.path.stem


@dataclass(frozen=True)
class Source:
    """A whole source.

    Attributes:
        kind: Name of the format, for messages.
        folder: Where it lies; places below are told from here in the report that a dataset keeps.
        classes: Class names in the order of the source; empty where it has no list: then the names found, sorted.
        images: The annotated images.
        index: All images that lie there.
        patients: The patient of each image, by its name in the dataset, where the source says.
        notes: What reading changed or left out.
    """

    kind: str
    folder: Path
    classes: tuple[str, ...]
    images: tuple[SourceImage, ...]
    index: ImageIndex
    patients: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()


def extent(points: Iterable[Point], where: str) -> Box:
    """The upright box around the points of an outline.

    Raises:
        InputError: There are fewer than two points.
    """
    rows = list(points)
    if len(rows) < 2:
        raise InputError("An outline has too few points.", expected="two or more", found=str(len(rows)), where=where)
    xs, ys = zip(*rows, strict=True)
    return Box(min(xs), min(ys), max(xs), max(ys))


def existing(source: Path, kind: str) -> Path:
    """The source, which must be there.

    Raises:
        InputError: It is not.
    """
    if not source.exists():
        raise InputError(f"There is no such {kind} source.", expected="a folder or a file", where=source)
    return source
