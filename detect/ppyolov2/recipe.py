"""What only PP-YOLOv2 can be told, with the numbers of its reference configuration (arXiv 2104.10419) as defaults."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

STRIDES = (32, 16, 8)
"""Strides of the three levels, coarsest first, as the framework orders them."""

ANCHORS_PER_LEVEL = 3

ANCHOR_MASKS = ((6, 7, 8), (3, 4, 5), (0, 1, 2))
"""Which anchors each level uses, in the order of `STRIDES`."""

REFERENCE_ANCHORS = (
    (10, 13),
    (16, 30),
    (33, 23),
    (30, 61),
    (62, 45),
    (59, 119),
    (116, 90),
    (156, 198),
    (373, 326),
)
"""Width and height in pixels of the network input; the COCO weights were trained with these."""

MIXUP_BETA = (1.5, 1.5)
"""Parameters of the beta distribution that mixing shares are drawn from."""

SMALLEST_IMAGE = 96
"""Sides in pixels: DropBlock drops 3 x 3 cells, so the coarsest map must have 3 cells of 32 pixels."""

MULTI_SCALE_RANGE = (0.5, 1.2)
"""Sides of multi-scale training as shares of the wanted side: 320 to 768 around 640."""

LONGEST_WARM_UP = 0.1
"""Warm-up never takes more than this share of all steps: the reference's 4,000 would outlast a small training."""

Share = Annotated[float, Field(ge=0, le=1)]
Side = Annotated[float, Field(gt=0)]
NineAnchors = Annotated[tuple[tuple[Side, Side], ...], Field(min_length=9, max_length=9)]
"""Nine (width, height) in pixels of the network input, three a level, finest level first."""


class Recipe(BaseModel):
    """Training choices of PP-YOLOv2 (`recipe:` in its YAML).

    Attributes:
        anchors: Nine anchors (width, height) in pixels of the network input, three a level, finest level first; `data`
            takes them from the boxes of the training part (k-means by IoU), which published weights do not fit as well.
        mixup_until: Share of the epochs in which two images are mixed; 0 switches mixing off.
        distort: Random brightness, contrast and colour.
        expand: Random placing on a larger canvas.
        crop: Random crops that keep boxes (by IoU).
        multi_scale: Another input side for every batch (`MULTI_SCALE_RANGE`, steps of 32).
        drop_block: DropBlock in the neck.
        warm_up_steps: Steps over which the learning rate rises, at most `LONGEST_WARM_UP` of all.
        falls: Shares of the epochs after which the learning rate falls to a tenth, and to a tenth again.
        optimizer: `AdamW` suits short runs from scratch, `SGD` long ones.
        weight_decay: L2 on weights, not on normalisation nor on the head's biases.
        average_decay: Decay of the moving average of the weights, reached step by step.
        patience: Epochs without a lower validation loss after which training stops; 0 never stops early. Only in torch.
        evidence: Every cell of a fine grid is taught to say what it sees of the image's one class
            (`spinedet.detect.training.evidence`); for images of one answer only. Only in torch.
        positive: Classes that a task calls positive; evidence is learnt of them together too (`questions` beside it).
        precision: What matrices are multiplied in while training; `auto` is bfloat16 where the processor has it built
            in (half the time), else float32, or float16 on an older GPU. Only in torch.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    anchors: NineAnchors | Literal["data"] = REFERENCE_ANCHORS
    mixup_until: Share = 0.6
    distort: bool = True
    expand: bool = True
    crop: bool = True
    multi_scale: bool = True
    drop_block: bool = True
    warm_up_steps: Annotated[int, Field(ge=0)] = 4000
    falls: tuple[Share, Share] = (0.8, 0.88)
    optimizer: Literal["SGD", "AdamW"] = "SGD"
    weight_decay: Annotated[float, Field(ge=0)] = 0.0005
    average_decay: Annotated[float, Field(ge=0, lt=1)] = 0.9998
    patience: Annotated[int, Field(ge=0)] = 0
    evidence: bool = False
    positive: tuple[str, ...] = ()
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"


def learning_rate(peak: float, step: int, steps_an_epoch: int, epochs: int, recipe: Recipe) -> float:
    """Learning rate of a step (from 0): linear warm-up, then a tenth after each of `recipe.falls`."""
    warm_up = min(recipe.warm_up_steps, int(LONGEST_WARM_UP * steps_an_epoch * epochs))
    rise = min(1.0, (step + 1) / (warm_up + 1))
    done = (step // steps_an_epoch) / epochs
    return peak * rise * 0.1 ** sum(done >= share for share in recipe.falls)
