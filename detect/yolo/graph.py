"""The graph that is exported: our two outputs, and layers that every ONNX runtime computes rightly and fast.

What is rewritten here computes the same numbers; the check of the export compares it with the network as trained.
"""

import torch
from ultralytics.nn.modules.block import DFL

from spinedet.detect.training.cells import shown
from spinedet.detect.training.evidence import point
from spinedet.detect.yolo.evidence import EVIDENCE

OPSET = 17

ANCHORS = 1
"""Positions a cell."""


class BoxesAndScores(torch.nn.Module):  # type: ignore[misc]
    """The network with the outputs that our runtime expects."""

    def __init__(self, network: torch.nn.Module):
        super().__init__()
        self.network = network

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Images (B, 3, S, S) to boxes (B, N, 4), x0 y0 x1 y1 in input pixels, and scores (B, N, C)."""
        decoded, raw = self.network(images)
        found = decoded.transpose(1, 2)  # (B, 4 + C, N) to (B, N, 4 + C); centre and size
        centre, half = found[..., :2], found[..., 2:4] / 2
        boxes, scores = torch.cat([centre - half, centre + half], -1), found[..., 4:]
        if EVIDENCE not in raw:
            return boxes, scores
        return point(boxes, scores, raw[EVIDENCE], shown(images), self.network.questions, ANCHORS)


class ConcatenatedPad(torch.nn.Module):  # type: ignore[misc]
    """`ZeroPad2d` written as a concatenation.

    ONNX Runtime (seen in 1.31) joins a Pad with the MaxPool after it, which then pads with minus infinity instead of
    0. YOLOv3-tiny pools negative values there, and its scores came out up to 0.015 wrong.
    """

    def __init__(self, pad: torch.nn.ZeroPad2d):
        super().__init__()
        left, self.right, top, self.bottom = pad.padding
        assert left == top == 0  # the one pad in these networks lies right and below

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Feature maps (B, C, H, W) to (B, C, H + bottom, W + right)."""
        wide = torch.cat([maps, maps.new_zeros(()).expand_as(maps[..., : self.right])], dim=3)
        return torch.cat([wide, wide.new_zeros(()).expand_as(wide[:, :, : self.bottom])], dim=2)


class BinExpectation(torch.nn.Module):  # type: ignore[misc]
    """Ultralytics' `DFL` with the bins in the last axis, where a softmax reads memory in order."""

    def __init__(self, dfl: DFL):
        super().__init__()
        self.register_buffer("bins", torch.arange(dfl.c1, dtype=torch.float32))

    def forward(self, logits: torch.Tensor) -> torch.Tensor:
        """Logits of K bins a side (B, 4 * K, N) to expected distances (B, 4, N)."""
        batch, _, cells = logits.shape
        by_cell = logits.transpose(1, 2).reshape(batch, cells, 4, len(self.bins))  # (B, N, 4, K)
        return (by_cell.softmax(-1) * self.bins).sum(-1).transpose(1, 2)  # (B, N, 4) to (B, 4, N)


REWRITTEN: dict[type, type] = {torch.nn.ZeroPad2d: ConcatenatedPad, DFL: BinExpectation}
"""Layers that are exported as others."""


def for_export(network: torch.nn.Module) -> torch.nn.Module:
    """Rewrite layers of a network, in place."""
    for name, child in network.named_children():
        if type(child) in REWRITTEN:
            setattr(network, name, _placed_like(child, REWRITTEN[type(child)](child)))
        else:
            for_export(child)
    return network


def _placed_like(old: torch.nn.Module, new: torch.nn.Module) -> torch.nn.Module:
    """Ultralytics walks its layers by the attributes `f` (from) and `i` (index), where a layer has them."""
    for name in ("f", "i", "type", "np"):
        if hasattr(old, name):
            setattr(new, name, getattr(old, name))
    return new
