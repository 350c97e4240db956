"""The graph that is exported: our two outputs, normalisation folded into the convolutions, and layers that ONNX has.

What is rewritten here computes the same numbers; the check of the export compares it with the network as trained.
"""

import copy
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torchvision.ops import deform_conv2d

from spinedet.detect.ppyolov2.backbone import ConvNorm, DeformableConvNorm
from spinedet.detect.ppyolov2.head import boxes_of, positions, scores_of, side_by_side
from spinedet.detect.ppyolov2.neck import ConvMish
from spinedet.detect.ppyolov2.network import Network, parted
from spinedet.detect.ppyolov2.recipe import ANCHORS_PER_LEVEL, NineAnchors
from spinedet.detect.training import graph
from spinedet.detect.training.cells import shown
from spinedet.detect.training.evidence import point

OPSET = 19
"""The first with deformable convolution."""


class BoxesAndScores(nn.Module):  # type: ignore[misc]
    """The network with the outputs that our runtime expects.

    Args:
        network: The trained network.
        anchors: Nine widths and heights in pixels of the input.
        side: Side of the input in pixels.
    """

    def __init__(self, network: Network, anchors: NineAnchors, side: int):
        super().__init__()
        self.network, self.anchors, self.side = network, anchors, side

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Images (B, 3, S, S) to boxes (B, N, 4), x0 y0 x1 y1 in input pixels, and scores (B, N, C)."""
        maps, views, _ = parted(self.network(images))
        raw = side_by_side(maps, self.network.yolo_head.classes)
        boxes = boxes_of(raw, positions(self.side, self.anchors, images.device)).clamp(0, self.side)
        scores = scores_of(raw)
        if views is None or self.network.evidence is None:
            return boxes, scores
        questions = self.network.evidence.questions
        return point(boxes, scores, views, shown(images), questions, ANCHORS_PER_LEVEL)


def for_export(wrapped: BoxesAndScores) -> BoxesAndScores:
    """A copy for ONNX, in the mode of prediction."""
    copied: BoxesAndScores = copy.deepcopy(wrapped).eval()
    for layer in copied.modules():
        if isinstance(layer, ConvNorm):
            layer.conv, layer.norm = fuse_conv_bn_eval(layer.conv, layer.norm), nn.Identity()
        if isinstance(layer, ConvMish):
            layer.conv, layer.batch_norm = fuse_conv_bn_eval(layer.conv, layer.batch_norm), nn.Identity()
            layer.act = ExportedMish()
        if isinstance(layer, DeformableConvNorm):
            layer.__class__ = _ExportedDeformable
    return copied


class ExportedMish(nn.Module):  # type: ignore[misc]
    """Mish, x * tanh(softplus(x)), with one exponential: tanh(ln(1 + e)) = (e^2 + 2 e) / (e^2 + 2 e + 2), e = exp(x).

    ONNX Runtime computes the textbook's three functions one by one, and softplus slowly.
    """

    LARGEST = 20.0
    """From here on Mish is x itself to the last digit of float32, while the square of e would soon overflow."""

    def forward(self, maps: Tensor) -> Tensor:
        """Any shape to the same shape."""
        e = maps.clamp(max=self.LARGEST).exp()
        square = e * (e + 2)
        return maps * (square / (square + 2))


class _ExportedDeformable(DeformableConvNorm):
    def deform(self, maps: Tensor, offsets: Tensor, weights: Tensor) -> Tensor:
        stride, padding = self.conv.stride, self.conv.padding
        return _Deform.apply(maps, self.conv.weight, offsets, self.conv.bias, weights, stride, padding)


class _Deform(torch.autograd.Function):  # type: ignore[misc]
    """torchvision's operator under the name that ONNX has for it."""

    @staticmethod
    def forward(_: Any, *inputs: Any) -> Tensor:
        maps, weight, offsets, bias, mask, stride, padding = inputs
        return deform_conv2d(maps, offsets, weight, bias, stride, padding, mask=mask)

    @staticmethod
    def symbolic(traced: Any, *inputs: Any) -> Any:
        *tensors, stride, padding = inputs
        return traced.op("DeformConv", *tensors, kernel_shape_i=[3, 3], strides_i=stride, pads_i=[*padding, *padding])


def write_onnx(wrapped: BoxesAndScores, path: Path) -> None:
    """Export for square inputs of the network's side and any number of images."""
    graph.write_onnx(for_export(wrapped), wrapped.side, OPSET, path)
