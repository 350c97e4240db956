"""What the phantoms of one joint or level have in common, and what each of the three promises as a data set."""

from collections import Counter
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from spinedet.annotations.boxes import Box
from spinedet.annotations.voc import Annotation, VocObject
from spinedet.datasets.card import Card
from spinedet.datasets.dataset import Dataset, Item
from spinedet.datasets.folds import make_folds
from spinedet.datasets.phantoms.bends import sample_bends
from spinedet.datasets.phantoms.canvas import View
from spinedet.datasets.phantoms.closeup import GOOD, POOR, Frame, along, neighbours, sample_scanner
from spinedet.datasets.phantoms.meniscus.dataset import MENISCUS
from spinedet.datasets.phantoms.pfirrmann.dataset import PFIRRMANN
from spinedet.datasets.phantoms.stenosis.dataset import STENOSIS
from spinedet.datasets.phantoms.whole_images import WholeImagePhantom
from spinedet.datasets.tasks import read_task

Phantom = WholeImagePhantom[Any, Any, Any]

HEALTHY = {"meniscus": {"intact"}, "pfirrmann": {"I", "II"}, "stenosis": {"none"}}
"""Classes without a lesion."""

SIGNS = {"meniscus": ("reach", "contrast"), "pfirrmann": ("wear",), "stenosis": ("narrowing",)}
"""What of a plan tells the classes apart; its product over the signs, the greatest of the images."""

PATIENTS = 40

each_phantom = pytest.mark.parametrize("phantom", [MENISCUS, PFIRRMANN, STENOSIS], ids=lambda phantom: phantom.name)


def labels(phantom: Phantom, seed: int, count: int = PATIENTS) -> list[str]:
    return [phantom.plan_patient(seed, number, phantom.easy).label for number in range(count)]


def undrawn(phantom: Phantom, seed: int) -> Dataset:
    """The data set of the easy setting without its pixels, for folds ask for labels and patients only."""
    plans = [phantom.plan_patient(seed, number, phantom.easy) for number in range(PATIENTS)]
    items = [
        Item(stem, None, Annotation(f"{stem}.jpg", 9, 9, (VocObject(plan.label, Box(0, 0, 9, 9)),)), plan.patient)
        for plan in plans
        for stem in plan.images
    ]
    return Dataset(Path("nowhere"), Card(name=phantom.name), phantom.classes, tuple(items))


def best_auc(phantom: Phantom, setting: object) -> float:
    """The AUC of a reader who knows the plan's signs, over many patients."""
    positive = read_task(phantom.name).positive
    plans = [phantom.plan_patient(seed, number, setting) for seed in range(5) for number in range(200)]
    seen = [np.prod([getattr(plan, name) for name in SIGNS[phantom.name]], axis=0).max() for plan in plans]
    return float(roc_auc_score([plan.label in positive for plan in plans], seen))


@each_phantom
def test_classes_are_the_tasks(phantom: Phantom) -> None:
    assert phantom.classes == read_task(phantom.name).classes


@each_phantom
def test_of_forty_patients_none_of_the_classes_is_rare_and_nearly_half_are_positive(phantom: Phantom) -> None:
    counts = Counter(labels(phantom, seed=1))
    assert set(counts) == set(phantom.classes)
    assert min(counts.values()) >= 0.12 * PATIENTS
    assert 0.4 <= sum(counts[name] for name in read_task(phantom.name).positive) / PATIENTS <= 0.5
    assert labels(phantom, seed=1) != labels(phantom, seed=2)


@each_phantom
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_five_folds_of_forty_patients_have_every_class(phantom: Phantom, seed: int) -> None:
    dataset = undrawn(phantom, seed)
    label = {item.image: item.annotation.objects[0].name for item in dataset.items}
    for fold in make_folds(dataset, 5, seed, val_ratio=0.15).folds:
        assert {label[image] for image in fold.test} == set(phantom.classes)
        assert {label[image] for image in fold.train} == set(phantom.classes)


@each_phantom
def test_the_number_of_images_does_not_tell_the_class(phantom: Phantom) -> None:
    plans = [phantom.plan_patient(2, number, phantom.hard) for number in range(600)]
    assert {len(plan.images) for plan in plans} == {1, 2, 3}
    for name in phantom.classes:
        assert np.mean([len(plan.images) for plan in plans if plan.label == name]) == pytest.approx(2, abs=0.25)


@each_phantom
def test_the_signs_part_easy_classes_and_leave_hard_ones_below_099(phantom: Phantom) -> None:
    assert best_auc(phantom, phantom.easy) == 1.0
    assert 0.9 < best_auc(phantom, phantom.hard) < 0.985


@each_phantom
@pytest.mark.parametrize("hard", [False, True])
def test_lesions_are_where_the_class_says_and_in_their_region(phantom: Phantom, hard: bool) -> None:
    setting = phantom.hard if hard else phantom.easy
    for number in range(12):
        patient = phantom.make_patient(4, number, setting)
        image = phantom.render_image(patient, 0)
        height, width = image.pixels.shape
        assert 160 <= height == width <= 224
        assert bool(image.lesion.any()) == (patient.plan.label not in HEALTHY[phantom.name])
        assert (image.region[image.lesion > 0] == 1).all()
        assert 0.01 < image.region.mean() < 0.75
        assert cv2.connectedComponents(image.region)[0] == 2


@each_phantom
def test_same_seed_gives_the_same_bytes_in_any_number_of_processes(phantom: Phantom, tmp_path: Path) -> None:
    one, two = (phantom.make(tmp_path / str(jobs), 3, seed=3, hard=True, jobs=jobs) for jobs in (1, 2))
    names = [path.relative_to(one) for path in sorted(one.rglob("*")) if path.is_file()]
    assert len(names) > 12
    assert all((one / name).read_bytes() == (two / name).read_bytes() for name in names)


@each_phantom
def test_another_seed_and_the_hard_setting_give_other_images(phantom: Phantom) -> None:
    drawn = ((3, phantom.easy), (4, phantom.easy), (3, phantom.hard))
    images = [phantom.render_image(phantom.make_patient(seed, 0, setting), 0) for seed, setting in drawn]
    assert len({image.pixels.tobytes() for image in images}) == 3


@given(low=st.floats(0, 1), room=st.floats(0, 1), count=st.integers(1, 3), seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_neighbours_keep_within_their_limits(low: float, room: float, count: int, seed: int) -> None:
    values = neighbours((low, low + room), count, np.random.default_rng(seed))
    assert len(values) == count
    assert all(low <= value <= low + room for value in values)


def test_a_curve_runs_straight_between_its_knots() -> None:
    knots = ((0.0, 1.0), (0.5, 3.0), (1.0, 2.0))
    assert [along(knots, place) for place in (-1, 0, 0.25, 0.5, 0.75, 2)] == [1, 1, 2, 3, 2.5, 2]


def test_a_mirrored_frame_lies_on_the_other_side_of_the_origin() -> None:
    view, bends = View(100, 100, 2.0, 0.0, 50.0, 50.0), sample_bends(((40.0, 1.0),), np.random.default_rng(0))
    right, left = (Frame(view, np.array([1.1, 0.9]), side, (bends,)) for side in (1, -1))
    points = np.array([(3.0, 4.0), (-6.0, 2.0)])
    assert right.place(points) == pytest.approx(left.place(points) * (-1, 1))
    assert (right.mask(right.place([(2, 2), (9, 2), (9, 9)]))[:, :50] == 0).all()


def test_poor_images_are_noisier_than_good_ones() -> None:
    noise = {
        quality: [sample_scanner(quality, np.random.default_rng(seed)).noise for seed in range(50)]
        for quality in (GOOD, POOR)
    }
    assert np.mean(noise[POOR]) > 2 * np.mean(noise[GOOD])
    assert all(quality.noise[0] <= value <= quality.noise[1] for quality, values in noise.items() for value in values)
