"""Suppression, by hand: strips of ten pixels whose overlaps are simple fractions."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from spinedet.annotations.boxes import box_iou
from spinedet.detect.modelfile import Postprocessing
from spinedet.detect.nms import greedy, matrix_decay, suppress

Floats = NDArray[np.float32]

GREEDY = Postprocessing(nms="greedy", iou=0.5, score_threshold=0.1)
MATRIX = Postprocessing(nms="matrix", score_threshold=0.1)


def strip(x0: float, width: float = 10) -> list[float]:
    """A box one pixel high."""
    return [x0, 0, x0 + width, 1]


def array(*values: object) -> Floats:
    return np.array(values, np.float32)


def random_boxes(rng: np.random.Generator, count: int) -> Floats:
    corners = rng.uniform(0, 60, (count, 2))
    return np.hstack([corners, corners + rng.uniform(2, 40, (count, 2))]).astype(np.float32)


def test_greedy_a_suppressed_box_suppresses_nobody() -> None:
    """A (0..10), B (3..13) and C (6..16): A and B share 7/13, B and C 7/13, A and C 4/16; B goes, C stays."""
    labels = np.zeros(3, np.int64)
    assert greedy(array(strip(0), strip(3), strip(6)), labels, 0.5).tolist() == [0, 2]
    assert greedy(array(strip(0), strip(3), strip(6)), labels, 0.24).tolist() == [0]
    assert greedy(array(strip(0), strip(3), strip(6)), labels, 0.54).tolist() == [0, 1, 2]


def test_greedy_an_overlap_equal_to_the_threshold_is_allowed() -> None:
    """Strips 0..10 and 0..5 share exactly one half."""
    boxes, labels = array(strip(0), strip(0, 5)), np.zeros(2, np.int64)
    assert greedy(boxes, labels, 0.5).tolist() == [0, 1]
    assert greedy(boxes, labels, 0.499).tolist() == [0]


def test_greedy_classes_do_not_suppress_each_other() -> None:
    same = array(strip(0), strip(0), strip(0))
    assert greedy(same, np.array([0, 1, 0]), 0.5).tolist() == [0, 1]


@pytest.mark.parametrize("iou", [0.0, 0.3, 0.7])
def test_greedy_equals_torchvision(iou: float) -> None:
    torch, ops = pytest.importorskip("torch"), pytest.importorskip("torchvision.ops")
    rng = np.random.default_rng(3)
    boxes = random_boxes(rng, 200)
    scores = np.sort(rng.random(200).astype(np.float32))[::-1].copy()
    theirs = ops.nms(torch.from_numpy(boxes), torch.from_numpy(scores), iou).numpy()
    np.testing.assert_array_equal(greedy(boxes, np.zeros(200, np.int64), iou), np.sort(theirs))


def test_matrix_decay_worked_out_by_hand() -> None:
    """A 0..10, B 5..15, C 10..20; IoU(A,B) = IoU(B,C) = 1/3, IoU(A,C) = 0.

    B decays by 1 - 1/3 (A has no better box). C by min(1 - 0, (1 - 1/3) / (1 - 1/3)) = 1: B was itself covered.
    """
    decayed = matrix_decay(array(strip(0), strip(5), strip(10)), array(0.9, 0.6, 0.5), np.zeros(3, np.int64))
    np.testing.assert_allclose(decayed, [0.9, 0.6 * 2 / 3, 0.5], rtol=1e-6)


def test_matrix_decay_a_double_goes_to_nothing() -> None:
    decayed = matrix_decay(array(strip(0), strip(0)), array(0.9, 0.8), np.zeros(2, np.int64))
    np.testing.assert_allclose(decayed, [0.9, 0], atol=1e-7)


def test_matrix_decay_classes_do_not_touch_each_other() -> None:
    decayed = matrix_decay(array(strip(0), strip(0), strip(5)), array(0.9, 0.8, 0.6), np.array([0, 1, 1]))
    np.testing.assert_allclose(decayed, [0.9, 0.8, 0.4], rtol=1e-6)


def slow_decay(boxes: Floats, scores: Floats, labels: NDArray[np.int64]) -> list[float]:
    """SOLOv2's eq. 3 to 5, pair by pair: decay_j = min over better i of f(iou_ij) / f(iou_i), f(x) = 1 - x."""
    iou = box_iou(boxes, boxes)

    def better(place: int) -> list[int]:
        return [other for other in range(place) if labels[other] == labels[place]]

    most = [max((iou[i, k] for k in better(i)), default=0.0) for i in range(len(boxes))]
    factors = [min((float((1 - iou[i, j]) / (1 - most[i])) for i in better(j)), default=1.0) for j in range(len(boxes))]
    return [float(score) * min(1.0, factor) for score, factor in zip(scores, factors, strict=True)]


def test_matrix_decay_equals_the_formula_pair_by_pair() -> None:
    rng = np.random.default_rng(5)
    boxes, labels = random_boxes(rng, 60), rng.integers(0, 3, 60)
    scores = np.sort(rng.random(60).astype(np.float32))[::-1].copy()
    np.testing.assert_allclose(matrix_decay(boxes, scores, labels), slow_decay(boxes, scores, labels), rtol=1e-4)


def test_a_box_may_leave_with_two_labels() -> None:
    found = suppress(array(strip(0)), array([0.3, 0.9, 0.05]), GREEDY)
    assert found.labels.tolist() == [1, 0]
    np.testing.assert_array_equal(found.boxes, array(strip(0), strip(0)))


def test_a_score_below_the_threshold_does_not_suppress_and_does_not_leave() -> None:
    found = suppress(array(strip(0), strip(1)), array([0.09], [0.1]), GREEDY)
    assert found.scores.tolist() == array(0.1).tolist()
    assert found.boxes.tolist() == [strip(1)]


def test_matrix_decay_below_the_threshold_is_dropped() -> None:
    """0.3 covered by a twin decays to 0, 0.12 covered by a third to 0.08."""
    boxes = array(strip(0), strip(0), strip(40), strip(45))
    assert suppress(boxes, array([0.9], [0.3], [0.5], [0.12]), MATRIX).scores.tolist() == array(0.9, 0.5).tolist()


def test_only_the_best_enter_and_only_the_best_leave() -> None:
    """Of four strips apart, three may enter and two may leave."""
    boxes = array(*(strip(20 * place) for place in range(4)))
    scores = array([0.2], [0.8], [0.4], [0.6])
    limited = GREEDY.model_copy(update={"before": 3, "keep": 2})
    assert suppress(boxes, scores, limited).boxes[:, 0].tolist() == [20, 60]
    assert len(suppress(boxes, scores, limited.model_copy(update={"keep": 9}))) == 3


@pytest.mark.parametrize("how", [GREEDY, MATRIX])
def test_equal_scores_stay_in_the_order_of_the_network(how: Postprocessing) -> None:
    boxes = array(*(strip(20 * place) for place in range(50)))
    found = suppress(boxes, np.full((50, 1), 0.5, np.float32), how)
    assert all(first < second for first, second in pairwise(found.boxes[:, 0].tolist()))
    assert len(found) == 50


@pytest.mark.parametrize("how", [GREEDY, MATRIX])
@pytest.mark.parametrize("count", [0, 5])
def test_nothing_in_or_nothing_above_gives_nothing(how: Postprocessing, count: int) -> None:
    found = suppress(np.zeros((count, 4), np.float32), np.zeros((count, 2), np.float32), how)
    assert (found.boxes.shape, found.scores.shape, found.labels.shape) == ((0, 4), (0,), (0,))
