"""One side of `ppyolov2_speed.py`, alone in its process: does one piece of work whenever it is told to.

    python benchmarks/speed/ppyolov2_side.py train-torch FOLDER --size r18 --image-size 128

FOLDER has what all sides share: `phantom`, as many images as a batch and perhaps more, and `weights.npz`, all arrays of
the network under PaddleDetection's names. On standard input comes how often to do the work, a number a line; on
standard output go the word `ready` and then a line of JSON for every number. The process ends with its input.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from spinedet.benchmarks.parity.exchange import Arrays, read_arrays
from spinedet.datasets.dataset import Dataset
from spinedet.detect.contract import Settings
from spinedet.detect.machine import cores, peak_memory_mb
from spinedet.detect.paddle.environment import fill_pkg_resources, prepare_environment
from spinedet.detect.ppyolov2.batches import Samples, plain_batches
from spinedet.detect.ppyolov2.recipe import REFERENCE_ANCHORS, Recipe
from spinedet.detect.runtime import open_session

EPOCHS = 10_000
"""Of the training that the measured steps are part of: so many that they all lie in the warm-up."""

LEARNING_RATE = 1e-4
"""Low, as every step learns from the same images."""

READY = "ready"

TORCH_NETWORK, PADDLE_NETWORK = "torch.onnx", "paddle"
"""Names in the folder of the exported networks; Paddle adds suffixes."""

Pixels = NDArray[np.float32]

Work = Callable[[], float]
"""Does the work once and returns its loss, or the mean of all its scores: who computes the same says the same."""


@dataclass(frozen=True)
class Told:
    """What this side is.

    Attributes:
        work: A key of `WORKS`.
        folder: What the sides share.
        size: Which network.
        image_size: Side of the input in pixels.
        batch: Images a training step; predictions are of the first image alone.
        threads: Of a library that does not follow `OMP_NUM_THREADS`.
        precision: Of torch's training.
        as_it_comes: Paddle without the setting that shows its matrix library a fast path on an AMD processor.
        onednn: Paddle Inference with oneDNN.
        seed: Of the training.
    """

    work: str
    folder: Path
    size: str
    image_size: int
    batch: int
    threads: int
    precision: Any
    as_it_comes: bool
    onednn: bool
    seed: int

    @property
    def settings(self) -> Settings:
        """As a training job has them."""
        return Settings(
            detector="ppyolov2",
            size=self.size,
            image_size=self.image_size,
            epochs=EPOCHS,
            batch=self.batch,
            learning_rate=LEARNING_RATE,
            seed=self.seed,
            device="cpu",
        )

    @property
    def dataset(self) -> Dataset:
        """As many images of the phantom as a batch."""
        phantom = Dataset.load(self.folder / "phantom")
        return phantom.subset(phantom.images[: self.batch])

    @property
    def image(self) -> Pixels:
        """The first image, (1, 3, S, S), ready for a network."""
        return next(plain_batches(Samples(self.dataset), self.settings)).images[:1]

    @property
    def weights(self) -> Arrays:
        """All arrays of the network under PaddleDetection's names."""
        return read_arrays(self.folder / "weights.npz")


def train_torch(told: Told) -> Work:
    """A step of the torch route's own trainer, from the batch in memory to the moving average."""
    import torch

    from spinedet.detect.ppyolov2.learner import PPYOLOv2Learner
    from spinedet.detect.training.device import mixed, repeatable, working_precision
    from spinedet.detect.training.learner import Plan
    from spinedet.detect.training.loop import Trainer

    recipe, cpu = Recipe(precision=told.precision), torch.device("cpu")
    network = _torch_network(told, drop_block=recipe.drop_block).train()
    learner = PPYOLOv2Learner(network, told.dataset, None, told.settings, recipe, REFERENCE_ANCHORS)
    trainer = Trainer(learner, Plan(EPOCHS, told.seed, "cpu", recipe.average_decay, precision=recipe.precision))
    batch = next(plain_batches(Samples(told.dataset), told.settings))
    forward, steps = mixed(network, cpu, working_precision(cpu, recipe.precision)), count()

    def step() -> float:
        with repeatable(cpu):
            return trainer._step(forward, batch, 1, next(steps))["loss"]

    return step


def train_paddle(told: Told) -> Work:
    """A step of the Paddle route's own trainer, from the batch in memory to the moving average."""
    _prepare_paddle(told)
    from spinedet.detect.paddle.samples import plain_batches
    from spinedet.detect.paddle.trainer import Trainer

    recipe = Recipe()
    trainer = Trainer(told.dataset, None, told.settings, recipe, told.weights)
    trainer.network.train()
    batch, steps = next(plain_batches(trainer.samples, trainer.classes, told.settings, recipe)), count()
    return lambda: trainer._step(batch, next(steps))[1]["loss"]


def predict_torch(told: Told) -> Work:
    """The network as it is written, operation by operation."""
    import torch

    network, images = _torch_wrapped(told), torch.from_numpy(told.image)

    def predict() -> float:
        with torch.inference_mode():
            _, scores = network(images)
        return float(scores.mean())

    return predict


def predict_onnx(told: Told) -> Work:
    """The torch route's exported network as our runtime opens it."""
    session, images = open_session(told.folder / TORCH_NETWORK, told.threads), told.image
    return lambda: float(session.run(["boxes", "scores"], {"images": images})[1].mean())


def predict_paddle(told: Told) -> Work:
    """The dynamic graph."""
    network, images = _paddle_wrapped(told), told.image
    import paddle

    def predict() -> float:
        with paddle.no_grad():
            _, scores = network(paddle.to_tensor(images))
        return float(scores.numpy().mean())

    return predict


def predict_paddle_inference(told: Told) -> Work:
    """Paddle's own engine for deployment, with the Paddle route's exported network."""
    _prepare_paddle(told)
    from paddle import inference

    config = inference.Config(*(str(told.folder / f"{PADDLE_NETWORK}{end}") for end in (".json", ".pdiparams")))
    config.disable_gpu()
    config.set_cpu_math_library_num_threads(told.threads)
    (config.enable_mkldnn if told.onednn else config.disable_mkldnn)()
    predictor, images = inference.create_predictor(config), told.image
    entry = predictor.get_input_handle("images")
    outputs = [predictor.get_output_handle(name) for name in predictor.get_output_names()]

    def predict() -> float:
        entry.copy_from_cpu(images)
        predictor.run()
        _, scores = (output.copy_to_cpu() for output in outputs)
        return float(scores.mean())

    return predict


def export_torch(told: Told) -> Work:
    """Write the ONNX network; nothing is left to do."""
    from spinedet.detect.ppyolov2.graph import write_onnx

    write_onnx(_torch_wrapped(told), told.folder / TORCH_NETWORK)
    return lambda: 0.0


def export_paddle(told: Told) -> Work:
    """Write Paddle's static graph as the Paddle route does; nothing is left to do."""
    network = _paddle_wrapped(told)
    import paddle

    spec = [paddle.static.InputSpec([None, 3, told.image_size, told.image_size], "float32", "images")]
    paddle.jit.save(network, str(told.folder / PADDLE_NETWORK), input_spec=spec)
    return lambda: 0.0


WORKS: dict[str, Callable[[Told], Work]] = {
    "train-torch": train_torch,
    "train-paddle": train_paddle,
    "predict-torch": predict_torch,
    "predict-onnx": predict_onnx,
    "predict-paddle": predict_paddle,
    "predict-paddle-inference": predict_paddle_inference,
    "export-torch": export_torch,
    "export-paddle": export_paddle,
}


def _torch_network(told: Told, *, drop_block: bool) -> Any:
    from spinedet.benchmarks.parity.cases import load
    from spinedet.detect.ppyolov2.network import Network

    network = Network(told.size, len(told.dataset.classes), drop_block=drop_block)
    load(network, told.weights)
    return network


def _torch_wrapped(told: Told) -> Any:
    from spinedet.detect.ppyolov2.graph import BoxesAndScores

    return BoxesAndScores(_torch_network(told, drop_block=False), REFERENCE_ANCHORS, told.image_size).eval()


def _prepare_paddle(told: Told) -> None:
    """What must stand before Paddle is imported."""
    if not told.as_it_comes:
        prepare_environment()
    fill_pkg_resources()


def _paddle_wrapped(told: Told) -> Any:
    _prepare_paddle(told)
    from spinedet.detect.paddle.network import BoxesAndScores, Network
    from spinedet.detect.paddle.trainer import load_arrays

    network = Network(told.size, len(told.dataset.classes), Recipe(drop_block=False))
    load_arrays(network, told.weights)
    wrapped = BoxesAndScores(network, told.image_size)
    wrapped.eval()
    return wrapped


def measure(work: Work, times: int) -> dict[str, float]:
    """Seconds a piece of work: by the clock, and of all processors of this process together."""
    began, worked = time.perf_counter(), time.process_time()
    for _ in range(times):
        value = work()
    seconds, cpu = time.perf_counter() - began, time.process_time() - worked
    return {
        "seconds": seconds / times,
        "cpu_seconds": cpu / times,
        "value": value,
        "peak_memory_mb": peak_memory_mb(),
    }


def own_output() -> TextIO:
    """Standard output for answers alone: what the libraries print goes to the error stream from now on."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return answers


def _told() -> Told:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("work", choices=WORKS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", default="r50-dcn")
    parser.add_argument("--image-size", type=int, default=320)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--threads", type=int, default=cores())
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--as-it-comes", action="store_true")
    parser.add_argument("--onednn", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    return Told(**vars(parser.parse_args()))


def main() -> None:
    """Get ready, then work and answer until the input ends."""
    told, answers = _told(), own_output()
    work = WORKS[told.work](told)
    print(READY, file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(measure(work, int(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
