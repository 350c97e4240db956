"""How fast is PP-YOLOv2 in torch against PaddleDetection's on this processor, and how much memory does training take?

    python benchmarks/speed/ppyolov2_speed.py train --size r50-dcn --image-size 320 --batch 2 --rounds 7
    python benchmarks/speed/ppyolov2_speed.py predict --size r50-dcn --image-size 320 --rounds 7
    python benchmarks/speed/ppyolov2_speed.py memory --size r50-dcn --image-size 640 --batch 4

All sides have the same weights and the same images of a phantom, and each is a process of its own with as many threads.
`train` and `predict` start all of them and let them work turn by turn while the others wait. Ratios are taken round by
round, so that other work on the machine weighs on all sides. `memory` starts one after the other.

A training step goes from the batch in memory over loss, gradients, clipping and optimiser to the moving average, as
each route's trainer does it. A prediction goes from a prepared image to boxes and scores before NMS, at batch 1.

Training is measured on a quiet machine only: the threads of torch wait for each other by spinning, and where other
processes take their cores away, a step costs several times the CPU time too. `--threads 1` is no way out: with one
thread and few images torch leaves oneDNN aside for most float32 convolutions.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from spinedet.annotations.errors import SpinedetError, WorkError
from spinedet.benchmarks.parity.exchange import write_arrays
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.phantoms.lumbar import make_lumbar
from spinedet.detect.contract import Settings
from spinedet.detect.jobs import environment
from spinedet.detect.machine import cores, machine, processor_facts, versions
from spinedet.detect.paddle.environment import mkl_cpu_type
from spinedet.detect.ppyolov2.batches import Samples, plain_batches

SIDE = Path(__file__).with_name("ppyolov2_side.py")

REST_SECONDS = 0.5
"""Before a turn: the threads of the side before it (Intel's OpenMP: 0.2 s) have stopped looking for work."""

PREDICTIONS = 10
"""In a turn, after one that wakes the threads and does not count."""

LOG_LINES = 15
"""Of a side that fails, as many last lines are told."""

PACKAGES = ("torch", "torchvision", "paddlepaddle", "paddledet")


class Side(NamedTuple):
    """What is measured: a name for people, and what the process is told."""

    name: str
    words: tuple[str, ...]


FAST, SLOW = "as this project starts it", "as it comes"

TRAINING = (
    Side("torch, auto", ("train-torch", "--precision", "auto")),
    Side("torch, float32", ("train-torch", "--precision", "float32")),
    Side(f"Paddle, {FAST}", ("train-paddle",)),
    Side(f"Paddle, {SLOW}", ("train-paddle", "--as-it-comes")),
)

PREDICTION = (
    Side("ONNX Runtime", ("predict-onnx",)),
    Side("torch, eager", ("predict-torch",)),
    Side(f"Paddle, dynamic graph, {FAST}", ("predict-paddle",)),
    Side(f"Paddle, dynamic graph, {SLOW}", ("predict-paddle", "--as-it-comes")),
    Side(f"Paddle Inference, oneDNN, {FAST}", ("predict-paddle-inference", "--onednn")),
    Side(f"Paddle Inference, oneDNN, {SLOW}", ("predict-paddle-inference", "--onednn", "--as-it-comes")),
    Side(f"Paddle Inference, {FAST}", ("predict-paddle-inference",)),
    Side(f"Paddle Inference, {SLOW}", ("predict-paddle-inference", "--as-it-comes")),
)

EXPORTS = (Side("export of torch", ("export-torch",)), Side("export of Paddle", ("export-paddle",)))


class Turn(NamedTuple):
    """What a side answers.

    Attributes:
        seconds: By the clock, a step or prediction.
        cpu_seconds: Of all processors together.
        value: The last loss or the mean score.
        peak_memory_mb: The most that the process has held so far.
    """

    seconds: float
    cpu_seconds: float
    value: float
    peak_memory_mb: float


class Place(NamedTuple):
    """Where the sides work.

    Attributes:
        folder: What they share.
        words: The settings that all of them are told.
        threads: Of each.
    """

    folder: Path
    words: tuple[str, ...]
    threads: int


class Running:
    """A side that waits for its turns."""

    def __init__(self, name: str, process: "subprocess.Popen[str]", log: Path):
        self._name, self._process, self._log = name, process, log
        self._answer()  # it is ready

    def turn(self, times: int = 1) -> Turn:
        """Let it work so many times.

        Raises:
            WorkError: The process has ended.
        """
        _stream(self._process.stdin).write(f"{times}\n")
        _stream(self._process.stdin).flush()
        return Turn(**json.loads(self._answer()))

    def _answer(self) -> str:
        if answer := _stream(self._process.stdout).readline():
            return answer
        last = "\n".join(self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:])
        raise WorkError(f"This side failed: {self._name}.", found=f"exit code {self._process.wait()}\n{last}")


def _stream(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None  # both were asked for
    return pipe


@contextmanager
def running(side: Side, place: Place) -> Iterator[Running]:
    """Start a side, wait until it is ready, and end it in the end.

    Raises:
        WorkError: It failed; the message has the end of what it said.
    """
    name = "".join(letter if letter.isalnum() else "-" for letter in side.name)
    told = environment(place.folder / f"home-{name}", place.threads)
    told.pop("MKL_DEBUG_CPU_TYPE", None)  # a side sets it itself
    work, *options = side.words
    words = [sys.executable, "-P", str(SIDE), work, str(place.folder), *options, *place.words]
    log = place.folder / f"{name}.log"
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "encoding": "utf-8"}
    with log.open("wb") as errors, subprocess.Popen(words, env=told, stderr=errors, **pipes) as process:
        try:
            yield Running(side.name, process, log)
        finally:
            process.kill()


def draw(folder: Path, told: argparse.Namespace) -> Place:
    """Images and weights for all sides."""
    make_lumbar(folder / "phantom", told.batch, told.seed)
    phantom = Dataset.load(folder / "phantom")
    settings = Settings(detector="ppyolov2", size=told.size, image_size=told.image_size, batch=told.batch)
    images = next(plain_batches(Samples(phantom.subset(phantom.images[: told.batch])), settings)).images
    from spinedet.benchmarks.parity.cases import draw_weights

    rng = np.random.default_rng(told.seed)
    write_arrays(folder / "weights.npz", draw_weights(told.size, len(phantom.classes), images, rng))
    names = ("size", "image_size", "batch", "threads", "seed")
    words = [word for name in names for word in (f"--{name.replace('_', '-')}", str(getattr(told, name)))]
    return Place(folder, tuple(words), told.threads)


def different(sides: Sequence[Side]) -> list[Side]:
    """Paddle as it comes is something else only on an AMD processor."""
    return [side for side in sides if mkl_cpu_type(processor_facts()) or "--as-it-comes" not in side.words]


def train(place: Place, told: argparse.Namespace) -> dict[str, Any]:
    """Training steps, turn by turn."""
    return alternate(TRAINING, place, told, Running.turn)


def predict(place: Place, told: argparse.Namespace) -> dict[str, Any]:
    """Predictions, turn by turn."""
    for side in EXPORTS:
        _say(side.name)
        with running(side, place):
            pass
    return alternate(PREDICTION, place, told, _predictions)


def _predictions(side: Running) -> Turn:
    side.turn()
    return side.turn(PREDICTIONS)


def alternate(
    sides: Sequence[Side], place: Place, told: argparse.Namespace, turn: Callable[[Running], Turn]
) -> dict[str, Any]:
    """Start all sides and let them work turn by turn; figures by name."""
    with ExitStack() as stack:
        processes = {}
        for side in different(sides):
            _say(f"starting {side.name}")
            processes[side.name] = stack.enter_context(running(side, place))
        rounds = [_round(processes, turn, number) for number in range(told.warm_up + told.rounds)]
    counted = rounds[told.warm_up :]
    first = next(iter(processes))
    return {
        name: _figures([found[name] for found in counted], [found[first] for found in counted]) for name in processes
    }


def _round(processes: dict[str, Running], turn: Callable[[Running], Turn], number: int) -> dict[str, Turn]:
    _say(f"round {number + 1}")
    found = {}
    for name, process in processes.items():
        time.sleep(REST_SECONDS)
        found[name] = turn(process)
    return found


def _figures(turns: Sequence[Turn], firsts: Sequence[Turn]) -> dict[str, Any]:
    """Of one side, and its ratios to the first side of the same round."""
    pairs = list(zip(turns, firsts, strict=True))
    return {
        "ms": spread([1000 * turn.seconds for turn in turns]),
        "cpu_ms": spread([1000 * turn.cpu_seconds for turn in turns]),
        "ratio": spread([turn.seconds / first.seconds for turn, first in pairs]),
        "cpu_ratio": spread([turn.cpu_seconds / first.cpu_seconds for turn, first in pairs]),
        "value": turns[-1].value,
    }


def spread(values: Sequence[float]) -> dict[str, float]:
    """Least, middle and largest value."""
    shown = {"min": min(values), "median": statistics.median(values), "max": max(values)}
    return {name: round(value, 3) for name, value in shown.items()}


def memory(place: Place, told: argparse.Namespace) -> dict[str, Any]:
    """The most that a process holds that trains some steps, from its start on; one side after the other."""
    return {side.name: _peak(side, place, told) for side in different(TRAINING)}


def _peak(side: Side, place: Place, told: argparse.Namespace) -> dict[str, Any]:
    _say(side.name)
    with running(side, place) as process:
        turns = [process.turn() for _ in range(1 + told.rounds)]
    return {
        "peak_gib": round(turns[-1].peak_memory_mb * 1e6 / 2**30, 2),
        "after_first_step_gib": round(turns[0].peak_memory_mb * 1e6 / 2**30, 2),
        "ms": spread([1000 * turn.seconds for turn in turns[1:]]),
        "value": turns[-1].value,
    }


def speed_table(found: dict[str, Any]) -> Iterator[str]:
    """The rows of a table, as Markdown."""
    first = next(iter(found))
    yield f"| side | ms, median (range) | CPU ms, median (range) | times {first}, median (range) | times its CPU |"
    yield "|---|---|---|---|---|"
    for name, row in found.items():
        shown = [_shown(row["ms"], 0), _shown(row["cpu_ms"], 0), _shown(row["ratio"], 2), _shown(row["cpu_ratio"], 2)]
        yield f"| {name} | {' | '.join(shown)} |"


def memory_table(found: dict[str, Any]) -> Iterator[str]:
    """The rows of a table, as Markdown."""
    yield "| side | peak memory, GiB | after the first step, GiB | s a step, median (range) |"
    yield "|---|---|---|---|"
    for name, row in found.items():
        seconds = {part: value / 1000 for part, value in row["ms"].items()}
        yield f"| {name} | {row['peak_gib']:.2f} | {row['after_first_step_gib']:.2f} | {_shown(seconds, 1)} |"


def _shown(values: dict[str, float], digits: int) -> str:
    least, middle, most = (f"{values[part]:,.{digits}f}" for part in ("min", "median", "max"))
    return f"{middle} ({least} to {most})"


COMMANDS = {"train": (train, speed_table), "predict": (predict, speed_table), "memory": (memory, memory_table)}


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _told() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("what", choices=COMMANDS)
    parser.add_argument("--size", default="r50-dcn")
    parser.add_argument("--image-size", type=int, default=320, help="side of the network input in pixels")
    parser.add_argument("--batch", type=int, default=2, help="images a training step")
    parser.add_argument("--rounds", type=int, default=3, help="that count; of memory, steps after the first")
    parser.add_argument("--warm-up", type=int, default=1, help="rounds before them")
    parser.add_argument("--threads", type=int, default=cores(), help="of each side")
    parser.add_argument("--seed", type=int, default=0, help="of images, weights and dropped cells")
    return parser.parse_args()


def main() -> int:
    """Measure, print a table and one JSON line."""
    told = _told()
    measure, table = COMMANDS[told.what]
    try:
        with tempfile.TemporaryDirectory(prefix="speed-") as scratch:
            found = measure(draw(Path(scratch), told), told)
    except SpinedetError as error:
        _say(f"error: {error}")
        return error.exit_code
    print("\n".join(table(found)))
    facts = {"machine": machine(), "versions": versions(*PACKAGES)}
    print(json.dumps({"ppyolov2_speed": {**vars(told), "sides": found, **facts}}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
