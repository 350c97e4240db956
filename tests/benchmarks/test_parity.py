"""The comparison of two frameworks' answers, and the command itself with both frameworks."""

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from spinedet.annotations.errors import WorkError
from spinedet.benchmarks.parity.compare import BOUNDS, beyond, detection_differences, differences
from spinedet.benchmarks.parity.exchange import Arrays, Case, read_case, require_same_layers, write_case
from spinedet.detect.ppyolov2.batches import Batch

ANSWER: Arrays = {
    "outputs/0": np.array([[1.0, -2.0]], np.float32),
    "boxes": np.array([[[0.0, 0.0, 8.0, 8.0]]], np.float32),
    "losses/xy": np.array(200.0, np.float32),
    "gradients/stem": np.array([0.001, -4.0], np.float32),
}

FOUND = np.array([[0, 1, 0.9, 10, 10, 20, 20], [0, 0, 0.5, 30, 30, 44, 44], [1, 1, 0.3, 5, 5, 9, 9]], np.float32)
"""Image, label, score and box of three detections."""


def test_equal_answers_differ_by_nothing() -> None:
    found = differences(ANSWER, dict(ANSWER))
    assert list(found) == list(ANSWER)
    assert set(found.values()) == {0.0}
    assert beyond(found) == {}


@pytest.mark.parametrize(
    ("name", "change", "expected"),
    [
        ("outputs/0", 0.002, 0.002),  # as it is
        ("boxes", 0.125, 0.125),  # in pixels
        ("losses/xy", 0.5, 0.0025),  # of 200
        ("gradients/stem", 1.0, 2**0.5 / 4),  # of 4, in both directions
    ],
)
def test_a_difference_above_its_bound_is_found_and_named(name: str, change: float, expected: float) -> None:
    found = differences(ANSWER, ANSWER | {name: ANSWER[name] + np.float32(change)})
    assert beyond(found) == {name: pytest.approx(expected, rel=1e-3)}


def test_a_difference_within_its_bound_is_let_pass() -> None:
    found = differences(ANSWER, ANSWER | {"losses/xy": np.array(200.1, np.float32)})
    assert 0 < found["losses/xy"] < BOUNDS["losses"]
    assert beyond(found) == {}


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("name", ANSWER)
def test_what_is_no_number_differs_even_from_itself(name: str, value: float) -> None:
    broken = ANSWER[name].copy()
    broken.flat[0] = value
    for reference, other in ((ANSWER, ANSWER | {name: broken}), (ANSWER | {name: broken},) * 2):
        assert list(beyond(differences(reference, other))) == [name]


@pytest.mark.parametrize("name", ANSWER)
def test_a_missing_array_and_another_shape_differ(name: str) -> None:
    less = {key: value for key, value in ANSWER.items() if key != name}
    longer = ANSWER | {name: np.append(ANSWER[name], 0)}
    for reference, other in ((ANSWER, less), (less, ANSWER), (ANSWER, longer)):
        assert beyond(differences(reference, other)) == {name: math.inf}


def test_beside_zeros_only_zeros_are_the_same() -> None:
    zeros, other = ({"gradients/stem": np.array([value, 0], np.float32)} for value in (0, 1e-9))
    assert beyond(differences(zeros, zeros)) == {}
    assert beyond(differences(zeros, other)) == {"gradients/stem": math.inf}


def test_every_step_of_a_training_counts_by_itself() -> None:
    """Half a unit is little beside 100 and much beside 2."""
    steps, others = ({"training/loss": np.array([100, last], np.float32)} for last in (2, 2.5))
    assert differences(steps, others) == {"training/loss": 0.25}


def test_detections_in_another_order_are_the_same() -> None:
    assert detection_differences(FOUND, FOUND[::-1]) == {"boxes/detections": 0.0, "scores/detections": 0.0}


def test_a_shifted_detection_is_measured() -> None:
    moved = FOUND.copy()
    moved[1, 3] += 0.25
    moved[2, 2] -= 0.125
    found = detection_differences(FOUND, moved)
    assert found == {"boxes/detections": 0.25, "scores/detections": pytest.approx(0.125)}
    assert set(beyond(found)) == set(found)


@pytest.mark.parametrize("column", [0, 1], ids=["image", "label"])
def test_a_detection_of_another_image_or_class_is_another_one(column: int) -> None:
    other = FOUND.copy()
    other[2, column] = 7
    assert set(detection_differences(FOUND, other).values()) == {math.inf}


@pytest.mark.parametrize("others", [FOUND[:2], FOUND[:0]], ids=["one missing", "none"])
def test_a_missing_detection_differs_on_whichever_side(others: np.ndarray) -> None:
    for pair in ((FOUND, others), (others, FOUND)):
        assert set(detection_differences(*pair).values()) == {math.inf}


def test_a_detection_that_just_passes_the_threshold_may_be_missing() -> None:
    weak = np.array([[0, 0, 0.0103, 0, 0, 9, 9]], np.float32)
    found = detection_differences(np.concatenate([FOUND, weak]), FOUND)
    assert beyond(found) == {}


def test_no_detection_at_all_proves_nothing() -> None:
    assert set(detection_differences(FOUND[:0], FOUND[:0]).values()) == {math.inf}


def test_a_case_comes_back_as_it_was_written(tmp_path: Path) -> None:
    images, boxes = np.ones((1, 3, 2, 2), np.float32), np.array([[[0, 0, 1, 2]]], np.float32)
    batch = Batch(("a",), images, boxes, np.array([[1]]), np.array([[0.5]], np.float32))
    write_case(tmp_path, Case("r18", 3, 0.25, {"stem.weight": images}, (batch,)))
    case = read_case(tmp_path)
    assert (case.size, case.classes, case.learning_rate) == ("r18", 3, 0.25)
    assert list(case.weights) == ["stem.weight"]
    assert case.batches[0].names == ("a",)
    for part in ("images", "boxes", "labels", "shares"):
        back, drawn = getattr(case.batches[0], part), getattr(batch, part)
        assert back.dtype == drawn.dtype
        np.testing.assert_array_equal(back, drawn)


def test_layers_of_one_network_alone_are_told() -> None:
    drawn = {"stem": np.zeros(3), "neck": np.zeros((2, 2))}
    require_same_layers(drawn, dict(drawn))
    with pytest.raises(WorkError, match=r"head missing and \(1,\), neck \(2, 2\) and \(2, 3\)"):
        require_same_layers(drawn, drawn | {"neck": np.zeros((2, 3)), "head": np.zeros(1)})


def run_command(*words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-P", "-m", "spinedet.benchmarks.parity", *words]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False, timeout=600)


@pytest.mark.parametrize("words", [["--image-size", "100"], ["--image-size", "64"], ["--sizes", "r34"]])
def test_impossible_words_are_told(words: list[str]) -> None:
    done = run_command(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


@pytest.mark.frameworks
def test_r18_is_the_same_network_in_both_frameworks() -> None:
    done = run_command("--sizes", "r18", "--image-size", "96")
    told = json.loads(done.stdout)["parity"]
    assert (done.returncode, told["holds"]) == (0, True), done.stderr
    assert told["r18"]["facts"]["detections"] > 50
    kinds = {name.partition("/")[0] for part in ("r18", "training") for name in told[part]["differences"]}
    assert kinds == set(BOUNDS)
    for part in ("r18", "training"):
        assert all(value <= BOUNDS[name.partition("/")[0]] for name, value in told[part]["differences"].items())
