"""ResNet-vd (He et al. 2019, arXiv 1812.01187, "ResNet-D"), with deformable convolution in its last stage.

Layers bear PaddleDetection's names, so that its weights pass both ways (`spinedet.detect.ppyolov2.weights`).
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.ops import deform_conv2d

BLOCKS = {18: (2, 2, 2, 2), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3)}
"""Residual blocks of stages 2 to 5 by depth."""

WIDTHS = (64, 128, 256, 512)
"""Channels inside the blocks of stages 2 to 5."""

BOTTLENECK = 4
"""A bottleneck block leaves with so many times the channels that it works on."""

DEEP = 50
"""From this depth on blocks are bottlenecks, and stage 5 is deformable."""


class ConvNorm(nn.Module):  # type: ignore[misc]
    """Convolution without bias and batch normalisation, as everywhere in the backbone."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, *, relu: bool = False):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.relu = relu

    def forward(self, maps: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, H / stride, W / stride)."""
        maps = self.norm(self.convolve(maps))
        return functional.relu(maps, inplace=True) if self.relu else maps

    def convolve(self, maps: Tensor) -> Tensor:
        """The convolution alone."""
        return self.conv(maps)


class DeformableConvNorm(ConvNorm):
    """3 x 3 modulated deformable convolution (Zhu et al. 2018, arXiv 1811.11168): taps have offsets and weights."""

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__(inputs, outputs, 3, stride, relu=True)
        self.conv_offset = nn.Conv2d(inputs, 3 * 9, 3, stride, 1)  # dy, dx of nine taps, then nine weights

    def convolve(self, maps: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, H / stride, W / stride)."""
        offsets, weights = self.conv_offset(maps).split((18, 9), dim=1)
        return self.deform(maps, offsets, weights.sigmoid())

    def deform(self, maps: Tensor, offsets: Tensor, weights: Tensor) -> Tensor:
        """Sample at the offsets (B, 18, H', W'), weigh by (B, 9, H', W'), convolve; always in float32."""
        with torch.autocast(maps.device.type, enabled=False):
            inputs = maps.float(), offsets.float(), self.conv.weight, self.conv.bias
            return deform_conv2d(*inputs, self.conv.stride, self.conv.padding, mask=weights.float())


def _shortcut(inputs: int, outputs: int, stride: int) -> nn.Module:
    """What is added to a block where its shape changes; average pooling before the 1 x 1 loses no pixel (ResNet-D)."""
    if stride == 1:
        return ConvNorm(inputs, outputs, 1)
    return nn.Sequential(OrderedDict(pool=nn.AvgPool2d(2), conv=ConvNorm(inputs, outputs, 1)))


class Block(nn.Module):  # type: ignore[misc]
    """A residual block: two 3 x 3 convolutions, or a bottleneck of 1 x 1, 3 x 3 and 1 x 1.

    Args:
        inputs: Channels that enter.
        width: Channels inside.
        stride: 2 in the first block of stages 3 to 5.
        bottleneck: Which kind.
        first: The first block of a stage has a shortcut of its own.
        deformable: The 3 x 3 convolution of the bottleneck is deformable.
    """

    def __init__(self, inputs: int, width: int, stride: int, *, bottleneck: bool, first: bool, deformable: bool):
        super().__init__()
        outputs = width * (BOTTLENECK if bottleneck else 1)
        self.short = _shortcut(inputs, outputs, stride) if first else nn.Identity()
        if not bottleneck:
            self.branch2a = ConvNorm(inputs, width, 3, stride, relu=True)
            self.branch2b = ConvNorm(width, width, 3)
            return
        self.branch2a = ConvNorm(inputs, width, 1, relu=True)
        self.branch2b = (
            DeformableConvNorm(width, width, stride) if deformable else ConvNorm(width, width, 3, stride, relu=True)
        )
        self.branch2c = ConvNorm(width, outputs, 1)

    def forward(self, maps: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, H / stride, W / stride)."""
        inner = self.branch2b(self.branch2a(maps))
        if hasattr(self, "branch2c"):
            inner = self.branch2c(inner)
        return functional.relu(inner + self.short(maps), inplace=True)


class Backbone(nn.Module):  # type: ignore[misc]
    """ResNet-vd of a depth; its last three stages go on to the neck.

    Attributes:
        channels: Of stages 3, 4 and 5, at strides 8, 16 and 32.
        early: Of stage 2, at stride 4.
    """

    def __init__(self, depth: int):
        super().__init__()
        self.conv1 = nn.Sequential(
            OrderedDict(
                conv1_1=ConvNorm(3, 32, 3, 2, relu=True),
                conv1_2=ConvNorm(32, 32, 3, relu=True),
                conv1_3=ConvNorm(32, 64, 3, relu=True),
            )
        )
        wider = BOTTLENECK if depth >= DEEP else 1
        entering = (64, *(width * wider for width in WIDTHS[:-1]))
        self.res2, self.res3, self.res4, self.res5 = (
            _stage(stage, depth, inputs) for stage, inputs in enumerate(entering, start=2)
        )
        self.early, *deeper = (width * wider for width in WIDTHS)
        self.channels = tuple(deeper)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Images (B, 3, S, S) to maps of strides 8, 16 and 32."""
        return self.deepen(self.begin(images))

    def begin(self, images: Tensor) -> Tensor:
        """Images (B, 3, S, S) to the map (B, `early`, S / 4, S / 4) after the first block, whose cells see little."""
        stem = functional.max_pool2d(self.conv1(images), 3, 2, 1)  # (B, 64, S / 4, S / 4)
        first: Tensor = self.res2[0](stem)
        return first

    def deepen(self, first: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What `begin` made to maps of strides 8, 16 and 32."""
        fine = self.refine(first)
        middle = self.res4(fine)
        return fine, middle, self.res5(middle)

    def refine(self, first: Tensor) -> Tensor:
        """What `begin` made to the map of stride 8 alone."""
        fine: Tensor = self.res3(self.res2[1:](first))
        return fine


def _stage(stage: int, depth: int, inputs: int) -> nn.Sequential:
    """One of stages 2 to 5."""
    count, width = BLOCKS[depth][stage - 2], WIDTHS[stage - 2]
    blocks = OrderedDict[str, nn.Module]()
    for place in range(count):
        blocks[_name(stage, place, count)] = Block(
            inputs,
            width,
            stride=2 if place == 0 and stage > 2 else 1,
            bottleneck=depth >= DEEP,
            first=place == 0,
            deformable=depth >= DEEP and stage == 5,
        )
        inputs = width * (BOTTLENECK if depth >= DEEP else 1)
    return nn.Sequential(blocks)


def _name(stage: int, place: int, count: int) -> str:
    """PaddleDetection's name of a block: res4a, res4b, ..., but res4a, res4b1, ... in the long stage of depth 101."""
    if count > 10 and place > 0:
        return f"res{stage}b{place}"
    return f"res{stage}{chr(ord('a') + place)}"
