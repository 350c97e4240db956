"""The shoulder phantom: each grade has its fat, the masks lie where it is."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from spinedet.datasets.phantoms.bends import sample_bends
from spinedet.datasets.phantoms.shoulder.anatomy import (
    FOSSA,
    OTHERS,
    SIZE,
    SLICE_WAVES,
    Shoulder,
    sample_build,
    supraspinatus,
)
from spinedet.datasets.phantoms.shoulder.fat import fatty, marbled
from spinedet.datasets.phantoms.shoulder.plan import (
    CLASSES,
    EASY,
    HARD,
    LATER,
    MINIMUM_PATIENTS,
    Grade,
    Setting,
    label_of,
    plan_patient,
)
from spinedet.datasets.phantoms.shoulder.scene import make_patient, render_image
from spinedet.datasets.phantoms.whole_images import WholeImage

PAPER_SHARES = {"0": 0.6650, "1": 0.1881, "2": 0.0842, "3": 0.0396, "4": 0.0231}
"""The images of P3."""


def images_of(grade: Grade, count: int, setting: Setting = EASY) -> list[WholeImage]:
    """The first images of patients of that grade."""
    numbers = [number for number in range(MINIMUM_PATIENTS) if label_of(5, number) == grade][:count]
    return [render_image(make_patient(5, number, setting), 0) for number in numbers]


def a_shoulder(seed: int) -> Shoulder:
    rng = np.random.default_rng(seed)
    return Shoulder(sample_build(rng), sample_bends(SLICE_WAVES, rng))


def area(outline: NDArray[np.float64]) -> float:
    return float(cv2.contourArea(outline.astype(np.float32)))


def test_five_folds_have_every_grade_from_sixty_patients_on() -> None:
    counts = Counter(label_of(1, number) for number in range(MINIMUM_PATIENTS))
    assert counts == {"0": 35, "1": 10, "2": 5, "3": 5, "4": 5}
    assert all(
        {label_of(1, number) for number in range(start, start + 12)} == set(CLASSES) for start in range(0, 60, 12)
    )


def test_later_patients_have_the_papers_shares() -> None:
    for start in (60, 120):
        counts = Counter(label_of(1, number) for number in range(start, start + len(LATER)))
        assert all(counts[grade] / len(LATER) == pytest.approx(PAPER_SHARES[grade], abs=0.0125) for grade in CLASSES)
    assert [label_of(1, number) for number in range(60, 120)] != [label_of(1, number) for number in range(120, 180)]


def test_the_number_of_images_does_not_tell_the_grade() -> None:
    plans = [plan_patient(2, number, HARD) for number in range(900)]
    assert {len(plan.images) for plan in plans} == {1, 2, 3}
    for grade in CLASSES:
        assert np.mean([len(plan.images) for plan in plans if plan.label == grade]) == pytest.approx(2, abs=0.5)


@given(seed=st.integers(0, 1000), number=st.integers(0, 9998), hard=st.booleans())
@settings(max_examples=60, deadline=None)
def test_fat_and_size_of_all_images_keep_within_the_grade(seed: int, number: int, hard: bool) -> None:
    setting = HARD if hard else EASY
    plan = plan_patient(seed, number, setting)
    for values, ranges in ((plan.fat, setting.fat), (plan.occupation, setting.occupation)):
        low, high = ranges[plan.label]
        assert all(low <= value <= high for value in values)


def test_easy_grades_do_not_share_a_fat_share_and_hard_ones_do() -> None:
    for setting, apart in ((EASY, True), (HARD, False)):
        limits = [setting.fat[grade] for grade in CLASSES]
        assert all((low[1] < high[0]) == apart for low, high in pairwise(limits))


def test_fat_alone_cannot_reach_an_auc_of_one_in_the_hard_setting() -> None:
    """The plan itself keeps a perfect reader of the fat below 0.99 on the whole."""
    plans = [plan_patient(seed, number, HARD) for seed in range(5) for number in range(300)]
    truth = [int(plan.label) >= 2 for plan in plans for _ in plan.fat]
    assert 0.95 < roc_auc_score(truth, [fat for plan in plans for fat in plan.fat]) < 0.985


def test_fat_elsewhere_says_nothing_about_the_grade() -> None:
    plans = [plan_patient(0, number, HARD) for number in range(1500)]
    grades = np.array([int(plan.label) for plan in plans])
    elsewhere = np.array([plan.elsewhere for plan in plans])  # (N, M)
    assert elsewhere.shape[1] == len(OTHERS)
    assert all(abs(np.corrcoef(grades, column)[0, 1]) < 0.08 for column in elsewhere.T)
    assert (elsewhere > 0).mean() == pytest.approx(HARD.affected, abs=0.02)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.8])
def test_the_fat_drawn_is_the_share_asked_for(share: float) -> None:
    inside = np.zeros((70, 90), bool)
    inside[5:65, 5:85] = True
    drawn = [
        marbled(inside, share, np.zeros(inside.shape, np.float32), np.random.default_rng(seed)) for seed in range(8)
    ]
    assert np.mean([fat[inside].mean() for fat in drawn]) == pytest.approx(share, abs=0.05)
    assert all((fat[~inside] == 0).all() for fat in drawn)


def test_a_muscle_without_fat_has_no_lesion_and_a_white_one_is_all_lesion() -> None:
    inside = np.zeros((40, 40), bool)
    inside[10:30, 10:30] = True
    none = marbled(inside, 0.0, np.zeros(inside.shape, np.float32), np.random.default_rng(0))
    assert not none.any()
    assert not fatty(none, inside).any()
    assert (fatty(inside.astype(np.float32), inside) == inside).all()


@pytest.mark.parametrize("occupation", [0.4, 0.6, 0.9])
def test_a_wasted_muscle_fills_its_share_of_the_fossa(occupation: float) -> None:
    for seed in range(10):
        place = a_shoulder(seed)
        ratio = area(supraspinatus(place, occupation)) / area(place.outline(FOSSA))
        assert ratio == pytest.approx(occupation, abs=0.01)


def test_the_fossa_lies_within_the_image() -> None:
    for seed in range(200):
        place = a_shoulder(seed)
        pixels = place.view.pixels(place.outline(FOSSA))
        assert pixels.min() > 20
        assert pixels.max() < SIZE - 20


def test_left_and_right_shoulders_are_mirror_images_of_a_frame() -> None:
    sides = {a_shoulder(seed).build.side for seed in range(20)}
    assert sides == {-1, 1}


def test_an_image_has_dark_air_grey_muscle_and_white_fat() -> None:
    for image in images_of("0", 3):
        core = cv2.erode(image.region, np.ones((3, 3)), iterations=10)
        muscle, fat = np.median(image.pixels[core > 0]), np.percentile(image.pixels, 90)
        assert np.percentile(image.pixels, 5) < 20 < 30 < muscle < 100 < 140 < fat
        assert not image.lesion.any()


def test_more_fat_in_the_same_patient_is_a_whiter_fossa_and_a_larger_lesion() -> None:
    patient = make_patient(5, 0, EASY)
    plans = [replace(patient.plan, fat=(fat,), occupation=(0.8,)) for fat in (0.0, 0.1, 0.3, 0.5, 0.8)]
    images = [render_image(replace(patient, plan=plan), 0) for plan in plans]
    white = [image.pixels[image.region > 0].mean() for image in images]
    lesion = [int(image.lesion.sum()) for image in images]
    assert all(less < more for less, more in pairwise(white))
    assert lesion[0] == 0
    assert all(less < more for less, more in pairwise(lesion))


def test_a_smaller_muscle_leaves_a_whiter_fossa() -> None:
    patient = make_patient(5, 0, EASY)
    plans = [replace(patient.plan, fat=(0.1,), occupation=(size,)) for size in (0.9, 0.65, 0.4)]
    images = [render_image(replace(patient, plan=plan), 0) for plan in plans]
    assert all(less < more for less, more in pairwise(image.pixels[image.region > 0].mean() for image in images))


@pytest.mark.parametrize("grade", ["2", "3", "4"])
def test_the_lesion_is_brighter_than_the_muscle_beside_it(grade: Grade) -> None:
    for image in images_of(grade, 3):
        muscle = np.percentile(image.pixels[image.region > 0], 5)
        assert image.pixels[image.lesion > 0].mean() > 1.3 * muscle
        assert image.lesion.sum() > 300


def test_fat_in_place_of_a_diseased_muscle_that_wasted_is_lesion_too() -> None:
    """It filled 0.8 of its fossa and fills 0.5: at least 0.3 of the fossa are lesion, and most of that is white."""
    patient = make_patient(5, 0, EASY)
    fat, kept, spared = (
        render_image(replace(patient, plan=replace(patient.plan, fat=(share,), occupation=(size,))), 0)
        for share, size in ((0.01, 0.5), (0.01, 0.8), (0.0, 0.5))
    )
    assert 0.27 < fat.lesion.sum() / fat.region.sum() < 0.36
    assert kept.lesion.sum() < 0.05 * kept.region.sum()
    assert not spared.lesion.any()
    assert fat.pixels[fat.lesion > 0].mean() > 1.3 * np.median(fat.pixels[(fat.region > 0) & (fat.lesion == 0)])
