"""How well the boxes of regions fit masks: Dice and IoU against the mask's box, and against the mask itself.

Segmentation becomes a box here, so the figures of papers that outlined the region (P3, P4) compare with `mask_dice`
from above only: a perfect box around a disc has a Dice of 0.88 against it.
"""

import csv
import io
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from scipy.optimize import linear_sum_assignment

from spinedet.annotations.boxes import Box, box_iou
from spinedet.annotations.errors import InputError
from spinedet.datasets.images import image_size

MEASURES = ("box_dice", "box_iou", "mask_dice", "mask_iou")

SPECK = 0.01
"""Connected parts of a mask that are smaller than this share of its largest are no region."""

Mask = NDArray[np.bool_]
"""(H, W)."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """One region beside its mask.

    Attributes:
        image: The name of the crop.
        box_dice, box_iou: The region's box, without margin, against the smallest box around the mask.
        mask_dice, mask_iou: The same box against the pixels of the mask.
    """

    image: str
    box_dice: float
    box_iou: float
    mask_dice: float
    mask_iou: float


@dataclass(frozen=True, slots=True)
class Spread:
    """A measure over all regions: mean, standard deviation (n - 1; 0 for one), least and median."""

    mean: float
    sd: float
    least: float
    median: float


def read_mask(path: Path, size: tuple[int, int]) -> NDArray[np.int64]:
    """The values of a mask, (H, W), 0 being the ground; of colours any that is not black is 1.

    Raises:
        InputError: It is damaged, or its size (width, height) is another than the image's.
    """
    if (found := image_size(path)) != size:
        expected, told = "{} x {}".format(*size), "{} x {}".format(*found)
        raise InputError("A mask has another size than its image.", expected=expected, found=told, where=path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow, because OpenCV gives the colours of a palette, not its values
            with Picture.open(path) as picture:
                values = np.array(picture, np.int64)
    except (OSError, ValueError, SyntaxError) as error:  # all that Pillow says of a damaged file
        raise InputError("A mask is damaged.", found=str(error), where=path) from error
    return values if values.ndim == 2 else np.asarray((values[..., :3] > 0).any(axis=2), np.int64)


def mask_parts(values: NDArray[np.int64]) -> list[Mask]:
    """The regions that a mask shows: its values where it has several, otherwise its connected parts but specks."""
    used = [value for value in np.unique(values) if value]
    if len(used) > 1:
        return [values == value for value in used]
    count, labels, stats, _ = cv2.connectedComponentsWithStats((values > 0).astype(np.uint8), connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA]
    return [labels == part for part in range(1, count) if areas[part] >= SPECK * areas[1:].max()]


def overlaps(boxes: Mapping[str, Box], values: NDArray[np.int64]) -> list[Overlap]:
    """Each region of an image beside its part of the mask.

    A single region is compared with the whole mask; several with its parts, paired so that the sum of IoU is greatest.

    Args:
        boxes: The regions by the names of their crops.
        values: The mask, (H, W).

    Returns:
        One row for each pair; a part of the mask that has no region has no row.
    """
    whole = [values > 0] if (values > 0).any() else []
    parts = mask_parts(values) if len(boxes) > 1 else whole
    if not parts:
        return []
    around = np.array([mask_box(part) for part in parts], np.float64)  # (P, 4)
    iou = box_iou(np.array([*boxes.values()], np.float64), around)  # (R, P)
    pairs = zip(*linear_sum_assignment(-iou), strict=True)
    names = list(boxes)
    return [_overlap(names[row], boxes[names[row]], parts[column]) for row, column in pairs]


def mask_box(mask: Mask) -> Box:
    """The smallest box around a mask that has a pixel."""
    ys, xs = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return Box(float(xs[0]), float(ys[0]), float(xs[-1] + 1), float(ys[-1] + 1))


def _overlap(name: str, box: Box, mask: Mask) -> Overlap:
    iou = float(box_iou(np.array([box]), np.array([mask_box(mask)]))[0, 0])
    area = (box.x1 - box.x0) * (box.y1 - box.y0)
    shared = _area_inside(box, mask)
    union = area + int(mask.sum()) - shared
    return Overlap(name, _dice(iou), iou, 2 * shared / (area + int(mask.sum())), shared / union)


def _dice(iou: float) -> float:
    return 2 * iou / (1 + iou)


def _area_inside(box: Box, mask: Mask) -> float:
    """Area of the mask inside a box, with the share of each pixel that the box's edges leave."""
    height, width = mask.shape
    across = _shares(box.x0, box.x1, width)  # (W,)
    down = _shares(box.y0, box.y1, height)  # (H,)
    return float(down @ mask.astype(np.float64) @ across)


def _shares(start: float, end: float, count: int) -> NDArray[np.float64]:
    """How much of each of so many pixels lies between two edges."""
    pixels = np.arange(count)
    return np.asarray(np.clip(np.minimum(pixels + 1, end) - np.maximum(pixels, start), 0, 1))


def summary(rows: Sequence[Overlap]) -> dict[str, Spread]:
    """Each measure over all regions; empty where there is none."""
    if not rows:
        return {}
    return {name: _spread([getattr(row, name) for row in rows]) for name in MEASURES}


def _spread(values: Sequence[float]) -> Spread:
    sd = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    return Spread(float(np.mean(values)), sd, min(values), float(np.median(values)))


def overlaps_csv(rows: Sequence[Overlap]) -> str:
    """The rows as a table."""
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(("image", *MEASURES))
    writer.writerows([row.image, *(f"{getattr(row, name):.4f}" for name in MEASURES)] for row in rows)
    return table.getvalue()
