"""From an image to network input and back."""

import subprocess
import sys
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinedet.detect.jobs import environment
from spinedet.detect.modelfile import IMAGENET_MEAN, IMAGENET_STD, Preprocessing
from spinedet.detect.preprocess import prepare

LETTERBOX = Preprocessing(fit="letterbox")
STRETCH = Preprocessing(fit="stretch", interpolation="cubic", mean=IMAGENET_MEAN, std=IMAGENET_STD)

ODD_SIZES = ((48, 64), (65, 33), (101, 77), (320, 320), (319, 320), (500, 123), (7, 300), (640, 481))
"""Heights and widths: smaller, larger, equal, one pixel off, and very long."""

COMPARE = """
import sys
import numpy as np
from ultralytics.data.augment import LetterBox
from spinedet.detect.modelfile import Preprocessing
from spinedet.detect.preprocess import prepare

rng = np.random.default_rng(0)
for height, width in eval(sys.argv[1]):
    image = rng.integers(0, 256, (height, width, 3), np.uint8)
    theirs = LetterBox((320, 320), auto=False, scaleup=True, center=True)(image=image)
    ours = prepare(image, 320, Preprocessing(fit="letterbox"))[0]
    pixels = np.rint(ours * 255).astype(np.uint8).transpose(1, 2, 0)
    assert np.array_equal(pixels, theirs), (height, width)
    assert np.allclose(ours.transpose(1, 2, 0) * 255, pixels, atol=1e-4)
print("equal")
"""


@pytest.mark.frameworks
def test_letterbox_equals_ultralytics_pixel_by_pixel(tmp_path: Path) -> None:
    """In a process of its own: ultralytics writes a settings file when it is imported."""
    env = environment(tmp_path, 1)
    words = [sys.executable, "-P", "-c", COMPARE, repr(ODD_SIZES)]
    shown = subprocess.run(words, env=env, capture_output=True, text=True, encoding="utf-8", check=False)
    if "No module named 'ultralytics'" in shown.stderr:
        pytest.skip("ultralytics is not installed")
    assert shown.stdout.endswith("equal\n"), shown.stderr


def test_letterbox_pads_evenly_with_the_odd_pixel_right_and_below() -> None:
    """20 x 10 pixels (w x h) into 33: scale 1.65, 33 x 16 inside (16.5 to even), 8 rows above and 9 below."""
    image = np.full((10, 20, 3), 255, np.uint8)
    planes, fit = prepare(image, 33, LETTERBOX)
    rows = np.flatnonzero(planes[0, :, 16] > 0.9)
    assert (rows[0], rows[-1]) == (8, 23)
    np.testing.assert_allclose(planes[:, [0, 7, 24, 32], :], 114 / 255, rtol=1e-6)
    assert fit.scale == (1.65, 1.65)
    assert fit.offset == (0, 8)


def test_a_line_of_pixels_still_has_a_height_in_the_input() -> None:
    """1000 x 1 pixels into 320 would be 0.32 pixels high."""
    planes, _ = prepare(np.full((1, 1000, 3), 255, np.uint8), 320, LETTERBOX)
    assert np.count_nonzero((planes[0] > 0.9).any(axis=1)) == 1


def test_stretch_with_mean_and_deviation_is_exact_on_a_constant_image() -> None:
    image = np.empty((30, 50, 3), np.uint8)
    image[:] = 10, 120, 250
    planes, fit = prepare(image, 64, STRETCH)
    expected = (np.array([10, 120, 250]) / 255 - IMAGENET_MEAN) / IMAGENET_STD
    np.testing.assert_allclose(planes, np.broadcast_to(expected[:, None, None], (3, 64, 64)), rtol=1e-5)
    assert fit.scale == (64 / 50, 64 / 30)


@pytest.mark.parametrize("how", [LETTERBOX, STRETCH])
@pytest.mark.parametrize("shape", [(30, 50), (64, 64), (200, 90)])
def test_the_input_is_square_float32_contiguous_and_the_image_stays(how: Preprocessing, shape: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    before = image.copy()
    planes, fit = prepare(image, 64, how)
    assert (planes.shape, planes.dtype.name, planes.flags.c_contiguous) == ((3, 64, 64), "float32", True)
    assert (fit.height, fit.width) == shape
    np.testing.assert_array_equal(image, before)


def test_red_is_the_first_plane() -> None:
    red = np.zeros((32, 32, 3), np.uint8)
    red[..., 0] = 255
    assert prepare(red, 32, LETTERBOX)[0].mean(axis=(1, 2)).tolist() == [1, 0, 0]


@pytest.mark.parametrize("fit", ["letterbox", "stretch"])
def test_a_square_is_found_where_it_was_drawn(fit: Literal["letterbox", "stretch"]) -> None:
    """The edges of a white square in the input, mapped back, are those in the image (within one input pixel)."""
    image = np.zeros((90, 160, 3), np.uint8)
    cv2.rectangle(image, (40, 20), (99, 59), (255, 255, 255), -1)
    planes, placed = prepare(image, 320, Preprocessing(fit=fit, fill=0))
    rows, columns = np.nonzero(planes[0] > 0.5)
    seen = np.array([[columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]], np.float32)
    np.testing.assert_allclose(placed.to_image(seen), [[40, 20, 100, 60]], atol=0.5)


@settings(deadline=None)
@given(st.integers(1, 300), st.integers(1, 300), st.sampled_from(["letterbox", "stretch"]), st.data())
def test_to_image_inverts_the_geometry(
    width: int, height: int, fit: Literal["letterbox", "stretch"], data: st.DataObject
) -> None:
    x0, x1 = sorted(data.draw(st.tuples(*[st.floats(0, width, width=32)] * 2)))
    y0, y1 = sorted(data.draw(st.tuples(*[st.floats(0, height, width=32)] * 2)))
    placed = prepare(np.zeros((height, width, 3), np.uint8), 96, Preprocessing(fit=fit))[1]
    box = np.array([[x0, y0, x1, y1]], np.float32)
    moved = (box * np.tile(placed.scale, 2) + np.tile(placed.offset, 2)).astype(np.float32)
    assert moved.min() >= 0
    assert moved.max() <= 96 + 1  # rounding the inner size may move the far edge by half a pixel
    np.testing.assert_allclose(placed.to_image(moved), box, atol=1e-3 * max(width, height))


def test_boxes_beyond_the_image_are_clipped_to_it() -> None:
    placed = prepare(np.zeros((48, 64, 3), np.uint8), 64, LETTERBOX)[1]
    found = placed.to_image(np.array([[-10, -10, 99, 99]], np.float32))
    assert found.tolist() == [[0, 0, 64, 48]]
    assert found.dtype == np.float32
    assert placed.to_image(np.zeros((0, 4), np.float32)).shape == (0, 4)
