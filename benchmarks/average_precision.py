"""Precision, recall and the area under their curve, by the two rules of the Pascal VOC devkit."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from spinedet.benchmarks.matching import ClassMatches

Rule = Literal["all-point", "11-point"]

ELEVEN = np.linspace(0, 1, 11)
"""Recalls of the 11-point rule, stepped by 0.1 as in all published values: 0.3, 0.6 and 0.7 lie 1e-16 too high, so that
a recall of exactly 9/15 does not reach 0.6."""


@dataclass(frozen=True, eq=False, slots=True)
class PrecisionRecall:
    """The curve of one class, one point a detection, best score first.

    Attributes:
        recall: (D,) share of the objects found down to this detection; empty if there are no objects.
        precision: (D,) share of the detections so far that are hits; empty if there are no objects.
        scores: (D,) the detections' scores, descending; empty if there are no objects.
        objects: How many objects there are, difficult ones left out.
    """

    recall: NDArray[np.float64]
    precision: NDArray[np.float64]
    scores: NDArray[np.float32]
    objects: int


def precision_recall(matches: ClassMatches) -> PrecisionRecall:
    """The precision-recall curve of one class."""
    objects = int(matches.objects.sum())
    if objects == 0:
        return PrecisionRecall(np.empty(0), np.empty(0), np.empty(0, np.float32), 0)
    hits = np.cumsum(matches.hit)
    return PrecisionRecall(hits / objects, hits / np.arange(1, len(hits) + 1), matches.scores, objects)


def average_precision(curve: PrecisionRecall, rule: Rule = "all-point") -> float | None:
    """Average precision in 0..1; None where there is no object to find."""
    if curve.objects == 0:
        return None
    return float(area(curve.recall, curve.precision, rule))


def area(recall: NDArray[np.float64], precision: NDArray[np.float64], rule: Rule) -> NDArray[np.float64]:
    """Area under one or many curves.

    `all-point` (VOC 2010 and later): recall steps times the precision envelope, the best precision at this recall or a
    higher one. `11-point` (VOC 2007): the mean of the envelope at recall 0, 0.1 ... 1.

    Args:
        recall: (..., D), not falling along the last axis.
        precision: (..., D).
        rule: The rule.

    Returns:
        (...) in 0..1.
    """
    if rule == "11-point":
        best = [np.max(precision, axis=-1, initial=0, where=recall >= least) for least in ELEVEN]
        return np.asarray(np.mean(best, axis=0))
    steps = np.diff(recall, axis=-1, prepend=0)
    return np.asarray(np.einsum("...d,...d->...", steps, envelope(precision)))


def envelope(precision: NDArray[np.float64]) -> NDArray[np.float64]:
    """The best precision at this point of the curve (..., D) or a later one."""
    return np.asarray(np.maximum.accumulate(precision[..., ::-1], axis=-1)[..., ::-1])
