"""What region models find in images that they have not learnt from.

Cross-fitted: the model of a fold has learnt from its training part alone, and finds the regions of its test part; put
together, every image has been searched by a model that never saw its patient. One given model searches all images, once
their pixels prove that it has seen none of them.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError, some
from spinedet.annotations.files import read_json, write_json
from spinedet.benchmarks.crossval import Plan
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.folds import Folds
from spinedet.datasets.images import Pixels, pixel_hash, read_image
from spinedet.datasets.pages import count
from spinedet.datasets.regions.detector import Scored, best_box, region_of
from spinedet.datasets.regions.finding import Finding
from spinedet.detect.contract import Detections
from spinedet.detect.jobs import PREDICTIONS_FILE
from spinedet.detect.modelfile import ModelCard
from spinedet.detect.predictions import read_predictions, write_predictions
from spinedet.detect.runtime import Model

MODEL_RECORD = "model.json"
"""Beside the predictions of a given model: which model made them, of which images."""

NAMED = 10


@dataclass(frozen=True)
class Searched:
    """What was found in every image.

    Attributes:
        scored: Boxes with scores, by image, in any order.
        least_score: Boxes that score less are no region.
        how: What searched, in words.
    """

    scored: Mapping[str, tuple[Scored, ...]]
    least_score: float
    how: str

    def find(self, image: str, pixels: Pixels) -> Finding:
        """The best box of an image as its region; the whole image where there is none."""
        return region_of(self.scored[image], (pixels.shape[1], pixels.shape[0]), "whole", self.least_score)

    def missing(self, dataset: Dataset) -> tuple[str, ...]:
        """The images in which nothing was found."""
        sizes = {item.image: (item.annotation.width, item.annotation.height) for item in dataset.items}
        return tuple(
            image for image, size in sizes.items() if best_box(self.scored[image], size, self.least_score) is None
        )

    def digest(self) -> str:
        """SHA-256 of all that decides the crops."""
        rows = [(image, self.scored[image]) for image in sorted(self.scored)]
        return hashlib.sha256(repr((rows, self.least_score)).encode()).hexdigest()


def check_folds(folds: Folds) -> None:
    """Cross-fitting needs every image in a test part.

    Raises:
        InputError: There is one split alone.
    """
    if len(folds.folds) < 2:
        raise InputError(
            "A hold-out split has no out-of-fold regions for its training images.",
            expected="two folds or more",
            found="one split",
            todo="use --folds, or give --region-model MODEL, trained on other images",
        )


def cross_fitted(boxes: Dataset, plan: Plan, run: Path, least_score: float) -> Searched:
    """The detections of every image by the model of the fold in which it is a test image.

    Args:
        boxes: The dataset of the regions.
        plan: The folds, and the one region detector.
        run: The finished run folder.
        least_score: Boxes that score less are no region.

    Raises:
        InputError: A file of predictions is missing or damaged.
    """
    (name,) = plan.settings
    scored: dict[str, tuple[Scored, ...]] = {}
    for fold in plan.folds.folds:
        path = run / name / f"fold{fold.number}" / PREDICTIONS_FILE
        scored |= _rows(read_predictions(path, boxes.subset(fold.test)))
    settings = plan.settings[name]
    trained = f"{settings.image_size} px, {count(settings.epochs, 'epoch')}, one model a fold"
    how = f"{name}:{settings.size}, {trained}, score {least_score:g} or more"
    return Searched(scored, least_score, how)


def by_model(dataset: Dataset, folder: Path, out: Path, least_score: float) -> Searched:
    """The detections of every image by one given model; a second call reads them again.

    Args:
        dataset: The images.
        folder: The model folder.
        out: Where the detections are kept.
        least_score: Boxes that score less are no region.

    Raises:
        InputError: The model has learnt from an image, the folder is no model, or `out` holds those of another model.
    """
    card = ModelCard.read(folder)
    record = {"sha256": card.sha256, "dataset": dataset.fingerprint()}
    kept, told = out / PREDICTIONS_FILE, out / MODEL_RECORD
    named = replace(dataset, classes=card.classes)
    if told.exists() and read_json(told, "record of a region model") != record:
        todo = "give the model that this run was begun with, or choose another --out"
        raise InputError("The run folder was begun with another region model.", found=folder.name, where=out, todo=todo)
    if not (kept.exists() and told.exists()):
        check_unseen(dataset, card, folder)
        write_predictions(kept, _predict(dataset, folder), card.classes)
        write_json(told, record)
    how = f"one given model ({card.detector}:{card.size}, {card.image_size} px), score {least_score:g} or more"
    return Searched(_rows(read_predictions(kept, named)), least_score, how)


def check_unseen(dataset: Dataset, card: ModelCard, folder: Path) -> None:
    """A given model must have learnt from no image of the dataset: each is a test image once.

    Raises:
        InputError: It has; the images are counted and named.
    """
    seen = set(card.trained_on.images)
    known = [item.image for item in dataset.items if item.path and pixel_hash(read_image(item.path)) in seen]
    if known:
        raise InputError(
            "The region model has learnt from images that it would be tested on.",
            expected="a model that has seen none of them (compared by their pixels)",
            found=f"{len(known)} of {len(dataset)}: {some(known, NAMED)}",
            where=folder,
            todo="leave --region-model out: a model is then trained in each fold; or give one of other images",
        )


def _predict(dataset: Dataset, folder: Path) -> dict[str, Detections]:
    model = Model.load(folder)
    paths = {item.image: item.path for item in dataset.items if item.path is not None}
    return {image: model.predict([path])[0] for image, path in paths.items()}


def _rows(found: Mapping[str, Detections]) -> dict[str, tuple[Scored, ...]]:
    return {
        image: tuple(
            (Box(*map(float, box)), float(score))
            for box, score in zip(one.boxes.tolist(), one.scores.tolist(), strict=True)
        )
        for image, one in found.items()
    }
