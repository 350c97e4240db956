"""The state of a training between two epochs: one file of tensors, and the one before it."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch

from spinedet.annotations.files import replacing
from spinedet.detect.states import newest_state

State = dict[str, torch.Tensor]
"""Weights and running statistics by layer name."""

CHECKPOINT, EARLIER = "checkpoint.pt", "checkpoint-earlier.pt"


@dataclass(frozen=True)
class Checkpoint:
    """Everything a training needs to go on. Random numbers are not part of it: every epoch is seeded by its own number.

    Attributes:
        epoch: The last finished epoch, from 1.
        best_epoch: The epoch of the lowest validation loss; 0 without a validation part.
        best_loss: That loss; infinite without a validation part.
        weights: The network's.
        average: Their moving average.
        best: The averages of the best epoch; empty without a validation part.
        optimizer: The optimiser's own state (velocity, or AdamW's moments).
        scaler: The gradient scaler's own state; empty where none is needed.
    """

    epoch: int
    best_epoch: int
    best_loss: float
    weights: State
    average: State
    best: State
    optimizer: dict[str, Any]
    scaler: dict[str, Any]


def write_checkpoint(folder: Path, state: Checkpoint) -> None:
    """Write `checkpoint.pt`; the one that was there stays as the earlier one until the next is whole.

    Raises:
        WorkError: The disk is full; the earlier state is kept.
    """
    content = {field.name: getattr(state, field.name) for field in fields(state)}  # not copied, as `asdict` would
    with replacing(folder / CHECKPOINT) as temporary:
        try:
            torch.save(content, temporary)
        except RuntimeError as error:  # torch's word for a write that failed
            raise OSError("not all of it could be written, often because the disk is full") from error
        if (folder / CHECKPOINT).exists():
            (folder / CHECKPOINT).replace(folder / EARLIER)


def read_checkpoint(folder: Path) -> Checkpoint | None:
    """The newest state that can be read, on the CPU, or None where the training has to start."""
    return newest_state(folder, (CHECKPOINT, EARLIER), _read)


def _read(path: Path) -> Checkpoint:
    return Checkpoint(**torch.load(path, map_location="cpu", weights_only=True))


def remove_checkpoints(folder: Path) -> None:
    """Delete the states of a finished training."""
    for name in (CHECKPOINT, EARLIER):
        (folder / name).unlink(missing_ok=True)
