"""CSV in and out: one row a box.

Ours has continuous edges: `image,class,x0,y0,x1,y1,difficult,patient,width,height`, an image without boxes being a row
without class. The table that goes with many tutorials, `filename,width,height,class,xmin,ymin,xmax,ymax`, has the
corners of VOC files, counted from 1. The header tells which.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from spinedet.annotations.boxes import VOC_ORIGIN, Box
from spinedet.annotations.errors import InputError, at
from spinedet.annotations.files import write_text
from spinedet.datasets.convert.classes import CLASSES, read_class_list, write_class_list
from spinedet.datasets.convert.image_index import ImageIndex, visible_files
from spinedet.datasets.convert.notes import Notes
from spinedet.datasets.convert.parsing import image_size_in, number_of, read_text
from spinedet.datasets.convert.source import Shape, Source, SourceImage, existing
from spinedet.datasets.dataset import Dataset, Item
from spinedet.datasets.patients import COLUMNS, PATIENTS

TABLE = "annotations.csv"
"""The table that `write_csv` writes."""

HEADER = ("image", "class", "x0", "y0", "x1", "y1", "difficult", "patient", "width", "height")

EDGES = ("x0", "y0", "x1", "y1")
CORNERS = ("xmin", "ymin", "xmax", "ymax")
SIDES = ("width", "height")
IMAGE_COLUMNS = ("image", "filename", "file")
CLASS_COLUMNS = ("class", "label")

DELIMITERS = (",", ";", "\t")
"""Excel takes the semicolon where the comma stands in numbers."""

TRUE, FALSE = {"1", "yes", "true"}, {"", "0", "no", "false"}


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table: its cells by column, and where it stands."""

    cells: Mapping[str, str]
    where: str


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of a table hold what."""

    image: str
    name: str
    box: tuple[str, ...]
    unknown: tuple[str, ...]


def read_csv(source: Path, images: Path | None = None, classes: Sequence[str] = ()) -> Source:
    """Read a table of boxes.

    Args:
        source: The table, or a folder with one table besides `patients.csv`.
        images: Where the images lie; otherwise beside the table or below.
        classes: The classes in order; otherwise `classes.txt` beside the table, otherwise the names found, sorted.

    Raises:
        InputError: A column, a number or an image is missing or wrong; the message has the line.
    """
    path, notes = _table_file(source), Notes()
    index = ImageIndex.of(images or path.parent)
    header, lines = read_table(path)
    columns = _columns(header, path)
    for name in columns.unknown:
        notes.reported("columns not kept", name)
    groups: dict[Path, list[Line]] = {}
    for line in lines:
        image = index.named(_needed(line, columns.image), line.where)
        groups.setdefault(image, []).append(line)
    found = tuple(
        SourceImage(image, group[0].where, _shapes(group, columns), _size(group)) for image, group in groups.items()
    )
    patients = {image.stem: owner for image, group in groups.items() if (owner := _patient(group))}
    listed = tuple(classes) or read_class_list(path.with_name(CLASSES))
    return Source("CSV", path.parent, listed, found, index, patients, notes.all())


def _table_file(source: Path) -> Path:
    if existing(source, "CSV").is_file():
        return source
    found = [path for path in visible_files(source, ".csv") if path.name != PATIENTS]
    if len(found) != 1:
        names = ", ".join(str(path.relative_to(source)) for path in found) or "none"
        raise InputError(
            "Which table is it?", expected="one .csv file", found=names, where=source, todo="name the file"
        )
    return found[0]


def read_table(path: Path) -> tuple[list[str], list[Line]]:
    """Header, in small letters, and rows of a table; the delimiter is the one that the header has most of.

    Raises:
        InputError: It is no UTF-8 text, is empty, or a row has more cells than the header.
    """
    text = read_text(path, "table")
    first = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(row)]
    except csv.Error as error:
        raise InputError("A table is damaged.", found=str(error), where=at(path, reader.line_num)) from error
    if not rows:
        raise InputError("A table is empty.", expected="a header", where=path)
    header = [name.lower() for name in rows[0][1]]
    comma = delimiter == ";"
    return header, [_line(path, number, header, cells, comma) for number, cells in rows[1:]]


def _line(path: Path, number: int, header: list[str], cells: list[str], comma: bool) -> Line:
    where = at(path, number)
    if len(cells) > len(header):
        raise InputError("A row is too long.", expected=f"{len(header)} cells", found=str(len(cells)), where=where)
    row = dict(zip(header, [*cells, *[""] * (len(header) - len(cells))], strict=True))
    if comma:  # a number is then written 12,5
        row |= {name: row[name].replace(",", ".") for name in (*EDGES, *CORNERS) if name in row}
    return Line(row, where)


def _columns(header: Sequence[str], path: Path) -> Columns:
    image = next((name for name in IMAGE_COLUMNS if name in header), "")
    label = next((name for name in CLASS_COLUMNS if name in header), "")
    box = next((names for names in (EDGES, CORNERS) if set(names) <= set(header)), ())
    if not (image and label and box) or len(set(header)) < len(header):
        raise InputError(
            "The columns are wrong.",
            expected=f"{','.join(HEADER[:6])} (edges from 0), or filename,class,{','.join(CORNERS)} (counted from 1)",
            found=",".join(header),
            where=at(path, 1),
            todo="correct the first line of the table",
        )
    used = {image, label, *box, *HEADER[6:]}
    return Columns(image, label, box, tuple(name for name in header if name not in used))


def _needed(line: Line, column: str) -> str:
    if not (text := line.cells[column]):
        raise InputError("A cell is empty.", expected=f"a value for {column}", where=line.where)
    return text


def _shapes(group: Sequence[Line], columns: Columns) -> tuple[Shape, ...]:
    return tuple(_shape(line, columns) for line in group if not _is_bare(line, columns))


def _is_bare(line: Line, columns: Columns) -> bool:
    """Whether the row says only that the image is there."""
    return not any(line.cells[name] for name in (columns.name, *columns.box))


def _shape(line: Line, columns: Columns) -> Shape:
    words = [_needed(line, name) for name in columns.box]
    values = [number_of(word, f"{line.where}, {name}") for word, name in zip(words, columns.box, strict=True)]
    if columns.box == CORNERS:  # in decimals, so that 10.3 becomes 9.3 and not 9.3000000000000007
        values[:2] = [float(Decimal(word) - VOC_ORIGIN) for word in words[:2]]
    box = Box(*values)
    if box.x0 > box.x1 or box.y0 > box.y1:
        expected = f"{columns.box[0]} < {columns.box[2]} and {columns.box[1]} < {columns.box[3]}"
        raise InputError("A box is turned inside out.", expected=expected, found=" ".join(words), where=line.where)
    return Shape(_needed(line, columns.name), box, line.where, _flag(line))


def _flag(line: Line) -> bool:
    text = line.cells.get("difficult", "").lower()
    if text not in TRUE | FALSE:
        raise InputError("difficult is neither 0 nor 1.", expected="0 or 1", found=text, where=line.where)
    return text in TRUE


def _size(group: Sequence[Line]) -> tuple[int, int] | None:
    """The size that the rows of an image agree on."""
    found = {_size_of(line): line.where for line in group}
    if len(found) > 1:
        told = ", ".join("none" if size is None else "{} x {}".format(*size) for size in found)
        raise InputError("An image has several sizes.", found=told, where=list(found.values())[-1])
    return next(iter(found))


def _size_of(line: Line) -> tuple[int, int] | None:
    width, height = (number_of(side, line.where) if (side := line.cells.get(name)) else None for name in SIDES)
    return image_size_in(width, height, line.where)


def _patient(group: Sequence[Line]) -> str:
    found = {line.cells.get("patient", ""): line.where for line in group}
    if len(found) > 1:
        raise InputError("An image has several patients.", found=", ".join(found), where=list(found.values())[-1])
    return next(iter(found))


def read_patient_table(path: Path) -> dict[str, str]:
    """The patient of each image, by name without ending, from a table with the columns image and patient.

    Raises:
        InputError: The table is damaged, a row is incomplete, or an image stands in two rows.
    """
    header, lines = read_table(path)
    if not set(COLUMNS) <= set(header):
        raise InputError("The columns are wrong.", expected="image,patient", found=",".join(header), where=at(path, 1))
    owners: dict[str, str] = {}
    for line in lines:
        image, patient = (_needed(line, name) for name in COLUMNS)
        if owners.setdefault(image, patient) != patient:
            raise InputError("An image has two patients.", found=image, where=line.where, todo="keep one of the rows")
    return owners


def write_csv(dataset: Dataset, folder: Path) -> None:
    """Write `annotations.csv` with every digit of every edge, and `classes.txt`.

    Raises:
        WorkError: A file cannot be written.
    """
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(row for item in dataset.items for row in _rows(item))
    write_text(folder / TABLE, table.getvalue())
    write_class_list(folder / CLASSES, dataset.classes)


def _rows(item: Item) -> Iterator[tuple[object, ...]]:
    drawn = item.annotation
    name = item.image if item.path is None else item.path.name
    image = (item.patient or "", drawn.width, drawn.height)
    for thing in drawn.objects:
        edges = [int(edge) if edge == int(edge) else repr(float(edge)) for edge in thing.box]
        yield (name, thing.name, *edges, int(thing.difficult), *image)
    if not drawn.objects:
        yield (name, "", *[""] * len(EDGES), "", *image)
