"""The training loop: momentum, clipping, the moving average, validation, checkpoints, early stopping."""

import math
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from torch.nn.utils import clip_grad_norm_

from spinedet.annotations.errors import WorkError, some
from spinedet.detect.contract import Epoch, Progress
from spinedet.detect.training.average import Average
from spinedet.detect.training.checkpoint import Checkpoint, State, read_checkpoint, write_checkpoint
from spinedet.detect.training.device import (
    Forward,
    choose_device,
    mixed,
    repeatable,
    seed_epoch,
    telling_full_memory,
    working_precision,
)
from spinedet.detect.training.learner import LOSS, Batch, Learner, Plan

GRADIENT = "gradient norm"

NAMED_IMAGES = 32
"""Images of a broken batch that are named."""

SMALLEST_SCALE = 1.0
"""Down to this scale of the loss an infinite gradient may be float16 overflowing (without float16 the scale is 1)."""

T = TypeVar("T")

Means = dict[str, float]
"""Terms of the loss by name, as means over images."""


class Trainer(Generic[Batch]):
    """One training, from its first epoch or from the last one that was finished.

    On a CPU with the same number of threads a training that was stopped and resumed ends in the same bits as one that
    was not: every epoch is seeded by the plan's seed and its own number.
    """

    def __init__(self, learner: Learner[Batch], plan: Plan):
        """Move the learner's network to the plan's device.

        Raises:
            InputError: A GPU was asked for and torch sees none.
        """
        self._learner, self._plan = learner, plan
        self._device = choose_device(plan.device)
        self._precision = working_precision(self._device, plan.precision)
        # Convolutions want it: a tenth faster on a CPU (ResNet18, r50-dcn at 320 px), and as GPUs multiply in 16 bits.
        self._network = learner.network.to(self._device, memory_format=torch.channels_last)
        self._average = Average(self._network, plan.average_decay)
        self._optimizer = _optimizer(learner.parameter_groups(), plan)
        self._parameters = [parameter for group in self._optimizer.param_groups for parameter in group["params"]]
        self._scaler = torch.amp.GradScaler(self._device.type, enabled=self._precision is torch.float16)
        self._epoch, self._best_epoch, self._best_loss = 0, 0, math.inf
        self._best: State = {}

    def run(self, folder: Path, progress: Progress) -> State:
        """Train the epochs that are left and return the weights to export.

        Args:
            folder: Where the checkpoints are; they stay until `remove_checkpoints`.
            progress: Called after every epoch whose checkpoint is written.

        Returns:
            The averaged weights of the epoch with the lowest validation loss, or, without a validation part, of the
            last epoch; in main memory.

        Raises:
            WorkError: A loss or a gradient is no longer a number, the GPU's memory is too small, or a checkpoint
                cannot be written. The last finished epoch is kept.
        """
        self._resume(folder)
        with repeatable(self._device), telling_full_memory():
            while not self._finished:
                progress(self._next_epoch(folder))
        if self._epoch < self._plan.epochs:
            told = f"lowest validation loss {self._best_loss:.4g} in epoch {self._best_epoch}"
            print(f"stopped early after epoch {self._epoch} of {self._plan.epochs}: {told}", flush=True)
        return self._best or _copied(self._average.network.state_dict())

    @property
    def _finished(self) -> bool:
        waited = self._epoch - self._best_epoch if self._best_epoch else 0
        return self._epoch >= self._plan.epochs or 0 < self._plan.patience <= waited

    def _next_epoch(self, folder: Path) -> Epoch:
        """Train, validate and save one epoch; the last one of a training that stops early says that none are left."""
        began = time.monotonic()
        parts = self._train(self._epoch + 1)
        self._epoch += 1
        if (held_out := self._learner.held_out()) is not None:
            parts["val"] = self._validate(held_out)
        write_checkpoint(folder, self._state())
        epochs = self._epoch if self._finished else self._plan.epochs
        return Epoch(self._epoch, epochs, parts.pop(LOSS), time.monotonic() - began, parts)

    def _train(self, epoch: int) -> Means:
        seed_epoch(self._plan.seed, epoch)
        self._network.train()
        forward = mixed(self._network, self._device, self._precision)
        batches = enumerate(self._supplied(self._learner.batches(epoch)))
        return _means((self._size(batch), self._step(forward, batch, epoch, number)) for number, batch in batches)

    def _step(self, forward: Forward, batch: Batch, epoch: int, number: int) -> Means:
        """One step of the optimiser, the `number`-th (from 0) of its epoch."""
        step = (epoch - 1) * self._learner.steps_an_epoch + number
        for group in self._optimizer.param_groups:
            group["lr"] = self._learner.learning_rate(step)
        losses = self._learner.losses(forward, batch, self._device)
        self._scaler.scale(losses[LOSS]).backward()
        self._scaler.unscale_(self._optimizer)
        norm = clip_grad_norm_(self._parameters, self._plan.largest_gradient)
        values = _fetched({**losses, GRADIENT: norm})
        if self._scaler.get_scale() > SMALLEST_SCALE:
            del values[GRADIENT]  # float16: if it is infinite, the scaler passes over the step and lowers the scale
        self._require_numbers(values, f"epoch {epoch}, step {number + 1}", batch)
        self._scaler.step(self._optimizer)
        self._scaler.update()
        self._optimizer.zero_grad(set_to_none=True)
        self._average.update(step)
        return {name: value for name, value in values.items() if name != GRADIENT}

    def _validate(self, batches: Iterable[Batch]) -> float:
        """Loss of the averaged weights on the validation part; they are kept if they are the best so far."""
        forward = mixed(self._average.network, self._device, self._precision)
        with torch.inference_mode():
            loss = _means((self._size(batch), self._check(forward, batch)) for batch in self._supplied(batches))[LOSS]
        if loss < self._best_loss:
            self._best_epoch, self._best_loss = self._epoch, loss
            self._best = _copied(self._average.network.state_dict())
        return loss

    def _check(self, forward: Forward, batch: Batch) -> Means:
        values = _fetched(self._learner.losses(forward, batch, self._device))
        self._require_numbers(values, f"epoch {self._epoch}, validation", batch)
        return values

    def _supplied(self, batches: Iterable[Batch]) -> Iterable[Batch]:
        """A GPU need not wait for its next images; a CPU that trains has no core left to make them."""
        return ahead(batches) if self._device.type == "cuda" else batches

    def _size(self, batch: Batch) -> int:
        return len(self._learner.names(batch))

    def _require_numbers(self, values: Means, where: str, batch: Batch) -> None:
        if not all(map(math.isfinite, values.values())):
            images = some(self._learner.names(batch), NAMED_IMAGES)
            terms = ", ".join(f"{name} {value:.4g}" for name, value in values.items())
            raise WorkError(
                "The loss or its gradient is no longer a number.",
                found=f"{where}, images {images}: {terms}",
                todo="lower --learning-rate, or start from weights",
            )

    def _state(self) -> Checkpoint:
        return Checkpoint(
            self._epoch,
            self._best_epoch,
            self._best_loss,
            weights=self._network.state_dict(),
            average=self._average.network.state_dict(),
            best=self._best,
            optimizer=self._optimizer.state_dict(),
            scaler=self._scaler.state_dict(),
        )

    def _resume(self, folder: Path) -> None:
        """Go on after the last finished epoch, where there is one."""
        state = read_checkpoint(folder)
        if state is None:
            return
        print(f"going on after epoch {state.epoch}", flush=True)
        self._network.load_state_dict(state.weights)
        self._average.network.load_state_dict(state.average)
        self._optimizer.load_state_dict(state.optimizer)
        if state.scaler:  # empty if the training was begun where none is needed
            self._scaler.load_state_dict(state.scaler)
        self._epoch, self._best_epoch, self._best_loss = state.epoch, state.best_epoch, state.best_loss
        self._best = state.best


def _optimizer(groups: list[dict[str, Any]], plan: Plan) -> torch.optim.Optimizer:
    """Its rate is set before every step."""
    if plan.optimizer == "AdamW":
        return torch.optim.AdamW(groups, lr=0.0, betas=(plan.momentum, 0.999))
    return torch.optim.SGD(groups, lr=0.0, momentum=plan.momentum)


def ahead(items: Iterable[T]) -> Iterator[T]:
    """The items in their order, each made in another thread while the one before it is used."""
    iterator = ((item,) for item in items)
    with ThreadPoolExecutor(max_workers=1) as maker:
        upcoming = maker.submit(next, iterator, None)
        while (made := upcoming.result()) is not None:
            upcoming = maker.submit(next, iterator, None)
            yield made[0]


def _fetched(values: Mapping[str, torch.Tensor]) -> Means:
    """Scalars of the device as numbers, in one transfer."""
    row = torch.stack([value.detach().float() for value in values.values()])
    return dict(zip(values, row.tolist(), strict=True))


def _means(rows: Iterable[tuple[int, Means]]) -> Means:
    """Means over images of (images, means) of each batch."""
    images, sums = 0, Counter[str]()
    for count, parts in rows:
        images += count
        sums.update({name: count * value for name, value in parts.items()})
    return {name: value / images for name, value in sums.items()}


def _copied(state: State) -> State:
    """A copy in main memory, contiguous, that later steps do not change."""
    plain = torch.contiguous_format
    return {name: value.detach().to("cpu", copy=True, memory_format=plain) for name, value in state.items()}
