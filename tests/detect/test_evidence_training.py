"""Each detector really trained with evidence on a few images, in the worker's process, and its export asked."""

import importlib.util
import math
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from block_job import block_job

from spinedet.annotations.boxes import Box
from spinedet.annotations.voc import read_voc, write_voc
from spinedet.detect.jobs import MODEL_FOLDER, environment, read_progress, run_job
from spinedet.detect.presets import make_settings
from spinedet.detect.runtime import Model
from spinedet.detect.score_maps import check_order, levels, score_maps

pytestmark = pytest.mark.frameworks

SIDE = 96

CLASSES = "tall", "wide", "round"
"""Of the last there is no image; with the second it is positive."""


@pytest.fixture(scope="module")
def wholes(blocks: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The images of `blocks`, boxed as a whole."""
    root = tmp_path_factory.mktemp("wholes") / "set"
    shutil.copytree(blocks, root)
    for path in (root / "Annotations").iterdir():
        annotation = read_voc(path)
        box = Box(0, 0, annotation.width, annotation.height)
        write_voc(path, replace(annotation, objects=tuple(replace(thing, box=box) for thing in annotation.objects)))
    return root


@pytest.fixture(scope="module", params=["yolov5:n", "yolov3:tiny", "ppyolov2:r18"])
def model(request: pytest.FixtureRequest, wholes: Path, tmp_path_factory: pytest.TempPathFactory) -> Model:
    return trained(request.param, wholes, tmp_path_factory.mktemp("run") / "fold1")


def trained(detector: str, images: Path, folder: Path) -> Model:
    """Two epochs; the job itself checks its export against the framework."""
    name, _, size = detector.partition(":")
    changes = {"size": size, "image_size": SIDE, "epochs": 2, "batch": 2, "device": "cpu"}
    settings = make_settings(name, "tiny", whole_image=True, positive=CLASSES[1:], **changes)
    run_job(block_job(images, settings, CLASSES), folder, lambda _: None)
    assert all(math.isfinite(epoch.parts["evidence"]) for epoch in read_progress(folder))
    return Model.load(folder / MODEL_FOLDER)


def test_the_finest_level_alone_speaks_and_each_cell_keeps_its_place(model: Model, blocks: Path) -> None:
    image = blocks / "JPEGImages" / "i7.png"
    (answer,) = list(model.each([image], lambda answer: answer))
    check_order(model.card, answer)
    for level in levels(model.card):
        speaks = level.part(answer.scores).max() > 0
        assert speaks == (level.stride == min(model.card.strides))


def test_the_peak_of_a_map_has_the_score_of_the_image(model: Model, blocks: Path) -> None:
    """The image fills the input or lies in its middle, so the cells that speak most may lie in the padding: no more."""
    image = blocks / "JPEGImages" / "i6.png"
    maps, best = score_maps(model, image), model.class_scores([image])[0]
    assert maps.shape[0] == len(CLASSES)
    assert (maps.max(axis=(1, 2)) <= best + 1e-6).all()
    assert (best > 0).all()
    assert np.isfinite(maps).all()


def test_positive_classes_point_at_one_place(model: Model, blocks: Path) -> None:
    maps = score_maps(model, blocks / "JPEGImages" / "i6.png")
    shown = maps / maps.max(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(shown[1], shown[2], rtol=0, atol=1e-6)
    assert np.abs(shown[0] - shown[1]).max() > 1e-5  # after two epochs all questions are answered much alike


def test_where_boxes_outline_regions_nothing_speaks_beside_them(blocks: Path, tmp_path: Path) -> None:
    """Of cells outside the one box, drawn alike by all of them, none has a score; those inside have one.

    After two epochs the box of PP-YOLOv2 holds no cell, and so silences none.
    """
    model = trained("yolov5:n", blocks, tmp_path / "fold1")
    (answer,) = list(model.each([blocks / "JPEGImages" / "i6.png"], lambda answer: answer))
    (level,) = (level for level in levels(model.card) if level.stride == min(model.card.strides))
    boxes, speak = level.part(answer.boxes)[:, :, 0], level.part(answer.scores)[:, :, 0].max(-1) > 0
    box = np.concatenate([boxes[..., :2].max((0, 1)), boxes[..., 2:].min((0, 1))])  # cells outside stretch it to theirs
    y, x = (np.indices(speak.shape) + 0.5) * level.stride
    inside = (x >= box[0]) & (x <= box[2]) & (y >= box[1]) & (y <= box[3])
    assert 0 < speak.sum() < speak.size
    assert not (speak & ~inside).any()


LEARNS = """
import numpy as np
import torch
from types import SimpleNamespace
from spinedet.detect.training.questions import Questions
from spinedet.detect.yolo import evidence

torch.manual_seed(0)
network = evidence.make_network("yolov5n.yaml", 2, Questions(2)).train()
network.args = SimpleNamespace(box=7.5, cls=0.5, dfl=1.5)
images = torch.rand(2, 3, 64, 64)
boxes = torch.tensor([[0.5, 0.5, 1, 1]] * 2)
objects = {"batch_idx": torch.arange(2.0), "cls": torch.tensor([[0.0], [1.0]]), "bboxes": boxes}
seen = []
views = network.views
network.views = lambda shown: seen.append(shown) or views(shown)
for network.progress in (0.0, 1.0):
    terms, named = network({"img": images, **objects})
    assert len(terms) == 4 and terms[3] == 2 * named["evidence"], (terms, named)
(whole, patched) = seen
assert (whole == images).all()
for mine, other, shown in zip(images, images.flip(0), patched):
    assert ((shown == mine) | (shown == other)).all() and (shown != mine).any()
plain = network(images)["evidence"]
torch.testing.assert_close(views(images), plain)
print("patchworks")
"""


@pytest.mark.skipif(importlib.util.find_spec("ultralytics") is None, reason="ultralytics is not installed")
def test_evidence_is_learnt_from_patchworks_in_which_the_other_patient_grows(tmp_path: Path) -> None:
    assert "patchworks" in _said_by(LEARNS, tmp_path)


LAST_EPOCH = """
import sys
from pathlib import Path
from spinedet.datasets.dataset import Dataset
from spinedet.detect.training.questions import Questions
from spinedet.detect.yolo.trainer import JobTrainer

trainer = JobTrainer.__new__(JobTrainer)
trainer._val, trainer._questions = Dataset.load(Path(sys.argv[1])), Questions(2)
for trainer.epoch in range(3):
    assert trainer.validate() == ({}, trainer.epoch)
    assert trainer.best_fitness == trainer.epoch  # the epoch that `save_model` keeps
print("the last one")
"""


@pytest.mark.skipif(importlib.util.find_spec("ultralytics") is None, reason="ultralytics is not installed")
def test_boxes_do_not_choose_the_epoch_of_a_head_that_points(blocks: Path, tmp_path: Path) -> None:
    """All boxes are the image; how well they are drawn says nothing about what was learnt of the disease."""
    assert "the last one" in _said_by(LAST_EPOCH, tmp_path, str(blocks))


def _said_by(script: str, folder: Path, *arguments: str) -> str:
    """What a script prints in a process of its own, as ultralytics never enters that of the tests."""
    words = [sys.executable, "-P", "-c", script, *arguments]
    home = environment(folder / "home", 1)
    ran = subprocess.run(words, env=home, capture_output=True, text=True, encoding="utf-8")
    assert ran.returncode == 0, ran.stderr
    return ran.stdout
