"""95 % intervals by drawing the patients anew, with replacement.

Matching is done once: whether a detection hits depends on its own image alone. A resample only decides how often each
patient counts, so its curve is a weighted running sum over detections that are sorted already. An image that is drawn
twice has its detections twice in a row, which gives the same area as if its copies were really there.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from spinedet.benchmarks.average_precision import Rule, area
from spinedet.benchmarks.matching import ClassMatches

CONFIDENCE = 95.0
"""Per cent of the resamples that lie in an interval."""

CHUNK_CELLS = 2_000_000
"""Detections times resamples held at once; bounds the memory (about 30 bytes a cell)."""


def bootstrap(
    matches: Sequence[ClassMatches],
    patients: NDArray[np.int64],
    *,
    resamples: int,
    seed: int = 0,
    rule: Rule = "all-point",
) -> NDArray[np.float64]:
    """AP of each class in each resample.

    Args:
        matches: The matched detections, one entry a class.
        patients: (I,) index of each image's patient, from 0.
        resamples: How many times as many patients as there are get drawn with replacement.
        seed: The same seed gives the same values.
        rule: How the area under the curve is taken.

    Returns:
        (R, C); NaN where a resample has no object of a class.
    """
    values = [
        np.stack([_class_values(one, patients, weights, rule) for one in matches], axis=1)
        for weights in _weights(patients, matches, resamples, seed)
    ]
    return np.concatenate(values) if values else np.empty((0, len(matches)))


def interval(values: NDArray[np.float64]) -> tuple[float, float] | None:
    """The percentile interval of resampled values (R,); NaN is left out, None if nothing else is there."""
    known = values[~np.isnan(values)]
    if not known.size:
        return None
    tail = (100 - CONFIDENCE) / 2
    low, high = np.percentile(known, [tail, 100 - tail])
    return float(low), float(high)


def mean_over_classes(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mAP of each resample, (R, C) to (R,), over the classes it has; NaN if it has none."""
    known = ~np.isnan(values)
    total = np.where(known, values, 0).sum(axis=1)
    count = known.sum(axis=1)
    return np.asarray(np.divide(total, count, out=np.full(len(values), np.nan), where=count > 0))


def _weights(
    patients: NDArray[np.int64], matches: Sequence[ClassMatches], resamples: int, seed: int
) -> Iterator[NDArray[np.int32]]:
    """How often each patient counts, (R, P) in chunks of resamples that fit `CHUNK_CELLS`."""
    number = int(patients.max(initial=-1)) + 1
    rows = max(1, CHUNK_CELLS // max(number, 1, *(len(one.scores) for one in matches)))
    generator = np.random.default_rng(seed)
    for first in range(0, resamples, rows):
        drawn = [_draw(generator, number) for _ in range(min(rows, resamples - first))]
        yield np.array(drawn, np.int32)  # (R, P)


def _draw(generator: np.random.Generator, number: int) -> NDArray[np.int64]:
    """Times each of `number` patients is drawn in `number` draws."""
    return np.bincount(generator.integers(number, size=number), minlength=number)


def _class_values(
    matches: ClassMatches, patients: NDArray[np.int64], weights: NDArray[np.int32], rule: Rule
) -> NDArray[np.float64]:
    """AP of one class under weights (R, P); NaN where its objects all weigh nothing.

    Only the points at hits are kept: between them precision falls and recall stands still, and after the last nothing
    can be gained.
    """
    objects = weights @ np.bincount(patients, weights=matches.objects, minlength=weights.shape[1])  # (R,)
    present = objects > 0
    hits = np.flatnonzero(matches.hit)  # (H,)
    counts = weights[present][:, patients[matches.image[: hits.max(initial=-1) + 1]]]  # (R, D to the last hit)
    total = np.cumsum(counts, axis=1, dtype=np.int32)[:, hits]  # (R, H)
    found = np.cumsum(counts[:, hits], axis=1, dtype=np.int32)  # (R, H)
    precision = np.divide(found, total, out=np.zeros(found.shape), where=total > 0)
    values = np.full(len(weights), np.nan)
    values[present] = area(found / objects[present, None], precision, rule)
    return values
