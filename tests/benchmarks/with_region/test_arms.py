"""From what was found to datasets and folds: nothing is lost, nobody is on two sides, and finished crops stay."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError
from spinedet.benchmarks.with_region.arms import detector_arm, legs_arm, on_crops, whole_arm
from spinedet.benchmarks.with_region.found import Searched, check_folds, check_unseen
from spinedet.benchmarks.with_region.measuring import regions_of
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.folds import Folds, hold_out, make_folds
from spinedet.datasets.images import pixel_hash, read_image
from spinedet.detect.contract import Settings
from spinedet.detect.modelfile import ModelCard, Postprocessing, Preprocessing, TrainedOn

Livers = Callable[..., Dataset]

LEAST = 0.5


def searched(data: Dataset, **other: tuple[tuple[Box, float], ...]) -> Searched:
    """Each region found exactly, but for the images that are named."""
    exact = {image: ((Box(4 * int(image[1]), 10, 4 * int(image[1]) + 20, 30), 0.9),) for image in data.images}
    return Searched({**exact, **other}, LEAST, "by hand")


def test_an_image_in_which_nothing_was_found_stays_whole_and_is_named(livers: Livers, tmp_path: Path) -> None:
    """`p0a`: no box; `p1a`: a box that scores too little; `p2a`: a box beside the image."""
    data = livers()
    found = searched(data, p0a=(), p1a=((Box(0, 0, 9, 9), 0.4),), p2a=((Box(-9, 0, -1, 9), 0.9),))
    arm = detector_arm(data, make_folds(data, 2, 0), found, tmp_path / "detector", 0.1)
    assert arm.missing == ("p0a", "p1a", "p2a")
    assert arm.dataset.images == data.images  # both arms answer the same images
    assert {arm.regions[image].box for image in arm.missing} == {Box(0, 0, 64, 48)}
    assert arm.regions["p3a"].box == Box(10, 8, 34, 32)
    told = regions_of(arm, data)
    assert (told.images, told.crops, told.compared) == (16, 16, 13)
    assert told.overlap["box_iou"].mean == 1.0  # of what was found; what was not is counted beside it


def test_regions_of_a_model_are_cut_as_squares(livers: Livers, tmp_path: Path) -> None:
    """20 wide and 10 high, with its margin 24 and 12: a square of 24 around it."""
    data = livers()
    found = searched(data, p3a=((Box(20, 15, 40, 25), 0.9),))
    arm = detector_arm(data, make_folds(data, 2, 0), found, tmp_path / "detector", 0.1)
    assert arm.regions["p3a"].box == Box(18, 8, 42, 32)
    assert arm.regions["p3a"].found == Box(20, 15, 40, 25)


def test_the_folds_of_the_crops_are_those_of_the_images(livers: Livers, tmp_path: Path) -> None:
    data = livers()
    folds = make_folds(data, 2, 0, val_ratio=0.3)
    arm = detector_arm(data, folds, searched(data), tmp_path / "detector", 0.1)
    assert arm.folds.folds == folds.folds
    assert (arm.dataset.patients, arm.dataset.counts()) == (data.patients, data.counts())
    assert whole_arm(data, folds).folds is folds


def test_finished_crops_stay_and_others_are_refused(livers: Livers, tmp_path: Path) -> None:
    data = livers()
    folds, out = make_folds(data, 2, 0), tmp_path / "detector"
    detector_arm(data, folds, searched(data), out, 0.1)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.png")}
    detector_arm(data, folds, searched(data), out, 0.1)
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*.png")} == before
    with pytest.raises(InputError, match="begun with other regions"):
        detector_arm(data, folds, searched(data, p0a=()), out, 0.1)


@pytest.fixture
def legs(livers: Livers) -> Dataset:
    """Two discs in every image, but for `p0a` and `p1b`, which show one alone."""
    data = livers(masks=False)
    for image in data.images:
        pixels = np.full((48, 64), 5, np.uint8)
        for x in (16, 48) if image not in ("p0a", "p1b") else (32,):
            cv2.circle(pixels, (x, 24), 12, 150, cv2.FILLED)
        path = data.folder / "JPEGImages" / f"{image}.png"
        path.write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    return data


def test_images_whose_legs_cannot_be_told_apart_are_left_out_by_name(legs: Dataset, tmp_path: Path) -> None:
    folds = make_folds(legs, 2, 0)
    for _ in range(2):  # the second time they are read again
        arm = legs_arm(legs, folds, tmp_path / "legs", 0.1)
        assert [image for image, _ in arm.left_out] == ["p0a", "p1b"]
        assert len(arm.dataset) == 28
        assert arm.dataset.patients == legs.patients
        for mine, whole in zip(arm.folds.folds, folds.folds, strict=True):
            assert {arm.sources[crop] for crop in mine.test} == set(whole.test) - {"p0a", "p1b"}
            assert {crop[-5:] for crop in mine.test} == {"_left", "right"}


def test_a_part_without_a_crop_is_refused(livers: Livers, tmp_path: Path) -> None:
    data = livers()
    arm = detector_arm(data, make_folds(data, 2, 0), searched(data), tmp_path / "detector", 0.1)
    only = {"p0a": "p0a"}
    with pytest.raises(InputError, match=r"the (training|test) part of fold"):
        on_crops(make_folds(data, 2, 0), arm.dataset, only)


def test_a_hold_out_split_has_no_regions_for_its_training_images(livers: Livers) -> None:
    data = livers()
    check_folds(make_folds(data, 2, 0))
    with pytest.raises(InputError, match="two folds or more"):
        check_folds(Folds(0, "patient", (hold_out(data, seed=0),)))


def test_a_given_model_must_have_seen_no_image(livers: Livers, tmp_path: Path) -> None:
    """Its card lists pixels, not names: a copy of `p3a` under another name is found out."""
    data = livers()
    path = data["p3a"].path
    assert path is not None
    card = ModelCard(
        detector="fake",
        size="one",
        classes=("liver",),
        image_size=64,
        trained_on=TrainedOn(fingerprint="", images=("0" * 64,)),
        settings=Settings(detector="fake", size="one"),
        versions={},
        preprocessing=Preprocessing(fit="stretch"),
        postprocessing=Postprocessing(nms="greedy"),
        strides=(64,),
        anchors_per_cell=1,
    )
    check_unseen(data, card, tmp_path)
    seen = card.model_copy(update={"trained_on": TrainedOn(fingerprint="", images=(pixel_hash(read_image(path)),))})
    with pytest.raises(InputError, match="1 of 16: p3a"):
        check_unseen(data, seen, tmp_path)


def test_a_wrong_digest_never_passes_for_the_same(livers: Livers) -> None:
    found = searched(livers())
    assert found.digest() == replace(found, how="another word").digest()
    assert found.digest() != replace(found, least_score=0.4).digest()
