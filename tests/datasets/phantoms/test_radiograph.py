"""Radiographs: matter adds up along the ray, bones are tubes, and what is shown is bright where much lies."""

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from spinedet.datasets.phantoms.canvas import View
from spinedet.datasets.phantoms.exposure import exposed, sample_exposure
from spinedet.datasets.phantoms.outlines import blob
from spinedet.datasets.phantoms.radiograph import FLESH, Bone, Film, chord, distance_inside, local_thickness

SIDE = 100


def a_film(scale: float = 2.0) -> Film:
    return Film(View(SIDE, SIDE, scale, 0.0, SIDE / 2, SIDE / 2), np.random.default_rng(0))


def a_strip(half: float, long: float = 100.0) -> NDArray[np.float64]:
    """A straight tube from top to bottom, in mm."""
    return np.array([(-half, -long), (half, -long), (half, long), (-half, long)], float)


def test_a_ray_through_the_middle_of_a_tube_is_its_diameter() -> None:
    radius = np.full(3, 5.0, np.float32)
    assert chord(np.array([0, 5, 9], np.float32), radius) == pytest.approx([0, 10, 10])


@pytest.fixture
def one_thread() -> Iterator[None]:
    """As in the processes that draw a phantom."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    yield
    cv2.setNumThreads(before)


@pytest.mark.usefixtures("one_thread")
def test_distances_do_not_depend_on_where_in_memory_they_are_written() -> None:
    """OpenCV's own do, in their last digits."""
    rng = np.random.default_rng(0)
    noise = cv2.GaussianBlur(rng.random((411, 333)).astype(np.float32), (0, 0), 20)
    mask = np.asarray(noise > 0.5, np.uint8)
    found, between = [], []
    for size in rng.integers(1, 300_000, 30):
        found.append(distance_inside(mask))
        between.append(np.empty(size, np.uint8))
    assert all((distances == found[0]).all() for distances in found)
    own = cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    assert found[0] == pytest.approx(np.asarray(own), abs=1e-4)


def test_the_local_thickness_of_a_strip_is_half_its_width_and_of_a_neck_that_of_the_neck() -> None:
    away = np.zeros((120, 60), np.float32)
    for row in range(120):
        half = 24 if row > 70 else 8
        away[row] = np.clip(half - np.abs(np.arange(60) - 29.5), 0, None)
    found = local_thickness(away)
    assert found[15, 30] == pytest.approx(8, rel=0.2)
    assert found[110, 30] == pytest.approx(24, rel=0.1)


def test_a_bone_is_brighter_at_its_borders_than_in_its_middle() -> None:
    film = a_film()
    film.bone(a_strip(8), Bone(cortex=2.5, waist=8, depth=8))
    row = film.matter[40:60].mean(axis=0)
    middle, border = row[SIDE // 2], row[SIDE // 2 - 13]
    assert 2 * 2.5 < middle < border
    assert row[:30].max() == 0


def test_overlapping_bones_add_up() -> None:
    one, two = a_film(), a_film()
    one.bone(a_strip(6), Bone(2, 6, 6, spongy=0))
    for _ in range(2):
        two.bone(a_strip(6), Bone(2, 6, 6, spongy=0))
    assert two.matter == pytest.approx(2 * one.matter)


def test_two_parts_of_a_bone_make_it_whole() -> None:
    whole, parts = a_film(), a_film()
    bone = Bone(2, 6, 6)
    whole.bone(a_strip(6), bone)
    for low, high in ((-100, 0), (0, 100)):
        parts.bone(a_strip(6), bone, np.array([(-20, low), (20, low), (20, high), (-20, high)], float))
    away = np.abs(np.arange(SIDE) - SIDE / 2) > 2
    assert parts.matter[away] == pytest.approx(whole.matter[away])


def test_what_lies_beyond_the_image_is_as_deep_as_the_whole() -> None:
    """A limb wider than the image has no border in it: its depth is the limb's, not a number without end."""
    film = a_film()
    film.flesh(blob((0, 0), (60, 60), 0.0, np.random.default_rng(0), 0.0), 1.0)
    assert np.median(film.matter) == pytest.approx(2 * 58 * FLESH, rel=0.1)
    film.flesh(blob((400, 0), (5, 5), 0.0, np.random.default_rng(0), 0.0), 1.0)
    assert np.isfinite(film.matter).all()


def test_matter_is_taken_away_down_to_nothing() -> None:
    film = a_film()
    film.fill(a_strip(10), 2.0)
    film.stroke(np.array([(0, -60), (0, 60)], float), -5.0, 3.0)
    assert film.matter[50, 50] == 0
    assert film.matter[50, 40] == pytest.approx(2.0)


def test_more_matter_is_shown_brighter_and_blades_are_black() -> None:
    film = a_film()
    film.fill(a_strip(18), 4.0)
    film.fill(a_strip(10), 6.0)
    rng = np.random.default_rng(1)
    exposure = replace(sample_exposure((12, 13), (0.005, 0.006), "R", rng), blades=(4, 0, 0, 0))
    shown = exposed(film, exposure, rng)
    air, flesh, bone = (shown[30:95, columns].mean() for columns in (slice(92, 99), slice(72, 80), slice(45, 55)))
    assert air < 0.5 * flesh < 0.8 * flesh < 0.8 * bone
    assert (shown[:, :4] == 0).all()
