"""Crops around regions, and the way back: `regions.csv` says where on its source image each of them lies.

A crop begins and ends on whole pixels, so mapping a box back is an addition and loses nothing.
"""

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError, at
from spinedet.datasets.convert.table import read_table
from spinedet.datasets.images import Pixels

Shape = Literal["box", "square"]
"""How a region is cut: its box with the margin, or the square around that, as far as the image goes."""

SHAPES: Mapping[str, Shape] = {"legs": "box", "detector": "square"}
"""How each kind of region is cut unless the person says otherwise; a square around one leg would show the other."""

REGIONS = "regions.csv"
"""In a dataset of crops: where each lies."""

CROP = ("x0", "y0", "x1", "y1")
FOUND = ("found_x0", "found_y0", "found_x1", "found_y1")
HEADER = ("image", "source", *CROP, *FOUND)


@dataclass(frozen=True, slots=True)
class Region:
    """One crop of an image.

    Attributes:
        image: Name of the crop.
        source: Name of the image that it was cut from.
        box: What was cut out: whole pixels of the source, margin included, and squared where that was asked for.
        found: The region itself, in pixels of the source.
    """

    image: str
    source: str
    box: Box
    found: Box

    def to_source(self, box: Box) -> Box:
        """A box on the crop as a box on the source image."""
        return _moved(box, self.box.x0, self.box.y0)

    def to_crop(self, box: Box) -> Box:
        """A box on the source image as a box on the crop, which it may leave."""
        return _moved(box, -self.box.x0, -self.box.y0)

    def outline(self) -> Box:
        """The region itself on the crop, out to whole pixels."""
        size = int(self.box.x1 - self.box.x0), int(self.box.y1 - self.box.y0)
        return with_margin(self.to_crop(self.found), 0, size)


def _moved(box: Box, right: float, down: float) -> Box:
    return Box(box.x0 + right, box.y0 + down, box.x1 + right, box.y1 + down)


def with_margin(box: Box, margin: float, size: tuple[int, int]) -> Box:
    """A box grown to every side by a share of its own sides, out to whole pixels, and clipped to the image.

    Args:
        box: A region inside the image.
        margin: 0.1 adds a tenth of the width left and right, and a tenth of the height above and below.
        size: Width and height of the image.
    """
    right, down = margin * (box.x1 - box.x0), margin * (box.y1 - box.y0)
    width, height = size
    return Box(
        max(math.floor(box.x0 - right), 0),
        max(math.floor(box.y0 - down), 0),
        min(math.ceil(box.x1 + right), width),
        min(math.ceil(box.y1 + down), height),
    )


def squared(box: Box, size: tuple[int, int]) -> Box:
    """A box on whole pixels grown to a square around its middle, as far as the image goes; nothing of it is lost.

    Where the square would leave the image it is moved, and where it is larger than the image it ends there. Detectors
    make their inputs square: of other crops they would see a margin, or stretched tissue, and how much of either tells
    the region's proportions, which may go with the disease (docs/decisions/013-square-regions.md).

    Args:
        box: A region with its margin, inside the image.
        size: Width and height of the image.
    """
    side = max(box.x1 - box.x0, box.y1 - box.y0)
    (x0, x1), (y0, y1) = _grown(box.x0, box.x1, side, size[0]), _grown(box.y0, box.y1, side, size[1])
    return Box(x0, y0, x1, y1)


def _grown(low: float, high: float, wanted: float, limit: int) -> tuple[float, float]:
    """An edge from `low` to `high` grown to `wanted` pixels, within 0 and `limit`."""
    length = min(wanted, limit)
    start = min(max(low - (length - (high - low)) // 2, 0), limit - length)
    return start, start + length


def check_margin(margin: float) -> None:
    """Refuse a margin that is none.

    Raises:
        InputError: It is negative, or more than 1.
    """
    if not 0 <= margin <= 1:
        expected = "0 to 1, as 0.1 for a tenth of the region's sides"
        raise InputError("This is no margin.", expected=expected, found=f"{margin:g}")


def regions_of(
    source: str, boxes: Mapping[str, Box], size: tuple[int, int], margin: float, shape: Shape = "box"
) -> list[Region]:
    """The crops of one image, called `SOURCE_PART`, or as the source where it has a single part without a name."""
    crops = {part: with_margin(box, margin, size) for part, box in boxes.items()}
    if shape == "square":
        crops = {part: squared(crop, size) for part, crop in crops.items()}
    return [Region(f"{source}_{part}" if part else source, source, crops[part], box) for part, box in boxes.items()]


def cut(image: Pixels, box: Box) -> Pixels:
    """The pixels of a box on whole pixels."""
    x0, y0, x1, y1 = map(int, box)
    return np.ascontiguousarray(image[y0:y1, x0:x1])


def regions_csv(regions: Iterable[Region]) -> str:
    """The text of a `regions.csv`; every digit of every edge."""
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(HEADER)
    for region in regions:
        name, source, box, found = astuple(region)
        writer.writerow([name, source, *map(_shortest, (*box, *found))])
    return table.getvalue()


def _shortest(edge: float) -> str:
    return str(int(edge)) if edge == int(edge) else repr(float(edge))


def read_regions(folder: Path) -> dict[str, Region]:
    """Where each crop of a dataset lies, by the name of the crop.

    Raises:
        InputError: The dataset has no `regions.csv`, or it is damaged.
    """
    path = folder / REGIONS
    header, lines = read_table(path)
    if tuple(header) != HEADER:
        raise InputError("The columns are wrong.", expected=",".join(HEADER), found=",".join(header), where=at(path, 1))
    found = (_region(line.cells, line.where) for line in lines)
    return {region.image: region for region in found}


def _region(cells: Mapping[str, str], where: str) -> Region:
    return Region(cells["image"], cells["source"], _box(cells, CROP, where), _box(cells, FOUND, where))


def _box(cells: Mapping[str, str], names: Sequence[str], where: str) -> Box:
    try:
        return Box(*(float(cells[name]) for name in names))
    except ValueError as error:
        raise InputError(
            "A box of a region is damaged.", expected="four numbers", found=str(error), where=where
        ) from error
