"""The page of whole images: what it says first, what it warns of, and that every kind of task has its sections."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spinedet.annotations.errors import InputError
from spinedet.benchmarks.whole_image.looking import choose_cases
from spinedet.benchmarks.whole_image.outcomes import read_outcomes, true_numbers
from spinedet.benchmarks.whole_image.page import PAGE, finding, write_whole_image_page
from spinedet.benchmarks.whole_image.run import Results, measure_run
from spinedet.datasets.tasks import Task

MakeTask = Callable[..., Task]


def right(image: str) -> Sequence[float]:
    return (0.1, 0.9) if int(image[1:3]) % 2 else (0.8, 0.2)


def growing(image: str) -> Sequence[float]:
    share = 0.3 + int(image[1:3]) / 40
    return (1 - share, share)


def page_of(run: Any, task: Task, folder: Path) -> tuple[Results, str]:
    outcomes = read_outcomes(run.folder, run.data, run.folds, task, ("yolov5", "resnet50"))
    numbers = true_numbers(run.data, task)
    results = measure_run(outcomes, run.data, run.folds, task, numbers, resamples=50)
    path = write_whole_image_page(
        folder / PAGE, results, outcomes, run.data, numbers, "spinedet benchmark X", examples=False
    )
    return results, path.read_text(encoding="utf-8")


def test_the_first_sentence_compares_the_best_detector_with_resnet50(
    hand_made: Any, task: MakeTask, tmp_path: Path
) -> None:
    run = hand_made()
    run.add("yolov5", growing)
    run.add("resnet50", right)
    results, page = page_of(run, task(2, positive=["ill"]), tmp_path)
    said = finding(results)
    assert said.startswith("ResNet50 ranks best, with an AUC of 1.000")
    assert "YOLOv5, the best detector, is behind ResNet50: their areas differ by \N{MINUS SIGN}0." in said
    assert "YOLOv5 and ResNet50 on" in page
    assert "spinedet benchmark X" in page
    assert "This page holds images of patients" not in page  # none were asked for


def test_a_detector_as_good_as_resnet50_is_no_worse(hand_made: Any, task: MakeTask, tmp_path: Path) -> None:
    run = hand_made()
    run.add("yolov5", right)
    run.add("resnet50", right)
    results, _ = page_of(run, task(2, positive=["ill"]), tmp_path)
    assert "It is no worse than ResNet50: their areas differ by 0.000" in finding(results)


def test_what_is_missing_stands_at_the_top(hand_made: Any, task: MakeTask, tmp_path: Path) -> None:
    run = hand_made(val=0.0)
    run.add("yolov5", lambda image: (0.5, 0.5), unfinished=[2])
    results, page = page_of(run, task(2, positive=["ill"]), tmp_path)
    assert finding(results) == "No detector has an area under the curve yet."
    assert "YOLOv5: fold 2 not finished" in page
    assert "No validation images were set aside" in page


@pytest.mark.parametrize(
    ("given", "heading"),
    [
        ({"kind": "grades"}, "How far are the grades off?"),
        ({"kind": "number", "values": [10, 20], "unit": "months"}, "Limits of agreement"),
        ({"kind": "classes"}, "Mean AUC"),
    ],
)
def test_tasks_without_positive_classes_have_figures_of_their_own(
    hand_made: Any, task: MakeTask, tmp_path: Path, given: dict[str, Any], heading: str
) -> None:
    run = hand_made()
    run.add("yolov5", right)
    run.add("resnet50", growing)
    results, page = page_of(run, task(2, **given), tmp_path)
    assert heading in page
    assert "Do they tell" not in page
    assert finding(results).startswith("YOLOv5")


def test_a_file_of_somebody_else_is_not_overwritten(hand_made: Any, task: MakeTask, tmp_path: Path) -> None:
    run = hand_made()
    run.add("yolov5", right)
    (tmp_path / PAGE).write_text("my notes", encoding="utf-8")
    with pytest.raises(InputError, match="no page of spinedet"):
        page_of(run, task(2, positive=["ill"]), tmp_path)


def test_cases_are_the_clearest_of_each_kind(table: Callable[..., Any], task: MakeTask) -> None:
    """Positive from 0.5 on: b is the surest found, c the clearest missed, e a false alarm, f rightly let go."""
    rows = [("p1", 1, 0.7), ("p2", 1, 0.9), ("p3", 1, 0.1), ("p4", 1, 0.4), ("p5", 0, 0.8), ("p6", 0, 0.2)]
    scores = table(rows)
    chosen = choose_cases(scores, task(2, positive=["ill"]), scores.scores[:, 1] >= 0.5)
    assert [(case.image, case.kind, case.label) for case in chosen] == [
        ("b", "found", 1),
        ("f", "rightly let go", 0),
        ("c", "missed", 0),
        ("e", "false alarm", 1),
    ]


def test_cases_of_numbers_are_the_nearest_and_the_furthest(table: Callable[..., Any], task: MakeTask) -> None:
    scores = table([("p1", 1, 0.7), ("p2", 1, 0.9), ("p3", 1, 0.1), ("p4", 0, 0.9)])
    off = np.array([3.0, 1.0, -9.0, 8.0])
    chosen = choose_cases(scores, task(2, kind="number", values=[10, 20]), np.zeros(4, bool), off)
    assert [case.image for case in chosen] == ["b", "a", "c", "d"]
    assert [case.right for case in chosen] == [True, True, False, False]
