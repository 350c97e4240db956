"""`predictions.json`: what is written is what is read, and one clear line for each thing that can be wrong."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinedet.annotations.errors import InputError, WorkError
from spinedet.annotations.voc import Annotation
from spinedet.datasets.card import Card
from spinedet.datasets.dataset import Dataset, Item
from spinedet.detect.contract import Detections
from spinedet.detect.predictions import OrderedDetections, read_predictions, write_predictions

IMAGES = ("ann_1", "ann_2", "bob_1")
DATASET = Dataset(
    Path("spines"),
    Card(),
    ("disc", "herniation"),
    tuple(Item(image, None, Annotation("", 100, 100)) for image in IMAGES),
)
ROW: dict[str, Any] = {"image": "ann_1", "label": "disc", "box": [1, 2.5, 30, 40], "score": 0.75}


def saved(path: Path, value: Any) -> Path:
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return path


def test_every_image_has_its_detections_best_first(tmp_path: Path) -> None:
    better = ROW | {"label": "herniation", "score": 0.9, "area": "unknown keys are left alone"}
    found = read_predictions(saved(tmp_path / "p.json", [ROW, ROW | {"image": "bob_1"}, better]), DATASET)
    assert tuple(found) == IMAGES
    assert [len(one) for one in found.values()] == [2, 0, 1]
    np.testing.assert_array_equal(found["ann_1"].boxes, np.array([[1, 2.5, 30, 40]] * 2, np.float32))
    np.testing.assert_array_equal(found["ann_1"].scores, np.array([0.9, 0.75], np.float32))
    assert found["ann_1"].labels.tolist() == [1, 0]
    assert found["ann_1"].boxes.dtype == np.dtype(np.float32)
    assert found["ann_1"].labels.dtype == np.dtype(np.int64)


def test_the_place_in_the_file_is_kept(tmp_path: Path) -> None:
    rows = [ROW | {"image": image, "score": score} for image, score in [("bob_1", 0.5), ("ann_1", 0.5), ("bob_1", 0.6)]]
    found = read_predictions(saved(tmp_path / "p.json", rows), DATASET)
    assert isinstance(found["bob_1"], OrderedDetections)
    assert isinstance(found["ann_1"], OrderedDetections)
    assert found["bob_1"].order.tolist() == [0, 1]
    assert found["ann_1"].order.tolist() == [2]


def test_an_empty_list_means_that_nothing_was_found(tmp_path: Path) -> None:
    assert [len(one) for one in read_predictions(saved(tmp_path / "p.json", "[]"), DATASET).values()] == [0, 0, 0]


numbers = st.floats(0, 1e5, width=32)


@settings(max_examples=50, deadline=None)
@given(rows=st.lists(st.tuples(numbers, numbers, numbers, numbers, st.floats(0, 1, width=32)), max_size=8))
def test_no_digit_is_lost(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[float, ...]]) -> None:
    boxes = [(min(a, c), min(b, d), max(a, c), max(b, d)) for a, b, c, d, _ in rows]
    found = Detections.ranked(boxes, [row[4] for row in rows], [number % 2 for number in range(len(rows))])
    path = tmp_path_factory.mktemp("written") / "p.json"
    write_predictions(path, {"ann_2": found}, DATASET.classes)
    back = read_predictions(path, DATASET)["ann_2"]
    np.testing.assert_array_equal(back.boxes, found.boxes)
    np.testing.assert_array_equal(back.scores, found.scores)
    np.testing.assert_array_equal(back.labels, found.labels)


def test_the_file_has_one_line_a_detection_and_images_by_name(tmp_path: Path) -> None:
    one = Detections.ranked([[1, 2, 3.1, 4]], [0.88], [1])
    path = tmp_path / "deep" / "p.json"
    write_predictions(path, {'schön "b"': one, "a": one, "nothing": Detections.ranked([], [], [])}, DATASET.classes)
    line = '"label": "herniation", "box": [1.0, 2.0, 3.1, 4.0], "score": 0.88}'
    expected = f'[\n{{"image": "a", {line},\n{{"image": "schön \\"b\\"", {line}\n]\n'
    assert path.read_text(encoding="utf-8") == expected
    write_predictions(path, {}, DATASET.classes)
    assert path.read_text(encoding="utf-8") == "[]\n"


def test_a_diverged_detector_leaves_the_old_file(tmp_path: Path) -> None:
    path = saved(tmp_path / "p.json", "[]")
    with pytest.raises(WorkError, match=r"no finite number(.|\n)*ann_1"):
        write_predictions(path, {"ann_1": Detections.ranked([[0, 0, 1, 1]], [float("nan")], [0])}, DATASET.classes)
    assert path.read_text(encoding="utf-8") == "[]"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("[{", "no valid JSON"),
        ({"image": "ann_1"}, "a list of"),
        ([ROW, 7], "entry 2"),
        ([ROW, {"image": "ann_1", "label": "disc", "box": [0, 0, 1, 1]}], "score: field required(.|\n)*entry 2"),
        ([ROW | {"image": "carl_1"}], "unknown image(.|\n)*ann_1, ann_2, bob_1(.|\n)*'carl_1'(.|\n)*entry 1"),
        ([ROW, ROW | {"label": "herniaton"}], "did you mean 'herniation'(.|\n)*'herniaton'(.|\n)*entry 2"),
        ([ROW | {"score": "0.5"}], "score: input should be a valid number"),
        ([ROW | {"score": True}], "score: input should be a valid number"),
        ([ROW | {"score": float("nan")}], "score: input should be a finite number"),
        ([ROW | {"score": None}], "score: input should be a valid number"),
        ([ROW | {"box": [0, 0, 1]}], "box: list should have at least 4"),
        ([ROW | {"box": [0, 0, 1, 1, 1]}], "box: list should have at most 4"),
        ([ROW | {"box": [0, 0, float("inf"), 1]}], "box.2: input should be a finite number"),
        ([ROW | {"box": [0, 0, 1e39, 1]}], "box.2: input should be less"),
        ([ROW | {"box": [0, 0, 10**400, 1]}], "box.2: "),
        ([ROW, ROW, ROW | {"box": [10, 0, 5, 5]}], r"inside out(.|\n)*\[10.0, 0.0, 5.0, 5.0\](.|\n)*entry 3"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, rows: Any, message: str) -> None:
    path = saved(tmp_path / "p.json", rows)
    with pytest.raises(InputError, match=message) as raised:
        read_predictions(path, DATASET)
    assert str(path) in str(raised.value)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no predictions file"):
        read_predictions(tmp_path / "p.json", DATASET)


def test_many_unknown_images_are_shortened(tmp_path: Path) -> None:
    rows = [ROW | {"image": f"x{number}"} for number in range(9)]
    with pytest.raises(InputError, match="'x4' and 4 more"):
        read_predictions(saved(tmp_path / "p.json", rows), DATASET)
