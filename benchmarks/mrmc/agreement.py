"""Agreement of readers who put the same cases into categories: Cohen's kappa of every two, Fleiss' of all.

Where the categories are numbers they are taken for ordered, and Cohen's kappa stands beside a weighted one that counts
how far two readers are apart: J. Cohen, Psychological Bulletin 70:213 (1968); standard error of J. L. Fleiss, J. Cohen
and B. S. Everitt, Psychological Bulletin 72:323 (1969), from statsmodels.
"""

import math
from typing import Literal

import numpy as np
from statsmodels.stats.inter_rater import cohens_kappa

from spinedet.benchmarks.agreement.figures import KappaFigure, Record
from spinedet.benchmarks.agreement.kappa import QUANTILE, ROUNDING, Kappa, cohen, cohen_values, ratio
from spinedet.benchmarks.agreement.kappas import fleiss_figure, kappa_figure
from spinedet.benchmarks.agreement.resampling import Resamples
from spinedet.benchmarks.mrmc.rated import Rated
from spinedet.benchmarks.mrmc.ratings import MissingRule
from spinedet.benchmarks.whole_image.figures import FloatArray, IntArray

Weights = Literal["quadratic", "linear"]


class PairAgreement(Record):
    """Two readers.

    Attributes:
        first, second: The readers.
        kappa: Cohen's.
        weighted: Weighted by the distance of the categories; None where they are words, or only two.
    """

    first: str
    second: str
    kappa: KappaFigure
    weighted: KappaFigure | None


class ReaderAgreement(Record):
    """Everything that `spinedet study agreement` says.

    Attributes:
        readers: Their names.
        cases: How many.
        patients: How many.
        categories: Their names, in order.
        ordered: Whether the categories are numbers.
        weights: Of the weighted kappa.
        pairs: Every two readers.
        fleiss: All together.
        resamples, seed: How the intervals were made.
        resampled: What was drawn anew: `patient` or `case`.
        notes: What was left out.
    """

    readers: tuple[str, ...]
    cases: int
    patients: int
    categories: tuple[str, ...]
    ordered: bool
    weights: Weights
    pairs: tuple[PairAgreement, ...]
    fleiss: KappaFigure
    resamples: int
    seed: int
    resampled: Literal["patient", "case"]
    notes: tuple[str, ...] = ()


def measure_agreement(
    rated: Rated,
    *,
    weights: Weights = "quadratic",
    missing: MissingRule = "refuse",
    resamples: int = 2000,
    seed: int = 0,
) -> ReaderAgreement:
    """Measure how far readers agree.

    Args:
        rated: The categories.
        weights: Of the weighted kappa.
        missing: What is done about missing cells.
        resamples: How many times patients (cases, where each is one) are drawn anew.
        seed: The same seed gives the same intervals.

    Raises:
        InputError: Cells are missing and refused.
    """
    table = rated.crossed(missing)
    names = np.array(table.patients or table.cases, np.str_)
    patient = np.unique(names, return_inverse=True)[1].astype(np.int64)
    drawn = Resamples.draw(patient, resamples, seed)
    patients = len(np.unique(patient))
    return ReaderAgreement(
        readers=table.readers,
        cases=len(table.cases),
        patients=patients,
        categories=table.categories,
        ordered=len(table.values) > 0,
        weights=weights,
        pairs=_pairs(table, drawn, weights),
        fleiss=fleiss_figure(drawn, np.arange(len(table.cases)), table.given, len(table.categories)),
        resamples=len(drawn.weights) - 1,
        seed=seed,
        resampled="patient" if patients < len(table.cases) else "case",
        notes=table.notes,
    )


def weighted_values(tables: FloatArray, distance: FloatArray) -> FloatArray:
    """Weighted kappa of many tables (..., C, C) at once, (...); NaN where it is not defined.

    Args:
        tables: Counts.
        distance: (C, C) how bad each pair of categories is, 0 where they are the same.
    """
    chance = np.einsum("...i,ij,...j->...", tables.sum(axis=-1), distance, tables.sum(axis=-2))
    apart = (tables * distance).sum(axis=(-2, -1))
    return 1 - ratio(tables.sum(axis=(-2, -1)) * apart, chance)


def distances(values: FloatArray, weights: Weights) -> FloatArray:
    """(C, C) distance of categories that are numbers, at most 1."""
    apart = np.abs(values[:, None] - values)  # (C, 1) against (C,)
    scaled = apart / max(float(apart.max()), np.finfo(float).tiny)
    return np.asarray(scaled**2 if weights == "quadratic" else scaled)


def weighted_kappa(table: FloatArray, distance: FloatArray) -> Kappa:
    """Weighted kappa of one table (C, C) with its standard error; `distance` as of `distances`."""
    n, plain = int(table.sum()), cohen(table.astype(np.int64))
    value = float(weighted_values(table, distance))
    if math.isnan(value):
        return plain
    with np.errstate(
        invalid="ignore", divide="ignore"
    ):  # statsmodels also makes the greatest kappa, which may be 0 / 0
        found = cohens_kappa(table, weights=distance)
    se, null = (math.sqrt(max(float(variance), 0.0)) for variance in (found.var_kappa, found.var_kappa0))
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    observed, expected = 1 - float((table * distance).sum()) / n, 1 - float(rows @ distance @ columns) / n**2
    ci95 = (max(value - QUANTILE * se, -1.0), min(value + QUANTILE * se, 1.0))
    return Kappa(value, se, ci95, value / null if null > ROUNDING else None, n, observed, expected)


def _pairs(table: Rated, drawn: Resamples, weights: Weights) -> tuple[PairAgreement, ...]:
    """Every two readers; each reader's tables with all later ones are made at once, which is what takes the time."""
    distance = distances(table.values, weights) if len(table.values) > 2 else None
    rows = []
    for first, name in enumerate(table.readers[:-1]):
        tables = _tables(table.given[:, first], table.given[:, first + 1 :], len(table.categories), drawn)
        rows += [
            _pair(name, other, found, distance) for other, found in zip(table.readers[first + 1 :], tables, strict=True)
        ]
    return tuple(rows)


def _pair(first: str, second: str, tables: FloatArray, distance: FloatArray | None) -> PairAgreement:
    """Two readers from their tables (1 + R, C, C)."""
    plain = kappa_figure(cohen(tables[0].astype(np.int64)), cohen_values(tables))
    if distance is None:
        return PairAgreement(first=first, second=second, kappa=plain, weighted=None)
    weighted = kappa_figure(weighted_kappa(tables[0], distance), weighted_values(tables, distance))
    return PairAgreement(first=first, second=second, kappa=plain, weighted=weighted)


def _tables(first: IntArray, others: IntArray, categories: int, drawn: Resamples) -> FloatArray:
    """Tables of counts of one reader (N,) with others (N, J): as they are, and of the patients drawn anew.

    Returns:
        (J, 1 + R, C, C).
    """
    cells = first[:, None] * categories + others  # (N, J)
    columns = [column == cell for column in cells.T for cell in range(categories**2)]
    sums = drawn.sums(np.arange(len(first)), columns)  # (J times C squared, 1 + R)
    return sums.reshape(others.shape[1], categories, categories, -1).transpose(0, 3, 1, 2)
