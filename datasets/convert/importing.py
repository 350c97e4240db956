"""From a source to an ordinary VOC dataset: `JPEGImages/`, `Annotations/`, `dataset.yaml`, `patients.csv`.

Everything is checked before anything is written, and the folder appears whole or not at all. `import.txt` in it keeps
the report with every place.
"""

import csv
import io
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError, nearest, some
from spinedet.annotations.files import write_bytes, write_text
from spinedet.annotations.voc import EDGE_SLACK, Annotation, VocObject, voc_bytes
from spinedet.datasets.convert.folders import new_folder, place_image
from spinedet.datasets.convert.image_index import readable, same_name
from spinedet.datasets.convert.notes import CLIPPED, FOREIGN, NO_AREA, UNNAMED, Note, Notes
from spinedet.datasets.convert.source import Shape, Source, SourceImage
from spinedet.datasets.convert.table import read_patient_table
from spinedet.datasets.dataset import ANNOTATIONS, IMAGES
from spinedet.datasets.patients import COLUMNS, PATIENTS

REPORT = "import.txt"

ALL = 10**9
"""Places of a note in the report that is kept."""

NOISE = 1e-6
"""Pixels; what rounding of other programs puts outside the image is clipped without a word."""

Size = tuple[int, int]

Progress = Callable[[int, int], None]
"""Called with the number of finished images and of all."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a conversion did.

    Attributes:
        out: The folder it made.
        images: Number of images in it.
        boxes: Number of boxes of each class, in the order of the classes.
        notes: What was changed or left out.
    """

    out: Path
    images: int
    boxes: Mapping[str, int]
    notes: tuple[Note, ...]

    def lines(self, most: int = 5) -> list[str]:
        """The report as text, with so many places of each note."""
        counts = ", ".join(f"{count} {name}" for name, count in self.boxes.items())
        return [
            f"{self.images} images, {sum(self.boxes.values())} boxes: {counts}",
            *(f"reported: {note.line(most)}" for note in self.notes if not note.left_out),
            *(f"left out: {note.line(most)}" for note in self.notes if note.left_out),
        ]


def import_dataset(source: Source, out: Path, patients: Path | None = None, progress: Progress | None = None) -> Report:
    """Check a source and write it as a VOC dataset.

    Args:
        source: What an importer read.
        out: The dataset folder to make.
        patients: A table with the columns image and patient; otherwise what the source says.
        progress: Told after every image.

    Raises:
        InputError: A box, a class, an image or a patient is wrong; nothing is written.
        WorkError: The disk is full; nothing is left behind.
    """
    notes = Notes()
    _check_names(source.images)
    classes = _classes(source)
    drawn = [(image, _annotation(source, image, notes)) for image in source.images if readable(image.path)]
    owners = _owners(source, [image.stem for image, _ in drawn], patients)
    _name_the_rest(source, notes)
    counts = Counter(thing.name for _, annotation in drawn for thing in annotation.objects)
    report = Report(out, len(drawn), {name: counts[name] for name in classes}, (*source.notes, *notes.all()))
    with new_folder(out) as folder:
        _write_images(folder, drawn, progress)
        if owners:
            write_text(folder / PATIENTS, patients_csv(owners))
        card = {"name": out.name, "classes": list(classes), "source": f"imported from {source.kind}"}
        write_text(folder / "dataset.yaml", yaml.safe_dump(card, sort_keys=False, allow_unicode=True, width=1000))
        write_bytes(folder / REPORT, _kept(report, source.folder))
    return report


def _kept(report: Report, folder: Path) -> bytes:
    """The report for others to read: without the folders of this machine; foreign names may be no proper text."""
    text = "".join(f"{line}\n" for line in report.lines(most=ALL))
    return text.replace(f"{folder}{os.sep}", "").encode("utf-8", "backslashreplace")


def _name_the_rest(source: Source, notes: Notes) -> None:
    """Images that do not come along."""
    boxes = {image.path: len(image.shapes) for image in source.images}
    for path in source.index.paths():
        name = source.index.shown(path)
        if not readable(path):
            notes.left_out(FOREIGN, f"{name} with {boxes[path]} boxes" if path in boxes else name)
        elif path not in boxes:
            notes.left_out(UNNAMED, name)


def _write_images(folder: Path, drawn: Sequence[tuple[SourceImage, Annotation]], progress: Progress | None) -> None:
    """No file needs a temporary name here: the folder itself has one."""
    for name in (IMAGES, ANNOTATIONS):
        (folder / name).mkdir()
    for number, (image, annotation) in enumerate(drawn, start=1):
        place_image(image.path, folder / IMAGES, annotation.filename)
        (folder / ANNOTATIONS / f"{image.stem}.xml").write_bytes(voc_bytes(annotation))
        if progress:
            progress(number, len(drawn))


def patients_beside(source: Path) -> Path | None:
    """The table of patients that lies in a source folder, if one does."""
    table = (source if source.is_dir() else source.parent) / PATIENTS
    return table if table.is_file() else None


def patients_csv(owners: Mapping[str, str]) -> str:
    """The text of a `patients.csv`."""
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    writer.writerows([COLUMNS, *owners.items()])
    return table.getvalue()


def _check_names(images: Sequence[SourceImage]) -> None:
    """A dataset knows an image by its stem alone, so no two may share one."""
    if not images:
        return
    first: dict[str, SourceImage] = {}
    for image in images:
        if (other := first.setdefault(image.stem, image)) is image:
            continue
        if other.path == image.path:
            found = f"{image.path.name} here and in {other.where}"
            raise InputError("An image is annotated twice.", found=found, where=image.where, todo="keep one of them")
        raise same_name((other.path, image.path), image.where)


def _classes(source: Source) -> tuple[str, ...]:
    """The classes in order, and a check that every box has one of them."""
    shapes = [shape for image in source.images for shape in image.shapes]
    listed = tuple(name.strip() for name in source.classes)
    if doubled := [name for name, times in Counter(listed).items() if times > 1 or not name or not name.isprintable()]:
        raise InputError(
            "The list of classes is wrong.",
            expected="each class once, in printable letters",
            found=some(ascii(name) for name in doubled),
            todo="give the list in the right order with --classes",
        )
    if not listed:
        listed = tuple(sorted({shape.name for shape in shapes}))
    if not listed:
        found = f"no box in {len(source.images)} images"
        raise InputError("No class is known.", found=found, where=source.index.root, todo="name them: --classes a,b")
    known = set(listed)
    for shape in shapes:
        if shape.name not in known:
            todo = "correct the name, or give all classes with --classes a,b"
            expected, found = nearest(shape.name, listed), f"'{shape.name}'"
            raise InputError("A class is unknown.", expected=expected, found=found, where=shape.where, todo=todo)
    return listed


def _annotation(source: Source, image: SourceImage, notes: Notes) -> Annotation:
    width, height = size = source.index.size(image.path)
    if image.size is not None and image.size != size:
        raise InputError(
            "An image has another size than its annotation says.",
            expected="{} x {}".format(*image.size),
            found=f"{width} x {height} ({image.path})",
            where=image.where,
            todo="the boxes may belong to another image: compare the two",
        )
    found = (_object(shape, size, notes) for shape in image.shapes)
    return Annotation(
        f"{image.stem}{image.path.suffix}", width, height, tuple(thing for thing in found if thing is not None)
    )


def _object(shape: Shape, size: Size, notes: Notes) -> VocObject | None:
    """The box as VOC has it, clipped; None where it has no area."""
    box = _inside(shape, size, notes)
    if box.x0 == box.x1 or box.y0 == box.y1:
        notes.left_out(NO_AREA, shape.where)
        return None
    try:
        return VocObject(shape.name, box, shape.difficult, shape.truncated, extra=shape.extra)
    except InputError as error:
        expected, found = error.details["expected"], error.details["found"]
        raise InputError(error.what, expected=expected, found=found, where=shape.where) from error


def _inside(shape: Shape, size: Size, notes: Notes) -> Box:
    """The box without what leaves the image; more than `EDGE_SLACK` of that is a mistake."""
    (x0, y0, x1, y1), (width, height) = shape.box, size
    if min(x0, y0) >= 0 and x1 <= width and y1 <= height:
        return shape.box
    outside = max(-x0, -y0, x1 - width, y1 - height)
    if outside > EDGE_SLACK:
        raise InputError(
            f"The box of a '{shape.name}' leaves the image.",
            expected=f"inside 0 0 {width} {height}",
            found=f"{x0:g} {y0:g} {x1:g} {y1:g}",
            where=shape.where,
            todo="correct the box in the tool that drew it, or see whether it belongs to this image",
        )
    if outside > NOISE:
        notes.reported(CLIPPED, shape.where)
    return Box(*(min(max(edge, 0.0), float(side)) for edge, side in zip(shape.box, (*size, *size), strict=True)))


def _owners(source: Source, images: Iterable[str], table: Path | None) -> dict[str, str]:
    """The patient of every image; empty where nobody says."""
    known = source.patients if table is None else read_patient_table(table)
    stems = sorted(images)
    if known and (missing := [stem for stem in stems if stem not in known]):
        raise InputError(
            "Images have no patient.",
            expected="a patient for every image, or for none",
            found=f"{len(missing)} without: {some(missing)}",
            where=table or source.index.root,
            todo="add them, or give a table of all with --patients",
        )
    return {stem: known[stem] for stem in stems} if known else {}
