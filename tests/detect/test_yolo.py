"""YOLOv3 and YOLOv5 with the real ultralytics, always in the worker's process: trained, resumed, started from weights.

Pytest's own process never imports ultralytics: it changes global state and writes a settings file on import.
"""

import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError
from spinedet.annotations.files import write_json
from spinedet.annotations.voc import Annotation, VocObject, write_voc
from spinedet.datasets.dataset import Dataset
from spinedet.detect.jobs import (
    JOB_FILE,
    LOG_FILE,
    MODEL_FOLDER,
    PREDICTIONS_FILE,
    Done,
    Job,
    environment,
    read_progress,
    run_job,
)
from spinedet.detect.modelfile import ModelCard
from spinedet.detect.outputs import write_png
from spinedet.detect.predictions import read_predictions
from spinedet.detect.presets import make_settings
from spinedet.detect.runtime import Model

pytestmark = [
    pytest.mark.frameworks,
    pytest.mark.skipif(importlib.util.find_spec("ultralytics") is None, reason="ultralytics is not installed"),
]

SIDE = 96
"""Side of the generated images in pixels."""

SIZE = 64
"""Side of the network input in pixels: the smallest at which the coarsest level still has two cells a side."""

THREADS = 1
"""Threads of a job; ultralytics by itself takes all cores but one, whatever the job was given."""

SAME_LOSS = 1e-5
"""Losses of a resumed and an uninterrupted training may differ by this (relative)."""

MOSAIC_ENDS = {"mosaic_until": 0.34}
"""Of three epochs the last two are without mosaic, so a job resumed for the third must still know that."""


def write_images(root: Path, names: tuple[str, str], count: int = 8) -> Dataset:
    """Noise with one bright and one dark rectangle an image, each image of a patient of its own."""
    rng = np.random.default_rng(7)
    for number in range(count):
        pixels = rng.integers(80, 120, (SIDE, SIDE, 3), np.uint8)
        x, y = (int(value) for value in rng.integers(4, 20, 2))
        boxes = Box(x, y, x + 40, y + 24), Box(x + 20, y + 40, x + 60, y + 64)
        for box, grey in zip(boxes, (220, 20), strict=True):
            pixels[int(box.y0) : int(box.y1), int(box.x0) : int(box.x1)] = grey
        write_png(root / "JPEGImages" / f"i{number}.png", pixels)
        objects = tuple(VocObject(name, box) for name, box in zip(names, boxes, strict=True))
        write_voc(root / "Annotations" / f"i{number}.xml", Annotation(f"i{number}.png", SIDE, SIDE, objects))
    return Dataset.load(root, each_image_is_a_patient=True)


def make_job(data: Dataset, word: str, epochs: int, recipe: dict[str, Any] | None = None, weights: str = "none") -> Job:
    """A job of `yolov5:n` or the like on all but the last two images, which are predicted."""
    detector, _, size = word.partition(":")
    settings = make_settings(
        detector, "tiny", size=size, epochs=epochs, image_size=SIZE, batch=3, weights=weights, recipe=recipe
    )
    return Job(
        settings=settings,
        dataset=data.folder,
        fingerprint=data.fingerprint(),
        classes=data.classes,
        train=data.images[:-2],
        test=data.images[-2:],
        each_image_is_a_patient=True,
        threads=THREADS,
    )


@dataclass(frozen=True)
class Trained:
    """A finished job."""

    job: Job
    folder: Path
    done: Done

    @property
    def model(self) -> Path:
        return self.folder / MODEL_FOLDER


def run(job: Job, folder: Path) -> Trained:
    return Trained(job, folder, run_job(job, folder, lambda _: None))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return write_images(tmp_path_factory.mktemp("images") / "set", ("disc", "vertebra"))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty home, working and scratch folder of the process that starts the jobs."""
    empty = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HOME", "USERPROFILE", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "TMPDIR", "TEMP"):
            patch.setenv(name, str(empty))
        patch.delenv("YOLO_CONFIG_DIR", raising=False)
        patch.chdir(empty)
        yield empty


@pytest.fixture(scope="module")
def whole(data: Dataset, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """YOLOv5n, three epochs in one go."""
    return run(make_job(data, "yolov5:n", 3, MOSAIC_ENDS), tmp_path_factory.mktemp("whole") / "job")


def check_model(trained: Trained, data: Dataset) -> None:
    card = ModelCard.read(trained.model)
    assert card.classes == ("disc", "vertebra")
    assert {path.name for path in trained.model.iterdir()} == {"model.onnx", "model.json", "weights.pt"}
    written = read_predictions(trained.folder / PREDICTIONS_FILE, data)
    again = Model.load(trained.model).predict([item.path for item in data.items if item.path is not None])
    for image in trained.job.test:
        np.testing.assert_array_equal(written[image].boxes, again[data.images.index(image)].boxes)
    assert sum(map(len, written.values())) > 0


def test_yolov5_leaves_a_checked_model_its_predictions_and_nothing_elsewhere(
    whole: Trained, data: Dataset, home: Path
) -> None:
    check_model(whole, data)
    assert whole.done.epochs == 3
    assert [epoch.epoch for epoch in read_progress(whole.folder)] == [1, 2, 3]
    assert not (whole.folder / "checkpoint.pt").exists()
    assert not list(home.iterdir())


def test_a_relative_folder_is_no_reason_to_write_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ultralytics puts a relative one into a folder `runs` beside its own settings."""
    from spinedet.detect.yolo.recipe import Recipe, trainer_arguments

    monkeypatch.chdir(tmp_path)
    arguments = trainer_arguments(make_settings("yolov5", "tiny"), Recipe(), "yolov5n.yaml", "cpu", Path("run"))
    assert Path(arguments["project"]) == tmp_path.resolve() / "run" / "scratch"


def test_yolov3_tiny_obeys_the_same_contract(data: Dataset, home: Path, tmp_path: Path) -> None:
    trained = run(make_job(data, "yolov3:tiny", 2), tmp_path / "job")
    check_model(trained, data)
    assert ModelCard.read(trained.model).strides == (16, 32)
    assert not list(home.iterdir())


TRAIN_AND_DIE = """
import os, sys
from pathlib import Path
import torch
from spinedet.detect import worker
from spinedet.detect.jobs import PROGRESS_FILE, Job
from spinedet.detect.registry import get_detector

folder = Path(sys.argv[1])
job = Job.read(folder)
record = worker._Recorder(folder / PROGRESS_FILE)

def die_after_two(epoch):
    record(epoch)
    assert torch.get_num_threads() == int(os.environ["OMP_NUM_THREADS"])
    if epoch.epoch == 2:
        os._exit(9)

get_detector("yolov5").train(worker._load(job).subset(job.train), None, job.settings, folder, die_after_two)
"""
"""A worker that dies without a word after its second epoch; a stop from outside would come now sooner, now later."""


def run_script(text: str, scratch: Path, *words: Path) -> "subprocess.CompletedProcess[str]":
    """Run Python text apart, in the environment of a worker."""
    command = [sys.executable, "-P", "-c", text, *map(str, words)]
    env = environment(scratch, THREADS)
    return subprocess.run(command, env=env, capture_output=True, text=True, encoding="utf-8", check=False)


def test_a_resumed_training_equals_one_that_never_stopped(
    whole: Trained, data: Dataset, home: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "job"
    write_json(folder / JOB_FILE, whole.job.model_dump(mode="json"))
    died = run_script(TRAIN_AND_DIE, folder / "scratch", folder)
    assert died.returncode == 9, died.stderr
    resumed = run(whole.job, folder)
    first, second = read_progress(whole.folder), read_progress(resumed.folder)
    np.testing.assert_allclose([e.loss for e in second], [e.loss for e in first], rtol=SAME_LOSS)
    lines = (resumed.folder / "progress.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["epoch"] for line in lines] == [1, 2, 3]
    images = [item.path for item in data.items if item.path is not None]
    for one, other in zip(
        Model.load(whole.model).predict(images), Model.load(resumed.model).predict(images), strict=True
    ):
        np.testing.assert_allclose(other.scores, one.scores, atol=SAME_LOSS)
        np.testing.assert_allclose(other.boxes, one.boxes, atol=0.01)


def test_a_transfer_to_other_classes_keeps_all_but_the_last_layers(whole: Trained, home: Path, tmp_path: Path) -> None:
    """Two classes to three: only the class branch of the head (`cv3`, its last convolution) starts afresh."""
    three = replace(write_images(tmp_path / "three", ("disc", "vertebra")), classes=("disc", "vertebra", "sacrum"))
    trained = run(make_job(three, "yolov5:n", 1, weights=str(whole.model)), tmp_path / "job")
    assert ModelCard.read(trained.model).settings.weights == MODEL_FOLDER
    log = (trained.folder / LOG_FILE).read_text(encoding="utf-8")
    (line,) = (line for line in log.splitlines() if line.startswith("start weights:"))
    counted, _, names = line.partition("; afresh: ")
    fit, total = map(int, re.findall(r"\d+", counted))
    assert total - fit == 6  # weight and bias on three levels
    shown = names.removesuffix(" and 1 more").split(", ")
    assert all(re.fullmatch(r"model\.24\.cv3\.[012]\.2\.(weight|bias)", name) for name in shown)


def test_weights_of_another_size_are_refused_with_their_shapes(
    whole: Trained, data: Dataset, home: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"do not fit this network(.|\n)*\(32, 3, 6, 6\)(.|\n)*\(16, 3, 6, 6\)"):
        run(make_job(data, "yolov5:s", 1, weights=str(whole.model)), tmp_path / "job")


READ_WEIGHTS = """
import os, pickle, sys
from pathlib import Path
import torch
from spinedet.annotations.errors import InputError
from spinedet.detect.yolo.weights import fitting_weights, read_start_weights

class Carrier:
    def __reduce__(self):
        return os.mkdir, (sys.argv[2],)

folder, trace, wild = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
state = read_start_weights(folder)
assert read_start_weights(folder / "weights.pt").keys() == state.keys()
assert fitting_weights(state, {name: value + 1 for name, value in state.items()}, folder).keys() == state.keys()
torch.save({"model": Carrier()}, wild)
try:
    read_start_weights(wild)
except InputError as error:
    print("refused:", error)
assert not trace.exists(), "the file's code was run"
torch.load(wild, weights_only=False)
assert trace.exists(), "the trap itself does not work"
wild.write_bytes(b"no torch file")
try:
    read_start_weights(wild)
except InputError as error:
    print("unreadable:", error)
"""


def test_weights_that_carry_code_are_refused_unread(whole: Trained, home: Path, tmp_path: Path) -> None:
    """The file would make a folder when it is unpickled; the folder must not appear."""
    shown = run_script(READ_WEIGHTS, tmp_path / "scratch", whole.model, tmp_path / "trace", tmp_path / "wild.pt")
    assert shown.returncode == 0, shown.stderr
    assert "refused: The weights file carries code" in shown.stdout
    assert "unreadable: The weights cannot be read" in shown.stdout
