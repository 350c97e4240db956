"""Several tests at once: p-values corrected for their number, and the correction named beside them.

Written out here because statsmodels collects garbage at each call, which takes seconds with a large study in memory;
tests hold the values against it. Sources: S. Holm, Scandinavian Journal of Statistics 6:65 (1979); O. J. Dunn, JASA
56:52 (1961) for Bonferroni's; Y. Benjamini and Y. Hochberg, JRSS B 57:289 (1995), which bounds the share of false
findings instead of the chance of any.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from spinedet.annotations.errors import InputError
from spinedet.benchmarks.agreement.figures import Record
from spinedet.benchmarks.whole_image.figures import FloatArray

Correction = Literal["holm", "bonferroni", "benjamini-hochberg"]


class Adjusted(Record):
    """P-values of a family of tests.

    Attributes:
        correction: How they were corrected.
        tests: How many there are; those without a p do not count.
        p: As they were; None where there is none.
        adjusted: Corrected, in the same order.
    """

    correction: Correction
    tests: int
    p: tuple[float | None, ...]
    adjusted: tuple[float | None, ...]


def adjust(p: Sequence[float | None], correction: Correction = "holm") -> Adjusted:
    """Correct the p-values of a family of tests; None stays None and does not count.

    Raises:
        InputError: A p-value is not from 0 to 1.
    """
    known = [value for value in p if value is not None]
    if not all(0 <= value <= 1 for value in known):
        raise InputError("A p-value is impossible.", expected="from 0 to 1", found=f"{known}")
    left = iter(_corrected(np.array(known, np.float64), correction).tolist())
    adjusted = tuple(None if value is None else float(next(left)) for value in p)
    return Adjusted(correction=correction, tests=len(known), p=tuple(p), adjusted=adjusted)


def _corrected(p: FloatArray, correction: Correction) -> FloatArray:
    """P-values (N,) corrected; a step may not undo the one before it."""
    number, order = len(p), np.argsort(p, kind="stable")
    rank = np.arange(1, number + 1)
    if correction == "bonferroni":
        return np.minimum(number * p, 1.0)
    found = np.empty(number)
    if correction == "holm":
        found[order] = np.maximum.accumulate((number + 1 - rank) * p[order])
    else:
        found[order] = np.minimum.accumulate((number / rank * p[order])[::-1])[::-1]
    return np.minimum(found, 1.0)
