"""Boxes against masks, on drawings small enough to count."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError
from spinedet.datasets.regions.overlap import mask_box, mask_parts, overlaps, overlaps_csv, read_mask, summary


def mask(*windows: tuple[int, int, int, int, int]) -> NDArray[np.int64]:
    """A mask of 20 x 12 pixels with windows x0 y0 x1 y1 of a value."""
    values = np.zeros((12, 20), np.int64)
    for x0, y0, x1, y1, value in windows:
        values[y0:y1, x0:x1] = value
    return values


def test_a_box_that_covers_half_of_the_mask() -> None:
    """Mask 4 x 4, box 4 x 2 inside it: 8 shared, IoU 8/16, Dice 16/24."""
    (row,) = overlaps({"a": Box(2, 2, 6, 4)}, mask((2, 2, 6, 6, 1)))
    assert (row.box_iou, row.mask_iou) == (8 / 16, 8 / 16)
    assert row.box_dice == pytest.approx(16 / 24)
    assert row.mask_dice == pytest.approx(16 / 24)


def test_the_box_of_a_mask_fits_better_than_the_mask() -> None:
    """An L of 7 pixels in a window of 4 x 4: the box is perfect, against the pixels its IoU is 7/16."""
    (row,) = overlaps({"a": Box(2, 2, 6, 6)}, mask((2, 2, 3, 6, 1), (2, 5, 6, 6, 1)))
    assert (row.box_iou, row.box_dice) == (1, 1)
    assert row.mask_iou == pytest.approx(7 / 16)
    assert row.mask_dice == pytest.approx(14 / 23)


def test_edges_between_pixels_count_by_their_share() -> None:
    (row,) = overlaps({"a": Box(2.5, 2, 6, 6)}, mask((2, 2, 6, 6, 1)))
    assert row.mask_iou == pytest.approx(14 / 16)


def test_two_regions_find_their_parts_of_one_value_or_of_two() -> None:
    boxes = {"a_right": Box(10, 2, 16, 8), "a_left": Box(1, 2, 6, 8)}
    for second in (1, 2):
        rows = overlaps(boxes, mask((1, 2, 6, 8, 1), (10, 2, 16, 8, second)))
        assert {row.image: row.box_iou for row in rows} == {"a_left": 1, "a_right": 1}


def test_one_region_is_compared_with_the_whole_mask() -> None:
    (row,) = overlaps({"a": Box(1, 2, 16, 8)}, mask((1, 2, 6, 8, 1), (10, 2, 16, 8, 1)))
    assert row.box_iou == 1


def test_specks_are_no_part_and_an_empty_mask_has_none() -> None:
    image = np.zeros((100, 100), np.int64)
    image[10:60, 10:60], image[90, 90] = 1, 1
    assert [mask_box(part) for part in mask_parts(image)] == [Box(10, 10, 60, 60)]
    assert overlaps({"a": Box(0, 0, 1, 1)}, mask()) == []


def test_what_is_printed_over_all_regions() -> None:
    rows = [
        *overlaps({"a": Box(2, 2, 6, 4)}, mask((2, 2, 6, 6, 1))),
        *overlaps({"b": Box(2, 2, 6, 6)}, mask((2, 2, 6, 6, 1))),
    ]
    spread = summary(rows)["box_iou"]
    assert (spread.mean, spread.least, spread.median) == (0.75, 0.5, 0.75)
    assert spread.sd == pytest.approx(0.3535534)
    assert summary([]) == {}
    assert overlaps_csv(rows[:1]).splitlines()[1] == "a,0.6667,0.5000,0.6667,0.5000"


def test_masks_of_16_bits_of_colours_and_of_another_size(tmp_path: Path) -> None:
    deep, colours = np.array([[0, 300]], np.uint16), np.array([[[0, 0, 0], [0, 9, 0]]], np.uint8)
    for name, pixels in (("deep", deep), ("colours", colours)):
        (tmp_path / f"{name}.png").write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    assert read_mask(tmp_path / "deep.png", (2, 1)).tolist() == [[0, 300]]
    assert read_mask(tmp_path / "colours.png", (2, 1)).tolist() == [[0, 1]]
    with pytest.raises(InputError, match=r"another size(.|\n)*4 x 4(.|\n)*2 x 1"):
        read_mask(tmp_path / "deep.png", (4, 4))
