"""Patients drawn anew for every figure of the agreement report: the value and its resamples in one array.

Each figure is made of sums over images. A resample only decides how often each patient counts, so its sums are one
product of matrices. The first row of the weights counts each patient once: what comes out of it is the figure itself,
so the value and its interval cannot be computed in two ways.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from spinedet.annotations.errors import InputError
from spinedet.benchmarks.bootstrap import interval

CHUNK_CELLS = 4_000_000
"""Weights that are turned into floating point at once; bounds the memory."""

FEWEST = 2
"""Patients without whom nothing varies, and no interval is given."""

MOST_RUNGS = 256
"""Stretches into which sorted values are cut; more make a larger table of patients and stretches."""

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Interval = tuple[float, float]


@dataclass(frozen=True, eq=False, slots=True)
class Resamples:
    """How often each patient counts.

    Attributes:
        patient: (I,) index of each image's patient.
        weights: (1 + R, P) times each patient is drawn; once each in row 0.
    """

    patient: IntArray
    weights: NDArray[np.uint16]

    @classmethod
    def draw(cls, patient: IntArray, resamples: int, seed: int) -> Self:
        """Draw as many patients as there are, with replacement, `resamples` times.

        Raises:
            InputError: The number of resamples is negative.
        """
        if resamples < 0:
            raise InputError("The number of resamples is impossible.", expected="0 or more", found=str(resamples))
        number = int(patient.max(initial=-1)) + 1
        generator = np.random.default_rng(seed)
        weights = np.ones((1 + (resamples if number >= FEWEST else 0), number), np.uint16)
        for row in weights[1:]:
            row[:] = np.bincount(generator.integers(number, size=number), minlength=number)
        return cls(patient, weights)

    def sums(self, image: IntArray, values: Sequence[NDArray[np.generic]]) -> FloatArray:
        """Sums of values over what was drawn.

        Args:
            image: (N,) the image that each value belongs to.
            values: K arrays (N,).

        Returns:
            (K, 1 + R); counts come out as whole numbers.
        """
        patient = self.patient[image]
        number = self.weights.shape[1]
        totals = np.array([np.bincount(patient, column, number) for column in values])  # (K, P)
        parts = [totals @ part.T.astype(np.float64) for part in self._chunks(number)]  # (K, P) with (P, rows)
        return np.concatenate(parts, axis=1)

    def quantiles(self, image: IntArray, values: FloatArray, quarters: Sequence[int]) -> FloatArray:
        """Quartiles of values over what was drawn: 1 lower, 2 median, 3 upper.

        Where a quarter falls between two values, their mean is taken (definition 2 of Hyndman and Fan, American
        Statistician 50:361, 1996; `averaged_inverted_cdf` in numpy), which is the usual median.

        Args:
            image: (N,) the image that each value belongs to.
            values: (N,) finite values.
            quarters: Which of them.

        Returns:
            (Q, 1 + R); NaN where a resample has no value.
        """
        order = np.argsort(values, kind="stable")
        ladder = _Ladder.build(values[order], self.patient[image][order], self.weights.shape[1])
        parts = [ladder.quantiles(part, quarters) for part in self._chunks(len(order) // ladder.step + 1 + ladder.step)]
        return np.concatenate(parts, axis=1)

    def _chunks(self, width: int) -> list[NDArray[np.uint16]]:
        """The rows in parts of which each makes at most `CHUNK_CELLS` numbers at `width` numbers a row."""
        rows = max(1, CHUNK_CELLS // max(width, self.weights.shape[1], 1))
        return [self.weights[first : first + rows] for first in range(0, len(self.weights), rows)]


@dataclass(frozen=True, eq=False, slots=True)
class _Ladder:
    """Sorted values in rungs of `step`, so that a value of some rank is found without adding up all weights.

    The weights of whole rungs are a product of matrices; only the rung that holds the rank is added up one by one.
    """

    values: FloatArray  # (N,) ascending
    patient: IntArray  # (N,)
    step: int
    rungs: FloatArray  # (P, S) values of each patient in each rung

    @classmethod
    def build(cls, values: FloatArray, patient: IntArray, number: int) -> Self:
        step = max(1, int(np.sqrt(len(values))), len(values) // MOST_RUNGS)
        steps = -(-len(values) // step)
        cells = patient * steps + np.arange(len(values)) // step
        rungs = np.bincount(cells, minlength=number * steps).reshape(number, steps).astype(np.float64)
        return cls(values, patient, step, rungs)

    def quantiles(self, weights: NDArray[np.uint16], quarters: Sequence[int]) -> FloatArray:
        reached = np.cumsum(weights.astype(np.float64) @ self.rungs, axis=1)  # (R, S)
        total = reached[:, -1].astype(np.int64) if reached.shape[1] else np.zeros(len(weights), np.int64)
        found = np.full((len(quarters), len(weights)), np.nan)
        drawn = np.flatnonzero(total)
        for place, quarter in enumerate(quarters):
            below, above = -(-quarter * total // 4), quarter * total // 4 + 1
            ends = [self._ranked(weights[drawn], reached[drawn], rank[drawn]) for rank in (below, above)]
            found[place, drawn] = (ends[0] + ends[1]) / 2
        return found

    def _ranked(self, weights: NDArray[np.uint16], reached: FloatArray, rank: IntArray) -> FloatArray:
        """The value of a rank from 1 in each resample, (R,)."""
        rung = (reached < rank[:, None]).sum(axis=1)  # (R,) rungs that end before the rank
        rows = np.arange(len(rung))
        before = np.where(rung > 0, reached[rows, rung - 1], 0)  # (R,)
        places = np.minimum(rung[:, None] * self.step + np.arange(self.step), len(self.values) - 1)  # (R, step)
        counts = weights[rows[:, None], self.patient[places]]  # (R, step)
        inside = (before[:, None] + np.cumsum(counts, axis=1, dtype=np.int64) < rank[:, None]).sum(axis=1)
        return np.asarray(self.values[places[rows, inside]])


def value_and_interval(row: FloatArray) -> tuple[float | None, Interval | None]:
    """A figure and its 95 % interval from its value and resamples (1 + R,); None where there is none.

    Resamples in which the figure does not exist are left out of the interval.
    """
    if np.isnan(row[0]):
        return None, None
    return float(row[0]), interval(row[1:])
