"""An image's score for each class: the best detection of the class over the sum of the best ones."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinedet.annotations.errors import WorkError
from spinedet.datasets.dataset import Dataset
from spinedet.detect.contract import Detections, Settings
from spinedet.detect.fake import FakeDetector
from spinedet.detect.image_scores import FLOOR, best_scores, image_scores, score_rows, shares
from spinedet.detect.modelfile import Postprocessing
from spinedet.detect.nms import suppress
from spinedet.detect.runtime import Model

FOUND = Detections.ranked(np.tile([0, 0, 9, 9], (4, 1)), [0.6, 0.2, 0.3, 0.1], [1, 0, 1, 0])
"""Class 1 at best 0.6, class 0 at best 0.2, class 2 nowhere."""


def test_the_best_of_each_class_over_their_sum() -> None:
    """0.2 and 0.6 are a quarter and three quarters."""
    np.testing.assert_allclose(image_scores(FOUND, 2), [0.25, 0.75], rtol=1e-6)


def test_a_class_that_was_not_found_has_the_floor_and_not_nothing() -> None:
    np.testing.assert_allclose(image_scores(FOUND, 3)[2], FLOOR / (0.8 + FLOOR), rtol=1e-6)


def test_an_image_in_which_nothing_was_found_says_nothing() -> None:
    np.testing.assert_array_equal(image_scores(Detections.ranked([], [], []), 4), [0.25] * 4)


def test_raw_cells_give_what_their_detections_give() -> None:
    cells = [[0.1, 0.3], [0.2, 0.1], [0.0, 0.6]]
    np.testing.assert_allclose(image_scores(cells, 2), [0.25, 0.75])


def test_scores_outside_0_to_1_and_of_other_classes_are_refused() -> None:
    for wrong in ([0.2, 1.2], [-0.1, 0.5], [np.nan, 0.5]):
        with pytest.raises(WorkError, match="from 0 to 1"):
            shares(wrong)
    with pytest.raises(ValueError, match=r"\(N, 3\)"):
        image_scores(np.zeros((5, 2)), 3)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_shares_sum_to_1_and_keep_the_order(best: list[float]) -> None:
    found = shares(best)
    assert found.sum() == pytest.approx(1)
    assert (found > 0).all()
    assert found.argmax() == np.maximum(best, FLOOR).argmax()


@pytest.mark.parametrize("nms", ["greedy", "matrix"])
def test_suppression_leaves_every_class_its_best(nms: str) -> None:
    """Thirty boxes on one another, as a whole-image head gives them: what goes is never the best of a class."""
    scores = np.random.default_rng(0).random((30, 3), np.float32)
    shifts = np.linspace(0, 1, 30, dtype=np.float32)[:, None]  # (30, 1)
    boxes = (np.array([1, 2, 60, 61], np.float32) + shifts).astype(np.float32)
    how = Postprocessing.model_validate({"nms": nms, "iou": 0.5})
    found = suppress(boxes, scores, how)
    np.testing.assert_array_equal(best_scores(found, 3), scores.max(axis=0))


def test_the_candidates_limit_loses_a_class_that_the_raw_cells_keep() -> None:
    """Why `Model.class_scores` looks at the cells: ten sure cells leave no place for the other class."""
    scores = np.column_stack([np.linspace(0.99, 0.9, 10), np.full(10, 0.4)]).astype(np.float32)
    boxes = np.tile(np.array([0, 0, 64, 64], np.float32), (10, 1))
    found = suppress(boxes, scores, Postprocessing(nms="greedy", iou=0.7, before=10))
    assert best_scores(found, 2)[1] == 0
    assert image_scores(scores, 2)[1] == pytest.approx(0.4 / 1.39, rel=1e-6)


def test_rows_stand_in_the_order_that_was_asked_for() -> None:
    nothing = Detections.ranked([], [], [])
    found = score_rows({"a": FOUND, "b": nothing}, ["b", "a"], 2)
    np.testing.assert_allclose(found, [[0.5, 0.5], [0.25, 0.75]], rtol=1e-6)
    assert score_rows({}, [], 2).shape == (0, 2)


def test_a_model_gives_the_best_score_of_each_class_whatever_is_shown(two_classes: Path, tmp_path: Path) -> None:
    """The fake is 0.9 sure of the disc and 0.5 of the vertebra; a floor of 0.95 hides both from its detections."""
    settings = Settings(detector="fake", size="one", image_size=64, epochs=1)
    folder = FakeDetector().train(Dataset.load(two_classes), None, settings, tmp_path / "job", lambda _: None)
    images = [np.zeros((48, 64), np.uint8)] * 3
    model = Model.load(folder, score=0.95, threads=2)
    assert [len(found) for found in model.predict(images)] == [0, 0, 0]
    found = model.class_scores(images)
    assert (found.shape, found.dtype.name) == ((3, 2), "float64")
    np.testing.assert_allclose(found, [[0.9, 0.5]] * 3, rtol=1e-6)
    assert model.class_scores([]).shape == (0, 2)
