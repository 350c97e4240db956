"""PP-YOLOv2 really trained by both routes, torch and Paddle, in a process of its own as the worker runs it."""

import math
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from block_job import block_job

from spinedet.detect.contract import Epoch, Settings
from spinedet.detect.jobs import LOG_FILE, MODEL_FOLDER, PREDICTIONS_FILE, Done, Job, read_progress, run_job
from spinedet.detect.pdparams import read_pdparams
from spinedet.detect.ppyolov2.weights import NATIVE_FILE
from spinedet.detect.runtime import Model

pytestmark = pytest.mark.frameworks

SIDE = 96


def make_job(blocks: Path, detector: str, **changes: object) -> Job:
    values = {"size": "r18", "image_size": SIDE, "epochs": 2, "batch": 2, "learning_rate": 0.001, "device": "cpu"}
    return block_job(blocks, Settings.model_validate({"detector": detector, **values, **changes}))


@dataclass(frozen=True)
class Finished:
    """A job that was stopped after its first epoch and then run to its end."""

    folder: Path
    job: Job
    done: Done
    stopped: list[Epoch]


@pytest.fixture(scope="module", params=["ppyolov2", pytest.param("ppyolov2-paddle", marks=pytest.mark.paddle)])
def finished(blocks: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Finished:
    job, stop = make_job(blocks, request.param), threading.Event()
    folder = tmp_path_factory.mktemp("run") / "fold1"

    def stop_after_first(_: Epoch) -> None:
        stop.set()

    with pytest.raises(Exception, match="ended from outside"):
        run_job(job, folder, stop_after_first, stop)
    stopped = read_progress(folder)
    assert list(folder.glob("checkpoint.*"))
    return Finished(folder, job, run_job(job, folder, lambda _: None), stopped)


def test_a_stopped_job_goes_on_after_its_last_finished_epoch(finished: Finished) -> None:
    assert [epoch.epoch for epoch in finished.stopped] == [1]
    assert [epoch.epoch for epoch in read_progress(finished.folder)] == [1, 2]
    assert "going on after epoch 1" in (finished.folder / LOG_FILE).read_text(encoding="utf-8")


def test_a_job_that_was_stopped_ends_as_one_that_was_not(finished: Finished, tmp_path: Path) -> None:
    run_job(finished.job, tmp_path / "straight", lambda _: None)
    for first, second in zip(read_progress(finished.folder), read_progress(tmp_path / "straight"), strict=True):
        assert first.parts == pytest.approx(second.parts, rel=1e-3)


def test_every_epoch_tells_its_loss_and_the_terms_of_it(finished: Finished) -> None:
    for epoch in read_progress(finished.folder):
        assert sorted(epoch.parts) == ["cls", "iou", "iou_aware", "obj", "val", "wh", "xy"]
        assert math.isfinite(epoch.loss)
        assert epoch.loss == pytest.approx(sum(epoch.parts.values()) - epoch.parts["val"], rel=1e-4)


def test_the_export_predicts(finished: Finished, blocks: Path) -> None:
    model = Model.load(finished.folder / MODEL_FOLDER)
    assert (model.card.classes, model.card.strides) == (("tall", "wide"), (32, 16, 8))
    batch = np.zeros((2, 3, SIDE, SIDE), np.float32)
    boxes, scores = model.raw(batch)
    assert boxes.shape == (2, 3 * (3**2 + 6**2 + 12**2), 4)
    assert scores.shape == (*boxes.shape[:2], 2)
    assert boxes.min() >= 0
    assert boxes.max() <= SIDE
    assert len(model.predict([blocks / "JPEGImages" / "i7.png"])) == 1
    assert (finished.folder / PREDICTIONS_FILE).is_file()


def test_nothing_but_the_results_is_left_in_the_job_folder(finished: Finished) -> None:
    left = {path.name for path in finished.folder.iterdir()} - {"scratch"}
    assert left == {"job.json", "progress.jsonl", "log.txt", "model", "predictions.json", "done.json"}


def test_the_weights_of_either_route_start_a_job_in_torch(finished: Finished, blocks: Path, tmp_path: Path) -> None:
    model = finished.folder / MODEL_FOLDER
    assert "backbone.conv1.conv1_1.conv.weight" in read_pdparams(model / NATIVE_FILE)
    run_job(make_job(blocks, "ppyolov2", weights=str(model), epochs=1), tmp_path / "job", lambda _: None)
    told = (tmp_path / "job" / LOG_FILE).read_text(encoding="utf-8")
    assert "afresh: none" in told
    first, second = read_progress(finished.folder)[0], read_progress(tmp_path / "job")[0]
    assert second.parts["val"] < first.parts["val"]  # not augmented, so it can be compared
