"""The thigh phantom: each class has its muscles, the masks lie where the fat is."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from spinedet.datasets.phantoms.thigh.anatomy import HEIGHT, WIDTH, build_legs, place_legs
from spinedet.datasets.phantoms.thigh.lesions import spread_lesion
from spinedet.datasets.phantoms.thigh.muscles import MUSCLES, NAMES, cut_muscles
from spinedet.datasets.phantoms.thigh.patterns import BECKER, CLASSES, DUCHENNE, MIMIC, OTHERS, Pattern
from spinedet.datasets.phantoms.thigh.plan import BLOCK, EASY, HARD, TOUCHING, PatientPlan, label_of, plan_patient
from spinedet.datasets.phantoms.thigh.scene import make_patient, render_image
from spinedet.datasets.phantoms.thigh.territory import map_muscles
from spinedet.datasets.phantoms.whole_images import WholeImage

PAPER_IMAGES = {"other": 420, "DMD": 130, "BMD": 98}
"""The test images of P2."""


def planned(pattern: Pattern, course: float) -> PatientPlan:
    """A patient whose muscles keep exactly to the pattern."""
    return PatientPlan("P0001", "other", pattern, course, (0.5,), (False,), np.tile(pattern.onsets(), (2, 1)))


def affected(pattern: Pattern, course: float, level: float = 0.5) -> set[str]:
    degrees = planned(pattern, course).degrees(level)[0]
    return {name for name, degree in zip(NAMES, degrees, strict=True) if degree > 0}


def first_image(wanted: Callable[[PatientPlan], bool], touching: bool = False) -> WholeImage:
    """The first easy image of a patient of that kind."""
    for number in range(400):
        plan = plan_patient(5, number, EASY)
        if wanted(plan) and touching in plan.touching:
            return render_image(make_patient(5, number, EASY), plan.touching.index(touching))
    raise AssertionError("no such patient")


def test_class_shares_are_the_papers_in_every_twenty_patients() -> None:
    total = sum(PAPER_IMAGES.values())
    for name, images in PAPER_IMAGES.items():
        assert BLOCK.count(name) / len(BLOCK) == pytest.approx(images / total, abs=0.005)
    for start in (0, 20, 40):
        assert sorted(label_of(1, number) for number in range(start, start + 20)) == sorted(BLOCK)
    assert [label_of(1, number) for number in range(20)] != [label_of(1, number) for number in range(20, 40)]


def test_class_shares_hold_by_image_and_legs_touch_as_often_as_said() -> None:
    plans = [plan_patient(2, number, HARD) for number in range(400)]
    total = sum(len(plan.levels) for plan in plans)
    for name, images in PAPER_IMAGES.items():
        share = sum(len(plan.levels) for plan in plans if plan.label == name) / total
        assert share == pytest.approx(images / sum(PAPER_IMAGES.values()), abs=0.02)
    assert sum(sum(plan.touching) for plan in plans) / total == pytest.approx(TOUCHING, abs=0.015)


def test_every_pattern_names_muscles_that_there_are() -> None:
    for pattern in (DUCHENNE, BECKER, MIMIC, *OTHERS):
        assert set(pattern.onset) <= set(NAMES)
    assert set(DUCHENNE.onset) == set(BECKER.onset) == set(NAMES)


def test_duchenne_takes_adductor_magnus_and_quadriceps_and_spares_gracilis_and_sartorius() -> None:
    early = affected(DUCHENNE, 0.4)
    assert {"adductor magnus", "vastus lateralis", "vastus intermedius", "rectus femoris", "vastus medialis"} <= early
    assert not {"gracilis", "sartorius", "adductor longus"} & affected(DUCHENNE, 0.85)


def test_becker_takes_the_hamstrings_before_the_quadriceps() -> None:
    assert {"biceps femoris", "semimembranosus", "adductor magnus"} <= affected(BECKER, 0.3)
    assert not {"vastus lateralis", "rectus femoris", "gracilis", "sartorius"} & affected(BECKER, 0.3)


def test_a_distal_disease_is_worse_at_the_knee() -> None:
    distal = next(pattern for pattern in OTHERS if pattern.name == "distal")
    hip, knee = (planned(distal, 0.4).degrees(level).sum() for level in (0.1, 0.85))
    assert knee > hip


def test_an_asymmetric_disease_differs_between_the_legs() -> None:
    plans = [plan_patient(0, number, EASY) for number in range(200)]

    def difference(name: str) -> float:
        sums = [plan.degrees(0.5).sum(axis=1) for plan in plans if plan.pattern.name == name]  # each (2,)
        return float(np.mean([abs(left - right) for left, right in sums]))

    assert difference("asymmetric") > 2 * difference("posterior")


def test_the_hard_setting_is_milder_and_has_more_that_looks_alike() -> None:
    easy, hard = ([plan_patient(0, number, setting) for number in range(200)] for setting in (EASY, HARD))

    def course(plans: list[PatientPlan], label: str) -> float:
        return float(np.mean([plan.course for plan in plans if plan.label == label]))

    assert all(course(hard, label) < course(easy, label) for label in CLASSES)
    assert [plan.label for plan in easy] == [plan.label for plan in hard]
    mimics = [sum(plan.pattern.name in {"mimic", "copy"} for plan in plans) for plans in (easy, hard)]
    assert mimics[1] > mimics[0]


def test_some_of_the_hard_patients_cannot_be_told_from_becker() -> None:
    """An AUC of 1 is out of reach by the plan alone: these differ from Becker in nothing but their label."""
    others = [
        plan.pattern for plan in (plan_patient(0, number, HARD) for number in range(400)) if plan.label == "other"
    ]
    copies = [pattern for pattern in others if pattern.name == "copy"]
    assert len(copies) / len(others) == pytest.approx(HARD.copies, abs=0.04)
    assert copies
    assert all(pattern.onset == BECKER.onset for pattern in copies)
    assert EASY.copies == 0


def test_muscles_are_where_anatomy_has_them() -> None:
    lines, reach = cut_muscles(0.5)
    middle = {name: line.mean(axis=0) for name, line in zip(NAMES, lines, strict=True)}
    assert middle["rectus femoris"][1] < -0.5 < 0.5 < middle["semitendinosus"][1]
    assert middle["gracilis"][0] < -0.5 < 0.5 < middle["vastus lateralis"][0]
    assert middle["semimembranosus"][0] < middle["biceps femoris"][0]
    assert (reach > 0).sum() >= 12
    assert all(len({len(cut.line) for cut in muscle.cuts}) == 1 for muscle in MUSCLES)


def test_a_level_between_two_described_ones_lies_between_them() -> None:
    (upper, _), (between, reach), (lower, _) = (cut_muscles(level) for level in (0.5, 0.75, 1.0))
    assert all(np.allclose(m, (a + b) / 2) for a, m, b in zip(upper, between, lower, strict=True))
    assert reach == pytest.approx((cut_muscles(0.5)[1] + cut_muscles(1.0)[1]) / 2)


def test_an_image_has_dark_air_grey_muscle_and_white_fat() -> None:
    image = first_image(lambda plan: plan.pattern.name == "normal")
    air = np.median(image.pixels[image.region == 0])
    ring = cv2.erode((image.region > 0).astype(np.uint8), np.ones((3, 3)), iterations=3)
    inner = cv2.erode(ring, np.ones((3, 3)), iterations=24)
    muscle = np.median(image.pixels[inner > 0])
    fat = np.percentile(image.pixels[ring > 0], 95)
    assert air < 25 < 40 < muscle < 120 < 160 < fat
    assert not image.lesion.any()


@pytest.mark.parametrize("label", ["DMD", "BMD"])
def test_the_lesion_is_brighter_than_the_muscle_beside_it(label: str) -> None:
    image = first_image(lambda plan: plan.label == label)
    inside = image.pixels[image.lesion > 0].mean()
    normal = first_image(lambda plan: plan.pattern.name == "normal")
    core = cv2.erode((normal.region > 0).astype(np.uint8), np.ones((3, 3)), iterations=24)
    assert inside > 1.3 * np.median(normal.pixels[core > 0])
    assert (image.region[image.lesion > 0] > 0).all()


def test_oedema_is_a_lesion_without_fat() -> None:
    image = first_image(lambda plan: plan.pattern.oedema and plan.course > 0.7)
    assert image.lesion.sum() > 500
    assert np.median(image.pixels[image.lesion > 0]) < 110


def test_fat_in_place_of_muscle_that_wasted_is_lesion_too() -> None:
    """All muscles of a leg waste alike; what they held before is what they hold where they have not."""
    patient = make_patient(5, 0, EASY)
    leg = build_legs(patient.build, 0.5, False)[0]
    view = place_legs(patient.build, (leg, leg))
    kept, wasted = (
        map_muscles(leg, view, 0.5, np.full(len(NAMES), swelling), patient.plane, np.random.default_rng(1))
        for swelling in (0.0, -1.0)
    )
    np.testing.assert_array_equal(kept.former, kept.share)
    np.testing.assert_allclose(wasted.former, kept.share, atol=1e-4)
    assert (wasted.share > 0.5).sum() < 0.95 * (wasted.former > 0.5).sum()
    lesion = spread_lesion(wasted, np.ones(len(NAMES)), DUCHENNE, np.random.default_rng(2)).mask
    np.testing.assert_array_equal(lesion, wasted.former > 0.5)


def test_every_dystrophic_patient_shows_a_lesion_even_in_the_hard_setting() -> None:
    for number in range(20):
        patient = make_patient(6, number, HARD)
        if patient.plan.label != "other":
            images = [render_image(patient, index) for index in range(len(patient.plan.levels))]
            assert max(int(image.lesion.sum()) for image in images) > 100


def test_legs_lie_apart_in_the_image_unless_they_touch() -> None:
    for number in range(30):
        build = make_patient(8, number, EASY).build
        for level, touching in ((0.1, False), (0.86, False), (0.1, True), (0.86, True)):
            legs = build_legs(build, level, touching)
            left, right = (place_legs(build, legs).pixels(leg.outline(leg.skin)) for leg in legs)
            both = np.vstack([left, right])
            assert both.min() > 0
            assert (both < (WIDTH, HEIGHT)).all()
            assert legs[1].outline(legs[1].skin)[:, 0].min() == pytest.approx(0 if touching else build.gap / 2, abs=0.1)


@pytest.mark.parametrize(("touching", "parts"), [(False, 2), (True, 1)])
def test_touching_legs_are_one_part_and_others_two(touching: bool, parts: int) -> None:
    image = first_image(lambda plan: plan.label == "other", touching)
    _, above = cv2.threshold(image.pixels, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    _, _, found, _ = cv2.connectedComponentsWithStats(np.asarray(above, np.uint8))
    sizes = found[1:, cv2.CC_STAT_WIDTH] * found[1:, cv2.CC_STAT_HEIGHT]
    assert (sizes > WIDTH * HEIGHT / 8).sum() == parts
