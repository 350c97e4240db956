"""The state of a training job between two epochs: one file of plain arrays, and the one before it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinedet.annotations.files import replacing
from spinedet.detect.states import newest_state

Arrays = dict[str, NDArray[Any]]

CHECKPOINT, EARLIER = "checkpoint.npz", "checkpoint-earlier.npz"

_GROUPS = ("weights", "average", "velocity", "best")


@dataclass(frozen=True)
class Checkpoint:
    """Everything a job needs to go on. Random numbers are not part of it: every epoch is seeded by its own number.

    Attributes:
        epoch: The last finished epoch, from 1.
        best_loss: Lowest validation loss so far; infinite without a validation part.
        weights: The network's arrays by name.
        average: Their moving average.
        velocity: The optimiser's velocity, or AdamW's moments.
        best: The averages of the best epoch; empty without a validation part.
    """

    epoch: int
    best_loss: float
    weights: Arrays
    average: Arrays
    velocity: Arrays
    best: Arrays


def write_checkpoint(folder: Path, state: Checkpoint) -> None:
    """Write `checkpoint.npz`; the one that was there stays as the earlier one until the next is whole.

    Raises:
        WorkError: The disk is full; the earlier state is kept.
    """
    rows = {f"{group}/{name}": value for group in _GROUPS for name, value in getattr(state, group).items()}
    with replacing(folder / CHECKPOINT) as temporary:
        np.savez(temporary, epoch=np.int64(state.epoch), best_loss=np.float64(state.best_loss), **rows)
        if (folder / CHECKPOINT).exists():
            (folder / CHECKPOINT).replace(folder / EARLIER)


def read_checkpoint(folder: Path) -> Checkpoint | None:
    """The newest state that can be read, or None where the job has to start."""
    return newest_state(folder, (CHECKPOINT, EARLIER), _read)


def _read(path: Path) -> Checkpoint:
    with (
        path.open("rb") as stream,
        np.load(stream, allow_pickle=False) as file,
    ):  # np.load alone leaves a damaged file open
        content = {name: file[name] for name in file.files}
    groups: dict[str, Arrays] = {group: {} for group in _GROUPS}
    for name, value in content.items():
        group, found, rest = name.partition("/")
        if found:
            groups[group][rest] = value
    return Checkpoint(int(content["epoch"]), float(content["best_loss"]), **groups)


def remove_checkpoints(folder: Path) -> None:
    """Delete the states of a finished job."""
    for name in (CHECKPOINT, EARLIER):
        (folder / name).unlink(missing_ok=True)
