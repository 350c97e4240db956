"""A whole training job with ultralytics: weights in, epochs, export, check, model folder."""

import copy
from pathlib import Path

import torch
from ultralytics.nn.tasks import DetectionModel

from spinedet.annotations.errors import InputError
from spinedet.datasets.dataset import Dataset
from spinedet.detect.contract import Progress, Settings
from spinedet.detect.export import finish_model, model_card
from spinedet.detect.modelfile import NetworkFormat, Postprocessing, Preprocessing
from spinedet.detect.training.cells import STRIDE
from spinedet.detect.training.graph import reference, write_onnx
from spinedet.detect.training.questions import asked
from spinedet.detect.yolo.evidence import PointingModel, make_network
from spinedet.detect.yolo.graph import OPSET, BoxesAndScores, for_export
from spinedet.detect.yolo.recipe import Recipe, trainer_arguments
from spinedet.detect.yolo.trainer import JobTrainer, read_checkpoint, silence
from spinedet.detect.yolo.weights import NATIVE_FILE, State, fitting_weights, read_start_weights, save_weights

PREPROCESSING = Preprocessing(fit="letterbox", fill=114, interpolation="linear")
POSTPROCESSING = Postprocessing(nms="greedy", score_threshold=0.001, iou=0.7, before=600, keep=300)
"""As ultralytics validates: every class of a box counts, IoU 0.7, 300 detections."""


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
    questions = asked(settings.recipe, train)
    checkpoint = folder / "checkpoint.pt"
    state = read_checkpoint(checkpoint)
    if state is None or state["epoch"] + 1 < settings.epochs:
        start = _start_weights(network, train, settings)
        arguments = trainer_arguments(settings, recipe, network, _device(settings), folder)
        JobTrainer(arguments, train, val, start, checkpoint, progress, questions=questions).train()
        state = read_checkpoint(checkpoint)
    assert state is not None  # the last epoch wrote it
    untrained = make_network(network, len(train.classes), questions)
    model = export_model(untrained, state["best"], train, val, settings, folder)
    checkpoint.unlink()
    return model


def _device(settings: Settings) -> str:
    if settings.device == "cuda" and not torch.cuda.is_available():
        todo = "use --device auto or cpu, or install a torch that fits the driver"
        raise InputError("torch sees no GPU.", expected="a CUDA build and a visible GPU", todo=todo)
    wanted = settings.device == "cuda" or (settings.device == "auto" and torch.cuda.is_available())
    return "0" if wanted else "cpu"


def _start_weights(network: str, train: Dataset, settings: Settings) -> State | None:
    if settings.weights == "none":
        return None
    path = Path(settings.weights)
    empty = make_network(network, len(train.classes), asked(settings.recipe, train)).state_dict()
    return fitting_weights(read_start_weights(path), empty, path)


def export_model(
    model: DetectionModel, weights: State, train: Dataset, val: Dataset | None, settings: Settings, folder: Path
) -> Path:
    """Write the checked model folder `folder / "model"` of a network with trained weights."""
    model.load_state_dict(weights)
    strides = *(int(stride) for stride in model.stride), *([STRIDE] if isinstance(model, PointingModel) else [])
    wrapped = BoxesAndScores(model.eval().fuse(verbose=False)).eval()
    expected = reference(copy.deepcopy(wrapped))
    onnx_file = folder / "export.onnx"
    write_onnx(for_export(wrapped), settings.image_size, OPSET, onnx_file)
    native = folder / NATIVE_FILE
    save_weights(native, weights)
    network_format = NetworkFormat(
        preprocessing=PREPROCESSING, postprocessing=POSTPROCESSING, strides=strides, anchors_per_cell=1
    )
    card = model_card(train, val, settings, network_format, ("ultralytics", "torch", "onnx"))
    images = [item.path for item in train.items if item.path is not None]
    finished = finish_model(folder / "model", onnx_file, native, card, expected, images)
    native.unlink()
    return finished
