"""Prediction with an exported model: ONNX Runtime, numpy and OpenCV, whatever framework trained it."""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from spinedet.annotations.errors import InputError
from spinedet.datasets.images import Image, as_rgb, read_image
from spinedet.detect.contract import Detections
from spinedet.detect.modelfile import ONNX_FILE, ModelCard
from spinedet.detect.nms import suppress
from spinedet.detect.preprocess import Fit, prepare

NO_TELEMETRY = "ORT_DISABLE_TELEMETRY"
"""From 1.29 on ONNX Runtime reports to Microsoft on Linux and macOS too (model and machine) unless this is set."""

READ_AHEAD = 4
"""Images decoded while the network works on earlier ones."""

Source = Path | NDArray[np.generic]
"""An image file, or an array: (H, W) grey or (H, W, 3) RGB, 8 or 16 bits."""


@dataclass(frozen=True, slots=True)
class Model:
    """An exported detector, ready to predict.

    Attributes:
        card: The content of its `model.json`.
        session: The ONNX Runtime session.
    """

    card: ModelCard
    session: Any

    @classmethod
    def load(cls, folder: Path, *, threads: int = 0) -> Self:
        """Open a model folder (`model.onnx` and `model.json`).

        Args:
            folder: The model folder.
            threads: Threads for the network; 0 takes one a core.

        Raises:
            InputError: It is not a model folder, or its files are damaged or do not belong together.
        """
        card = ModelCard.read(folder)
        return cls(card, open_session(folder / ONNX_FILE, threads))

    def raw(self, batch: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Network output for a prepared batch (B, 3, S, S): boxes (B, N, 4) in input pixels and scores (B, N, C)."""
        boxes, scores = self.session.run(["boxes", "scores"], {"images": batch})
        return boxes, scores

    def predict(self, images: Iterable[Source]) -> list[Detections]:
        """Detections of each image, in the order of the images, in pixels of the original image.

        Raises:
            InputError: An image cannot be read.
        """
        return list(self.stream(images))

    def stream(self, images: Iterable[Source]) -> Iterator[Detections]:
        """As `predict`, one image at a time; the next images are decoded while the network works."""
        with ThreadPoolExecutor(1) as reader:
            waiting = []
            for source in images:
                waiting.append(reader.submit(self._prepare, source))
                if len(waiting) > READ_AHEAD:
                    yield self._detect(*waiting.pop(0).result())
            for future in waiting:
                yield self._detect(*future.result())

    def _prepare(self, source: Source) -> tuple[NDArray[np.float32], Fit]:
        image: Image = read_image(source) if isinstance(source, Path) else as_rgb(source)
        return prepare(image, self.card.image_size, self.card.preprocessing)

    def _detect(self, planes: NDArray[np.float32], fit: Fit) -> Detections:
        boxes, scores = self.raw(planes[None])
        found = suppress(boxes[0], scores[0], self.card.postprocessing)
        return Detections(fit.to_image(found.boxes), found.scores, found.labels)


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
