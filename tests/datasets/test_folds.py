import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError
from spinedet.annotations.voc import Annotation, VocObject
from spinedet.datasets.card import Card
from spinedet.datasets.dataset import Dataset, Item
from spinedet.datasets.folds import Fold, Folds, hold_out, load_folds, make_folds, save_folds, warn_of_gaps
from spinedet.datasets.spread import spread

Patients = Mapping[str, Sequence[str]]
"""For each patient its images; an image is the initials of its boxes' classes: `"aab"` holds two a and one b."""

CLASSES = ("a", "b", "c")


def dataset(patients: Patients, *, named: bool = True) -> Dataset:
    """A dataset that exists in memory only; images are called `<patient>_<number>`."""
    items = [
        Item(f"{patient}_{number}", None, drawn(boxes), patient if named else None)
        for patient, images in patients.items()
        for number, boxes in enumerate(images)
    ]
    return Dataset(Path("memory"), Card(), CLASSES, tuple(sorted(items, key=lambda item: item.image)))


def drawn(boxes: str) -> Annotation:
    return Annotation("a.png", 9, 9, tuple(VocObject(name, Box(0, 0, 5, 5)) for name in boxes))


def plenty(count: int, seed: int = 0) -> Dataset:
    """Patients with one to three images; class a is common, b is in a third of them, c in about a tenth."""
    rng = np.random.default_rng(seed)

    def image() -> str:
        return "aaaa" + "b" * (rng.random() < 0.3) + "c" * (rng.random() < 0.1)

    return dataset({f"p{number:03}": [image() for _ in range(rng.integers(1, 4))] for number in range(count)})


def patients_of(data: Dataset, images: Sequence[str]) -> set[str | None]:
    return {data[image].patient for image in images}


def check_promises(data: Dataset, folds: Folds) -> None:
    """What every set of folds promises, whatever the data."""
    assert sorted(image for fold in folds.folds for image in fold.test) == list(data.images)
    for fold in folds.folds:
        sides = [patients_of(data, part) for part in (fold.train, fold.val, fold.test)]
        assert sum(map(len, sides)) == len(data.patients)  # no patient on two sides
        assert sorted(fold.images) == list(data.images)
        assert fold.train
        assert fold.test
        assert all(part == tuple(sorted(part)) for part in (fold.train, fold.val, fold.test))


def present(data: Dataset, images: Sequence[str]) -> set[str]:
    return {thing.name for image in images for thing in data[image].annotation.objects}


@given(
    st.lists(st.lists(st.text("abc", max_size=4), min_size=1, max_size=3), min_size=2, max_size=9),
    st.integers(2, 5),
    st.integers(0, 3),
    st.sampled_from([0.0, 0.2]),
)
@settings(max_examples=150, deadline=None)
def test_any_data_any_seed_the_promises_hold(images: list[list[str]], count: int, seed: int, val_ratio: float) -> None:
    data = dataset({f"p{number}": boxes for number, boxes in enumerate(images)})
    count = min(count, len(images))
    val_ratio = val_ratio if count > 2 else 0.0
    folds = make_folds(data, count, seed, allow_rare=True, val_ratio=val_ratio)
    check_promises(data, folds)
    assert all(bool(fold.val) == (val_ratio > 0) for fold in folds.folds)


@given(st.lists(st.sets(st.sampled_from("abc"), max_size=2), min_size=2, max_size=6), st.integers(2, 3))
@settings(max_examples=100, deadline=None)
def test_every_training_part_has_every_class_if_any_split_can(held: list[set[str]], count: int) -> None:
    data = dataset({f"p{number}": ["".join(sorted(names))] for number, names in enumerate(held)})
    count = min(count, len(held))
    folds = make_folds(data, count, 0, allow_rare=True)
    missing = sum(len(present(data, data.images) - present(data, fold.train)) for fold in folds.folds)
    assert missing == least_missing(held, count)


def least_missing(held: list[set[str]], count: int) -> int:
    """Classes that training parts lack in the best of all possible splits, found by trying every one."""
    everything = set().union(*held)
    best = len(everything) * count
    for parts in product(range(count), repeat=len(held)):
        if len(set(parts)) == count:
            trained = [
                set().union(*(names for names, part in zip(held, parts, strict=True) if part != test))
                for test in range(count)
            ]
            best = min(best, sum(len(everything - names) for names in trained))
    return best


def test_a_class_in_as_many_patients_as_folds_is_in_every_test_part() -> None:
    data = dataset({f"p{number}": ["aaaa", "ab" if number < 5 else "a"] for number in range(40)})
    for seed in range(5):
        assert all("b" in present(data, fold.test) for fold in make_folds(data, 5, seed).folds)


def test_the_split_depends_on_the_seed_and_not_on_the_order_of_the_images() -> None:
    data = plenty(40)
    upside_down = replace(data, items=data.items[::-1])
    assert make_folds(data, 5, 3).folds == make_folds(data, 5, 3).folds == make_folds(upside_down, 5, 3).folds
    assert make_folds(data, 5, 3).folds != make_folds(data, 5, 4).folds
    assert hold_out(data, seed=1) == hold_out(upside_down, seed=1) != hold_out(data, seed=2)


def unevenness(counts: NDArray[np.int64], parts: NDArray[np.int64], folds: int) -> float:
    """Standard deviation over folds of each column's share, averaged over the columns (scikit-learn's own measure)."""
    held = np.stack([counts[parts == part].sum(axis=0) for part in range(folds)])  # (F, C)
    return float((held / counts.sum(axis=0)).std(axis=0).mean())


def sklearn_parts(counts: NDArray[np.int64], folds: int, seed: int) -> NDArray[np.int64]:
    """The same task for StratifiedGroupKFold: one row a box and one a image."""
    groups, kinds = (np.repeat(index.ravel(), counts.ravel()) for index in np.indices(counts.shape))
    parts = np.empty(len(counts), np.int64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of classes with fewer boxes than folds
        splits = StratifiedGroupKFold(folds, shuffle=True, random_state=seed).split(kinds, kinds, groups)
        for part, (_, test) in enumerate(splits):
            parts[groups[test]] = part
    return parts


@pytest.mark.parametrize("seed", range(5))
def test_classes_are_spread_at_least_as_evenly_as_by_scikit_learn(seed: int) -> None:
    counts = np.random.default_rng(seed).multinomial(9, [0.7, 0.2, 0.1], size=60).astype(np.int64)
    ours = spread(counts, np.full(5, 0.2), ~np.eye(5, dtype=np.bool_), [seed])
    assert unevenness(counts, ours, 5) <= unevenness(counts, sklearn_parts(counts, 5, seed), 5)


def test_parts_cannot_outnumber_groups() -> None:
    with pytest.raises(ValueError, match="1 groups cannot fill 2 parts"):
        spread(np.ones((1, 1), np.int64), np.full(2, 0.5), ~np.eye(2, dtype=np.bool_), [0])


def test_a_class_of_one_patient_is_refused_with_the_way_out() -> None:
    data = dataset({"ann": ["ab", "b"], "bob": ["a"], "cy": ["a"]})
    with pytest.raises(InputError, match="one patient alone: b") as caught:
        make_folds(data, 2, 0)
    assert caught.value.details["found"] == "b: 1 patient of 3"
    assert "--allow-rare" in str(caught.value)


def test_a_class_of_one_patient_can_be_allowed_and_is_then_told() -> None:
    data = dataset({"ann": ["ab", "b"], "bob": ["a"], "cy": ["a"]})
    folds = make_folds(data, 3, 0, allow_rare=True)
    check_promises(data, folds)
    having = next(fold.number for fold in folds.folds if "ann_0" in fold.test)
    others = ", ".join(str(fold.number) for fold in folds.folds if fold.number != having)
    assert folds.warnings == (
        f"Class 'b' (1 patient) is missing from the training part of fold {having}"
        f" and from the test part of fold {others}.",
        "Class 'c' has no boxes.",
    )


def test_a_class_of_fewer_patients_than_folds_is_told() -> None:
    data = dataset({"ann": ["ab"], "bob": ["ab"], "cy": ["a"], "di": ["ac"], "ed": ["ac"]})
    told = make_folds(data, 4, 0).warnings
    assert [line.split(" is missing from the test part of fold ")[0] for line in told] == [
        "Class 'b' (2 patients)",
        "Class 'c' (2 patients)",
    ]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda data: make_folds(data, 4, 0), "more folds than patients"),
        (lambda data: make_folds(data, 1, 0), "at least 2 folds"),
        (lambda data: make_folds(data, 2, -1), "seed is negative"),
        (lambda data: make_folds(data, 2, 0, val_ratio=1.0), "validation share is impossible"),
        (lambda data: make_folds(data, 2, 0, val_ratio=float("nan")), "validation share is impossible"),
        (lambda data: make_folds(data.subset(["ann_0", "bob_0"]), 2, 0, val_ratio=0.5), "too few patients"),
        (lambda data: hold_out(data, (0.7, 0.2, 0.2)), "ratios of the split are impossible"),
        (lambda data: hold_out(data, (1.0, 0.0, 0.0)), "ratios of the split are impossible"),
        (lambda data: hold_out(data, (0.0, 0.5, 0.5)), "ratios of the split are impossible"),
        (lambda data: hold_out(data, (1.3, -0.6, 0.3)), "ratios of the split are impossible"),
        (lambda data: hold_out(data, (float("nan"), 0.5, 0.5)), "ratios of the split are impossible"),
        (lambda data: hold_out(data.subset(["ann_0", "bob_0"])), "more parts than patients"),
    ],
)
def test_impossible_wishes_are_refused(make: Callable[[Dataset], object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        make(dataset({"ann": ["a"], "bob": ["a"], "cy": ["a"]}))


def test_without_patients_no_fold_is_made() -> None:
    data = dataset({"ann": ["a"], "bob": ["a"]}, named=False)
    for make in (lambda: make_folds(data, 2, 0), lambda: hold_out(data)):
        with pytest.raises(InputError, match=r"patients\.csv[\s\S]*--each-image-is-a-patient"):
            make()


def test_every_image_as_its_own_patient_is_recorded() -> None:
    data = plenty(10)
    alone = replace(data, items=tuple(replace(item, patient=item.image) for item in data.items))
    assert make_folds(alone, 3, 0, allow_rare=True).grouped_by == "image"
    assert make_folds(data, 3, 0, allow_rare=True).grouped_by == "patient"


def test_a_hold_out_comes_near_its_ratios_by_patient_and_class() -> None:
    data = plenty(150)
    fold = hold_out(data, (0.7, 0.15, 0.15), seed=2)
    sides = (fold.train, fold.val, fold.test)
    assert sum(len(patients_of(data, side)) for side in sides) == 150
    assert sorted(fold.images) == list(data.images)
    for side, ratio in zip(sides, (0.7, 0.15, 0.15), strict=True):
        assert len(side) / len(data) == pytest.approx(ratio, abs=0.01)
        for name, boxes in data.subset(side).counts().items():
            total = data.counts()[name]
            assert boxes == pytest.approx(ratio * total, abs=1 + 0.01 * total)


def test_a_hold_out_of_three_patients_leaves_no_part_empty_and_trains_on_every_class() -> None:
    fold = hold_out(dataset({"ann": ["abc"], "bob": ["a"], "cy": ["a"]}))
    assert (len(fold.train), len(fold.val), len(fold.test)) == (1, 1, 1)
    assert fold.train == ("ann_0",)


def test_a_hold_out_without_validation() -> None:
    fold = hold_out(plenty(30), (0.8, 0, 0.2))
    assert fold.val == ()
    assert fold.test


def test_gaps_of_a_hold_out_can_be_asked_for() -> None:
    data = dataset({"ann": ["abc"], "bob": ["ac"], "cy": ["ac"]})
    fold = Fold(0, ("ann_0",), ("bob_0",), ("cy_0",))
    assert warn_of_gaps(data, [fold]) == ("Class 'b' (1 patient) is missing from the test part of fold 0.",)


def test_folds_come_back_from_their_file_and_no_patient_is_named_there(tmp_path: Path) -> None:
    images = {f"img{number}": (f"Secret Name {number // 2}", "ab") for number in range(12)}
    items = tuple(Item(image, None, drawn(boxes), patient) for image, (patient, boxes) in sorted(images.items()))
    data = Dataset(tmp_path, Card(name="mine"), ("a", "b"), items)
    folds = make_folds(data, 3, 7, val_ratio=0.3)
    path = tmp_path / "folds.json"
    save_folds(path, folds, data)
    assert load_folds(path, data) == folds
    text = path.read_text(encoding="utf-8")
    assert "Secret" not in text
    stored = json.loads(text)
    assert (stored["schema"], stored["seed"], stored["grouped_by"]) == (1, 7, "patient")
    assert stored["dataset"] == {"name": "mine", "fingerprint": data.fingerprint()}
    assert [sorted(row) for row in stored["folds"]] == [["fold", "test", "train", "val"]] * 3
    save_folds(tmp_path / "again.json", load_folds(path, data), data)
    assert (tmp_path / "again.json").read_bytes() == path.read_bytes()


def test_a_hold_out_can_be_saved_as_a_single_fold(tmp_path: Path) -> None:
    data = plenty(20)
    split = Folds(0, "patient", (hold_out(data),))
    save_folds(tmp_path / "folds.json", split, data)
    assert load_folds(tmp_path / "folds.json", data).folds == split.folds


def test_boxes_changed_since_are_told_and_images_changed_are_refused(tmp_path: Path) -> None:
    data = dataset({f"p{number}": ["abc"] for number in range(6)})
    save_folds(tmp_path / "folds.json", make_folds(data, 3, 0), data)
    redrawn = dataset({f"p{number}": ["abcc"] for number in range(6)})
    assert load_folds(tmp_path / "folds.json", redrawn).warnings == (
        "The dataset has changed since these folds were made (same images).",
    )
    with pytest.raises(InputError, match=r"missing: p6_0"):
        load_folds(tmp_path / "folds.json", dataset({f"p{number}": ["abc"] for number in range(7)}))
    with pytest.raises(InputError, match=r"unknown: p5_0"):
        load_folds(tmp_path / "folds.json", dataset({f"p{number}": ["abc"] for number in range(5)}))


def swap(rows: list[dict[str, list[str]]]) -> None:
    """Fold 1 gets one image of a patient whose other image is tested in another fold."""
    rows[0]["test"].append(rows[0]["train"].pop())


def double(rows: list[dict[str, list[str]]]) -> None:
    rows[0]["train"].append(rows[0]["test"][0])


def same_test_twice(rows: list[dict[str, list[str]]]) -> None:
    rows[1].update(train=rows[0]["train"], test=rows[0]["test"])


def number_twice(rows: list[dict[str, object]]) -> None:
    rows[1]["fold"] = 1


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (swap, "one patient in two parts"),
        (double, "twice: "),
        (same_test_twice, "The test parts do not fit"),
        (number_twice, "numbered wrongly"),
        (lambda rows: rows[0].pop("train"), r"folds\.0\.train: Field required"),
        (lambda rows: rows[0].update(test=[]), r"folds\.0\.test"),
        (lambda rows: rows[0].update(test="all"), r"folds\.0\.test"),
        (lambda rows: rows.clear(), "no folds file"),
    ],
)
def test_a_spoilt_folds_file_is_refused(tmp_path: Path, spoil: Callable[[object], object], words: str) -> None:
    data = dataset({f"p{number}": ["abc", "abc"] for number in range(6)})
    path = tmp_path / "folds.json"
    save_folds(path, make_folds(data, 3, 0), data)
    stored = json.loads(path.read_text(encoding="utf-8"))
    spoil(stored["folds"])
    path.write_text(json.dumps(stored), encoding="utf-8")
    with pytest.raises(InputError, match=words) as caught:
        load_folds(path, data)
    assert caught.value.details["where"] == str(path)


@pytest.mark.parametrize("text", ["[]", "{}", '{"schema": 2}', "null", "{", '{"schema": true}'])
def test_another_json_is_no_folds_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "folds.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="This is no"):
        load_folds(path, dataset({"ann": ["a"], "bob": ["a"]}))


def test_no_patient_of_the_real_set_is_in_two_folds_though_its_name_prefixes_mislead(lumbar_mri: Path) -> None:
    data = Dataset.load(lumbar_mri, with_images=False)
    series_of_one_person = {item.image[:6] for item in data.items if item.patient == "VB1_AK"}
    assert len(series_of_one_person) == 5
    for seed in range(3):
        folds = make_folds(data, 5, seed)
        check_promises(data, folds)
        assert folds.warnings == ()
        assert sum("VB1_AK" in patients_of(data, fold.test) for fold in folds.folds) == 1
    by_prefix = replace(data, items=tuple(replace(item, patient=item.image[:6]) for item in data.items))
    leaked = [
        patients_of(data, fold.train) & patients_of(data, fold.test) for fold in make_folds(by_prefix, 5, 0).folds
    ]
    assert set().union(*leaked) == {"VB1_AK", "VB1_DzZ"}
