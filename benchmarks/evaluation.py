"""The one evaluator: every detector is scored here, never by its own framework.

Average precision follows the Pascal VOC devkit (`matching`, `average_precision`), COCO's figures come from pycocotools
(`coco`), and the 95 % intervals from resampling patients (`bootstrap`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from spinedet.annotations.errors import InputError
from spinedet.benchmarks.average_precision import Rule, average_precision, precision_recall
from spinedet.benchmarks.bootstrap import bootstrap, interval, mean_over_classes
from spinedet.benchmarks.coco import Coco, coco_figures
from spinedet.benchmarks.matching import ClassMatches, match_detections
from spinedet.datasets.dataset import Dataset
from spinedet.detect.contract import Detections

Interval = tuple[float, float]


class ClassEvaluation(BaseModel):
    """How well one class is found.

    Attributes:
        label: Name of the class.
        objects: Objects in the ground truth, without the difficult ones.
        detections: Detections that count (those on difficult objects do not).
        hits: How many of them are true positives.
        ap: Average precision; None for a class without objects.
        ci95: Its 95 % percentile interval over resampled patients; None where none was asked for or none exists.
    """

    model_config = ConfigDict(frozen=True)

    label: str
    objects: int
    detections: int
    hits: int
    ap: float | None
    ci95: Interval | None = None


class Evaluation(BaseModel):
    """What one set of predictions is worth.

    Attributes:
        images: Number of images.
        patients: Number of patients; None where the dataset does not say.
        iou: Overlap at which a detection counts as a hit.
        rule: How the area under the precision-recall curve is taken.
        resamples: Resamples behind the intervals; 0 where there are none.
        mean_ap: Mean AP over the classes that have objects; None if no class has.
        ci95: Its 95 % interval.
        missing: Classes without objects, left out of `mean_ap`.
        classes: One entry a class, in the dataset's order.
        coco: COCO's AP, AP50 and AP75.
    """

    model_config = ConfigDict(frozen=True)

    images: int
    patients: int | None
    iou: float
    rule: Rule
    resamples: int
    mean_ap: float | None
    ci95: Interval | None
    missing: tuple[str, ...]
    classes: tuple[ClassEvaluation, ...]
    coco: Coco

    def as_dict(self) -> dict[str, Any]:
        """What `spinedet evaluate --json` prints: plain values, None where a figure does not exist."""
        return self.model_dump(mode="json", by_alias=True)

    @property
    def ap(self) -> dict[str, float | None]:
        """AP by class name."""
        return {row.label: row.ap for row in self.classes}


def evaluate(
    dataset: Dataset,
    predictions: Mapping[str, Detections],
    *,
    iou: float = 0.5,
    rule: Rule = "all-point",
    resamples: int = 0,
    seed: int = 0,
) -> Evaluation:
    """Score predictions against a dataset; no image is read.

    Args:
        dataset: The ground truth.
        predictions: Detections by image name, labels in the dataset's order of classes. An image without an entry has
            no detections; entries of images outside the dataset are left alone (so a fold's subset can be scored).
        iou: Overlap at which a detection counts, above 0 and at most 1.
        rule: `all-point` (area under the precision envelope) or `11-point`.
        resamples: How many times the patients are drawn anew for the intervals; 0 for none.
        seed: Seeds the draws.

    Raises:
        InputError: `iou` or `resamples` is out of range, or intervals are asked for and patients are not known.
    """
    matches = match_detections(dataset, predictions, iou)
    values = class_precisions(matches, rule)
    intervals, whole = _intervals(dataset, matches, rule, resamples, seed)
    rows = [_class_row(one, value, ci95) for one, value, ci95 in zip(matches, values.values(), intervals, strict=True)]
    return Evaluation(
        images=len(dataset),
        patients=len(dataset.patients) or None,
        iou=iou,
        rule=rule,
        resamples=resamples,
        mean_ap=mean_precision(values),
        ci95=whole,
        missing=tuple(name for name, value in values.items() if value is None),
        classes=tuple(rows),
        coco=coco_figures(dataset, predictions),
    )


def class_precisions(matches: Sequence[ClassMatches], rule: Rule = "all-point") -> dict[str, float | None]:
    """AP of each class by name; None for a class without objects."""
    return {one.label: average_precision(precision_recall(one), rule) for one in matches}


def mean_precision(values: Mapping[str, float | None]) -> float | None:
    """The mAP: the mean over the classes that have objects; None if none has."""
    known = [value for value in values.values() if value is not None]
    return float(np.mean(known)) if known else None


def _class_row(matches: ClassMatches, ap: float | None, ci95: Interval | None) -> ClassEvaluation:
    return ClassEvaluation(
        label=matches.label,
        objects=int(matches.objects.sum()),
        detections=len(matches.scores),
        hits=int(matches.hit.sum()),
        ap=ap,
        ci95=ci95,
    )


def _intervals(
    dataset: Dataset, matches: Sequence[ClassMatches], rule: Rule, resamples: int, seed: int
) -> tuple[list[Interval | None], Interval | None]:
    """The interval of each class, and that of the mean."""
    if resamples < 0:
        raise InputError("The number of resamples is impossible.", expected="0 or more", found=str(resamples))
    if resamples == 0:
        return [None] * len(matches), None
    values = bootstrap(matches, patient_numbers(dataset), resamples=resamples, seed=seed, rule=rule)  # (R, C)
    return [interval(column) for column in values.T], interval(mean_over_classes(values))


def patient_numbers(dataset: Dataset) -> NDArray[np.int64]:
    """Whose image each one is: an index (I,) into the sorted patients.

    Raises:
        InputError: The dataset does not say whose images they are.
    """
    names = [item.patient for item in dataset.items]
    if None in names:
        raise InputError(
            "Intervals need to know whose images they are.",
            expected="patients.csv with the columns image,patient",
            found="no patients",
            where=dataset.folder,
            todo="write that file, or use --each-image-is-a-patient if that is so",
        )
    return np.asarray(np.unique(np.array(names, np.str_), return_inverse=True)[1], np.int64)
