"""The meniscus phantom: menisci fill the wedge between the bones, lines are bright and reach as far as planned."""

from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest

from spinedet.datasets.phantoms.meniscus.anatomy import LINES, Knee, cut, sample_build
from spinedet.datasets.phantoms.meniscus.painting import HORNS
from spinedet.datasets.phantoms.meniscus.plan import EASY, HARD, KINDS, Horn, Kind, PatientPlan, plan_patient
from spinedet.datasets.phantoms.meniscus.scene import KneePatient, make_patient, render_image
from spinedet.datasets.phantoms.outlines import signed_area


def a_knee(seed: int, level: float) -> Knee:
    rng = np.random.default_rng(seed)
    return cut(sample_build(rng), level, rng)


def torn(kind: Kind, reach: float, contrast: float, horn: Horn = "posterior") -> KneePatient:
    """One patient, with this line in one image of the horns."""
    patient = make_patient(5, 0, EASY)
    plan = PatientPlan("P0001", "tear", horn, kind, (0.8,), (reach,), (contrast,))
    return replace(patient, plan=plan)


def test_many_intact_menisci_are_worn_in_the_hard_setting_and_all_tears_have_a_line() -> None:
    for setting in (EASY, HARD):
        plans = [plan_patient(1, number, setting) for number in range(1000)]
        worn = [plan.reach[0] > 0 for plan in plans if plan.label == "intact"]
        assert np.mean(worn) == pytest.approx(setting.worn, abs=0.05)
        assert all(min(plan.reach) >= setting.reach["tear"][0] for plan in plans if plan.label == "tear")
        assert all(max(plan.reach) < 1 for plan in plans if plan.label == "intact")


def test_the_bow_tie_of_outer_slices_becomes_two_triangles() -> None:
    for seed in range(20):
        middles = [abs(signed_area(a_knee(seed, level).middle())) for level in (0.0, 0.3, 0.9)]
        assert all(more > less for more, less in pairwise(middles))
        assert middles[0] > 25  # mm2
        assert middles[2] < 3
        assert all(20 < abs(signed_area(a_knee(seed, 0.9).horn(horn))) < 80 for horn in HORNS)


def test_menisci_lie_between_the_bones() -> None:
    for seed in range(20):
        knee = a_knee(seed, 0.7)
        bones = knee.frame.mask(knee.femur()) + knee.frame.mask(knee.tibia())
        assert bones.max() == 1
        for horn in HORNS:
            meniscus = cv2.erode(knee.frame.mask(knee.horn(horn)), np.ones((3, 3)))
            assert meniscus.sum() > 60
            assert not (meniscus & bones).any()


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_line_ends_at_the_surface_and_a_shorter_one_within(kind: Kind) -> None:
    for seed in range(10):
        knee = a_knee(seed, 0.8)
        outline = knee.horn("posterior").astype(np.float32)
        for reach, least, most in ((1.0, -0.3, 0.45), (0.5, 0.45, 9.0)):
            parts = knee.line("posterior", kind, reach, np.random.default_rng(seed))
            assert len(parts) == len(LINES[kind][1])
            for part in parts:
                x, y = (float(value) for value in part[-1])
                assert least < cv2.pointPolygonTest(outline, (x, y), True) < most  # mm, positive inside


def test_an_image_has_black_menisci_grey_marrow_and_white_fluid() -> None:
    patient = torn("oblique", 0.0, 0.0)
    image, knee = render_image(patient, 0), cut(patient.build, 0.8, np.random.default_rng(patient.images[0]))
    horn = cv2.erode(knee.frame.mask(knee.horn("anterior")), np.ones((5, 5)))
    marrow = cv2.erode(knee.frame.mask(knee.tibia()), np.ones((9, 9)))
    assert image.pixels[horn > 0].mean() < 0.5 * image.pixels[marrow > 0].mean()
    assert np.percentile(image.pixels, 99.5) > 1.3 * image.pixels[marrow > 0].mean()


@pytest.mark.parametrize("kind", KINDS)
def test_a_tear_is_bright_in_a_black_horn_and_brighter_with_more_contrast(kind: Kind) -> None:
    shown = []
    for contrast in (0.0, 0.5, 1.0):
        image = render_image(torn(kind, 1.0, contrast), 0)
        inside = cv2.erode(image.lesion, np.ones((3, 3)), iterations=4)
        shown.append(float(np.percentile(image.pixels[inside > 0], 90)))
    assert shown[0] < shown[1] - 15 < shown[2] - 30


def test_the_lesion_is_the_torn_horn_alone() -> None:
    posterior, anterior = (
        render_image(torn("oblique", 1.0, 1.0, horn), 0).lesion for horn in ("posterior", "anterior")
    )
    assert posterior.any()
    assert anterior.any()
    assert not (posterior & anterior).any()
