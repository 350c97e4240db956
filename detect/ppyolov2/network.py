"""PP-YOLOv2 whole: backbone, neck and head, how it starts, and which of its weights decay."""

from typing import Any

from torch import Tensor, nn

from spinedet.detect.ppyolov2.backbone import Backbone, DeformableConvNorm
from spinedet.detect.ppyolov2.head import Head
from spinedet.detect.ppyolov2.neck import Neck
from spinedet.detect.ppyolov2.recipe import STRIDES
from spinedet.detect.training.evidence import EvidenceBranch
from spinedet.detect.training.questions import Questions

DEPTHS = {"r18": 18, "r50-dcn": 50, "r101-dcn": 101}
"""Depth of the backbone by size, smallest first."""


class Network(nn.Module):  # type: ignore[misc]
    """Images in, one map a level out.

    Args:
        size: A key of `DEPTHS`.
        classes: Number of classes.
        drop_block: DropBlock in the neck while training.
        questions: What the branch of `spinedet.detect.training.evidence` is asked; without them there is none.
    """

    def __init__(self, size: str, classes: int, *, drop_block: bool, questions: Questions | None = None):
        super().__init__()
        self.backbone = Backbone(DEPTHS[size])
        self.neck = Neck(self.backbone.channels, drop=drop_block)
        self.yolo_head = Head(self.neck.channels, classes)
        _start(self)
        near, wide = self.backbone.early, self.backbone.channels[0]
        self.evidence = EvidenceBranch(near, wide, questions) if questions else None

    def forward(self, images: Tensor, patched: Tensor | None = None) -> list[Tensor]:
        """Images (B, 3, S, S) to maps (B, 3 * (C + 6), S / stride, S / stride) of strides 32, 16 and 8.

        Where the network has that branch, the views of its evidence (B, 2, Q, S / 4, S / 4) follow and, with patchworks
        of the images (B, 3, S, S), the views of these; see `parted`.
        """
        first = self.backbone.begin(images)
        stages = self.backbone.deepen(first)
        maps: list[Tensor] = self.yolo_head(self.neck(stages))
        if self.evidence is None:
            return maps
        views = self.evidence(first, stages[0])
        return [*maps, views] if patched is None else [*maps, views, self._views(patched)]

    def _views(self, images: Tensor) -> Tensor:
        """Of evidence alone; the deeper stages are not asked."""
        assert self.evidence is not None
        first = self.backbone.begin(images)
        found: Tensor = self.evidence(first, self.backbone.refine(first))
        return found


def parted(found: list[Tensor]) -> tuple[list[Tensor], Tensor | None, Tensor | None]:
    """The maps of the network's levels, and the views of the evidence of images and of patchworks, if there are any."""
    maps, more = found[: len(STRIDES)], found[len(STRIDES) :]
    views, patched, *_ = [*more, None, None]
    return maps, views, patched


def _start(network: Network) -> None:
    """He et al. 2015 (arXiv 1502.01852) by fan-in; deformable layers start as plain ones with half the weight."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight)
    for layer in network.modules():
        if isinstance(layer, DeformableConvNorm):
            nn.init.zeros_(layer.conv_offset.weight)
            nn.init.zeros_(layer.conv_offset.bias)
    network.yolo_head.start()


def parameter_groups(network: Network, weight_decay: float) -> list[dict[str, Any]]:
    """For the optimiser: everything decays but normalisation and the head's biases (reference configuration)."""
    still = {
        id(weight) for layer in network.modules() if isinstance(layer, nn.BatchNorm2d) for weight in layer.parameters()
    }
    still |= {id(layer.bias) for layer in network.yolo_head.yolo_output}
    weights = list(network.parameters())
    return [
        {"params": [weight for weight in weights if id(weight) not in still], "weight_decay": weight_decay},
        {"params": [weight for weight in weights if id(weight) in still], "weight_decay": 0.0},
    ]
