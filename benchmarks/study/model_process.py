"""The process in which a model reads: `python -m spinedet.benchmarks.study.model_process`, started by `model_reader`.

It takes one line of JSON from standard input (`Asked`) and answers with a line for every image (`Said`); the first
image comes twice, since its first reading, in a process that has just begun, is the cold one.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinedet.annotations.errors import SpinedetError
from spinedet.benchmarks.agreement.figures import Record
from spinedet.datasets.images import as_rgb, read_pixels
from spinedet.detect.contract import Detections
from spinedet.detect.image_scores import shares
from spinedet.detect.outputs import draw
from spinedet.detect.runtime import Answer, Model


class Asked(Record):
    """What the process is to do.

    Attributes:
        model: The model folder.
        images: The image files, in order.
        score: Least score of a box that is drawn.
        whole_image: Each image has one answer.
        threads: Processor threads.
    """

    model: Path
    images: tuple[Path, ...]
    score: float
    whole_image: bool
    threads: int


class Said(Record):
    """What the model says of one image.

    Attributes:
        boxes: Of all detections, best first, x0, y0, x1, y1 in pixels of the image.
        scores: Their scores.
        labels: Their classes, as numbers of the model's card.
        shares: The image's score for each class of the card; adds up to 1.
        seconds: From file to drawn result.
        error: Why it could not; the rest is empty then, and no further line comes.
    """

    boxes: tuple[tuple[float, float, float, float], ...] = ()
    scores: tuple[float, ...] = ()
    labels: tuple[int, ...] = ()
    shares: tuple[float, ...] = ()
    seconds: float = 0.0
    error: str = ""


def main() -> int:
    """Answer what is asked; 0 when every image was read."""
    asked = Asked.model_validate_json(sys.stdin.readline())
    lines = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer
    try:
        for said in answers(asked):
            print(said.model_dump_json(), file=lines, flush=True)
    except SpinedetError as error:
        print(Said(error=str(error)).model_dump_json(), file=lines, flush=True)
        return 1
    return 0


def answers(asked: Asked) -> Iterator[Said]:
    """What the model says: of the first image, then of every image.

    Raises:
        InputError: The model or an image cannot be read.
    """
    model = Model.load(asked.model, threads=asked.threads)
    for path in (asked.images[0], *asked.images):
        yield _read(model, path, asked)


def _read(model: Model, path: Path, asked: Asked) -> Said:
    begun = perf_counter()
    pixels = read_pixels(path)
    found, best = next(model.each([pixels], lambda answer: _said(answer, model)))
    part = shares(best)
    shown = _whole(pixels, part) if asked.whole_image else found.above(asked.score)
    draw(as_rgb(pixels), shown, model.card.classes)
    seconds = perf_counter() - begun
    boxes: list[Any] = found.boxes.tolist()
    return Said(
        boxes=tuple(map(tuple, boxes)),
        scores=found.scores.tolist(),
        labels=found.labels.tolist(),
        shares=part.tolist(),
        seconds=seconds,
    )


def _said(answer: Answer, model: Model) -> tuple[Detections, NDArray[np.float32]]:
    return answer.detections(model.card.postprocessing), answer.best()


def _whole(pixels: NDArray[np.uint8], part: NDArray[np.float64]) -> Detections:
    """A whole image's answer as one box, to draw it."""
    height, width = pixels.shape[:2]
    label = int(part.argmax())
    return Detections.ranked([[0, 0, width, height]], [part[label]], [label])


if __name__ == "__main__":
    sys.exit(main())
