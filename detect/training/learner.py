"""What the training loop asks of whoever is trained, and how long it trains."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

import torch

from spinedet.detect.training.device import Forward, Precision

Batch = TypeVar("Batch")
"""A learner's own kind of batch; the loop hands it on and never looks inside."""

Optimizer = Literal["SGD", "AdamW"]

LOSS = "loss"
"""The term that is minimised; the others are its parts."""


class Learner(Protocol[Batch]):
    """A network with its data, its loss and its recipe.

    Whatever a learner draws at random it draws from generators of its own, seeded by its seed and the epoch's number;
    only layers inside the network may draw from torch's. Then a resumed training is one that never stopped.

    Attributes:
        network: Takes images (B, 3, S, S); its initial weights are set. The loop moves it to its device.
        steps_an_epoch: How many batches an epoch has.
    """

    network: torch.nn.Module
    steps_an_epoch: int

    def parameter_groups(self) -> list[dict[str, Any]]:
        """Parameters in the optimiser's groups, each with its `weight_decay`."""
        ...

    def learning_rate(self, step: int) -> float:
        """Learning rate of a step, counted from 0 over the whole training."""
        ...

    def batches(self, epoch: int) -> Iterable[Batch]:
        """The augmented batches of an epoch (from 1), taken by another thread where a GPU trains."""
        ...

    def held_out(self) -> Iterable[Batch] | None:
        """The batches of the validation part in a fixed order, or None without one."""
        ...

    def names(self, batch: Batch) -> tuple[str, ...]:
        """The image stems of a batch, one an image: they weight its losses and are named when it breaks."""
        ...

    def losses(self, network: Forward, batch: Batch, device: torch.device) -> dict[str, torch.Tensor]:
        """The terms of the loss by name and, as `LOSS`, their sum: scalars on `device`, means over the images.

        Args:
            network: The pass to use in place of `self.network`: that one in the device's precision, or the average.
            batch: One of `batches` or `held_out`, still in main memory.
            device: Where the images go.
        """
        ...


@dataclass(frozen=True)
class Plan:
    """How a learner is trained.

    Attributes:
        epochs: Passes over the training part, at most.
        seed: Of all that layers draw at random.
        device: `cpu`, `cuda`, or `auto` (a GPU if torch sees one).
        average_decay: Decay of the moving average of the weights, reached step by step.
        patience: Epochs without a lower validation loss after which training stops; 0 never stops early.
        precision: What matrices are multiplied in; `auto` takes what the processor has built in.
        optimizer: Takes the steps.
        momentum: Share of the last step's velocity that is kept; AdamW keeps the same share of the mean gradient.
        largest_gradient: Norm over all parameters at which gradients are clipped; weight decay is added after it.
    """

    epochs: int
    seed: int
    device: Literal["auto", "cpu", "cuda"]
    average_decay: float
    patience: int = 0
    precision: Precision = "auto"
    optimizer: Optimizer = "SGD"
    momentum: float = 0.9
    largest_gradient: float = 35.0
