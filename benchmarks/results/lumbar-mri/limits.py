"""What keeps the detectors of a finished run from 1.0: false detections by where they lie, and objects that are missed.

Beyond the labelled spine (above the highest or below the lowest box of the image, by the detection's centre) there are
vertebrae and discs that nobody labelled; a detection there is counted as false although it may be right. The last
column says what the mean AP would be if detections there, hits aside, did not count.

    python benchmarks/results/lumbar-mri/limits.py DATASET RUN
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spinedet.annotations.boxes import box_iou
from spinedet.benchmarks.evaluation import class_precisions, mean_precision
from spinedet.benchmarks.matching import match_detections
from spinedet.datasets.dataset import Boxes, Dataset
from spinedet.datasets.folds import load_folds
from spinedet.detect.contract import Detections
from spinedet.detect.predictions import read_predictions

SHOWN_SCORE = 0.25
"""Detections are counted from the score on at which `spinedet predict` draws them."""

IOU = 0.5


def beyond(truth: Boxes, found: Detections) -> NDArray[np.bool_]:
    """(N,) the centre lies above or below all labelled boxes, and the detection is no hit on one of them."""
    middle = (found.boxes[:, 1] + found.boxes[:, 3]) / 2
    outside = (middle < truth.boxes[:, 1].min()) | (middle > truth.boxes[:, 3].max())
    return np.asarray(outside & (_overlap(truth, found) < IOU))


def _overlap(truth: Boxes, found: Detections) -> NDArray[np.float64]:
    """(N,) best IoU with an object of the same class."""
    alike = found.labels[:, None] == truth.labels  # (N, M)
    return np.asarray((box_iou(found.boxes, truth.boxes) * alike).max(axis=1, initial=0.0))


def mean_ap(data: Dataset, found: Mapping[str, Detections]) -> float:
    """Mean AP at `IOU` over all images."""
    return mean_precision(class_precisions(match_detections(data, found, IOU))) or 0.0


def row(data: Dataset, found: Mapping[str, Detections]) -> str:
    """One line of the table."""
    shown = {image: detections.above(SHOWN_SCORE) for image, detections in found.items()}
    truths = {item.image: data.boxes(item) for item in data.items}
    false = {image: _overlap(truths[image], part) < IOU for image, part in shown.items()}
    outside = sum(int(beyond(truths[image], part).sum()) for image, part in shown.items())
    inside = sum(int(part.sum()) for part in false.values()) - outside
    hits = sum(int(part.hit.sum()) for part in match_detections(data, shown, IOU))
    objects = sum(len(part.labels) for part in truths.values())
    without = {image: _left(part, ~beyond(truths[image], part)) for image, part in found.items()}
    figures = (mean_ap(data, found), objects - hits, inside, outside, mean_ap(data, without))
    return "{:.3f} | {} | {} | {} | {:.3f}".format(*figures)


def _left(found: Detections, keep: NDArray[np.bool_]) -> Detections:
    return Detections(found.boxes[keep], found.scores[keep], found.labels[keep])


def main() -> None:
    """Print one line a detector."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("run", type=Path)
    told = parser.parse_args()
    data = Dataset.load(told.dataset, with_images=False)
    folds = load_folds(told.run / "folds.json", data).folds
    print("detector | mAP50 | missed | false, within | false, beyond | mAP50 without those beyond")
    for folder in sorted(path for path in told.run.iterdir() if (path / "fold1" / "predictions.json").is_file()):
        found: dict[str, Detections] = {}
        for fold in folds:
            file = folder / f"fold{fold.number}" / "predictions.json"
            found |= read_predictions(file, data.subset(fold.test))
        print(folder.name, "|", row(data.subset(tuple(found)), found))


if __name__ == "__main__":
    main()
