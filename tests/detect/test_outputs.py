"""What `predict` leaves behind: the same boxes in the VOC file, and a picture that leaves the source alone."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from spinedet.annotations.errors import InputError
from spinedet.annotations.voc import read_voc
from spinedet.datasets.images import read_image
from spinedet.detect.contract import Detections
from spinedet.detect.outputs import COLOURS, _whole, draw, find_images, map_names, write_png, write_prediction

CLASSES = ("disc", "vertebra")
FOUND = Detections.ranked([[4.4, 4.6, 23.6, 14.4], [30.0, 20.0, 64.0, 48.0]], [0.9, 0.5], [0, 1])


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "images" / "a b.png"
    write_png(path, np.full((48, 64, 3), 90, np.uint8))
    return path


def test_labelimg_reads_the_boxes_that_were_found(image: Path, tmp_path: Path) -> None:
    write_prediction(tmp_path / "out", image, FOUND, CLASSES)
    read = read_voc(tmp_path / "out" / "a b.xml")
    assert [(thing.name, tuple(thing.box)) for thing in read.objects] == [
        ("disc", (4, 5, 24, 14)),
        ("vertebra", (30, 20, 64, 48)),
    ]
    assert (read.filename, read.width, read.height) == ("a b.png", 64, 48)


def test_nothing_found_is_an_annotation_without_boxes(image: Path, tmp_path: Path) -> None:
    write_prediction(tmp_path, image, Detections.ranked([], [], []), CLASSES)
    assert read_voc(tmp_path / "a b.xml").objects == ()


@given(st.lists(st.floats(0, 64, width=32), min_size=2, max_size=2), st.lists(st.floats(0, 48, width=32), min_size=2))
def test_any_box_in_an_image_becomes_whole_pixels_in_the_image(columns: list[float], rows: list[float]) -> None:
    x0, y0, x1, y1 = _whole((min(columns), min(rows), max(columns), max(rows)), 64, 48)
    assert 0 <= x0 < x1 <= 64
    assert 0 <= y0 < y1 <= 48
    if max(columns) - min(columns) >= 1 and min(columns) <= 63:
        assert abs(x0 - min(columns)) <= 0.5
        assert abs(x1 - max(columns)) <= 0.5


def test_images_are_found_in_folders_by_name_and_elsewhere_as_given(image: Path) -> None:
    for name in ("z.PNG", "c.png", ".hidden.png"):
        (image.parent / name).write_bytes(image.read_bytes())
    (image.parent / "notes.txt").write_text("no image", encoding="utf-8")
    alone = image.parent.parent / "alone.png"
    alone.write_bytes(image.read_bytes())
    assert [path.name for path in find_images([alone, image.parent])] == ["alone.png", "a b.png", "c.png", "z.PNG"]


def test_what_cannot_be_predicted_is_told_before_the_work(image: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such image or folder"):
        find_images([tmp_path / "absent"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"folder has no images(.|\n)*\.png"):
        find_images([tmp_path / "empty"])
    (tmp_path / "bad.png").write_bytes(b"no image")
    with pytest.raises(InputError, match=r"damaged(.|\n)*bad\.png"):
        find_images([image, tmp_path / "bad.png"])


def test_two_images_of_one_name_would_overwrite_each_other(image: Path, tmp_path: Path) -> None:
    twin = tmp_path / "a b.png"
    twin.write_bytes(image.read_bytes())
    with pytest.raises(InputError, match=r"same name(.|\n)*a b"):
        find_images([image, twin])


def is_near(pixel: NDArray[np.uint8], colour: tuple[int, int, int]) -> bool:
    """Smoothed lines are a little paler than their colour."""
    return bool(np.abs(pixel.astype(int) - colour).max() <= 20)


@pytest.mark.parametrize("order", ["C", "F"])
def test_the_picture_is_new_and_the_source_stays(order: str) -> None:
    source = np.array(np.full((200, 300, 3), 90, np.uint8), order="F" if order == "F" else "C")
    picture = draw(source, Detections.ranked([[50, 60, 120, 140]], [0.9], [1]), CLASSES)
    assert not np.shares_memory(picture, source)
    assert (source == 90).all()
    assert (picture.shape, picture.dtype.name) == ((200, 300, 3), "uint8")
    assert is_near(picture[100, 50], COLOURS[1])  # on the left edge
    assert is_near(picture[100, 85], (90, 90, 90))  # inside


def test_more_classes_than_colours_take_them_in_turn() -> None:
    names = [str(number) for number in range(len(COLOURS) + 1)]
    picture = draw(np.zeros((200, 200, 3), np.uint8), Detections.ranked([[50, 50, 90, 90]], [1], [len(COLOURS)]), names)
    assert is_near(picture[70, 50], COLOURS[0])


def test_a_png_holds_the_same_pixels(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 11, 3), np.uint8)
    write_png(tmp_path / "Wirbelsäule.png", pixels)
    np.testing.assert_array_equal(read_image(tmp_path / "Wirbelsäule.png"), pixels)


def test_maps_are_named_by_image_and_class_in_letters_that_every_disk_has() -> None:
    names = map_names([Path("x/Knie 1.png")], ("a/b", "a:b", "Größe >2"))
    assert list(names.values()) == ["Knie 1_0-a-b.png", "Knie 1_1-a-b.png", "Knie 1_Größe-2.png"]


def test_two_maps_of_one_name_are_refused() -> None:
    with pytest.raises(InputError, match=r"Two maps(.|\n)*a_b_c\.png"):
        map_names([Path("a.png"), Path("a_b.png")], ("b_c", "c"))
