"""Draws what both frameworks are asked: weights away from any trivial start, and batches with every kind of object."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import nn

from spinedet.benchmarks.parity.exchange import Arrays, Case
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.phantoms.lumbar import make_lumbar
from spinedet.detect.contract import Settings
from spinedet.detect.ppyolov2.backbone import Block
from spinedet.detect.ppyolov2.batches import NO_CLASS, Batch, Samples, plain_batches
from spinedet.detect.ppyolov2.head import boxes_of, positions, side_by_side
from spinedet.detect.ppyolov2.network import Network
from spinedet.detect.ppyolov2.recipe import ANCHORS_PER_LEVEL, REFERENCE_ANCHORS, STRIDES
from spinedet.detect.ppyolov2.weights import from_paddle, to_paddle

PATIENTS = 12
"""Of the phantom; with two images each on average, an epoch has some six steps."""

BATCH = 4

TRAINING_SIDE = 128
"""Side in pixels of the images of the training."""

LEARNING_RATE = 1e-4
"""Of the training. From random weights, rounding grows several times a step, the faster the larger this is."""

SHARE = 0.6
"""Of the first image in the mixed pair."""

NOISE = 2
"""Number of the image of noise that has objects."""

SEEN = 40
"""Boxes of the network that are made objects: enough that the objectness they save shows in the sum."""

INSET = np.array([0.08, 0.05, -0.02, -0.03], np.float32)
"""What an object's edges are away from the box that sees it, in widths and heights: an IoU of 0.83.

With none, the loss would lie on the tip of its absolute values, where rounding chooses the gradient's sign.
"""

EDGE = 2.0
"""Pixels that the largest object leaves free on each side."""

TINY = (40.3, 21.7, 43.1, 23.6)
"""The smallest object: no anchor comes near, and it lies inside one cell."""

DEVIATIONS = {"conv_offset": 0.5, "yolo_output": 0.5, "weight": np.sqrt(2), "bias": 0.2, "_mean": 0.0, "_variance": 0.0}
"""Of weights times the root of the number of inputs, by the first of these parts in a layer's name.

So offsets are about half a pixel, the head's logits differ from cell to cell, and the rest is as He et al. 2015 (arXiv
1502.01852) start it.
"""

SHIFT = 1.0
"""Mean shift of the normalisations: fewer sums lie so near zero that rounding decides whether a ReLU lets them pass."""

SCALE_DEVIATION, AVERAGE_DEVIATION = 0.3, 0.1
"""Of the logarithm of the normalisations' scales, and of their moving averages (in deviations of the channel)."""

UNSURE = -4.0
"""Mean logit of objectness and classes: a few hundred candidates pass the threshold, as in a network in use."""

BRANCH_SHARE = 0.2
"""Scale of the last normalisation in each residual block: what a block adds is less than what it passes on.

So it is in trained networks. With 1 (and no `SHIFT`), rounding alone grows from block to block until the outputs of
r50-dcn are 0.01 away from those in float64, in both frameworks.
"""


def make_phantom(folder: Path, seed: int) -> Dataset:
    """Some invented patients in a new folder."""
    return Dataset.load(make_lumbar(folder, PATIENTS, seed))


def training_case(size: str, phantom: Dataset, seed: int) -> Case:
    """One epoch over the phantom from the network's own initial weights."""
    torch.manual_seed(seed)
    network = Network(size, len(phantom.classes), drop_block=False)
    batches = _plain(phantom, TRAINING_SIDE)
    return Case(size, len(phantom.classes), LEARNING_RATE, to_paddle(network.state_dict()), tuple(batches))


def examination_case(size: str, phantom: Dataset, side: int, seed: int) -> Case:
    """One batch, whose predictions, losses and gradients are compared.

    Args:
        size: Which network.
        phantom: Gives the classes and two of the images.
        side: Side of the network input in pixels.
        seed: Of weights and noise.
    """
    rng, classes = np.random.default_rng(seed), len(phantom.classes)
    plain = _plain(phantom, side)[0]
    images = examination_images(plain, rng)
    weights = draw_weights(size, classes, images, rng)
    seen = seen_boxes(size, classes, weights, images)[NOISE]
    extent = np.tile(seen[:, 2:] - seen[:, :2], 2)  # (K, 4) width, height, width, height
    return Case(size, classes, 0.0, weights, (examination_batch(plain, images, seen + INSET * extent, classes),))


def _plain(phantom: Dataset, side: int) -> list[Batch]:
    settings = Settings(detector="ppyolov2", size="r18", image_size=side, batch=BATCH)
    return list(plain_batches(Samples(phantom), settings))


def examination_images(plain: Batch, rng: Generator) -> NDArray[np.float32]:
    """(4, 3, S, S): a phantom, two of them mixed, and noise twice."""
    noise = rng.standard_normal((2, *plain.images.shape[1:])).astype(np.float32)
    mixed = SHARE * plain.images[1] + (1 - SHARE) * plain.images[2]
    return np.stack([plain.images[0], mixed, *noise])


def examination_batch(plain: Batch, images: NDArray[np.float32], seen: NDArray[np.float32], classes: int) -> Batch:
    """Those images with all that targets can meet.

    The first has its own objects and one more in the place of another; the second those of two images; the third the
    smallest and the largest object, and many that the network sees, whose other positions pay for no objectness; the
    fourth has none.

    Args:
        plain: At least three images of the phantom.
        images: What `examination_images` made of them.
        seen: (K, 4) objects that the network predicts in the third image.
        classes: Number of classes.
    """
    side = images.shape[-1]
    first, second, third = (_objects(plain, image) for image in range(3))
    whole = (EDGE, EDGE, side - EDGE, side - EDGE)
    rows = [
        [*first, _in_the_place_of(first[0], classes)],
        [*((box, label, SHARE) for box, label, _ in second), *((box, label, 1 - SHARE) for box, label, _ in third)],
        [(TINY, 0, 1.0), (whole, classes - 1, 1.0), *((box, place % classes, 1.0) for place, box in enumerate(seen))],
        [],
    ]
    return _batch(images, rows)


Row = tuple[Any, int, float]
"""Box, label and share of an object."""


def _objects(batch: Batch, image: int) -> list[Row]:
    drawn = np.flatnonzero(batch.labels[image] != NO_CLASS)
    return [(batch.boxes[image, row], int(batch.labels[image, row]), 1.0) for row in drawn]


def _in_the_place_of(row: Row, classes: int) -> Row:
    """An object of another class with the same centre and nearly the same shape."""
    box, label, share = row
    x0, y0, x1, y1 = box
    return (x0 - 0.25, y0, x1 + 0.25, y1), (label + 1) % classes, share


def _batch(images: NDArray[np.float32], rows: list[list[Row]]) -> Batch:
    shape = len(rows), max(map(len, rows))
    boxes, shares = np.zeros((*shape, 4), np.float32), np.zeros(shape, np.float32)
    labels = np.full(shape, NO_CLASS, np.int64)
    for image, objects in enumerate(rows):
        for place, (box, label, share) in enumerate(objects):
            boxes[image, place], labels[image, place], shares[image, place] = box, label, share
    return Batch(tuple(map(str, range(len(rows)))), images, boxes, labels, shares)


def draw_weights(size: str, classes: int, images: NDArray[np.float32], rng: Generator) -> Arrays:
    """All arrays of a network under PaddleDetection's names.

    Scales and shifts of the normalisations are random, deformable convolutions sample between pixels, the head says
    something else of every position, and moving averages are near those of the images but not the same.
    """
    network = Network(size, classes, drop_block=False)
    drawn = {name: _draw(name, value.shape, rng) for name, value in to_paddle(network.state_dict()).items()}
    for level in range(len(STRIDES)):
        drawn[f"yolo_head.yolo_output.{level}.bias"] += _head_shift(classes)
    for name, block in network.named_modules():
        if isinstance(block, Block):
            last = "branch2c" if hasattr(block, "branch2c") else "branch2b"
            drawn[f"{name}.{last}.norm.weight"] *= np.float32(BRANCH_SHARE)
    load(network, drawn)
    return _with_averages(network, drawn, images, rng)


def _draw(name: str, shape: tuple[int, ...], rng: Generator) -> NDArray[np.float32]:
    noise = rng.standard_normal(shape)
    if name.endswith("norm.weight"):
        return np.asarray(np.exp(SCALE_DEVIATION * noise), np.float32)
    fan_in = np.prod(shape[1:])  # 1 for shifts
    deviation = next(value for part, value in DEVIATIONS.items() if part in name)
    mean = SHIFT if name.endswith("norm.bias") else 0.0
    return np.asarray(mean + deviation * noise / np.sqrt(fan_in), np.float32)


def _head_shift(classes: int) -> NDArray[np.float32]:
    """(3 * (C + 6),) what is added to the head's biases: the three qualities first, then anchor by anchor."""
    shift = np.zeros((ANCHORS_PER_LEVEL, 5 + classes), np.float32)
    shift[:, 4:] = UNSURE
    return np.concatenate([np.zeros(ANCHORS_PER_LEVEL, np.float32), shift.ravel()])


def load(network: nn.Module, arrays: Arrays) -> None:
    """Set all weights of a network in torch."""
    state = {name: torch.from_numpy(value) for name, value in from_paddle(arrays).items()}
    network.load_state_dict(state, strict=False)  # the counters of the normalisations are not among them


def seen_boxes(size: str, classes: int, weights: Arrays, images: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """For each image the `SEEN` boxes (K, 4) of the highest objectness, as in training, that lie inside."""
    network = Network(size, classes, drop_block=False)
    load(network, weights)
    side = images.shape[-1]
    with torch.no_grad():
        raw = side_by_side(network.train()(torch.from_numpy(images)), classes)
        boxes = boxes_of(raw, positions(side, REFERENCE_ANCHORS, torch.device("cpu"))).numpy()
    inside = ((boxes > 0) & (boxes < side)).all(-1)  # (B, N)
    ranked = np.argsort(-np.where(inside, raw.objectness.numpy(), -np.inf), axis=1)
    return [found[order[:SEEN]] for found, order in zip(boxes, ranked, strict=True)]


def _with_averages(network: nn.Module, drawn: Arrays, images: NDArray[np.float32], rng: Generator) -> Arrays:
    """The arrays with moving averages of the images, disturbed.

    Random ones would make activations grow or vanish from layer to layer.
    """
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 1.0
    with torch.no_grad():
        network.train()(torch.from_numpy(images))
    arrays = to_paddle(network.state_dict())
    for name in [name for name in drawn if name.endswith("._variance")]:
        mean, variance = name.replace("._variance", "._mean"), arrays[name]
        noise = AVERAGE_DEVIATION * rng.standard_normal((2, *variance.shape)).astype(np.float32)
        arrays[mean] = arrays[mean] + np.sqrt(variance) * noise[0]
        arrays[name] = variance * np.exp(noise[1])
    return arrays
