"""Our images and boxes through the augmentation of PaddleDetection, batch by batch."""

from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from ppdet.data import transform

from spinedet.datasets.dataset import Dataset
from spinedet.detect.contract import Settings
from spinedet.detect.decoded import DecodedImages
from spinedet.detect.modelfile import IMAGENET_MEAN, IMAGENET_STD
from spinedet.detect.ppyolov2.batches import input_sides, steps_an_epoch
from spinedet.detect.ppyolov2.recipe import ANCHOR_MASKS, MIXUP_BETA, STRIDES, Recipe

Sample = dict[str, Any]
Batch = dict[str, NDArray[np.float32]]
Operator = Callable[[Any], Any]


class Samples:
    """The images of one part with their boxes, decoded once.

    Difficult boxes are learnt from like the others, as in the reference configuration for VOC.
    """

    def __init__(self, dataset: Dataset):
        self._dataset = dataset
        self._images = DecodedImages(dataset)
        self.most_boxes = max((len(item.annotation.objects) for item in dataset.items), default=0)

    def __len__(self) -> int:
        return len(self._dataset)

    def __getitem__(self, place: int) -> Sample:
        """One image (H, W, 3) with boxes (N, 4) in its pixels and labels (N, 1), in the framework's words."""
        drawn = self._dataset.boxes(self._dataset.items[place])
        return {
            "image": self._images.rgb(place),
            "gt_bbox": drawn.boxes.astype(np.float32),
            "gt_class": drawn.labels.astype(np.int32)[:, None],
            "gt_score": np.ones((len(drawn.labels), 1), np.float32),
        }


def training_batches(samples: Samples, classes: int, settings: Settings, recipe: Recipe, epoch: int) -> Iterator[Batch]:
    """The augmented batches of an epoch (from 1), drawn from numpy's global generator as the framework does."""
    mixing = (epoch - 1) < recipe.mixup_until * settings.epochs
    draw = _mixed(samples) if mixing else samples.__getitem__
    augment = _augmentation(recipe, settings.mirror)
    resize = _any_scale(settings.image_size) if recipe.multi_scale else _one_scale(settings.image_size)
    finish = [resize, *_finishing(samples, classes, recipe)]
    order = np.random.permutation(len(samples))
    for places in np.array_split(order, steps_an_epoch(len(samples), settings.batch)):
        yield _stacked([_through(augment, draw(int(place))) for place in places], finish)


def plain_batches(samples: Samples, classes: int, settings: Settings, recipe: Recipe) -> Iterator[Batch]:
    """All images in their order, resized as for prediction and otherwise unchanged."""
    finish = [_one_scale(settings.image_size), *_finishing(samples, classes, recipe)]
    for places in np.array_split(np.arange(len(samples)), steps_an_epoch(len(samples), settings.batch)):
        yield _stacked([samples[int(place)] for place in places], finish)


def _mixed(samples: Samples) -> Callable[[int], Sample]:
    mixup = transform.Mixup(*MIXUP_BETA)

    def draw(place: int) -> Sample:
        mixed: Sample = mixup([samples[place], samples[np.random.randint(len(samples))]])
        return mixed

    return draw


def _augmentation(recipe: Recipe, mirror: bool) -> list[Operator]:
    wanted = {
        transform.RandomDistort: recipe.distort,
        lambda: transform.RandomExpand(fill_value=[255 * mean for mean in IMAGENET_MEAN]): recipe.expand,
        transform.RandomCrop: recipe.crop,
        transform.RandomFlip: mirror,
    }
    return [make() for make, switched_on in wanted.items() if switched_on]


def _one_scale(size: int) -> Operator:
    return transform.Resize(size, keep_ratio=False, interp=cv2.INTER_LINEAR)  # type: ignore[no-any-return]


def _any_scale(size: int) -> Operator:
    sides = list(input_sides(size))
    return transform.BatchRandomResize(sides, keep_ratio=False, random_interp=True)  # type: ignore[no-any-return]


def _finishing(samples: Samples, classes: int, recipe: Recipe) -> list[Operator]:
    anchors, masks = [list(anchor) for anchor in recipe.anchors], [list(mask) for mask in ANCHOR_MASKS]
    return [
        transform.NormalizeBox(),
        transform.PadBox(num_max_boxes=max(1, 2 * samples.most_boxes)),  # mixing doubles the boxes
        transform.BboxXYXY2XYWH(),
        transform.NormalizeImage(mean=list(IMAGENET_MEAN), std=list(IMAGENET_STD)),
        transform.Permute(),
        transform.Gt2YoloTarget(anchors, masks, list(STRIDES), num_classes=classes),
    ]


def _through(operators: list[Operator], sample: Any) -> Any:
    for operator in operators:
        sample = operator(sample)
    return sample


def _stacked(samples: list[Sample], finish: list[Operator]) -> Batch:
    done = _through(finish, samples)
    names = ("image", "gt_bbox", *(f"target{level}" for level in range(len(STRIDES))))
    return {name: np.stack([sample[name] for sample in done]).astype(np.float32) for name in names}
