"""The last step of a training job: check the exported network against the framework, then write the model folder."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spinedet.annotations.errors import WorkError
from spinedet.annotations.files import replacing
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.images import pixel_hash, read_image
from spinedet.detect.contract import Settings
from spinedet.detect.machine import versions
from spinedet.detect.modelfile import ONNX_FILE, ModelCard, NetworkFormat, TrainedOn, sha256
from spinedet.detect.preprocess import prepare
from spinedet.detect.runtime import open_session

BOX_TOLERANCE = 0.5
"""Largest allowed difference of a box edge between framework and export, in pixels of the network input."""

SCORE_TOLERANCE = 0.001
"""Largest allowed difference of a score."""

VISIBLE_SCORE = 0.01
"""Boxes are compared where the score reaches this; below it no detection is ever shown."""

CHECKED_IMAGES = 4
"""Real images on which an export is checked."""

Output = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Boxes (B, N, 4) in pixels of the network input and scores (B, N, C)."""

Reference = Callable[[NDArray[np.float32]], Output]
"""The framework's own network: a batch (B, 3, S, S) in, boxes and scores out, without NMS."""


def model_card(
    train: Dataset, val: Dataset | None, settings: Settings, network: NetworkFormat, packages: Sequence[str]
) -> ModelCard:
    """The card of a model that was just trained, without its checksum.

    Args:
        train: The training part.
        val: The validation part, if there was one.
        settings: What it was trained with.
        network: What goes in and comes out.
        packages: Packages whose versions decide the result.
    """
    return ModelCard(
        **dict(network),
        detector=settings.detector,
        size=settings.size,
        classes=train.classes,
        image_size=settings.image_size,
        trained_on=trained_on(train, val),
        settings=settings.public(),
        versions=versions(*packages),
    )


def trained_on(train: Dataset, val: Dataset | None) -> TrainedOn:
    """What a model has seen: fingerprint of the training part, pixel hashes of training and validation images."""
    items = [*train.items, *(val.items if val else ())]
    hashes = {pixel_hash(read_image(item.path)) for item in items if item.path is not None}
    return TrainedOn(fingerprint=train.fingerprint(), images=tuple(sorted(hashes)))


def finish_model(
    folder: Path,
    onnx_file: Path,
    native_weights: Path,
    card: ModelCard,
    reference: Reference,
    images: Sequence[Path],
) -> Path:
    """Check an export and write the model folder: `model.onnx`, `model.json`, and the framework's own weights.

    Args:
        folder: The model folder to write.
        onnx_file: The exported network; it is moved.
        native_weights: The framework's weights; the file is copied under its own name.
        card: Everything but the checksum, which is filled in here.
        reference: The framework's network.
        images: Real images; the first `CHECKED_IMAGES` are used.

    Raises:
        WorkError: The export differs from the framework, or the folder cannot be written.
    """
    batch = np.stack([_input(path, card) for path in images[:CHECKED_IMAGES]])
    session = open_session(onnx_file)
    compare_outputs(reference(batch), tuple(session.run(["boxes", "scores"], {"images": batch})))
    with replacing(folder / ONNX_FILE) as temporary:
        shutil.copyfile(onnx_file, temporary)
    with replacing(folder / native_weights.name) as temporary:
        shutil.copyfile(native_weights, temporary)
    onnx_file.unlink()
    card.model_copy(update={"sha256": sha256(folder / ONNX_FILE)}).write(folder)
    return folder


def _input(path: Path, card: ModelCard) -> NDArray[np.float32]:
    return prepare(read_image(path), card.image_size, card.preprocessing)[0]


def compare_outputs(framework: Output, exported: Output) -> tuple[float, float]:
    """The largest differences of box edges (pixels, where a score is visible) and of scores.

    Raises:
        WorkError: Shapes differ, or a difference is larger than `BOX_TOLERANCE` or `SCORE_TOLERANCE`.
    """
    shapes = [part.shape for part in (*framework, *exported)]
    if shapes[:2] != shapes[2:]:
        raise WorkError("The export has another shape.", expected=str(shapes[:2]), found=str(shapes[2:]))
    visible = framework[1].max(axis=-1) >= VISIBLE_SCORE  # (B, N)
    boxes = float(np.abs(framework[0] - exported[0])[visible].max(initial=0.0))
    scores = float(np.abs(framework[1] - exported[1]).max(initial=0.0))
    if not (boxes <= BOX_TOLERANCE and scores <= SCORE_TOLERANCE):
        raise WorkError(
            "The exported network does not predict what the trained one does.",
            expected=f"boxes within {BOX_TOLERANCE} px and scores within {SCORE_TOLERANCE}",
            found=f"boxes {boxes:.3g} px, scores {scores:.3g} apart",
            todo="report this with the job's log; the trained weights are kept in the job folder",
        )
    return boxes, scores
