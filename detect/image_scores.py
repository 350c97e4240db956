"""A whole image's score for each class, from what a detector says of all its cells.

A whole-image head is an object whose box is the image and whose class is the label, so an image's score for a class is
the best score that any detection of the class has, divided by the sum of these over the classes.

Which detections count: all of them, before suppression. Suppression itself never removes the best detection of a class
(greedy keeps it, and Matrix NMS leaves it its score), but the limits around it do. The runtime drops what lies below
its score floor (0.001 for YOLO, 0.01 for PP-YOLOv2), looks at the 600 best candidates of all classes together, and
keeps 300 or 100 of them. Hundreds of cells say the same of one whole-image box, so a sure class can fill these places
alone, and the score of the other class, which a ROC curve needs, is lost. `Model.class_scores` therefore takes the
best over the raw cells. Where a head was trained with `evidence`, one cell of each class has the image's score and the
rest less (`spinedet.detect.training.evidence`), so that best is the image's score there too. From a `predictions.json`
the same comes out wherever the class has survived; where it has not, it takes `FLOOR`.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinedet.annotations.errors import WorkError
from spinedet.detect.contract import Detections

FLOOR = 1e-6
"""What a class gets that has less than this or no detection at all.

It lies far below every score floor of the detectors, so a class that was found always ranks above one that was not, and
an image in which nothing was found gives every class the same share instead of 0 / 0.
"""

Floats = NDArray[np.float64]


def shares(best: ArrayLike) -> Floats:
    """Best scores of the classes as shares of their sum.

    Args:
        best: (..., C), the best score of each class in 0..1.

    Returns:
        (..., C) float64, each row above 0 with a sum of 1.

    Raises:
        WorkError: A score lies outside 0..1, or is no number.
    """
    scores = np.asarray(best, np.float64)
    if not ((scores >= 0) & (scores <= 1)).all():
        raise WorkError(
            "A detector gave a score that is no number from 0 to 1.",
            todo="training has diverged: train again with a smaller learning rate",
        )
    raised = np.maximum(scores, FLOOR)
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True))  # (..., C) / (..., 1)


def best_scores(found: Detections, classes: int) -> Floats:
    """The best score of each class among detections, (C,); 0 for a class that has none."""
    best = np.zeros(classes)
    np.maximum.at(best, found.labels, found.scores)
    return best


def image_scores(found: Detections | ArrayLike, classes: int) -> Floats:
    """An image's score for each class.

    Args:
        found: All detections of the image, or (better) the raw scores of its cells, (N, C).
        classes: Number of classes C.

    Returns:
        (C,) float64, above 0, with a sum of 1.

    Raises:
        ValueError: The raw scores are not (N, C).
        WorkError: A score is not in 0..1.
    """
    if isinstance(found, Detections):
        return shares(best_scores(found, classes))
    cells = np.asarray(found, np.float64)
    if cells.ndim != 2 or cells.shape[1] != classes:
        raise ValueError(f"raw scores are (N, {classes}), not {cells.shape}")
    return shares(cells.max(axis=0, initial=0.0))


def score_rows(predictions: Mapping[str, Detections], images: Sequence[str], classes: int) -> Floats:
    """Scores of several images, (len(images), C), as `spinedet.detect.predictions.read_predictions` gives them."""
    rows = [best_scores(predictions[image], classes) for image in images]
    return shares(np.array(rows).reshape(len(images), classes))
