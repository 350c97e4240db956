"""The liver phantom: cirrhosis changes texture and shape, the masks lie in the liver."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from spinedet.datasets.phantoms.liver.anatomy import HEIGHT, WIDTH, sample_build
from spinedet.datasets.phantoms.liver.lobes import shape_lobes
from spinedet.datasets.phantoms.liver.nodules import grow_nodules, lay_patches
from spinedet.datasets.phantoms.liver.plan import (
    BLOCK,
    EASY,
    HARD,
    IMAGES,
    LEAST,
    PatientPlan,
    Setting,
    Signs,
    label_of,
    plan_patient,
)
from spinedet.datasets.phantoms.liver.scene import LiverImage, make_patient, render_image

PAPER = 553 / 713
"""Share of P4's patients who have cirrhosis."""

HEALTHY = Signs(nodular=0.0, shape=0.0, fissures=0.0, spleen=0.0, ascites=0.0)
LATE = Signs(nodular=1.0, shape=1.0, fissures=1.0, spleen=1.0, ascites=0.0)


def planned(setting: Setting, patients: int = 400) -> list[PatientPlan]:
    return [plan_patient(2, number, setting) for number in range(patients)]


def images_of(wanted: Callable[[PatientPlan], bool], count: int) -> list[LiverImage]:
    """The first easy image of each of the first `count` patients of that kind."""
    numbers = [number for number in range(400) if wanted(plan_patient(5, number, EASY))][:count]
    assert len(numbers) == count
    return [render_image(make_patient(5, number, EASY), 0) for number in numbers]


def roughness(image: LiverImage) -> float:
    """Spread of what is finer than a few pixels inside the liver, as a fraction of its signal."""
    inside = cv2.erode(image.region, np.ones((3, 3)), iterations=4) > 0
    signal = image.pixels.astype(np.float32)
    band = cv2.GaussianBlur(signal, (0, 0), 1.0) - cv2.GaussianBlur(signal, (0, 0), 3.0)
    return float(np.percentile(np.abs(band[inside]), 60) / np.median(signal[inside]))


def test_the_share_of_cirrhosis_is_the_papers_in_every_nine_patients() -> None:
    assert BLOCK.count("cirrhosis") / len(BLOCK) == pytest.approx(PAPER, abs=0.0025)
    for start in (0, 9, 18):
        assert sorted(label_of(1, number) for number in range(start, start + 9)) == sorted(BLOCK)
    assert [label_of(1, number) for number in range(9)] != [label_of(1, number) for number in range(9, 18)]


@pytest.mark.parametrize("setting", [EASY, HARD])
def test_the_share_holds_by_image_and_patients_have_as_many_images_as_said(setting: Setting) -> None:
    plans = planned(setting, 900)
    counts = np.array([len(plan.levels) for plan in plans])
    sick = np.array([plan.label == "cirrhosis" for plan in plans])
    assert counts[sick].sum() / counts.sum() == pytest.approx(PAPER, abs=0.02)
    for images, share in enumerate(IMAGES, start=1):
        assert (counts == images).mean() == pytest.approx(share, abs=0.04)


def test_what_misleads_is_as_frequent_in_both_classes() -> None:
    plans = planned(EASY, 1800)

    def share(label: str, found: Callable[[PatientPlan], bool]) -> float:
        return float(np.mean([found(plan) for plan in plans if plan.label == label]))

    signs: tuple[Callable[[PatientPlan], bool], ...] = (
        lambda plan: plan.signal > 1.2,
        lambda plan: plan.signal < 0.8,
        lambda plan: plan.cysts > 0,
    )
    for found in signs:
        assert share("normal", found) == pytest.approx(share("cirrhosis", found), abs=0.06)
        assert share("normal", found) > 0.08


def test_a_normal_liver_has_no_nodules_and_a_cirrhotic_one_always_has() -> None:
    for setting in (EASY, HARD):
        for plan in planned(setting):
            if plan.label == "cirrhosis":
                assert plan.signs.nodular >= LEAST
            elif not plan.copy:
                assert plan.signs.nodular == 0 == plan.course


def test_some_but_not_all_have_ascites_and_they_are_the_later_ones() -> None:
    sick = [plan for plan in planned(EASY) if plan.label == "cirrhosis"]
    wet = [plan.course for plan in sick if plan.signs.ascites > 0]
    dry = [plan.course for plan in sick if plan.signs.ascites == 0]
    assert 0.1 < len(wet) / len(sick) < 0.6
    assert np.mean(wet) > np.mean(dry)


def test_some_of_the_hard_patients_cannot_be_told_from_cirrhosis() -> None:
    """An AUC of 1 is out of reach by the plan alone: these differ from cirrhosis in nothing but their label."""
    normal = [plan for plan in planned(HARD, 1800) if plan.label == "normal"]
    copies = [plan for plan in normal if plan.copy]
    assert len(copies) / len(normal) == pytest.approx(HARD.copies, abs=0.04)
    assert all(HARD.course[0] <= plan.course <= HARD.course[1] for plan in copies)
    assert not any(plan.copy for plan in planned(EASY))


def test_a_copy_has_no_mask() -> None:
    number = next(number for number in range(400) if plan_patient(2, number, HARD).copy)
    assert not render_image(make_patient(2, number, HARD), 0).lesion.any()


def test_the_hard_setting_is_earlier_and_finer() -> None:
    easy, hard = (planned(setting) for setting in (EASY, HARD))
    assert [plan.label for plan in easy] == [plan.label for plan in hard]
    sick = [(a, b) for a, b in zip(easy, hard, strict=True) if a.label == "cirrhosis"]
    assert np.mean([a.course - b.course for a, b in sick]) > 0.1
    assert np.mean([a.nodule - b.nodule for a, b in sick]) > 1


def test_cirrhosis_grows_caudate_and_left_lobe_and_shrinks_the_right() -> None:
    rng = np.random.default_rng(0)
    build = sample_build(rng)

    def areas(signs: Signs) -> tuple[float, float, float]:
        lobes = shape_lobes(build, signs, np.zeros((3, 2)), 0.0, 8.0, np.random.default_rng(1))
        right, left, caudate = (
            cv2.contourArea(line.astype(np.float32)) for line in (lobes.right, lobes.left, lobes.caudate)
        )
        return right, left, caudate

    healthy, late = areas(HEALTHY), areas(LATE)
    assert late[0] < 0.75 * healthy[0]
    assert late[1] > 1.2 * healthy[1]
    assert late[2] > 1.6 * healthy[2]


def test_a_nodular_outline_is_longer_than_a_smooth_one_around_the_same_area() -> None:
    build = sample_build(np.random.default_rng(0))
    nodular = Signs(nodular=1.0, shape=0.0, fissures=0.0, spleen=0.0, ascites=0.0)
    smooth, bumpy = (
        shape_lobes(build, signs, np.zeros((3, 2)), 0.0, 8.0, np.random.default_rng(1)).right.astype(np.float32)
        for signs in (HEALTHY, nodular)
    )
    assert cv2.arcLength(bumpy, True) > 1.1 * cv2.arcLength(smooth, True)
    assert cv2.contourArea(bumpy) == pytest.approx(cv2.contourArea(smooth), rel=0.05)


def test_fissures_widen() -> None:
    build = sample_build(np.random.default_rng(0))
    narrow, wide = (
        [
            cv2.contourArea(line.astype(np.float32))
            for line in shape_lobes(build, signs, np.zeros((3, 2)), 0.0, 8.0, np.random.default_rng(1)).fissures
        ]
        for signs in (HEALTHY, LATE)
    )
    assert all(after > 1.4 * before for before, after in zip(narrow, wide, strict=True))


def test_nodules_are_parted_by_brighter_septa_and_some_parts_are_spared() -> None:
    found = grow_nodules((160, 200), 1.0, 0.5, 10.0, np.random.default_rng(0))
    assert found.factor.shape == found.changed.shape == (160, 200)
    assert found.factor.max() > 1.2 > 0.9 > np.percentile(found.factor, 25)
    assert found.factor.mean() == pytest.approx(1, abs=0.08)
    assert 0.5 < found.changed.mean() < 0.99
    assert found.factor[found.changed].std() > 2 * found.factor[~found.changed].std()


def test_no_degree_is_no_change_and_patches_are_smooth() -> None:
    rng = np.random.default_rng(0)
    found = grow_nodules((60, 80), 0.0, 0.5, 8.0, rng)
    assert (found.factor == 1).all()
    assert not found.changed.any()
    patches = lay_patches((60, 80), 0.2, rng)
    assert np.abs(np.diff(patches, axis=0)).max() < 0.1 < np.ptp(patches)


def test_a_cirrhotic_liver_is_rougher_than_a_normal_one() -> None:
    normal = [roughness(image) for image in images_of(lambda plan: plan.label == "normal", 5)]
    sick = [roughness(image) for image in images_of(lambda plan: plan.signs.nodular > 0.6, 5)]
    assert np.median(sick) > 1.5 * np.median(normal)


def test_the_ratio_of_caudate_to_right_lobe_tells_late_cirrhosis() -> None:
    normal = [image.caudate_to_right for image in images_of(lambda plan: plan.label == "normal", 4)]
    late = [image.caudate_to_right for image in images_of(lambda plan: plan.signs.shape > 0.8, 4)]
    assert 0.03 < max(normal) < min(late) < 1


def test_the_liver_lies_on_the_left_of_the_image_and_takes_a_fair_part_of_it() -> None:
    for image in images_of(lambda plan: True, 6):
        columns = np.nonzero(image.region)[1]
        assert columns.mean() < 0.48 * WIDTH
        assert 0.1 < image.region.mean() < 0.4


def test_every_cirrhotic_image_has_a_lesion_that_fills_much_of_the_liver_even_in_the_hard_setting() -> None:
    for number in range(20):
        patient = make_patient(6, number, HARD)
        if patient.plan.label == "cirrhosis":
            image = render_image(patient, 0)
            assert 0.4 < image.lesion.sum() / image.region.sum() < 1


def test_an_image_has_dark_air_grey_liver_and_white_fluid() -> None:
    image = images_of(lambda plan: plan.label == "normal" and 0.9 < plan.signal < 1.1, 1)[0]
    inside = image.pixels[cv2.erode(image.region, np.ones((5, 5))) > 0]
    assert image.pixels[:6, :6].mean() < 25 < 40 < np.median(inside) < 140
    assert image.pixels.max() > 180


def test_the_trunk_lies_within_the_image() -> None:
    rng = np.random.default_rng(0)
    for _ in range(40):
        build = sample_build(rng)
        corners = build.view().pixels(build.skin())
        assert corners.min() > 0
        assert (corners < (WIDTH, HEIGHT)).all()
