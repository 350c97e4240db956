"""The pointing game: does the highest place of a score map lie in the lesion (Zhang et al. 2018, arXiv 1608.00507)?

Played over true positives only: the map of the right class, of images in which the model has found it. Whoever calls
chooses them, since only the benchmark knows the operating point.

The peak must lie in the mask itself: the tolerance is 0 unless one is asked for, though a map knows a place no better
than half a cell, because a tolerance flatters small lesions most. Where several pixels share the highest value, the one
nearest to the middle of them all counts (the first in reading order where even that is undecided). A map that is the
same everywhere points nowhere, and is a miss.

A share of hits says little where lesions are large or lie in the middle, so what blind pointing would have earned is
told beside it.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from statsmodels.stats.proportion import proportion_confint

Floats = NDArray[np.floating[Any]]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Pointing:
    """The outcome of a pointing game.

    Attributes:
        hits: Maps whose peak lies in the mask.
        total: Maps.
        share: hits / total; none without maps.
        ci95: Wilson's interval of the share.
        chance: What pointing at random would earn on average: the mean share of an image that its mask covers.
        centre: What pointing at the middle of every image would earn.
        tolerance: Pixels by which a peak may miss the mask.
    """

    hits: int
    total: int
    share: float | None
    ci95: tuple[float, float] | None
    chance: float | None
    centre: float | None
    tolerance: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def pointing(maps: Iterable[Floats], masks: Iterable[Mask], tolerance: float = 0.0) -> Pointing:
    """Play the game over pairs of a map and a mask, one pair a true positive.

    Args:
        maps: (H, W) each, of the class that is right; may be a generator, as each is looked at once.
        masks: (H, W) each, true in the lesion.
        tolerance: Pixels by which a peak may miss the mask.

    Raises:
        ValueError: A pair has two shapes, a mask is empty, a map holds what is no number, or there are more of one
            than of the other.
    """
    if tolerance < 0:
        raise ValueError("a tolerance is 0 or more")
    rows = [_play(number, *pair, tolerance) for number, pair in enumerate(zip(maps, masks, strict=True))]
    total = len(rows)
    if not total:
        return Pointing(0, 0, None, None, None, None, tolerance)
    hits, centre = sum(hit for hit, _, _ in rows), sum(middle for _, middle, _ in rows)
    low, high = proportion_confint(hits, total, method="wilson")
    chance = sum(covered for _, _, covered in rows) / total
    return Pointing(hits, total, hits / total, (float(low), float(high)), chance, centre / total, tolerance)


def _play(number: int, scores: Floats, mask: Mask, tolerance: float) -> tuple[bool, bool, float]:
    """Whether the peak hits, whether the middle of the image does, and the share of the image that the mask covers."""
    scores, mask = np.asarray(scores), np.asarray(mask, np.bool_)
    if scores.ndim != 2 or scores.shape != mask.shape:
        raise ValueError(f"pair {number}: the map is {scores.shape} and the mask {mask.shape}; both must be (H, W)")
    if not mask.any():
        raise ValueError(f"pair {number}: the mask is empty, so there is nothing to point at")
    if not np.isfinite(scores).all():
        raise ValueError(f"pair {number}: the map holds what is no finite number")
    place = peak(scores)
    height, width = mask.shape
    hit = place is not None and _touches(place, mask, tolerance)
    return hit, _touches((height // 2, width // 2), mask, tolerance), float(mask.mean())


def peak(scores: Floats) -> tuple[int, int] | None:
    """Row and column of the highest place of a map (H, W); none where the map is the same everywhere."""
    highest = scores.max()
    if scores.min() == highest:
        return None
    tied = np.argwhere(scores == highest)  # (K, 2), in reading order
    from_middle = ((tied - tied.mean(axis=0)) ** 2).sum(axis=1)  # (K, 2) - (2,)
    row, column = tied[from_middle.argmin()]
    return int(row), int(column)


def _touches(place: tuple[int, int], mask: Mask, tolerance: float) -> bool:
    """Whether a place lies in the mask, or no further than the tolerance from one of its pixels."""
    if not tolerance:
        return bool(mask[place])
    return bool(np.hypot(*(np.argwhere(mask) - place).T).min() <= tolerance)  # (K, 2) - (2,)
