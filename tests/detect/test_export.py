"""An export is believed only where it says what the framework says."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from spinedet.annotations.errors import WorkError
from spinedet.datasets.dataset import Dataset
from spinedet.detect.contract import Settings
from spinedet.detect.export import BOX_TOLERANCE, SCORE_TOLERANCE, Output, compare_outputs, finish_model, trained_on
from spinedet.detect.fake import FakeDetector
from spinedet.detect.modelfile import ModelCard
from spinedet.detect.outputs import write_png
from spinedet.detect.runtime import Model

Floats = NDArray[np.float32]

BOXES = np.array([[[0, 0, 10, 10], [5, 5, 9, 9]]], np.float32)  # (1, 2, 4)
SCORES = np.array([[[0.8], [0.005]]], np.float32)  # (1, 2, 1): the second box is never shown


def moved(boxes: Floats, row: int, by: float) -> Floats:
    """The boxes with one edge of one row moved."""
    changed = boxes.copy()
    changed[0, row, 2] += by
    return changed


def test_differences_within_the_tolerance_are_told() -> None:
    found = compare_outputs((BOXES, SCORES), (moved(BOXES, 0, 0.5), SCORES + np.float32(0.0009)))
    assert found == pytest.approx((BOX_TOLERANCE, 0.0009), abs=1e-6)


def test_a_box_that_is_never_shown_may_lie_anywhere() -> None:
    assert compare_outputs((BOXES, SCORES), (moved(BOXES, 1, 100), SCORES)) == (0, 0)


@pytest.mark.parametrize(
    ("boxes", "scores"),
    [
        (moved(BOXES, 0, 0.51), SCORES),
        (BOXES, SCORES - np.float32(1.1 * SCORE_TOLERANCE)),
        (BOXES, SCORES * np.float32(np.nan)),
        (moved(BOXES, 0, np.nan), SCORES),
    ],
    ids=["box", "score", "nan-score", "nan-box"],
)
def test_a_difference_beyond_the_tolerance_is_refused(boxes: Floats, scores: Floats) -> None:
    with pytest.raises(WorkError, match="does not predict what the trained one does"):
        compare_outputs((BOXES, SCORES), (boxes, scores))


@pytest.mark.parametrize(("boxes", "scores"), [(BOXES[:, :1], SCORES[:, :1]), (BOXES, np.repeat(SCORES, 2, axis=2))])
def test_another_shape_is_refused(boxes: Floats, scores: Floats) -> None:
    with pytest.raises(WorkError, match="another shape"):
        compare_outputs((BOXES, SCORES), (boxes, scores))


@pytest.fixture
def data(two_classes: Path) -> Dataset:
    return Dataset.load(two_classes)


@pytest.fixture
def model(data: Dataset, tmp_path: Path) -> Path:
    settings = Settings(detector="fake", size="one", image_size=64, epochs=1)
    return FakeDetector().train(data, None, settings, tmp_path / "job", lambda _: None)


def finish(model: Path, folder: Path, shift: float, data: Dataset) -> Path:
    """Finish the fake's network once more, against a reference whose boxes lie `shift` pixels beside it."""
    opened = Model.load(model)
    onnx_file = model.parent / "again.onnx"
    onnx_file.write_bytes((model / "model.onnx").read_bytes())

    def reference(batch: Floats) -> Output:
        boxes, scores = opened.raw(batch)
        return boxes + np.float32(shift), scores

    images = [item.path for item in data.items if item.path is not None]
    return finish_model(folder, onnx_file, model / "weights.npy", opened.card, reference, images)


def test_a_reference_that_says_otherwise_leaves_no_model_folder(model: Path, data: Dataset, tmp_path: Path) -> None:
    with pytest.raises(WorkError, match=r"boxes 0.6 px, scores 0 apart"):
        finish(model, tmp_path / "model", 0.6, data)
    assert not (tmp_path / "model").exists()


def test_a_finished_model_folder_is_whole(model: Path, data: Dataset, tmp_path: Path) -> None:
    folder = finish(model, tmp_path / "model", 0.0, data)
    assert {path.name for path in folder.iterdir()} == {"model.onnx", "model.json", "weights.npy"}
    assert not (model.parent / "again.onnx").exists()
    assert ModelCard.read(folder) == ModelCard.read(model)


def test_the_card_knows_training_and_validation_images_by_their_pixels(data: Dataset) -> None:
    """All images of this set are the same grey; a validation image that is darker is a second one."""
    last = data.items[-1].path
    assert last is not None
    write_png(last, np.full((48, 64, 3), 20, np.uint8))
    train, val = data.subset(data.images[:-1]), data.subset(data.images[-1:])
    assert len(trained_on(train, None).images) == 1
    both = trained_on(train, val)
    assert len(both.images) == 2
    assert list(both.images) == sorted(both.images)
    assert both.fingerprint == train.fingerprint() != data.fingerprint()
