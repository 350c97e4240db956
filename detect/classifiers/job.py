"""A whole training job: start weights, epochs, export, check, model folder."""

import shutil
from pathlib import Path

import torch

from spinedet.datasets.dataset import Dataset
from spinedet.detect.classifiers.architectures import Architecture
from spinedet.detect.classifiers.images import Samples
from spinedet.detect.classifiers.learner import ClassifierLearner, class_weights
from spinedet.detect.classifiers.network import BoxAndScores, Network, native
from spinedet.detect.classifiers.recipe import FROZEN, Recipe
from spinedet.detect.classifiers.supply import CachedFeatures, Features, FrozenTrunk, Supply
from spinedet.detect.classifiers.weights import NATIVE_FILE, start_from
from spinedet.detect.contract import Progress, Settings
from spinedet.detect.export import finish_model, model_card
from spinedet.detect.training.checkpoint import remove_checkpoints
from spinedet.detect.training.device import choose_device, working_precision
from spinedet.detect.training.graph import reference, write_onnx
from spinedet.detect.training.learner import Plan
from spinedet.detect.training.loop import Trainer

PACKAGES = ("torch", "torchvision", "onnx")

OPSET = 17


def run_job(
    architecture: Architecture,
    train: Dataset,
    val: Dataset | None,
    settings: Settings,
    recipe: Recipe,
    folder: Path,
    progress: Progress,
) -> Path:
    """Train (or go on training), export and check; see the contract."""
    precision = working_precision(choose_device(settings.device), recipe.precision)
    decided = {"precision": str(precision).removeprefix("torch.")}  # what `auto` became
    settings = settings.model_copy(update={"recipe": {**settings.recipe, **decided}})
    how = architecture.preprocessing
    samples = Samples(train, settings.image_size, how)
    held_out = Samples(val, settings.image_size, how) if val else None
    network = _network(architecture, len(train.classes), settings)
    plan = Plan(
        settings.epochs, settings.seed, settings.device, recipe.average_decay, recipe.patience, recipe.precision
    )
    learner = _learner(network, samples, held_out, plan, settings, recipe)
    learner.network.load_state_dict(Trainer(learner, plan).run(folder, progress))
    model = _export(network, architecture, train, val, settings, folder)
    remove_checkpoints(folder)
    return model


def _network(architecture: Architecture, classes: int, settings: Settings) -> Network:
    """The network as training starts: from the seed, or from a file where its layers fit."""
    torch.manual_seed(settings.seed)
    network = Network(architecture.name, classes)
    if settings.weights != "none":
        start_from(network, Path(settings.weights))
    return network


def _learner(
    network: Network, train: Samples, val: Samples | None, plan: Plan, settings: Settings, recipe: Recipe
) -> ClassifierLearner:
    """What is trained: the whole network on images, or its head on the features of the frozen trunk."""
    weights = class_weights(train.labels, network.head.out_features, recipe.balanced)
    if settings.size != FROZEN:
        return ClassifierLearner(network, train, val, settings, recipe, weights)
    trunk = FrozenTrunk(network.trunk, plan)

    def features(samples: Samples) -> Supply:
        return CachedFeatures(samples, trunk, settings.batch) if recipe.cache else Features(samples, trunk)

    held_out = features(val) if val else None
    return ClassifierLearner(network.head, features(train), held_out, settings, recipe, weights)


def _export(
    network: Network, architecture: Architecture, train: Dataset, val: Dataset | None, settings: Settings, folder: Path
) -> Path:
    """Write the checked model folder `folder / "model"` of the trained network."""
    plain = network.to("cpu", memory_format=torch.contiguous_format)
    wrapped = BoxAndScores(plain, settings.image_size).eval()
    scratch = folder / "export"
    scratch.mkdir(exist_ok=True)
    weights_file, onnx_file = scratch / NATIVE_FILE, scratch / "network.onnx"
    torch.save(native(plain.state_dict()), weights_file)
    write_onnx(wrapped, settings.image_size, OPSET, onnx_file)
    card = model_card(train, val, settings, architecture.format(settings.image_size), PACKAGES)
    images = [item.path for item in train.items if item.path is not None]
    model = finish_model(folder / "model", onnx_file, weights_file, card, reference(wrapped), images)
    shutil.rmtree(scratch)
    return model
