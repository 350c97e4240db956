"""The fake detector obeys the contract, so that tests of everything around the detectors can trust it."""

from pathlib import Path

import numpy as np
import pytest

from spinedet.annotations.errors import InputError, WorkError
from spinedet.datasets.dataset import Dataset
from spinedet.detect.contract import Epoch, Settings
from spinedet.detect.fake import FakeDetector
from spinedet.detect.modelfile import ModelCard
from spinedet.detect.runtime import Model

SETTINGS = Settings(detector="fake", size="one", image_size=64, epochs=3)
DISC = [4, 4, 24, 14]
"""The disc of `two_classes` in continuous pixels (VOC 5 5 24 14)."""


@pytest.fixture
def data(two_classes: Path) -> Dataset:
    return Dataset.load(two_classes)


def test_it_finds_the_boxes_that_it_remembers(data: Dataset, tmp_path: Path) -> None:
    """The first training image has a disc and a vertebra; images are stretched to 64 x 64 and boxes come back."""
    model = FakeDetector().train(data, None, SETTINGS, tmp_path / "job", lambda _: None)
    (found,) = Model.load(model).predict([np.zeros((48, 64), np.uint8)])
    np.testing.assert_allclose(found.boxes, [DISC, [29, 19, 49, 39]], atol=1e-4)
    assert found.labels.tolist() == [0, 1]
    np.testing.assert_allclose(found.scores, [0.9, 0.5])


def test_its_model_tells_what_it_was_trained_on(data: Dataset, tmp_path: Path) -> None:
    """All images of the set have the same pixels, so one hash stands for the twelve."""
    train, val = data.subset(data.images[:6]), data.subset(data.images[6:])
    card = ModelCard.read(FakeDetector().train(train, val, SETTINGS, tmp_path / "job", lambda _: None))
    assert card.trained_on.fingerprint == train.fingerprint()
    assert len(card.trained_on.images) == 1
    assert card.classes == ("disc", "vertebra")


def test_progress_is_told_epoch_by_epoch_and_a_second_call_goes_on(data: Dataset, tmp_path: Path) -> None:
    seen: list[Epoch] = []
    failing = SETTINGS.model_copy(update={"recipe": {"fail_at": 3}})
    with pytest.raises(WorkError, match=r"told to(.|\n)*epoch 3"):
        FakeDetector().train(data, None, failing, tmp_path, seen.append)
    assert [(epoch.epoch, epoch.epochs) for epoch in seen] == [(1, 3), (2, 3)]
    FakeDetector().train(data, None, SETTINGS, tmp_path, seen.append)
    assert [epoch.epoch for epoch in seen] == [1, 2, 3]


@pytest.mark.parametrize("recipe", [{"fail": 3}, {"die_at": "never"}])
def test_an_unknown_recipe_is_refused(recipe: dict[str, object]) -> None:
    with pytest.raises(InputError, match="recipe of fake"):
        FakeDetector().check(SETTINGS.model_copy(update={"recipe": recipe}))
