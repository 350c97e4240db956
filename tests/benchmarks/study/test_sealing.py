"""A study on disk: frozen, neutral, remade byte for byte, and refused where a model has seen too much."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_study import SETTINGS, noise, save, train, whole, write_images

from spinedet.annotations.errors import InputError
from spinedet.annotations.voc import write_voc
from spinedet.benchmarks.study.folder import StudyFolder
from spinedet.benchmarks.study.orders import read_order
from spinedet.benchmarks.study.planning import Plan
from spinedet.benchmarks.study.sealed import patients_seen, read_key, read_standard
from spinedet.benchmarks.study.sealing import make_study
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.images import pixel_hash, read_image
from spinedet.datasets.phantoms.lumbar import make_lumbar
from spinedet.datasets.tasks import Task, read_task
from spinedet.detect.fake import FakeDetector
from spinedet.detect.modelfile import ModelCard

TRAINED = {"pat0", "pat1", "pat2", "pat3"}

MakeStudy = Callable[..., StudyFolder]


def files(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_no_patient_whom_a_model_has_seen_is_in_it(make: MakeStudy, model: Path) -> None:
    study = make(models=(model,))
    assert len(study.protocol.cases) == 8
    rows = {row.code: row for row in read_key(study).values()}
    assert not TRAINED & {rows[code].patient for code in study.protocol.codes}
    trained = set(ModelCard.read(model).trained_on.images)
    assert not trained & {case.pixels for case in study.protocol.cases}
    assert patients_seen(study, trained) == {}


def test_every_model_counts(make: MakeStudy, data: Dataset, model: Path, tmp_path: Path) -> None:
    other = train(data, ["pat5", "pat7"], tmp_path / "other")
    study = make(models=(model, other), images=6)
    assert [one.name for one in study.protocol.models] == ["fake", "fake-2"]
    owners = {read_key(study)[code].patient for code in study.protocol.codes}
    assert not owners & (TRAINED | {"pat5", "pat7"})


def test_too_few_are_left(make: MakeStudy, model: Path) -> None:
    with pytest.raises(InputError, match=r"(?s)Too few.*17 images.*16 images of 8 patients.*4 others: pat0, pat1"):
        make(models=(model,), images=17)


def test_a_model_of_the_whole_dataset_is_refused(make: MakeStudy, data: Dataset, tmp_path: Path) -> None:
    whole_model = FakeDetector().train(data, None, SETTINGS, tmp_path / "whole", lambda _: None)
    with pytest.raises(InputError, match="was trained on the whole dataset"):
        make(models=(whole_model,))


def test_a_model_that_does_not_say_what_it_has_seen_is_refused(make: MakeStudy, model: Path) -> None:
    card = ModelCard.read(model)
    silent = card.trained_on.model_copy(update={"images": ()})
    card.model_copy(update={"trained_on": silent}).write(model)
    with pytest.raises(InputError, match="does not say which images"):
        make(models=(model,))


def test_a_model_of_other_classes_or_named_twice_is_refused(
    make: MakeStudy, data: Dataset, model: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="named twice"):
        make(models=(model, model))
    strange = train(replace(data, classes=(*data.classes, "cat")), ["pat0"], tmp_path / "strange")
    with pytest.raises(InputError, match=r"(?s)other classes.*disc, rare, cat"):
        make(models=(strange,))


def test_without_a_model_it_says_that_nobody_was_kept_out(data: Dataset, tmp_path: Path) -> None:
    made = make_study(data, Plan(images=4, readers=("R1",)), tmp_path / "study")
    assert any("No model is named" in note for note in made.notes)
    assert any("No class counts as diseased" in note for note in made.notes)


@pytest.mark.parametrize(
    ("with_model", "changes", "why"),
    [
        (False, {"positive": ("rare",)}, "(accuracy) will have no answer: no model takes part"),
        (True, {"positive": ("rare",), "measure": "auc"}, "(auc) will have no answer: readers who draw boxes"),
        (True, {"measure": "sensitivity"}, "(sensitivity) will have no answer: no class counts as diseased"),
        (True, {"positive": ("rare",), "measure": "sensitivity"}, None),
        (True, {"measure": "seconds"}, None),
    ],
)
def test_a_primary_endpoint_that_nothing_can_answer_is_told(
    data: Dataset, model: Path, tmp_path: Path, *, with_model: bool, changes: dict[str, Any], why: str | None
) -> None:
    plan = Plan(images=4, readers=("R1",), models=(model,) if with_model else (), **changes)
    told = [note for note in make_study(data, plan, tmp_path / "study").notes if "primary endpoint" in note]
    assert len(told) == (why is not None)
    assert why is None or why in told[0]


def test_a_pause_after_endless_seconds_is_refused(data: Dataset, tmp_path: Path) -> None:
    plan = Plan(images=4, readers=("R1",), idle_seconds=float("inf"))
    with pytest.raises(InputError, match=r"(?s)protocol cannot be made.*idle_seconds"):
        make_study(data, plan, tmp_path / "study")
    assert not (tmp_path / "study").exists()


def test_many_images_of_few_patients_are_told(tmp_path: Path) -> None:
    patients = {f"p{one}": {f"p{one}_{place}": ["disc"] for place in range(4)} for one in range(3)}
    data = Dataset.load(write_images(tmp_path / "data", patients))
    whole_patients = make_study(data, Plan(images=8, readers=("R1",)), tmp_path / "whole")
    assert any("8 images are of only 2 patients" in note for note in whole_patients.notes)
    few = make_study(data, Plan(images=6, readers=("R1",), per_patient=2), tmp_path / "few")
    assert not any("of only" in note for note in few.notes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"readers": ()}, "needs a reader"),
        ({"readers": ("R1", "r1")}, "Two readers have one name"),
        ({"readers": ("../R1",)}, "cannot be an annotator's name"),
        ({"experts": ("E1",)}, "One expert is no consensus"),
        ({"experts": ("E1", "R1")}, "make the reference standard that readers are measured by"),
        ({"positive": ("cat",)}, "none of the study"),
        ({"aided": True}, "read with a model that is not there"),
        ({"images": 100}, "Too few images"),
        ({"images": 1}, "--per-patient"),
        ({"iou": 0.0}, "protocol cannot be made"),
    ],
)
def test_what_does_not_go_together_is_refused(
    make: MakeStudy, tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        make(**changes)
    assert not [path for path in tmp_path.iterdir() if "study" in path.name]


def test_the_same_plan_makes_the_same_bytes_but_for_the_date(data: Dataset, model: Path, tmp_path: Path) -> None:
    plan = Plan(images=8, readers=("R1", "R2"), models=(model,), positive=("rare",), aided=True)
    first, second = (
        files(make_study(data, plan, tmp_path / date, created=date).folder.root)
        for date in ("2026-01-01", "2026-01-02")
    )
    assert {name for name in first if first[name] != second.get(name)} == {"protocol.json"}
    old, new = (json.loads(one["protocol.json"]) for one in (first, second))
    assert old["protocol"] | {"created": ""} == new["protocol"] | {"created": ""}
    assert old["sha256"] != new["sha256"]
    other = files(make_study(data, replace(plan, seed=1), tmp_path / "other", created="2026-01-01").folder.root)
    assert other["sealed/key.csv"] != first["sealed/key.csv"]


def test_names_tell_nothing(make: MakeStudy, model: Path) -> None:
    """No file outside the sealed part has a name of an image, a patient or, in a file's name, of a class."""
    study = make(models=(model,), experts=("E1", "E2"))
    open_to_all = {name: data for name, data in files(study.root).items() if not name.startswith("sealed/")}
    for name, data in open_to_all.items():
        assert re.search(rb"pat\d", name.encode() + data) is None, name
        assert re.search("disc|rare", name) is None
    key = read_key(study)
    images = [key[code].image for code in study.protocol.codes]
    assert study.protocol.codes == tuple(f"S{number:03}" for number in range(1, 9))
    assert images != sorted(images)
    neighbours = [key[code].patient for code in study.protocol.codes]
    assert any(one != two for one, two in zip(neighbours[::2], neighbours[1::2], strict=True))


def test_codes_and_classes_are_independent(data: Dataset, tmp_path: Path) -> None:
    """Over 60 seeds each code has the rare class about half of the time: 30 of 60, and never as seldom as 12."""
    rare = np.zeros(8, int)
    for seed in range(60):
        study = make_study(data, Plan(images=8, readers=("R1",), seed=seed), tmp_path / str(seed)).folder
        rare += [any(mark.label == "rare" for mark in one.marks) for one in read_standard(study).truth]
    assert rare.min() > 12
    assert rare.max() < 48


def test_each_reader_and_treatment_has_an_order_of_its_own(make: MakeStudy, model: Path) -> None:
    study = make(models=(model,), aided=True)
    orders = [read_order(study, reader, how) for reader in ("R1", "R2") for how in ("unaided", "aided")]
    assert len(set(orders)) == 4
    assert all(sorted(order) == list(study.protocol.codes) for order in orders)
    alone = make(models=(model,), readers=("R2", "R3"))
    assert read_order(alone, "R2") == orders[2]


def test_images_keep_their_pixels_and_lose_the_rest(make: MakeStudy, data: Dataset) -> None:
    study = make()
    key = read_key(study)
    for folder, cases in ((study.images, study.protocol.cases), (study.practice, study.protocol.practice)):
        for case in cases:
            path = folder / f"{case.code}.png"
            source = data[key[case.code].image].path
            assert source is not None
            assert pixel_hash(read_image(path)) == pixel_hash(read_image(source)) == case.pixels
            assert (case.width, case.height) == (64, 48)
            kinds = re.findall(rb"(tEXt|zTXt|iTXt|tIME|eXIf|pHYs)", path.read_bytes())
            assert kinds == []


def test_sixteen_bits_come_through_the_usual_window(tmp_path: Path) -> None:
    data = Dataset.load(
        write_images(tmp_path / "data", {f"p{one}": {f"p{one}": ["disc"]} for one in range(3)}, bits=16)
    )
    study = make_study(data, Plan(images=3, readers=("R1",), practice=0), tmp_path / "study").folder
    for row in read_key(study).values():
        path = data[row.image].path
        assert path is not None
        np.testing.assert_array_equal(read_image(study.images / f"{row.code}.png"), read_image(path))


def test_colour_stays_colour(tmp_path: Path) -> None:
    root = write_images(tmp_path / "data", {"p0": {"p0": ["disc"]}})
    save(root / "JPEGImages" / "p0.png", np.dstack([noise("a"), noise("b"), noise("c")]))
    data = Dataset.load(root)
    study = make_study(data, Plan(images=1, readers=("R1",)), tmp_path / "study").folder
    np.testing.assert_array_equal(read_image(study.images / "S001.png"), read_image(root / "JPEGImages" / "p0.png"))


def test_the_truth_is_the_annotations_under_codes(make: MakeStudy, data: Dataset) -> None:
    study = make()
    key = read_key(study)
    for one in read_standard(study).truth:
        things = data[key[one.code].image].annotation.objects
        assert [(mark.label, mark.box) for mark in one.marks] == [(thing.name, thing.box) for thing in things]
        assert one.patient == key[one.code].neutral != key[one.code].patient


def test_a_changed_truth_shows(make: MakeStudy) -> None:
    study = make()
    text = study.truth.read_text(encoding="utf-8")
    study.truth.write_text(text.replace('"rare"', '"disc"', 1), encoding="utf-8")
    with pytest.raises(InputError, match="changed after it was frozen"):
        read_standard(study)


def test_a_whole_image_has_an_answer_and_no_object(tmp_path: Path) -> None:
    root = write_images(tmp_path / "data", {f"p{one}": {f"p{one}": []} for one in range(4)})
    for one in range(4):
        write_voc(root / "Annotations" / f"p{one}.xml", whole(f"p{one}", "sick" if one % 2 else "well"))
    task = Task(task="t", about="a", classes=("well", "sick"), box="image", kind="classes", positive=("sick",))
    data = Dataset.load(root, classes=task.classes)
    study = make_study(data, Plan(images=4, readers=("R1",), task=task), tmp_path / "study").folder
    assert study.protocol.endpoint.unit == "image"
    assert study.protocol.patient_score == task.patient_score
    assert sorted(str(one.label) for one in read_standard(study).truth) == ["sick", "sick", "well", "well"]
    with pytest.raises(InputError, match="no objects to count"):
        make_study(data, Plan(images=4, readers=("R1",), task=task, unit="object"), tmp_path / "other")


def test_a_folder_that_is_there_is_left_alone(data: Dataset, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(InputError, match="folder of its own"):
        make_study(data, Plan(images=4, readers=("R1",)), tmp_path / "mine")


def test_the_lumbar_phantom_from_end_to_end(tmp_path: Path) -> None:
    """Ten invented patients, three of them trained on: every class of the task is in the study of eight images."""
    task = read_task("lumbar")
    data = Dataset.load(make_lumbar(tmp_path / "data", 10, jobs=1), classes=task.classes)
    model = train(data, data.patients[:3], tmp_path / "job")
    plan = Plan(images=8, readers=("R1",), models=(model,), task=task, per_patient=2)
    study = make_study(data, plan, tmp_path / "study").folder
    owners = {read_key(study)[code].patient for code in study.protocol.codes}
    assert owners <= set(data.patients[3:])
    assert len(study.protocol.codes) == 8
    shown = {mark.label for one in read_standard(study).truth for mark in one.marks}
    assert shown == {
        thing.name for item in data.items if item.patient in data.patients[3:] for thing in item.annotation.objects
    }
