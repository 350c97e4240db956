"""The score from which on an image is called positive: chosen on validation images, never on those that are tested.

Thresholds lie in the middle between neighbouring scores of the validation images, so that a test image's score that is
a little lower is no other case. Of equally good ones the lowest is taken: a missed patient is worse than another look.
Where nothing can be chosen (no validation images, one class only, one score only) the threshold is 0.5, and `why` says
so.
"""

import numpy as np
from pydantic import Field

from spinedet.annotations.errors import InputError
from spinedet.benchmarks.agreement.figures import Record
from spinedet.benchmarks.whole_image.figures import BoolArray, FloatArray
from spinedet.benchmarks.whole_image.roc import unrankable

HALF = 0.5
"""The threshold where none could be chosen."""

ROUNDING = 1e-12
"""Two sums of the same shares differ by less than this."""


class OperatingPoint(Record):
    """Where the line was drawn.

    Attributes:
        threshold: An image of this score or more is called positive.
        rule: How it was chosen.
        from_: What it was chosen on.
        sensitivity: There.
        specificity: There.
        why: Why it could not be chosen and is 0.5.
    """

    threshold: float = Field(ge=0, le=1)
    rule: str
    from_: str
    sensitivity: float | None = None
    specificity: float | None = None
    why: str | None = None

    def called(self, scores: FloatArray) -> BoolArray:
        """Whether images of these positive scores (N,) are called positive, (N,)."""
        return scores >= self.threshold


def fixed(threshold: float = HALF, why: str | None = None) -> OperatingPoint:
    """A threshold that nothing was looked at for.

    Raises:
        InputError: It is no score.
    """
    if not 0 <= threshold <= 1:
        raise InputError("This is no threshold.", expected="a score from 0 to 1", found=str(threshold))
    return OperatingPoint(threshold=threshold, rule="fixed", from_="nothing", why=why)


def youden(truth: BoolArray, scores: FloatArray, from_: str = "validation images") -> OperatingPoint:
    """The threshold with the greatest sensitivity + specificity - 1.

    Source: W. J. Youden, Cancer 3:32 (1950).

    Args:
        truth: (N,) whether a validation image is positive.
        scores: (N,) its positive score.
        from_: What these images are, for the record.
    """
    if why := unrankable(truth, scores):
        return fixed(why=why)
    thresholds, sensitivity, specificity = _choices(truth, scores)
    sums = sensitivity + specificity
    best = int(np.flatnonzero(sums >= sums.max() - ROUNDING)[0])
    return _point(thresholds, sensitivity, specificity, best, "Youden", from_)


def at_sensitivity(
    truth: BoolArray, scores: FloatArray, sensitivity: float, from_: str = "validation images"
) -> OperatingPoint:
    """The highest threshold at which at least this share of the positive validation images is called positive.

    Raises:
        InputError: The share is not above 0, or above 1.
    """
    if not 0 < sensitivity <= 1:
        raise InputError("This is no sensitivity to ask for.", expected="above 0, at most 1", found=str(sensitivity))
    if why := unrankable(truth, scores):
        return fixed(why=why)
    thresholds, reached, specificity = _choices(truth, scores)
    best = int(np.flatnonzero(reached >= sensitivity - ROUNDING)[-1])
    return _point(thresholds, reached, specificity, best, f"sensitivity of at least {sensitivity:g}", from_)


def _choices(truth: BoolArray, scores: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Thresholds, ascending, with sensitivity and specificity, (T,) each; the first calls everything positive."""
    values = np.unique(scores)
    thresholds = np.concatenate([[0.0], (values[:-1] + values[1:]) / 2])
    ill, healthy = np.sort(scores[truth]), np.sort(scores[~truth])
    sensitivity = 1 - np.searchsorted(ill, thresholds, "left") / len(ill)
    return thresholds, sensitivity, np.searchsorted(healthy, thresholds, "left") / len(healthy)


def _point(
    thresholds: FloatArray, sensitivity: FloatArray, specificity: FloatArray, at: int, rule: str, from_: str
) -> OperatingPoint:
    return OperatingPoint(
        threshold=float(thresholds[at]),
        rule=rule,
        from_=from_,
        sensitivity=float(sensitivity[at]),
        specificity=float(specificity[at]),
    )
