"""What the jobs of a run say of whole images: class scores of the test and the validation parts, brought together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from lxml import etree
from pydantic import BaseModel, ConfigDict, ValidationError

from spinedet.annotations.errors import InputError, some
from spinedet.annotations.files import read_json
from spinedet.annotations.voc.extra import safe_parser
from spinedet.benchmarks.whole_image.scores import NO_FOLD, ScoreTable
from spinedet.datasets.convert.image_index import ImageIndex
from spinedet.datasets.convert.whole_images import VALUE, constant_images
from spinedet.datasets.dataset import IMAGES, Dataset, Item
from spinedet.datasets.folds import Fold, Folds
from spinedet.datasets.pages import count
from spinedet.datasets.tasks import Task
from spinedet.detect.contract import Settings
from spinedet.detect.jobs import DONE_FILE, JOB_FILE, MODEL_FOLDER, SCORES_FILE, Done, Job

NAMED = 10
"""Images of one fault that are named one by one."""


@dataclass(frozen=True, eq=False, slots=True)
class Outcome:
    """What one detector has finished.

    Attributes:
        name: Its name in the run folder.
        table: The scores of the test images of its finished folds.
        validation: Those of each finished fold's validation images; a fold that has none is left out.
        unfinished: The folds that it has not finished.
        settings: What it was trained with, without paths.
        done: The record of each finished job, by fold.
        models: The model folder of each finished fold.
    """

    name: str
    table: ScoreTable
    validation: Mapping[int, ScoreTable]
    unfinished: tuple[int, ...]
    settings: Settings
    done: Mapping[int, Done]
    models: Mapping[int, Path]


class _Scores(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    classes: tuple[str, ...]
    val: dict[str, tuple[float, ...]]
    test: dict[str, tuple[float, ...]]


def check_one_answer(dataset: Dataset) -> None:
    """An image of a whole-image task has one box, whose class is its answer.

    Raises:
        InputError: Images have none, or several; they are counted and named.
    """
    none = [item.image for item in dataset.items if not item.annotation.objects]
    several = [item.image for item in dataset.items if len(item.annotation.objects) > 1]
    faults = {"without a box": none, "with several boxes": several}
    if none or several:
        found = "; ".join(f"{len(images)} {what}: {some(images, NAMED)}" for what, images in faults.items() if images)
        raise InputError(
            "Not every image has one answer.",
            expected=f"exactly one box an image, of {len(dataset)} images",
            found=found,
            where=dataset.folder,
            todo="cut regions out with `spinedet regions`, which makes an image of each; remove images without a label",
        )


def flat_images(dataset: Dataset) -> tuple[str, ...]:
    """A sentence that names the images whose pixels are all equal; nobody can answer anything by them.

    As an import does, only files so small that they may be constant are decoded. Empty where there is none, or where
    the dataset was loaded without its images.
    """
    paths = [item.path for item in dataset.items if item.path is not None]
    flat = constant_images(paths, ImageIndex.of(dataset.folder / IMAGES)) if paths else []
    if not flat:
        return ()
    names = some([path.stem for path in flat], NAMED)
    return (f"The pixels of {count(len(flat), 'image')} are all equal, so that nothing can be told by them: {names}.",)


def true_numbers(dataset: Dataset, task: Task) -> dict[str, float] | None:
    """The true number of each image: as its label said it, otherwise what its class stands for.

    Returns:
        None where the task asks for no number.

    Raises:
        InputError: A number in an annotation is none.
    """
    if task.kind != "number":
        return None
    values = dict(zip(task.classes, task.values, strict=True))
    return {item.image: _number(item, values[item.annotation.objects[0].name]) for item in dataset.items}


def _number(item: Item, of_class: float) -> float:
    for text in item.annotation.objects[0].extra:
        if not text.startswith(f"<{VALUE}>"):
            continue
        said = etree.fromstring(text.encode(), safe_parser()).text or ""
        try:
            value = float(said)
        except ValueError:
            value = float("nan")
        if not np.isfinite(value):
            raise InputError(f"The <{VALUE}> of a box is no number.", found=repr(said), where=item.image)
        return value
    return of_class


def read_outcomes(
    run: Path, dataset: Dataset, folds: Folds, task: Task, order: Sequence[str] = ()
) -> tuple[Outcome, ...]:
    """Read all that the jobs of a run folder have finished.

    Args:
        run: The run folder.
        dataset: The dataset of the run.
        folds: How it was parted.
        task: What was asked.
        order: Detectors in the order of the tables; others that the folder holds follow by name.

    Returns:
        One outcome for each detector with a finished fold.

    Raises:
        InputError: A file is damaged, or belongs to another split or task.
    """
    there = {path.parent.parent.name for path in run.glob(f"*/fold*/{SCORES_FILE}")}
    names = [*(name for name in order if name in there), *sorted(there - set(order))]
    found = (_outcome(run / name, dataset, folds, task) for name in names)
    return tuple(one for one in found if one is not None)


def _outcome(folder: Path, dataset: Dataset, folds: Folds, task: Task) -> Outcome | None:
    finished = {
        fold.number: (fold, job)
        for fold in folds.folds
        if (job := _finished(folder / f"fold{fold.number}", dataset)) is not None
    }
    if not finished:
        return None
    scores = {number: _read_scores(folder / f"fold{number}", fold, task) for number, (fold, _) in finished.items()}
    tested = [_table(dataset, one.test, number) for number, one in scores.items()]
    return Outcome(
        name=folder.name,
        table=_joined(tested),
        validation={number: _table(dataset, one.val, NO_FOLD) for number, one in scores.items() if one.val},
        unfinished=tuple(fold.number for fold in folds.folds if fold.number not in finished),
        settings=next(iter(finished.values()))[1].settings.public(),
        done={number: _done(folder / f"fold{number}") for number in finished},
        models={number: folder / f"fold{number}" / MODEL_FOLDER for number in finished},
    )


def _finished(folder: Path, dataset: Dataset) -> Job | None:
    """The job of a folder, where it is finished and saw the same annotations."""
    if not all((folder / name).exists() for name in (JOB_FILE, DONE_FILE, SCORES_FILE)):
        return None
    job = Job.read(folder)
    return job if job.fingerprint == dataset.fingerprint() else None


def _done(folder: Path) -> Done:
    return Done.model_validate(read_json(folder / DONE_FILE, "job record"))


def _read_scores(folder: Path, fold: Fold, task: Task) -> _Scores:
    path = folder / SCORES_FILE
    try:
        scores = _Scores.model_validate(read_json(path, "file of class scores"))
    except ValidationError as error:
        row = error.errors()[0]
        found = f"{'.'.join(map(str, row['loc'])) or 'the whole'}: {row['msg']}"
        todo = "delete the job's done.json; its class scores are then made again"
        raise InputError("A file of class scores is damaged.", found=found, where=path, todo=todo) from error
    if scores.classes != task.classes:
        expected, said = ", ".join(task.classes), ", ".join(scores.classes)
        raise InputError("Class scores are of other classes.", expected=expected, found=said, where=path)
    if set(scores.test) != set(fold.test) or set(scores.val) != set(fold.val):
        raise InputError("Class scores are of other images than the fold's.", where=path)
    return scores


def _table(dataset: Dataset, scores: Mapping[str, tuple[float, ...]], fold: int) -> ScoreTable:
    items = [dataset[image] for image in scores]
    truth = [dataset.classes.index(item.annotation.objects[0].name) for item in items]
    patients = [str(item.patient) for item in items]
    return ScoreTable.of(list(scores), patients, truth, list(scores.values()), dataset.classes, [fold] * len(items))


def _joined(tables: Iterable[ScoreTable]) -> ScoreTable:
    """All rows of tables of the same classes, by image name."""
    parts = list(tables)
    images = [image for part in parts for image in part.images]
    whole = ScoreTable(
        tuple(images),
        tuple(patient for part in parts for patient in part.patients),
        np.concatenate([part.truth for part in parts]),
        np.concatenate([part.scores for part in parts]),
        parts[0].classes,
        np.concatenate([part.fold for part in parts]),
    )
    return whole.rows(np.argsort(np.array(images, np.str_), kind="stable"))
