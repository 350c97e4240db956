"""Prediction with an exported model: ONNX Runtime, numpy and OpenCV, whatever framework trained it."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from spinedet.annotations.errors import InputError
from spinedet.datasets.images import as_8_bit, read_pixels
from spinedet.detect.contract import Detections
from spinedet.detect.machine import cores
from spinedet.detect.modelfile import ONNX_FILE, ModelCard, Postprocessing
from spinedet.detect.nms import suppress
from spinedet.detect.preprocess import Fit, prepare

NO_TELEMETRY = "ORT_DISABLE_TELEMETRY"
"""From 1.29 on ONNX Runtime reports to Microsoft on Linux and macOS too (model and machine) unless this is set."""

READ_AHEAD = 2
"""Images a thread that are begun before the first of them is asked for; more would only fill memory."""

Source = Path | NDArray[np.generic]
"""An image file, or an array: (H, W) grey or (H, W, 3) RGB, 8 or 16 bits."""

T = TypeVar("T")


@dataclass(frozen=True, eq=False, slots=True)
class Answer:
    """All that the network says of one image, before anything is dropped.

    Attributes:
        boxes: (N, 4) float32, x0 y0 x1 y1 in pixels of the network input; N runs over levels, rows, columns, anchors.
        scores: (N, C) float32 in 0..1.
        fit: Where the image lies in the network input.
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    fit: Fit

    def best(self) -> NDArray[np.float32]:
        """(C,) the best score of each class, however low."""
        return np.asarray(self.scores.max(axis=0))

    def detections(self, how: Postprocessing) -> Detections:
        """What is left after suppression, in pixels of the original image."""
        found = suppress(self.boxes, self.scores, how)
        return Detections(self.fit.to_image(found.boxes), found.scores, found.labels)


@dataclass(frozen=True)
class Model:
    """An exported detector, ready to predict.

    Attributes:
        card: The content of its `model.json`.
        folder: The model folder.
        threads: Processor threads.
    """

    card: ModelCard
    folder: Path
    threads: int

    @classmethod
    def load(cls, folder: Path, *, threads: int = 0, score: float = 0.0) -> Self:
        """Open a model folder (`model.onnx` and `model.json`).

        Args:
            folder: The model folder.
            threads: Processor threads; 0 takes one a core.
            score: Detections below are not wanted; a higher one than the card's saves work.

        Raises:
            InputError: It is not a model folder, or its files are damaged or do not belong together.
        """
        card = ModelCard.read(folder)
        how = card.postprocessing
        wanted = how.model_copy(update={"score_threshold": max(score, how.score_threshold)})
        model = cls(card.model_copy(update={"postprocessing": wanted}), folder, threads or cores())
        model.alone  # noqa: B018  opened now, so that a damaged network is found now
        return model

    @cached_property
    def alone(self) -> Any:
        """A session that gives one image all threads."""
        return open_session(self.folder / ONNX_FILE, self.threads)

    @cached_property
    def abreast(self) -> Any:
        """A session for as many images at a time as there are threads: nothing waits for anything, which is faster."""
        return open_session(self.folder / ONNX_FILE, 1)

    def raw(self, batch: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Network output for a prepared batch (B, 3, S, S): boxes (B, N, 4) in input pixels and scores (B, N, C)."""
        return _run(self.alone, batch)

    def predict(self, images: Iterable[Source]) -> list[Detections]:
        """Detections of each image, in the order of the images, in pixels of the original image.

        Raises:
            InputError: An image cannot be read.
        """
        return list(self.stream(images))

    def stream(self, images: Iterable[Source]) -> Iterator[Detections]:
        """As `predict`, but each image's detections as soon as they and those before them are there."""
        return self.each(images, lambda answer: answer.detections(self.card.postprocessing))

    def class_scores(self, images: Iterable[Source]) -> NDArray[np.float64]:
        """The best score of each class in each image, (images, C), in the order of the images.

        Nothing is suppressed, cut off or counted out on the way, so a class far below every threshold keeps its score;
        `spinedet.detect.image_scores.shares` makes the rows sum to 1.

        Raises:
            InputError: An image cannot be read.
        """
        rows = list(self.each(images, Answer.best))
        return np.array(rows, np.float64).reshape(len(rows), len(self.card.classes))

    def each(self, images: Iterable[Source], work: Callable[[Answer], T]) -> Iterator[T]:
        """What `work` makes of the network's answer to each image, in order; the network runs once an image.

        Args:
            images: Files or arrays.
            work: Called in the threads that predict, so several at a time.

        Raises:
            InputError: An image cannot be read.
        """
        rest = iter(images)
        first = list(islice(rest, 2))
        if len(first) < 2 or self.threads == 1:
            yield from (self._worked(self.alone, source, work) for source in chain(first, rest))
        else:
            yield from self._several(chain(first, rest), work)

    def _several(self, images: Iterable[Source], work: Callable[[Answer], T]) -> Iterator[T]:
        with ThreadPoolExecutor(self.threads) as pool:
            waiting: deque[Future[T]] = deque()
            for source in images:
                waiting.append(pool.submit(self._worked, self.abreast, source, work))
                if len(waiting) > READ_AHEAD * self.threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def _worked(self, session: Any, source: Source, work: Callable[[Answer], T]) -> T:
        planes, fit = self.prepared(source)
        boxes, scores = _run(session, planes[None])
        return work(Answer(boxes[0], scores[0], fit))

    def prepared(self, source: Source) -> tuple[NDArray[np.float32], Fit]:
        """An image as network input (3, S, S), and where it lies in it.

        Raises:
            InputError: The image cannot be read.
        """
        pixels = read_pixels(source) if isinstance(source, Path) else as_8_bit(source)
        return prepare(pixels, self.card.image_size, self.card.preprocessing)


def _run(session: Any, batch: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    boxes, scores = session.run(["boxes", "scores"], {"images": batch})
    return boxes, scores


def open_session(path: Path, threads: int = 0) -> Any:
    """An ONNX Runtime CPU session.

    Raises:
        InputError: The file is no ONNX network that ONNX Runtime can run.
    """
    os.environ[NO_TELEMETRY] = "1"  # read when the library is loaded; its `disable_telemetry_events` comes too late
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's own exception types share no base class
        raise InputError("The network cannot be opened.", found=str(error).splitlines()[0], where=path) from error
