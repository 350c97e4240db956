"""The contract: detections are ordered and of one shape, settings are checked when they are made."""

import numpy as np
import pytest
from pydantic import ValidationError

from spinedet.detect.contract import Detections, Settings

BOXES = [[0, 0, 1, 1], [0, 0, 2, 2], [0, 0, 3, 3]]


def test_ranked_puts_the_best_first_and_keeps_the_order_of_equals() -> None:
    found = Detections.ranked(BOXES, [0.5, 0.9, 0.5], [7, 8, 9])
    assert found.labels.tolist() == [8, 7, 9]
    assert found.boxes[:, 2].tolist() == [2, 1, 3]
    assert [part.dtype.name for part in (found.boxes, found.scores, found.labels)] == ["float32", "float32", "int64"]


def test_nothing_found_has_the_same_shapes() -> None:
    found = Detections.ranked([], [], [])
    assert (found.boxes.shape, found.scores.shape, found.labels.shape, len(found)) == ((0, 4), (0,), (0,), 0)


def test_scores_that_ascend_are_refused() -> None:
    with pytest.raises(ValueError, match="descend"):
        Detections(np.zeros((2, 4), np.float32), np.array([0.1, 0.2], np.float32), np.zeros(2, np.int64))


@pytest.mark.parametrize(("boxes", "labels"), [((2, 4), 3), ((3, 5), 3), ((3, 4), 2)])
def test_shapes_that_differ_are_refused(boxes: tuple[int, int], labels: int) -> None:
    with pytest.raises(ValueError, match="shapes differ"):
        Detections(np.zeros(boxes, np.float32), np.zeros(3, np.float32), np.zeros(labels, np.int64))


def test_above_keeps_a_score_that_just_reaches() -> None:
    assert Detections.ranked(BOXES, [0.5, 0.9, 0.2], [0, 1, 2]).above(0.5).labels.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("image_size", 100),
        ("image_size", 0),
        ("epochs", 0),
        ("batch", 0),
        ("learning_rate", 0.0),
        ("seed", -1),
        ("device", "tpu"),
        ("epoch", 3),
    ],
)
def test_impossible_settings_are_refused(name: str, value: object) -> None:
    with pytest.raises(ValidationError, match=name):
        Settings.model_validate({"detector": "fake", "size": "one", name: value})


def test_published_settings_do_not_tell_where_weights_lie() -> None:
    settings = Settings(detector="fake", size="one", weights="/home/ann/secret/best.pt")
    assert settings.public().weights == "best.pt"
    assert settings.public().model_copy(update={"weights": settings.weights}) == settings
