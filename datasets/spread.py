"""Deal patients into parts so that every class keeps its share in every part.

scikit-learn's StratifiedGroupKFold does this for equal parts; it may leave a class out of a training part that could
have had it, warns through a global filter, and knows no unequal parts (70/15/15). The rule here is as simple: the
heaviest patients first, each to the part that it fits best; several orders are tried and the best result is kept.
"""

import numpy as np
from numpy.typing import NDArray

TRIES = 20
"""Orders in which the patients are dealt; the best result wins."""

JITTER = 0.5
"""A try multiplies each patient's weight by a random number between this and 1."""

GOOD_ENOUGH = 1e-4
"""Mean relative squared deviation from the wanted shares (1 % a cell) at which no further order is tried."""

Counts = NDArray[np.int64]
Ratios = NDArray[np.float64]
Parts = NDArray[np.int64]


def spread(counts: Counts, ratios: Ratios, training: NDArray[np.bool_], seed: list[int]) -> Parts:
    """Give each group a part; no part stays empty, and the result depends on the arguments alone.

    Args:
        counts: (G, C) what each group holds of each kind; every group holds something.
        ratios: (P,) the wanted share of each part, above 0 and together 1.
        training: (T, P) the parts that make up each training set; a kind missing there is the worst fault.
        seed: Entropy for the orders.

    Returns:
        (G,) the part of each group.
    """
    if len(counts) < len(ratios):
        raise ValueError(f"{len(counts)} groups cannot fill {len(ratios)} parts")
    rng = np.random.default_rng(seed)
    kinds = counts[:, counts.any(axis=0)]
    shares = kinds / kinds.sum(axis=0)  # (G, C): each column sums to 1
    best, least = np.empty(0, np.int64), (np.inf, np.inf, np.inf)
    for _ in range(TRIES):
        parts = _deal(shares, ratios, rng)
        faults = _faults(shares, ratios, training, parts)
        if faults < least:
            best, least = parts, faults
        if least[:2] == (0, 0) and least[2] < GOOD_ENOUGH:
            break
    return best


def _deal(shares: NDArray[np.float64], ratios: Ratios, rng: np.random.Generator) -> Parts:
    """One pass over the groups, those with a large part of any kind first.

    A group with shares s joins the part that raises the sum of (held - ratio)^2 / ratio least: up to terms that are
    the same for all parts, that is s (2 held + s) / ratio.
    """
    weights = shares.max(axis=1) * rng.uniform(JITTER, 1, len(shares))
    held = np.zeros((len(ratios), shares.shape[1]))  # (P, C)
    filled = np.zeros(len(ratios), np.bool_)
    parts = np.empty(len(shares), np.int64)
    for done, group in enumerate(np.argsort(-weights, kind="stable")):
        cost = (2 * held + shares[group]) @ shares[group] / ratios  # (P, C) @ (C,) -> (P,)
        if len(shares) - done <= np.count_nonzero(~filled):
            cost[filled] = np.inf  # as many empty parts as groups left: each gets one
        part = int(np.argmin(cost))
        parts[group] = part
        held[part] += shares[group]
        filled[part] = True
    return parts


def _faults(
    shares: NDArray[np.float64], ratios: Ratios, training: NDArray[np.bool_], parts: Parts
) -> tuple[float, float, float]:
    """What is wrong with a result, the worst first.

    Returns:
        Kinds missing in training sets; kinds missing in parts though enough groups hold them; mean relative squared
        deviation from the wanted shares.
    """
    held = np.zeros((len(ratios), shares.shape[1]))
    np.add.at(held, parts, shares)
    present = held > 0  # (P, C)
    trained = training.astype(np.int64) @ present.astype(np.int64) > 0  # (T, C)
    reachable = np.minimum(np.count_nonzero(shares, axis=0), len(ratios))  # (C,)
    deviation = (held / ratios[:, None] - 1) ** 2
    return (
        float(np.count_nonzero(~trained)),
        float(np.sum(reachable - np.count_nonzero(present, axis=0))),
        float(deviation.mean()),
    )
