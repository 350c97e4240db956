"""What a side answers, in names that both use.

To an examination:
    `outputs/LEVEL`: the head's maps (B, 3 * (C + 6), H, W), coarsest level first, with the moving averages.
    `boxes`, `scores`: (B, N, 4) in pixels of the input, clipped to it, and (B, N, C), position by position.
    `detections`: (K, 7) image, label, score, box; after Matrix NMS.
    `targets`: (B, N, 6 + C) centre, size, emphasis, share, classes; what each position should say, 0 elsewhere.
    `losses/TERM`, `gradients/LAYER`: in training, with the statistics of the batch.

To a training:
    `training/loss`: (steps,) the sum of the loss, step by step.
    `moved/LAYER`: what all steps together have added to a layer of the head. (In the backbone, the small differences
        of the first steps have grown to a tenth by then.)
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from spinedet.benchmarks.parity.exchange import Arrays
from spinedet.detect.ppyolov2.format import POSTPROCESSING

ALL_CANDIDATES = POSTPROCESSING.model_copy(update={"before": 10**9})
"""Without a limit before NMS, as the reference configuration has it: PaddlePaddle would count it class by class."""

NAMED_LAYERS = (
    "backbone.conv1.conv1_1.conv.weight",
    "backbone.res4.res4a.branch2a.conv.weight",
    "backbone.res4.res4a.branch2a.norm.weight",
    "backbone.res5.res5a.branch2b.conv.weight",
    "backbone.res5.res5b.branch2b.conv_offset.weight",
    "backbone.res5.res5b.branch2b.conv_offset.bias",
    "neck.fpn.0.conv_module.spp.conv.conv.weight",
    "neck.fpn.2.conv1.conv.weight",
    "neck.fpn_transition.0.batch_norm.bias",
    "neck.pan.0.conv_module.2.1.conv.weight",
    "neck.pan_transition.1.conv.weight",
    "yolo_head.yolo_output.0.weight",
    "yolo_head.yolo_output.1.weight",
    "yolo_head.yolo_output.2.weight",
    "yolo_head.yolo_output.2.bias",
)
"""Layers whose gradients are compared, from the images to the head; r18 has no offsets."""


def moved(before: Arrays, after: Arrays) -> Arrays:
    """The `moved` part of an answer, from all weights by name."""
    names = [name for name in named_layers(after) if name.startswith("yolo_head.")]
    return {f"moved/{name}": after[name] - before[name] for name in names}


def named_layers(layers: Iterable[str]) -> list[str]:
    """Those of `NAMED_LAYERS` that a network has."""
    own = set(layers)
    return [name for name in NAMED_LAYERS if name in own]


def detection_rows(
    found: Sequence[tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]],
) -> NDArray[np.float32]:
    """(K, 7) detections of all images.

    Args:
        found: Boxes (N, 4), scores (N,) and labels (N,) image by image.
    """
    rows = [
        np.column_stack([np.full(len(scores), image), labels, scores, boxes]).astype(np.float32)
        for image, (boxes, scores, labels) in enumerate(found)
    ]
    return np.concatenate(rows)
