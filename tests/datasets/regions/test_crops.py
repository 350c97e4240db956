"""Crops and the way back."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError
from spinedet.datasets.regions.crops import (
    Region,
    check_margin,
    cut,
    read_regions,
    regions_csv,
    regions_of,
    squared,
    with_margin,
)

WIDTH, HEIGHT = 200, 100


def test_a_tenth_of_each_side_out_to_whole_pixels() -> None:
    """40 wide: 4 left and right; 21 high: 2.1, so to the next pixel."""
    assert with_margin(Box(20, 30, 60, 51), 0.1, (WIDTH, HEIGHT)) == Box(16, 27, 64, 54)


def test_a_margin_ends_at_the_border() -> None:
    assert with_margin(Box(5, 2, 195, 98), 0.1, (WIDTH, HEIGHT)) == Box(0, 0, WIDTH, HEIGHT)


@pytest.mark.parametrize("margin", [-0.1, 1.5, float("nan")])
def test_what_is_no_margin(margin: float) -> None:
    with pytest.raises(InputError, match="no margin"):
        check_margin(margin)


edges = st.floats(0, 99, allow_subnormal=False)
boxes = st.builds(lambda x, y, w, h: Box(x, y, x + w + 0.01, y + h + 0.01), edges, edges, edges, edges)


@given(boxes, st.floats(0, 1))
def test_a_crop_holds_its_region_and_stays_inside(box: Box, margin: float) -> None:
    crop = with_margin(box, margin, (200, 200))
    assert crop.x0 <= box.x0 < box.x1 <= crop.x1 <= 200
    assert crop.y0 <= box.y0 < box.y1 <= crop.y1 <= 200
    assert all(edge == int(edge) for edge in crop)


@pytest.mark.parametrize(
    ("box", "square"),
    [
        (Box(60, 40, 90, 50), Box(60, 30, 90, 60)),  # 30 wide, 10 high: 10 above and below
        (Box(60, 40, 90, 51), Box(60, 31, 90, 61)),  # 19 more: 9 above, 10 below
        (Box(60, 2, 90, 12), Box(60, 0, 90, 30)),  # moved down, as the image begins
        (Box(60, 95, 90, 100), Box(60, 70, 90, 100)),  # and up, as it ends
        (Box(10, 40, 160, 50), Box(10, 0, 160, 100)),  # 150 wide, and the image is 100 high
        (Box(0, 20, 20, 80), Box(0, 20, 60, 80)),
        (Box(0, 0, WIDTH, HEIGHT), Box(0, 0, WIDTH, HEIGHT)),
    ],
)
def test_the_square_around_a_region(box: Box, square: Box) -> None:
    assert squared(box, (WIDTH, HEIGHT)) == square


whole = st.integers(0, 60)
sides = st.integers(1, 40)


@given(whole, whole, sides, sides, sides, sides)
def test_a_square_holds_its_region_and_stays_inside(x: int, y: int, w: int, h: int, right: int, down: int) -> None:
    """It has equal sides wherever the image is large enough."""
    size = (x + w + right, y + h + down)
    box = Box(x, y, x + w, y + h)
    found = squared(box, size)
    assert 0 <= found.x0 <= box.x0 < box.x1 <= found.x1 <= size[0]
    assert 0 <= found.y0 <= box.y0 < box.y1 <= found.y1 <= size[1]
    assert all(edge == int(edge) for edge in found)
    assert (found.x1 - found.x0, found.y1 - found.y0) == tuple(min(max(w, h), side) for side in size)


def test_regions_are_cut_as_asked_and_are_found_where_they_are() -> None:
    found = Box(60, 40, 80, 50)
    (box,) = regions_of("a", {"": found}, (WIDTH, HEIGHT), 0.1)
    (square,) = regions_of("a", {"": found}, (WIDTH, HEIGHT), 0.1, "square")
    assert (box.box, square.box) == (Box(58, 39, 82, 51), Box(58, 33, 82, 57))
    assert box.found == square.found == found


@given(st.tuples(*[st.integers(0, 8000)] * 4), st.integers(0, 500), st.integers(0, 500))
def test_boxes_map_there_and_back_exactly(quarters: tuple[int, ...], x: int, y: int) -> None:
    """Quarters of a pixel: nothing is rounded."""
    box = Box(*(edge / 4 for edge in quarters))
    region = Region("a_left", "a", Box(x, y, x + 100, y + 100), Box(x, y, x + 100, y + 100))
    assert region.to_source(region.to_crop(box)) == box
    assert region.to_crop(region.to_source(box)) == box


def test_the_pixels_of_a_crop_are_those_of_the_source() -> None:
    image = np.arange(20, dtype=np.uint8).reshape(4, 5)
    assert cut(image, Box(1, 2, 3, 4)).tolist() == [[11, 12], [16, 17]]


def test_the_table_keeps_every_digit(tmp_path: Path) -> None:
    found = Box(10.1, 1 / 3, 50, 60)
    regions = [*regions_of("a,1", {"left": found}, (100, 100), 0.1), *regions_of("b", {"": found}, (100, 100), 0)]
    assert [region.image for region in regions] == ["a,1_left", "b"]
    (tmp_path / "regions.csv").write_text(regions_csv(regions), encoding="utf-8")
    assert list(read_regions(tmp_path).values()) == regions


def test_a_damaged_table(tmp_path: Path) -> None:
    path = tmp_path / "regions.csv"
    path.write_text(regions_csv([]).rstrip() + "\na_left,a,0,0,x,9,0,0,9,9\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"damaged(.|\n)*regions\.csv:2"):
        read_regions(tmp_path)
    path.write_text("image,source\n", encoding="utf-8")
    with pytest.raises(InputError, match="columns are wrong"):
        read_regions(tmp_path)


def test_the_outline_of_a_region_on_its_crop_is_out_to_whole_pixels() -> None:
    region = Region("a", "a", Box(10, 20, 60, 70), Box(14.2, 25.9, 55.1, 60))
    assert region.outline() == Box(4, 5, 46, 40)


def test_an_outline_ends_with_its_crop() -> None:
    region = Region("a", "a", Box(10, 20, 60, 70), Box(9.5, 20, 60.4, 70))
    assert region.outline() == Box(0, 0, 50, 50)
