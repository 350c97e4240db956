"""Occlusion: a model that looks at one place is found out by blurring that place."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from spinedet.annotations.errors import InputError
from spinedet.detect.contract import Settings
from spinedet.detect.modelfile import ModelCard, Postprocessing, Preprocessing, TrainedOn
from spinedet.detect.occlusion import log_odds, occlusion_maps
from spinedet.detect.runtime import Model

SIDE = 64


class BrightestPixel(Model):
    """A network whose score of `ill` is the brightest value of the input, and of `well` what is left to 1."""

    def raw(self, batch: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        ill = batch.max(axis=(1, 2, 3))
        scores = np.stack([1 - ill, ill], axis=1)[:, None]  # (B, 1, 2)
        return np.zeros((len(batch), 1, 4), np.float32), scores.astype(np.float32)


def make_model(tmp_path: Path, classes: tuple[str, ...] = ("well", "ill"), fit: str = "letterbox") -> Model:
    card = ModelCard(
        detector="fake",
        size="one",
        classes=classes,
        image_size=SIDE,
        preprocessing=Preprocessing(fit=fit, fill=0),  # type: ignore[arg-type]
        postprocessing=Postprocessing(nms="greedy"),
        strides=(SIDE,),
        anchors_per_cell=1,
        trained_on=TrainedOn(fingerprint="f", images=()),
        settings=Settings(detector="fake", size="one", image_size=SIDE),
        versions={},
    )
    return BrightestPixel(card, tmp_path, 1)


@pytest.mark.parametrize("fit", ["letterbox", "stretch"])
@pytest.mark.parametrize(("row", "column"), [(20, 30), (70, 150), (50, 100)])
def test_the_map_is_highest_at_what_the_model_looks_at(row: int, column: int, fit: str, tmp_path: Path) -> None:
    """One bright spot on an image twice as wide as high; the place is found to half the distance between places."""
    image = np.full((100, 200), 20, np.uint8)
    image[row - 6 : row + 6, column - 6 : column + 6] = 220
    well, ill = occlusion_maps(make_model(tmp_path, fit=fit), image, places=8)
    assert ill.shape == image.shape
    found = np.unravel_index(ill.argmax(), ill.shape)
    assert np.abs(np.array(found) + 0.5 - [row, column]).max() <= 200 / 8 / 2 + 0.5
    assert (well == 0).all()  # blurring the spot never speaks against `well`


def test_a_place_without_weight_is_not_in_the_map(tmp_path: Path) -> None:
    """On an even image blurring changes nothing."""
    found = occlusion_maps(make_model(tmp_path), np.full((50, 50), 100, np.uint8), places=3)
    np.testing.assert_allclose(found, 0, atol=1e-4)


def test_log_odds_are_finite_and_those_of_the_text_book() -> None:
    """0.9 against 0.1 is ln 9; a class without any score counts with the floor of the image scores."""
    np.testing.assert_allclose(log_odds(np.array([0.9, 0.1])), [np.log(9), -np.log(9)])
    np.testing.assert_allclose(log_odds(np.array([0.6, 0.2, 0.2]))[0], np.log(1.5))
    assert np.isfinite(log_odds(np.array([1.0, 0.0, 0.0]))).all()


def test_one_class_has_no_odds(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="two classes"):
        occlusion_maps(make_model(tmp_path, ("disc",)), np.zeros((9, 9), np.uint8))
