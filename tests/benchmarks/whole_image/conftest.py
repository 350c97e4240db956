"""Tables of scores written by hand.

`table([("p1", 1, 0.8), ("p2", 0, 0.3)])` has one image a row, named a, b, c ...: patient, true class, scores. One
number is the score of the second of two classes; otherwise there is one a class.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import pytest

from spinedet.annotations.files import write_json
from spinedet.benchmarks.whole_image.scores import ScoreTable
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.folds import Fold, Folds, make_folds, save_folds
from spinedet.datasets.tasks import Task
from spinedet.detect.contract import Settings
from spinedet.detect.jobs import DONE_FILE, JOB_FILE, SCORES_FILE, Done, Job, Milliseconds

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


@dataclass(frozen=True)
class HandMade:
    """A run folder whose jobs never ran: their class scores are written by hand.

    `run.add("yolov5", lambda image: (0.2, 0.8))` is a detector that gives every image these scores.
    """

    data: Dataset
    folds: Folds
    folder: Path

    def add(self, name: str, score: Callable[[str], Sequence[float]], unfinished: Sequence[int] = ()) -> None:
        """Write the finished jobs of a detector; folds in `unfinished` have none."""
        for fold in self.folds.folds:
            if fold.number not in unfinished:
                self._write(self.folder / name / f"fold{fold.number}", name, fold, score)

    def _write(self, folder: Path, name: str, fold: Fold, score: Callable[[str], Sequence[float]]) -> None:
        job = Job(
            settings=Settings(detector=name, size="one"),
            dataset=self.data.folder,
            fingerprint=self.data.fingerprint(),
            classes=self.data.classes,
            train=fold.train,
            val=fold.val,
            test=fold.test,
            whole_image=True,
        )
        speed = Milliseconds(median=2.0, p90=3.0)
        done = Done(
            job=job.identity(),
            detector=name,
            epochs=1,
            train_seconds=30.0,
            predict_ms_per_image=speed,
            peak_memory_mb=1.0,
            versions={},
        )
        parts = {"val": fold.val, "test": fold.test}
        scores = {part: {image: list(score(image)) for image in images} for part, images in parts.items()}
        write_json(folder / JOB_FILE, job.model_dump(mode="json"))
        write_json(folder / DONE_FILE, done.model_dump(mode="json"))
        write_json(folder / SCORES_FILE, {"classes": list(self.data.classes), **scores})


HAND_MADE_CLASSES = ("healthy", "ill", "odd", "rare")


@pytest.fixture
def hand_made(make_dataset: Callable[..., Path], tmp_path: Path) -> Callable[..., HandMade]:
    """`hand_made(2)`: 12 patients of two images each (`p00a`, `p00b` ...), healthy and ill in turn; 2 folds."""

    def make(width: int = 2, *, val: float = 0.3) -> HandMade:
        rows = {
            f"p{number:02}{view}": (f"P{number:02}", [(HAND_MADE_CLASSES[number % width], 1, 1, 64, 48)])
            for number in range(12)
            for view in "ab"
        }
        data = Dataset.load(make_dataset(rows), classes=HAND_MADE_CLASSES[:width])
        folds = make_folds(data, 2, 0, val_ratio=val)
        (tmp_path / "run").mkdir()
        save_folds(tmp_path / "run" / "folds.json", folds, data)
        return HandMade(data, folds, tmp_path / "run")

    return make
