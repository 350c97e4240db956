"""Two legs on hand-drawn images: grey discs with a bright rim on a black ground."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from spinedet.annotations.boxes import Box
from spinedet.datasets.regions.legs import Legs, NotSeparable, find_legs, legs_finder

HEIGHT, WIDTH = 256, 384
GROUND, MUSCLE, FAT = 6, 70, 220

Image = NDArray[np.uint8]


def ground() -> Image:
    return np.full((HEIGHT, WIDTH), GROUND, np.uint8)


def draw_leg(image: Image, x: int, y: int = 128, radius: int = 70) -> Image:
    """A disc of muscle with a rim of fat, a dark bone with bright marrow; it spans 2 * radius + 1 pixels."""
    for size, grey in ((radius, FAT), (radius - 8, MUSCLE), (12, 0), (8, FAT)):
        cv2.circle(image, (x, y), size, grey, cv2.FILLED)
    return image


def pair(left: int = 100, right: int = 280) -> Image:
    return draw_leg(draw_leg(ground(), left), right)


def near(found: Box, x: int, y: int = 128, radius: int = 70, slack: float = 2) -> bool:
    true = (x - radius, y - radius, x + radius + 1, y + radius + 1)
    return all(abs(edge - wanted) <= slack for edge, wanted in zip(found, true, strict=True))


def legs(image: Image) -> Legs:
    found = find_legs(image)
    assert isinstance(found, Legs), found
    return found


def reason(image: Image) -> str:
    found = find_legs(image)
    assert isinstance(found, NotSeparable), found
    return found.reason


def test_a_window_around_each_leg() -> None:
    found = legs(pair())
    assert near(found.left, 100)
    assert near(found.right, 280)
    assert dict(legs_finder(pair()).boxes) == {"left": found.left, "right": found.right}


def test_muscle_is_leg_although_fat_is_three_times_as_bright() -> None:
    """A leg with muscle to its skin: a threshold between muscle and fat would find the marrow alone."""
    image = ground()
    for x in (100, 280):
        cv2.circle(image, (x, 128), 70, MUSCLE, cv2.FILLED)
        cv2.circle(image, (x, 128), 25, FAT, cv2.FILLED)
    assert near(legs(image).left, 100, slack=4)


@pytest.mark.parametrize("sigma", [5, 12, 20])
def test_noise(sigma: float) -> None:
    noisy = pair() + np.random.default_rng(0).normal(0, sigma, (HEIGHT, WIDTH))
    found = legs(np.abs(noisy).clip(0, 255).astype(np.uint8))
    assert near(found.left, 100, slack=4)
    assert near(found.right, 280, slack=4)


def test_an_uneven_field() -> None:
    """The right side of the image is a third as bright as the left."""
    field = np.linspace(1, 1 / 3, WIDTH)[None, :]
    found = legs((pair() * field).astype(np.uint8))
    assert near(found.left, 100)
    assert near(found.right, 280)


def test_an_arm_a_table_and_specks_are_no_legs() -> None:
    image = pair(110, 260)
    cv2.circle(image, (358, 128), 22, MUSCLE, cv2.FILLED)
    cv2.line(image, (0, 230), (WIDTH, 230), FAT, 3)
    image[::40, ::40] = 255
    found = legs(image)
    assert near(found.left, 110)
    assert near(found.right, 260)


def test_a_table_that_both_legs_lie_on() -> None:
    image = pair()
    cv2.line(image, (0, 199), (WIDTH, 199), FAT, 2)
    assert near(legs(image).left, 100, slack=4)


@pytest.mark.parametrize("distance", [130, 138])
def test_legs_that_touch_are_not_parted(distance: int) -> None:
    assert "touch" in reason(pair(190 - distance // 2, 190 + distance // 2))


def test_legs_that_a_few_pixels_part() -> None:
    found = legs(pair(115, 262))
    assert found.left.x1 <= found.right.x0


@pytest.mark.parametrize("arm", [False, True])
def test_one_leg_alone(arm: bool) -> None:
    image = draw_leg(ground(), 190)
    if arm:
        draw_leg(image, 330, radius=25)
    assert reason(image) == "there is one leg alone"


def test_what_is_no_pair_of_legs() -> None:
    """Black, one above the other, three of them, and two long bars."""
    assert reason(ground()) == "all pixels are equal"
    tall = np.full((WIDTH, HEIGHT), GROUND, np.uint8)
    assert "side by side" in reason(draw_leg(draw_leg(tall, 128, 90), 128, 290))
    assert "three" in reason(draw_leg(draw_leg(draw_leg(ground(), 70, 128, 50), 190, 128, 50), 310, 128, 50))
    bars = ground()
    bars[60:100, 20:360] = bars[160:200, 20:360] = FAT
    assert "shape of legs" in reason(bars)
    dots = ground()
    dots[100:104, 50:54] = FAT
    assert "nothing is as large" in reason(dots)


def test_colour_and_legs_that_the_image_cuts_off() -> None:
    image = draw_leg(draw_leg(ground(), 60, 128, 75), 325, 128, 75)
    found = legs(np.repeat(image[..., None], 3, axis=2))
    assert found.left.x0 == 0
    assert found.right.x1 == WIDTH


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 12), st.integers(-12, 12), st.integers(60, 75))
def test_a_mirrored_image_has_mirrored_windows(right: int, down: int, radius: int) -> None:
    image = draw_leg(draw_leg(ground(), 90 + right, 128 + down, radius), 275 + right, 128 - down, radius)
    found, turned = legs(image), legs(np.ascontiguousarray(image[:, ::-1]))
    assert (turned.right.x0, turned.right.x1) == (WIDTH - found.left.x1, WIDTH - found.left.x0)
    assert (turned.left.y0, turned.left.y1) == (found.right.y0, found.right.y1)


def test_the_phantom(tmp_path: Path) -> None:
    """Legs that the phantom draws apart are found, those that it lets touch are not."""
    phantom = pytest.importorskip("spinedet.datasets.phantoms.thigh.dataset")
    from spinedet.datasets.convert.table import read_table
    from spinedet.datasets.dataset import Dataset
    from spinedet.datasets.regions.making import make_regions

    folder = phantom.THIGH.make(tmp_path / "thigh", 4, seed=3)
    report = make_regions(Dataset.load(folder), legs_finder, tmp_path / "legs", masks=folder / "Regions")
    rows = [line.cells for line in read_table(folder / "phantom.csv")[1]]
    touching = {row["image"] for row in rows if row["touching"] not in {"0", "False", ""}}
    left_out = {line.cells["image"] for line in read_table(tmp_path / "legs" / "left_out.csv")[1]}
    assert left_out == touching
    assert report.compared == 2 * (len(rows) - len(touching))
    assert report.overlap["box_dice"].least > 0.95
