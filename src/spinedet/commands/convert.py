"""`spinedet import` and `spinedet export`: other formats in and out, each time into a new folder."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spinedet.annotations.errors import InputError
from spinedet.terminal import DatasetFolder, ImageSet, err, out

if TYPE_CHECKING:
    from spinedet.datasets.convert.importing import Report
    from spinedet.datasets.convert.source import Source

importing = typer.Typer(
    no_args_is_help=True, help="Make a dataset from boxes, outlines or masks of other tools; the source stays as it is."
)
exporting = typer.Typer(no_args_is_help=True, help="Write a dataset, with its images, in the format of another tool.")

SourcePath = Annotated[Path, typer.Argument(metavar="SOURCE", help="Folder or file to read.")]
NewDataset = Annotated[Path, typer.Option("--out", metavar="DATASET", help="Dataset folder to make.")]
NewFolder = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder to make.")]
Images = Annotated[Path | None, typer.Option(metavar="DIR", help="Where the images lie, if not with the source.")]
Classes = Annotated[str | None, typer.Option(metavar="A,B", help="The classes in order, if not as the source has it.")]
Patients = Annotated[Path | None, typer.Option(metavar="CSV", help="Whose image is whose: a table image,patient.")]
WholeImageTask = Annotated[str, typer.Option("--task", help="A task of whole images, by name or .yaml file.")]
CheckPixels = Annotated[bool, typer.Option(help="Decode every image, to find those whose pixels are all equal.")]
Annotator = Annotated[str | None, typer.Option(metavar="NAME", help="What this annotator drew, not Annotations/.")]


READERS = {
    "yolo": (
        "spinedet.datasets.convert.yolo:read_yolo",
        "Read YOLO labels: .txt files with classes.txt or data.yaml; outlines become boxes.",
    ),
    "coco": (
        "spinedet.datasets.convert.coco:read_coco",
        "Read COCO JSON: instances with boxes, polygons or run lengths.",
    ),
    "csv": (
        "spinedet.datasets.convert.table:read_csv",
        "Read a table: image,class,x0,y0,x1,y1 (edges from 0) or filename,class,xmin,ymin,xmax,ymax (counted from 1).",
    ),
    "labelme": (
        "spinedet.datasets.convert.labelme:read_labelme",
        "Read LabelMe JSON: rectangles; polygons, circles and masks become boxes.",
    ),
    "cvat": (
        "spinedet.datasets.convert.cvat:read_cvat",
        'Read CVAT XML, "CVAT for images 1.1"; outlines become boxes, attributes come along.',
    ),
}
"""Each format's reader, imported when it is asked for, and what its command says of itself."""

WRITERS = {
    "yolo": "Write YOLO labels with classes.txt and data.yaml.",
    "coco": "Write COCO JSON, instances.json.",
    "csv": "Write one table, annotations.csv, a row for every box.",
    "labelme": "Write LabelMe JSON beside the images.",
    "masks": "Write label images (PNG) and classes.csv; boxes of one image must not overlap.",
}
"""What the command of each format says of itself."""


def _importer(place: str) -> Callable[..., None]:
    """The command of a reader that is told nothing special."""

    def command(
        source: SourcePath,
        out_folder: NewDataset,
        images: Images = None,
        patients: Patients = None,
        classes: Classes = None,
    ) -> None:
        module, name = place.split(":")
        read = getattr(import_module(module), name)
        _import(lambda: read(source, images, _names(classes)), source, out_folder, patients)

    return command


def _exporter(kind: str) -> Callable[..., None]:
    def command(
        dataset: DatasetFolder, out_folder: NewFolder, image_set: ImageSet = None, annotator: Annotator = None
    ) -> None:
        _export(kind, dataset, out_folder, image_set, annotator)

    return command


for _kind, (_place, _about) in READERS.items():
    importing.command(_kind, help=_about)(_importer(_place))
for _kind, _about in WRITERS.items():
    exporting.command(_kind, help=_about)(_exporter(_kind))


@importing.command("masks")
def import_masks(
    source: SourcePath,
    out_folder: NewDataset,
    images: Images = None,
    patients: Patients = None,
    classes: Classes = None,
    smallest_area: Annotated[int, typer.Option(min=1, help="Pixels of the smallest object.")] = 1,
) -> None:
    """Read label images: PNG, 0 is background; every connected component of a value becomes a box."""
    from spinedet.datasets.convert.masks import read_masks

    _import(lambda: read_masks(source, images, _names(classes), smallest_area), source, out_folder, patients)


@importing.command("labels")
def import_labels(
    table: Annotated[Path, typer.Argument(metavar="TABLE", help="CSV or XLSX with image, patient and label.")],
    images: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the images, and of folders of them.")],
    task: WholeImageTask,
    out_folder: NewDataset,
    image_column: Annotated[str | None, typer.Option(metavar="NAME", help="Column of the file name or path.")] = None,
    patient_column: Annotated[str | None, typer.Option(metavar="NAME", help="Column of the patient.")] = None,
    label_column: Annotated[str | None, typer.Option(metavar="NAME", help="Column of the class or number.")] = None,
    check_pixels: CheckPixels = False,
) -> None:
    """Read a table of one label an image: each gets one box, the whole image; a column `split` becomes image sets."""
    from spinedet.datasets.convert.labels import Columns
    from spinedet.datasets.convert.labels import import_labels as make
    from spinedet.datasets.convert.whole_images import whole_image_task

    columns = Columns(image_column, patient_column, label_column)
    known = whole_image_task(task)
    with _progress() as step:
        report = make(table, images, known, out_folder, columns, check_pixels=check_pixels, progress=step)
    _show(report)


@importing.command("folders")
def import_folders(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Has a folder of images for each class.")],
    task: WholeImageTask,
    out_folder: NewDataset,
    patients: Patients = None,
    patient_pattern: Annotated[
        str | None, typer.Option(metavar="REGEX", help="Finds the patient in CLASS/FILE, such as '(p[0-9]+)_'.")
    ] = None,
    check_pixels: CheckPixels = False,
) -> None:
    """Read folders called like the classes: each image in them gets one box, the whole image."""
    from spinedet.datasets.convert.class_folders import import_folders as make
    from spinedet.datasets.convert.importing import patients_beside
    from spinedet.datasets.convert.whole_images import whole_image_task

    known = whole_image_task(task)
    table = patients if patients or patient_pattern else patients_beside(folder)
    with _progress() as step:
        report = make(
            folder,
            known,
            out_folder,
            patients=table,
            pattern=patient_pattern,
            check_pixels=check_pixels,
            progress=step,
        )
    _show(report)


def _names(classes: str | None) -> tuple[str, ...]:
    if classes is None:
        return ()
    names = tuple(name.strip() for name in classes.split(","))
    if not all(names):
        raise InputError("A class has no name.", expected="names such as a,b", found=f"--classes {classes}")
    return names


def _import(read: Callable[[], "Source"], source: Path, out_folder: Path, patients: Path | None) -> None:
    from spinedet.datasets.convert.folders import check_new
    from spinedet.datasets.convert.importing import import_dataset, patients_beside

    check_new(out_folder)  # before a long reading
    table = patients or patients_beside(source)
    with _progress() as step:
        report = import_dataset(read(), out_folder, table, step)
    _show(report)


def _export(kind: str, folder: Path, out_folder: Path, image_set: str | None, annotator: str | None) -> None:
    from spinedet.datasets.convert.exporting import export_dataset
    from spinedet.datasets.convert.folders import check_new
    from spinedet.datasets.dataset import Dataset

    check_new(out_folder)
    data = Dataset.load(folder, image_set=image_set, annotator=annotator)
    with _progress() as step:
        report = export_dataset(data, kind, out_folder, step)
    _show(report)


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A bar of images, where a terminal can show one."""
    from rich.progress import Progress

    with Progress(console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("images", total=None)
        yield lambda done, all_of_them: bar.update(task, completed=done, total=all_of_them)


def _show(report: "Report") -> None:
    for line in report.lines():
        out.print(line)
    out.print(f"Done: {report.out}")
