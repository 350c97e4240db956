"""From a dataset to the formats of other tools: a new folder with the annotations, the images and the patients.

Images lie in `images/`, beside the JSON for LabelMe, as hard links where the disk has them. The same format's importer
makes the same dataset of the folder again.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from spinedet.annotations.errors import InputError, nearest
from spinedet.annotations.files import write_text
from spinedet.annotations.voc import Annotation
from spinedet.datasets.convert.coco import JSON, write_coco
from spinedet.datasets.convert.folders import check_new, new_folder, place_image
from spinedet.datasets.convert.importing import Progress, Report, patients_csv
from spinedet.datasets.convert.labelme import write_labelme
from spinedet.datasets.convert.masks import write_masks
from spinedet.datasets.convert.notes import Notes
from spinedet.datasets.convert.table import write_csv
from spinedet.datasets.convert.yolo import write_yolo
from spinedet.datasets.dataset import Dataset, check_sizes
from spinedet.datasets.patients import PATIENTS

UNSPECIFIED = "Unspecified"
"""The pose that says nothing."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format that can be written.

    Attributes:
        write: Puts the annotations into a folder.
        images: Where the images go in it.
        whole: Whether it holds whole pixels only.
        holds_truncated: Whether it has a place for that flag.
    """

    write: Callable[[Dataset, Path], None]
    images: str = "images"
    whole: bool = False
    holds_truncated: bool = False


FORMATS: Mapping[str, Format] = {
    "yolo": Format(write_yolo),
    "coco": Format(lambda dataset, folder: write_coco(dataset, folder / JSON)),
    "csv": Format(write_csv),
    "labelme": Format(write_labelme, images=".", holds_truncated=True),
    "masks": Format(write_masks, whole=True),
}


def export_dataset(dataset: Dataset, kind: str, out: Path, progress: Progress | None = None) -> Report:
    """Write a dataset in another format.

    Args:
        dataset: Loaded with its images.
        kind: One of `FORMATS`.
        out: The folder to make.
        progress: Told after every image.

    Raises:
        InputError: An image has another size than its annotation says, or the format cannot hold the boxes.
        WorkError: The disk is full; nothing is left behind.
    """
    if kind not in FORMATS:
        raise InputError("There is no such format.", expected=nearest(kind, list(FORMATS)), found=kind)
    target = FORMATS[kind]
    check_new(out)
    check_sizes(dataset)
    notes = Notes()
    for item in dataset.items:
        for text in _losses(item.annotation, target):
            notes.reported(text, item.image)
    with new_folder(out) as folder:
        target.write(dataset, folder)
        _place_images(dataset, folder / target.images, progress)
        if owners := {item.image: item.patient for item in dataset.items if item.patient is not None}:
            write_text(folder / PATIENTS, patients_csv(owners))
    counts = Counter(thing.name for item in dataset.items for thing in item.annotation.objects)
    return Report(out, len(dataset), {name: counts[name] for name in dataset.classes}, notes.all())


def _place_images(dataset: Dataset, folder: Path, progress: Progress | None) -> None:
    folder.mkdir(exist_ok=True)
    for number, item in enumerate(dataset.items, start=1):
        if item.path is not None:
            place_image(item.path, folder)
        if progress:
            progress(number, len(dataset))


def _losses(drawn: Annotation, target: Format) -> Iterator[str]:
    """What a format has no place for, once for each box or image."""
    for thing in drawn.objects:
        if target.whole and thing.box != thing.box.whole():
            yield "boxes rounded to whole pixels"
        if thing.truncated and not target.holds_truncated:
            yield "the mark 'truncated', not kept"
        if thing.pose != UNSPECIFIED:
            yield "poses, not kept"
        if thing.extra:
            yield "further elements of an object, not kept"
    if drawn.verified:
        yield "the mark 'verified', not kept"
