"""Tables of scores written by hand.

`table([("p1", 1, 0.8), ("p2", 0, 0.3)])` has one image a row, named a, b, c ...: patient, true class, scores. One
number is the score of the second of two classes; otherwise there is one a class.
"""

from collections.abc import Callable, Sequence
from string import ascii_lowercase
from typing import Any

import pytest

from spinedet.benchmarks.whole_image.scores import ScoreTable
from spinedet.datasets.tasks import Task

CLASSES = ("healthy", "ill", "odd", "rare")


def score_table(rows: Sequence[tuple[Any, ...]], folds: Sequence[int] | None = None) -> ScoreTable:
    scores = [row[2:] if len(row) > 3 else (1 - row[2], row[2]) for row in rows]
    names = list(ascii_lowercase[: len(rows)])
    classes = CLASSES[: len(scores[0])]
    return ScoreTable.of(names, [row[0] for row in rows], [row[1] for row in rows], scores, classes, folds)


@pytest.fixture(scope="session")
def table() -> Callable[..., ScoreTable]:
    return score_table


@pytest.fixture(scope="session")
def task() -> Callable[..., Task]:
    """A task of the first classes: `task(2)`, `task(3, kind="grades", cut="ill")`."""

    def make(width: int = 2, **given: object) -> Task:
        words = {"task": "drawn", "about": "By hand.", "box": "image", "kind": "classes", "classes": CLASSES[:width]}
        return Task.model_validate({**words, **given})

    return make
