"""The neck of PP-YOLOv2 (arXiv 2104.10419, section 3.2): a path aggregation network of CSP blocks with Mish.

It runs top down (coarse to fine) and then bottom up again. Layers bear PaddleDetection's names.
"""

from collections import OrderedDict
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.ops import DropBlock2d

WIDTHS = (512, 256, 128)
"""Channels inside the blocks, coarsest level first; a block leaves with twice as many."""

DROP_SHARE, DROP_SIDE = 0.1, 3
"""DropBlock (arXiv 1810.12890): share of the cells that are dropped, in squares of so many cells."""


class ConvMish(nn.Module):  # type: ignore[misc]
    """Convolution without bias, batch normalisation, Mish (arXiv 1908.08681)."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.batch_norm = nn.BatchNorm2d(outputs)
        self.act = nn.Mish()

    def forward(self, maps: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, H / stride, W / stride)."""
        return self.act(self.batch_norm(self.conv(maps)))


class SpatialPyramid(nn.Module):  # type: ignore[misc]
    """Maxima over 5 x 5, 9 x 9 and 13 x 13 cells beside the map itself, joined by a 1 x 1 convolution.

    A maximum over 9 cells is the maximum over 5 of maxima over 5, and so on: three small pools do it.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.pool = nn.MaxPool2d(5, 1, 2)
        self.conv = ConvMish(4 * channels, channels, 1)

    def forward(self, maps: Tensor) -> Tensor:
        """(B, channels, H, W) to the same shape."""
        five = self.pool(maps)
        nine = self.pool(five)
        return self.conv(torch.cat([maps, five, nine, self.pool(nine)], dim=1))


class CSPBlock(nn.Module):  # type: ignore[misc]
    """A cross-stage partial block (arXiv 1911.11929): half of the channels pass through six convolutions."""

    def __init__(self, inputs: int, width: int, *, pyramid: bool, drop: bool):
        super().__init__()
        self.conv1, self.conv2 = ConvMish(inputs, width, 1), ConvMish(inputs, width, 1)
        self.conv3 = ConvMish(2 * width, 2 * width, 1)
        self.conv_module = nn.Sequential(_layers(width, pyramid=pyramid, drop=drop))

    def forward(self, maps: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, 2 * width, H, W)."""
        return self.conv3(torch.cat([self.conv_module(self.conv1(maps)), self.conv2(maps)], dim=1))


def _layers(width: int, *, pyramid: bool, drop: bool) -> OrderedDict[str, nn.Module]:
    layers = OrderedDict[str, nn.Module]()
    layers["0"] = nn.Sequential(ConvMish(width, width, 1), ConvMish(width, width, 3))
    layers["1"] = nn.Sequential(ConvMish(width, width, 1))
    if pyramid:
        layers["spp"] = SpatialPyramid(width)  # in the place of the second 3 x 3
    else:
        layers["1"].append(ConvMish(width, width, 3))
    if drop:
        layers["dropblock"] = DropBlock2d(DROP_SHARE, DROP_SIDE)
    layers["2"] = nn.Sequential(ConvMish(width, width, 1), ConvMish(width, width, 3))
    return layers


class Neck(nn.Module):  # type: ignore[misc]
    """Path aggregation over three levels.

    Args:
        inputs: Channels of the backbone's maps of strides 8, 16 and 32.
        drop: DropBlock while training.

    Attributes:
        channels: Of the maps that leave, strides 32, 16 and 8.
    """

    channels = tuple(2 * width for width in WIDTHS)

    def __init__(self, inputs: Sequence[int], *, drop: bool):
        super().__init__()
        coarse, middle, fine = inputs[::-1]
        down = (coarse, WIDTHS[0] + middle, WIDTHS[1] + fine)
        self.fpn = nn.ModuleList(
            CSPBlock(entering, width, pyramid=level == 0, drop=drop)
            for level, (entering, width) in enumerate(zip(down, WIDTHS, strict=True))
        )
        self.fpn_transition = nn.ModuleList(ConvMish(2 * width, width, 1) for width in WIDTHS[:2])
        up = tuple(2 * (wide + narrow) for wide, narrow in pairwise(WIDTHS))
        self.pan = nn.ModuleList(
            CSPBlock(entering, width, pyramid=False, drop=drop) for entering, width in zip(up, WIDTHS[:2], strict=True)
        )
        self.pan_transition = nn.ModuleList(ConvMish(2 * width, 2 * width, 3, stride=2) for width in WIDTHS[1:])

    def forward(self, maps: Sequence[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """Maps of strides 8, 16 and 32 to maps (B, channels, S / stride, S / stride) of strides 32, 16 and 8."""
        fine, middle, coarse = maps
        coarse = self.fpn[0](coarse)
        middle = self.fpn[1](self._doubled(0, coarse, middle))
        fine = self.fpn[2](self._doubled(1, middle, fine))
        middle = self.pan[1](torch.cat([self.pan_transition[1](fine), middle], dim=1))
        coarse = self.pan[0](torch.cat([self.pan_transition[0](middle), coarse], dim=1))
        return coarse, middle, fine

    def _doubled(self, level: int, coarse: Tensor, finer: Tensor) -> Tensor:
        """The coarser level at twice the size, before the channels of the finer one."""
        return torch.cat([functional.interpolate(self.fpn_transition[level](coarse), scale_factor=2.0), finer], dim=1)
