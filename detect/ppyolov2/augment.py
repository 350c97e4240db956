"""Augmentation of images with their boxes: mixing, expanding, cropping, colours, mirroring.

Pure functions: what is random is drawn from the generator that is handed in, and no input is changed. Images without
boxes pass through everything. The numbers are those of the reference configuration.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from spinedet.annotations.boxes import box_iou
from spinedet.datasets.images import Image
from spinedet.detect.modelfile import IMAGENET_MEAN
from spinedet.detect.ppyolov2.recipe import Recipe

Floats = NDArray[np.float64]

LARGEST_EXPANSION = 4.0
"""Sides of an expanded canvas are 1 to this many times the image's."""

EXPANSION_PROBABILITY = 0.5

CANVAS_FILL = tuple(round(255 * mean) for mean in IMAGENET_MEAN)
"""R, G, B around an expanded image: nearly zero in network input."""

LONGEST_CANVAS = 4096
"""Pixels: an image whose canvas would be longer is made smaller with it, or a radiograph would fill half a gigabyte."""

CROP_OVERLAPS = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, None)
"""A crop has at least this IoU with one of the boxes; None leaves the image whole."""

CROP_TRIES = 50
"""Crops drawn for an overlap before the next one is tried."""

CROP_SCALE = (0.3, 1.0)
"""Square root of a crop's area as a share of the image's."""

CROP_ASPECT = (0.5, 2.0)
"""Width over height of a crop, over that of the image."""

COLOUR_PROBABILITY = 0.5
"""Of each of the four changes of colour."""

BRIGHTNESS_LEVELS = (0.5, 1.5)
"""Grey levels of 255 that are added: hardly visible, but so the reference understands these numbers."""

CONTRAST_FACTOR = (0.5, 1.5)
SATURATION_FACTOR = (0.5, 1.5)

HUE_DEGREES = (-18.0, 18.0)
"""Turn of the hue. (The reference takes these numbers times pi for radians, that is, any hue for any other.)"""

MIRROR_PROBABILITY = 0.5

YIQ = np.array([[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]])
"""From R, G, B to luma and two colour axes (NTSC 1953); the rows of the axes sum to 0, so grey has no colour."""


@dataclass(frozen=True, eq=False, slots=True)
class Sample:
    """An image with what is drawn on it.

    Attributes:
        image: (H, W, 3) uint8 RGB, not to be written to.
        boxes: (N, 4) float32, x0 y0 x1 y1 in continuous pixels of the image.
        labels: (N,) int64, index into the classes.
        shares: (N,) float32: 1, or the share of the box's image in a mixed pair.
    """

    image: Image
    boxes: NDArray[np.float32]
    labels: NDArray[np.int64]
    shares: NDArray[np.float32]


def augmented(sample: Sample, recipe: Recipe, mirror: bool, rng: Generator) -> Sample:
    """What the recipe switches on, in the reference's order: colours, expanding, cropping, mirroring."""
    if recipe.distort:
        sample = distorted(sample, rng)
    if recipe.expand:
        sample = expanded(sample, rng)
    if recipe.crop:
        sample = cropped(sample, rng)
    return mirrored(sample) if mirror and rng.random() < MIRROR_PROBABILITY else sample


def mixed(first: Sample, second: Sample, share: float) -> Sample:
    """Lay two images over each other, their top left corners together (mixup, arXiv 1710.09412 and 1902.04103).

    The result is as large as both; where only one image lies, the other counts as black.

    Args:
        first: Visible by `share`; so much count its boxes.
        second: The rest.
        share: 0 to 1.
    """
    height, width = np.maximum(first.image.shape[:2], second.image.shape[:2])
    one, other = (_on_black(sample.image, height, width) for sample in (first, second))
    return Sample(
        image=np.asarray(cv2.addWeighted(one, share, other, 1 - share, 0), np.uint8),
        boxes=np.concatenate([first.boxes, second.boxes]),
        labels=np.concatenate([first.labels, second.labels]),
        shares=np.concatenate([first.shares * np.float32(share), second.shares * np.float32(1 - share)]),
    )


def _on_black(image: Image, height: int, width: int) -> Image:
    below, right = height - image.shape[0], width - image.shape[1]
    return image if below == right == 0 else np.pad(image, ((0, below), (0, right), (0, 0)))


def expanded(sample: Sample, rng: Generator) -> Sample:
    """Every other time place the image somewhere on a larger canvas (SSD, arXiv 1512.02325): objects get smaller.

    The canvas has the image's aspect ratio and, if the image is large, at most `LONGEST_CANVAS` pixels a side.
    """
    if rng.random() >= EXPANSION_PROBABILITY:
        return sample
    ratio = rng.uniform(1, LARGEST_EXPANSION)
    sample = _shrunk(sample, LONGEST_CANVAS / ratio)
    height, width = sample.image.shape[:2]
    free_x, free_y = int((ratio - 1) * width), int((ratio - 1) * height)
    left, top = rng.integers(0, (free_x, free_y), endpoint=True).tolist()
    edges = (top, free_y - top, left, free_x - left)
    image = cv2.copyMakeBorder(sample.image, *edges, cv2.BORDER_CONSTANT, value=CANVAS_FILL)
    moved = sample.boxes + np.array([left, top, left, top], np.float32)  # (N, 4) + (4,)
    return replace(sample, image=np.asarray(image, np.uint8), boxes=moved)


def _shrunk(sample: Sample, longest: float) -> Sample:
    """The sample with no side longer than `longest` pixels; unchanged if there is none."""
    height, width = sample.image.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return sample
    return resized(sample, max(1, int(scale * width)), max(1, int(scale * height)), cv2.INTER_AREA)


def resized(sample: Sample, width: int, height: int, interpolation: int) -> Sample:
    """The sample stretched to another size; `interpolation` is OpenCV's number of the resampling."""
    old_height, old_width = sample.image.shape[:2]
    image = cv2.resize(sample.image, (width, height), interpolation=interpolation)
    scale = np.array([width / old_width, height / old_height] * 2, np.float32)
    return replace(sample, image=np.asarray(image, np.uint8), boxes=sample.boxes * scale)  # (N, 4) * (4,)


def cropped(sample: Sample, rng: Generator) -> Sample:
    """Cut out a part that overlaps a box as much as a random one of `CROP_OVERLAPS` asks (SSD, arXiv 1512.02325).

    Boxes whose centre is outside are dropped, the others cut; at least one stays. An overlap that no crop of
    `CROP_TRIES` reaches is replaced by another one, until `None` leaves the image whole.
    """
    if not len(sample.boxes):
        return sample
    height, width = sample.image.shape[:2]
    for overlap in (CROP_OVERLAPS[place] for place in rng.permutation(len(CROP_OVERLAPS))):
        if overlap is None:
            break
        crops = _random_crops(height, width, rng)
        enough = box_iou(sample.boxes, crops).max(axis=0) >= overlap  # (N, T) to (T,)
        fitting = np.flatnonzero(enough & _inside(sample.boxes, crops).any(axis=0))
        if len(fitting):
            return _cut(sample, crops[fitting[0]])
    return sample


def _random_crops(height: int, width: int, rng: Generator) -> NDArray[np.float32]:
    """(T, 4) x0 y0 x1 y1 of crops in whole pixels, `CROP_TRIES` of them; none exceeds the image."""
    scale = rng.uniform(*CROP_SCALE, CROP_TRIES)
    narrowest, widest = CROP_ASPECT
    aspect = rng.uniform(np.maximum(narrowest, scale**2), np.minimum(widest, scale**-2))  # (T,)
    sides = np.stack([width * scale * np.sqrt(aspect), height * scale / np.sqrt(aspect)], axis=1)
    whole = np.clip(sides, 1, (width, height)).astype(np.int64)  # (T, 2)
    corners = rng.integers(0, np.array([width, height]) - whole, endpoint=True)
    return np.concatenate([corners, corners + whole], axis=1, dtype=np.float32)


def _inside(boxes: NDArray[np.float32], crops: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(N, T) whether a box (N, 4) belongs to a crop (T, 4): its centre lies in it, and so does some area."""
    drawn = boxes[:, None]  # (N, 1, 4) against (T, 4)
    centres = (drawn[..., :2] + drawn[..., 2:]) / 2
    starts, ends = np.maximum(drawn[..., :2], crops[:, :2]), np.minimum(drawn[..., 2:], crops[:, 2:])  # (N, T, 2)
    return np.asarray(((crops[:, :2] <= centres) & (centres < crops[:, 2:]) & (starts < ends)).all(axis=-1))


def _cut(sample: Sample, crop: NDArray[np.float32]) -> Sample:
    left, top, right, bottom = map(int, crop)
    kept = _inside(sample.boxes, crop[None])[:, 0]
    start, end = np.tile(crop[:2], 2), np.tile(crop[2:], 2)
    boxes = np.clip(sample.boxes[kept], start, end) - start  # (K, 4) and (4,)
    return Sample(sample.image[top:bottom, left:right], boxes, sample.labels[kept], sample.shares[kept])


def distorted(sample: Sample, rng: Generator) -> Sample:
    """Brightness, contrast, saturation and hue, each every other time, in a random order.

    Each is affine in R, G, B, so they are joined and rounded once. Values beyond 0..255 become 0 or 255, as in SSD.
    """
    order = rng.permutation(len(COLOUR_CHANGES))
    changes = [COLOUR_CHANGES[place](rng) for place in order if rng.random() < COLOUR_PROBABILITY]
    if not changes:
        return sample
    joined = changes[0] if len(changes) == 1 else np.linalg.multi_dot(changes[::-1])  # the first one acts first
    return replace(sample, image=np.asarray(cv2.transform(sample.image, joined[:3]), np.uint8))


def _brightness(rng: Generator) -> Floats:
    change = np.eye(4)
    change[:3, 3] = rng.uniform(*BRIGHTNESS_LEVELS)
    return change


def _contrast(rng: Generator) -> Floats:
    return _linear(rng.uniform(*CONTRAST_FACTOR) * np.eye(3))


def _saturation(rng: Generator) -> Floats:
    """Away from grey of the same luma, or towards it."""
    factor = rng.uniform(*SATURATION_FACTOR)
    return _linear(factor * np.eye(3) + (1 - factor) * YIQ[0])  # (3, 3) + (3,): luma in every channel


def _hue(rng: Generator) -> Floats:
    """Turn of the plane of the two colour axes; luma stays."""
    angle = math.radians(rng.uniform(*HUE_DEGREES))
    cosine, sine = math.cos(angle), math.sin(angle)
    turn = np.array([[1, 0, 0], [0, cosine, -sine], [0, sine, cosine]])
    return _linear(np.linalg.solve(YIQ, turn @ YIQ))


def _linear(change: Floats) -> Floats:
    """(4, 4) change of R, G, B, 1 from a (3, 3) change of R, G, B."""
    homogeneous = np.eye(4)
    homogeneous[:3, :3] = change
    return homogeneous


COLOUR_CHANGES: tuple[Callable[[Generator], Floats], ...] = (_brightness, _contrast, _saturation, _hue)


def mirrored(sample: Sample) -> Sample:
    """The sample with left and right changed."""
    x0, y0, x1, y1 = sample.boxes.T
    width = np.float32(sample.image.shape[1])
    boxes = np.stack([width - x1, y0, width - x0, y1], axis=1)
    return replace(sample, image=np.asarray(cv2.flip(sample.image, 1), np.uint8), boxes=boxes)
