"""Batches of PP-YOLOv2: seven images of 64 x 48, each with a white box but the last, which has none."""

import threading
from collections.abc import Iterator
from itertools import islice

import cv2
import numpy as np
import pytest

from spinedet.annotations.errors import InputError
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.images import read_image, read_pixels
from spinedet.detect.contract import Settings
from spinedet.detect.modelfile import IMAGENET_MEAN, IMAGENET_STD, Preprocessing
from spinedet.detect.ppyolov2 import batches
from spinedet.detect.ppyolov2.batches import (
    Batch,
    Samples,
    input_sides,
    plain_batches,
    steps_an_epoch,
    training_batches,
)
from spinedet.detect.ppyolov2.recipe import Recipe
from spinedet.detect.preprocess import prepare

IMAGES = 7
NAMES = tuple(f"i{number}" for number in range(IMAGES))
PLAIN = Recipe(mixup_until=0, distort=False, expand=False, crop=False, multi_scale=False)
STRETCH = Preprocessing(fit="stretch", mean=IMAGENET_MEAN, std=IMAGENET_STD)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Image i has a white box at column 4 i, row 3 i, of 16 x 12 pixels, label i % 2; difficult in image 1."""
    root, rng = tmp_path_factory.mktemp("dataset"), np.random.default_rng(0)
    for folder in ("JPEGImages", "Annotations"):
        (root / folder).mkdir()
    for number, name in enumerate(NAMES):
        pixels, (x, y) = rng.integers(0, 60, (48, 64, 3), np.uint8), (4 * number, 3 * number)
        drawn = ""
        if number < IMAGES - 1:
            pixels[y : y + 12, x : x + 16] = 255
            drawn = (
                f"<object><name>{'ab'[number % 2]}</name><difficult>{int(number == 1)}</difficult><bndbox>"
                f"<xmin>{x + 1}</xmin><ymin>{y + 1}</ymin><xmax>{x + 16}</xmax><ymax>{y + 12}</ymax></bndbox></object>"
            )
        cv2.imwrite(str(root / "JPEGImages" / f"{name}.png"), pixels[..., 0] if number == 2 else pixels)
        size = "<size><width>64</width><height>48</height><depth>3</depth></size>"
        text = f"<annotation><filename>{name}.png</filename>{size}{drawn}</annotation>"
        (root / "Annotations" / f"{name}.xml").write_text(text, encoding="utf-8")
    return Dataset.load(root, each_image_is_a_patient=True)


@pytest.fixture(scope="module")
def samples(dataset: Dataset) -> Samples:
    return Samples(dataset)


def make_settings(**changes: object) -> Settings:
    values = {"detector": "ppyolov2", "size": "r18", "image_size": 96, "batch": 3, "epochs": 10, "mirror": True}
    return Settings.model_validate({**values, **changes})


def assert_equal(ones: list[Batch], others: list[Batch]) -> None:
    for one, other in zip(ones, others, strict=True):
        assert one.names == other.names
        for field in ("images", "boxes", "labels", "shares"):
            np.testing.assert_array_equal(getattr(one, field), getattr(other, field), strict=True)


def assert_white_where_boxed(batch: Batch) -> None:
    """The inner third of every box is white, which no interpolation reaches from outside."""
    white = (1 - np.array(IMAGENET_MEAN)) / IMAGENET_STD
    for planes, boxes, shares in zip(batch.images, batch.boxes, batch.shares, strict=True):
        for x0, y0, x1, y1 in np.rint(boxes[shares > 0]).astype(int):
            x, y = (x1 - x0) // 3, (y1 - y0) // 3
            inner = planes[:, y0 + y : y1 - y, x0 + x : x1 - x]
            assert inner.size > 0
            np.testing.assert_allclose(inner, np.broadcast_to(white[:, None, None], inner.shape), atol=1e-5)


@pytest.mark.parametrize("side", [32, 96])
def test_plain_pixels_are_those_of_prediction(dataset: Dataset, samples: Samples, side: int) -> None:
    """In colour and in grey, smaller and larger, to the last bit."""
    made = [*plain_batches(samples, make_settings(image_size=side))]
    assert tuple(name for batch in made for name in batch.names) == NAMES
    for planes, item in zip((planes for batch in made for planes in batch.images), dataset.items, strict=True):
        assert item.path is not None
        np.testing.assert_array_equal(planes, prepare(read_image(item.path), side, STRETCH)[0], strict=True)
        np.testing.assert_array_equal(planes, prepare(read_pixels(item.path), side, STRETCH)[0], strict=True)


def test_plain_boxes_are_those_drawn_difficult_ones_too(samples: Samples) -> None:
    """64 x 48 becomes 96 x 96: 1.5 times as wide, twice as high."""
    made = [*plain_batches(samples, make_settings())]
    assert [len(batch.names) for batch in made] == [3, 2, 2]
    assert made[0].boxes.tolist() == [[[0, 0, 24, 24]], [[6, 6, 30, 30]], [[12, 12, 36, 36]]]
    assert made[0].labels.tolist() == [[0], [1], [0]]
    assert made[0].shares.tolist() == [[1], [1], [1]]
    for batch in made:
        assert_white_where_boxed(batch)


def test_an_image_without_boxes_is_padded(samples: Samples) -> None:
    last = [*plain_batches(samples, make_settings())][-1]
    assert last.names == ("i5", "i6")
    assert last.boxes[1].tolist() == [[0, 0, 0, 0]]
    assert (last.labels[1].tolist(), last.shares[1].tolist()) == ([-1], [0])


def test_a_batch_without_any_box_has_none(dataset: Dataset) -> None:
    empty = Samples(dataset.subset(["i6"]))
    for made in (plain_batches(empty, make_settings()), training_batches(empty, make_settings(), Recipe(), 1)):
        batch = next(made)
        assert (batch.boxes.shape, batch.labels.shape, batch.shares.shape) == ((1, 0, 4), (1, 0), (1, 0))
        assert [*made] == []


def test_no_images_give_no_batches(dataset: Dataset) -> None:
    assert [*plain_batches(Samples(dataset.subset([])), make_settings())] == []


@pytest.mark.parametrize("epoch", [1, 10])
def test_batches_have_the_promised_types(samples: Samples, epoch: int) -> None:
    for batch in training_batches(samples, make_settings(), Recipe(), epoch):
        count, most = batch.labels.shape
        side = batch.images.shape[-1]
        assert batch.images.shape == (count, 3, side, side)
        assert batch.images.flags.c_contiguous
        assert batch.boxes.shape == (count, most, 4)
        assert {array.dtype for array in (batch.images, batch.boxes, batch.shares)} == {np.dtype(np.float32)}
        assert batch.labels.dtype == np.int64
        assert np.isfinite(batch.images).all()
        assert (batch.boxes >= 0).all()
        assert (batch.boxes <= side * (1 + 1e-6)).all()
        np.testing.assert_array_equal(batch.labels < 0, batch.shares == 0)
        np.testing.assert_array_equal((batch.boxes[..., 2:] > batch.boxes[..., :2]).all(-1), batch.shares > 0)


def test_an_epoch_has_every_image_once_in_an_order_of_its_own(samples: Samples) -> None:
    orders = []
    for epoch in (1, 2):
        made = [*training_batches(samples, make_settings(), PLAIN, epoch)]
        assert [len(batch.names) for batch in made] == [3, 2, 2]
        orders.append([name for batch in made for name in batch.names])
    assert sorted(orders[0]) == sorted(orders[1]) == list(NAMES)
    assert orders[0] != orders[1]


def test_unaugmented_batches_are_the_plain_ones_in_another_order(samples: Samples) -> None:
    settings = make_settings(mirror=False, batch=1)
    shuffled = [*training_batches(samples, settings, PLAIN, 1)]
    assert_equal(sorted(shuffled, key=lambda batch: batch.names), [*plain_batches(samples, settings)])


@pytest.mark.parametrize("recipe", [PLAIN, Recipe(mixup_until=0, distort=False, multi_scale=False)])
def test_white_stays_under_its_box(samples: Samples, recipe: Recipe) -> None:
    for batch in training_batches(samples, make_settings(image_size=320), recipe, 1):
        assert_white_where_boxed(batch)


def test_a_resumed_job_sees_the_same_batches(dataset: Dataset, samples: Samples) -> None:
    """Neither other epochs before nor numpy's global generator matter."""
    straight = [[*training_batches(samples, make_settings(), Recipe(), epoch)] for epoch in (1, 2, 3)]
    np.random.seed(7)
    assert_equal(straight[2], [*training_batches(Samples(dataset), make_settings(), Recipe(), 3)])


def test_threads_and_batches_ahead_do_not_matter(samples: Samples, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [*training_batches(samples, make_settings(batch=1), Recipe(), 1)]
    monkeypatch.setattr(batches, "THREADS", 1)
    monkeypatch.setattr(batches, "AHEAD", 1)
    assert_equal(made, [*training_batches(samples, make_settings(batch=1), Recipe(), 1)])


def test_seeds_epochs_and_numbers_give_other_draws(dataset: Dataset) -> None:
    """One image, so the order cannot differ: the shares of mixing it with itself must."""
    alone = Samples(dataset.subset(["i0"]))
    made = [next(training_batches(alone, make_settings(seed=s), Recipe(), e)) for s in (0, 1) for e in (1, 2)]
    assert len({float(batch.shares.max()) for batch in made}) == 4
    both = [*training_batches(Samples(dataset), make_settings(batch=1), Recipe(), 1)]
    assert len({float(batch.shares.max()) for batch in both}) > IMAGES - 2


def test_no_two_generators_of_an_epoch_are_alike(samples: Samples, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order has one and so has each of seven batches; numpy takes [s, e] and [s, e, 0] for the same seed."""
    seeds: list[list[int]] = []
    make = np.random.default_rng

    def noted(seed: list[int]) -> np.random.Generator:
        seeds.append(seed)
        return make(seed)

    monkeypatch.setattr(np.random, "default_rng", noted)
    list(training_batches(samples, make_settings(batch=1), PLAIN, 1))
    assert len({make(seed).random() for seed in seeds}) == 1 + IMAGES


def test_images_are_mixed_only_in_the_first_epochs(samples: Samples) -> None:
    """Until 0.25 of 10 epochs: the first three."""
    recipe = Recipe(mixup_until=0.25, distort=False, expand=False, crop=False)
    for epoch in range(1, 7):
        made = [*training_batches(samples, make_settings(), recipe, epoch)]
        shares = np.concatenate([batch.shares[batch.shares > 0] for batch in made])
        assert bool((shares < 1).any()) == (epoch <= 3)
        assert len(shares) > IMAGES - 1 if epoch <= 3 else len(shares) == IMAGES - 1


def test_shares_of_a_mixed_pair_sum_to_one(dataset: Dataset) -> None:
    """Where every image has one box and none is lost, the two shares of a row are one pair's."""
    recipe = Recipe(expand=False, crop=False)
    five = Samples(dataset.subset(NAMES[:5]))
    for batch in training_batches(five, make_settings(), recipe, 1):
        np.testing.assert_allclose(batch.shares.sum(axis=1), 1, rtol=1e-6)


@pytest.mark.parametrize(
    ("image_size", "sides"),
    [
        (96, (96, 128)),  # never below three cells of 32
        (320, (160, 192, 224, 256, 288, 320, 352, 384)),
        (640, tuple(range(320, 769, 32))),
    ],
)
def test_sides_of_multi_scale_training(image_size: int, sides: tuple[int, ...]) -> None:
    assert input_sides(image_size) == sides


def test_batches_have_one_of_the_sides_each_and_all_occur(samples: Samples) -> None:
    found = {
        batch.images.shape[-1]
        for epoch in range(1, 9)
        for batch in training_batches(samples, make_settings(image_size=128), Recipe(), epoch)
    }
    assert found == set(input_sides(128)) == {96, 128, 160}


def test_only_switched_on_mirroring_mirrors(samples: Samples) -> None:
    """The box of i0 begins at the left edge; mirrored it ends at the right one."""
    starts: dict[bool, set[float]] = {True: set(), False: set()}
    for mirror, found in starts.items():
        for epoch in range(1, 13):
            for batch in training_batches(samples, make_settings(mirror=mirror), PLAIN, epoch):
                found |= {float(batch.boxes[row, 0, 0]) for row, name in enumerate(batch.names) if name == "i0"}
    assert starts == {True: {0.0, 72.0}, False: {0.0}}


def preparing() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("batches")]


def test_stopping_early_leaves_no_thread(samples: Samples) -> None:
    made = training_batches(samples, make_settings(batch=1), Recipe(), 1)
    assert isinstance(made, Iterator)
    assert len([*islice(made, 2)]) == 2
    assert preparing()
    del made  # the last name for it: the generator is closed
    assert preparing() == []


def test_an_epoch_that_ends_leaves_no_thread(samples: Samples) -> None:
    assert len([*plain_batches(samples, make_settings())]) == 3
    assert preparing() == []


def test_a_damaged_image_is_named_and_leaves_no_thread(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    path = dataset["i4"].path
    assert path is not None
    intact = path.read_bytes()
    try:
        path.write_bytes(b"no image")
        with pytest.raises(InputError, match=r"i4\.png"):
            list(plain_batches(Samples(dataset), make_settings()))
    finally:
        path.write_bytes(intact)
    assert preparing() == []


@pytest.mark.parametrize(("images", "batch", "steps"), [(0, 8, 0), (1, 8, 1), (8, 8, 1), (9, 8, 2), (210, 8, 27)])
def test_steps_an_epoch(images: int, batch: int, steps: int) -> None:
    assert steps_an_epoch(images, batch) == steps


def test_patchworks_are_drawn_with_evidence_and_grow(samples: Samples) -> None:
    """Of 96 pixels, 12 tiles a side: none of another patient in the first epoch; again the same for the same epoch."""
    pointing, settings = PLAIN.model_copy(update={"evidence": True}), make_settings(batch=7)
    first, last, again = ([*training_batches(samples, settings, pointing, epoch)] for epoch in (1, 10, 10))
    cuts = [batch.cut for made in (first, last, again) for batch in made]
    assert [cut and (cut.blocks.shape, cut.progress) for cut in cuts] == [((7, 12, 12), part) for part in (0, 0.9, 0.9)]
    blocks = [cut.blocks for cut in cuts if cut]
    assert not np.any(blocks[0])
    assert 0.2 < np.mean(blocks[1]) < 0.6
    np.testing.assert_array_equal(blocks[1], blocks[2])
    assert_equal(last, again)


def test_without_evidence_and_in_validation_there_are_no_patchworks(samples: Samples) -> None:
    assert all(batch.cut is None for batch in training_batches(samples, make_settings(), PLAIN, 10))
    assert all(batch.cut is None for batch in plain_batches(samples, make_settings()))
