"""PP-YOLOv2 as the training loop sees it: its network, its batches, its loss, its learning rate."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from spinedet.datasets.dataset import Dataset
from spinedet.detect.contract import Settings
from spinedet.detect.ppyolov2.batches import Batch, Samples, plain_batches, steps_an_epoch, training_batches
from spinedet.detect.ppyolov2.head import positions, side_by_side
from spinedet.detect.ppyolov2.losses import losses
from spinedet.detect.ppyolov2.network import Network, parameter_groups, parted
from spinedet.detect.ppyolov2.recipe import NineAnchors, Recipe, learning_rate
from spinedet.detect.ppyolov2.targets import find_targets
from spinedet.detect.training.cells import asked_of
from spinedet.detect.training.device import Forward
from spinedet.detect.training.evidence import WEIGHT, balance_of, evidence_loss, image_classes
from spinedet.detect.training.learner import LOSS
from spinedet.detect.training.patchwork import Patchwork, patchwork, patchwork_loss
from spinedet.detect.training.questions import asked


class PPYOLOv2Learner:
    """See `spinedet.detect.training.learner.Learner`.

    Args:
        network: With its initial weights.
        train: The training part.
        val: The validation part, if there is one.
        settings: The settings of the job.
        recipe: Their recipe.
        anchors: Nine widths and heights in pixels of the network input.
    """

    def __init__(
        self,
        network: Network,
        train: Dataset,
        val: Dataset | None,
        settings: Settings,
        recipe: Recipe,
        anchors: NineAnchors,
    ):
        self.network = network
        self._train, self._val = Samples(train), Samples(val) if val else None
        self._settings, self._recipe, self._anchors = settings, recipe, anchors
        self._classes = len(train.classes)
        self._questions = asked(settings.recipe, train)
        self._balance = balance_of(train, self._questions) if self._questions else torch.ones(2, 0)
        self.steps_an_epoch = steps_an_epoch(len(train), settings.batch)

    def parameter_groups(self) -> list[dict[str, Any]]:
        """Everything decays but normalisation and the head's biases."""
        return parameter_groups(self.network, self._recipe.weight_decay)

    def learning_rate(self, step: int) -> float:
        """Warm-up, then falls."""
        peak, epochs = self._settings.learning_rate, self._settings.epochs
        return learning_rate(peak, step, self.steps_an_epoch, epochs, self._recipe)

    def batches(self, epoch: int) -> Iterator[Batch]:
        """Augmented as the recipe says."""
        return training_batches(self._train, self._settings, self._recipe, epoch)

    def held_out(self) -> Iterator[Batch] | None:
        """Resized as for prediction and otherwise unchanged."""
        return plain_batches(self._val, self._settings) if self._val else None

    def names(self, batch: Batch) -> tuple[str, ...]:
        """Stems of the images; of the first one where two are mixed."""
        return batch.names

    def losses(self, network: Forward, batch: Batch, device: torch.device) -> dict[str, Tensor]:
        """The terms of `spinedet.detect.ppyolov2.losses` and, if the recipe asks for it, of evidence."""
        side = batch.images.shape[-1]
        images = torch.from_numpy(batch.images).to(device, memory_format=torch.channels_last)
        targets = find_targets(batch.boxes, batch.labels, batch.shares, side, self._anchors, self._classes)
        made = self._patchwork(images, batch)
        maps, views, patched = parted(network(images, made.images) if made else network(images))
        raw = side_by_side(maps, self._classes)
        objects = torch.from_numpy(batch.boxes).to(device)
        terms = losses(raw, positions(side, self._anchors, device), targets, objects, side)
        if views is None:
            return terms
        more = WEIGHT * self._evidence_loss(batch, images, views, patched, made)
        return {**terms, "evidence": more, LOSS: terms[LOSS] + more}

    def _evidence_loss(
        self, batch: Batch, images: Tensor, views: Tensor, patched: Tensor | None, made: Patchwork | None
    ) -> Tensor:
        """Of patchworks; of whole images where there are none, in validation."""
        balance = self._balance.to(views.device)
        if patched is None or made is None:
            return evidence_loss(views, _asked(images, batch), self._answers(batch, views.device), balance)
        return patchwork_loss(patched, made, balance)

    def _patchwork(self, images: Tensor, batch: Batch) -> Patchwork | None:
        if self._questions is None or batch.cut is None:
            return None
        answers = self._answers(batch, images.device)
        return patchwork(images, _asked(images, batch), answers, batch.cut, self._questions.dividing)

    def _answers(self, batch: Batch, device: torch.device) -> Tensor:
        """Of all questions (B, Q)."""
        assert self._questions is not None
        image, row = np.nonzero(batch.shares > 0)  # (K,)
        images, labels, shares = (
            torch.from_numpy(part).to(device) for part in (image, batch.labels[image, row], batch.shares[image, row])
        )
        return self._questions.answers(image_classes(images, labels, shares, (len(batch.names), self._classes)))


def _asked(images: Tensor, batch: Batch) -> Tensor:
    """Cells (B, 1, S / 4, S / 4) that show an image in its box."""
    image, row = np.nonzero(batch.shares > 0)  # (K,)
    owners, boxes = (torch.from_numpy(part).to(images.device) for part in (image, batch.boxes[image, row]))
    return asked_of(images, owners, boxes)
