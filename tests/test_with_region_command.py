"""`spinedet benchmark --roi` as a person types it, with the fake detector: from images and masks to one page."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from in_process import spinedet

from spinedet.annotations.files import read_json, write_json
from spinedet.benchmarks.with_region.arms import Arm, detector_arm
from spinedet.benchmarks.with_region.found import Searched
from spinedet.benchmarks.with_region.measuring import read_comparison
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.folds import Folds

TASK = """
task: drawn
about: By hand.
box: liver
kind: classes
classes: [healthy, ill]
positive: [ill]
roi: detector
split: {folds: 2, val: 0.3}
"""


@pytest.fixture
def folder(make_dataset: Callable[..., Path]) -> Path:
    """Eight patients of two images; the region lies in the same place in all, so that the fake finds it."""
    rows = {
        f"p{number}{view}": (f"P{number}", [(("healthy", "ill")[number % 2], 1, 1, 64, 48)])
        for number in range(8)
        for view in "ab"
    }
    made = make_dataset(rows)
    for number, image in enumerate(rows):
        pixels = np.full((48, 64), 90, np.uint8)
        pixels[0, number] = 200  # no two images are alike
        (made / "JPEGImages" / f"{image}.png").write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
        mask = np.zeros((48, 64), np.uint8)
        mask[10:40, 20:50] = 1
        (made / "Regions").mkdir(exist_ok=True)
        (made / "Regions" / f"{image}.png").write_bytes(cv2.imencode(".png", mask)[1].tobytes())
    (made.parent / "task.yaml").write_text(TASK, encoding="utf-8")
    return made


def words(folder: Path, *more: object) -> list[object]:
    basic = ["benchmark", folder, "--task", folder.parent / "task.yaml", "--detectors", "fake", "--epochs", 1]
    return [*basic, "--image-size", 64, "--out", folder.parent / "run", "--region-detector", "fake", *more]


def test_one_flag_compares_with_and_without(folder: Path) -> None:
    """Every region is found exactly: Dice and IoU 1; the fake answers all images of a fold alike: no difference."""
    said = spinedet(*words(folder, "--roi", "whole,detector"))
    assert said.code == 0, said.err
    run = folder.parent / "run"
    assert sorted(path.name for path in run.iterdir()) == [
        *("comparison.html", "comparison.json", "detector", "regions", "whole"),
    ]
    found = read_comparison(run / "comparison.json")
    assert [(side.detector, side.kind) for side in found.sides] == [("fake", "detector"), ("fake", "whole")]
    assert found.common == {"fake": 16}
    (regions,) = found.regions
    assert (regions.missing, regions.left_out, regions.compared) == ((), (), 16)
    assert regions.overlap["box_iou"].mean == pytest.approx(1, abs=0.01)
    assert found.versus[0].images.accuracy.value == 0
    assert "with the masks' boxes Dice 1.000" in said.out
    whole, crops = (read_json(run / kind / "folds.json", "folds file")["folds"] for kind in ("whole", "detector"))
    assert whole == crops
    page = (run / "comparison.html").read_text(encoding="utf-8")
    assert "This page holds images of patients" in page
    assert "Learnt from 16 boxes of Regions/." in page


def test_regions_are_cross_fitted_and_a_second_run_skips_what_is_finished(folder: Path) -> None:
    """What decides the crop of an image stands in the fold in which it is a test image, and nowhere else."""
    assert spinedet(*words(folder, "--roi", "detector", "--no-examples")).code == 0
    run = folder.parent / "run" / "regions" / "run"
    for fold in read_json(run / "folds.json", "folds file")["folds"]:
        job = run / "fake" / f"fold{fold['fold']}"
        told = {row["image"] for row in read_json(job / "predictions.json", "predictions file")}
        assert told == set(fold["test"])
        learnt = {image[:2] for image in (*read_json(job / "job.json", "job")["train"], *fold["val"])}
        assert learnt.isdisjoint(image[:2] for image in fold["test"])
    kept = [path for kind in ("done.json", "*.png", "model.onnx") for path in (folder.parent / "run").rglob(kind)]
    before = {path: path.stat().st_mtime_ns for path in kept}
    assert spinedet(*words(folder, "--roi", "detector", "--no-examples")).code == 0
    assert {path: path.stat().st_mtime_ns for path in kept} == before


def test_a_region_that_is_not_found_is_answered_whole_and_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The predictions of one image are taken out before its crop is made."""

    def without(dataset: Dataset, folds: Folds, searched: Searched, *rest: Any) -> Arm:
        emptied = Searched({**searched.scored, "p2a": ()}, searched.least_score, searched.how)
        return detector_arm(dataset, folds, emptied, *rest)

    monkeypatch.setattr("spinedet.with_region.detector_arm", without)
    said = spinedet(*words(folder, "--roi", "detector"))
    assert said.code == 0
    assert "nothing found in 1 image, used whole: p2a" in said.err
    assert "nothing found in 1 (p2a), used whole" in said.out
    found = read_comparison(folder.parent / "run" / "comparison.json")
    assert found.regions[0].missing == ("p2a",)
    assert found.common == {"fake": 16}
    page = (folder.parent / "run" / "comparison.html").read_text(encoding="utf-8")
    assert "Nothing was found in 1 of 16 images (p2a)" in page


def test_a_given_model_is_used_once_its_pixels_are_new(folder: Path) -> None:
    """A model of the run itself has seen images of this dataset, and is refused; made blind, it is taken."""
    assert spinedet(*words(folder, "--roi", "detector", "--no-examples")).code == 0
    model = folder.parent / "run" / "regions" / "run" / "fake" / "fold1" / "model"
    other = ["--roi", "detector", "--no-examples", "--region-model", model, "--out", folder.parent / "second"]
    refused = spinedet(*words(folder, *other))
    assert refused.code == 2
    assert "has learnt from images that it would be tested on" in refused.err
    assert not (folder.parent / "second").exists()
    card = read_json(model / "model.json", "model card")
    write_json(model / "model.json", {**card, "trained_on": {**card["trained_on"], "images": []}})
    taken = spinedet(*words(folder, *other))
    assert taken.code == 0, taken.err
    assert read_comparison(folder.parent / "second" / "comparison.json").regions[0].compared == 16
    assert spinedet(*words(folder, *other)).code == 0


def test_images_without_legs_are_refused_before_any_training(folder: Path) -> None:
    said = spinedet(*words(folder, "--roi", "whole,legs"))
    assert said.code == 2
    assert "No image has a region." in said.err
    assert "16 images: " in said.err
    assert not (folder.parent / "run").exists()


def test_legs_are_compared_over_the_images_that_have_two(folder: Path) -> None:
    """`p0a` shows one disc and is left out of both arms; the others show two."""
    for path in (folder / "JPEGImages").glob("*.png"):
        pixels = np.full((48, 64), 5, np.uint8)
        for x in (16, 48) if path.stem != "p0a" else (32,):
            cv2.circle(pixels, (x, 24), 12, 150, cv2.FILLED)
        path.write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    said = spinedet(*words(folder, "--roi", "whole,legs", "--no-examples"))
    assert said.code == 0, said.err
    assert "1 image left out: p0a" in said.err
    found = read_comparison(folder.parent / "run" / "comparison.json")
    assert [one.figures.image.all.rows for one in found.results.detectors] == [15, 15]
    assert (found.regions[0].crops, found.regions[0].left_out[0][0]) == (30, "p0a")
    assert "They are in no figure here" in (folder.parent / "run" / "comparison.html").read_text(encoding="utf-8")


def test_a_plain_run_is_as_before(folder: Path) -> None:
    assert spinedet(*words(folder, "--no-examples")).code == 0
    run = folder.parent / "run"
    assert (run / "whole_image.html").exists()
    assert not (run / "comparison.json").exists()
    mixed = spinedet(*words(folder, "--roi", "whole"))
    assert mixed.code == 2
    assert "something else than a comparison of regions" in mixed.err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--roi", "liver"), "There is no such region."),
        (("--roi", "whole", "--region-model", "x"), "add detector to --roi"),
        (("--region-epochs", 3), "Nothing finds a region here."),
        (("--roi", "detector", "--region-detector", "resnet50"), "A classifier finds no region."),
        (("--roi", "detector", "--region-boxes", "nowhere"), "no such folder of region boxes"),
        (("--roi", "whole", "--task", "lumbar"), "where a task asks the whole image"),
    ],
)
def test_wrong_words_are_answered_before_any_training(folder: Path, more: tuple[object, ...], said: str) -> None:
    if "lumbar" in more:
        for path in (folder / "Annotations").glob("*.xml"):
            text = path.read_text(encoding="utf-8")
            path.write_text(text.replace("healthy", "normal").replace("ill<", "normal<"), encoding="utf-8")
    answer = spinedet(*words(folder, *more))
    assert answer.code == 2
    assert said in answer.err
    assert not (folder.parent / "run").exists()


def test_a_class_that_a_fold_lacks_is_told(folder: Path) -> None:
    """Only patient 1 is ill: refused as rare, and with leave the fold without an ill image is named on the page."""
    for path in (folder / "Annotations").glob("*.xml"):
        if path.stem[1] in "357":
            path.write_text(path.read_text(encoding="utf-8").replace(">ill<", ">healthy<"), encoding="utf-8")
    refused = spinedet(*words(folder, "--roi", "whole,detector"))
    assert refused.code == 2
    assert "A class belongs to one patient alone: ill" in refused.err
    said = spinedet(*words(folder, "--roi", "whole", "--allow-rare", "--no-examples"))
    assert said.code == 0, said.err
    assert "Class 'ill' (1 patient) is missing from" in said.err
    found = json.loads((folder.parent / "run" / "comparison.json").read_text(encoding="utf-8"))
    assert any("Class 'ill' (1 patient) is missing" in gap for gap in found["results"]["material"]["gaps"])
    assert "Class &#39;ill&#39; (1 patient) is missing" in (folder.parent / "run" / "comparison.html").read_text(
        "utf-8"
    )
