"""The confusion matrix, with what was missed and what was found where nothing is."""

from collections.abc import Callable, Sequence

import numpy as np

from spinedet.benchmarks.confusion import confusion_matrix
from spinedet.datasets.dataset import Dataset
from spinedet.detect.contract import Detections

Draw = Callable[..., Dataset]
Find = Callable[[Sequence[tuple[float, ...]]], Detections]

CLASSES = ("disc", "slip")
DISC, SLIP = ("disc", 0, 0, 10, 10), ("slip", 50, 50, 60, 60)


def test_hit_mistaken_missed_and_false(draw: Draw, find: Find) -> None:
    # a: the disc is found, the slip is taken for a disc. b: the disc is missed, a slip is seen where nothing is.
    dataset = draw({"a": [DISC, SLIP], "b": [DISC]}, classes=CLASSES)
    found = {
        "a": find([(0, 0, 0, 10, 10, 0.9), (0, 50, 50, 60, 60, 0.8)]),
        "b": find([(1, 80, 80, 90, 90, 0.7)]),
    }
    expected = [
        [1, 0, 1],  # disc: found, -, missed
        [1, 0, 0],  # slip: taken for a disc
        [0, 1, 0],  # false: a slip
    ]
    np.testing.assert_array_equal(confusion_matrix(dataset, found), expected)


def test_one_object_is_one_pair_and_the_better_score_decides(draw: Draw, find: Find) -> None:
    # The box that says "slip" fits better, the one that says "disc" scores better.
    found = {"a": find([(1, 0, 0, 10, 10, 0.6), (0, 0, 0, 10, 9, 0.9)])}
    expected = [[1, 0, 0], [0, 0, 0], [0, 1, 0]]
    np.testing.assert_array_equal(confusion_matrix(draw({"a": [DISC]}, classes=CLASSES), found), expected)


def test_a_detection_may_take_the_next_free_object(draw: Draw, find: Find) -> None:
    dataset = draw({"a": [DISC, ("slip", 0, 2, 10, 12)]}, classes=CLASSES)
    found = {"a": find([(0, 0, 0, 10, 10, 0.9), (1, 0, 0.5, 10, 10.5, 0.8)])}
    np.testing.assert_array_equal(confusion_matrix(dataset, found), [[1, 0, 0], [0, 1, 0], [0, 0, 0]])


def test_difficult_objects_are_not_counted_and_excuse_detections(draw: Draw, find: Find) -> None:
    found = {"a": find([(0, 0, 0, 10, 10, 0.9), (1, 0, 0, 10, 10, 0.8)])}
    dataset = draw({"a": [(*DISC, True), (*SLIP, True)]}, classes=CLASSES)
    np.testing.assert_array_equal(confusion_matrix(dataset, found), np.zeros((3, 3)))


def test_low_scores_and_small_overlaps_do_not_count(draw: Draw, find: Find) -> None:
    dataset = draw({"a": [DISC]}, classes=CLASSES)
    low = {"a": find([(0, 0, 0, 10, 10, 0.24)])}
    np.testing.assert_array_equal(confusion_matrix(dataset, low), [[0, 0, 1], [0, 0, 0], [0, 0, 0]])
    small = {"a": find([(0, 0, 0, 10, 4, 0.9)])}
    np.testing.assert_array_equal(confusion_matrix(dataset, small), [[0, 0, 1], [0, 0, 0], [1, 0, 0]])
    np.testing.assert_array_equal(confusion_matrix(dataset, small, iou=0.4), [[1, 0, 0], [0, 0, 0], [0, 0, 0]])
