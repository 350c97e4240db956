"""The bone age phantom: what appears and closes when, months that reach the benchmark, hands that grow."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from spinedet.benchmarks.whole_image.outcomes import true_numbers
from spinedet.datasets.convert.whole_images import answer
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.phantoms.bone_age.anatomy import HEIGHT, WIDTH, lay_hand, sample_build
from spinedet.datasets.phantoms.bone_age.dataset import BONE_AGE
from spinedet.datasets.phantoms.bone_age.growth import (
    CARPAL_AGES,
    EPIPHYSES,
    LAST_PLATE,
    PLATE,
    grown,
    stage,
)
from spinedet.datasets.phantoms.bone_age.painting import paint_rays, paint_wrist
from spinedet.datasets.phantoms.bone_age.plan import BINS, CLASSES, EASY, HARD, plan_patient
from spinedet.datasets.phantoms.bone_age.scene import make_patient, render_image
from spinedet.datasets.phantoms.radiograph import Film
from spinedet.datasets.tasks import read_task


def test_the_classes_and_their_months_are_the_tasks() -> None:
    task = read_task("bone_age")
    assert task.classes == CLASSES
    assert task.values == tuple(BINS.values())


@given(seed=st.integers(0, 1000), number=st.integers(0, 9998), hard=st.booleans())
@settings(max_examples=60, deadline=None)
def test_the_class_is_the_one_nearest_to_the_months(seed: int, number: int, hard: bool) -> None:
    plan = plan_patient(seed, number, HARD if hard else EASY)
    meant = answer(read_task("bone_age"), str(plan.months))
    assert meant is not None
    assert meant.name == plan.label
    assert {(said.name, said.value) for said in plan.answers} == {(plan.label, plan.months)}


def test_forty_five_patients_give_every_class_to_five_folds() -> None:
    assert Counter(plan_patient(1, number, EASY).label for number in range(45)) == dict.fromkeys(CLASSES, 5)


def test_the_benchmark_takes_the_months_and_not_the_bins(tmp_path: Path) -> None:
    folder = BONE_AGE.make(tmp_path / "set", 9, seed=4)
    task = read_task("bone_age")
    numbers = true_numbers(Dataset.load(folder, classes=task.classes), task)
    plans = [plan_patient(4, number, EASY) for number in range(9)]
    assert numbers == {image: plan.months for plan in plans for image in plan.images}
    assert numbers is not None
    assert sum(value not in BINS.values() for value in numbers.values()) >= 8


def test_centres_appear_then_grow_and_never_shrink() -> None:
    for appears in CARPAL_AGES.values():
        sizes = [grown(appears, 165, months) for months in range(220)]
        assert sizes[: appears + 1] == [0] * (appears + 1)
        assert all(less <= more for less, more in pairwise(sizes))
        assert sizes[-1] == 1


@pytest.mark.parametrize("kind", list(EPIPHYSES))
def test_a_growth_plate_narrows_closes_and_leaves_a_scar_that_fades(kind: str) -> None:
    epiphysis = EPIPHYSES[kind]
    plates = [stage(epiphysis, months).plate for months in range(int(epiphysis.closes))]
    assert plates[0] == PLATE
    assert plates[-1] == pytest.approx(LAST_PLATE, abs=0.1)
    closed, later = stage(epiphysis, epiphysis.closes), stage(epiphysis, epiphysis.closes + 30)
    assert (closed.plate, closed.scar) == (None, 1.0)
    assert later.scar == 0


def test_hands_lie_in_the_image_at_every_age() -> None:
    rng = np.random.default_rng(0)
    for size in np.linspace(0.42, 1.15, 60):
        hand = lay_hand(sample_build(rng), float(size), int(rng.choice([-1, 1])), rng)
        x, y = hand.view.pixels(hand.skin()).T
        assert y.min() > -4
        assert x.min() > -12
        assert x.max() < WIDTH + 12
        assert y.max() - y.min() > 0.5 * HEIGHT


def test_more_bone_in_an_older_hand_of_the_same_size() -> None:
    """Centres fill the wrist until they touch, and epiphyses the gaps of the fingers until plates close."""
    hand = lay_hand(sample_build(np.random.default_rng(2)), 0.8, 1, np.random.default_rng(3))
    for paint in (paint_wrist, paint_rays):
        shares = []
        for months in (20.0, 60.0, 110.0, 160.0):
            rng = np.random.default_rng(4)
            film = Film(hand.view, rng)
            paint(film, hand, months, 0.0, rng)
            shares.append(float((film.matter > 0.3).mean()))
        assert all(1.02 * less < more for less, more in pairwise(shares))


@pytest.mark.parametrize(("setting", "least", "most"), [(EASY, 0.9, 1.0), (HARD, 0.5, 0.97)])
def test_size_alone_tells_the_age_in_part(setting: object, least: float, most: float) -> None:
    assert setting in (EASY, HARD)
    plans = [plan_patient(6, number, EASY if setting is EASY else HARD) for number in range(270)]
    rank = spearmanr([plan.months for plan in plans], [plan.size for plan in plans]).statistic
    assert least < rank < most


def test_a_second_image_is_the_other_hand_and_there_is_no_lesion() -> None:
    number = next(number for number in range(30) if len(plan_patient(5, number, EASY).hands) == 2)
    patient = make_patient(5, number, EASY)
    assert set(patient.plan.hands) == {"L", "R"}
    images = [render_image(patient, index) for index in range(2)]
    assert all(not image.lesion.any() and image.region.any() for image in images)
