"""PP-YOLOv2 really trained by PaddleDetection, in a process of its own as the worker runs it."""

import json
import math
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from spinedet.datasets.dataset import Dataset
from spinedet.detect.contract import Epoch, Settings
from spinedet.detect.jobs import (
    LOG_FILE,
    MODEL_FOLDER,
    PREDICTIONS_FILE,
    Done,
    Job,
    environment,
    read_progress,
    run_job,
)
from spinedet.detect.paddle.checkpoint import CHECKPOINT
from spinedet.detect.paddle.weights import NATIVE_FILE, read_weights
from spinedet.detect.runtime import Model

pytestmark = pytest.mark.frameworks

WIDTH, HEIGHT, IMAGES, SIDE = 140, 110, 8, 96

XML = """<annotation><filename>{name}.png</filename>
<size><width>{width}</width><height>{height}</height><depth>1</depth></size>
<object><name>{label}</name><bndbox><xmin>{x0}</xmin><ymin>{y0}</ymin><xmax>{x1}</xmax><ymax>{y1}</ymax></bndbox></object>
</annotation>
"""

CHECKS = """
import json, sys
from pathlib import Path
from spinedet.detect.paddle.environment import fill_pkg_resources
fill_pkg_resources()
import numpy as np, paddle
from paddle.vision.ops import yolo_box
from spinedet.datasets.dataset import Dataset
from spinedet.detect.contract import Settings
from spinedet.detect.paddle.network import BoxesAndScores, Network, SCALE_X_Y
from spinedet.detect.paddle.recipe import STRIDES, Recipe
from spinedet.detect.paddle.samples import Samples, plain_batches, training_batches
from spinedet.annotations.errors import WorkError
from spinedet.detect.paddle.trainer import Trainer, seed_all

SIDE, told = 96, {}
network = Network("r18", 2, Recipe())
decoder = BoxesAndScores(network, SIDE)
rng = np.random.default_rng(0)
differences = []
for raw_side, anchors, stride in zip((3, 6, 12), network.yolo_head.anchors, STRIDES, strict=True):
    raw = paddle.to_tensor(rng.normal(0, 1, (2, 24, raw_side, raw_side)).astype("float32"))
    ours = [part.numpy() for part in decoder._decode(raw, anchors, stride)]
    flat = [int(edge) for anchor in anchors for edge in anchor]
    sizes = paddle.full([2, 2], SIDE, "int32")
    theirs = yolo_box(raw, sizes, flat, 2, 1e-9, stride, True, None, SCALE_X_Y, True, 0.5)
    order = np.arange(3 * raw_side**2).reshape(3, -1).T.ravel()  # theirs: anchor by anchor; ours: cell by cell
    # The operation clips right and bottom edges one pixel inside the image.
    boxes = [np.minimum(part, SIDE - 1) for part in (ours[0], theirs[0].numpy()[:, order])]
    differences += [np.abs(boxes[0] - boxes[1]).max(), np.abs(ours[1] - theirs[1].numpy()[:, order]).max()]
told["decode"] = float(max(differences))

dataset = Dataset.load(Path(sys.argv[1]))
settings = Settings(detector="ppyolov2", size="r18", image_size=SIDE, batch=3, epochs=10, mirror=True)
samples, recipe = Samples(dataset), Recipe()
plain = list(plain_batches(samples, 2, settings, recipe))
told["sizes"] = [len(batch["image"]) for batch in plain]
told["objects"] = sum(float(batch[f"target{level}"][:, :, 5].sum()) for batch in plain for level in range(3))
first = plain[0]["gt_bbox"][0, 0].tolist()
told["first"] = first

def epoch(number):
    seed_all(number)
    return list(training_batches(samples, 2, settings, recipe, number))

once, again = epoch(1), epoch(1)
told["same"] = all(np.array_equal(a[name], b[name]) for a, b in zip(once, again, strict=True) for name in a)
told["sides"] = sorted({batch["image"].shape[-1] for number in range(1, 11) for batch in epoch(number)})
told["finite"] = all(np.isfinite(value).all() for batch in once for value in batch.values())
told["untouched"] = bool((samples[0]["image"] == Samples(dataset)[0]["image"]).all())

wild = settings.model_copy(update={"learning_rate": 1e30, "epochs": 1})
try:
    Trainer(dataset, None, wild, recipe, {}).run(Path(sys.argv[1]), print)
except WorkError as error:
    told["wild"] = str(error)
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def blocks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight dark images, each with one bright block: wide in even images, tall in odd ones."""
    root, rng = tmp_path_factory.mktemp("blocks"), np.random.default_rng(0)
    for folder in ("JPEGImages", "Annotations"):
        (root / folder).mkdir()
    for number in range(IMAGES):
        pixels = rng.integers(0, 60, (HEIGHT, WIDTH), np.uint8)
        x0, y0 = 20 + 5 * number, 15 + 4 * number
        x1, y1 = (x0 + 40, y0 + 20) if number % 2 == 0 else (x0 + 20, y0 + 40)
        pixels[y0:y1, x0:x1] = 220
        cv2.imwrite(str(root / "JPEGImages" / f"i{number}.png"), pixels)
        label = "tall" if number % 2 else "wide"
        text = XML.format(
            name=f"i{number}", label=label, width=WIDTH, height=HEIGHT, x0=x0 + 1, y0=y0 + 1, x1=x1, y1=y1
        )
        (root / "Annotations" / f"i{number}.xml").write_text(text, encoding="utf-8")
    lines = ["image,patient", *(f"i{number},p{number}" for number in range(IMAGES))]
    (root / "patients.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


def make_job(blocks: Path, **changes: object) -> Job:
    dataset, names = Dataset.load(blocks), [f"i{number}" for number in range(IMAGES)]
    values = {"size": "r18", "image_size": SIDE, "epochs": 2, "batch": 2, "learning_rate": 0.001, "device": "cpu"}
    return Job(
        settings=Settings.model_validate({"detector": "ppyolov2", **values, **changes}),
        dataset=blocks,
        fingerprint=dataset.fingerprint(),
        classes=dataset.classes,
        train=tuple(names[:4]),
        val=tuple(names[4:6]),
        test=tuple(names[6:]),
    )


@dataclass(frozen=True)
class Finished:
    """A job that was stopped after its first epoch and then run to its end."""

    folder: Path
    job: Job
    done: Done
    stopped: list[Epoch]


@pytest.fixture(scope="module")
def finished(blocks: Path, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    folder, job, stop = tmp_path_factory.mktemp("run") / "fold1", make_job(blocks), threading.Event()

    def stop_after_first(_: Epoch) -> None:
        stop.set()

    with pytest.raises(Exception, match="ended from outside"):
        run_job(job, folder, stop_after_first, stop)
    stopped = read_progress(folder)
    assert (folder / CHECKPOINT).is_file()
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


def test_the_export_predicts_without_paddle(finished: Finished, blocks: Path) -> None:
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


def test_the_frameworks_own_weights_start_another_job(finished: Finished, blocks: Path, tmp_path: Path) -> None:
    model = finished.folder / MODEL_FOLDER
    assert "backbone.conv1.conv1_1.conv.weight" in read_weights(model / NATIVE_FILE)
    run_job(make_job(blocks, weights=str(model), epochs=1), tmp_path / "job", lambda _: None)
    told = (tmp_path / "job" / LOG_FILE).read_text(encoding="utf-8")
    assert "arrays fit; afresh: none" in told
    first, second = read_progress(finished.folder)[0], read_progress(tmp_path / "job")[0]
    assert second.loss < first.loss


def test_targets_augmentation_and_decoding(blocks: Path, tmp_path: Path) -> None:
    """Told by one process that imports Paddle: see `CHECKS`."""
    run = subprocess.run(
        [sys.executable, "-c", CHECKS, str(blocks)],
        env=environment(tmp_path, 1),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout.splitlines()[-1])
    assert told["decode"] < 1e-3  # pixels and scores, against Paddle's own operation
    assert told["sizes"] == [3, 3, 2]
    assert told["objects"] == IMAGES
    assert told["first"] == pytest.approx([40 / WIDTH, 25 / HEIGHT, 40 / WIDTH, 20 / HEIGHT])
    assert told["same"]
    assert told["finite"]
    assert told["untouched"]
    assert "no longer a number" in told["wild"]
    assert "lower --learning-rate" in told["wild"]
    assert set(told["sides"]) == {96, 128}
