"""Batches of the classifiers: one class an image, the order and the changes of an epoch, and nothing cut off."""

from collections.abc import Callable

import numpy as np
import pytest

from spinedet.annotations.errors import InputError
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.images import read_image
from spinedet.detect.classifiers.architectures import ARCHITECTURES
from spinedet.detect.classifiers.images import (
    Change,
    Samples,
    changed,
    plain_places,
    training_places,
    whole_image_labels,
)
from spinedet.detect.classifiers.recipe import Recipe
from spinedet.detect.contract import Settings
from spinedet.detect.preprocess import prepare

HOW = ARCHITECTURES["resnet50"].preprocessing

SIDE = 64

LIVELY = Recipe(degrees=10, contrast=0.3, brightness=0.2)

MakeSettings = Callable[..., Settings]


@pytest.mark.parametrize(
    ("names", "found"), [([], "no object"), (["bright", "dark"], "bright, dark"), (["dark", "dark"], "dark, dark")]
)
def test_an_image_without_one_object_is_named(
    make_squares: Callable[..., Dataset], names: list[str], found: str
) -> None:
    data = make_squares([["bright"], ["dark"], names])
    with pytest.raises(InputError, match=rf"one object an image(.|\n)*{found}(.|\n)*image i02"):
        whole_image_labels(data)


def test_the_class_of_an_image_is_that_of_its_object(squares: Dataset) -> None:
    assert whole_image_labels(squares).tolist() == [0, 1] * 8


def test_an_unchanged_batch_is_what_prediction_sees(squares: Dataset) -> None:
    samples = Samples(squares, SIDE, HOW)
    first, second = (samples.batch(part) for part in plain_places(len(samples), 8))
    assert (*first.names, *second.names) == squares.images
    path = squares.items[8].path
    assert path is not None
    assert np.array_equal(second.inputs[0], prepare(read_image(path), SIDE, HOW)[0])
    assert second.labels.tolist() == [0, 1] * 4


def test_an_epoch_takes_every_image_once_and_is_the_same_each_time(tiny: MakeSettings) -> None:
    settings = tiny(batch=4)
    parts = training_places(10, settings, LIVELY, 3)
    assert [len(part.numbers) for part in parts] == [4, 3, 3]
    assert sorted(number for part in parts for number in part.numbers) == list(range(10))
    again, other = training_places(10, settings, LIVELY, 3), training_places(10, settings, LIVELY, 4)
    assert [part.changes for part in parts] == [part.changes for part in again]
    assert [part.numbers.tolist() for part in parts] != [part.numbers.tolist() for part in other]


def test_images_are_mirrored_only_where_the_task_allows_it(tiny: MakeSettings) -> None:
    """Forty images: that none or all of them are mirrored by chance happens once in 5 * 10^11 seeds."""
    for allowed in (True, False):
        parts = training_places(40, tiny(mirror=allowed), Recipe(), 1)
        mirrored = [change.mirror for part in parts for change in part.changes]
        assert any(mirrored) == allowed
        assert not all(mirrored)


def test_changes_stay_within_the_recipe(tiny: MakeSettings) -> None:
    changes = [change for part in training_places(200, tiny(), LIVELY, 1) for change in part.changes]
    assert 9 < max(abs(change.degrees) for change in changes) <= 10
    assert 0.25 < max(abs(change.contrast - 1) for change in changes) <= 0.3
    assert 46 < max(abs(change.brightness) for change in changes) <= 51  # 0.2 of 255


@pytest.mark.parametrize("degrees", [-45.0, -7.0, 3.0, 30.0])
def test_a_turned_image_keeps_its_four_corners(degrees: float) -> None:
    """Four bright corners of 8 x 8 on black: each is still somewhere, so four bright spots are left."""
    image = np.zeros((SIDE, SIDE, 3), np.uint8)
    for y in (slice(0, 8), slice(-8, None)):
        for x in (slice(0, 8), slice(-8, None)):
            image[y, x] = 255
    angle = np.deg2rad(abs(degrees))
    shrunk = 1 / (np.cos(angle) + np.sin(angle))
    turned = changed(image, Change(degrees=degrees))
    assert float(turned.sum()) == pytest.approx(float(image.sum()) * shrunk**2, rel=0.06)


def test_mirroring_contrast_and_brightness_do_as_they_say() -> None:
    image = np.zeros((2, 2, 3), np.uint8)
    image[:, 0], image[:, 1] = 100, 140
    assert changed(image, Change(mirror=True))[0, :, 0].tolist() == [140, 100]
    assert changed(image, Change(contrast=1.5))[0, :, 0].tolist() == [90, 150]
    assert changed(image, Change(brightness=20))[0, :, 0].tolist() == [120, 160]
    assert changed(image, Change(brightness=-120))[0, :, 0].tolist() == [0, 20]
