"""Covariances of figures of merit that were measured on the same cases.

Three estimators, for the readers' figures as for a model's:

- `delong`: from the placements (E. R. DeLong et al., Biometrics 44:837, 1988). Where patients have several cases, the
  placements are added up by patient (N. A. Obuchowski, Biometrics 53:567, 1997); for a proportion that is the ratio
  estimator of J. N. K. Rao and A. J. Scott, Biometrics 48:577 (1992).
- `jackknife`: each case left out once, each patient where patients have several. A case without a part in a figure
  (a negative one in sensitivity) is not left out: nothing would change.
- `unbiased`: the U-statistic estimator (B. D. Gallas, Academic Radiology 13:353, 2006; B. D. Gallas, G. A. Pennello and
  K. J. Myers, Journal of the Optical Society of America A 24:B70, 2007). The covariance is E(ab) - E(a)E(b); of the
  second term products of pairs that share no case are an unbiased estimate. Only for independent cases.

For sensitivity and specificity of independent cases all three are the same.
"""

from typing import Literal

import numpy as np

from spinedet.annotations.errors import InputError
from spinedet.benchmarks.mrmc.merits import Placements
from spinedet.benchmarks.whole_image.figures import FloatArray, IntArray

Method = Literal["delong", "jackknife", "unbiased"]

FEWEST = 2
"""Patients of a kind without whom their spread is unknown."""

CELLS = 4_000_000
"""Pairs of cases times figures held at once; bounds the memory (about 20 bytes a cell)."""


def covariance(parts: Placements, method: Method) -> FloatArray:
    """Covariance (K, K) of K figures of merit.

    Raises:
        InputError: Fewer than two positive or negative patients have a part in the figures, or `unbiased` is wanted
            where patients have several cases.
    """
    for kind, cluster in (("positive", parts.ill_cluster), ("negative", parts.healthy_cluster)):
        patients = len(np.unique(cluster))
        if len(cluster) and patients < FEWEST:
            expected = f"{FEWEST} or more {kind} cases, of different patients"
            raise InputError("There are too few cases for a covariance.", expected=expected, found=f"{patients}")
    if method == "jackknife":
        return _jackknife(parts)
    if method == "delong":
        return _delong(parts)
    if parts.clustered:
        todo = "choose --covariance delong or jackknife"
        raise InputError(
            "The unbiased covariance takes cases for independent.",
            expected="one case a patient",
            found=f"{parts.patients} patients with {len(parts.ill_cluster) + len(parts.healthy_cluster)} cases",
            todo=todo,
        )
    return _delong(parts) if parts.ratings is None else _unbiased(parts, *parts.ratings)


def _delong(parts: Placements) -> FloatArray:
    """Sums of centred placements by patient; the cross term is that of patients with both kinds of cases."""
    number = _clusters(parts)
    total = np.zeros((len(parts.values), len(parts.values)))
    sides = []
    for placed, cluster in ((parts.ill, parts.ill_cluster), (parts.healthy, parts.healthy_cluster)):
        if not placed.shape[1]:
            continue
        sums = _by_cluster(placed - parts.values[:, None], cluster, number) / placed.shape[1]  # (K, P)
        patients = len(np.unique(cluster))
        total += patients / (patients - 1) * (sums @ sums.T)
        sides.append(sums)
    if parts.clustered and len(sides) == 2:
        cross = sides[0] @ sides[1].T
        total += parts.patients / (parts.patients - 1) * (cross + cross.T)
    return total


def _jackknife(parts: Placements) -> FloatArray:
    left = _without_each(parts)  # (K, P)
    off = left - left.mean(axis=1, keepdims=True)
    return np.asarray((left.shape[1] - 1) / left.shape[1] * (off @ off.T))


def _without_each(parts: Placements) -> FloatArray:
    """The figures (K, P) without each patient who has a part in them."""
    number = _clusters(parts)
    counts = [np.bincount(cluster, minlength=number) for cluster in (parts.ill_cluster, parts.healthy_cluster)]  # (P,)
    there = counts[0] + counts[1] > 0
    sizes = [parts.ill.shape[1], parts.healthy.shape[1]]
    left = [size - count for size, count in zip(sizes, counts, strict=True) if size]
    if any((rest == 0).any() for rest in left):
        raise InputError("One patient has all cases of a kind.", expected="a figure without any one patient")
    sums = [
        _by_cluster(placed, cluster, number)
        for placed, cluster in ((parts.ill, parts.ill_cluster), (parts.healthy, parts.healthy_cluster))
    ]
    if parts.ratings is None:  # a proportion: one of the two kinds alone
        figures = (max(sizes) * parts.values[:, None] - sums[0] - sums[1]) / left[0]
    else:
        won = sizes[0] * sizes[1] * parts.values[:, None]  # (K, 1) pairs
        gone = sizes[1] * sums[0] + sizes[0] * sums[1] - _within(parts, *parts.ratings)  # (K, P)
        figures = (won - gone) / (left[0] * left[1])
    return np.asarray(figures[:, there])


def _within(parts: Placements, ill: FloatArray, healthy: FloatArray) -> FloatArray:
    """Pairs won (K, P) in which both cases are of one patient."""
    won = np.zeros((len(parts.values), _clusters(parts)))
    for patient in np.intersect1d(parts.ill_cluster, parts.healthy_cluster):
        above, below = ill[:, parts.ill_cluster == patient], healthy[:, parts.healthy_cluster == patient]
        signs = np.sign(above[:, :, None] - below[:, None, :])  # (K, m, 1) against (K, 1, l)
        won[:, patient] = (1 + signs).sum(axis=(1, 2)) / 2
    return won


def _unbiased(parts: Placements, ill: FloatArray, healthy: FloatArray) -> FloatArray:
    """Product of the figures less the mean product of pairs that share no case."""
    ills, well = ill.shape[1], healthy.shape[1]
    pairs = ills * well
    won = pairs * parts.values  # (K,)
    same_ill = well**2 * parts.ill @ parts.ill.T  # (K, K) sums over pairs of pairs with one positive case
    same_healthy = ills**2 * parts.healthy @ parts.healthy.T
    signs = 2 * won - pairs
    same_pair = (pairs + signs[:, None] + signs + _sign_products(ill, healthy)) / 4
    apart = (np.outer(won, won) - same_ill - same_healthy + same_pair) / (pairs * (ills - 1) * (well - 1))
    return np.asarray(np.outer(parts.values, parts.values) - apart)


def _sign_products(ill: FloatArray, healthy: FloatArray) -> FloatArray:
    """Sum over all pairs (M x L) of the products of two figures' signs, (K, K): whole numbers, exact.

    A chunk has at most `CELLS` products of 1, 0 or -1, fewer than single precision counts exactly (2 to the 24).
    """
    figures, well = healthy.shape
    rows = max(1, CELLS // (figures * well))
    total = np.zeros((figures, figures))
    for first in range(0, ill.shape[1], rows):
        chunk = ill[:, first : first + rows, None]  # (K, rows, 1) against (K, 1, L)
        signs = np.sign(chunk - healthy[:, None, :]).astype(np.float32).reshape(figures, -1)
        total += signs @ signs.T
    return total


def _clusters(parts: Placements) -> int:
    return int(max(parts.ill_cluster.max(initial=-1), parts.healthy_cluster.max(initial=-1))) + 1


def _by_cluster(placed: FloatArray, cluster: IntArray, number: int) -> FloatArray:
    """Sums (K, P) of (K, M) by patient."""
    return np.array([np.bincount(cluster, row, number) for row in placed]).reshape(len(placed), number)
