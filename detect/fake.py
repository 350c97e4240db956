"""A small deterministic detector for tests: it remembers the mean box of each class and finds it in every image.

It obeys the whole contract (progress, resume, a checked ONNX model) in a fraction of a second and needs no framework.
"""

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from spinedet.annotations.errors import InputError, WorkError
from spinedet.annotations.files import write_bytes, write_json
from spinedet.datasets.dataset import Dataset
from spinedet.detect.contract import Epoch, Progress, Settings
from spinedet.detect.export import Output, finish_model, model_card
from spinedet.detect.extras import TRAIN, require
from spinedet.detect.modelfile import NetworkFormat, Postprocessing, Preprocessing
from spinedet.detect.recipes import checked_recipe

SIZES = ("one",)


class FakeRecipe(BaseModel):
    """How the fake behaves.

    Attributes:
        epoch_seconds: Pause that stands for an epoch's work.
        fail_at: Epoch in which it raises an error; 0 never.
        die_at: Epoch in which its process ends without a word, once; 0 never.
        refuse: The job, not the check before it, finds the input wrong (as start weights that do not fit).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    epoch_seconds: float = 0.0
    fail_at: int = 0
    die_at: int = 0
    refuse: bool = False


@dataclass(frozen=True)
class FakeDetector:
    """See the module's first lines."""

    name: str = "fake"
    sizes: tuple[str, ...] = SIZES

    def published(self, size: str) -> str | None:
        """Nobody publishes weights of this."""
        return None

    def check(self, settings: Settings) -> FakeRecipe:
        """Check the recipe."""
        require(("onnx",), TRAIN, self.name)
        return checked_recipe(FakeRecipe, settings)

    def train(self, train: Dataset, val: Dataset | None, settings: Settings, folder: Path, progress: Progress) -> Path:
        """See `spinedet.detect.contract.Detector.train`."""
        recipe = self.check(settings)
        if recipe.refuse:
            raise InputError("The fake detector refuses its input, as it was told to refuse it.")
        checkpoint = folder / "checkpoint.json"
        first = json.loads(checkpoint.read_text(encoding="utf-8"))["epoch"] + 1 if checkpoint.exists() else 1
        for epoch in range(first, settings.epochs + 1):
            self._epoch(epoch, recipe, folder)
            write_json(checkpoint, {"epoch": epoch})
            progress(Epoch(epoch, settings.epochs, 1 / epoch, recipe.epoch_seconds, {"box": 1 / epoch}))
        return self._export(train, val, settings, folder)

    def _epoch(self, epoch: int, recipe: FakeRecipe, folder: Path) -> None:
        time.sleep(recipe.epoch_seconds)
        if epoch == recipe.fail_at:
            raise WorkError("The fake detector failed, as it was told to.", found=f"epoch {epoch}")
        died = folder / "died"
        if epoch == recipe.die_at and not died.exists():
            died.touch()
            os._exit(9)

    def _export(self, train: Dataset, val: Dataset | None, settings: Settings, folder: Path) -> Path:
        boxes, scores = _remembered(train, settings.image_size)
        onnx_file, native = folder / "export.onnx", folder / "weights.npy"
        write_bytes(onnx_file, _network(boxes, scores, settings.image_size))
        np.save(native, boxes)
        network = NetworkFormat(
            preprocessing=Preprocessing(fit="stretch"),
            postprocessing=Postprocessing(nms="greedy", iou=0.7),
            strides=(settings.image_size,),
            anchors_per_cell=len(boxes),
        )
        card = model_card(train, val, settings, network, ("onnx",))

        def reference(batch: NDArray[np.float32]) -> Output:
            return np.repeat(boxes[None], len(batch), 0), np.repeat(scores[None], len(batch), 0)

        images = [item.path for item in train.items if item.path is not None]
        return finish_model(folder / "model", onnx_file, native, card, reference, images)


def _remembered(train: Dataset, size: int) -> Output:
    """The boxes (N, 4) of the first training image that has some, stretched to the input, with scores (N, C)."""
    item = next(item for item in train.items if item.annotation.objects)
    drawn = train.boxes(item)
    stretch = np.tile([size / item.annotation.width, size / item.annotation.height], 2)
    scores = np.zeros((len(drawn.labels), len(train.classes)), np.float32)
    scores[np.arange(len(scores)), drawn.labels] = np.linspace(0.9, 0.5, len(scores))
    return (drawn.boxes * stretch).astype(np.float32), scores


def _network(boxes: NDArray[np.float32], scores: NDArray[np.float32], size: int) -> bytes:
    """An ONNX network that answers every image of a batch with the same boxes and scores."""
    from onnx import TensorProto, checker, helper, numpy_helper

    def told(name: str) -> list[Any]:
        """Nodes that repeat an answer once for every image."""
        return [
            helper.make_node("Concat", ["count", f"{name}_shape"], [f"{name}_all"], axis=0),
            helper.make_node("Expand", [f"{name}_one", f"{name}_all"], [name]),
        ]

    answers = {"boxes": boxes, "scores": scores}
    constants = [numpy_helper.from_array(values[None], f"{name}_one") for name, values in answers.items()]
    constants += [
        numpy_helper.from_array(np.array(values.shape, np.int64), f"{name}_shape") for name, values in answers.items()
    ]
    nodes = [helper.make_node("Shape", ["images"], ["count"], start=0, end=1)]
    for name in answers:
        nodes += told(name)
    taken = helper.make_tensor_value_info("images", TensorProto.FLOAT, ["batch", 3, size, size])
    given = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *values.shape])
        for name, values in answers.items()
    ]
    graph = helper.make_graph(nodes, "fake", [taken], given, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    checker.check_model(model)
    return bytes(model.SerializeToString())
