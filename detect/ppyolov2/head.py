"""The head of PP-YOLOv2: what its maps mean, cell by cell, and the boxes and scores that follow.

Every cell of a map has three anchors, and every anchor predicts a quality (the IoU that its box will have), a box, an
objectness and C classes: 3 * (C + 6) channels, the three qualities first. All levels are laid side by side: position
`n` of N runs over levels (coarsest first), rows, columns and anchors, in this order.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor, nn

from spinedet.detect.ppyolov2.recipe import ANCHOR_MASKS, ANCHORS_PER_LEVEL, STRIDES

SCALE_X_Y = 1.05
"""Grid-sensitive factor: lets a centre reach the border of its cell."""

PRIOR = 0.01
"""Objectness of every cell before training; without it the first steps only unlearn thousands of false objects."""

DEVIATION = 0.01
"""Initial deviation of the head's weights."""


class Raw(NamedTuple):
    """What the network says of N positions in each of B images, before any sigmoid.

    Attributes:
        centres: (B, N, 2), x and y in the cell.
        sizes: (B, N, 2), logarithm of width and height over the anchor's.
        objectness: (B, N).
        quality: (B, N), IoU of the box with its object.
        classes: (B, N, C).
    """

    centres: Tensor
    sizes: Tensor
    objectness: Tensor
    quality: Tensor
    classes: Tensor


@dataclass(frozen=True)
class Positions:
    """Where the N positions lie in an input of a side; all in pixels of that input.

    Attributes:
        corners: (N, 2), upper left corner of the cell.
        anchors: (N, 2), width and height.
        strides: (N, 1), side of the cell.
    """

    corners: Tensor
    anchors: Tensor
    strides: Tensor


@lru_cache(maxsize=32)
def positions(side: int, anchors: tuple[tuple[float, float], ...], device: torch.device) -> Positions:
    """The positions of an input of a side; kept, so made fit for gradients even if validation asks first."""
    levels = zip(STRIDES, ANCHOR_MASKS, strict=True)
    with torch.inference_mode(False):
        table = torch.cat([_level(side, stride, [anchors[k] for k in mask]) for stride, mask in levels]).to(device)
    return Positions(table[:, :2], table[:, 2:4], table[:, 4:])


def _level(side: int, stride: int, anchors: Sequence[tuple[float, float]]) -> Tensor:
    """(cells * 3, 5): corner, anchor and stride of each position of a level."""
    edges = torch.arange(0, side, stride, dtype=torch.float32)
    down, right = torch.meshgrid(edges, edges, indexing="ij")
    corners = torch.stack([right, down], -1).reshape(-1, 1, 2).expand(-1, ANCHORS_PER_LEVEL, -1)
    shapes = torch.tensor(anchors).expand(len(corners), -1, -1)
    return torch.cat([corners, shapes, torch.full_like(shapes[..., :1], stride)], -1).reshape(-1, 5)


class Head(nn.Module):  # type: ignore[misc]
    """One 1 x 1 convolution a level."""

    def __init__(self, inputs: Sequence[int], classes: int):
        super().__init__()
        self.classes = classes
        self.yolo_output = nn.ModuleList(nn.Conv2d(count, ANCHORS_PER_LEVEL * (classes + 6), 1) for count in inputs)

    def start(self) -> None:
        """Initial weights: small ones, and an objectness of `PRIOR` everywhere."""
        for layer in self.yolo_output:
            nn.init.normal_(layer.weight, std=DEVIATION)
            nn.init.zeros_(layer.bias)
            with torch.no_grad():
                layer.bias[ANCHORS_PER_LEVEL:].view(ANCHORS_PER_LEVEL, -1)[:, 4] = math.log(PRIOR / (1 - PRIOR))

    def forward(self, maps: Sequence[Tensor]) -> list[Tensor]:
        """Maps of strides 32, 16 and 8 to one (B, 3 * (C + 6), S / stride, S / stride) a level."""
        return [layer(level) for layer, level in zip(self.yolo_output, maps, strict=True)]


def side_by_side(maps: Sequence[Tensor], classes: int) -> Raw:
    """The channels of all levels by meaning."""
    found = torch.cat([_positions_first(level, 5 + classes) for level in maps], dim=1)  # (B, N, 6 + C)
    quality, centres, sizes, objectness, scores = found.split((1, 2, 2, 1, classes), dim=-1)
    return Raw(centres, sizes, objectness.squeeze(-1), quality.squeeze(-1), scores)


def _positions_first(level: Tensor, each: int) -> Tensor:
    """(B, 3 * (1 + each), H, W) to (B, H * W * 3, 1 + each), the quality before the rest."""
    count, side = level.shape[0], level.shape[2:]
    quality, rest = level.split((ANCHORS_PER_LEVEL, ANCHORS_PER_LEVEL * each), dim=1)
    joined = torch.cat([quality.unsqueeze(2), rest.reshape(count, ANCHORS_PER_LEVEL, each, *side)], dim=2)
    return joined.permute(0, 3, 4, 1, 2).reshape(count, side[0] * side[1] * ANCHORS_PER_LEVEL, 1 + each)


def boxes_of(raw: Raw, where: Positions) -> Tensor:
    """Boxes (B, N, 4), x0 y0 x1 y1 in pixels of the input; not clipped."""
    shift = raw.centres.sigmoid() * SCALE_X_Y - (SCALE_X_Y - 1) / 2
    centres = where.corners + shift * where.strides  # (N, 2) + (B, N, 2) * (N, 1)
    half = raw.sizes.exp() * where.anchors / 2  # (B, N, 2) * (N, 2)
    return torch.cat([centres - half, centres + half], -1)


def scores_of(raw: Raw) -> Tensor:
    """Scores (B, N, C): class times objectness^0.5 times quality^0.5 (PP-YOLO, arXiv 2007.12099, IoU aware)."""
    sure = (raw.objectness.sigmoid() * raw.quality.sigmoid()).sqrt()
    return raw.classes.sigmoid() * sure.unsqueeze(-1)
