"""What the models looked at: the maps of a few right and wrong images, and the pointing game where lesions are known.

Two maps tell two things. The score map is the network's own answer, cell by cell: of a head that was trained with
evidence it shows where the class is seen (several positive classes share one place), of any other where its box is
easiest to draw, which need not be where the disease is. The occlusion map shows which places the answer depends on.
Both are played against the lesions' masks, with what blind pointing would earn beside them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spinedet.benchmarks.agreement.figures import Record
from spinedet.benchmarks.pointing import Mask, Pointing, pointing
from spinedet.benchmarks.whole_image.figures import BoolArray, FloatArray, IntArray
from spinedet.benchmarks.whole_image.outcomes import Outcome
from spinedet.benchmarks.whole_image.scores import ScoreTable, positive_columns, positive_scores, positive_truth
from spinedet.datasets.dataset import MASKS, Dataset
from spinedet.datasets.images import read_pixels
from spinedet.datasets.tasks import Task
from spinedet.detect.occlusion import occlusion_maps
from spinedet.detect.runtime import Model
from spinedet.detect.score_maps import score_maps

MOST = 100
"""Images that the game is played on for each detector; an occlusion map takes 49 runs of the network."""

EACH = 2
"""Cases of each kind where a task has no positive classes; with them there are four kinds, and one of each."""

Floats = NDArray[np.float32]
MapMaker = Callable[[Model, Path], Floats]


class Looked(Record):
    """The pointing game of one detector.

    Attributes:
        score: With its score maps.
        occlusion: With occlusion maps; None where they were not wanted.
        of: True positives that there are; where they are many, the game is played on some, drawn by the seed.
        other_class: Those left out because another positive class ranks first.
        without_mask: Those left out because they have no mask, or an empty one.
    """

    score: Pointing
    occlusion: Pointing | None
    of: int
    other_class: int
    without_mask: int


@dataclass(frozen=True, slots=True)
class Case:
    """An image whose maps are shown.

    Attributes:
        image: Its name.
        fold: The fold whose model judged it.
        kind: What makes it a case: `found`, `missed` ...
        right: Whether the model was right.
        label: Index of the class whose maps are shown: the one that the model chose.
    """

    image: str
    fold: int
    kind: str
    right: bool
    label: int


def has_masks(dataset: Dataset) -> bool:
    """Whether anybody has drawn the lesions."""
    return (dataset.folder / MASKS).is_dir()


def play(
    outcome: Outcome, dataset: Dataset, task: Task, called: BoolArray, seed: int, *, occlusion: bool = True
) -> Looked:
    """Play the pointing game over a detector's true positives.

    True positive: an image of a positive class that is called positive at its fold's operating point. The map is that
    of its class, so where another positive class ranks first there is nothing that the model saw rightly to point at.

    Args:
        outcome: What the detector has finished.
        dataset: With images and `Masks/`.
        task: With positive classes.
        called: (N,) what was called positive.
        seed: Draws the images where there are more than `MOST`.
        occlusion: Whether to play with occlusion maps too, which take nearly all of the time.

    Raises:
        InputError: An image, a mask or a model cannot be read.
    """
    table = outcome.table
    positives = positive_truth(table, task.positive) & called
    found = np.flatnonzero(positives & (_first(table, task) == table.truth))
    masked = np.array([row for row in found if _mask(dataset, table.images[row]) is not None], np.int64)
    chosen = np.sort(np.random.default_rng(seed).permutation(masked)[:MOST])
    chosen = chosen[np.argsort(table.fold[chosen], kind="stable")]  # one model after the other
    of = int(positives.sum())
    return Looked(
        score=_game(outcome, dataset, chosen, score_maps),
        occlusion=_game(outcome, dataset, chosen, occlusion_maps) if occlusion else None,
        of=of,
        other_class=of - len(found),
        without_mask=len(found) - len(masked),
    )


def _first(table: ScoreTable, task: Task) -> IntArray:
    """(N,) the positive class of the highest score."""
    columns = positive_columns(table.classes, task.positive)
    return np.asarray(columns[table.scores[:, columns].argmax(axis=1)])


def _game(outcome: Outcome, dataset: Dataset, rows: IntArray, make: MapMaker) -> Pointing:
    table = outcome.table
    masks = (mask for row in rows if (mask := _mask(dataset, table.images[row])) is not None)
    return pointing(_maps(outcome, dataset, rows, make), masks)


def _maps(outcome: Outcome, dataset: Dataset, rows: IntArray, make: MapMaker) -> Iterator[Floats]:
    """The map of each row's own class; a fold's model is opened once."""
    table = outcome.table
    for fold, of_fold in groupby(rows.tolist(), key=lambda row: int(table.fold[row])):
        model = Model.load(outcome.models[fold])
        for row in of_fold:
            yield make(model, path_of(dataset, table.images[row]))[table.truth[row]]


def path_of(dataset: Dataset, image: str) -> Path:
    """The file of an image of a dataset that was loaded with images."""
    path = dataset[image].path
    assert path is not None
    return path


def _mask(dataset: Dataset, image: str) -> Mask | None:
    """The lesion of an image, (H, W); None where nobody drew one, or there is none."""
    path = dataset.folder / MASKS / f"{image}.png"
    if not path.is_file():
        return None
    pixels = read_pixels(path)
    mask = np.asarray((pixels if pixels.ndim == 2 else pixels.max(axis=2)) > 0)
    return mask if mask.any() else None


def lesion(dataset: Dataset, image: str) -> Mask | None:
    """The lesion of an image, (H, W); None where the dataset has none."""
    return _mask(dataset, image) if has_masks(dataset) else None


def choose_cases(table: ScoreTable, task: Task, called: BoolArray, errors: FloatArray | None = None) -> list[Case]:
    """A few right and a few wrong images, the clearest of each kind.

    With positive classes: the surest image found, the surest one rightly let go, the one missed with the lowest score,
    and the false alarm with the highest. Without: those whose number or class is nearest, and furthest away.

    Args:
        table: The test images.
        task: What was asked.
        called: (N,) what was called positive.
        errors: (N,) of a number: predicted less true.
    """
    if task.positive:
        return _cases_of_calls(table, task, called)
    highest = table.scores.argmax(axis=1)
    truth_score = table.scores[np.arange(len(table)), table.truth]
    off = 1 - truth_score if errors is None else np.abs(errors)
    right = highest == table.truth
    kinds = (("right", np.flatnonzero(right), off), ("wrong", np.flatnonzero(~right), -off))
    return [
        Case(table.images[row], int(table.fold[row]), kind, kind == "right", int(highest[row]))
        for kind, rows, order in kinds
        for row in _lowest(rows, order)[:EACH]
    ]


def _cases_of_calls(table: ScoreTable, task: Task, called: BoolArray) -> list[Case]:
    ill, scores = positive_truth(table, task.positive), positive_scores(table, task.positive)
    kinds = (
        ("found", ill & called, -scores),
        ("rightly let go", ~ill & ~called, scores),
        ("missed", ill & ~called, scores),
        ("false alarm", ~ill & called, -scores),
    )
    return [
        Case(table.images[row], int(table.fold[row]), kind, bool(ill[row] == called[row]), label)
        for kind, rows, order in kinds
        for row in _lowest(np.flatnonzero(rows), order)[:1]
        for label in [_chosen(table, task, row, positive=bool(called[row]))]
    ]


def _lowest(rows: IntArray, order: FloatArray) -> Sequence[int]:
    """The rows by ascending `order` (N,), equal ones as they stand."""
    return [int(row) for row in rows[np.argsort(order[rows], kind="stable")]]


def _chosen(table: ScoreTable, task: Task, row: int, *, positive: bool) -> int:
    """The class of the highest score among those on the side that was called."""
    columns = positive_columns(table.classes, task.positive)
    side = columns if positive else np.setdiff1d(np.arange(len(table.classes)), columns)
    return int(side[table.scores[row, side].argmax()]) if len(side) else int(table.scores[row].argmax())
