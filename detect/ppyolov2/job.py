"""A whole training job: anchors, start weights, epochs, export, check, model folder."""

import shutil
from pathlib import Path

import torch

from spinedet.datasets.dataset import Dataset
from spinedet.detect.anchors import anchors_for
from spinedet.detect.contract import Progress, Settings
from spinedet.detect.export import finish_model, model_card
from spinedet.detect.pdparams import write_pdparams
from spinedet.detect.ppyolov2.format import FORMAT
from spinedet.detect.ppyolov2.graph import BoxesAndScores, write_onnx
from spinedet.detect.ppyolov2.learner import PPYOLOv2Learner
from spinedet.detect.ppyolov2.network import Network
from spinedet.detect.ppyolov2.recipe import NineAnchors, Recipe
from spinedet.detect.ppyolov2.weights import NATIVE_FILE, fitting_weights, read_start_weights, to_paddle
from spinedet.detect.training.cells import STRIDE
from spinedet.detect.training.checkpoint import State, remove_checkpoints
from spinedet.detect.training.device import choose_device, working_precision
from spinedet.detect.training.graph import reference
from spinedet.detect.training.learner import Plan
from spinedet.detect.training.loop import Trainer
from spinedet.detect.training.questions import asked

PACKAGES = ("torch", "torchvision", "onnx")


def run_job(
    train: Dataset, val: Dataset | None, settings: Settings, recipe: Recipe, folder: Path, progress: Progress
) -> Path:
    """Train (or go on training), export and check; see the contract."""
    anchors = anchors_for(recipe, train, settings.image_size, settings.seed)
    precision = working_precision(choose_device(settings.device), recipe.precision)
    decided = {"anchors": anchors, "precision": str(precision).removeprefix("torch.")}  # what `data` and `auto` became
    settings = settings.model_copy(update={"recipe": {**settings.recipe, **decided}})
    plan = Plan(
        settings.epochs,
        settings.seed,
        settings.device,
        recipe.average_decay,
        recipe.patience,
        recipe.precision,
        recipe.optimizer,
    )
    learner = PPYOLOv2Learner(_network(train, settings, recipe), train, val, settings, recipe, anchors)
    weights = Trainer(learner, plan).run(folder, progress)
    model = export_model(weights, train, val, settings, anchors, folder)
    remove_checkpoints(folder)
    return model


def _network(train: Dataset, settings: Settings, recipe: Recipe) -> Network:
    """The network as training starts: from the seed, or from a file where its layers fit."""
    torch.manual_seed(settings.seed)
    questions = asked(settings.recipe, train)
    network = Network(settings.size, len(train.classes), drop_block=recipe.drop_block, questions=questions)
    if settings.weights != "none":
        path = Path(settings.weights)
        fit = fitting_weights(read_start_weights(path), network.state_dict(), path)
        network.load_state_dict({name: torch.from_numpy(array) for name, array in fit.items()}, strict=False)
    return network


def export_model(
    weights: State, train: Dataset, val: Dataset | None, settings: Settings, anchors: NineAnchors, folder: Path
) -> Path:
    """Write the checked model folder `folder / "model"` of trained weights."""
    questions = asked(settings.recipe, train)
    network = Network(settings.size, len(train.classes), drop_block=False, questions=questions)
    network.load_state_dict(weights)
    wrapped = BoxesAndScores(network, anchors, settings.image_size).eval()
    scratch = folder / "export"
    scratch.mkdir(exist_ok=True)
    native, onnx_file = scratch / NATIVE_FILE, scratch / "network.onnx"
    write_pdparams(native, to_paddle(weights))
    write_onnx(wrapped, onnx_file)
    strides = (*FORMAT.strides, STRIDE) if questions else FORMAT.strides
    card = model_card(train, val, settings, FORMAT.model_copy(update={"strides": strides}), PACKAGES)
    images = [item.path for item in train.items if item.path is not None]
    model = finish_model(folder / "model", onnx_file, native, card, reference(wrapped), images)
    shutil.rmtree(scratch)
    return model
