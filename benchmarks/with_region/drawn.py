"""The boxes that a region model learns: around the dataset's masks, or as somebody has drawn them.

They become a dataset of their own, of one class, with the same images and patients, so that the same folds part it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError, some
from spinedet.annotations.files import write_text
from spinedet.annotations.voc import VocObject, read_voc, voc_bytes
from spinedet.datasets.convert.folders import new_folder, place_image
from spinedet.datasets.convert.importing import patients_csv
from spinedet.datasets.dataset import ANNOTATIONS, IMAGES, Dataset, Item
from spinedet.datasets.folds import Folds
from spinedet.datasets.patients import PATIENTS
from spinedet.datasets.phantoms.whole_images import REGIONS
from spinedet.datasets.regions.overlap import mask_box, read_mask

BOXES = "boxes"
"""In the folder of the regions: the dataset of the boxes."""

REGION = "region"
"""The one class of a region model that is trained here."""

NAMED = 10
"""Images of one fault that are named one by one."""


@dataclass(frozen=True)
class Drawn:
    """Where the regions of a dataset are.

    Attributes:
        boxes: One box for each image that has one.
        without: Images without one, sorted: nothing was drawn, or the mask is empty.
        source: Where the boxes come from, in words.
    """

    boxes: Mapping[str, Box]
    without: tuple[str, ...]
    source: str


def has_region_masks(dataset: Dataset) -> bool:
    """Whether the dataset has masks of its regions."""
    return (dataset.folder / REGIONS).is_dir()


def region_mask(dataset: Dataset, image: str) -> Path:
    """Where the mask of an image's region lies, if it has one."""
    return dataset.folder / REGIONS / f"{image}.png"


def read_drawn(dataset: Dataset, folder: Path | None = None) -> Drawn:
    """The regions of a dataset, around all that is not 0 in its masks, or from VOC files.

    Args:
        dataset: The images.
        folder: VOC files by the names of the images, a single box in each.

    Raises:
        InputError: There is neither, a file does not fit its image, or no image has a region.
    """
    if folder is not None and not folder.is_dir():
        raise InputError("There is no such folder of region boxes.", expected="a folder of VOC files", where=folder)
    if folder is None and not has_region_masks(dataset):
        raise InputError(
            "Nobody says where the regions are, so no model can learn to find them.",
            expected=f"masks in {REGIONS}/, by the names of the images",
            where=dataset.folder,
            todo="add them, or give --region-boxes FOLDER of VOC files, or --region-model MODEL",
        )
    read = _of_mask if folder is None else _of_voc
    source = f"{REGIONS}/" if folder is None else f"{folder.name}/*.xml"
    found = {item.image: read(item, dataset, folder or dataset.folder) for item in dataset.items}
    boxes = {image: box for image, box in found.items() if box is not None}
    if not boxes:
        raise InputError("No image has a region.", expected="one box an image", where=folder or dataset.folder)
    return Drawn(boxes, tuple(sorted(found.keys() - boxes.keys())), source)


def _of_mask(item: Item, dataset: Dataset, folder: Path) -> Box | None:
    path = region_mask(dataset, item.image)
    if not path.is_file():
        return None
    mask = read_mask(path, (item.annotation.width, item.annotation.height)) > 0
    return mask_box(mask) if mask.any() else None


def _of_voc(item: Item, dataset: Dataset, folder: Path) -> Box | None:
    path = folder / f"{item.image}.xml"
    if not path.is_file():
        return None
    told, size = read_voc(path), (item.annotation.width, item.annotation.height)
    if (told.width, told.height) != size:
        expected, found = "{} x {}".format(*size), f"{told.width} x {told.height}"
        raise InputError("A region was drawn on an image of another size.", expected=expected, found=found, where=path)
    if len(told.objects) > 1:
        found = f"{len(told.objects)} boxes"
        raise InputError("An image has several regions.", expected="one box", found=found, where=path)
    return told.objects[0].box if told.objects else None


def check_parts(drawn: Drawn, folds: Folds) -> None:
    """Every training part shows where a region is.

    Raises:
        InputError: One does not.
    """
    empty = [str(fold.number) for fold in folds.folds if drawn.boxes.keys().isdisjoint(fold.train)]
    if empty:
        raise InputError(
            "Training parts have no image with a region, so no model can learn to find one.",
            expected="one or more in every training part",
            found=f"none in fold {', '.join(empty)}; {len(drawn.without)} images without: {some(drawn.without, NAMED)}",
            todo="draw more regions",
        )


def make_boxes(dataset: Dataset, drawn: Drawn, out: Path) -> Dataset:
    """The dataset of the regions, made once; a second call reads it again.

    Args:
        dataset: The images.
        drawn: Where their regions are.
        out: The dataset folder.

    Raises:
        InputError: The folder holds other regions.
        WorkError: The disk is full; nothing is left behind.
    """
    items = tuple(_with_region(item, drawn.boxes.get(item.image)) for item in dataset.items)
    wanted = replace(dataset, classes=(REGION,), items=items)
    if not out.exists():
        _write(wanted, out)
    # Patients come from patients.csv: where each image is its own patient, that says so.
    made = Dataset.load(out, classes=(REGION,))
    if made.fingerprint() != wanted.fingerprint():
        raise InputError(
            "The run folder was begun with other regions.",
            expected="the same images, patients and regions",
            where=out,
            todo="restore them to go on with this run, or choose another --out",
        )
    return made


def _with_region(item: Item, box: Box | None) -> Item:
    objects = () if box is None else (VocObject(REGION, box),)
    return replace(item, annotation=replace(item.annotation, objects=objects, extra=(), verified=False))


def _write(wanted: Dataset, out: Path) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    with new_folder(out) as folder:
        for part in (IMAGES, ANNOTATIONS):
            (folder / part).mkdir()
        for item in wanted.items:
            assert item.path is not None  # loaded with images
            place_image(item.path, folder / IMAGES)
            (folder / ANNOTATIONS / f"{item.image}.xml").write_bytes(voc_bytes(item.annotation))
        write_text(folder / PATIENTS, patients_csv({item.image: str(item.patient) for item in wanted.items}))
        card = {"name": f"{wanted.name}, regions", "classes": [REGION]}
        write_text(folder / "dataset.yaml", yaml.safe_dump(card, sort_keys=False, allow_unicode=True, width=1000))
