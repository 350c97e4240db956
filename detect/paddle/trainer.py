"""The training loop of PP-YOLOv2: optimiser, warm-up, clipping, moving average, checkpoints."""

import math
import random
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import paddle

from spinedet.annotations.errors import WorkError
from spinedet.datasets.dataset import Dataset
from spinedet.detect.contract import Epoch, Progress, Settings
from spinedet.detect.paddle.checkpoint import Arrays, Checkpoint, write_checkpoint
from spinedet.detect.paddle.network import Network
from spinedet.detect.paddle.samples import Batch, Samples, plain_batches, training_batches
from spinedet.detect.ppyolov2.batches import steps_an_epoch
from spinedet.detect.ppyolov2.recipe import Recipe, learning_rate

MOMENTUM = 0.9

LARGEST_GRADIENT = 35.0
"""Global norm at which gradients are clipped (reference configuration)."""

EPOCH_STRIDE = 1_000_003
"""Between the seeds of two epochs, so that epoch 2 of one seed is not epoch 1 of the next."""


class Trainer:
    """One training job in memory.

    Every epoch is seeded by the job's seed and its own number, so a resumed job goes on as if it had never stopped.
    """

    def __init__(self, train: Dataset, val: Dataset | None, settings: Settings, recipe: Recipe, start: Arrays):
        seed_all(settings.seed)
        self.settings, self.recipe, self.classes = settings, recipe, len(train.classes)
        self.samples, self.held_out = Samples(train), Samples(val) if val else None
        self.network = Network(settings.size, self.classes, recipe)
        load_arrays(self.network, start)
        self.average = Network(settings.size, self.classes, recipe)
        self.average.set_state_dict(self.network.state_dict())
        self.average.eval()
        self.optimizer = _optimizer(self.network, recipe)
        self.epoch, self.best_loss = 0, math.inf
        self.best: Arrays = {}

    def resume(self, state: Checkpoint) -> None:
        """Go on after the last finished epoch of a checkpoint."""
        load_arrays(self.network, state.weights)
        load_arrays(self.average, state.average)
        self.optimizer.set_state_dict({name: paddle.to_tensor(value) for name, value in state.velocity.items()})
        self.epoch, self.best_loss, self.best = state.epoch, state.best_loss, state.best

    def run(self, folder: Path, progress: Progress) -> Arrays:
        """Train the epochs that are left and return the arrays to export.

        Raises:
            WorkError: The loss is no longer a number, or a checkpoint cannot be written.
        """
        while self.epoch < self.settings.epochs:
            began = time.monotonic()
            parts = self._train_epoch(self.epoch + 1)
            self.epoch += 1
            if self.held_out:
                parts["val"] = self._validate(self.held_out)
            write_checkpoint(folder, self._state())
            loss = parts.pop("loss")
            progress(Epoch(self.epoch, self.settings.epochs, loss, time.monotonic() - began, parts))
        return self.best or arrays_of(self.average)

    def _train_epoch(self, epoch: int) -> dict[str, float]:
        seed_all(self.settings.seed + EPOCH_STRIDE * epoch)
        self.network.train()
        steps = steps_an_epoch(len(self.samples), self.settings.batch)
        batches = training_batches(self.samples, self.classes, self.settings, self.recipe, epoch)
        return _means(self._step(batch, step) for step, batch in enumerate(batches, start=(epoch - 1) * steps))

    def _step(self, batch: Batch, step: int) -> tuple[int, dict[str, float]]:
        steps = steps_an_epoch(len(self.samples), self.settings.batch)
        peak, epochs = self.settings.learning_rate, self.settings.epochs
        self.optimizer.set_lr(learning_rate(peak, step, steps, epochs, self.recipe))
        losses = _losses(self.network, batch)
        parts = _values(losses)
        if not math.isfinite(parts["loss"]):
            raise WorkError(
                "The loss is no longer a number.",
                found=f"step {step + 1} of epoch {step // steps + 1}: {parts}",
                todo="lower --learning-rate, or start from weights",
            )
        losses["loss"].backward()
        self.optimizer.step()
        self.optimizer.clear_grad()
        update_average(self.average, self.network, average_decay(self.recipe.average_decay, step))
        return len(batch["image"]), parts

    @paddle.no_grad()  # type: ignore[untyped-decorator]
    def _validate(self, samples: Samples) -> float:
        """Loss of the averaged weights on the validation part; the best epoch's weights are kept."""
        batches = plain_batches(samples, self.classes, self.settings, self.recipe)
        loss = _means((len(batch["image"]), _values(_losses(self.average, batch))) for batch in batches)["loss"]
        if loss < self.best_loss or not self.best:
            self.best_loss, self.best = loss, arrays_of(self.average)
        return loss

    def _state(self) -> Checkpoint:
        velocity = {name: value for name, value in self.optimizer.state_dict().items() if hasattr(value, "numpy")}
        states = (self.network.state_dict(), self.average.state_dict(), velocity)
        weights, average, momentum = ({name: value.numpy() for name, value in state.items()} for state in states)
        return Checkpoint(self.epoch, self.best_loss, weights, average, momentum, self.best)


def seed_all(seed: int) -> None:
    """Seed the three generators that the network and the framework's augmentation draw from."""
    random.seed(seed)
    np.random.seed(seed % 2**32)  # the framework draws from numpy's global generator
    paddle.seed(seed)


def arrays_of(network: Any) -> Arrays:
    """Copies of all weights and running statistics by layer name."""
    return {name: np.array(value.numpy()) for name, value in network.state_dict().items()}


def load_arrays(network: Any, arrays: Arrays) -> None:
    """Set the weights that `arrays` names; the others stay as they are."""
    own = network.state_dict()
    for name, value in arrays.items():
        own[name].set_value(value)


def average_decay(most: float, step: int) -> float:
    """Decay of the moving average at a step (from 0): a short training must not end near its random start."""
    return min(most, (1 + step) / (10 + step))


@paddle.no_grad()  # type: ignore[untyped-decorator]
def update_average(average: Any, network: Any, decay: float) -> None:
    """Move every array of the average a share of 1 - decay towards the network's."""
    new = network.state_dict()
    for name, value in average.state_dict().items():
        value.scale_(decay).add_(new[name] * (1 - decay))  # in place: half the time of making new arrays


def _optimizer(network: Any, recipe: Recipe) -> Any:
    common = {
        "learning_rate": 0.0,
        "parameters": network.parameters(),
        "grad_clip": paddle.nn.ClipGradByGlobalNorm(LARGEST_GRADIENT),
    }
    if recipe.optimizer == "AdamW":
        # AdamW does not ask a parameter's own regularizer, by which some say that they do not decay
        decaying = {part.name for part in network.parameters() if part.regularizer is None}
        return paddle.optimizer.AdamW(
            beta1=MOMENTUM,
            weight_decay=recipe.weight_decay,
            apply_decay_param_fun=decaying.__contains__,
            **common,
        )
    decay = paddle.regularizer.L2Decay(recipe.weight_decay)
    return paddle.optimizer.Momentum(momentum=MOMENTUM, weight_decay=decay, **common)


def _losses(network: Any, batch: Batch) -> dict[str, Any]:
    tensors = {name: paddle.to_tensor(value) for name, value in batch.items()}
    losses: dict[str, Any] = network.losses(network(tensors.pop("image")), tensors)
    return losses


def _values(losses: dict[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in losses.items()}


def _means(rows: Iterable[tuple[int, dict[str, float]]]) -> dict[str, float]:
    """Means over images of per-batch means; `loss_xy` is called `xy`."""
    images, sums = 0, Counter[str]()
    for count, parts in rows:
        images += count
        sums.update({name.removeprefix("loss_"): count * value for name, value in parts.items()})
    return {name: value / images for name, value in sums.items()}
