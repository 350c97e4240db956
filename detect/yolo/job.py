"""A whole training job with ultralytics: weights in, epochs, export, check, model folder."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from ultralytics.nn.tasks import DetectionModel

from spinedet.datasets.dataset import Dataset
from spinedet.detect.contract import Progress, Settings
from spinedet.detect.export import Output, finish_model, model_card
from spinedet.detect.modelfile import NetworkFormat, Postprocessing, Preprocessing
from spinedet.detect.yolo.recipe import Recipe, trainer_arguments
from spinedet.detect.yolo.trainer import JobTrainer, read_checkpoint, silence
from spinedet.detect.yolo.weights import NATIVE_FILE, State, fitting_weights, read_start_weights, save_weights

PREPROCESSING = Preprocessing(fit="letterbox", fill=114, interpolation="linear")
POSTPROCESSING = Postprocessing(nms="greedy", score_threshold=0.001, iou=0.7, before=600, keep=300)
"""As ultralytics validates: every class of a box counts, IoU 0.7, 300 detections."""

OPSET = 17


def run_job(
    network: str,
    train: Dataset,
    val: Dataset | None,
    settings: Settings,
    recipe: Recipe,
    folder: Path,
    progress: Progress,
) -> Path:
    """Train (or go on training), export and check; see the contract."""
    silence()
    checkpoint = folder / "checkpoint.pt"
    state = read_checkpoint(checkpoint)
    if state is None or state["epoch"] + 1 < settings.epochs:
        start = _start_weights(network, train, settings)
        arguments = trainer_arguments(settings, recipe, network, _device(settings), folder)
        JobTrainer(arguments, train, val, start, checkpoint, progress).train()
        state = read_checkpoint(checkpoint)
    assert state is not None  # the last epoch wrote it
    model = export_model(network, state["best"], train, val, settings, folder)
    checkpoint.unlink()
    return model


def _device(settings: Settings) -> str:
    wanted = settings.device == "cuda" or (settings.device == "auto" and torch.cuda.is_available())
    return "0" if wanted else "cpu"


def _start_weights(network: str, train: Dataset, settings: Settings) -> State | None:
    if settings.weights == "none":
        return None
    path = Path(settings.weights)
    empty = DetectionModel(network, nc=len(train.classes), verbose=False).state_dict()
    return fitting_weights(read_start_weights(path), empty, path)


class ConcatenatedPad(torch.nn.Module):  # type: ignore[misc]
    """`ZeroPad2d` written as a concatenation.

    ONNX Runtime (seen in 1.31) joins a Pad with the MaxPool after it, which then pads with minus infinity instead of
    0. YOLOv3-tiny pools negative values there, and its scores came out up to 0.015 wrong.
    """

    def __init__(self, right: int, bottom: int):
        super().__init__()
        self.right, self.bottom = right, bottom

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Feature maps (B, C, H, W) to (B, C, H + bottom, W + right)."""
        wide = torch.cat([maps, maps.new_zeros(()).expand_as(maps[..., : self.right])], dim=3)
        return torch.cat([wide, wide.new_zeros(()).expand_as(wide[:, :, : self.bottom])], dim=2)


def without_pads(network: torch.nn.Module) -> torch.nn.Module:
    """Replace every `ZeroPad2d`, in place, by a `ConcatenatedPad`."""
    for name, child in network.named_children():
        if isinstance(child, torch.nn.ZeroPad2d):
            left, right, top, bottom = child.padding
            assert left == top == 0  # the one pad in these networks lies right and below
            setattr(network, name, _placed_like(child, ConcatenatedPad(right, bottom)))
        else:
            without_pads(child)
    return network


def _placed_like(old: torch.nn.Module, new: torch.nn.Module) -> torch.nn.Module:
    """Ultralytics walks its layers by the attributes `f` (from) and `i` (index)."""
    for name in ("f", "i", "type", "np"):
        setattr(new, name, getattr(old, name))
    return new


class BoxesAndScores(torch.nn.Module):  # type: ignore[misc]
    """The network with the outputs that our runtime expects."""

    def __init__(self, network: torch.nn.Module):
        super().__init__()
        self.network = network

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Images (B, 3, S, S) to boxes (B, N, 4), x0 y0 x1 y1 in input pixels, and scores (B, N, C)."""
        found = self.network(images)[0].transpose(1, 2)  # (B, 4 + C, N) to (B, N, 4 + C); centre and size
        centre, half = found[..., :2], found[..., 2:4] / 2
        return torch.cat([centre - half, centre + half], -1), found[..., 4:]


def export_model(
    network: str, weights: State, train: Dataset, val: Dataset | None, settings: Settings, folder: Path
) -> Path:
    """Write the checked model folder `folder / "model"` of trained weights."""
    model = DetectionModel(network, nc=len(train.classes), verbose=False)
    model.load_state_dict(weights)
    strides = tuple(int(stride) for stride in model.stride)
    wrapped = BoxesAndScores(model.eval().fuse(verbose=False)).eval()
    reference = _reference(copy.deepcopy(wrapped))
    onnx_file = folder / "export.onnx"
    _write_onnx(without_pads(wrapped), settings.image_size, onnx_file)
    native = folder / NATIVE_FILE
    save_weights(native, weights)
    network_format = NetworkFormat(
        preprocessing=PREPROCESSING, postprocessing=POSTPROCESSING, strides=strides, anchors_per_cell=1
    )
    card = model_card(train, val, settings, network_format, ("ultralytics", "torch", "onnx"))
    images = [item.path for item in train.items if item.path is not None]
    finished = finish_model(folder / "model", onnx_file, native, card, reference, images)
    native.unlink()
    return finished


def _write_onnx(network: torch.nn.Module, size: int, path: Path) -> None:
    names: dict[str, Any] = {
        "input_names": ["images"],
        "output_names": ["boxes", "scores"],
        "dynamic_axes": {name: {0: "batch"} for name in ("images", "boxes", "scores")},
    }
    # The tracing exporter: the newer one needs two more packages and gains nothing for these networks.
    torch.onnx.export(network, (torch.zeros(2, 3, size, size),), str(path), opset_version=OPSET, dynamo=False, **names)


def _reference(network: torch.nn.Module) -> Any:
    def run(batch: NDArray[np.float32]) -> Output:
        with torch.inference_mode():
            boxes, scores = network(torch.from_numpy(batch))
        return boxes.numpy(), scores.numpy()

    return run
