"""A classifier as the training loop sees it: its network, its batches, its loss, its learning rate."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from spinedet.detect.classifiers.images import Batch, plain_places, steps_an_epoch, training_places
from spinedet.detect.classifiers.recipe import FROZEN, Recipe
from spinedet.detect.classifiers.supply import Supply, taken
from spinedet.detect.contract import Settings
from spinedet.detect.training.device import Forward
from spinedet.detect.training.learner import LOSS


class ClassifierLearner:
    """See `spinedet.detect.training.learner.Learner`.

    Args:
        network: What is trained: everything, from images to logits, or a head, from features to logits.
        train: Batches of the training part, as the network takes them.
        val: Those of the validation part, if there is one.
        settings: The settings of the job.
        recipe: Their recipe.
        weights: (C,) float32, how much an image of each class counts.
    """

    def __init__(
        self,
        network: nn.Module,
        train: Supply,
        val: Supply | None,
        settings: Settings,
        recipe: Recipe,
        weights: NDArray[np.float32],
    ):
        self.network = network
        self._train, self._val = train, val
        self._settings, self._recipe = settings, recipe
        self._weights = torch.from_numpy(weights)
        self.steps_an_epoch = steps_an_epoch(len(train), settings.batch)

    def parameter_groups(self) -> list[dict[str, Any]]:
        """Matrices and kernels decay; biases and normalisation, which are vectors, do not."""
        groups: dict[bool, list[nn.Parameter]] = {True: [], False: []}
        for parameter in self.network.parameters():
            groups[parameter.ndim > 1].append(parameter)
        return [
            {"params": groups[True], "weight_decay": self._recipe.weight_decay},
            {"params": groups[False], "weight_decay": 0.0},
        ]

    def learning_rate(self, step: int) -> float:
        """Falls in a straight line from the first to the last step."""
        first = self._settings.learning_rate * (self._recipe.head_rate if self._settings.size == FROZEN else 1)
        done = step / max(1, self.steps_an_epoch * self._settings.epochs - 1)
        return first * (1 + done * (self._recipe.final_rate - 1))

    def batches(self, epoch: int) -> Iterator[Batch]:
        """Changed as the recipe says."""
        return taken(self._train, training_places(len(self._train), self._settings, self._recipe, epoch))

    def held_out(self) -> Iterator[Batch] | None:
        """Resized as for prediction and otherwise unchanged."""
        return None if self._val is None else taken(self._val, plain_places(len(self._val), self._settings.batch))

    def names(self, batch: Batch) -> tuple[str, ...]:
        """Stems of the images."""
        return batch.names

    def losses(self, network: Forward, batch: Batch, device: torch.device) -> dict[str, Tensor]:
        """Cross-entropy, each image weighted by its class, as a mean over the images."""
        inputs, labels = torch.from_numpy(batch.inputs).to(device), torch.from_numpy(batch.labels).to(device)
        if inputs.ndim == 4:
            inputs = inputs.contiguous(memory_format=torch.channels_last)
        each = cross_entropy(network(inputs), labels, reduction="none")  # (B,)
        return {LOSS: (each * self._weights.to(device)[labels]).mean()}


def class_weights(labels: NDArray[np.int64], classes: int, balanced: bool) -> NDArray[np.float32]:
    """How much an image of each class counts, (C,): 1, or N / (K n) for one of n of K classes that occur at all.

    The mean over the N images is 1 either way. A class without an image counts 0: nothing of it can be learnt.
    """
    if not balanced:
        return np.ones(classes, np.float32)
    counts = np.bincount(labels, minlength=classes)
    share = len(labels) / np.count_nonzero(counts)
    return np.where(counts > 0, share / np.maximum(counts, 1), 0).astype(np.float32)
