"""Runs of whole images whose class scores are written by hand: what is read, measured, compared and left out."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from sklearn.metrics import auc

from spinedet.annotations.errors import InputError
from spinedet.benchmarks.whole_image.outcomes import check_one_answer, flat_images, read_outcomes, true_numbers
from spinedet.benchmarks.whole_image.run import FILE, Results, measure_run, read_results, write_results
from spinedet.benchmarks.whole_image.within import mean_area, mean_curve, mean_difference
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.tasks import Task
from spinedet.detect.jobs import SCORES_FILE

MakeTask = Callable[..., Task]
RESAMPLES = 50


def number_of(image: str) -> int:
    return int(image[1:3])


def perfect(image: str) -> Sequence[float]:
    """Ill patients have odd numbers."""
    return (0.1, 0.9) if number_of(image) % 2 else (0.8, 0.2)


def blind(image: str) -> Sequence[float]:
    """A score that grows with the number, whatever the patient has."""
    share = 0.3 + number_of(image) / 40
    return (1 - share, share)


def measured(run: Any, task: Task, **given: Any) -> Results:
    outcomes = read_outcomes(run.folder, run.data, run.folds, task, ("perfect",))
    numbers = true_numbers(run.data, task)
    return measure_run(outcomes, run.data, run.folds, task, numbers, resamples=RESAMPLES, **given)


def test_a_perfect_model_is_right_everywhere_and_better_than_a_blind_one(hand_made: Any, task: MakeTask) -> None:
    run = hand_made()
    run.add("blind", blind)
    run.add("perfect", perfect)
    found = measured(run, task(2, positive=["ill"]))
    assert [one.name for one in found.detectors] == ["perfect", "blind"]  # the order that was asked for
    best, other = found.detectors
    assert best.area is not None
    assert other.area is not None
    assert best.area.value == 1
    assert best.figures.image.all.rows == 24
    assert best.figures.patient is not None
    assert best.figures.patient.all.rows == 12
    assert best.figures.image.all.diagnosis is not None
    assert best.figures.image.all.diagnosis.sensitivity.counts == {"hits": 12, "of": 12}
    assert (best.train_seconds, best.predict_ms_per_image) == (60.0, 2.0)
    (pair,) = found.pairs
    assert pair.area is not None
    assert pair.area.value == pytest.approx(1 - (other.area.value or 0))
    assert pair.image is not None
    assert pair.image.images == 24
    assert pair.error is None  # classes have no distance


def test_the_operating_point_comes_from_validation_and_a_wanted_sensitivity_is_kept(
    hand_made: Any, task: MakeTask
) -> None:
    run = hand_made()
    run.add("perfect", perfect)
    ill = task(2, positive=["ill"])
    for one in (measured(run, ill), measured(run, ill, sensitivity=0.9)):
        points = [choice.point for choice in one.detectors[0].figures.image.choices]
        assert [point.threshold for point in points if point] == [pytest.approx(0.55)] * 2
    assert points[0] is not None
    assert points[0].rule == "sensitivity of at least 0.9"


def test_without_validation_images_the_threshold_is_a_half(hand_made: Any, task: MakeTask) -> None:
    run = hand_made(val=0.0)
    run.add("perfect", perfect)
    found = measured(run, task(2, positive=["ill"]))
    choice = found.detectors[0].figures.image.choices[0]
    assert choice.point is not None
    assert (choice.point.threshold, choice.point.rule) == (0.5, "fixed")
    assert found.material.validation == {"1": 0, "2": 0}


def test_an_unfinished_fold_is_named_and_its_images_left_out(hand_made: Any, task: MakeTask) -> None:
    run = hand_made()
    run.add("perfect", perfect)
    run.add("late", blind, unfinished=[2])
    found = measured(run, task(2, positive=["ill"]))
    late = found.detectors[1]
    assert (late.folds, late.unfinished) == ((1,), (2,))
    assert late.figures.image.all.rows == len(run.folds.folds[0].test)
    assert found.pairs[0].folds == (1,)
    assert found.pairs[0].image is not None
    assert found.pairs[0].image.images == len(run.folds.folds[0].test)


def test_results_are_read_as_they_were_written(hand_made: Any, task: MakeTask, tmp_path: Path) -> None:
    run = hand_made()
    run.add("perfect", perfect)
    run.add("blind", blind)
    found = measured(run, task(2, positive=["ill"]))
    write_results(tmp_path / FILE, found)
    assert read_results(tmp_path / FILE) == found
    assert json.loads((tmp_path / FILE).read_text(encoding="utf-8"))["schema"] == 1
    (tmp_path / FILE).write_text('{"schema": 7}', encoding="utf-8")
    with pytest.raises(InputError, match="no results file"):
        read_results(tmp_path / FILE)


def test_grades_are_compared_by_how_far_they_are_off(hand_made: Any, task: MakeTask) -> None:
    """Always saying the middle grade of three is off by two thirds of a grade; the truth is off by none."""
    run = hand_made(3)
    run.add("perfect", lambda image: [0.9 if place == number_of(image) % 3 else 0.05 for place in range(3)])
    run.add("middle", lambda image: (0.1, 0.8, 0.1))
    found = measured(run, task(3, kind="grades", cut="odd"))
    assert found.pairs[0].error is not None
    assert found.pairs[0].error.value == pytest.approx(-2 / 3)
    assert found.detectors[0].figures.image.all.grades is not None
    assert found.detectors[0].figures.image.all.grades.kappa.value == 1


def test_the_true_number_is_that_of_the_label_and_not_of_its_bin(hand_made: Any, task: MakeTask) -> None:
    """One box says 13 where its bin stands for 10: the model that says 10 is off by 3 in that image alone."""
    run = hand_made()
    path = run.data.folder / "Annotations" / "p00a.xml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("</object>", "<value>13.0</value></object>"), encoding="utf-8")
    asked = task(2, kind="number", values=[10, 20], unit="months")
    data = Dataset.load(run.data.folder, classes=asked.classes)
    numbers = true_numbers(data, asked)
    assert numbers is not None
    assert (numbers["p00a"], numbers["p00b"], numbers["p01a"]) == (13, 10, 20)
    run.add("perfect", lambda image: (0.0, 1.0) if number_of(image) % 2 else (1.0, 0.0))
    outcomes = read_outcomes(run.folder, data, run.folds, asked)
    found = measure_run(outcomes, data, run.folds, asked, numbers, resamples=RESAMPLES)
    assert found.detectors[0].figures.image.all.numbers is not None
    assert found.detectors[0].figures.image.all.numbers.mean_absolute_error.value == pytest.approx(3 / 24)
    assert found.detectors[0].area is None  # nothing is positive


def test_a_number_that_is_none_is_refused_with_its_image(hand_made: Any, task: MakeTask) -> None:
    run = hand_made()
    path = run.data.folder / "Annotations" / "p03b.xml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("</object>", "<value>old</value></object>"), encoding="utf-8")
    with pytest.raises(InputError, match="p03b"):
        true_numbers(Dataset.load(run.data.folder), task(2, kind="number", values=[10, 20]))


def test_images_without_one_answer_are_counted_and_named(make_dataset: Callable[..., Path]) -> None:
    whole = ("ill", 1, 1, 64, 48)
    data = Dataset.load(make_dataset({"a": ("A", [whole]), "b": ("B", []), "c": ("C", [whole, ("ill", 1, 1, 9, 9)])}))
    with pytest.raises(InputError, match="1 without a box: b; 1 with several boxes: c"):
        check_one_answer(data)


def test_a_class_that_a_fold_lacks_is_told(hand_made: Any, task: MakeTask) -> None:
    """Of four classes three patients each: two folds' validation parts of one or two patients cannot have all."""
    run = hand_made(4)
    run.add("perfect", lambda image: [0.7 if place == number_of(image) % 4 else 0.1 for place in range(4)])
    found = measured(run, task(4, positive=["ill", "odd"]))
    assert any("is missing from the validation part" in sentence for sentence in found.material.gaps)


def test_damaged_class_scores_are_refused_with_their_file(hand_made: Any, task: MakeTask) -> None:
    run = hand_made()
    run.add("perfect", perfect)
    path = run.folder / "perfect" / "fold1" / SCORES_FILE
    content = json.loads(path.read_text(encoding="utf-8"))
    content["test"].popitem()
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InputError, match="other images"):
        read_outcomes(run.folder, run.data, run.folds, task(2))
    path.write_text('{"classes": 3}', encoding="utf-8")
    with pytest.raises(InputError, match="damaged"):
        read_outcomes(run.folder, run.data, run.folds, task(2))


def test_the_area_within_folds_does_not_care_for_the_scale_of_a_fold(table: Callable[..., Any]) -> None:
    """Each fold ranks perfectly, and the second one's healthy score lies above the first one's ill score."""
    rows = [("p1", 0, 0.1), ("p2", 1, 0.2), ("p3", 0, 0.8), ("p4", 1, 0.9)]
    shifted, half = table(rows, [1, 1, 2, 2]), table([(*row[:2], 0.5) for row in rows], [1, 1, 2, 2])
    assert mean_area(shifted, ["ill"], 0, 0).value == 1
    assert mean_area(half, ["ill"], 0, 0).value is None
    assert mean_difference(shifted, half, ["ill"], 0, 0).why == "no fold has both areas"
    assert mean_difference(shifted, shifted, ["ill"], 0, 0).value == 0


def test_the_area_under_the_mean_curve_is_the_mean_of_the_areas(table: Callable[..., Any]) -> None:
    """One fold ranks perfectly (1), in the other one of two pairs is the wrong way round (1/2): 3/4."""
    rows = [("p1", 0, 0.1), ("p2", 1, 0.2), ("p3", 0, 0.3), ("p4", 1, 0.4), ("p5", 0, 0.5)]
    folded = table(rows, [1, 1, 2, 2, 2])
    x, y = mean_curve(folded, ["ill"])
    assert mean_area(folded, ["ill"], 0, 0).value == 0.75
    assert auc(x, y) == pytest.approx(0.75)
    assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 1, 1)
    assert mean_curve(table([("p1", 0, 0.5)]), ["ill"])[0].size == 0


def test_images_that_show_nothing_are_counted_and_named(hand_made: Any, task: MakeTask) -> None:
    """Of 24 grey images two are left so; they stay in every figure, and the page's notes name them."""
    run = hand_made()
    run.add("perfect", perfect)
    for item in run.data.items:
        if item.image not in {"p03a", "p07b"}:
            pixels = np.arange(64 * 48, dtype=np.uint8).reshape(48, 64)
            item.path.write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    found = measured(run, task(2, positive=["ill"]))
    said = "The pixels of 2 images are all equal, so that nothing can be told by them: p03a, p07b."
    assert said in found.material.gaps
    assert found.detectors[0].figures.image.all.rows == 24
    assert flat_images(run.data.without_images()) == ()
