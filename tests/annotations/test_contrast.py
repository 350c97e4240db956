"""Window and level by hand-computed values."""

import numpy as np
import pytest
from numpy.typing import NDArray

from spinedet.annotations.contrast import NARROWEST, Window, first_window, show, whole_range


def test_level_is_the_middle_and_width_the_span() -> None:
    window = Window.of_level(100, 40)
    assert window == Window(80, 120)
    assert (window.level, window.width) == (100, 40)


def test_a_window_is_never_narrower_than_one_value() -> None:
    assert Window.of_level(100, -5).width == NARROWEST


def test_values_are_mapped_linearly_and_cut_off() -> None:
    image = np.array([[0, 100, 150, 200, 1000]], np.uint16)
    assert show(image, Window(100, 200)).tolist() == [[0, 0, 128, 255, 255]]


def test_eight_bits_are_shown_as_they_are() -> None:
    image = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert first_window(image) == Window(0, 255)
    assert np.array_equal(show(image, first_window(image)), image)


def test_more_bits_are_shown_between_their_own_percentiles() -> None:
    """Of the values 0 to 1000, 0.5 % lie below 5 and 0.5 % above 995."""
    image = np.arange(1001, dtype=np.uint16).reshape(7, 143)
    window = first_window(image)
    assert (window.low, window.high) == pytest.approx((5, 995))


def test_missing_values_are_black_and_do_not_count() -> None:
    image = np.array([[np.nan, 0, 1]])
    assert show(image, Window(0, 1)).tolist() == [[0, 0, 255]]
    assert first_window(image).high == pytest.approx(0.995)


@pytest.mark.parametrize("image", [np.full((4, 4), 7, np.uint16), np.full((2, 2), np.nan)])
def test_an_image_of_one_value_is_black(image: NDArray[np.generic]) -> None:
    assert not show(image, first_window(image)).any()


def test_colours_are_mapped_channel_by_channel() -> None:
    image = np.array([[[0, 64, 128]]], np.uint8)
    assert show(image, Window(0, 128)).tolist() == [[[0, 128, 255]]]


def test_the_range_of_a_window_is_that_of_the_values() -> None:
    assert whole_range(np.zeros((2, 2), np.uint8)) == (0, 255)
    assert whole_range(np.array([[300, 900]], np.uint16)) == (300, 900)
    assert whole_range(np.full((2, 2), 5, np.uint16)) == (5, 6)  # a dial needs a width
    assert whole_range(np.zeros((0, 0), np.uint16)) == (0, 255)
