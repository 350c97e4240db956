"""Batches of network input with their boxes, prepared ahead in threads.

Every batch is a function of the seed, the epoch and its number alone: a resumed job repeats it exactly, and it does
not matter which thread prepares it.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from spinedet.datasets.dataset import Dataset
from spinedet.detect.contract import STRIDE, Settings
from spinedet.detect.decoded import DecodedImages
from spinedet.detect.ppyolov2.augment import Sample, augmented, mixed, resized
from spinedet.detect.ppyolov2.format import PREPROCESSING
from spinedet.detect.ppyolov2.recipe import MIXUP_BETA, MULTI_SCALE_RANGE, SMALLEST_IMAGE, Recipe
from spinedet.detect.preprocess import INTERPOLATIONS, prepare
from spinedet.detect.training.patchwork import Cut, draw_cut

THREADS = 2
"""Threads that prepare batches; OpenCV adds its own."""

AHEAD = 4
"""Batches that are ready or in the making: a batch of 8 at 768 px has 57 MB."""

NO_CLASS = -1
"""Label of a padding box."""

SMOOTH = INTERPOLATIONS[PREPROCESSING.interpolation]
"""As for prediction."""

ANY_INTERPOLATION = (cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_AREA, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)
"""One of these resizes a batch of multi-scale training (reference configuration)."""

Places = NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class Batch:
    """B images of one size with their boxes; M is the largest number of boxes of an image, possibly 0.

    Attributes:
        names: B image stems; of the first one where two are mixed.
        images: (B, 3, S, S) float32, normalised, contiguous.
        boxes: (B, M, 4) float32, x0 y0 x1 y1 in pixels of the network input; padded with zeros.
        labels: (B, M) int64, index into the classes; padded with `NO_CLASS`.
        shares: (B, M) float32: 1, or the share of the box's image in a mixed pair; padded with 0.
        cut: How patchworks are made of them (`spinedet.detect.training.patchwork`); with evidence, in training only.
    """

    names: tuple[str, ...]
    images: NDArray[np.float32]
    boxes: NDArray[np.float32]
    labels: NDArray[np.int64]
    shares: NDArray[np.float32]
    cut: Cut | None = None


class Samples:
    """The images of one part with their boxes, decoded once; threads may share it.

    Difficult boxes are learnt from like the others, as in the reference configuration for VOC.
    """

    def __init__(self, dataset: Dataset):
        self._images = DecodedImages(dataset)
        self._drawn = [dataset.boxes(item) for item in dataset.items]
        self.names = dataset.images

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, place: int) -> Sample:
        """Image number `place`, as it is stored."""
        drawn = self._drawn[place]
        shares = np.ones(len(drawn.labels), np.float32)
        return Sample(self._images.rgb(place), drawn.boxes.astype(np.float32), drawn.labels, shares)


def training_batches(samples: Samples, settings: Settings, recipe: Recipe, epoch: int) -> Iterator[Batch]:
    """The augmented batches of an epoch (from 1) in a random order.

    Raises:
        InputError: An image cannot be read.
    """
    order = np.random.default_rng([settings.seed, epoch]).permutation(len(samples))
    make = partial(_training_batch, samples, settings, recipe, epoch)
    # From 1: numpy's seeds [s, e] and [s, e, 0] are the same.
    return _prepared([partial(make, *part) for part in enumerate(_spread(order, settings.batch), start=1)])


def plain_batches(samples: Samples, settings: Settings) -> Iterator[Batch]:
    """All images in their order, resized as for prediction and otherwise unchanged.

    Raises:
        InputError: An image cannot be read.
    """
    make = partial(_plain_batch, samples, settings.image_size)
    return _prepared([partial(make, places) for places in _spread(np.arange(len(samples)), settings.batch)])


def steps_an_epoch(images: int, batch: int) -> int:
    """Batches that images are spread over evenly: a last batch of one image would spoil batch normalisation."""
    return -(-images // batch)


def input_sides(image_size: int) -> tuple[int, ...]:
    """Sides in pixels that multi-scale training draws from, every one with the same probability."""
    low, high = (STRIDE * round(share * image_size / STRIDE) for share in MULTI_SCALE_RANGE)
    return tuple(range(max(low, SMALLEST_IMAGE), high + 1, STRIDE))


def _spread(order: Places, batch: int) -> list[Places]:
    steps = steps_an_epoch(len(order), batch)
    return np.array_split(order, steps) if steps else []


def _prepared(work: Sequence[Callable[[], Batch]]) -> Iterator[Batch]:
    """The results in their order, some made ahead; whoever stops early leaves no thread behind."""
    pool, waiting = ThreadPoolExecutor(THREADS, thread_name_prefix="batches"), deque[Future[Batch]]()
    try:
        for make in work:
            waiting.append(pool.submit(make))
            if len(waiting) == AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _training_batch(
    samples: Samples, settings: Settings, recipe: Recipe, epoch: int, number: int, places: Places
) -> Batch:
    rng = np.random.default_rng([settings.seed, epoch, number])
    mixing = (epoch - 1) < recipe.mixup_until * settings.epochs
    side, interpolation = _any_scale(settings.image_size, rng) if recipe.multi_scale else (settings.image_size, SMOOTH)
    drawn = (_with_another(samples, place, rng) if mixing else samples[place] for place in places)
    changed = [augmented(sample, recipe, settings.mirror, rng) for sample in drawn]
    progress = (epoch - 1) / settings.epochs
    cut = draw_cut(len(places), side, progress, rng) if recipe.evidence else None
    batch = _batch([samples.names[place] for place in places], changed, side, interpolation)
    return replace(batch, cut=cut)


def _plain_batch(samples: Samples, side: int, places: Places) -> Batch:
    names = [samples.names[place] for place in places]
    return _batch(names, [samples[place] for place in places], side, SMOOTH)


def _any_scale(image_size: int, rng: Generator) -> tuple[int, int]:
    """Side and interpolation of a batch."""
    return int(rng.choice(input_sides(image_size))), int(rng.choice(ANY_INTERPOLATION))


def _with_another(samples: Samples, place: int, rng: Generator) -> Sample:
    """An image mixed with any one, itself not excluded."""
    return mixed(samples[place], samples[int(rng.integers(len(samples)))], rng.beta(*MIXUP_BETA))


def _batch(names: Sequence[str], samples: Sequence[Sample], side: int, interpolation: int) -> Batch:
    most = max(len(sample.boxes) for sample in samples)
    batch = Batch(
        names=tuple(names),
        images=np.empty((len(samples), 3, side, side), np.float32),
        boxes=np.zeros((len(samples), most, 4), np.float32),
        labels=np.full((len(samples), most), NO_CLASS, np.int64),
        shares=np.zeros((len(samples), most), np.float32),
    )
    for row, sample in enumerate(samples):
        fitted, drawn = resized(sample, side, side, interpolation), slice(len(sample.boxes))
        batch.images[row] = prepare(fitted.image, side, PREPROCESSING)[0]  # already of this size: only normalised
        batch.boxes[row, drawn], batch.labels[row, drawn] = fitted.boxes, fitted.labels
        batch.shares[row, drawn] = fitted.shares
    return batch
