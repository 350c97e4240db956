"""The evaluator against published values, and what it says where a figure does not exist."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError
from spinedet.annotations.voc import Annotation, VocObject, write_voc
from spinedet.benchmarks.average_precision import Rule
from spinedet.benchmarks.evaluation import evaluate, patient_numbers
from spinedet.datasets.dataset import Dataset
from spinedet.detect.contract import Detections
from spinedet.detect.predictions import read_predictions

Draw = Callable[..., Dataset]
Find = Callable[[Sequence[tuple[float, ...]]], Detections]

DISC = ("disc", 0, 0, 10, 10)

# The worked example of rafaelpadilla/review_object_detection_metrics (MIT licence): 7 images, 15 objects and 24
# detections. VOC corners, 1-based and inclusive; a detection starts with its score.
VECTOR_OBJECTS = {
    "00001": [(25, 16, 63, 72), (129, 123, 170, 185)],
    "00002": [(123, 11, 166, 66), (38, 132, 97, 177)],
    "00003": [(16, 14, 51, 62), (123, 30, 172, 74), (99, 139, 146, 186)],
    "00004": [(53, 42, 93, 94), (154, 43, 185, 77)],
    "00005": [(59, 31, 103, 82), (48, 128, 82, 180)],
    "00006": [(36, 89, 88, 165), (62, 58, 106, 125)],
    "00007": [(28, 31, 83, 94), (58, 67, 108, 125)],
}
VECTOR_DETECTIONS = {
    "00001": [(0.88, 5, 67, 36, 115), (0.7, 119, 111, 159, 178), (0.8, 124, 9, 173, 76)],
    "00002": [(0.71, 64, 111, 128, 169), (0.54, 26, 140, 86, 187), (0.74, 19, 18, 62, 53)],
    "00003": [
        (0.18, 109, 15, 186, 54),
        (0.67, 86, 63, 132, 108),
        (0.38, 160, 62, 196, 115),
        (0.91, 105, 131, 152, 178),
        (0.44, 18, 148, 58, 192),
    ],
    "00004": [(0.35, 83, 28, 111, 54), (0.78, 28, 68, 70, 135), (0.45, 87, 89, 112, 128), (0.14, 10, 155, 70, 181)],
    "00005": [(0.62, 50, 38, 78, 84), (0.44, 95, 11, 148, 39), (0.95, 29, 131, 101, 160), (0.23, 29, 163, 101, 192)],
    "00006": [(0.45, 43, 48, 117, 86), (0.84, 17, 155, 46, 190), (0.43, 95, 110, 120, 152)],
    "00007": [(0.48, 16, 20, 117, 108), (0.95, 33, 116, 70, 165)],
}
PUBLISHED = [
    (0.10, "all-point", 0.3371980676),
    (0.30, "all-point", 0.2456866805),
    (0.50, "all-point", 0.0222222222),
    (0.75, "all-point", 0.0),
    (0.10, "11-point", 0.3333333333),
    (0.30, "11-point", 0.2683982684),
    (0.50, "11-point", 0.0303030303),
    (0.75, "11-point", 0.0),
]


@pytest.fixture
def vector(tmp_path: Path) -> tuple[Dataset, dict[str, Detections]]:
    """The worked example, written as a dataset folder without images and a predictions file, and read again."""
    for image, corners in VECTOR_OBJECTS.items():
        objects = tuple(VocObject("object", Box.from_voc(*box)) for box in corners)
        (tmp_path / "Annotations").mkdir(exist_ok=True)
        write_voc(tmp_path / "Annotations" / f"{image}.xml", Annotation(f"{image}.jpg", 200, 200, objects))
    rows = [
        {"image": image, "label": "object", "box": Box.from_voc(*box), "score": score}
        for image, found in VECTOR_DETECTIONS.items()
        for score, *box in found
    ]
    path = tmp_path / "predictions.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    dataset = Dataset.load(tmp_path, with_images=False)
    return dataset, read_predictions(path, dataset)


@pytest.mark.parametrize(("iou", "rule", "published"), PUBLISHED)
def test_published_values(
    vector: tuple[Dataset, dict[str, Detections]], iou: float, rule: Rule, published: float
) -> None:
    evaluation = evaluate(*vector, iou=iou, rule=rule)
    assert (evaluation.images, evaluation.classes[0].objects, evaluation.classes[0].detections) == (7, 15, 24)
    assert evaluation.mean_ap == pytest.approx(published, abs=1e-6)


def test_a_class_without_objects_is_named_and_left_out_of_the_mean(draw: Draw, find: Find) -> None:
    # disc 1, slip 0; "other" was found but never drawn: the mean is 1/2, not 1/3.
    dataset = draw({"a": [DISC, ("slip", 50, 50, 60, 60)]}, classes=("disc", "slip", "other"))
    found = find([(0, 0, 0, 10, 10, 0.9), (2, 0, 0, 10, 10, 0.8)])
    evaluation = evaluate(dataset, {"a": found})
    assert evaluation.ap == {"disc": 1.0, "slip": 0.0, "other": None}
    assert evaluation.missing == ("other",)
    assert evaluation.mean_ap == 1 / 2


def test_a_class_with_difficult_objects_only_has_no_ap(draw: Draw, find: Find) -> None:
    evaluation = evaluate(draw({"a": [(*DISC, True)]}), {"a": find([(0, 0, 0, 10, 10, 0.9)])}, resamples=10)
    assert (evaluation.mean_ap, evaluation.ci95, evaluation.missing) == (None, None, ("disc",))
    assert evaluation.classes[0].detections == 0


def test_nothing_found_scores_0(draw: Draw) -> None:
    evaluation = evaluate(draw({"a": [DISC], "b": [DISC]}), {}, resamples=10)
    assert (evaluation.mean_ap, evaluation.ci95) == (0.0, (0.0, 0.0))
    assert (evaluation.classes[0].hits, evaluation.coco.ap) == (0, 0.0)


def test_intervals_enclose_the_value_and_follow_the_seed(draw: Draw, find: Find) -> None:
    # Half of 20 patients have their disc found.
    dataset = draw({f"p{n:02}": [DISC] for n in range(20)})
    found = {f"p{n:02}": find([(0, 0, 0, 10, 10, 0.9)]) for n in range(10)}
    first = evaluate(dataset, found, resamples=500, seed=3)
    assert first.ci95 is not None
    assert 0.2 < first.ci95[0] < 0.5 < first.ci95[1] < 0.8
    assert first.classes[0].ci95 == first.ci95
    assert evaluate(dataset, found, resamples=500, seed=3) == first
    assert (first.patients, first.resamples) == (20, 500)


def test_without_patients_there_is_a_value_but_no_interval(vector: tuple[Dataset, dict[str, Detections]]) -> None:
    assert evaluate(*vector).patients is None
    with pytest.raises(InputError, match=r"patients\.csv"):
        evaluate(*vector, resamples=10)


def test_a_dataset_without_images_has_no_figures(draw: Draw) -> None:
    evaluation = evaluate(draw({}), {}, resamples=3)
    assert (evaluation.images, evaluation.mean_ap, evaluation.ci95, evaluation.coco.ap) == (0, None, None, None)


def test_a_negative_number_of_resamples_is_refused(draw: Draw) -> None:
    with pytest.raises(InputError, match="0 or more"):
        evaluate(draw({"a": [DISC]}), {}, resamples=-1)


def test_patients_are_numbered_by_name(draw: Draw) -> None:
    dataset = draw({"a": [], "b": [], "c": []}, patients={"a": "zoe", "b": "ann", "c": "zoe"})
    np.testing.assert_array_equal(patient_numbers(dataset), [1, 0, 1])


def test_as_dict_is_plain_json(draw: Draw) -> None:
    value = evaluate(draw({"a": [(*DISC, True)]}), {}).as_dict()
    assert json.loads(json.dumps(value, allow_nan=False)) == value
    assert value["coco"] == {"AP": None, "AP50": None, "AP75": None}
    assert value["classes"][0] == {
        "label": "disc",
        "objects": 0,
        "detections": 0,
        "hits": 0,
        "ap": None,
        "ci95": None,
    }


@settings(max_examples=30, deadline=None)
@given(order=st.permutations(range(6)), scores=st.lists(st.floats(0, 1, width=32), min_size=6, max_size=6, unique=True))
def test_the_order_of_images_is_irrelevant(draw: Draw, find: Find, order: list[int], scores: list[float]) -> None:
    # Three images have their disc found, three have a false detection; renaming moves them within the dataset.
    found = [find([(0, 0, 0, 10, 10 if n % 2 else 4, score)]) for n, score in enumerate(scores)]
    dataset = draw({f"p{n}": [DISC] for n in range(6)})
    straight = evaluate(dataset, {f"p{n}": found[n] for n in range(6)})
    moved = evaluate(dataset, {f"p{n}": found[place] for n, place in enumerate(order)})
    assert moved == straight
