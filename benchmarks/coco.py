"""COCO's figures from pycocotools, on the same continuous edges as the Pascal VOC figures.

They differ from VOC AP by definition: a detection may take the second-best object, precision is read at 101 recalls,
and the 100 best detections of a class in an image count. A difficult object is handed over as a crowd region
(`iscrowd = 1`), the only way in which pycocotools ignores one: detections on it are neither hits nor misses, and the
overlap with it is measured over the detection's own area.
"""

import contextlib
import io
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from pydantic import BaseModel, ConfigDict, Field

from spinedet.datasets.dataset import Dataset
from spinedet.detect.contract import Detections

MAX_DETECTIONS = 100
"""COCO counts this many detections of a class in one image."""

EVERY_AREA = [0.0, 1e10]
"""COCO's area range `all`, in square pixels."""

NO_VALUE = -1
"""What pycocotools writes for a class without objects."""


class Coco(BaseModel):
    """COCO's figures; None if no class has objects.

    Attributes:
        ap: Mean over the IoUs 0.50, 0.55 ... 0.95.
        ap50: At IoU 0.50.
        ap75: At IoU 0.75.
    """

    model_config = ConfigDict(frozen=True, populate_by_name=True, extra="forbid")

    ap: float | None = Field(alias="AP")
    ap50: float | None = Field(alias="AP50")
    ap75: float | None = Field(alias="AP75")


def coco_figures(dataset: Dataset, predictions: Mapping[str, Detections]) -> Coco:
    """AP[.50:.95], AP50 and AP75 over all classes that have objects.

    Args:
        dataset: The ground truth.
        predictions: Detections by image name, labels in the dataset's order; an image without an entry has none.
    """
    with contextlib.redirect_stdout(io.StringIO()):  # pycocotools reports each of its steps
        truth, found = _coco(dataset, _truth_rows(dataset)), _coco(dataset, _found_rows(dataset, predictions))
        scoring = COCOeval(truth, found, iouType="bbox")
        scoring.params.areaRng, scoring.params.areaRngLbl = [EVERY_AREA], ["all"]
        scoring.params.maxDets = [MAX_DETECTIONS]
        scoring.evaluate()
        scoring.accumulate()
    precision = scoring.eval["precision"]  # (T IoUs, R recalls, C classes, 1 area, 1 limit)
    thresholds = scoring.params.iouThrs
    return Coco(
        AP=_mean(precision),
        AP50=_mean(precision[np.isclose(thresholds, 0.5)]),
        AP75=_mean(precision[np.isclose(thresholds, 0.75)]),
    )


def _mean(precision: NDArray[np.float64]) -> float | None:
    known = precision[precision != NO_VALUE]
    return float(known.mean()) if known.size else None


def _coco(dataset: Dataset, rows: Iterable[dict[str, Any]]) -> COCO:
    """A COCO object in memory; its numbers start at 1, because pycocotools takes 0 for `not matched`."""
    coco = COCO()
    coco.dataset = {
        "images": [{"id": number} for number in range(1, len(dataset) + 1)],
        "categories": [{"id": label, "name": name} for label, name in enumerate(dataset.classes)],
        "annotations": [{"id": number, **row} for number, row in enumerate(rows, start=1)],
    }
    coco.createIndex()
    return coco


def _truth_rows(dataset: Dataset) -> Iterable[dict[str, Any]]:
    for image, item in enumerate(dataset.items, start=1):
        truth = dataset.boxes(item)
        for box, label, difficult in zip(truth.boxes, truth.labels, truth.difficult, strict=True):
            yield {**_row(image, label, box), "iscrowd": int(difficult)}


def _found_rows(dataset: Dataset, predictions: Mapping[str, Detections]) -> Iterable[dict[str, Any]]:
    for image, item in enumerate(dataset.items, start=1):
        found = predictions.get(item.image)
        if found is None:
            continue
        for box, label, score in zip(found.boxes.astype(np.float64), found.labels, found.scores, strict=True):
            yield {**_row(image, label, box), "iscrowd": 0, "score": float(score)}


def _row(image: int, label: int, box: ArrayLike) -> dict[str, Any]:
    x0, y0, x1, y1 = np.asarray(box, np.float64).tolist()
    width, height = x1 - x0, y1 - y0
    return {
        "image_id": image,
        "category_id": int(label),
        "bbox": [x0, y0, width, height],
        "area": width * height,
    }
