"""Prediction with an exported model: ONNX Runtime, numpy and OpenCV, whatever framework trained it."""

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from spinedet.annotations.errors import InputError
from spinedet.datasets.images import as_8_bit, read_pixels
from spinedet.detect.contract import Detections
from spinedet.detect.machine import cores
from spinedet.detect.modelfile import ONNX_FILE, ModelCard
from spinedet.detect.nms import suppress
from spinedet.detect.preprocess import Fit, prepare

NO_TELEMETRY = "ORT_DISABLE_TELEMETRY"
"""From 1.29 on ONNX Runtime reports to Microsoft on Linux and macOS too (model and machine) unless this is set."""

READ_AHEAD = 2
"""Images a thread that are begun before the first of them is asked for; more would only fill memory."""

Source = Path | NDArray[np.generic]
"""An image file, or an array: (H, W) grey or (H, W, 3) RGB, 8 or 16 bits."""


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
        rest = iter(images)
        first = list(islice(rest, 2))
        if len(first) < 2 or self.threads == 1:
            yield from (self._detect(self.alone, source) for source in chain(first, rest))
        else:
            yield from self._several(chain(first, rest))

    def _several(self, images: Iterable[Source]) -> Iterator[Detections]:
        with ThreadPoolExecutor(self.threads) as pool:
            waiting: deque[Future[Detections]] = deque()
            for source in images:
                waiting.append(pool.submit(self._detect, self.abreast, source))
                if len(waiting) > READ_AHEAD * self.threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def _detect(self, session: Any, source: Source) -> Detections:
        planes, fit = self._prepare(source)
        boxes, scores = _run(session, planes[None])
        found = suppress(boxes[0], scores[0], self.card.postprocessing)
        return Detections(fit.to_image(found.boxes), found.scores, found.labels)

    def _prepare(self, source: Source) -> tuple[NDArray[np.float32], Fit]:
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
