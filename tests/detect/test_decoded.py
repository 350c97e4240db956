"""Decoded images kept in memory: two files of 64 x 48, one grey (3,072 bytes) and one in colour (9,216 bytes)."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest

from spinedet.annotations.errors import InputError
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.images import Pixels, read_image, read_pixels
from spinedet.detect import decoded
from spinedet.detect.decoded import MEMORY_SHARE, DecodedImages

GREY, COLOUR = 0, 1
GREY_BYTES, COLOUR_BYTES = 64 * 48, 3 * 64 * 48


@pytest.fixture
def dataset(make_dataset: Callable[..., Path]) -> Dataset:
    root = make_dataset({"colour": ("ann", [("disc", 1, 1, 20, 10)]), "a_grey": ("bob", [])})
    noise = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    cv2.imwrite(str(root / "JPEGImages" / "colour.png"), noise)
    cv2.imwrite(str(root / "JPEGImages" / "a_grey.png"), noise[..., 0])
    return Dataset.load(root)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The stems of the files that were decoded, in order."""
    stems: list[str] = []

    def counted(path: Path) -> Pixels:
        stems.append(path.stem)
        return read_pixels(path)

    monkeypatch.setattr(decoded, "read_pixels", counted)
    return stems


def test_pixels_are_those_of_read_image(dataset: Dataset) -> None:
    images = DecodedImages(dataset)
    for place, item in enumerate(dataset.items):
        assert item.path is not None
        for _ in range(2):
            np.testing.assert_array_equal(images.rgb(place), read_image(item.path))
            np.testing.assert_array_equal(images.pixels(place), read_pixels(item.path))
    assert len(images) == 2


def test_a_grey_image_is_kept_as_one_plane(dataset: Dataset) -> None:
    images = DecodedImages(dataset)
    assert (images.pixels(GREY).shape, images.rgb(GREY).shape) == ((48, 64), (48, 64, 3))
    assert images.pixels(COLOUR).shape == (48, 64, 3)


def test_each_image_is_decoded_once_and_none_before_it_is_asked_for(dataset: Dataset, read: list[str]) -> None:
    images = DecodedImages(dataset)
    assert read == []
    for place in (COLOUR, GREY, COLOUR, GREY):
        images.rgb(place)
    assert read == ["colour", "a_grey"]


@pytest.mark.parametrize(
    ("room", "decoded_again"),
    [
        (GREY_BYTES + COLOUR_BYTES, []),
        (GREY_BYTES + COLOUR_BYTES - 1, ["colour"]),
        (GREY_BYTES, ["colour"]),
        (GREY_BYTES - 1, ["a_grey", "colour"]),
    ],
)
def test_what_does_not_fit_is_decoded_again(
    dataset: Dataset, read: list[str], room: int, decoded_again: list[str]
) -> None:
    images = DecodedImages(dataset, room)
    first = [images.rgb(place) for place in (GREY, COLOUR)]
    read.clear()
    again = [images.rgb(place) for place in (GREY, COLOUR)]
    assert read == decoded_again
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)


def test_room_is_a_share_of_the_free_memory(dataset: Dataset, read: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    class Memory:
        available = GREY_BYTES / MEMORY_SHARE + 1

    monkeypatch.setattr(psutil, "virtual_memory", Memory)
    images = DecodedImages(dataset)
    for place in (GREY, COLOUR) * 2:
        images.pixels(place)
    assert read == ["a_grey", "colour", "colour"]


def test_what_is_kept_cannot_be_changed(dataset: Dataset) -> None:
    images = DecodedImages(dataset)
    with pytest.raises(ValueError, match="read-only"):
        images.pixels(GREY)[0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        images.rgb(COLOUR)[0, 0] = 1


def test_two_threads_that_decode_the_same_image_take_its_room_once(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = threading.Barrier(2)

    def together(path: Path) -> Pixels:
        both.wait(10)
        return read_pixels(path)

    images = DecodedImages(dataset, 2 * COLOUR_BYTES)
    with monkeypatch.context() as patched, ThreadPoolExecutor(2) as pool:
        patched.setattr(decoded, "read_pixels", together)
        assert {pixels.shape for pixels in pool.map(images.pixels, [COLOUR] * 2)} == {(48, 64, 3)}
    images.pixels(GREY)
    assert images.pixels(GREY) is images.pixels(GREY)


def test_a_damaged_file_is_named(dataset: Dataset) -> None:
    path = dataset.items[GREY].path
    assert path is not None
    path.write_bytes(b"no image")
    with pytest.raises(InputError, match=r"a_grey\.png"):
        DecodedImages(dataset).rgb(GREY)
