"""PaddleDetection's answer to a case; `spinedet.benchmarks.parity.answers` says what its arrays are called.

Targets, losses, decoding and Matrix NMS are the framework's own operations.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import paddle
from numpy.typing import NDArray
from paddle.vision.ops import matrix_nms, yolo_box
from ppdet.data import transform

from spinedet.benchmarks.parity.answers import ALL_CANDIDATES, detection_rows, moved, named_layers
from spinedet.benchmarks.parity.exchange import Arrays, Case, require_same_layers
from spinedet.detect.paddle.network import SCALE_X_Y, Network
from spinedet.detect.paddle.trainer import LARGEST_GRADIENT, MOMENTUM, arrays_of, load_arrays
from spinedet.detect.ppyolov2.batches import Batch
from spinedet.detect.ppyolov2.recipe import ANCHOR_MASKS, ANCHORS_PER_LEVEL, REFERENCE_ANCHORS, STRIDES, Recipe

NO_THRESHOLD = 1e-9
"""`yolo_box` sets boxes of a lower confidence to zero."""


def answer(case: Case) -> Arrays:
    """Predictions, losses and gradients, or the losses of a training.

    Raises:
        WorkError: The case has other layers than the network.
    """
    network = Network(case.size, case.classes, Recipe(drop_block=False))
    require_same_layers(case.weights, arrays_of(network))
    load_arrays(network, case.weights)
    if case.learning_rate:
        return _train(network, case)
    (batch,) = case.batches
    network.eval()
    predicted = _predict(network, batch)
    network.train()
    return {**predicted, **_learn(network, batch)}


def _predict(network: Network, batch: Batch) -> Arrays:
    with paddle.no_grad():
        maps = network(paddle.to_tensor(batch.images))
        boxes, scores = _decode(maps, batch, network.yolo_head.num_classes)
    outputs = {f"outputs/{level}": found.numpy() for level, found in enumerate(maps)}
    return outputs | {"boxes": boxes, "scores": scores, "detections": _detect(boxes, scores)}


def _decode(maps: list[Any], batch: Batch, classes: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Boxes (B, N, 4) and scores (B, N, C) in our order.

    `yolo_box` can clip, but one pixel inside the image: it takes boxes for ranges of whole pixels.
    """
    count, side = len(batch.images), batch.images.shape[-1]
    sides = paddle.full([count, 2], side, "int32")
    parts = []
    for found, mask, stride in zip(maps, ANCHOR_MASKS, STRIDES, strict=True):
        anchors = [int(edge) for anchor in mask for edge in REFERENCE_ANCHORS[anchor]]
        told = {"clip_bbox": False, "scale_x_y": SCALE_X_Y, "iou_aware": True, "iou_aware_factor": 0.5}
        level = yolo_box(found, sides, anchors, classes, NO_THRESHOLD, stride, **told)
        parts.append([_cell_by_cell(part.numpy()) for part in level])
    boxes, scores = (np.concatenate(part, axis=1) for part in zip(*parts, strict=True))
    return boxes.clip(0, side), scores


def _cell_by_cell(found: NDArray[np.float32]) -> NDArray[np.float32]:
    """Positions (B, 3 * cells, K) anchor by anchor to (B, cells * 3, K)."""
    count, positions, each = found.shape
    return found.reshape(count, ANCHORS_PER_LEVEL, -1, each).swapaxes(1, 2).reshape(count, positions, each)


def _detect(boxes: NDArray[np.float32], scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Edges are continuous here (`normalized`), as everywhere in this project."""
    threshold = ALL_CANDIDATES.score_threshold
    rows, counts, _ = matrix_nms(
        paddle.to_tensor(boxes),
        paddle.to_tensor(scores.transpose(0, 2, 1)),
        score_threshold=threshold,
        post_threshold=threshold,
        nms_top_k=-1,
        keep_top_k=ALL_CANDIDATES.keep,
        background_label=-1,
        normalized=True,
    )
    images = np.split(rows.numpy(), np.cumsum(counts.numpy())[:-1])  # (K, 6) label, score, box
    return detection_rows([(image[:, 2:], image[:, 1], image[:, 0].astype(np.int64)) for image in images])


def _targets(batch: Batch, classes: int) -> dict[str, NDArray[np.float32]]:
    """The framework's boxes and targets, image by image."""
    samples = [
        {"image": image.transpose(1, 2, 0), "gt_bbox": boxes.copy(), "gt_class": labels[:, None], "gt_score": shares}
        for image, boxes, labels, shares in zip(batch.images, batch.boxes, batch.labels, batch.shares, strict=True)
    ]
    anchors, masks = [list(anchor) for anchor in REFERENCE_ANCHORS], [list(mask) for mask in ANCHOR_MASKS]
    operators: list[Callable[[Any], Any]] = [
        transform.NormalizeBox(),
        transform.BboxXYXY2XYWH(),
        transform.Permute(),
        transform.Gt2YoloTarget(anchors, masks, list(STRIDES), num_classes=classes),
    ]
    for operator in operators:
        samples = operator(samples)
    names = ("gt_bbox", *(f"target{level}" for level in range(len(STRIDES))))
    return {name: np.stack([sample[name] for sample in samples]) for name in names}


def _losses(network: Network, batch: Batch, targets: dict[str, NDArray[np.float32]]) -> dict[str, Any]:
    tensors = {name: paddle.to_tensor(value) for name, value in targets.items()}
    found = network.losses(network(paddle.to_tensor(batch.images)), tensors)
    return {name.removeprefix("loss_"): value for name, value in found.items()}


def _learn(network: Network, batch: Batch) -> Arrays:
    targets = _targets(batch, network.yolo_head.num_classes)
    terms = _losses(network, batch, targets)
    terms["loss"].backward()
    weights = dict(network.named_parameters())
    return {
        "targets": _table(targets),
        **{f"losses/{name}": term.numpy() for name, term in terms.items()},
        **{f"gradients/{name}": weights[name].grad.numpy() for name in named_layers(weights)},
    }


def _table(targets: dict[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    """Targets of all positions: (B, N, 6 + C)."""
    levels = [targets[f"target{level}"] for level in range(len(STRIDES))]  # (B, 3, 6 + C, H, W)
    rows = [level.transpose(0, 3, 4, 1, 2).reshape(len(level), -1, level.shape[2]) for level in levels]
    return np.concatenate(rows, axis=1)


def _train(network: Network, case: Case) -> Arrays:
    """The loss of each step, before it is taken, and where all of them lead."""
    network.train()
    optimizer = paddle.optimizer.Momentum(
        learning_rate=case.learning_rate,
        momentum=MOMENTUM,
        parameters=network.parameters(),
        weight_decay=paddle.regularizer.L2Decay(Recipe().weight_decay),
        grad_clip=paddle.nn.ClipGradByGlobalNorm(LARGEST_GRADIENT),
    )
    steps = []
    for batch in case.batches:
        loss = _losses(network, batch, _targets(batch, case.classes))["loss"]
        loss.backward()
        optimizer.step()
        optimizer.clear_grad()
        steps.append(float(loss))
    after = {name: value.numpy() for name, value in network.named_parameters()}
    return {"training/loss": np.array(steps, np.float32), **moved(case.weights, after)}
