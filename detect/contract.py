"""What every detector takes and gives. Nothing here knows a framework."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, Field

from spinedet.datasets.dataset import Dataset

STRIDE = 32
"""Image sizes are multiples of the coarsest stride that the three networks share."""


@dataclass(frozen=True, eq=False, slots=True)
class Detections:
    """What a model found in one image, best first.

    Attributes:
        boxes: (N, 4) float32, x0 y0 x1 y1 in continuous pixels of the original image.
        scores: (N,) float32 in 0..1, descending.
        labels: (N,) int64, index into the model's classes.
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    labels: NDArray[np.int64]

    def __post_init__(self) -> None:
        count = len(self.scores)
        if self.boxes.shape != (count, 4) or self.labels.shape != (count,):
            raise ValueError(f"shapes differ: {self.boxes.shape}, {self.scores.shape}, {self.labels.shape}")
        if np.any(np.diff(self.scores) > 0):
            raise ValueError("scores must descend; use Detections.ranked")

    @classmethod
    def ranked(cls, boxes: ArrayLike, scores: ArrayLike, labels: ArrayLike) -> "Detections":
        """Sort by descending score (stable) and cast to the dtypes above."""
        points = np.asarray(scores, np.float32).reshape(-1)
        order = np.argsort(-points, kind="stable")
        corners = np.asarray(boxes, np.float32).reshape(-1, 4)
        return cls(corners[order], points[order], np.asarray(labels, np.int64).reshape(-1)[order])

    def __len__(self) -> int:
        return len(self.scores)

    def above(self, score: float) -> "Detections":
        """Only the detections that reach `score`."""
        keep = self.scores >= score
        return Detections(self.boxes[keep], self.scores[keep], self.labels[keep])


class Settings(BaseModel):
    """Everything that decides a training result; stored in `model.json` and `results.json`.

    Attributes:
        detector: A name of `spinedet.detect.registry`.
        size: Which network of that detector (`tiny`, `n`, `r50-dcn` ...).
        image_size: Side of the square network input in pixels, a multiple of 32.
        epochs: Passes over the training part.
        batch: Images a step.
        learning_rate: Peak learning rate of the whole batch.
        weights: `none` (from scratch), `coco` or `imagenet` (the framework's published weights, trained on those), or
            the path of a file.
        seed: Seeds order, augmentation and initialisation.
        device: `cpu`, `cuda`, or `auto` (a GPU if the framework sees one).
        mirror: Left-right flips are allowed (a task's YAML decides).
        recipe: What only this detector knows (see its YAML); checked by the detector.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    detector: str
    size: str
    image_size: Annotated[int, Field(ge=STRIDE, le=2048, multiple_of=STRIDE)] = 320
    epochs: Annotated[int, Field(ge=1)] = 20
    batch: Annotated[int, Field(ge=1)] = 8
    learning_rate: Annotated[float, Field(gt=0)] = 0.001
    weights: str = "none"
    seed: Annotated[int, Field(ge=0)] = 0
    device: Literal["auto", "cpu", "cuda"] = "auto"
    mirror: bool = False
    recipe: dict[str, Any] = {}

    def public(self) -> Self:
        """The settings as they are written into results: a weights path is reduced to the file's name."""
        return self.model_copy(update={"weights": Path(self.weights).name})


@dataclass(frozen=True, slots=True)
class Epoch:
    """One finished epoch of a training job.

    Attributes:
        epoch: Number of the epoch, from 1.
        epochs: How many there will be.
        loss: Mean training loss.
        seconds: Wall time of this epoch.
        parts: The terms of the loss by name.
    """

    epoch: int
    epochs: int
    loss: float
    seconds: float
    parts: dict[str, float] = field(default_factory=dict)


Progress = Callable[[Epoch], None]


class Detector(Protocol):
    """The smallest contract that works: one name, its sizes, and a way to train."""

    @property
    def name(self) -> str:
        """The detector's name."""
        ...

    @property
    def sizes(self) -> tuple[str, ...]:
        """The sizes that can be asked for, smallest first."""
        ...

    def published(self, size: str) -> str | None:
        """Address of the framework's published weights of a size, if there are any; never fetched unasked."""
        ...

    def check(self, settings: Settings) -> object:
        """Check size, recipe and installed packages before anything is written.

        Raises:
            InputError: One of them is wrong or missing.
        """
        ...

    def train(self, train: Dataset, val: Dataset | None, settings: Settings, folder: Path, progress: Progress) -> Path:
        """Train, export, check the export, and return the model folder (`folder / "model"`).

        Runs in a process of its own. A second call with the same folder goes on from the last finished epoch. With
        `val` the weights of its best epoch are exported, without it the last ones.

        Raises:
            InputError: The settings or the weights do not fit.
            WorkError: Training or export failed.
        """
        ...
