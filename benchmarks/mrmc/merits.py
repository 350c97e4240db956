"""Figures of merit of readers, and the components from which their covariances come.

Each figure here is a mean over cases, or over pairs of a positive and a negative case: the empirical area under the ROC
curve, or sensitivity or specificity at a threshold. A case's *placement* is its own part in that mean: of a positive
case the share of negatives ranked below it (E. R. DeLong et al., Biometrics 44:837, 1988), and for sensitivity simply
whether it was called positive.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from spinedet.annotations.errors import InputError
from spinedet.benchmarks.whole_image.figures import BoolArray, FloatArray, IntArray
from spinedet.benchmarks.whole_image.roc import placements

Merit = Literal["auc", "sensitivity", "specificity"]


@dataclass(frozen=True, eq=False, slots=True)
class Placements:
    """K figures of merit of the same cases, and each case's part in them.

    Attributes:
        values: (K,) the figures.
        ill: (K, M) placements of the positive cases; M is 0 for specificity.
        healthy: (K, L) placements of the negative cases; L is 0 for sensitivity.
        ill_cluster: (M,) index of each positive case's patient.
        healthy_cluster: (L,) of each negative case's.
        ratings: (K, M) and (K, L) what the pairs are made of; None where the figure is no mean over pairs.
    """

    values: FloatArray
    ill: FloatArray
    healthy: FloatArray
    ill_cluster: IntArray
    healthy_cluster: IntArray
    ratings: tuple[FloatArray, FloatArray] | None

    @property
    def patients(self) -> int:
        """Patients who have a part in the figures."""
        return len(np.union1d(self.ill_cluster, self.healthy_cluster))

    @property
    def clustered(self) -> bool:
        """Whether any patient has several cases."""
        return self.patients < len(self.ill_cluster) + len(self.healthy_cluster)


def merit_placements(
    truth: BoolArray, ratings: FloatArray, merit: Merit, threshold: FloatArray | float | None, cluster: IntArray
) -> Placements:
    """Figures of merit of K rows of ratings.

    Args:
        truth: (N,) positive and negative cases.
        ratings: (K, N) without gaps.
        merit: Which figure.
        threshold: The least rating that counts as a positive call, one for all or (K,); None for the AUC.
        cluster: (N,) index of each case's patient.

    Raises:
        InputError: A threshold is missing where one is needed, or given where none is.
    """
    if (threshold is None) != (merit == "auc"):
        found = "none" if threshold is None else f"{threshold}"
        expected = "none for auc, one for sensitivity or specificity"
        todo = "give --threshold with --merit sensitivity or specificity, and only there"
        raise InputError(f"The threshold does not fit {merit}.", expected=expected, found=found, todo=todo)
    nothing, nobody = np.empty((len(ratings), 0)), np.empty(0, np.int64)
    if threshold is None:
        ill, healthy = placements(truth, ratings)
        pairs = (ratings[:, truth], ratings[:, ~truth])
        return Placements(ill.mean(axis=1), ill, healthy, cluster[truth], cluster[~truth], pairs)
    called = ratings >= np.reshape(threshold, (-1, 1))  # (K, N) against (K, 1) or (1, 1)
    if merit == "sensitivity":
        hits = called[:, truth].astype(np.float64)
        return Placements(hits.mean(axis=1), hits, nothing, cluster[truth], nobody, None)
    hits = (~called[:, ~truth]).astype(np.float64)
    return Placements(hits.mean(axis=1), nothing, hits, nobody, cluster[~truth], None)
