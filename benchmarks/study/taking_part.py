"""Who takes part in a study: the models with what they have seen, and the names of all who read."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from spinedet.annotations.annotators import new_annotator_folder
from spinedet.annotations.errors import InputError, some
from spinedet.benchmarks.study.protocol import ModelReader
from spinedet.datasets.dataset import Dataset
from spinedet.detect.jobs import MODEL_FOLDER
from spinedet.detect.modelfile import ModelCard


@dataclass(frozen=True)
class TakingPart:
    """A model that will read.

    Attributes:
        reader: As the protocol has it.
        card: As its folder has it.
    """

    reader: ModelReader
    card: ModelCard


def read_models(folders: Sequence[Path], classes: Sequence[str], *, whole_image: bool) -> tuple[TakingPart, ...]:
    """The models of these folders, each under a name of its own.

    A model is called as its folder; where that is only `model`, as in job folders, by its detector. A second one of a
    name gets a number.

    Raises:
        InputError: A folder is no model, is named twice, or its model finds other classes than the study asks.
    """
    found: list[TakingPart] = []
    for folder in folders:
        card = ModelCard.read(folder)
        _check_classes(folder, card, classes, whole_image=whole_image)
        if not card.trained_on.images:
            what = "The model does not say which images it was trained on, so nobody can be kept out of the study."
            raise InputError(what, where=folder, todo="train it with this package, which writes that into model.json")
        if any(one.card.sha256 == card.sha256 for one in found):
            raise InputError("A model is named twice.", expected="each once", where=folder)
        name = _free_name(folder, card, [one.reader.name for one in found])
        reader = ModelReader(
            name=name,
            detector=card.detector,
            size=card.size,
            sha256=card.sha256,
            trained_on=len(card.trained_on.images),
        )
        found.append(TakingPart(reader, card))
    return tuple(found)


def _free_name(folder: Path, card: ModelCard, taken: Sequence[str]) -> str:
    own = folder.resolve().name
    name = card.detector if own == MODEL_FOLDER else own
    names = (name if number == 1 else f"{name}-{number}" for number in count(1))
    return next(one for one in names if one not in taken)


def _check_classes(folder: Path, card: ModelCard, classes: Sequence[str], *, whole_image: bool) -> None:
    strange = [name for name in card.classes if name not in classes]
    missing = [name for name in classes if whole_image and name not in card.classes]
    if strange or missing:
        raise InputError(
            "The model has other classes than the study.",
            expected=", ".join(classes),
            found=", ".join(card.classes),
            where=folder,
        )


def check_not_whole(models: Sequence[TakingPart], dataset: Dataset) -> None:
    """Refuse a model that was trained on the dataset as a whole.

    Raises:
        InputError: Its training fingerprint is the dataset's.
    """
    for model in models:
        if model.card.trained_on.fingerprint == dataset.fingerprint():
            raise InputError(
                f"The model {model.reader.name} was trained on the whole dataset, so no image of it is held out.",
                expected="a model that never saw some of the patients",
                found=f"{model.reader.trained_on} training images, the same fingerprint",
                where=dataset.folder,
                todo="train on a part (`spinedet folds`, `--image-set`), or draw the study from other patients",
            )


def check_names(readers: Sequence[str], experts: Sequence[str], models: Sequence[str], root: Path) -> None:
    """Refuse names that cannot be folders, are not there, or are not told apart.

    Experts must be others than the readers: a reader who makes the reference standard agrees with it by making it.

    Raises:
        InputError: As said.
    """
    if not readers:
        raise InputError("A study needs a reader or more.", expected="--readers with names such as R1,R2,R3")
    if len(experts) == 1:
        raise InputError("One expert is no consensus.", expected="--experts with two names or more", found=experts[0])
    for name in (*readers, *experts, *models):
        new_annotator_folder(root, name)
    _check_apart((*readers, *models), "Two readers have one name.")
    _check_apart(experts, "Two experts have one name.")
    reading = set(map(_folded, (*readers, *models)))
    both = [name for name in experts if _folded(name) in reading]
    if both:
        raise InputError(
            "A reader would make the reference standard that readers are measured by.",
            expected="experts who do not read",
            found=some(both),
        )


def _check_apart(names: Sequence[str], what: str) -> None:
    folded = [_folded(name) for name in names]
    if twice := [name for name, one in zip(names, folded, strict=True) if folded.count(one) > 1]:
        raise InputError(what, expected="names that differ in more than capitals", found=some(twice))


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()
