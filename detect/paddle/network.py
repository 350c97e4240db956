"""PP-YOLOv2 built from the classes of PaddleDetection, its loss, and its output in our terms."""

import math
from typing import Any

import paddle
from paddle import nn
from paddle.nn import functional
from ppdet.modeling import PPYOLOPAN, ResNet, YOLOv3Head, YOLOv3Loss
from ppdet.modeling.losses import IouAwareLoss, IouLoss

from spinedet.detect.ppyolov2.recipe import ANCHOR_MASKS, ANCHORS_PER_LEVEL, STRIDES, Recipe

DEPTHS = {"r18": 18, "r50-dcn": 50, "r101-dcn": 101}

SCALE_X_Y = 1.05
"""Grid-sensitive factor: lets a centre reach the border of its cell."""

PRIOR = 0.01
"""Objectness of every cell before training; without it the first steps only unlearn thousands of false objects."""

HEAD_DEVIATION = 0.01
"""Initial deviation of the head's weights; the layers before it start as He et al. 2015 (Paddle's default)."""


class Network(nn.Layer):  # type: ignore[misc]
    """Backbone, neck and head under the framework's own layer names, so that its published weights fit."""

    def __init__(self, size: str, classes: int, recipe: Recipe):
        super().__init__()
        self.backbone = _backbone(DEPTHS[size])
        inputs = [shape.channels for shape in self.backbone.out_shape]
        self.neck = PPYOLOPAN(inputs, drop_block=recipe.drop_block, block_size=3, keep_prob=0.9, spp=True)
        self.yolo_head = _head([shape.channels for shape in self.neck.out_shape], classes, recipe)
        _start_head(self.yolo_head)

    def forward(self, images: Any) -> list[Any]:
        """Images (B, 3, S, S) to one map (B, 3 * (C + 6), S / stride, S / stride) a level."""
        features = self.neck(self.backbone({"image": images}))
        layers = self.yolo_head.yolo_outputs
        return [layers[level](features[level]) for level in range(len(STRIDES))]  # Paddle's tracer knows no strict zip

    def losses(self, maps: list[Any], targets: dict[str, Any]) -> dict[str, Any]:
        """The terms of the loss by name, and their sum as `loss`; means over the images of the batch."""
        found: dict[str, Any] = self.yolo_head.loss(maps, targets, self.yolo_head.anchors)
        return found


def _backbone(depth: int) -> Any:
    deformable = [3] if depth >= 50 else [-1]  # modulated deformable convolution in stage 5
    return ResNet(
        depth=depth,
        variant="d",
        norm_decay=0.0,
        freeze_norm=False,
        freeze_at=-1,
        return_idx=[1, 2, 3],
        dcn_v2_stages=deformable,
    )


def _head(inputs: list[int], classes: int, recipe: Recipe) -> Any:
    loss = YOLOv3Loss(
        num_classes=classes,
        ignore_thresh=0.7,
        label_smooth=False,
        downsample=list(STRIDES),
        scale_x_y=SCALE_X_Y,
        iou_loss=IouLoss(loss_weight=2.5, loss_square=True),
        iou_aware_loss=IouAwareLoss(loss_weight=1.0),
    )
    return YOLOv3Head(
        in_channels=inputs,
        anchors=[list(anchor) for anchor in recipe.anchors],
        anchor_masks=[list(mask) for mask in ANCHOR_MASKS],
        num_classes=classes,
        loss=loss,
        iou_aware=True,
        iou_aware_factor=0.5,
    )


def _start_head(head: Any) -> None:
    for layer in head.yolo_outputs:
        layer.weight.set_value(paddle.normal(0.0, HEAD_DEVIATION, layer.weight.shape))
        bias = paddle.zeros(layer.bias.shape)
        objectness = bias[ANCHORS_PER_LEVEL:].reshape([ANCHORS_PER_LEVEL, -1])  # the first channels predict the IoU
        objectness[:, 4] = math.log(PRIOR / (1 - PRIOR))
        layer.bias.set_value(paddle.concat([bias[:ANCHORS_PER_LEVEL], objectness.flatten()]))


class BoxesAndScores(nn.Layer):  # type: ignore[misc]
    """The network with the outputs that our runtime expects.

    Written in plain operations instead of the framework's `yolo_box`, which sets boxes of low confidence to zero.
    """

    def __init__(self, network: Network, image_size: int):
        super().__init__()
        self.network = network
        self.image_size = image_size
        self.classes = network.yolo_head.num_classes

    def forward(self, images: Any) -> tuple[Any, Any]:
        """Images (B, 3, S, S) to boxes (B, N, 4), x0 y0 x1 y1 in input pixels, and scores (B, N, C)."""
        maps = self.network(images)
        anchors = self.network.yolo_head.anchors
        found = [self._decode(maps[level], anchors[level], STRIDES[level]) for level in range(len(STRIDES))]
        boxes, scores = ([level[part] for level in found] for part in (0, 1))
        return paddle.concat(boxes, axis=1), paddle.concat(scores, axis=1)

    def _decode(self, raw: Any, anchors: list[Any], stride: int) -> tuple[Any, Any]:
        """One level; objectness is objectness^0.5 * IoU^0.5 (PP-YOLO, arXiv 2007.12099)."""
        side = self.image_size // stride
        cells, each = side * side, ANCHORS_PER_LEVEL
        quality = raw[:, :each].reshape([-1, each, cells]).transpose([0, 2, 1]).unsqueeze(-1)  # (B, cells, A, 1)
        found = raw[:, each:].reshape([-1, each, 5 + self.classes, cells]).transpose([0, 3, 1, 2])  # (B, cells, A, 5+C)
        shift = functional.sigmoid(found[..., :2]) * SCALE_X_Y - (SCALE_X_Y - 1) / 2
        centre = (shift + _grid(side)) * stride  # (B, cells, A, 2) + (cells, 1, 2)
        half = paddle.exp(found[..., 2:4]) * paddle.to_tensor(anchors, "float32") / 2  # (B, cells, A, 2) * (A, 2)
        boxes = paddle.concat([centre - half, centre + half], axis=-1).clip(0.0, float(self.image_size))
        objectness = paddle.sqrt(functional.sigmoid(found[..., 4:5]) * functional.sigmoid(quality))
        scores = functional.sigmoid(found[..., 5:]) * objectness
        return boxes.reshape([-1, cells * each, 4]), scores.reshape([-1, cells * each, self.classes])


def _grid(side: int) -> Any:
    """Column and row of every cell, row by row: (side * side, 1, 2)."""
    rows, columns = paddle.meshgrid(paddle.arange(side), paddle.arange(side))
    return paddle.stack([columns, rows], axis=-1).reshape([side * side, 1, 2]).astype("float32")
