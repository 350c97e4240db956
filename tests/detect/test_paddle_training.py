"""What the Paddle route does with targets, augmentation and decoding, told by a process that imports Paddle."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from spinedet.detect.jobs import environment

pytestmark = [pytest.mark.frameworks, pytest.mark.paddle]

WIDTH, HEIGHT, IMAGES = 140, 110, 8

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
from spinedet.detect.ppyolov2.recipe import STRIDES, Recipe
from spinedet.detect.paddle.samples import Samples, plain_batches, training_batches
from spinedet.annotations.errors import WorkError
from spinedet.detect.paddle.checkpoint import read_checkpoint
from spinedet.detect.paddle.trainer import Trainer, _optimizer, seed_all

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
settings = Settings(detector="ppyolov2-paddle", size="r18", image_size=SIDE, batch=3, epochs=10, mirror=True)
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

short = settings.model_copy(update={"learning_rate": 1e-3, "epochs": 2})
adam = Recipe(optimizer="AdamW", multi_scale=False)

begun = []

def weights(folder, *stops):
    with paddle.utils.unique_name.guard():  # as in a process of its own: the optimiser's state goes by these names
        trainer = Trainer(dataset, None, short, adam, {})
        if (state := read_checkpoint(folder)) is not None:
            trainer.resume(state)
        begun.append(trainer.epoch)
        def stop(epoch):
            if epoch.epoch in stops:
                raise KeyboardInterrupt
        try:
            return trainer.run(folder, stop)
        except KeyboardInterrupt:
            return {}

places = [Path(sys.argv[1]).parent / name for name in ("straight", "stopped")]
for place in places:
    place.mkdir()
straight, _, resumed = weights(places[0]), weights(places[1], 1), weights(places[1])
told["begun"] = begun

def decayed(name):
    parts = Network("r18", 2, Recipe())
    optimizer = _optimizer(parts, Recipe(optimizer=name, weight_decay=0.5))
    optimizer.set_lr(0.1)
    before = [part.numpy() for part in parts.parameters()]
    sum(0 * part.sum() for part in parts.parameters()).backward()  # gradients of 0: what moves is decayed
    optimizer.step()
    return [bool((part.numpy() != old).any()) for part, old in zip(parts.parameters(), before, strict=True)]

told["decayed"] = decayed("AdamW")
told["alike"] = decayed("SGD") == told["decayed"]
told["resumed"] = len(straight) > 0 and all(np.array_equal(straight[name], resumed[name]) for name in straight)
print(json.dumps(told))
"""


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
    assert told["alike"]
    assert {True, False} == set(told["decayed"])
    assert told["begun"] == [0, 0, 1]
    assert told["resumed"]
    assert "no longer a number" in told["wild"]
    assert "lower --learning-rate" in told["wild"]
    assert set(told["sides"]) == {96, 128}
