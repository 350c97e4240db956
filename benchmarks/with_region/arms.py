"""The arms of a comparison: for each kind of region a dataset, the folds on it, and which image a crop belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spinedet.annotations.errors import InputError, some
from spinedet.annotations.files import read_json, write_json
from spinedet.benchmarks.with_region.asking import Kind
from spinedet.benchmarks.with_region.found import Searched
from spinedet.datasets.convert.importing import Progress
from spinedet.datasets.convert.table import read_table
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.folds import Fold, Folds, grouping, warn_of_gaps
from spinedet.datasets.images import Pixels
from spinedet.datasets.regions.crops import SHAPES, Region, read_regions
from spinedet.datasets.regions.finding import Finding, NamedFinder
from spinedet.datasets.regions.legs import legs_finder
from spinedet.datasets.regions.making import LEFT_OUT, make_named_regions
from spinedet.detect.jobs import remove_empty

NAMED = 10

BOXED = "region"
"""What a crop's box outlines; crops of an earlier version, boxed as a whole, are not gone on with."""


@dataclass(frozen=True)
class Arm:
    """One kind of region, ready for an ordinary benchmark.

    Attributes:
        kind: Which.
        dataset: The images, or their crops.
        folds: The same folds, of the crops.
        sources: The image that each crop belongs to; of whole images each its own.
        regions: Where each crop lies on its image; empty for whole images.
        missing: Images in which nothing was found, answered as a whole.
        left_out: Images that have no crop, with the reason.
        how: How the regions were found, in words.
    """

    kind: Kind
    dataset: Dataset
    folds: Folds
    sources: Mapping[str, str]
    regions: Mapping[str, Region]
    missing: tuple[str, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    how: str = ""


def whole_arm(dataset: Dataset, folds: Folds) -> Arm:
    """The images as they are."""
    return Arm("whole", dataset, folds, {image: image for image in dataset.images}, {})


def legs_arm(dataset: Dataset, folds: Folds, out: Path, margin: float, progress: Progress | None = None) -> Arm:
    """Each leg of every image, see `datasets.regions.legs`; images whose legs cannot be told apart are left out.

    Args:
        dataset: The images.
        folds: How they are parted.
        out: The dataset of crops to make, or to go on with.
        margin: Share of a leg's window that is added all round.
        progress: Told after every image.

    Raises:
        InputError: No legs, or none in a part of a fold; or `out` holds other crops.
    """
    record = {"dataset": dataset.fingerprint(), "margin": margin, "boxed": BOXED}

    def find(image: str, pixels: Pixels) -> Finding:
        return legs_finder(pixels)

    crops = _crops("legs", dataset, find, out, record, progress)
    _, lines = read_table(out / LEFT_OUT)
    left_out = tuple((line.cells["image"], line.cells["reason"]) for line in lines)
    how = "Otsu's threshold, the largest parts"
    return _arm("legs", crops, folds, left_out=left_out, how=how)


def detector_arm(
    dataset: Dataset, folds: Folds, searched: Searched, out: Path, margin: float, progress: Progress | None = None
) -> Arm:
    """What region models found in every image, as squares; an image in which they found nothing stays whole, named.

    Args:
        dataset: The images.
        folds: How they are parted.
        searched: What was found.
        out: The dataset of crops to make, or to go on with.
        margin: Share of a region's sides that is added all round.
        progress: Told after every image.

    Raises:
        InputError: `out` holds other crops.
    """
    record = {
        "dataset": dataset.fingerprint(),
        "margin": margin,
        "shape": SHAPES["detector"],
        "boxed": BOXED,
        "found": searched.digest(),
    }
    crops = _crops("detector", dataset, searched.find, out, record, progress)
    return _arm("detector", crops, folds, missing=searched.missing(dataset), how=searched.how)


def _crops(
    kind: Kind, dataset: Dataset, find: NamedFinder, out: Path, record: Mapping[str, Any], progress: Progress | None
) -> Dataset:
    """The crops of a kind, made once; what decided them stands beside the folder, and must be the same later."""
    told = out.with_name(f"{out.name}.json")
    if told.exists() and read_json(told, "record of regions") != record:
        raise InputError(
            "The run folder was begun with other regions.",
            expected="the same images, margin, shape, boxes and region models",
            where=told,
            todo=f"choose another --out, or delete {out.name} here and in the folder above to cut them again",
        )
    if not out.exists():
        write_json(told, dict(record))
        name = f"{dataset.name}, {kind}"
        try:
            make_named_regions(
                dataset, find, out, margin=record["margin"], shape=SHAPES[kind], name=name, progress=progress
            )
        except InputError:
            told.unlink()
            for folder in (out.parent, out.parent.parent):
                remove_empty(folder)
            raise
    return Dataset.load(out, classes=dataset.classes)


def _arm(kind: Kind, crops: Dataset, folds: Folds, **more: Any) -> Arm:
    regions = read_regions(crops.folder)
    sources = {image: region.source for image, region in regions.items()}
    return Arm(kind, crops, on_crops(folds, crops, sources), sources, regions, **more)


def on_crops(folds: Folds, crops: Dataset, sources: Mapping[str, str]) -> Folds:
    """The same folds, of crops: each is where its image is.

    Args:
        folds: Of the images.
        crops: The dataset of the crops.
        sources: The image that each crop belongs to.

    Raises:
        InputError: A training or a test part has no crop.
    """
    parted = tuple(
        Fold(fold.number, *(_part(getattr(fold, part), sources) for part in ("train", "val", "test")))
        for fold in folds.folds
    )
    empty = [f"the {part} part of fold {one.number}" for one in parted for part in _empty(one)]
    if empty:
        raise InputError(
            "Folds have no region left in a part.",
            expected="one or more in every training and test part",
            found=some(empty, NAMED),
            where=crops.folder / LEFT_OUT,
            todo="leave this region out of --roi, or use fewer folds",
        )
    return Folds(folds.seed, grouping(crops), parted, warn_of_gaps(crops, parted))


def _part(images: tuple[str, ...], sources: Mapping[str, str]) -> tuple[str, ...]:
    wanted = set(images)
    return tuple(sorted(crop for crop, image in sources.items() if image in wanted))


def _empty(fold: Fold) -> list[str]:
    return [part for part, crops in (("training", fold.train), ("test", fold.test)) if not crops]
