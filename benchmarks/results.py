"""`results.json`: the figures of a benchmark run, and how they come from the folds.

`mean` and `sd` are taken over the finished folds (sample SD, divisor n - 1; one fold has no SD). `pooled` scores the
detections of all finished folds together, each image judged by the model that never saw its patient, and `ci95` is the
percentile interval of the pooled value over resampled patients. A figure that does not exist is null.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from spinedet.annotations.errors import InputError
from spinedet.annotations.files import read_json, write_json
from spinedet.benchmarks.average_precision import Rule
from spinedet.benchmarks.coco import Coco
from spinedet.benchmarks.evaluation import Evaluation, Interval, class_precisions, evaluate, mean_precision
from spinedet.benchmarks.matching import match_detections
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.folds import Fold, Folds
from spinedet.detect.contract import Detections, Settings

SCHEMA: Final = 1
"""Version of the layout of `results.json`."""

IOU = 0.5
"""Overlap of a hit in every benchmark: the 50 in mAP50."""

RULE: Rule = "all-point"
"""Every benchmark takes the area under the precision envelope."""

RESAMPLES = 2000
"""Resamples of the patients behind each interval."""


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


Number = Annotated[float | None, BeforeValidator(_finite)]
"""A figure; None where it does not exist or is not finite."""


class Part(BaseModel):
    """A part of `results.json`; in the file its fields have their aliases."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Figure(Part):
    """One figure over the folds.

    Attributes:
        mean: Mean over the finished folds that have the class.
        sd: Sample standard deviation over the same folds; None for fewer than two.
        pooled: The value over all finished test images together.
        ci95: Its 95 % interval; None where patients are not known.
    """

    mean: Number
    sd: Number
    pooled: Number
    ci95: Interval | None


class FoldResult(Part):
    """One finished fold of one detector.

    Attributes:
        fold: Number of the fold.
        test_images: Images it was judged on.
        test_patients: Patients it was judged on.
        map50: mAP50 on them, the mean over the classes that have objects there.
        ap50: AP50 of each class; None where the fold has no object of it.
        missing: The classes of which the test part has no object; `map50` leaves them out.
        epochs: Epochs trained.
        train_seconds: Wall time of the training.
    """

    fold: int
    test_images: int
    test_patients: int
    map50: Number = Field(alias="mAP50")
    ap50: dict[str, Number] = Field(alias="AP50")
    missing: tuple[str, ...] = ()
    epochs: int | None = None
    train_seconds: Number = None


class Times(Part):
    """Milliseconds an image, from file to boxes: the median over the folds of the median and of the 90th percentile."""

    median: Number
    p90: Number


class DetectorResults(Part):
    """What one detector reached.

    Attributes:
        map50: mAP50.
        ap50: AP50 of each class, in the dataset's order.
        coco: COCO's figures, pooled.
        folds: The finished folds by number.
        incomplete: Numbers of the folds that are not finished; every figure then covers the others only.
        missing: Classes of which no finished test image has an object; the pooled mAP50 leaves them out.
        train_seconds: Training time of all finished folds together.
        predict_ms_per_image: Time of one prediction.
        peak_memory_mb: Largest memory of a training process, over the folds.
        settings: What the detector was trained with.
        weights: Where training started: `none`, `coco` or a file.
    """

    map50: Figure = Field(alias="mAP50")
    ap50: dict[str, Figure] = Field(alias="AP50")
    coco: Coco
    folds: tuple[FoldResult, ...]
    incomplete: tuple[int, ...] = ()
    missing: tuple[str, ...] = ()
    train_seconds: Number
    predict_ms_per_image: Times
    peak_memory_mb: Number
    settings: Settings
    weights: str


class DatasetFacts(Part):
    """The dataset of a run.

    Attributes:
        name: Its name.
        images: Number of images.
        patients: Number of patients; None where the dataset does not say.
        boxes: Number of boxes, difficult ones included.
        counts: Boxes of each class, in the dataset's order.
        fingerprint: SHA-256 of everything but the pixels.
    """

    name: str
    images: int
    patients: int | None
    boxes: int
    counts: dict[str, int]
    fingerprint: str


class Protocol(Part):
    """How the figures were made.

    Attributes:
        folds: Number of folds; 1 for a hold-out split.
        seed: Seed of the folds and of the resampling.
        grouped_by: What stays together in a fold.
        iou: Overlap of a hit.
        ap: How the area under the curve is taken.
        resamples: Resamples behind the intervals.
    """

    folds: int
    seed: int
    grouped_by: Literal["patient", "image"]
    iou: float
    ap: Rule
    resamples: int


class Results(Part):
    """The whole of `results.json`.

    Attributes:
        schema_version: Version of this layout.
        dataset: What was learned from and judged on.
        protocol: How.
        detectors: One entry a detector, in the order they were asked for.
        machine: What it ran on (`cpu`, `cores`, `memory_gb`, `system` ...).
        versions: Versions of the packages that decide results.
    """

    schema_version: Literal[1] = Field(default=SCHEMA, alias="schema")
    dataset: DatasetFacts
    protocol: Protocol
    detectors: dict[str, DetectorResults]
    machine: dict[str, Any] = {}
    versions: dict[str, str] = {}


def write_results(path: Path, results: Results) -> None:
    """Write `results.json`, whole or not at all."""
    write_json(path, results.model_dump(mode="json", by_alias=True))


def read_results(path: Path) -> Results:
    """Read `results.json`.

    Raises:
        InputError: The file is missing, is no JSON, or has another layout.
    """
    value = read_json(path, "results file")
    try:
        return Results.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(
            "This is not a results file of this version.",
            expected=f"the layout of schema {SCHEMA}",
            found=f"{'.'.join(map(str, first['loc'])) or 'the whole'}: {first['msg']}",
            where=path,
            todo="write it again with `spinedet benchmark`, which keeps the finished folds",
        ) from error


@dataclass(frozen=True, eq=False, slots=True)
class FoldOutcome:
    """What a finished job left behind.

    Attributes:
        fold: Number of the fold.
        predictions: Detections by image name; only those of the fold's test images are looked at.
        done: The job's `done.json`.
    """

    fold: int
    predictions: Mapping[str, Detections]
    done: Mapping[str, Any]


def summarise(
    dataset: Dataset,
    folds: Folds,
    per_fold: Mapping[str, Sequence[FoldOutcome]],
    settings: Mapping[str, Settings],
    *,
    resamples: int = RESAMPLES,
    machine: Mapping[str, Any] | None = None,
    versions: Mapping[str, str] | None = None,
) -> Results:
    """Turn the outcomes of a run into its results; detectors without a finished fold are left out.

    Args:
        dataset: The whole dataset.
        folds: How it was split.
        per_fold: The finished jobs of each detector.
        settings: What each detector was trained with.
        resamples: Resamples of the patients behind each interval; 0 for no intervals.
        machine: What it ran on.
        versions: Versions of the packages.

    Raises:
        InputError: An outcome belongs to no fold, or `dataset` lacks the patients that intervals need.
    """
    detectors = {
        name: _detector(dataset, folds, outcomes, settings[name], resamples)
        for name, outcomes in per_fold.items()
        if outcomes
    }
    return Results(
        dataset=dataset_facts(dataset),
        protocol=Protocol(
            folds=len(folds.folds),
            seed=folds.seed,
            grouped_by=folds.grouped_by,
            iou=IOU,
            ap=RULE,
            resamples=resamples,
        ),
        detectors=detectors,
        machine=dict(machine or {}),
        versions=dict(versions or {}),
    )


def dataset_facts(dataset: Dataset) -> DatasetFacts:
    """Count a dataset."""
    counts = dataset.counts()
    return DatasetFacts(
        name=dataset.name,
        images=len(dataset),
        patients=len(dataset.patients) or None,
        boxes=sum(counts.values()),
        counts=counts,
        fingerprint=dataset.fingerprint(),
    )


def _detector(
    dataset: Dataset, folds: Folds, outcomes: Sequence[FoldOutcome], settings: Settings, resamples: int
) -> DetectorResults:
    parts = {fold.number: fold for fold in folds.folds}
    if strangers := sorted({outcome.fold for outcome in outcomes} - parts.keys()):
        raise InputError("A result belongs to no fold.", expected=f"one of {sorted(parts)}", found=str(strangers[0]))
    ordered = sorted(outcomes, key=lambda outcome: outcome.fold)
    rows = tuple(_fold_result(dataset, parts[outcome.fold], outcome) for outcome in ordered)
    tested = {image: outcome for outcome in ordered for image in parts[outcome.fold].test}
    found = {image: one.predictions[image] for image, one in tested.items() if image in one.predictions}
    pooled = evaluate(dataset.subset(tested), found, iou=IOU, rule=RULE, resamples=resamples, seed=folds.seed)
    done = [outcome.done for outcome in ordered]
    return DetectorResults(
        mAP50=_figure([row.map50 for row in rows], pooled.mean_ap, pooled.ci95),
        AP50=_class_figures(rows, pooled),
        coco=pooled.coco,
        folds=rows,
        incomplete=tuple(sorted(parts.keys() - {outcome.fold for outcome in ordered})),
        missing=pooled.missing,
        train_seconds=_total([record.get("train_seconds") for record in done]),
        predict_ms_per_image=_times([record.get("predict_ms_per_image") or {} for record in done]),
        peak_memory_mb=max(_known([record.get("peak_memory_mb") for record in done]), default=None),
        settings=settings,
        weights=settings.weights,
    )


def _fold_result(dataset: Dataset, fold: Fold, outcome: FoldOutcome) -> FoldResult:
    test = dataset.subset(fold.test)
    values = class_precisions(match_detections(test, outcome.predictions, IOU), RULE)
    return FoldResult(
        fold=fold.number,
        test_images=len(test),
        test_patients=len(test.patients),
        mAP50=mean_precision(values),
        AP50=values,
        missing=tuple(name for name, value in values.items() if value is None),
        epochs=outcome.done.get("epochs"),
        train_seconds=outcome.done.get("train_seconds"),
    )


def _class_figures(rows: Sequence[FoldResult], pooled: Evaluation) -> dict[str, Figure]:
    return {one.label: _figure([row.ap50[one.label] for row in rows], one.ap, one.ci95) for one in pooled.classes}


def _figure(values: Sequence[float | None], pooled: float | None, ci95: Interval | None) -> Figure:
    known = _known(values)
    return Figure(
        mean=float(np.mean(known)) if known else None,
        sd=float(np.std(known, ddof=1)) if len(known) > 1 else None,
        pooled=pooled,
        ci95=ci95,
    )


def _known(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None and math.isfinite(value)]


def _total(values: Sequence[float | None]) -> float | None:
    known = _known(values)
    return math.fsum(known) if known else None


def _times(records: Sequence[Mapping[str, float]]) -> Times:
    columns = {name: _known([record.get(name) for record in records]) for name in ("median", "p90")}
    return Times(**{name: float(np.median(known)) if known else None for name, known in columns.items()})
