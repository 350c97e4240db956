"""The knee phantom: grades in their shares, signs that follow the severity, masks on the worn side."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from spinedet.datasets.phantoms.knee_oa.plan import (
    CLASSES,
    EASY,
    HARD,
    PatientPlan,
    Setting,
    Wear,
    plan_patient,
)
from spinedet.datasets.phantoms.knee_oa.scene import KneePatient, make_patient, render_image
from spinedet.datasets.phantoms.whole_images import WholeImage

HEALTHY = Wear(severity=0.0, medial=True, narrowing=0.0, spur=0.0, sclerosis=0.0, cysts=0)


def plans(setting: Setting, count: int = 800) -> list[PatientPlan]:
    return [plan_patient(2, number, setting) for number in range(count)]


def worn(patient: KneePatient, **signs: float) -> WholeImage:
    """The patient's first knee with these signs and no others."""
    knees = (replace(HEALTHY, medial=patient.plan.knees[0].medial, **signs),)  # type: ignore[arg-type]
    return render_image(replace(patient, plan=replace(patient.plan, label="3", knees=knees)), 0)


def test_forty_patients_give_every_grade_to_five_folds_and_half_are_ill() -> None:
    counts = Counter(plan.label for plan in plans(EASY, 40))
    assert counts == {"0": 10, "1": 10, "2": 10, "3": 5, "4": 5}
    assert all(count / 40 >= 0.12 for count in counts.values())


def test_easy_grades_do_not_share_a_severity_and_hard_ones_do() -> None:
    for setting, apart in ((EASY, True), (HARD, False)):
        limits = [setting.severity[grade] for grade in CLASSES]
        assert all((low[1] < high[0]) == apart for low, high in pairwise(limits))


def test_who_knows_the_severity_tells_easy_knees_and_not_all_hard_ones() -> None:
    """Every sign follows the severity, so this bounds any reader of the images."""
    for setting, least, most in ((EASY, 1.0, 1.0), (HARD, 0.95, 0.985)):
        knees = [(int(plan.label) >= 2, knee.severity) for plan in plans(setting) for knee in plan.knees]
        truth, severity = zip(*knees, strict=True)
        assert least <= roc_auc_score(truth, severity) <= most


@given(seed=st.integers(0, 1000), number=st.integers(0, 9998), hard=st.booleans())
@settings(max_examples=60, deadline=None)
def test_severity_keeps_within_the_grade_and_signs_are_possible(seed: int, number: int, hard: bool) -> None:
    setting = HARD if hard else EASY
    plan = plan_patient(seed, number, setting)
    low, high = setting.severity[plan.label]
    for knee in plan.knees:
        assert low <= knee.severity <= high
        assert 0 <= knee.narrowing <= 1.1
        assert 0 <= knee.sclerosis <= 1
        assert knee.spur >= 0


def test_a_second_image_is_the_other_knee() -> None:
    both = [plan for plan in plans(EASY, 100) if len(plan.knees) == 2]
    assert 30 < len(both) < 70
    assert all(plan.is_right(0) != plan.is_right(1) for plan in both)


def test_the_mask_grows_with_the_spurs_and_lies_in_the_worn_half() -> None:
    patient = make_patient(4, 0, EASY)
    small, large = (worn(patient, spur=spur) for spur in (0.0, 6.0))
    assert 200 < small.lesion.sum() < large.lesion.sum()
    columns = np.nonzero(large.lesion)[1]
    middle = np.nonzero(large.region)[1].mean()
    sides = np.sign(columns - middle)
    assert abs(sides.mean()) > 0.95  # all on one side of the joint's middle


def test_a_knee_without_arthritis_has_no_lesion() -> None:
    numbers = [number for number in range(16) if plan_patient(4, number, HARD).label == "0"]
    assert all(not render_image(make_patient(4, number, HARD), 0).lesion.any() for number in numbers)


def test_a_narrowed_joint_space_is_less_dark_gap() -> None:
    """The darkest row of the compartment brightens as femur and tibia meet, and its bone with sclerosis."""
    patient = make_patient(4, 1, EASY)
    open_one = worn(patient)
    place = open_one.lesion > 0
    darkest = [
        float(np.percentile(worn(patient, narrowing=narrowing).pixels[place], 20)) for narrowing in (0.0, 0.5, 1.0)
    ]
    assert all(less < more for less, more in pairwise(darkest))
    hard = worn(patient, sclerosis=1.0).pixels[place].mean()
    assert hard > open_one.pixels[place].mean() + 3


@pytest.mark.parametrize("hard", [False, True])
def test_bones_are_brighter_than_the_gap_and_than_the_flesh(hard: bool) -> None:
    for number in range(4):
        image = render_image(make_patient(8, number, HARD if hard else EASY), 0)
        bright, dark = np.percentile(image.pixels[image.region > 0], (80, 8))
        assert bright > 1.4 * dark
