"""The fracture phantom: who is broken, in which views it shows, and where the mask lies."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from spinedet.datasets.phantoms.fracture.dataset import FRACTURE
from spinedet.datasets.phantoms.fracture.plan import (
    EASY,
    HARD,
    HIDDEN,
    SHAFT,
    VIEWS,
    Break,
    PatientPlan,
    plan_patient,
)
from spinedet.datasets.phantoms.fracture.scene import make_patient, render_image

BROKEN = Break(("radius",), 20.0, 0.1, 4.0, 0.25, 1.0, 0.0, 0.9)


def plans(count: int = 400) -> list[PatientPlan]:
    return [plan_patient(3, number, HARD) for number in range(count)]


def test_half_of_every_ten_patients_are_broken_and_some_less_than_half_of_the_views() -> None:
    drawn = plans()
    for start in range(0, len(drawn), 10):
        assert Counter(plan.label for plan in drawn[start : start + 10]) == {"normal": 5, "abnormal": 5}
    shown = [shown for plan in drawn for shown in plan.shown]
    assert 0.40 < np.mean(shown) < 0.5


def test_a_patient_is_abnormal_where_one_view_shows_it() -> None:
    for plan in plans():
        assert (plan.label == "abnormal") == any(plan.shown) == (plan.broken is not None)
        assert [answer.name == "abnormal" for answer in plan.answers] == list(plan.shown)
        assert len(plan.images) == len(plan.views) == len(plan.shown)


def test_some_fractures_hide_in_one_of_several_views() -> None:
    several = [plan for plan in plans() if plan.broken and len(plan.views) > 1]
    hidden = [plan.shown.count(False) for plan in several]
    assert set(hidden) == {0, 1}
    assert np.mean(hidden) == pytest.approx(HIDDEN, abs=0.1)


def test_the_views_do_not_tell_the_class() -> None:
    drawn = plans(1000)
    assert {len(plan.views) for plan in drawn} == {1, 2, 3}
    assert all(plan.views == tuple(name for name in VIEWS if name in plan.views) for plan in drawn)
    for label in ("normal", "abnormal"):
        counts = [len(plan.views) for plan in drawn if plan.label == label]
        assert np.mean(counts) == pytest.approx(2.2, abs=0.1)


def test_easy_fractures_are_severer_than_hard_ones() -> None:
    easy, hard = (
        [plan.broken.severity for number in range(300) if (plan := plan_patient(0, number, setting)).broken]
        for setting in (EASY, HARD)
    )
    assert min(easy) >= 0.55
    assert np.mean(hard) < 0.3 < max(hard) <= 0.45


def test_the_mask_lies_around_what_the_fracture_changed() -> None:
    """The same forearm, broken and whole: most of the difference beside the hand, which moves too, is in the mask."""
    patient = make_patient(3, next(n for n in range(20) if plan_patient(3, n, EASY).broken is None), EASY)
    plan = replace(patient.plan, broken=replace(BROKEN, bones=("ulna",), level=SHAFT[0] + 3), shown=(True,) * 3)
    whole = render_image(patient, 0)
    broken = render_image(replace(patient, plan=plan), 0)
    assert not whole.lesion.any()
    assert 150 < broken.lesion.sum() < 0.1 * broken.lesion.size
    rows = np.flatnonzero(broken.lesion.any(axis=1))
    assert 20 < rows.min() < rows.max() < broken.lesion.shape[0] - 5


@pytest.mark.parametrize("hard", [False, True])
def test_every_view_that_shows_it_has_a_mask_and_no_other(hard: bool) -> None:
    setting = HARD if hard else EASY
    for number in range(12):
        patient = make_patient(11, number, setting)
        for image, shown in enumerate(patient.plan.shown):
            found = render_image(patient, image)
            assert found.lesion.any() == shown
            assert found.region.mean() > 0.2


def test_a_gap_is_darker_and_driven_in_fragments_are_brighter_than_the_bone() -> None:
    """Along the fracture line, where the bone lay before."""
    patient = make_patient(3, next(n for n in range(20) if plan_patient(3, n, EASY).broken), EASY)
    shades = {}
    for gap in (2.5, 0.0, -3.0):
        broken = replace(BROKEN, gap=gap, step=0.0, tilt=0.0, slope=0.0)
        found = render_image(replace(patient, plan=replace(patient.plan, broken=broken, shown=(True,) * 3)), 0)
        rows, columns = np.nonzero(found.lesion)
        middle = round(float(columns.mean()))
        strip = found.pixels[rows.min() : rows.max(), middle - 8 : middle + 8].mean(axis=1)
        shades[gap] = (strip.min() / np.median(strip), strip.max() / np.median(strip))
    assert shades[2.5][0] < 0.85 < shades[0.0][0]
    assert shades[-3.0][1] > shades[0.0][1] + 0.03


def test_the_table_says_what_each_view_shows() -> None:
    plan = next(plan for plan in plans() if plan.shown.count(False) == 1 and plan.broken)
    rows = FRACTURE.truth(plan)
    assert [row[0] for row in rows] == list(plan.views)
    assert [row[1] != "" for row in rows] == list(plan.shown)
    assert {len(row) for row in rows} == {len(FRACTURE.columns)}
