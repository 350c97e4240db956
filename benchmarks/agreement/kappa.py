"""Cohen's and Fleiss' kappa: agreement of raters beyond what their habits alone would give.

kappa = (observed - expected) / (1 - expected). *Observed* is the share of agreement, *expected* what would be seen if
the raters chose their categories as often as they do, but blindly.

Sources: J. Cohen, Educational and Psychological Measurement 20:37 (1960); J. L. Fleiss, Psychological Bulletin 76:378
(1971); for the standard errors see `cohen` and `fleiss`. Values come from statsmodels where it has them.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm
from statsmodels.stats.inter_rater import cohens_kappa, fleiss_kappa

from spinedet.annotations.errors import InputError

QUANTILE = float(norm.ppf(0.975))
"""Standard errors on each side of an analytic 95 % interval."""

ROUNDING = 1e-7
"""A standard error below this is 0 but for rounding."""

NOTHING = "nothing was rated"
CONSTANT = "every rating is the same category, so agreement by chance is certain"

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Kappa:
    """A kappa with what its formula says of its precision; units are taken for independent of each other.

    Attributes:
        value: At most 1; None where it is not defined.
        se: Large-sample standard error, for the interval; None where there is none.
        ci95: `value` and 1.96 `se` on each side, cut at -1 and 1.
        z: `value` over its standard error if there were no agreement beyond chance; None where that is 0.
        n: Units rated.
        observed: Share of agreement: of the units (Cohen), of the pairs of ratings (Fleiss).
        expected: The same by chance.
        why: Why there is no value; None where there is one.
    """

    value: float | None
    se: float | None
    ci95: tuple[float, float] | None
    z: float | None
    n: int
    observed: float | None
    expected: float | None
    why: str | None = None


def cohen(table: ArrayLike) -> Kappa:
    """Cohen's kappa of two raters, with the standard errors of Fleiss, Cohen and Everitt.

    A rater who always gives one category has a kappa of 0 with anybody who does not: no agreement beyond chance is
    possible then. If both always give the same one, there is no kappa.

    Args:
        table: (C, C) counts of units; row = category of the first rater, column = of the second.

    Raises:
        InputError: The table is not square, or has something else than counts.

    Source of the standard errors: Psychological Bulletin 72:323 (1969), formulas 13 and 14.
    """
    counts = _counts(table, "a square table")
    if counts.shape[0] != counts.shape[1]:
        raise InputError("This is no table of two raters.", expected="a square table", found=f"{counts.shape}")
    n = int(counts.sum())
    if why := _undefined(cohen_values(counts), n):
        return _none(n, why)
    with np.errstate(invalid="ignore"):  # a variance of 0 may come out as -1e-18
        found = cohens_kappa(counts)
    observed = float(np.trace(counts)) / n
    expected = float(counts.sum(axis=1) @ counts.sum(axis=0)) / n**2
    se, null = (math.sqrt(max(float(variance), 0.0)) for variance in (found.var_kappa, found.var_kappa0))
    return _kappa(float(found.kappa), se, null, n, observed, expected)


def fleiss(counts: ArrayLike) -> Kappa:
    """Fleiss' kappa of two or more raters, the same number for each unit.

    Args:
        counts: (N, C) how many raters gave unit n the category c.

    Raises:
        InputError: Something else than counts, fewer than two raters, or not as many for each unit.

    Sources: `z` has the standard error under no agreement of Fleiss, Nee and Landis, Psychological Bulletin 86:974
    (1979); `se` is that of Gwet, Educational and Psychological Measurement 81:781 (2021), which linearises kappa in
    the units and needs no such assumption.
    """
    table = _counts(counts, "a table of units and categories")
    raters = _raters(table)
    n = len(table)
    if why := _undefined(fleiss_values(agreeing(table).sum(), table.sum(axis=0), raters), n):
        return _none(n, why)
    value = float(fleiss_kappa(table))
    observed = agreeing(table) / (raters * (raters - 1))  # (N,) share of agreeing pairs of raters
    shares = table.sum(axis=0) / table.sum()  # (C,)
    expected = float(shares @ shares)
    pull = (observed - observed.mean()) - 2 * (1 - value) * (table @ shares / raters - expected)  # (N,)
    se = math.sqrt(float(pull @ pull) / (n * (n - 1))) / (1 - expected) if n > 1 else None
    return _kappa(value, se, _null_error(shares, n, raters), n, float(observed.mean()), expected)


def cohen_values(tables: ArrayLike) -> FloatArray:
    """Cohen's kappa of many tables at once, (..., C, C) to (...); NaN where it is not defined."""
    counts = np.asarray(tables, np.float64)
    n = counts.sum(axis=(-2, -1))
    agreed = np.trace(counts, axis1=-2, axis2=-1)
    chance = (counts.sum(axis=-1) * counts.sum(axis=-2)).sum(axis=-1)  # (...) times n squared, so that it is whole
    return ratio(n * agreed - chance, n * n - chance)


def agreeing(counts: NDArray[np.integer]) -> NDArray[np.int64]:
    """Ordered pairs of raters that agree on each unit, (N, C) to (N,)."""
    return np.asarray((counts * (counts - 1)).sum(axis=1), np.int64)


def fleiss_values(pairs: ArrayLike, ratings: ArrayLike, raters: int) -> FloatArray:
    """Fleiss' kappa of many sets of units at once; NaN where it is not defined.

    Args:
        pairs: (...) agreeing ordered pairs of raters, summed over the units.
        ratings: (..., C) ratings of each category.
        raters: Ratings of each unit.
    """
    given = np.asarray(ratings, np.float64)
    total = given.sum(axis=-1)  # (...)
    chance = (given * given).sum(axis=-1)  # (...) times the square of all ratings, so that it is whole
    return ratio(total * np.asarray(pairs, np.float64) / (raters - 1) - chance, total * total - chance)


def ratio(above: ArrayLike, below: ArrayLike) -> FloatArray:
    """One array over another of the same shape; NaN where the lower one is 0."""
    upper, lower = np.asarray(above, np.float64), np.asarray(below, np.float64)
    shape = np.broadcast(upper, lower).shape
    return np.asarray(np.divide(upper, lower, out=np.full(shape, np.nan), where=lower != 0))


def _counts(table: ArrayLike, expected: str) -> NDArray[np.int64]:
    found = np.asarray(table)
    whole = found.ndim == 2 and bool(np.all(np.equal(np.mod(found, 1), 0) & (found >= 0)))
    if not whole:
        raise InputError("Kappa needs counts.", expected=f"{expected} of whole numbers from 0", found=f"{found!r}")
    return found.astype(np.int64)


def _raters(table: NDArray[np.int64]) -> int:
    """Ratings of each unit; 2 where there is no unit, so that the formulas stand."""
    numbers = np.unique(table.sum(axis=1))
    if len(numbers) > 1 or (numbers < 2).any():
        raise InputError(
            "Fleiss' kappa needs as many ratings of each unit, two or more.", found=f"{numbers.tolist()} ratings"
        )
    return int(numbers[0]) if len(numbers) else 2


def _null_error(shares: FloatArray, n: int, raters: int) -> float:
    """Standard error of Fleiss' kappa if ratings of the categories' `shares` (C,) were given blindly."""
    spread = shares * (1 - shares)
    above = spread.sum() ** 2 - (spread * (1 - 2 * shares)).sum()
    return math.sqrt(max(2 * float(above), 0.0) / (n * raters * (raters - 1))) / float(spread.sum())


def _undefined(value: FloatArray, n: int) -> str | None:
    if n == 0:
        return NOTHING
    return CONSTANT if np.isnan(value) else None


def _none(n: int, why: str) -> Kappa:
    share = 1.0 if n else None
    return Kappa(value=None, se=None, ci95=None, z=None, n=n, observed=share, expected=share, why=why)


def _kappa(value: float, se: float | None, null: float, n: int, observed: float, expected: float) -> Kappa:
    ci95 = None if se is None else (max(value - QUANTILE * se, -1.0), min(value + QUANTILE * se, 1.0))
    return Kappa(value, se, ci95, value / null if null > ROUNDING else None, n, observed, expected)
