"""A whole training job with PaddleDetection: weights in, epochs, export, check, model folder."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import paddle
import paddle2onnx
from numpy.typing import NDArray

from spinedet.annotations.errors import InputError, WorkError
from spinedet.annotations.files import replacing
from spinedet.datasets.dataset import Dataset
from spinedet.detect.anchors import anchors_for
from spinedet.detect.contract import Progress, Settings
from spinedet.detect.export import Output, Reference, finish_model, model_card
from spinedet.detect.paddle.checkpoint import Arrays, read_checkpoint, remove_checkpoints
from spinedet.detect.paddle.network import BoxesAndScores, Network
from spinedet.detect.paddle.trainer import Trainer, arrays_of, load_arrays
from spinedet.detect.paddle.weights import NATIVE_FILE, fitting_weights, read_weights
from spinedet.detect.ppyolov2.format import FORMAT
from spinedet.detect.ppyolov2.recipe import Recipe

PACKAGES = ("paddlepaddle", "paddlepaddle-gpu", "paddledet", "paddle2onnx")

OPSET = 19
"""The first ONNX opset with deformable convolution."""


def run_job(
    train: Dataset, val: Dataset | None, settings: Settings, recipe: Recipe, folder: Path, progress: Progress
) -> Path:
    """Train (or go on training), export and check; see the contract."""
    choose_device(settings.device)
    recipe = recipe.model_copy(update={"anchors": anchors_for(recipe, train, settings.image_size, settings.seed)})
    settings = settings.model_copy(update={"recipe": {**settings.recipe, "anchors": recipe.anchors}})
    weights = _train(train, val, settings, recipe, folder, progress)
    model = export_model(weights, train, val, settings, recipe, folder)
    remove_checkpoints(folder)
    return model


def _train(
    train: Dataset, val: Dataset | None, settings: Settings, recipe: Recipe, folder: Path, progress: Progress
) -> Arrays:
    """The trained arrays; the trainer's memory is free again when this returns."""
    state = read_checkpoint(folder)
    start = {} if state else _start_weights(train, settings, recipe)
    trainer = Trainer(train, val, settings, recipe, start)
    if state:
        print(f"going on after epoch {state.epoch}", flush=True)
        trainer.resume(state)
    return trainer.run(folder, progress)


def choose_device(device: str) -> None:
    """Select CPU or GPU.

    Raises:
        InputError: A GPU was asked for and this Paddle sees none.
    """
    gpu = paddle.is_compiled_with_cuda() and paddle.device.cuda.device_count() > 0
    if device == "cuda" and not gpu:
        raise InputError(
            "PaddlePaddle sees no GPU.",
            expected="a CUDA build and a visible GPU, or --device cpu",
            todo='pip install "spinedet[paddle-gpu]" in place of spinedet[paddle]',
        )
    if not gpu or device == "cpu":
        paddle.set_device("cpu")
        return
    paddle.set_flags({"FLAGS_cudnn_deterministic": True})
    paddle.set_device("gpu")


def _start_weights(train: Dataset, settings: Settings, recipe: Recipe) -> Arrays:
    if settings.weights == "none":
        return {}
    path = Path(settings.weights)
    empty = arrays_of(Network(settings.size, len(train.classes), recipe))
    return fitting_weights(read_weights(path), empty, path)


def export_model(
    weights: Arrays, train: Dataset, val: Dataset | None, settings: Settings, recipe: Recipe, folder: Path
) -> Path:
    """Write the checked model folder `folder / "model"` of trained weights."""
    network = Network(settings.size, len(train.classes), recipe)
    load_arrays(network, weights)
    wrapped = BoxesAndScores(network, settings.image_size)
    wrapped.eval()
    scratch = folder / "export"
    native = scratch / NATIVE_FILE
    with replacing(native) as temporary:
        paddle.save(network.state_dict(), str(temporary))
    onnx_file = write_onnx(wrapped, settings.image_size, scratch)
    card = model_card(train, val, settings, FORMAT, PACKAGES)
    images = [item.path for item in train.items if item.path is not None]
    model = finish_model(folder / "model", onnx_file, native, card, _reference(wrapped), images)
    shutil.rmtree(scratch)
    return model


def write_onnx(network: BoxesAndScores, size: int, folder: Path) -> Path:
    """Export through Paddle's static graph; the batch stays free.

    Raises:
        WorkError: paddle2onnx cannot convert the network.
    """
    spec = [paddle.static.InputSpec([None, 3, size, size], "float32", "images")]
    paddle.jit.save(network, str(folder / "network"), input_spec=spec)
    path = folder / "network.onnx"
    try:
        paddle2onnx.export(
            str(folder / "network.json"),
            str(folder / "network.pdiparams"),
            str(path),
            opset_version=OPSET,
            optimize_tool="None",
        )
    except Exception as error:  # paddle2onnx raises what its C++ part throws
        todo = "check that paddlepaddle is 3.2.2 and paddle2onnx 2.1.0"
        raise WorkError("The network cannot be exported.", found=str(error), todo=todo) from error
    model = onnx.load(str(path))
    onnx.save(with_names(model, ("boxes", "scores")), str(path))
    return path


def with_names(model: Any, names: tuple[str, ...]) -> Any:
    """Rename the outputs of an ONNX graph, which paddle2onnx numbers in its own way."""
    for output, name in zip(model.graph.output, names, strict=True):
        model.graph.node.append(onnx.helper.make_node("Identity", [output.name], [name]))
        output.name = name
    return model


def _reference(network: BoxesAndScores) -> Reference:
    def run(batch: NDArray[np.float32]) -> Output:
        with paddle.no_grad():
            boxes, scores = network(paddle.to_tensor(batch))
        return boxes.numpy(), scores.numpy()

    return run
