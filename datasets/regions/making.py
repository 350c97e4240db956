"""From a dataset of whole images to one of their regions: a crop each, its region boxed, with class and patient kept.

The box is the region without its margin, so that a model that learns from crops is asked about the region and not about
what is seen around it (docs/decisions/014-evidence-in-the-region.md).
Where the dataset has the lesions in `Masks/`, they are cut as their images are.
The folder has, beside an ordinary dataset's, `regions.csv` (the way back), `left_out.csv` (images without a region,
with the reason), `overlap.csv` where masks were given, and `regions.txt`, the report.
"""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError, WorkError, some
from spinedet.annotations.files import write_text
from spinedet.annotations.voc import Annotation, VocObject, voc_bytes
from spinedet.datasets.convert.folders import new_folder
from spinedet.datasets.convert.image_index import ImageIndex
from spinedet.datasets.convert.importing import ALL, Progress, Report, patients_csv
from spinedet.datasets.convert.notes import Notes
from spinedet.datasets.dataset import ANNOTATIONS, IMAGE_SETS, IMAGES, MASKS, Dataset, Item
from spinedet.datasets.images import Pixels, read_pixels
from spinedet.datasets.patients import PATIENTS
from spinedet.datasets.regions.crops import REGIONS, Region, Shape, check_margin, cut, regions_csv, regions_of
from spinedet.datasets.regions.finding import Finder, NamedFinder
from spinedet.datasets.regions.overlap import Overlap, Spread, overlaps, overlaps_csv, read_mask, summary

LEFT_OUT, OVERLAP, REPORT = "left_out.csv", "overlap.csv", "regions.txt"

MARGIN = 0.1
"""Share of a region's sides that a crop adds all round, where nobody asks for another."""

Cropper = Callable[[str, Mapping[str, Box], tuple[int, int]], list[Region]]
"""From an image's name, its regions and its size to their crops."""

NO_MASK = "images without a mask"
UNCOMPARED = "images whose mask is empty"


@dataclass(frozen=True, slots=True)
class RegionReport:
    """What became of a dataset.

    Attributes:
        crops: Images and boxes of the new dataset, and what was left out.
        overlap: Each measure of the regions against the masks; empty where there are none.
        compared: How many regions were compared with a mask.
    """

    crops: Report
    overlap: Mapping[str, Spread]
    compared: int

    def lines(self, most: int = 5) -> list[str]:
        """The report as text."""
        rows = [
            f"{name} {row.mean:.3f} +- {row.sd:.3f} (least {row.least:.3f}, median {row.median:.3f})"
            for name, row in self.overlap.items()
        ]
        return [*self.crops.lines(most), *(f"{row}, {self.compared} regions without their margin" for row in rows)]


@dataclass(slots=True)
class _Made:
    """What grows while images are cut."""

    regions: list[Region] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    overlap: list[Overlap] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    notes: Notes = field(default_factory=Notes)


def make_regions(
    dataset: Dataset,
    find: Finder,
    out: Path,
    *,
    margin: float = MARGIN,
    shape: Shape = "box",
    masks: Path | None = None,
    progress: Progress | None = None,
) -> RegionReport:
    """Cut the regions out of every image and write them as a dataset; see `make_named_regions`."""
    return make_named_regions(
        dataset, lambda _, pixels: find(pixels), out, margin=margin, shape=shape, masks=masks, progress=progress
    )


def make_named_regions(
    dataset: Dataset,
    find: NamedFinder,
    out: Path,
    *,
    margin: float = MARGIN,
    shape: Shape = "box",
    masks: Path | None = None,
    name: str | None = None,
    progress: Progress | None = None,
) -> RegionReport:
    """Cut the regions out of every image and write them as a dataset.

    Crops are PNG of 8 bits; images of more are shown between the percentiles of the whole image, as models see them.

    Args:
        dataset: Loaded with its images; each has one class.
        find: Finds the regions of an image.
        out: The dataset folder to make.
        margin: Share of a region's sides that the crop adds all round.
        shape: Whether the crop is that box, or grows to a square (`spinedet.datasets.regions.crops.squared`).
        masks: A folder of masks by the names of the images, to compare the regions with.
        name: What the new dataset is called; otherwise as its folder.
        progress: Told after every image.

    Raises:
        InputError: An image has no class or several, no image has a region, or a mask does not fit.
        WorkError: The disk is full; nothing is left behind.
    """
    check_margin(margin)
    answers = _answers(dataset)
    index = None if masks is None else ImageIndex.of(masks)
    with new_folder(out) as folder:
        crop = partial(regions_of, margin=margin, shape=shape)
        made = _cut_all(dataset, answers, find, folder, crop, index, progress)
        _check_any(made, dataset)
        report = RegionReport(_report(dataset, made, out), summary(made.overlap), len(made.overlap))
        _write_tables(dataset, made, folder, name or out.name)
        if index is not None:
            write_text(folder / OVERLAP, overlaps_csv(made.overlap))
        write_text(folder / REPORT, "".join(f"{line}\n" for line in report.lines(ALL)))
    return report


def _answers(dataset: Dataset) -> dict[str, VocObject]:
    """The first box of each image, whose class and number the crops take over; all of an image have one class."""
    found = {item.image: {thing.name for thing in item.annotation.objects} for item in dataset.items}
    if several := {image: names for image, names in found.items() if len(names) != 1}:
        wrong = [f"{image} ({', '.join(sorted(names)) or 'none'})" for image, names in several.items()]
        raise InputError(
            "Images do not have one class each.",
            expected="boxes of one class an image, as `spinedet import labels` makes them",
            found=f"{len(wrong)}: {some(wrong)}",
            where=dataset.folder,
        )
    return {item.image: item.annotation.objects[0] for item in dataset.items}


def _cut_all(
    dataset: Dataset,
    answers: Mapping[str, VocObject],
    find: NamedFinder,
    folder: Path,
    crop: Cropper,
    masks: ImageIndex | None,
    progress: Progress | None,
) -> _Made:
    made = _Made()
    for part in (IMAGES, ANNOTATIONS):
        (folder / part).mkdir()
    for number, item in enumerate(dataset.items, start=1):
        pixels = _pixels(item, dataset)
        regions = _regions(item.image, pixels, find, crop, made)
        for region in regions:
            _write_crop(folder, region, cut(pixels, region.box), answers[item.image])
            made.names.append(answers[item.image].name)
        if (lesion := dataset.folder / MASKS / f"{item.image}.png").is_file():
            _write_lesions(folder / MASKS, regions, read_mask(lesion, (pixels.shape[1], pixels.shape[0])))
        if masks is not None:
            _compare(item.image, regions, masks, (pixels.shape[1], pixels.shape[0]), made)
        if progress:
            progress(number, len(dataset))
    return made


def _pixels(item: Item, dataset: Dataset) -> Pixels:
    if item.path is None:
        raise InputError("The dataset was loaded without its images.", where=dataset.folder)
    return read_pixels(item.path)


def _regions(image: str, pixels: Pixels, find: NamedFinder, crop: Cropper, made: _Made) -> list[Region]:
    """The regions of an image; one without any, or with a remark, is written down."""
    finding = find(image, pixels)
    if not finding.boxes:
        made.left_out.append((image, finding.remark))
        made.notes.left_out(f"images: {finding.remark}", image)
        return []
    if finding.remark:
        made.notes.reported(f"images: {finding.remark}", image)
    regions = crop(image, finding.boxes, (pixels.shape[1], pixels.shape[0]))
    made.regions.extend(regions)
    return regions


def _write_crop(folder: Path, region: Region, pixels: Pixels, answer: VocObject) -> None:
    """No file needs a temporary name here: the folder itself has one."""
    height, width = pixels.shape[:2]
    colours = 1 if pixels.ndim == 2 else 3
    boxed = VocObject(answer.name, region.outline(), extra=answer.extra)
    annotation = Annotation(f"{region.image}.png", width, height, (boxed,), depth=colours)
    _write_png(
        folder / IMAGES / f"{region.image}.png", pixels if colours == 1 else cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    )
    (folder / ANNOTATIONS / f"{region.image}.xml").write_bytes(voc_bytes(annotation))


def _write_png(path: Path, pixels: Pixels) -> None:
    """Grey (H, W) or BGR (H, W, 3)."""
    done, data = cv2.imencode(".png", pixels)
    if not done:
        height, width = pixels.shape[:2]
        raise WorkError("A crop could not be written as PNG.", found=f"{width} x {height}", where=path.name)
    path.write_bytes(data.tobytes())


def _write_lesions(folder: Path, regions: Sequence[Region], lesion: NDArray[np.int64]) -> None:
    """The lesion (H, W) of an image as its crops show it: 255, and 0 elsewhere."""
    folder.mkdir(exist_ok=True)
    shown = np.where(lesion > 0, 255, 0).astype(np.uint8)
    for region in regions:
        _write_png(folder / f"{region.image}.png", cut(shown, region.box))


def _compare(image: str, regions: Sequence[Region], masks: ImageIndex, size: tuple[int, int], made: _Made) -> None:
    """Hold the regions against the image's mask; an image that cannot be compared is counted."""
    paths = masks.by_stem.get(image, ())
    if not paths:
        made.notes.reported(NO_MASK, image)
    elif regions:
        found = overlaps({region.image: region.found for region in regions}, read_mask(paths[0], size))
        made.overlap.extend(found)
        if not found:
            made.notes.reported(UNCOMPARED, image)


def _check_any(made: _Made, dataset: Dataset) -> None:
    if not made.regions:
        reasons = Counter(reason for _, reason in made.left_out)
        found = "; ".join(f"{count} images: {reason}" for reason, count in reasons.most_common())
        raise InputError("No image has a region.", expected="at least one", found=found, where=dataset.folder)


def _report(dataset: Dataset, made: _Made, out: Path) -> Report:
    counts = Counter(made.names)
    return Report(out, len(made.regions), {name: counts[name] for name in dataset.classes}, made.notes.all())


def _write_tables(dataset: Dataset, made: _Made, folder: Path, name: str) -> None:
    card = {"name": name, "classes": list(dataset.classes), "modality": dataset.card.modality}
    card |= {"licence": dataset.card.licence, "source": f"regions of {dataset.name}"}
    write_text(folder / "dataset.yaml", yaml.safe_dump(card, sort_keys=False, allow_unicode=True, width=1000))
    write_text(folder / REGIONS, regions_csv(made.regions))
    write_text(folder / LEFT_OUT, _left_out_csv(made.left_out))
    owners = {region.image: dataset[region.source].patient for region in made.regions}
    if known := {image: patient for image, patient in owners.items() if patient is not None}:
        write_text(folder / PATIENTS, patients_csv(known))
    for path, images in _image_sets(dataset, made.regions):
        write_text(folder / IMAGE_SETS / path, "".join(f"{image}\n" for image in images))


def _left_out_csv(rows: Sequence[tuple[str, str]]) -> str:
    table = io.StringIO(newline="")
    csv.writer(table, lineterminator="\n").writerows([("image", "reason"), *rows])
    return table.getvalue()


def _image_sets(dataset: Dataset, regions: Sequence[Region]) -> Iterator[tuple[str, list[str]]]:
    """The image sets of the dataset, with the crops of their images."""
    for path in sorted((dataset.folder / IMAGE_SETS).glob("*.txt")):
        listed = {line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()}
        if crops := [region.image for region in regions if region.source in listed]:
            yield path.name, crops
