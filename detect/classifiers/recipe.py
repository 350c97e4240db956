"""What only the classifiers can be told."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

FROZEN, FULL = "frozen", "full"
"""The two ways to train: a new head on convolutions that stay as they were given, or everything."""

Share = Annotated[float, Field(ge=0, le=1)]


class Recipe(BaseModel):
    """Training choices of the classifiers (`recipe:` in their YAML). Nothing here cuts any part of an image off.

    Attributes:
        balanced: Every class weighs the same in the loss, however many images it has.
        degrees: Rotation, at most, either way; the image is made as much smaller as keeps its corners.
        contrast: Change of contrast as a share, at most, either way.
        brightness: Change of brightness as a share of white, at most, either way.
        cache: Frozen convolutions see each image (and its mirror image, where flips are allowed) once; rotation,
            contrast and brightness are then left out.
        head_rate: Learning rate of a head on frozen convolutions, as a multiple of the common one.
        final_rate: Last learning rate as a share of the first; between them it falls in a straight line.
        weight_decay: L2 on weights, not on biases nor normalisation.
        average_decay: Decay of the moving average of the weights, reached step by step; 0 takes them as they are.
        patience: Epochs without a lower validation loss after which training stops; 0 never stops early.
        precision: What matrices are multiplied in while training; `auto` is bfloat16 where the processor has it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    balanced: bool = False
    degrees: Annotated[float, Field(ge=0, le=45)] = 0.0
    contrast: Annotated[float, Field(ge=0, lt=1)] = 0.0
    brightness: Annotated[float, Field(ge=0, lt=1)] = 0.0
    cache: bool = True
    head_rate: Annotated[float, Field(gt=0)] = 1.0
    final_rate: Share = 1.0
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    average_decay: Annotated[float, Field(ge=0, lt=1)] = 0.0
    patience: Annotated[int, Field(ge=0)] = 0
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
