import struct
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image as Pillow

from spinedet.annotations.errors import InputError
from spinedet.datasets.images import MAX_PIXELS, SUFFIXES, as_rgb, image_size, read_image, window

QUARTERS = np.zeros((48, 64), np.uint8)  # (H, W): bright top left, darker top right, dark bottom left, black
QUARTERS[:24, :32], QUARTERS[:24, 32:], QUARTERS[24:, :32] = 200, 100, 50
COLOURS = np.stack([QUARTERS, QUARTERS // 2, QUARTERS // 5], axis=-1)  # (H, W, 3) RGB


def save(path: Path, image: Pillow.Image, **options: Any) -> Path:
    image.save(path, **options)
    return path


def grey(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.repeat(pixels[..., None], 3, axis=-1)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("colour", [False, True])
def test_every_kind_of_file_comes_as_rgb(tmp_path: Path, suffix: str, colour: bool) -> None:
    path = save(tmp_path / f"a{suffix}", Pillow.fromarray(COLOURS if colour else QUARTERS))
    image = read_image(path)
    assert image.dtype == np.uint8
    assert image.shape == (48, 64, 3)
    assert image.flags.c_contiguous
    middles = np.ix_([12, 36], [16, 48])  # JPEG blurs the borders between the quarters
    want = COLOURS if colour else grey(QUARTERS)
    np.testing.assert_allclose(image[middles].astype(int), want[middles].astype(int), atol=6 if "j" in suffix else 0)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_sixteen_bits_are_windowed_to_eight(tmp_path: Path, suffix: str) -> None:
    values = np.linspace(1000, 3000, 48 * 64).reshape(48, 64).astype(np.uint16)
    path = save(tmp_path / f"a{suffix}", Pillow.fromarray(values))
    image = read_image(path)
    assert (image[0, 0, 0], image[-1, -1, 0]) == (0, 255)
    assert abs(int(image[24, 0, 0]) - 128) <= 1
    np.testing.assert_array_equal(image, grey(window(values)))


def test_palette_alpha_and_one_bit_are_seen_as_they_look(tmp_path: Path) -> None:
    colour = Pillow.fromarray(COLOURS)
    alpha = colour.copy()
    alpha.putalpha(128)  # opacity is no part of an image
    palette = colour.quantize(8)
    np.testing.assert_array_equal(read_image(save(tmp_path / "alpha.png", alpha)), COLOURS)
    np.testing.assert_array_equal(
        read_image(save(tmp_path / "palette.png", palette)), np.asarray(palette.convert("RGB"))
    )
    bits = read_image(save(tmp_path / "bits.png", Pillow.fromarray(QUARTERS > 60)))
    np.testing.assert_array_equal(bits, grey(np.where(QUARTERS > 60, 255, 0).astype(np.uint8)))


def test_a_colour_image_of_sixteen_bits_keeps_its_red(tmp_path: Path) -> None:
    red = np.zeros((48, 64, 3), np.uint16)
    red[:, 32:, 2] = 60000  # OpenCV's order is blue, green, red
    path = tmp_path / "a.png"
    path.write_bytes(cv2.imencode(".png", red)[1].tobytes())
    np.testing.assert_array_equal(read_image(path)[0, [0, -1]], [[0, 0, 0], [255, 0, 0]])


def test_an_array_is_rgb_already_and_of_three_channels() -> None:
    red = np.full((2, 2, 3), [255, 0, 0], np.uint8)
    np.testing.assert_array_equal(as_rgb(red), red)
    for shape in ((2, 2, 4), (2, 2, 1), (4,), (0, 2)):
        with pytest.raises(InputError, match="no image"):
            as_rgb(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("suffix", [".jpg", ".tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_tags_of_jpeg_and_tiff_are_obeyed(tmp_path: Path, suffix: str, orientation: int) -> None:
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    path = save(tmp_path / f"a{suffix}", Pillow.fromarray(QUARTERS), exif=exif)
    image = read_image(path)[..., 0]
    corners = {  # top left, top right, bottom left, bottom right, as a viewer shows them
        1: (200, 100, 50, 0),
        2: (100, 200, 0, 50),
        3: (0, 50, 100, 200),
        4: (50, 0, 200, 100),
        5: (200, 50, 100, 0),
        6: (50, 200, 0, 100),
        7: (0, 100, 50, 200),
        8: (100, 0, 200, 50),
    }[orientation]
    found = [image[row, column] for row in (4, -5) for column in (4, -5)]
    np.testing.assert_allclose(np.array(found, int), corners, atol=6)
    assert image_size(path) == image.shape[::-1]


def test_an_orientation_tag_in_a_png_is_ignored_by_size_and_pixels(tmp_path: Path) -> None:
    exif = Pillow.Exif()
    exif[0x0112] = 6
    path = save(tmp_path / "a.png", Pillow.fromarray(QUARTERS), exif=exif)
    np.testing.assert_array_equal(read_image(path)[..., 0], QUARTERS)
    assert image_size(path) == (64, 48)


def test_names_with_spaces_and_other_scripts(tmp_path: Path) -> None:
    path = save(tmp_path / "Müller 椎間盤 1.png", Pillow.fromarray(QUARTERS))
    assert image_size(path) == (64, 48)
    np.testing.assert_array_equal(read_image(path)[..., 0], QUARTERS)


def test_a_constant_image_windows_to_black_without_a_warning() -> None:
    np.testing.assert_array_equal(window(np.full((3, 3), 700, np.uint16)), np.zeros((3, 3), np.uint8))


def test_values_that_do_not_exist_are_black(tmp_path: Path) -> None:
    values = np.linspace(0, 1, 48 * 64, dtype=np.float32).reshape(48, 64)
    values[5, 5], values[6, 6] = np.nan, np.inf
    image = read_image(save(tmp_path / "a.tif", Pillow.fromarray(values)))
    assert image[5, 5, 0] == 0
    assert image[-1, -1, 0] == 255


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("kept", [0.0, 0.1, 0.5, 0.9])
def test_a_truncated_image_is_damaged(tmp_path: Path, suffix: str, kept: float) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (80, 80), np.uint8)
    path = save(tmp_path / f"a{suffix}", Pillow.fromarray(noise))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(InputError, match=r"image (is damaged|cannot be read)") as caught:
        read_image(path)
    assert caught.value.details["where"] == str(path)


def test_what_is_no_image_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("<html>", encoding="utf-8")
    (tmp_path / "b.png").mkdir()
    for name, words in (("a.png", "damaged"), ("b.png", "cannot be read"), ("c.png", "no such image")):
        with pytest.raises(InputError, match=words):
            read_image(tmp_path / name)


def huge_png(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is enormous."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [9_000, 12_000, 30_000, 2**31 - 1])
def test_an_image_bomb_is_refused_by_its_header(tmp_path: Path, side: int) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(huge_png(side, side))
    with pytest.raises(InputError, match="too large") as caught:
        read_image(path)
    assert caught.value.details["expected"] == f"at most {MAX_PIXELS:,} pixels"


@pytest.fixture(scope="module")
def encoded() -> dict[str, bytes]:
    """One small image in every kind of file, made once."""
    return {suffix: cv2.imencode(suffix, QUARTERS)[1].tobytes() for suffix in (".png", ".jpg", ".bmp", ".tif")}


@given(st.sampled_from([".png", ".jpg", ".bmp", ".tif"]), st.integers(0, 120), st.binary(min_size=1, max_size=8))
@settings(max_examples=150, deadline=None)
def test_any_damage_gives_an_image_or_a_plain_error(
    encoded: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory, suffix: str, place: int, new: bytes
) -> None:
    data = encoded[suffix]
    path = tmp_path_factory.getbasetemp() / f"fuzz{suffix}"
    path.write_bytes(data[:place] + new + data[place + len(new) :])
    try:
        told = read_image(path).shape[:2] == image_size(path)[::-1]
    except InputError as error:
        told = str(path) in str(error)
    assert told
