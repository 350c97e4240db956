"""Augmentation: a white box painted into a dark image stays under its box, whatever is done to both."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import Generator
from numpy.typing import NDArray

from spinedet.detect.ppyolov2 import augment
from spinedet.detect.ppyolov2.augment import (
    CANVAS_FILL,
    CROP_ASPECT,
    CROP_OVERLAPS,
    Sample,
    augmented,
    cropped,
    distorted,
    expanded,
    mirrored,
    mixed,
    resized,
)
from spinedet.detect.ppyolov2.recipe import Recipe

DARK, WHITE, LIMIT = 20, 255, 180
"""Grey levels of the ground and the boxes, and one that separates them after all but mixing and colours."""

SEEDS = st.integers(0, 2**32 - 1)

Box = tuple[int, int, int, int]


class Scripted:
    """A generator whose draws are told beforehand, whatever is asked."""

    def __init__(self, *draws: Any):
        self._draws = iter(draws)

    def _next(self, *_: Any, **__: Any) -> Any:
        return next(self._draws)

    random = uniform = integers = permutation = _next


def scripted(*draws: Any) -> Generator:
    return cast(Generator, Scripted(*draws))


def painted(width: int, height: int, *boxes: Box) -> Sample:
    """Dark, with white boxes of labels 0, 1, 2 ..."""
    image = np.full((height, width, 3), DARK, np.uint8)
    for x0, y0, x1, y1 in boxes:
        image[y0:y1, x0:x1] = WHITE
    image.setflags(write=False)  # as cached images are
    drawn = np.array(boxes, np.float32).reshape(-1, 4)
    return Sample(image, drawn, np.arange(len(boxes)), np.ones(len(boxes), np.float32))


def plain(value: int | tuple[int, int, int], width: int = 4, height: int = 3) -> Sample:
    return Sample(
        np.full((height, width, 3), value, np.uint8),
        np.zeros((0, 4), np.float32),
        np.zeros(0, np.int64),
        np.zeros(0, np.float32),
    )


def white(sample: Sample) -> NDArray[np.bool_]:
    return np.asarray((sample.image > LIMIT).all(axis=2))


def boxed(sample: Sample) -> NDArray[np.bool_]:
    """(H, W) pixels under boxes whose edges lie between pixels."""
    mask = np.zeros(sample.image.shape[:2], np.bool_)
    for x0, y0, x1, y1 in sample.boxes.tolist():
        assert all(edge.is_integer() for edge in (x0, y0, x1, y1))
        mask[int(y0) : int(y1), int(x0) : int(x1)] = True
    return mask


def assert_sound(sample: Sample) -> None:
    """Shapes, dtypes, and boxes that lie in the image and have an area."""
    height, width = sample.image.shape[:2]
    count = len(sample.boxes)
    assert [sample.image.dtype, sample.labels.dtype] == [np.uint8, np.int64]
    assert [sample.boxes.dtype, sample.shares.dtype] == [np.float32, np.float32]
    assert sample.image.shape == (height, width, 3)
    assert sample.boxes.shape == (count, 4)
    assert sample.labels.shape == sample.shares.shape == (count,)
    assert min(height, width) > 0
    assert (sample.boxes[:, :2] < sample.boxes[:, 2:]).all()
    assert (sample.boxes >= 0).all()
    assert (sample.boxes[:, 2:] <= (width, height)).all()


def test_mirroring_moves_the_box_with_its_pixels() -> None:
    """Columns 2 to 5 of 12 become columns 7 to 10."""
    after = mirrored(painted(12, 6, (2, 1, 5, 4)))
    assert after.boxes.tolist() == [[7, 1, 10, 4]]
    np.testing.assert_array_equal(white(after), boxed(after))


def test_mirroring_twice_changes_nothing() -> None:
    before = painted(13, 7, (2, 1, 5, 4), (6, 0, 13, 7))
    after = mirrored(mirrored(before))
    np.testing.assert_array_equal(after.image, before.image)
    np.testing.assert_array_equal(after.boxes, before.boxes)


def test_expanding_puts_the_image_where_it_was_drawn() -> None:
    """6 x 4 pixels on a canvas 2.5 times as long (15 x 10), at column 7 and row 2."""
    after = expanded(painted(6, 4, (1, 1, 3, 4)), scripted(0.1, 2.5, np.array([7, 2])))
    assert after.image.shape == (10, 15, 3)
    assert after.boxes.tolist() == [[8, 3, 10, 6]]
    np.testing.assert_array_equal(white(after), boxed(after))
    assert after.image[0, 0].tolist() == after.image[9, 14].tolist() == list(CANVAS_FILL) == [124, 116, 104]
    assert np.count_nonzero((after.image == CANVAS_FILL).all(axis=2)) == 15 * 10 - 6 * 4


def test_half_of_the_images_are_not_expanded() -> None:
    before = painted(6, 4, (1, 1, 3, 4))
    assert expanded(before, scripted(0.5)) is before


def test_a_large_image_shrinks_with_its_canvas(monkeypatch: pytest.MonkeyPatch) -> None:
    """80 x 40 pixels, twice expanded, where a canvas may have 80: the image is halved."""
    monkeypatch.setattr(augment, "LONGEST_CANVAS", 80)
    after = expanded(painted(80, 40, (10, 20, 30, 36)), scripted(0.1, 2.0, np.array([40, 0])))
    assert after.image.shape == (40, 80, 3)
    assert after.boxes.tolist() == [[45, 10, 55, 18]]
    np.testing.assert_array_equal(white(after), boxed(after))


def test_resizing_scales_both_axes_of_a_box() -> None:
    after = resized(painted(8, 4, (2, 1, 6, 3)), 16, 12, cv2.INTER_NEAREST)
    assert after.boxes.tolist() == [[4, 3, 12, 9]]
    np.testing.assert_array_equal(white(after), boxed(after))


def test_a_crop_cuts_boxes_and_drops_those_whose_centre_is_outside() -> None:
    """A crop of 20 x 20 at (10, 10): the second box has its centre on the right edge, which is outside."""
    before = painted(40, 40, (6, 12, 16, 20), (24, 24, 36, 28), (28, 22, 30, 30))
    scales, aspects = np.full(augment.CROP_TRIES, 0.5), np.ones(augment.CROP_TRIES)
    corners = np.full((augment.CROP_TRIES, 2), 10)
    after = cropped(before, scripted(np.arange(7), scales, aspects, corners))
    assert after.image.shape == (20, 20, 3)
    assert after.boxes.tolist() == [[0, 2, 6, 10], [18, 12, 20, 20]]
    assert after.labels.tolist() == [0, 2]
    assert white(after)[boxed(after)].all()


def test_a_box_without_area_does_not_leave_a_crop() -> None:
    before = painted(40, 40, (12, 12, 20, 20), (15, 12, 15, 20))
    draws = np.full(augment.CROP_TRIES, 0.5), np.ones(augment.CROP_TRIES), np.full((augment.CROP_TRIES, 2), 10)
    assert cropped(before, scripted(np.arange(7), *draws)).labels.tolist() == [0]


def test_the_first_crop_that_overlaps_enough_is_taken() -> None:
    """IoU 0.5 is asked for: 30 x 30 at (0, 0) shares 900 of 1,600 with the box, 20 x 20 only 400 of 1,600."""
    before = painted(60, 60, (0, 0, 40, 40))
    scale = np.full(augment.CROP_TRIES, 20 / 60)
    scale[3], scale[7] = 0.5, 0.6
    corners = np.zeros((augment.CROP_TRIES, 2), np.int64)
    draws = scale, np.ones(augment.CROP_TRIES), corners
    order = [CROP_OVERLAPS.index(0.5)]
    assert cropped(before, scripted(np.array(order), *draws)).boxes.tolist() == [[0, 0, 30, 30]]


def test_an_overlap_that_is_never_reached_gives_way_to_the_next() -> None:
    before = painted(60, 60, (0, 0, 6, 6))
    order = np.array([CROP_OVERLAPS.index(0.9), CROP_OVERLAPS.index(None)])
    draws = np.full(augment.CROP_TRIES, 0.5), np.ones(augment.CROP_TRIES), np.zeros((augment.CROP_TRIES, 2), np.int64)
    assert cropped(before, scripted(order, *draws)) is before


@settings(max_examples=150, deadline=None)
@given(seed=SEEDS, width=st.integers(1, 70), height=st.integers(1, 70), data=st.data())
def test_white_stays_under_the_only_box(seed: int, width: int, height: int, data: st.DataObject) -> None:
    x0, y0 = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    x1, y1 = data.draw(st.integers(x0 + 1, width)), data.draw(st.integers(y0 + 1, height))
    before, rng = painted(width, height, (x0, y0, x1, y1)), np.random.default_rng(seed)
    after = augmented(before, Recipe(distort=False), True, rng)
    assert_sound(after)
    np.testing.assert_array_equal(white(after), boxed(after))


@settings(max_examples=100, deadline=None)
@given(seed=SEEDS, count=st.integers(0, 6), width=st.integers(1, 50), height=st.integers(1, 50))
def test_whatever_is_drawn_samples_stay_sound(seed: int, count: int, width: int, height: int) -> None:
    """Boxes with any edges, in mixed pairs of different sizes; labels and shares keep to their boxes."""
    rng = np.random.default_rng(seed)
    edges = np.sort(rng.uniform(0, 1, (count, 2, 2)), axis=1).reshape(count, 4) * ([width, height] * 2)
    boxes = edges[(edges[:, 2:] - edges[:, :2] > 0.01).all(axis=1)].astype(np.float32)
    image = rng.integers(0, 256, (height, width, 3), np.uint8)
    first = Sample(image, boxes, np.zeros(len(boxes), np.int64), np.ones(len(boxes), np.float32))
    second = replace(painted(9, 7, (2, 2, 8, 6)), labels=np.array([5]))
    after = augmented(mixed(first, second, 0.25), Recipe(), True, rng)
    assert_sound(after)
    assert len(after.boxes) >= 1
    np.testing.assert_array_equal(after.shares, np.where(after.labels == 5, 0.75, 0.25))


def test_crops_keep_to_their_shapes_and_sizes() -> None:
    """No crop has an IoU of 0.1 with a tiny box, so either 0 or the whole image comes first, half the time each."""
    before, rng = painted(200, 100, (98, 48, 102, 52)), np.random.default_rng(0)
    shapes = [cropped(before, rng).image.shape[:2] for _ in range(600)]
    whole = Counter(shapes)[100, 200] / len(shapes)
    assert whole == pytest.approx(0.5, abs=0.08)
    aspects = np.array([(width / 200) / (height / 100) for height, width in shapes])
    assert CROP_ASPECT[0] * 0.95 < aspects.min() < 0.6
    assert 1.8 < aspects.max() < CROP_ASPECT[1] * 1.05
    shares = np.array([height * width / 20_000 for height, width in shapes])
    assert 0.3**2 * 0.9 < shares.min() < 0.2


def test_a_mixed_pair_has_both_images_boxes_and_shares() -> None:
    """6 x 2 pixels of 200 and 3 x 4 pixels of 100, by a quarter and three quarters: 50 + 75 where both lie."""
    first = Sample(
        np.full((2, 6, 3), 200, np.uint8), np.array([[0, 0, 6, 2]], np.float32), np.array([3]), np.ones(1, np.float32)
    )
    second = Sample(
        np.full((4, 3, 3), 100, np.uint8),
        np.array([[0, 1, 2, 4], [1, 1, 3, 3]], np.float32),
        np.array([1, 0]),
        np.ones(2, np.float32),
    )
    after = mixed(first, second, 0.25)
    wanted = np.zeros((4, 6))
    wanted[:2, :3], wanted[:2, 3:], wanted[2:, :3] = 125, 50, 75
    np.testing.assert_array_equal(after.image, np.repeat(wanted[..., None], 3, axis=2))
    assert after.boxes.tolist() == [[0, 0, 6, 2], [0, 1, 2, 4], [1, 1, 3, 3]]
    assert after.labels.tolist() == [3, 1, 0]
    assert after.shares.tolist() == [0.25, 0.75, 0.75]
    assert_sound(after)


def test_an_image_mixed_with_itself_looks_the_same() -> None:
    before = painted(12, 6, (2, 1, 5, 4))
    after = mixed(before, before, 0.3)
    np.testing.assert_array_equal(after.image, before.image)
    assert after.shares.sum() == pytest.approx(1)


BRIGHTNESS, CONTRAST, SATURATION, HUE = range(4)
YES, NO = 0.49, 0.51


@pytest.mark.parametrize(
    ("draws", "before", "after"),
    [
        (([BRIGHTNESS, CONTRAST], YES, 1.2, YES, 1.5), (100, 100, 100), (152, 152, 152)),  # (100 + 1.2) * 1.5
        (([CONTRAST, BRIGHTNESS], YES, 1.5, YES, 1.2), (100, 100, 100), (151, 151, 151)),  # 100 * 1.5 + 1.2
        (([CONTRAST, BRIGHTNESS], YES, 0.5, NO), (100, 40, 0), (50, 20, 0)),
        (([CONTRAST], YES, 1.5), (200, 100, 0), (255, 150, 0)),
        (([SATURATION], YES, 0.5), (200, 0, 0), (130, 30, 30)),  # luma 59.8
        (([SATURATION], YES, 1.5), (77, 77, 77), (77, 77, 77)),
        (([HUE], YES, 18.0), (77, 77, 77), (77, 77, 77)),
        (([HUE], YES, 0.0), (10, 200, 60), (10, 200, 60)),
    ],
)
def test_colours_of_single_pixels(draws: tuple[Any, ...], before: Any, after: Any) -> None:
    assert distorted(plain(before), scripted(*draws)).image[1, 2].tolist() == list(after)


def test_a_turn_of_the_hue_keeps_the_luma() -> None:
    turned = distorted(plain((180, 60, 90)), scripted([HUE], YES, 18.0)).image[0, 0]
    assert turned @ augment.YIQ[0] == pytest.approx(np.array([180, 60, 90]) @ augment.YIQ[0], abs=1)
    angles = [np.degrees(np.arctan2(*(augment.YIQ @ colour)[:0:-1])) for colour in ((180, 60, 90), turned)]
    assert angles[1] - angles[0] == pytest.approx(18, abs=1)


def test_one_image_in_sixteen_keeps_its_colours() -> None:
    before, rng = plain((180, 60, 90)), np.random.default_rng(0)
    assert sum(distorted(before, rng) is before for _ in range(1600)) == pytest.approx(100, abs=30)


@pytest.mark.parametrize("change", [expanded, cropped, distorted, lambda sample, _: mirrored(sample)])
def test_images_without_boxes_pass(change: Callable[[Sample, Generator], Sample]) -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        assert_sound(change(painted(12, 9), rng))
    assert_sound(mixed(painted(12, 9), painted(5, 11), 0.4))


def test_nothing_changes_that_is_switched_off() -> None:
    before = painted(12, 6, (2, 1, 5, 4))
    off = Recipe(distort=False, expand=False, crop=False)
    for seed in range(20):
        assert augmented(before, off, False, np.random.default_rng(seed)) is before


@pytest.mark.parametrize("switch", ["distort", "expand", "crop", "mirror"])
def test_each_switch_changes_some_images(switch: str) -> None:
    before = painted(12, 6, (2, 1, 5, 4))
    recipe = Recipe.model_validate({name: name == switch for name in ("distort", "expand", "crop")})
    rng = np.random.default_rng(0)
    changed = [augmented(before, recipe, switch == "mirror", rng) is not before for _ in range(60)]
    assert any(changed)
    assert not all(changed)


def test_one_seed_gives_one_result() -> None:
    before = painted(40, 30, (5, 5, 20, 15), (10, 12, 38, 28))
    one, other, third = (augmented(before, Recipe(), True, np.random.default_rng(seed)) for seed in (5, 5, 7))
    np.testing.assert_array_equal(one.image, other.image)
    np.testing.assert_array_equal(one.boxes, other.boxes)
    assert one.image.shape != third.image.shape or not np.array_equal(one.image, third.image)
