"""`spinedet benchmark` with a task of whole images and the fake detector: from a folder of images to a page."""

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from spinedet.annotations.errors import InputError, WorkError
from spinedet.benchmarks.crossval import Plan
from spinedet.benchmarks.whole_image.run import read_results
from spinedet.cli import app
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.folds import make_folds
from spinedet.datasets.tasks import read_task
from spinedet.detect.contract import Settings
from spinedet.whole_image import Ask, compare_whole_images

TASK = """
task: drawn
about: By hand.
box: image
kind: classes
classes: [healthy, ill]
positive: [ill]
split: {folds: 2, val: 0.3}
"""
WHOLE = (1, 1, 64, 48)


@pytest.fixture
def folder(make_dataset: Callable[..., Path]) -> Path:
    """Eight patients of two images; every second one is ill, with a lesion in the upper left corner."""
    rows = {
        f"p{number}{view}": (f"P{number}", [(("healthy", "ill")[number % 2], *WHOLE)])
        for number in range(8)
        for view in "ab"
    }
    made = make_dataset(rows)
    (made / "Masks").mkdir()
    for image in rows:
        mask = np.zeros((48, 64), np.uint8)
        mask[:10, :10] = int(image[1]) % 2
        cv2.imwrite(str(made / "Masks" / f"{image}.png"), mask)
    (made.parent / "task.yaml").write_text(TASK, encoding="utf-8")
    return made


def arguments(folder: Path, *more: str) -> list[str]:
    words = ["benchmark", str(folder), "--task", str(folder.parent / "task.yaml"), "--detectors", "fake"]
    return [*words, "--image-size", "64", "--epochs", "1", "--out", str(folder.parent / "run"), *more]


def test_a_folder_of_images_becomes_a_page(folder: Path) -> None:
    """The fake says the same of every image of a fold: no area, nothing hidden, and one finished page with maps."""
    result = CliRunner().invoke(app, arguments(folder), catch_exceptions=False)
    assert result.exit_code == 0
    run = folder.parent / "run"
    found = json.loads((run / "whole_image.json").read_text(encoding="utf-8"))
    (fake,) = found["detectors"]
    assert fake["figures"]["image"]["all"]["rows"] == 16
    assert (fake["area"]["value"], fake["area"]["why"]) == (None, "no fold has an area")
    assert found["material"]["validation"] == {"1": 4, "2": 4}
    assert fake["looked"]["score"]["hits"] == 0
    page = (run / "whole_image.html").read_text(encoding="utf-8")
    assert "This page holds images of patients" in page
    assert page.count("data:image/jpeg") >= 3
    assert "whole_image.html" in result.output
    assert not (run / "report.html").exists()


def test_without_examples_the_page_has_no_image(folder: Path) -> None:
    result = CliRunner().invoke(app, arguments(folder, "--no-examples"), catch_exceptions=False)
    assert result.exit_code == 0
    page = (folder.parent / "run" / "whole_image.html").read_text(encoding="utf-8")
    assert "data:image/jpeg" not in page


def test_occlusion_maps_can_be_left_out(folder: Path) -> None:
    result = CliRunner().invoke(app, arguments(folder, "--no-occlusion"), catch_exceptions=False)
    assert result.exit_code == 0
    run = folder.parent / "run"
    (fake,) = json.loads((run / "whole_image.json").read_text(encoding="utf-8"))["detectors"]
    assert fake["looked"]["occlusion"] is None
    assert fake["looked"]["score"]["total"] > 0
    assert "occlusion" in (run / "whole_image.html").read_text(encoding="utf-8")


def test_an_image_with_two_boxes_is_refused_before_training(folder: Path) -> None:
    path = folder / "Annotations" / "p3a.xml"
    text = path.read_text(encoding="utf-8")
    thing = text[text.index("  <object>") : text.index("</annotation>")]
    path.write_text(text.replace("</annotation>", f"{thing}</annotation>"), encoding="utf-8")
    with pytest.raises(InputError, match="1 with several boxes: p3a"):
        CliRunner().invoke(app, arguments(folder), catch_exceptions=False)
    assert not (folder.parent / "run").exists()


def test_a_sensitivity_needs_positive_classes(folder: Path) -> None:
    task = folder.parent / "task.yaml"
    task.write_text(TASK.replace("positive: [ill]\n", ""), encoding="utf-8")
    with pytest.raises(InputError, match="positive classes"):
        CliRunner().invoke(app, arguments(folder, "--sensitivity", "0.9"), catch_exceptions=False)
    task.write_text(TASK, encoding="utf-8")
    with pytest.raises(InputError, match="no sensitivity"):
        CliRunner().invoke(app, arguments(folder, "--sensitivity", "1.5"), catch_exceptions=False)


def test_a_run_that_fails_in_part_still_tells_of_the_rest(folder: Path) -> None:
    """The fake dies once in every job folder; of the two that have seen it die, one forgets it."""
    data, task = Dataset.load(folder, classes=("healthy", "ill")), read_task(str(folder.parent / "task.yaml"))
    settings = Settings(detector="fake", size="one", image_size=64, epochs=1, recipe={"die_at": 1})
    plan = Plan(make_folds(data, 2, 0, val_ratio=0.3), {"fake": settings}, whole_image=True)
    run, console = folder.parent / "run", Console(quiet=True)
    with pytest.raises(WorkError, match="2 of 2"):
        compare_whole_images(console, console, data, plan, run, Ask(task, examples=False))
    assert not (run / "whole_image.json").exists()
    (run / "fake" / "fold2" / "died").unlink()
    with pytest.raises(WorkError, match="1 of 2"):
        compare_whole_images(console, console, data, plan, run, Ask(task, examples=False))
    (fake,) = read_results(run / "whole_image.json").detectors
    assert (fake.folds, fake.unfinished) == ((1,), (2,))
    assert "fake: fold 2 not finished" in (run / "whole_image.html").read_text(encoding="utf-8")


@pytest.mark.frameworks
def test_a_detector_and_a_classifier_are_compared_on_the_same_folds(folder: Path) -> None:
    words = arguments(folder, "--detectors", "yolov5:n,resnet50:full")
    assert CliRunner().invoke(app, words, catch_exceptions=False).exit_code == 0
    found = read_results(folder.parent / "run" / "whole_image.json")
    assert [one.name for one in found.detectors] == ["yolov5", "resnet50"]
    assert [one.figures.image.all.rows for one in found.detectors] == [16, 16]
    assert (found.pairs[0].folds, found.pairs[0].image is not None) == ((1, 2), True)
