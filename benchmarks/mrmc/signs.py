"""Exact tests by signs: what a sum would be if each of its parts had either sign, as under no difference."""

import numpy as np

from spinedet.benchmarks.whole_image.figures import FloatArray


def either_sign(apart: FloatArray, *, mid: bool = False) -> float:
    """Two-sided p of whole numbers (P,): how often their sum is as far from 0 if each has either sign.

    The distribution of the sum is built up number by number, in steps of 2, from the sum of all with a minus.

    Args:
        apart: Whole numbers.
        mid: Count half the chance of just this far (mid-p): the exact p is too careful where few sums are possible
            (M. W. Fagerland, S. Lydersen and P. Laake, BMC Medical Research Methodology 13:91, 2013).
    """
    sizes = np.abs(apart[apart != 0]).astype(np.int64)
    total = int(sizes.sum())
    chance = np.zeros(total + 1)  # of the sum 2 i - total
    chance[0] = 1.0
    for size in sizes.tolist():
        moved = np.zeros_like(chance)
        moved[size:] = chance[: len(chance) - size]
        chance = (chance + moved) / 2
    far = np.abs(2 * np.arange(total + 1) - total) - abs(int(apart.sum()))  # (total + 1,) 0 where just as far
    p = chance[far > 0].sum() + chance[far == 0].sum() * (0.5 if mid else 1)
    return float(min(p, 1.0))
