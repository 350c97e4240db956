"""`results.json`: mean, SD and pooled value from folds that a person can add up, and what is said of gaps."""

import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from spinedet.annotations.errors import InputError
from spinedet.benchmarks.evaluation import evaluate
from spinedet.benchmarks.results import (
    DetectorResults,
    FoldOutcome,
    FoldResult,
    Results,
    read_results,
    summarise,
    write_results,
)
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.folds import Fold, Folds
from spinedet.detect.contract import Detections, Settings

Draw = Callable[..., Dataset]
Find = Callable[[Sequence[tuple[float, ...]]], Detections]

CLASSES = ("disc", "slip")
DISC, SLIP = ("disc", 0, 0, 10, 10), ("slip", 50, 50, 60, 60)
FOUND_DISC, FOUND_SLIP = (0, 0, 0, 10, 10, 0.9), (1, 50, 50, 60, 60, 0.8)
IMAGES = ("a", "b", "c")
FOLDS = Folds(
    seed=5,
    grouped_by="patient",
    folds=tuple(
        Fold(number, tuple(other for other in IMAGES if other != image), (), (image,))
        for number, image in enumerate(IMAGES, start=1)
    ),
)
SETTINGS = {"fake": Settings(detector="fake", size="n", weights="coco")}
DONE: dict[str, Any] = {
    "detector": "fake",
    "epochs": 4,
    "train_seconds": 10.0,
    "predict_ms_per_image": {"median": 20.0, "p90": 30.0},
    "peak_memory_mb": 500.0,
}


@pytest.fixture
def dataset(draw: Draw) -> Dataset:
    """Three patients with one image each: a disc everywhere, a slip in a and b only."""
    return draw({"a": [DISC, SLIP], "b": [DISC, SLIP], "c": [DISC]}, classes=CLASSES)


@pytest.fixture
def outcomes(find: Find) -> list[FoldOutcome]:
    """Fold 1 finds both, fold 2 the disc only, fold 3 nothing; slow to fast."""
    found = {"a": find([FOUND_DISC, FOUND_SLIP]), "b": find([FOUND_DISC]), "c": find([])}
    times = {1: 30.0, 2: 20.0, 3: 10.0}
    return [
        FoldOutcome(number, {image: found[image]}, DONE | {"train_seconds": times[number], "peak_memory_mb": number})
        for number, image in enumerate(IMAGES, start=1)
    ]


def only(results: Results) -> DetectorResults:
    (detector,) = results.detectors.values()
    return detector


def summary(dataset: Dataset, outcomes: Sequence[FoldOutcome], resamples: int = 0) -> DetectorResults:
    return only(summarise(dataset, FOLDS, {"fake": outcomes}, SETTINGS, resamples=resamples))


def test_mean_sd_and_pooled_value(dataset: Dataset, outcomes: list[FoldOutcome]) -> None:
    # mAP50 by fold: (1 + 1)/2, (1 + 0)/2, 0 (disc only). Pooled: 2 of 3 discs, 1 of 2 slips.
    found = summary(dataset, outcomes)
    assert [row.map50 for row in found.folds] == [1, 1 / 2, 0]
    assert found.map50.mean == 1 / 2
    assert found.map50.sd == pytest.approx(statistics.stdev([1, 1 / 2, 0]))
    assert found.map50.pooled == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert found.ap50["disc"].mean == pytest.approx(2 / 3)
    assert found.ap50["slip"].pooled == 1 / 2
    assert found.coco.ap50 == pytest.approx((67 / 101 + 51 / 101) / 2)


def test_a_class_that_a_fold_lacks_is_left_out_there_and_named(dataset: Dataset, outcomes: list[FoldOutcome]) -> None:
    found = summary(dataset, outcomes)
    assert found.folds[2].ap50 == {"disc": 0, "slip": None}
    assert [row.missing for row in found.folds] == [(), (), ("slip",)]
    assert found.ap50["slip"].mean == 1 / 2  # of folds 1 and 2
    assert found.ap50["slip"].sd == pytest.approx(statistics.stdev([1, 0]))
    assert found.missing == ()


def test_unfinished_folds_are_named_and_not_pooled(dataset: Dataset, outcomes: list[FoldOutcome]) -> None:
    found = summary(dataset, [outcomes[2], outcomes[0]])
    assert [row.fold for row in found.folds] == [1, 3]
    assert found.incomplete == (2,)
    assert found.ap50["disc"].pooled == 1 / 2
    assert found.ap50["slip"].pooled == 1


def test_one_fold_has_no_sd(dataset: Dataset, outcomes: list[FoldOutcome]) -> None:
    found = summary(dataset, outcomes[2:])
    assert (found.map50.mean, found.map50.sd) == (0, None)
    assert found.missing == ("slip",)
    assert found.ap50["slip"].model_dump() == {"mean": None, "sd": None, "pooled": None, "ci95": None}


def test_intervals_come_from_the_pooled_patients(dataset: Dataset, outcomes: list[FoldOutcome]) -> None:
    found = summary(dataset, outcomes, resamples=200)
    together = {image: found for outcome in outcomes for image, found in outcome.predictions.items()}
    whole = evaluate(dataset, together, resamples=200, seed=FOLDS.seed)
    assert found.map50.ci95 == whole.ci95
    assert [figure.ci95 for figure in found.ap50.values()] == [row.ci95 for row in whole.classes]
    assert whole.ci95 is not None


def test_times_and_memory_over_the_folds(dataset: Dataset, outcomes: list[FoldOutcome]) -> None:
    found = summary(dataset, outcomes)
    assert (found.train_seconds, found.peak_memory_mb) == (60, 3)
    assert found.predict_ms_per_image.model_dump() == {"median": 20, "p90": 30}
    assert (found.folds[0].epochs, found.folds[0].train_seconds) == (4, 30)
    assert (found.folds[0].test_images, found.folds[0].test_patients) == (1, 1)
    assert found.weights == "coco"


def test_a_record_without_times_leaves_them_open(dataset: Dataset, find: Find) -> None:
    found = summary(dataset, [FoldOutcome(1, {}, {})])
    assert (found.train_seconds, found.peak_memory_mb, found.folds[0].epochs) == (None, None, None)
    assert found.predict_ms_per_image.model_dump() == {"median": None, "p90": None}


def test_only_the_test_images_of_a_fold_are_judged(dataset: Dataset, find: Find) -> None:
    # Fold 3 also has detections on a training image; they must not help.
    everywhere = {image: find([FOUND_DISC]) for image in ("a", "c")}
    found = summary(dataset, [FoldOutcome(3, everywhere, DONE), FoldOutcome(1, {}, DONE)])
    assert [row.ap50["disc"] for row in found.folds] == [0, 1]
    assert found.ap50["disc"].pooled == 1 / 2


def test_an_outcome_of_no_fold_is_refused(dataset: Dataset) -> None:
    with pytest.raises(InputError, match=r"belongs to no fold(.|\n)*found: 9"):
        summary(dataset, [FoldOutcome(9, {}, DONE)])


def test_the_whole_file(dataset: Dataset, outcomes: list[FoldOutcome], tmp_path: Path) -> None:
    machine, versions = {"cores": 2}, {"numpy": "2"}
    per_fold: Mapping[str, Sequence[FoldOutcome]] = {"fake": outcomes, "not started": []}
    results = summarise(dataset, FOLDS, per_fold, SETTINGS, resamples=9, machine=machine, versions=versions)
    path = tmp_path / "results.json"
    write_results(path, results)
    assert read_results(path) == results
    value = json.loads(path.read_text(encoding="utf-8"))
    assert list(value) == ["schema", "dataset", "protocol", "detectors", "machine", "versions"]
    assert value["dataset"] == {
        "name": "drawn",
        "images": 3,
        "patients": 3,
        "boxes": 5,
        "counts": {"disc": 3, "slip": 2},
        "fingerprint": dataset.fingerprint(),
    }
    assert value["protocol"] == {
        "folds": 3,
        "seed": 5,
        "grouped_by": "patient",
        "iou": 0.5,
        "ap": "all-point",
        "resamples": 9,
    }
    assert list(value["detectors"]) == ["fake"]
    detector = value["detectors"]["fake"]
    assert set(detector["mAP50"]) == set(detector["AP50"]["disc"]) == {"mean", "sd", "pooled", "ci95"}
    assert set(detector["coco"]) == {"AP", "AP50", "AP75"}
    assert detector["folds"][2] == {
        "fold": 3,
        "test_images": 1,
        "test_patients": 1,
        "mAP50": 0.0,
        "AP50": {"disc": 0.0, "slip": None},
        "missing": ["slip"],
        "epochs": 4,
        "train_seconds": 10.0,
    }
    assert detector["settings"]["weights"] == detector["weights"] == "coco"


def test_a_figure_that_is_not_finite_is_null() -> None:
    row = FoldResult(fold=1, test_images=1, test_patients=1, mAP50=float("nan"), AP50={"disc": float("inf")})
    assert row.model_dump(mode="json", by_alias=True)["mAP50"] is None
    assert row.ap50 == {"disc": None}


@pytest.mark.parametrize(
    ("text", "message"), [('{"schema": 2}', "schema"), ("[]", "the whole"), ("{", "no valid JSON")]
)
def test_another_layout_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "results.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_results(path)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no results file"):
        read_results(tmp_path / "results.json")
