"""Where a training takes its batches from: images, or the features of frozen convolutions, computed once or anew."""

from collections.abc import Iterable, Iterator
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from spinedet.detect.classifiers.images import Batch, Change, Places, Samples, plain_places
from spinedet.detect.training.device import Forward, choose_device, mixed, working_precision
from spinedet.detect.training.learner import Plan


class Supply(Protocol):
    """The batches of one part."""

    def __len__(self) -> int:
        """Number of images."""
        ...

    def batch(self, places: Places) -> Batch:
        """One batch."""
        ...


class FrozenTrunk:
    """Convolutions that stay as they are: images to features, in the mode of prediction.

    Args:
        trunk: Images (B, 3, S, S) to features (B, F); moved to the plan's device.
        plan: Says where and in which precision.
    """

    def __init__(self, trunk: torch.nn.Module, plan: Plan):
        self._device = choose_device(plan.device)
        network = trunk.eval().requires_grad_(False).to(self._device, memory_format=torch.channels_last)
        self._forward: Forward = mixed(network, self._device, working_precision(self._device, plan.precision))

    def __call__(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """(B, 3, S, S) normalised images to (B, F) features."""
        with torch.inference_mode():
            moved = torch.from_numpy(images).to(self._device, memory_format=torch.channels_last)
            return np.asarray(self._forward(moved).cpu().numpy(), np.float32)


class Features:
    """Features computed anew for each batch, so that every change of an image is seen."""

    def __init__(self, samples: Samples, trunk: FrozenTrunk):
        self._samples, self._trunk = samples, trunk

    def __len__(self) -> int:
        return len(self._samples)

    def batch(self, places: Places) -> Batch:
        """One batch of features (B, F)."""
        images = self._samples.batch(places)
        return Batch(images.names, self._trunk(images.inputs), images.labels)


class CachedFeatures:
    """Features computed once an image, and once more for its mirror image where one is asked for; 8 kB each at most."""

    def __init__(self, samples: Samples, trunk: FrozenTrunk, batch: int):
        """Remember how; the first batch that is asked for computes.

        Args:
            samples: The images.
            trunk: The convolutions.
            batch: Images a pass.
        """
        self._samples, self._fresh, self._pass = samples, Features(samples, trunk), batch
        self._kept: dict[bool, NDArray[np.float32]] = {}

    def __len__(self) -> int:
        return len(self._samples)

    def batch(self, places: Places) -> Batch:
        """One batch of features (B, F); of the changes only mirroring is heeded."""
        pairs = zip(places.numbers, places.changes, strict=True)
        rows = [self._of_all(change.mirror)[number] for number, change in pairs]
        return Batch(self._samples.names_of(places), np.stack(rows), self._samples.labels[places.numbers])

    def _of_all(self, mirror: bool) -> NDArray[np.float32]:
        """(N, F) of all images, or of all mirror images."""
        if mirror not in self._kept:
            parts = plain_places(len(self), self._pass, Change(mirror=mirror))
            self._kept[mirror] = np.concatenate([batch.inputs for batch in taken(self._fresh, parts)])
        return self._kept[mirror]


def taken(supply: Supply, places: Iterable[Places]) -> Iterator[Batch]:
    """The batches of these places, each made when it is asked for."""
    return (supply.batch(part) for part in places)
