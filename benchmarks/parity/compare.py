"""Differences between two answers, and whether they are within their bounds.

Where there is nothing to compare, or something is no number, the difference is infinite.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinedet.benchmarks.parity.answers import ALL_CANDIDATES
from spinedet.benchmarks.parity.exchange import Arrays

Values = NDArray[Any]
Differences = dict[str, float]
"""Largest difference by name; the part before the slash is the kind."""

BOUNDS = {
    "outputs": 1e-3,
    "boxes": 0.1,
    "scores": 1e-3,
    "targets": 1e-4,
    "losses": 1e-3,
    "gradients": 1e-2,
    "training": 5e-3,
    "moved": 0.1,
}
"""Largest difference of each kind: of outputs, scores and targets absolute; of boxes in pixels of the input; of losses
relative; of a training's losses relative, step by step; of a layer's gradient, or of what a training added to it, as
the length of the difference by the length of the reference. (The largest single difference would say how far one ReLU
reaches: where a sum is -1e-6 in one framework and 1e-6 in the other, a channel's gradient changes by some percent.)
"""


def absolute(reference: Values, other: Values) -> float:
    """The largest difference of two arrays."""
    return float(np.abs(_gap(reference, other)).max(initial=0.0)) if _comparable(reference, other) else math.inf


def relative(reference: Values, other: Values) -> float:
    """The distance of two arrays (root of the sum of squares) as a share of the length of the reference."""
    if not _comparable(reference, other):
        return math.inf
    distance, length = np.linalg.norm(_gap(reference, other)), np.linalg.norm(reference.ravel().astype(np.float64))
    if distance == 0:
        return 0.0
    return float(distance / length) if length else math.inf  # beside zeros only zeros are the same


def stepwise(reference: Values, other: Values) -> float:
    """The largest relative difference of two arrays (N,), value by value."""
    if not _comparable(reference, other):
        return math.inf
    return max(map(relative, reference, other))


def _comparable(reference: Values, other: Values) -> bool:
    """Whether there is something to compare, of the same shape, and all of it numbers."""
    same = reference.shape == other.shape and reference.size > 0
    return same and bool(np.isfinite(reference).all() and np.isfinite(other).all())


def _gap(reference: Values, other: Values) -> Values:
    return reference.ravel().astype(np.float64) - other.ravel()


METHODS: dict[str, Callable[[Values, Values], float]] = {
    "losses": relative,
    "gradients": relative,
    "training": stepwise,
    "moved": relative,
}
"""How a kind is compared; every other one absolutely."""


def kind(name: str) -> str:
    """What a figure is about: `losses` for `losses/xy`."""
    return name.partition("/")[0]


def differences(reference: Arrays, other: Arrays) -> Differences:
    """All differences between two sides' answers to one case, in the order of the reference.

    Args:
        reference: What relative differences relate to.
        other: The other answer; what only one of them has differs infinitely.
    """
    found: Differences = {}
    for name in [*reference, *(name for name in other if name not in reference)]:
        if name not in reference or name not in other:
            found[name] = math.inf
        elif name == "detections":
            found |= detection_differences(reference[name], other[name])
        else:
            found[name] = METHODS.get(kind(name), absolute)(reference[name], other[name])
    return found


def beyond(found: Differences) -> dict[str, float]:
    """The figures that are not within the bound of their kind."""
    return {name: value for name, value in found.items() if not value <= BOUNDS[kind(name)]}


def detection_differences(reference: Values, other: Values) -> Differences:
    """The largest difference in place and in score between detections (K, 7) of image, label, score and box.

    Each detection of either side is compared with the nearest one of the same image and label on the other side; not
    those that just reach the threshold or the last place, where rounding decides which are kept.
    """
    pairs = [*_nearest(reference, other), *_nearest(other, reference)]
    boxes, scores = zip(*pairs, strict=True) if pairs else ((math.inf,), (math.inf,))
    return {"boxes/detections": max(boxes), "scores/detections": max(scores)}


def _nearest(ours: Values, theirs: Values) -> list[tuple[float, float]]:
    """Difference in place and in score of each of our detections from the nearest of theirs."""
    found = []
    for image in np.unique(ours[:, 0]):
        mine, others = ours[ours[:, 0] == image], theirs[theirs[:, 0] == image]
        least = max(_least_score(mine), _least_score(others)) + BOUNDS["scores"]
        found += [_difference(row, others[others[:, 1] == row[1]]) for row in mine if not row[2] < least]
    return found


def _least_score(rows: Values) -> float:
    """What a detection had to reach to be among those of an image."""
    full = len(rows) >= ALL_CANDIDATES.keep
    return float(rows[:, 2].min()) if full else ALL_CANDIDATES.score_threshold


def _difference(row: Values, others: Values) -> tuple[float, float]:
    """Of a detection from the nearest of others, as seen by both bounds: in pixels and in score."""
    boxes = np.abs(others[:, 3:] - row[3:]).max(axis=1, initial=0.0)
    scores = np.abs(others[:, 2] - row[2])
    if len(others) == 0 or not np.isfinite([*boxes, *scores]).all():
        return math.inf, math.inf
    best = np.maximum(boxes / BOUNDS["boxes"], scores / BOUNDS["scores"]).argmin()
    return float(boxes[best]), float(scores[best])
