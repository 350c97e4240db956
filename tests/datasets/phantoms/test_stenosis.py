"""The stenosis phantom: a sac loses the area that is asked for, to a disc, to ligaments and to joints."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinedet.datasets.phantoms.outlines import signed_area
from spinedet.datasets.phantoms.stenosis.anatomy import SAC, cut, narrowed, roots_in
from spinedet.datasets.phantoms.stenosis.plan import CAUSE, CLASSES, EASY, HARD
from spinedet.datasets.phantoms.stenosis.scene import CanalPatient, make_patient, render_image

PARTS = st.floats(*CAUSE)


def narrow(lost: float, number: int = 0) -> CanalPatient:
    """One patient whose canal has lost this share of its area in one image."""
    patient = make_patient(5, number, EASY)
    return replace(patient, plan=replace(patient.plan, label="severe", narrowing=(lost,)))


def sac_signal(lost: float, number: int) -> float:
    """Mean signal within the sac."""
    patient = narrow(lost, number)
    frame, canal = cut(patient.build, patient.plan, 0, np.random.default_rng(patient.images[0]))
    inside = frame.mask(frame.place(canal.sac()))
    return float(render_image(patient, 0).pixels[inside > 0].mean())


@given(lost=st.floats(0, 0.86), causes=st.tuples(PARTS, PARTS, PARTS), lean=st.floats(-4, 4))
@settings(max_examples=150, deadline=None)
def test_the_sac_loses_the_area_asked_for(lost: float, causes: tuple[float, float, float], lean: float) -> None:
    healthy, found = (abs(signed_area(narrowed(SAC, lean, causes, share).sac())) for share in (0.0, lost))
    assert 1 - found / healthy == pytest.approx(lost, abs=0.01)


def test_a_healthy_canal_has_no_signs_and_each_cause_has_its_own() -> None:
    healthy = narrowed(SAC, 0.0, (1, 1, 1), 0.0).signs
    assert (healthy.bulge, healthy.flavum, healthy.facets) == (0, 0, 0)
    disc, ligament, joint = (
        narrowed(SAC, 0.0, causes, 0.3).signs for causes in ((1, 0.45, 0.45), (0.45, 1, 0.45), (0.45, 0.45, 1))
    )
    assert disc.bulge == max(signs.bulge for signs in (disc, ligament, joint))
    assert ligament.flavum == max(signs.flavum for signs in (disc, ligament, joint))
    assert joint.facets == max(signs.facets for signs in (disc, ligament, joint))


def test_the_disc_does_not_reach_into_the_sac() -> None:
    for lost in (0.0, 0.3, 0.6, 0.85):
        canal = narrowed(SAC, 1.0, (1, 0.6, 0.6), lost)
        back = canal.disc()[41:][::-1]  # (41, 2) from left to right
        front = canal.sac()[1:24]
        assert (np.interp(front[:, 0], back[:, 0], back[:, 1]) < front[:, 1]).all()


def test_roots_lie_in_the_sac_and_mostly_behind() -> None:
    sac = narrowed(SAC, 0.0, (1, 1, 1), 0.0).sac()
    roots = roots_in(sac, 400, np.random.default_rng(0))
    assert (np.abs(roots) < SAC).all()
    assert (roots[:, 1] > 0).mean() > 0.7


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_narrower_sac_is_darker(number: int) -> None:
    wide, half, slit = (sac_signal(lost, number) for lost in (0.0, 0.5, 0.85))
    assert wide > half + 8 > slit + 40


def test_a_narrowing_takes_signal_from_the_canal_and_the_mask_covers_most_of_it() -> None:
    images = [render_image(narrow(lost), 0) for lost in (0.1, 0.45, 0.8)]
    assert all(
        more.pixels[more.region > 0].mean() > less.pixels[less.region > 0].mean() for more, less in pairwise(images)
    )
    assert all(0.4 < image.lesion.sum() / image.region.sum() < 1 for image in images)


def test_easy_grades_share_no_narrowing_and_hard_neighbours_do() -> None:
    for setting, apart in ((EASY, True), (HARD, False)):
        limits = [setting.narrowing[grade] for grade in CLASSES]
        assert all((low[1] < high[0]) == apart for low, high in pairwise(limits))
        assert all(low[1] < high[0] for low, high in zip(limits, limits[2:], strict=False))
