"""Overlays: dark scores leave the image alone, the scale hides nothing, pictures of one image share their scale."""

from pathlib import Path

import numpy as np
import pytest

from spinedet.annotations.boxes import Box
from spinedet.datasets.images import read_image
from spinedet.detect.contract import Detections
from spinedet.detect.overlay import LEAST_SIDE, classes_of_interest, overlay, write_overlays

GREY = np.full((600, 500), 90, np.uint8)


def scores_with(value: float) -> np.ndarray:
    """0 everywhere but in one square."""
    scores = np.zeros(GREY.shape, np.float32)
    scores[100:200, 100:200] = value
    return scores


def test_only_where_the_score_is_the_image_is_coloured() -> None:
    picture = overlay(GREY, scores_with(0.7))
    assert picture.shape[0] == 600
    assert picture.shape[1] > 500  # the scale stands beside the image
    assert (picture[300:, :500] == 90).all()
    red, green, blue = picture[150, 150].tolist()
    assert min(red, green) > blue + 50  # yellow, the upper end


def test_the_same_score_has_the_same_colour_where_the_scale_is_the_same() -> None:
    low, high = (overlay(GREY, scores_with(value), top=0.8)[150, 150] for value in (0.2, 0.8))
    alone = overlay(GREY, scores_with(0.2))[150, 150]
    assert (low != high).any()
    np.testing.assert_array_equal(alone, high)


def test_a_map_of_nothing_is_the_image() -> None:
    assert (overlay(GREY, scores_with(0))[:, :500] == 90).all()


def test_a_small_image_is_enlarged_by_a_whole_number() -> None:
    """70 x 30 pixels, seven times: 490 x 210."""
    picture = overlay(np.full((30, 70), 90, np.uint8), np.zeros((30, 70), np.float32))
    assert picture.shape[0] == 30 * -(-LEAST_SIDE // 70) == 210


def test_a_box_is_drawn_and_one_beyond_the_image_is_cut() -> None:
    picture = overlay(GREY, scores_with(0), boxes=[Box(50, 60, 300, 400), Box(0, 0, 500, 600)])
    assert picture[230, 50].min() > 200
    assert picture[230, 497:500].max() > 200


def test_image_and_map_of_two_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="map"):
        overlay(GREY, np.zeros((10, 10), np.float32))


def test_pictures_are_made_of_the_classes_that_are_shown_or_of_the_best() -> None:
    shown = Detections.ranked(np.tile([0, 0, 9, 9], (3, 1)), [0.9, 0.8, 0.7], [2, 0, 2])
    assert classes_of_interest(shown, np.array([0.8, 0.95, 0.9])) == [0, 2]
    assert classes_of_interest(shown.above(0.99), np.array([0.1, 0.2, 0.0])) == [1]


def test_the_pictures_of_one_image_share_their_scale(tmp_path: Path) -> None:
    maps = np.stack([scores_with(0.2), scores_with(0.8)])
    shown = Detections.ranked([[10, 300, 90, 500]], [0.9], [1])
    paths = {label: tmp_path / "maps" / f"{label}.png" for label in (0, 1)}
    write_overlays(paths, np.dstack([GREY] * 3), maps, shown, ("well", "ill"))
    well, ill = (read_image(path) for path in paths.values())
    assert (well[150, 150] != ill[150, 150]).any()
    assert (well[400, 10] == 90).all()  # no box of this class
    assert ill[400, 10].min() > 200
