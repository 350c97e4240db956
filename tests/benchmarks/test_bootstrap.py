"""Intervals from resampled patients, held against copies of images that are really made."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

import spinedet.benchmarks.bootstrap as module
from spinedet.benchmarks.average_precision import Rule
from spinedet.benchmarks.bootstrap import bootstrap, interval, mean_over_classes
from spinedet.benchmarks.evaluation import class_precisions, patient_numbers
from spinedet.benchmarks.matching import match_detections
from spinedet.datasets.dataset import Dataset
from spinedet.detect.contract import Detections

Draw = Callable[..., Dataset]
Find = Callable[[Sequence[tuple[float, ...]]], Detections]

CLASSES = ("disc", "slip")


def six_images(draw: Draw, find: Find) -> tuple[Dataset, dict[str, Detections]]:
    """Three patients with two images each: a disc in every image, a slip in the last patient's only, random boxes."""
    generator = np.random.default_rng(4)
    rows: dict[str, list[tuple[object, ...]]] = {f"p{n // 2}_{n}": [("disc", 10, 10, 30, 20)] for n in range(6)}
    rows["p2_4"].append(("slip", 50, 50, 70, 70))
    found = {}
    for image in rows:
        corners = np.array([[10, 10, 30, 20], [50, 50, 70, 70]])[generator.integers(0, 2, 4)]
        boxes = corners + generator.integers(-3, 4, (4, 4))
        labels, scores = generator.integers(0, 2, 4), generator.random(4)
        found[image] = find([(label, *box, score) for label, box, score in zip(labels, boxes, scores, strict=True)])
    patients = {image: image[:2] for image in rows}
    return draw(rows, classes=CLASSES, patients=patients), found


def with_copies(
    dataset: Dataset, found: Mapping[str, Detections], drawn: NDArray[np.int64], draw: Draw
) -> tuple[Dataset, dict[str, Detections]]:
    """The dataset in which every patient that was drawn is present as often as it was drawn."""
    rows, copies = {}, {}
    for turn, patient in enumerate(drawn):
        for item in dataset.items:
            if item.patient == dataset.patients[patient]:
                name = f"{item.image} copy {turn}"
                rows[name] = [(thing.name, *thing.box, thing.difficult) for thing in item.annotation.objects]
                copies[name] = found[item.image]
    return draw(rows, classes=CLASSES), copies


@pytest.mark.parametrize("rule", ["all-point", "11-point"])
def test_weights_equal_copies(draw: Draw, find: Find, rule: Rule) -> None:
    dataset, found = six_images(draw, find)
    values = bootstrap(match_detections(dataset, found), patient_numbers(dataset), resamples=20, seed=7, rule=rule)
    generator = np.random.default_rng(7)
    for row in values:
        copied, copies = with_copies(dataset, found, generator.integers(3, size=3), draw)
        expected = class_precisions(match_detections(copied, copies), rule).values()
        np.testing.assert_allclose(row, [np.nan if value is None else value for value in expected], atol=1e-12)
    assert np.isnan(values).any()  # a resample without the third patient has no slip
    assert len(np.unique(values[:, 0])) > 3


def test_one_seed_gives_one_result_whatever_the_chunks(draw: Draw, find: Find, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset, found = six_images(draw, find)
    matches, patients = match_detections(dataset, found), patient_numbers(dataset)
    whole = bootstrap(matches, patients, resamples=50, seed=1)
    monkeypatch.setattr(module, "CHUNK_CELLS", 40)
    np.testing.assert_array_equal(bootstrap(matches, patients, resamples=50, seed=1), whole)
    assert not np.array_equal(bootstrap(matches, patients, resamples=50, seed=2), whole, equal_nan=True)


def test_images_of_one_patient_stay_together(draw: Draw, find: Find) -> None:
    # One patient, one disc found and one not: every resample is the patient again, so nothing varies.
    rows = {"a": [("disc", 0, 0, 10, 10)], "b": [("disc", 0, 0, 10, 10)]}
    found = {"a": find([(0, 0, 0, 10, 10, 0.9)])}
    together = draw(rows, patients={"a": "ann", "b": "ann"})
    apart = draw(rows, patients={"a": "ann", "b": "bob"})
    matches = match_detections(together, found)
    assert set(bootstrap(matches, patient_numbers(together), resamples=30)[:, 0]) == {0.5}
    assert set(bootstrap(matches, patient_numbers(apart), resamples=30)[:, 0]) == {0.0, 0.5, 1.0}


def test_nothing_found_scores_0_in_every_resample(draw: Draw) -> None:
    dataset = draw({"a": [("disc", 0, 0, 10, 10)], "b": [("disc", 0, 0, 10, 10)]})
    values = bootstrap(match_detections(dataset, {}), patient_numbers(dataset), resamples=5)
    np.testing.assert_array_equal(values, np.zeros((5, 1)))


def test_a_class_that_a_resample_lacks_is_left_out_of_its_mean() -> None:
    values = np.array([[0.5, 1.0], [0.5, np.nan], [np.nan, np.nan]])
    np.testing.assert_array_equal(mean_over_classes(values), [0.75, 0.5, np.nan])


def test_the_interval_holds_the_middle_95_per_cent() -> None:
    values = np.append(np.arange(1001) / 1000, np.nan)
    assert interval(values) == pytest.approx((0.025, 0.975))
    assert interval(np.array([np.nan])) is None
