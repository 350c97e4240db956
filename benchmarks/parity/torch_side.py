"""The torch network's answer to a case; `spinedet.benchmarks.parity.answers` says what its arrays are called."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.utils import clip_grad_norm_

from spinedet.benchmarks.parity.answers import ALL_CANDIDATES, detection_rows, moved, named_layers
from spinedet.benchmarks.parity.cases import load
from spinedet.benchmarks.parity.exchange import Arrays, Case, require_same_layers
from spinedet.detect.nms import suppress
from spinedet.detect.ppyolov2.batches import Batch
from spinedet.detect.ppyolov2.graph import BoxesAndScores
from spinedet.detect.ppyolov2.head import positions, side_by_side
from spinedet.detect.ppyolov2.losses import losses
from spinedet.detect.ppyolov2.network import Network, parameter_groups
from spinedet.detect.ppyolov2.recipe import REFERENCE_ANCHORS, Recipe
from spinedet.detect.ppyolov2.targets import Targets, find_targets
from spinedet.detect.ppyolov2.weights import to_paddle
from spinedet.detect.training.learner import Plan

CPU = torch.device("cpu")


def answer(case: Case) -> Arrays:
    """Predictions, losses and gradients, or the losses of a training.

    Raises:
        WorkError: The case has other layers than the network.
    """
    network = Network(case.size, case.classes, drop_block=False)
    require_same_layers(case.weights, to_paddle(network.state_dict()))
    load(network, case.weights)
    if case.learning_rate:
        return _train(network, case)
    (batch,) = case.batches
    return {**_predict(network.eval(), batch), **_learn(network.train(), batch)}


def _predict(network: Network, batch: Batch) -> Arrays:
    images = torch.from_numpy(batch.images)
    with torch.inference_mode():
        maps = network(images)
        boxes, scores = BoxesAndScores(network, REFERENCE_ANCHORS, images.shape[-1])(images)
    outputs = {f"outputs/{level}": found.numpy() for level, found in enumerate(maps)}
    return outputs | {"boxes": boxes.numpy(), "scores": scores.numpy(), "detections": _detect(boxes, scores)}


def _detect(boxes: Tensor, scores: Tensor) -> NDArray[np.float32]:
    found = [suppress(*image, ALL_CANDIDATES) for image in zip(boxes.numpy(), scores.numpy(), strict=True)]
    return detection_rows([(image.boxes, image.scores, image.labels) for image in found])


def _targets(network: Network, batch: Batch) -> Targets:
    drawn = batch.boxes, batch.labels, batch.shares
    return find_targets(*drawn, batch.images.shape[-1], REFERENCE_ANCHORS, network.yolo_head.classes)


def _losses(network: Network, batch: Batch) -> dict[str, Tensor]:
    side = batch.images.shape[-1]
    raw = side_by_side(network(torch.from_numpy(batch.images)), network.yolo_head.classes)
    where, objects = positions(side, REFERENCE_ANCHORS, CPU), torch.from_numpy(batch.boxes)
    return losses(raw, where, _targets(network, batch), objects, side)


def _learn(network: Network, batch: Batch) -> Arrays:
    terms = _losses(network, batch)
    terms["loss"].backward()
    weights = dict(network.named_parameters())
    return {
        "targets": _table(_targets(network, batch), batch),
        **{f"losses/{name}": term.detach().numpy() for name, term in terms.items()},
        **{f"gradients/{name}": weights[name].grad.numpy() for name in named_layers(weights)},
    }


def _table(targets: Targets, batch: Batch) -> NDArray[np.float32]:
    """Targets of all positions: (B, N, 6 + C)."""
    told = [targets.centres, targets.sizes, targets.emphasis, targets.shares, targets.classes]
    rows = np.column_stack(told)  # (P, 6 + C)
    count = len(positions(batch.images.shape[-1], REFERENCE_ANCHORS, CPU).strides)
    table = np.zeros((len(batch.images), count, rows.shape[1]), np.float32)
    table[targets.image, targets.position] = rows
    return table


def _train(network: Network, case: Case) -> Arrays:
    """The loss of each step, before it is taken, and where all of them lead."""
    network.train()
    groups = parameter_groups(network, Recipe().weight_decay)
    optimizer = torch.optim.SGD(groups, lr=case.learning_rate, momentum=Plan.momentum)
    steps = []
    for batch in case.batches:
        loss = _losses(network, batch)["loss"]
        optimizer.zero_grad()
        loss.backward()
        clip_grad_norm_(network.parameters(), Plan.largest_gradient)
        optimizer.step()
        steps.append(loss.item())
    after = {name: value.detach().numpy() for name, value in network.named_parameters()}
    return {"training/loss": np.array(steps, np.float32), **moved(case.weights, after)}
