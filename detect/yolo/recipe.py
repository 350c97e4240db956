"""What only the ultralytics detectors can be told, and how it becomes their arguments."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from spinedet.detect.contract import Settings

Share = Annotated[float, Field(ge=0, le=1)]


class Recipe(BaseModel):
    """Training choices of YOLOv3 and YOLOv5 (`recipe:` in their YAML).

    Attributes:
        optimizer: `AdamW` suits short runs from scratch, `SGD` long ones.
        weight_decay: L2 on weights, not on biases or normalisation.
        warmup_epochs: Epochs over which the learning rate rises.
        warmup_bias_rate: Learning rate of the biases at the first step, from where it falls to the common one.
        final_rate: Last learning rate as a share of the first.
        mosaic: Share of training images made of four.
        mosaic_until: Share of the epochs after which mosaic stops.
        degrees: Rotation, at most, either way.
        translate: Shift as a share of the image, at most, either way.
        scale: Zoom as a share, at most, in or out.
        brightness: Change of brightness as a share, at most, either way.
        evidence: Every cell of a fine grid is taught to say what it sees of the image's one class
            (`spinedet.detect.training.evidence`); for images of one answer only.
        positive: Classes that a task calls positive; evidence is learnt of them together too (`questions` beside it).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    optimizer: Literal["AdamW", "SGD"] = "AdamW"
    weight_decay: Annotated[float, Field(ge=0)] = 0.0005
    warmup_epochs: Annotated[float, Field(ge=0)] = 1.0
    warmup_bias_rate: Share = 0.1
    final_rate: Share = 0.01
    mosaic: Share = 0.5
    mosaic_until: Share = 0.7
    degrees: Annotated[float, Field(ge=0, le=45)] = 5.0
    translate: Share = 0.1
    scale: Share = 0.3
    brightness: Share = 0.3
    evidence: bool = False
    positive: tuple[str, ...] = ()


def trainer_arguments(settings: Settings, recipe: Recipe, network: str, device: str, folder: Path) -> dict[str, Any]:
    """Arguments for ultralytics' trainer.

    `nbs` equals the batch: by default ultralytics gathers gradients over 64 images, which leaves a small medical set
    with two or three steps an epoch.
    """
    return {
        "model": network,
        "task": "detect",
        "mode": "train",
        "imgsz": settings.image_size,
        "epochs": settings.epochs,
        "batch": settings.batch,
        "nbs": settings.batch,
        "device": device,
        "amp": "bf16" if device != "cpu" else False,
        "seed": settings.seed,
        "workers": 0,
        "patience": 0,
        "optimizer": recipe.optimizer,
        "lr0": settings.learning_rate,
        "lrf": recipe.final_rate,
        "weight_decay": recipe.weight_decay,
        "warmup_epochs": recipe.warmup_epochs,
        "warmup_bias_lr": recipe.warmup_bias_rate,
        "mosaic": recipe.mosaic,
        "close_mosaic": max(1, round(settings.epochs * (1 - recipe.mosaic_until))),
        "degrees": recipe.degrees,
        "translate": recipe.translate,
        "scale": recipe.scale,
        "hsv_h": 0.0,
        "hsv_s": 0.0,
        "hsv_v": recipe.brightness,
        "fliplr": 0.5 if settings.mirror else 0.0,
        "pretrained": False,
        "plots": False,
        "project": str(folder.resolve() / "scratch"),  # a relative one would land in a folder `runs` of its own
        "name": "ultralytics",
        "exist_ok": True,
    }
