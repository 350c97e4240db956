"""The disc phantom: with wear the nucleus darkens, its border fades, the disc sinks; the neighbours do not know."""

from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from spinedet.datasets.phantoms.pathology import LEVELS
from spinedet.datasets.phantoms.pfirrmann.disc import disc_mask, graded_disc, nucleus_glow, worn_spine
from spinedet.datasets.phantoms.pfirrmann.plan import (
    CLASSES,
    EASY,
    HARD,
    LEVEL_WEIGHTS,
    MOTTLE,
    PatientPlan,
    plan_patient,
)
from spinedet.datasets.phantoms.pfirrmann.scene import SIZE, DiscPatient, make_patient, render_image
from spinedet.datasets.phantoms.whole_images import WholeImage

WEARS = (0.0, 0.22, 0.43, 0.66, 0.95)
"""In the middle of every easy grade."""


def worn(wear: float, number: int = 0) -> DiscPatient:
    """One patient whose disc is this worn in one image of the midline."""
    patient = make_patient(5, number, EASY)
    plan = replace(patient.plan, wear=(wear,), offsets=(0.0,), signal=1.0, height=1.0)
    return replace(patient, plan=plan)


def shown(wear: float, number: int = 0) -> WholeImage:
    return render_image(worn(wear, number), 0)


def middle(image: WholeImage) -> float:
    """Mean signal of the middle of the disc."""
    rows, columns = np.nonzero(image.region)
    y, x = round(rows.mean()), round(columns.mean())
    return float(image.pixels[y - 2 : y + 3, x - 12 : x + 13].mean())


def test_easy_grades_share_no_wear_and_hard_neighbours_do() -> None:
    for setting, apart in ((EASY, True), (HARD, False)):
        limits = [setting.wear[grade] for grade in CLASSES]
        assert all((low[1] < high[0]) == apart for low, high in pairwise(limits))
        assert all(low[1] < high[0] for low, high in zip(limits, limits[2:], strict=False))


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_worn_disc_is_darker_and_lower(number: int) -> None:
    images = [shown(wear, number) for wear in WEARS]
    assert all(more.region.sum() > less.region.sum() for more, less in pairwise(images[1:]))
    young, grey, black = middle(images[0]), middle(images[2]), middle(images[3])
    assert young > 1.5 * grey > 1.8 * black


def test_the_border_of_the_nucleus_fades() -> None:
    soft = []
    for wear in (0.05, 0.42, 0.66):
        glow = glow_of(wear)
        shown, full = glow[glow > 0], np.percentile(glow[glow > 0], 95)
        soft.append(np.mean(shown[shown > 0.1 * full] < 0.5 * full))
    assert all(less + 0.05 < more for less, more in pairwise(soft))


def glow_of(wear: float) -> NDArray[np.float32]:
    patient = worn(wear)
    spine = worn_spine(5, 0, patient.plan, patient.trunk.anatomy, 0)
    disc = graded_disc(spine, patient.plan.level)
    view = replace(patient.trunk.view, scale=6.0)
    view = replace(view, x=view.x + 400 - view.pixels(disc.middle.at([0.0]))[0, 0])
    view = replace(view, y=view.y + 300 - view.pixels(disc.middle.at([0.0]))[0, 1])
    return nucleus_glow(disc, view, patient.plan, 0, 200.0, np.random.default_rng(0)).astype(np.float32)


def test_a_grey_nucleus_is_more_uneven_than_a_white_one() -> None:
    assert MOTTLE[0][1] < 0.05 < MOTTLE[-1][1]
    uneven = []
    for wear in (0.05, 0.5):
        glow = glow_of(wear)
        core = glow[cv2.erode((glow > 0.5 * glow.max()).astype(np.uint8), np.ones((9, 9))) > 0]
        uneven.append(core.std() / core.mean())
    assert uneven[0] < 0.5 * uneven[1]


@pytest.mark.parametrize("level", LEVEL_WEIGHTS)
def test_the_graded_disc_is_that_of_its_level_and_lies_in_the_middle(level: str) -> None:
    patient = make_patient(5, 3, EASY)
    patient = replace(patient, plan=replace(patient.plan, level=level))
    spine = worn_spine(5, 3, patient.plan, patient.trunk.anatomy, 0)
    disc = graded_disc(spine, level)
    assert disc.finding is not None
    assert disc.finding.level == level
    rows, columns = np.nonzero(render_image(patient, 0).region)
    assert abs(rows.mean() - SIZE / 2) < 0.2 * SIZE
    assert abs(columns.mean() - SIZE / 2) < 0.25 * SIZE


def test_the_neighbours_do_not_know_the_grade() -> None:
    def others(plan: PatientPlan) -> list[object]:
        spine = worn_spine(5, 0, plan, make_patient(5, 0, EASY).trunk.anatomy, 0)
        return [disc.finding for disc in spine.discs if disc.finding and disc.finding.level != plan.level]

    young, old = others(worn(0.0).plan), others(worn(1.0).plan)
    assert len(young) == len(LEVELS) - 1
    assert young == old


def test_the_mask_is_the_disc() -> None:
    patient = worn(0.7)
    disc = graded_disc(worn_spine(5, 0, patient.plan, patient.trunk.anatomy, 0), patient.plan.level)
    view = replace(patient.trunk.view, scale=1.0)
    area = cv2.contourArea(disc.outline.astype(np.float32))
    view = replace(view, x=view.x + 400 - view.pixels(disc.outline)[:, 0].mean())
    assert disc_mask(disc, view).sum() == pytest.approx(area, rel=0.25)


def test_levels_and_wear_are_planned_within_their_grade() -> None:
    plans = [plan_patient(3, number, HARD) for number in range(400)]
    assert {plan.level for plan in plans} == set(LEVEL_WEIGHTS)
    for plan in plans:
        low, high = HARD.wear[plan.label]
        assert all(low <= wear <= high for wear in plan.wear)
        assert len(plan.offsets) == len(plan.wear) == len(plan.images)
