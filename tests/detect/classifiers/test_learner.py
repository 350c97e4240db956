"""Frozen convolutions, cached and not; the loss, the learning rate; a stopped training ends as one that was not."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from spinedet.datasets.dataset import Dataset
from spinedet.detect.classifiers.architectures import ARCHITECTURES
from spinedet.detect.classifiers.images import Batch, Samples
from spinedet.detect.classifiers.learner import ClassifierLearner, class_weights
from spinedet.detect.classifiers.recipe import Recipe
from spinedet.detect.classifiers.supply import CachedFeatures, Features, FrozenTrunk, Supply
from spinedet.detect.contract import Epoch, Settings
from spinedet.detect.training.checkpoint import State
from spinedet.detect.training.learner import LOSS, Plan
from spinedet.detect.training.loop import Trainer

pytestmark = pytest.mark.frameworks

SIDE, FEATURES = 64, 6

MakeSettings = Callable[..., Settings]


class Counting(nn.Module):  # type: ignore[misc]
    """A small trunk that counts the images it has seen."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.layers = nn.Sequential(
            nn.Conv2d(3, FEATURES, 5, 4), nn.BatchNorm2d(FEATURES), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
        )
        self.seen = 0

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.seen += len(images)
        return self.layers(images)


def plan(epochs: int) -> Plan:
    return Plan(epochs=epochs, seed=0, device="cpu", average_decay=0.9, precision="float32")


def learner(data: Dataset, kind: str, settings: Settings, trunk: nn.Module) -> ClassifierLearner:
    """A head on a frozen trunk, trained on the first twelve images and held against the last four."""
    frozen = FrozenTrunk(trunk, plan(settings.epochs))

    def supply(names: tuple[str, ...]) -> Supply:
        part = Samples(data.subset(names), SIDE, ARCHITECTURES["resnet50"].preprocessing)
        return CachedFeatures(part, frozen, settings.batch) if kind == "cached" else Features(part, frozen)

    train, val = supply(data.images[:12]), supply(data.images[12:])
    torch.manual_seed(2)
    return ClassifierLearner(nn.Linear(FEATURES, 2), train, val, settings, Recipe(), np.ones(2, np.float32))


def trained(one: ClassifierLearner, epochs: int, folder: Path) -> tuple[State, list[Epoch]]:
    folder.mkdir(exist_ok=True)
    told: list[Epoch] = []
    return Trainer(one, plan(epochs)).run(folder, told.append), told


@pytest.mark.parametrize("mirror", [False, True])
def test_cached_features_train_as_fresh_ones_and_see_each_image_once(
    squares: Dataset, tiny: MakeSettings, tmp_path: Path, mirror: bool
) -> None:
    settings = tiny(size="frozen", epochs=4, batch=5, mirror=mirror, learning_rate=0.1)
    trunks = {kind: Counting() for kind in ("cached", "fresh")}
    found = {kind: trained(learner(squares, kind, settings, trunks[kind]), 4, tmp_path / kind) for kind in trunks}
    for name, value in found["cached"][0].items():
        torch.testing.assert_close(value, found["fresh"][0][name], rtol=1e-4, atol=1e-6)
    losses = {kind: [epoch.loss for epoch in told] for kind, (_, told) in found.items()}
    assert losses["cached"] == pytest.approx(losses["fresh"], rel=1e-4)
    assert trunks["cached"].seen == (12 * 2 if mirror else 12) + 4  # validation images are never mirrored
    assert trunks["fresh"].seen == 4 * (12 + 4)


def test_a_frozen_trunk_stays_as_it_was(squares: Dataset, tiny: MakeSettings, tmp_path: Path) -> None:
    """Neither its kernels nor the statistics of its normalisation move."""
    trunk = Counting()
    before = {name: value.clone() for name, value in trunk.state_dict().items()}
    trained(learner(squares, "fresh", tiny(size="frozen", epochs=2), trunk), 2, tmp_path)
    assert all(torch.equal(value, before[name]) for name, value in trunk.state_dict().items())


def test_a_resumed_training_ends_in_the_same_bits(squares: Dataset, tiny: MakeSettings, tmp_path: Path) -> None:
    settings = tiny(size="frozen", epochs=4, batch=5, mirror=True)
    straight, told = trained(learner(squares, "cached", settings, Counting()), 4, tmp_path / "straight")

    def stop(epoch: Epoch) -> None:
        if epoch.epoch == 2:
            raise KeyboardInterrupt

    (tmp_path / "stopped").mkdir()
    with pytest.raises(KeyboardInterrupt):
        Trainer(learner(squares, "cached", settings, Counting()), plan(4)).run(tmp_path / "stopped", stop)
    resumed, rest = trained(learner(squares, "cached", settings, Counting()), 4, tmp_path / "stopped")
    assert all(torch.equal(value, straight[name]) for name, value in resumed.items())
    assert [epoch.loss for epoch in rest] == [epoch.loss for epoch in told[2:]]


def test_balanced_classes_weigh_the_same_and_a_missing_one_nothing() -> None:
    """Six of class 0, two of class 1, none of class 2: 8 / (2 * 6), 8 / (2 * 2), 0."""
    labels = np.array([0] * 6 + [1] * 2)
    assert class_weights(labels, 3, True).tolist() == pytest.approx([2 / 3, 2.0, 0.0])
    assert class_weights(labels, 3, False).tolist() == [1, 1, 1]
    assert class_weights(labels, 3, True)[labels].mean() == pytest.approx(1)


def test_the_loss_is_the_weighted_mean_over_images(squares: Dataset, tiny: MakeSettings) -> None:
    """Logits 0 and 0: each image costs ln 2, times its weight: (1 + 1 + 3) / 3."""
    one = learner(squares, "fresh", tiny(size="frozen"), Counting())
    weighted = ClassifierLearner(one.network, one._train, None, tiny(), Recipe(), np.array([1, 3], np.float32))
    batch = Batch(("a", "b", "c"), np.zeros((3, FEATURES), np.float32), np.array([0, 0, 1]))
    losses = weighted.losses(lambda inputs: torch.zeros(len(inputs), 2), batch, torch.device("cpu"))
    assert float(losses[LOSS]) == pytest.approx(np.log(2) * 5 / 3)


def test_the_learning_rate_falls_in_a_straight_line(squares: Dataset, tiny: MakeSettings) -> None:
    """Twelve images in batches of four, two epochs: six steps; the head's rate counts where convolutions are frozen."""
    for size, first in (("full", 0.01), ("frozen", 0.03)):
        settings = tiny(size=size, epochs=2, batch=4)
        one = learner(squares, "fresh", settings, Counting())
        recipe = Recipe(head_rate=3, final_rate=0.5)
        told = ClassifierLearner(one.network, one._train, None, settings, recipe, np.ones(2, np.float32))
        rates = [told.learning_rate(step) for step in range(6)]
        assert rates == pytest.approx([first * share for share in (1, 0.9, 0.8, 0.7, 0.6, 0.5)])
