"""`spinedet import labels`, `import folders`, `regions` and `task` as a person types them, run in this process."""

from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from in_process import spinedet

from spinedet.annotations.boxes import Box
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.regions.crops import read_regions
from spinedet.detect.contract import Detections
from spinedet.detect.runtime import Model


@pytest.fixture
def thighs(tmp_path: Path) -> Path:
    """`images/` with two pairs of legs and one leg alone, and `labels.csv` of them."""
    (tmp_path / "images").mkdir()
    lines = ["image,patient,label"]
    for name, label, places in (("a", "DMD", (50, 150)), ("b", "other", (45, 140)), ("c", "BMD", (90,))):
        image = np.full((100, 200), 5, np.uint8)
        for place in places:
            cv2.circle(image, (place, 50), 40, 150, cv2.FILLED)
        (tmp_path / "images" / f"{name}.png").write_bytes(cv2.imencode(".png", image)[1].tobytes())
        lines.append(f"{name},p_{name},{label}")
    (tmp_path / "labels.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path


def test_from_a_table_to_legs(thighs: Path) -> None:
    words = ("--images", thighs / "images", "--task", "thigh", "--out", thighs / "whole")
    made = spinedet("import", "labels", thighs / "labels.csv", *words)
    assert (made.code, made.err) == (0, "")
    assert "3 images, 3 boxes: 1 other, 1 DMD, 1 BMD" in made.out
    cut = spinedet("regions", thighs / "whole", "--roi", "legs", "--out", thighs / "legs")
    assert (cut.code, cut.err) == (0, "")
    assert "4 images, 4 boxes: 2 other, 2 DMD, 0 BMD" in cut.out
    assert "left out: images: there is one leg alone: 1 (c)" in cut.out
    assert Dataset.load(thighs / "legs").images == ("a_left", "a_right", "b_left", "b_right")


@pytest.mark.parametrize(
    ("more", "crop"), [((), Box(20, 10, 60, 50)), (("--shape", "box"), Box(20, 15, 60, 45))], ids=["square", "box"]
)
def test_regions_of_a_model(thighs: Path, monkeypatch: pytest.MonkeyPatch, more: tuple[object, ...], crop: Box) -> None:
    """A model that finds one box of 20 x 15 pixels; a margin of a half makes it 40 x 30, squares are 40 x 40."""
    found = Detections.ranked([[30.0, 22.5, 50.0, 37.5], [0.0, 0.0, 9.0, 9.0]], [0.9, 0.2], [0, 0])
    model = SimpleNamespace(predict=lambda images: [found for _ in images])
    monkeypatch.setattr(Model, "load", lambda folder, score: model)
    words = ("--images", thighs / "images", "--task", "thigh", "--out", thighs / "whole")
    assert spinedet("import", "labels", thighs / "labels.csv", *words).code == 0
    how = ("--roi", "detector", "--model", thighs, "--margin", 0.5, "--out", thighs / "new", *more)
    cut = spinedet("regions", thighs / "whole", *how)
    assert (cut.code, cut.err) == (0, "")
    assert read_regions(thighs / "new")["a"].box == crop


def test_from_folders(thighs: Path) -> None:
    for name, label in (("a", "DMD"), ("b", "other"), ("c", "BMD")):
        (thighs / "folders" / label).mkdir(parents=True)
        (thighs / "images" / f"{name}.png").rename(thighs / "folders" / label / f"p{name}_1.png")
    words = ("--task", "thigh", "--patient-pattern", "(p.)_", "--out", thighs / "new")
    made = spinedet("import", "folders", thighs / "folders", *words)
    assert (made.code, made.err) == (0, "")
    assert Dataset.load(thighs / "new").patients == ("pa", "pb", "pc")


def test_wrong_words_are_answered(thighs: Path) -> None:
    words = ("--images", thighs / "images", "--out", thighs / "whole", "--task")
    boxes = spinedet("import", "labels", thighs / "labels.csv", *words, "lumbar")
    assert boxes.code == 2
    assert "does not label whole images" in boxes.err
    model = spinedet("regions", thighs, "--roi", "detector", "--out", thighs / "x")
    assert model.code == 2
    assert "--model MODEL with --roi detector" in model.err


def test_tasks(tmp_path: Path) -> None:
    assert "supraspinatus" in spinedet("task", "list").out
    assert "DMD" in spinedet("task", "show", "thigh").out
    (tmp_path / "own.yaml").write_text("task: own\nabout: x\nclasses: []\nbox: b\n", encoding="utf-8")
    wrong = spinedet("task", "check", tmp_path / "own.yaml")
    assert wrong.code == 2
    assert "own.yaml:3" in wrong.err
