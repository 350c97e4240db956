"""Who may be drawn, and in what shares."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_study import Patients, write_images

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError
from spinedet.annotations.voc import Annotation, VocObject
from spinedet.benchmarks.study.drawing import Drawn, draw
from spinedet.benchmarks.study.persons import persons_of
from spinedet.datasets.card import Card
from spinedet.datasets.dataset import Dataset, Item


def dataset(patients: Patients, classes: tuple[str, ...] = ("common", "rare")) -> Dataset:
    """A dataset without files."""
    items = [
        Item(image, None, Annotation("", 9, 9, tuple(VocObject(name, Box(0, 0, 5, 5)) for name in labels)), patient)
        for patient, images in patients.items()
        for image, labels in images.items()
    ]
    return Dataset(Path("data"), Card(name="drawn"), classes, tuple(sorted(items, key=lambda item: item.image)))


def drawn(data: Dataset, images: int, *, pixels: Mapping[str, str] | None = None, **asked: object) -> Drawn:
    """Draw from a dataset in which each image has pixels of its own name, unless `pixels` says otherwise."""
    hashes = {image: image for image in data.images} | dict(pixels or {})
    trained = asked.pop("trained", ())
    return draw(data, persons_of(data, hashes), trained, images=images, **asked)  # type: ignore[arg-type]


def one_each(number: int, rare: int) -> Dataset:
    """Patients with one image each, the first of them with the rare class."""
    return dataset(
        {f"p{one:03}": {f"i{one:03}": ["common", *(["rare"] if one < rare else [])]} for one in range(number)}
    )


def test_a_patient_with_one_image_seen_is_out_with_all() -> None:
    data = dataset({"ann": {"a1": ["common"], "a2": ["common"]}, "bob": {"b1": ["common"]}, "cid": {"c1": ["common"]}})
    found = drawn(data, 2, trained=["a2"])
    assert found.images == ("b1", "c1")
    assert [one.patients for one in found.seen] == [("ann",)]


def test_an_image_seen_under_another_patient_is_out_too() -> None:
    """Bob's first image is Ann's by pixels, and the model saw Ann's other one: both are one person."""
    data = dataset(
        {
            "ann": {"a1": ["common"], "a2": ["common"]},
            "bob": {"b1": ["common"], "b2": ["common"]},
            "cid": {"c1": ["common"]},
        }
    )
    found = drawn(data, 1, pixels={"b1": "a1"}, trained=["a2"])
    assert found.images == ("c1",)
    assert [one.patients for one in found.seen] == [("ann", "bob")]
    assert "ann and bob" in found.notes[-1]


def test_an_image_that_is_there_twice_is_read_once() -> None:
    data = dataset({"ann": {"a1": ["common"], "a2": ["common"]}, "bob": {"b1": ["common"]}})
    assert drawn(data, 2, pixels={"a2": "a1"}).images == ("a1", "b1")


def test_too_few_are_counted_and_named() -> None:
    data = one_each(6, 0)
    with pytest.raises(
        InputError, match=r"(?s)Too few.*4 images.*3 images of 3 patients; .*3 others: p000, p001, p002"
    ):
        drawn(data, 4, trained=["i000", "i001", "i002"])


def test_nobody_can_be_kept_out_where_patients_are_unknown(tmp_path: Path) -> None:
    root = write_images(tmp_path / "data", {"ann": {"a1": ["common"]}})
    (root / "patients.csv").unlink()
    data = Dataset.load(root)
    with pytest.raises(InputError, match=r"(?s)Nobody says.*patients\.csv"):
        persons_of(data, {"a1": "a1"})


@pytest.mark.parametrize("rare", [5, 20, 50])
def test_classes_keep_their_share(rare: int) -> None:
    """Of 100 patients 5, 20 or 50 have the rare class; of 20 drawn it is 1, 4 or 10."""
    found = drawn(one_each(100, rare), 20)
    assert sum(image < f"i{rare:03}" for image in found.images) == rare // 5
    assert [(one.label, one.drawn) for one in found.strata] == [("rare", rare // 5), ("common", 20 - rare // 5)]


def test_a_rare_class_is_there_even_if_its_share_is_less_than_one_image() -> None:
    assert drawn(one_each(100, 1), 10).strata[0].drawn == 1


def test_images_without_a_box_are_a_stratum() -> None:
    patients = {f"p{one}": {f"i{one}": ["common"] if one < 5 else []} for one in range(10)}
    assert [(one.label, one.drawn) for one in drawn(dataset(patients), 6).strata] == [("common", 3), (None, 3)]


def test_whole_patients_or_a_few_images_of_each() -> None:
    """Five patients of three images: three of them make 9 of 10, with a word; two images of each make 10."""
    patients = {f"p{one}": {f"i{one}{letter}": ["common"] for letter in "abc"} for one in range(5)}
    found = drawn(dataset(patients), 10)
    assert len(found.images) == 9
    assert "9 of 10 images" in found.notes[0]
    assert len({image[:2] for image in drawn(dataset(patients), 10, per_patient=2).images}) == 5


@pytest.mark.parametrize("seed", range(5))
def test_a_rest_is_avoided_where_it_can_be(seed: int) -> None:
    """Three patients of two images and one of one: five images are all of one and two of the others, in any order."""
    patients = {f"p{one}": {f"i{one}{letter}": ["common"] for letter in "ab"[: 1 + (one > 0)]} for one in range(4)}
    found = drawn(dataset(patients), 5, seed=seed)
    assert len(found.images) == 5
    assert found.notes == ()


def test_of_a_few_images_of_a_patient_those_with_the_rare_class_come_first() -> None:
    patients = {f"p{one}": {f"i{one}a": ["common"], f"i{one}b": ["rare"], f"i{one}c": ["common"]} for one in range(4)}
    assert drawn(dataset(patients), 4, per_patient=1).images == ("i0b", "i1b", "i2b", "i3b")


def test_practice_is_of_other_patients_and_of_seen_ones_first() -> None:
    found = drawn(one_each(10, 0), 5, practice=3, trained=["i000", "i001"])
    assert {"i000", "i001"} < set(found.practice)
    assert not set(found.practice) & set(found.images)
    assert "2 of 4 practice images" in drawn(one_each(6, 0), 4, practice=4).notes[0]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.sets(st.sampled_from(["common", "rare"])), min_size=1, max_size=4), min_size=2, max_size=12),
    st.sets(st.integers(0, 11), max_size=4),
    st.integers(1, 12),
    st.integers(0, 3),
)
def test_promises_of_every_drawing(people: list[list[set[str]]], seen: set[int], images: int, seed: int) -> None:
    """Nobody seen, nobody in two parts, nobody in part, never more than asked, and the same for one seed."""
    patients = {
        f"p{one:02}": {f"p{one:02}_{place}": sorted(labels) for place, labels in enumerate(own)}
        for one, own in enumerate(people)
    }
    trained = [f"p{one:02}_0" for one in seen]
    data = dataset(patients)
    try:
        found = drawn(data, images, trained=trained, practice=2, seed=seed)
    except InputError:
        left = [len(own) for one, own in enumerate(people) if one not in seen]
        assert sum(left) < images or min(left) > images
        return
    chosen = {image[:3] for image in found.images}
    assert 0 < len(found.images) <= images
    assert not chosen & {image[:3] for image in trained}
    assert not chosen & {image[:3] for image in found.practice}
    assert set(found.images) == {image for patient in chosen for image in patients[patient]}
    assert found == drawn(data, images, trained=trained, practice=2, seed=seed)
