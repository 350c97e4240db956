"""What a run folder holds, brought together for the report: figures, detections of the test images, training logs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spinedet.annotations.errors import InputError
from spinedet.annotations.files import read_json
from spinedet.benchmarks.report.figures import Loss
from spinedet.benchmarks.results import DetectorResults, Results, read_results
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.folds import Fold, Folds, load_folds
from spinedet.detect.contract import Detections
from spinedet.detect.jobs import read_progress
from spinedet.detect.predictions import read_predictions

TITLES = {
    "yolov3": "YOLOv3",
    "yolov5": "YOLOv5",
    "ppyolov2": "PP-YOLOv2",
    "ppyolov2-paddle": "PP-YOLOv2 (Paddle)",
    "resnet50": "ResNet50",
    "vgg19": "VGG19",
    "densenet121": "DenseNet121",
    "densenet201": "DenseNet201",
    "inception_v3": "Inception v3",
}
"""How the papers write detectors and classifiers; any other keeps its own name."""


@dataclass(frozen=True, eq=False, slots=True)
class Contender:
    """One detector of a run.

    Attributes:
        name: Its name in the run folder.
        title: Its name in the report.
        results: Its figures.
        dataset: The test images of its finished folds.
        predictions: What was found in them.
        losses: Training curves, the unfinished folds' too.
        versions: Package versions, as the jobs wrote them down.
    """

    name: str
    title: str
    results: DetectorResults
    dataset: Dataset
    predictions: Mapping[str, Detections]
    losses: tuple[Loss, ...]
    versions: Mapping[str, str]


@dataclass(frozen=True, eq=False, slots=True)
class Run:
    """One benchmark run.

    Attributes:
        folder: The run folder.
        dataset: The whole dataset.
        folds: How it was split.
        results: `results.json`.
        detectors: Those with a finished fold, in the order of the results.
        unfinished: Titles of detectors that were started and have no finished fold yet.
        command: The command line that made the run; empty where it was not kept.
    """

    folder: Path
    dataset: Dataset
    folds: Folds
    results: Results
    detectors: tuple[Contender, ...]
    unfinished: tuple[str, ...]
    command: str


def read_run(folder: Path, dataset: Dataset) -> Run:
    """Read a run folder.

    Raises:
        InputError: A file is missing or damaged, or `dataset` is not the one that the figures were made from.
    """
    results = read_results(folder / "results.json")
    _check_dataset(folder, results, dataset)
    folds = load_folds(folder / "folds.json", dataset)
    detectors = tuple(_contender(folder / name, dataset, folds, one) for name, one in results.detectors.items())
    started = {path.parent.parent.name for path in folder.glob("*/fold*/progress.jsonl")}
    unfinished = tuple(title(name) for name in sorted(started - results.detectors.keys()))
    return Run(folder, dataset, folds, results, detectors, unfinished, _command(folder / "run.json"))


def title(name: str) -> str:
    """The name of a detector as the report prints it."""
    return TITLES.get(name, name)


def _check_dataset(folder: Path, results: Results, dataset: Dataset) -> None:
    if results.dataset.fingerprint != dataset.fingerprint():
        raise InputError(
            "The dataset is not the one that this run was scored on, so its curves would contradict its table.",
            expected=f"'{results.dataset.name}', fingerprint {results.dataset.fingerprint[:12]}",
            found=f"'{dataset.name}', fingerprint {dataset.fingerprint()[:12]}",
            where=folder / "results.json",
            todo="load the same images and boxes, or run `spinedet benchmark` again to score the run anew",
        )


def _contender(folder: Path, dataset: Dataset, folds: Folds, results: DetectorResults) -> Contender:
    finished = {row.fold for row in results.folds}
    parts = [fold for fold in folds.folds if fold.number in finished]
    found: dict[str, Detections] = {}
    for part in parts:
        every = read_predictions(_job(folder, part) / "predictions.json", dataset)
        found.update({image: every[image] for image in part.test})
    return Contender(
        name=folder.name,
        title=title(folder.name),
        results=results,
        dataset=dataset.subset(found),
        predictions=found,
        losses=tuple(_losses(folder, folds.folds, finished)),
        versions=_versions([_job(folder, part) / "done.json" for part in parts]),
    )


def _job(folder: Path, fold: Fold) -> Path:
    return folder / f"fold{fold.number}"


def _losses(folder: Path, folds: Iterable[Fold], finished: set[int]) -> Iterable[Loss]:
    for fold in folds:
        if epochs := read_progress(_job(folder, fold)):
            numbers, losses = zip(*((one.epoch, one.loss) for one in epochs), strict=True)
            yield Loss(fold.number, numbers, losses, fold.number in finished)


def _versions(paths: Iterable[Path]) -> dict[str, str]:
    """Versions over all jobs of a detector; both where two jobs differ."""
    seen: dict[str, list[str]] = {}
    for path in paths:
        for package, version in read_json(path, "record of a finished job").get("versions", {}).items():
            known = seen.setdefault(package, [])
            if str(version) not in known:
                known.append(str(version))
    return {package: ", ".join(known) for package, known in sorted(seen.items())}


def _command(path: Path) -> str:
    record: Any = read_json(path, "record of a run") if path.is_file() else {}
    return str(record.get("command", "")) if isinstance(record, dict) else ""
