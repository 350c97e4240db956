"""The command: draw cases, ask both frameworks, compare, print one JSON line; exit code 1 if they differ too much."""

import argparse
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spinedet.annotations.errors import InputError, SpinedetError, WorkError
from spinedet.benchmarks.parity.compare import BOUNDS, Differences, beyond, differences, kind
from spinedet.benchmarks.parity.exchange import Arrays, read_arrays, write_case
from spinedet.benchmarks.parity.side import SIDES, answer_file
from spinedet.detect.contract import STRIDE
from spinedet.detect.extras import PADDLE, TRAIN, require
from spinedet.detect.jobs import environment
from spinedet.detect.machine import cores, machine, versions
from spinedet.detect.ppyolov2.recipe import SMALLEST_IMAGE

SIZES = ("r18", "r50-dcn", "r101-dcn")

TRAINING = "training"

PACKAGES = ("torch", "torchvision", "paddlepaddle", "paddlepaddle-gpu", "paddledet")

LOG_LINES = 20
"""Of a side that fails, as many last lines are told."""


def main(words: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    told = _parser().parse_args(words)
    try:
        require(("torch", "torchvision"), TRAIN, "parity")
        require(("paddle", "ppdet"), PADDLE, "parity")
        if told.image_size % STRIDE or told.image_size < SMALLEST_IMAGE:
            expected = f"a multiple of {STRIDE}, at least {SMALLEST_IMAGE}"
            raise InputError("This is no image size for PP-YOLOv2.", expected=expected, found=str(told.image_size))
        with tempfile.TemporaryDirectory(prefix="parity-") as scratch:
            found = measure(Path(scratch), told.sizes, told.image_size, told.seed, training=told.training)
    except SpinedetError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return report(found, told.seed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m spinedet.benchmarks.parity", description=__doc__)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=["r18", "r50-dcn"])
    parser.add_argument("--image-size", type=int, default=160, help="side of the network input in pixels")
    parser.add_argument("--seed", type=int, default=0, help="of weights, noise and phantom")
    parser.add_argument("--no-training", dest="training", action="store_false", help="leave the one epoch of r18 out")
    return parser


def measure(scratch: Path, sizes: Sequence[str], side: int, seed: int, *, training: bool) -> dict[str, dict[str, Any]]:
    """Ask both frameworks about every size, and about a training.

    Args:
        scratch: An empty folder for what the processes exchange.
        sizes: Which networks.
        side: Side of the network input in pixels.
        seed: Of weights, noise and phantom.
        training: Compare the losses of a training too.

    Returns:
        `differences` and `seconds` of each framework, by size, and by `TRAINING`.

    Raises:
        WorkError: A process failed; the message has the end of what it said.
    """
    folders = _draw(scratch, sizes, side, seed, training=training)
    for framework in SIDES:
        _say(f"asking {framework}")
        _ask(framework, folders, scratch)
    return {folder.name: _compared(folder) for folder in folders}


def _draw(scratch: Path, sizes: Sequence[str], side: int, seed: int, *, training: bool) -> list[Path]:
    """A folder with a case for every size, and one for a training of the smallest network."""
    from spinedet.benchmarks.parity.cases import examination_case, make_phantom, training_case

    _say("drawing weights and images")
    phantom = make_phantom(scratch / "phantom", seed)
    cases = {size: examination_case(size, phantom, side, seed) for size in sizes}
    if training:
        cases[TRAINING] = training_case(SIZES[0], phantom, seed)
    for name, case in cases.items():
        write_case(scratch / name, case)
    return [scratch / name for name in cases]


def _ask(framework: str, folders: Sequence[Path], scratch: Path) -> None:
    """One framework's answers to all cases, from a process that may call nowhere."""
    words = [sys.executable, "-P", "-m", "spinedet.benchmarks.parity.side", framework, *map(str, folders)]
    done = subprocess.run(
        words,
        env=environment(scratch / f"home-{framework}", cores()),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        last = "\n".join(done.stdout.splitlines()[-LOG_LINES:])
        raise WorkError(f"The process of {framework} failed.", found=f"exit code {done.returncode}\n{last}")


def _compared(folder: Path) -> dict[str, Any]:
    answers = {framework: read_arrays(answer_file(folder, framework)) for framework in SIDES}
    seconds = {framework: round(float(answer.pop("seconds")), 1) for framework, answer in answers.items()}
    reference, other = (answers[framework] for framework in SIDES)
    return {"differences": differences(reference, other), "seconds": seconds, "facts": _facts(reference)}


def _facts(answer: Arrays) -> dict[str, float]:
    """What shows that a comparison was about something."""
    if "detections" in answer:
        return {"detections": len(answer["detections"])}
    return dict(zip(("first_loss", "last_loss"), answer["training/loss"][[0, -1]].round(2).tolist(), strict=True))


def report(found: dict[str, dict[str, Any]], seed: int) -> int:
    """Print the JSON line, and on the error stream every figure beyond its bound; 0 if there is none, else 1."""
    wrong = {name: beyond(part["differences"]) for name, part in found.items()}
    for name, figures in wrong.items():
        for figure, value in figures.items():
            _say(f"differs: {name}, {figure}: {value:.3g}, may be {BOUNDS[kind(figure)]:g}")
    holds = not any(wrong.values())
    rows = {name: {**part, "differences": _rounded(part["differences"])} for name, part in found.items()}
    facts = {"seed": seed, "machine": machine(), "versions": versions(*PACKAGES)}
    print(json.dumps({"parity": {"holds": holds, "bounds": BOUNDS, **rows, **facts}}, allow_nan=False))
    return 0 if holds else 1


def _rounded(figures: Differences) -> dict[str, float | None]:
    """Three digits; null where a difference is infinite."""
    return {name: float(f"{value:.3g}") if math.isfinite(value) else None for name, value in figures.items()}


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
