"""The loss of PP-YOLOv2: that of YOLOv3 (arXiv 1804.02767) with an IoU and an IoU-aware term (arXiv 2007.12099).

Every term is summed over an image and averaged over the batch. Only positions that answer for an object pay for box,
quality and class; every position pays for its objectness, unless it answers for nothing and yet fits an object well.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from spinedet.detect.ppyolov2.head import SCALE_X_Y, Positions, Raw, boxes_of
from spinedet.detect.ppyolov2.targets import Targets

IGNORED_IOU = 0.7
"""A box that overlaps an object more is no false object, though another position answers for it."""

IOU_WEIGHT = 2.5

NO_AREA = 1e-9
"""Added to a union, in squares of the input's side, so that two empty boxes have IoU 0."""


def losses(raw: Raw, where: Positions, targets: Targets, objects: Tensor, side: int) -> dict[str, Tensor]:
    """The terms `xy`, `wh`, `iou`, `iou_aware`, `obj` and `cls`, and their sum `loss`.

    Args:
        raw: What the network says of N positions, in float32.
        where: The positions.
        targets: The P positions that answer, and what they should say.
        objects: (B, M, 4) boxes of all objects, in pixels of the input; padding has no area.
        side: Side of the input in pixels.
    """
    device = objects.device
    place = torch.from_numpy(targets.image).to(device), torch.from_numpy(targets.position).to(device)
    share, emphasis, centres, sizes, drawn, classes = (
        torch.from_numpy(part).to(device)
        for part in (targets.shares, targets.emphasis, targets.centres, targets.sizes, targets.boxes, targets.classes)
    )
    boxes = boxes_of(raw, where)  # (B, N, 4)
    shift = raw.centres[place].sigmoid() * SCALE_X_Y - (SCALE_X_Y - 1) / 2
    iou = paired_iou(boxes[place], drawn, side)  # (P,)
    aware = functional.binary_cross_entropy_with_logits(raw.quality[place], iou.detach(), reduction="none")
    named = functional.binary_cross_entropy_with_logits(raw.classes[place], classes, reduction="none")
    terms = {
        "xy": ((shift - centres).abs().sum(-1) * emphasis * share).sum(),
        "wh": ((raw.sizes[place] - sizes).abs().sum(-1) * emphasis * share).sum(),
        "iou": (IOU_WEIGHT * (1 - iou**2) * emphasis * share).sum(),
        "iou_aware": (aware * share).sum(),
        "obj": _objectness(raw.objectness, boxes.detach(), objects, place, share),
        "cls": (named.sum(-1) * share).sum(),
    }
    means = {name: term / len(objects) for name, term in terms.items()}
    return means | {"loss": torch.stack(list(means.values())).sum()}


def _objectness(logits: Tensor, boxes: Tensor, objects: Tensor, place: Sequence[Tensor], share: Tensor) -> Tensor:
    """Cross entropy towards 1 where a position answers, towards 0 elsewhere except where a box fits anyhow."""
    empty = ~fits_an_object(boxes, objects)  # (B, N)
    empty[tuple(place)] = False
    return (functional.softplus(logits) * empty).sum() + (functional.softplus(-logits[tuple(place)]) * share).sum()


def fits_an_object(boxes: Tensor, objects: Tensor) -> Tensor:
    """Whether each box (B, N, 4) overlaps some object (B, M, 4) by more than `IGNORED_IOU`: (B, N)."""
    fits = torch.zeros(boxes.shape[:2], dtype=torch.bool, device=boxes.device)
    for number in range(objects.shape[1]):  # M is small; (B, N, M) at once would cost more memory than time
        fits |= _iou(boxes, objects[:, number : number + 1], NO_AREA) > IGNORED_IOU
    return fits


def paired_iou(first: Tensor, second: Tensor, side: int) -> Tensor:
    """IoU of boxes (P, 4) with boxes (P, 4), row by row, in pixels of an input of a side."""
    return _iou(first, second, NO_AREA * side**2)


def _iou(first: Tensor, second: Tensor, no_area: float) -> Tensor:
    """IoU of boxes (..., 4) that broadcast."""
    upper, lower = torch.maximum(first[..., :2], second[..., :2]), torch.minimum(first[..., 2:], second[..., 2:])
    common = (lower - upper).clamp(min=0).prod(-1)
    areas = [(box[..., 2:] - box[..., :2]).prod(-1) for box in (first, second)]
    return common / (areas[0] + areas[1] - common + no_area)
