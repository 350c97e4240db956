"""With a region less without: sensitivity, specificity and accuracy on the same images, with P4's chi-square.

The differences are paired and their intervals are of patients drawn anew. Pearson's chi-square of two accuracies, as P4
printed it, takes the two arms for different images; here they are the same, so that it is as a rule too careful, and
stands for comparison with the paper alone.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from scipy.stats import chi2_contingency

from spinedet.benchmarks.agreement.figures import Record
from spinedet.benchmarks.agreement.kappa import ratio
from spinedet.benchmarks.agreement.resampling import Resamples
from spinedet.benchmarks.whole_image.figures import BoolArray, Figure, bootstrapped
from spinedet.benchmarks.whole_image.run import called
from spinedet.benchmarks.whole_image.scores import ScoreTable, positive_truth
from spinedet.benchmarks.whole_image.summary import Part
from spinedet.datasets.tasks import Task

Unit = Literal["image", "patient"]


class ChiSquare(Record):
    """Pearson's chi-square of two accuracies, without continuity correction.

    Attributes:
        right: Right answers of the first and of the second.
        of: All answers of each.
        statistic: With one degree of freedom; None where all answers are right, or none is.
        p: Its p value.
        why: Why there is none.
    """

    right: tuple[int, int]
    of: int
    statistic: float | None
    p: float | None
    why: str | None = None


class Contrast(Record):
    """The first arm less the second on the same images, or patients.

    Attributes:
        unit: What a row is.
        rows: How many there are.
        sensitivity: Difference of the shares of the ill that are called ill; None where no class is positive.
        specificity: Of the healthy that are called healthy; likewise.
        accuracy: Of right calls; where no class is positive, of right classes.
        chi_square: Of the accuracies.
    """

    unit: Unit
    rows: int
    sensitivity: Figure | None
    specificity: Figure | None
    accuracy: Figure
    chi_square: ChiSquare


def contrast(
    unit: Unit, tables: Sequence[ScoreTable], parts: Sequence[Part], task: Task, resamples: int, seed: int
) -> Contrast:
    """Compare the answers of two arms.

    Args:
        unit: What a row is.
        tables: The two arms' scores of the same rows in the same order.
        parts: Their figures, with the operating points of each fold.
        task: What was asked.
        resamples: How many times patients are drawn anew.
        seed: The same seed gives the same interval.
    """
    first, second = (_right(table, part, task) for table, part in zip(tables, parts, strict=True))
    drawn = tables[0].resamples(resamples, seed)
    everyone = np.ones(len(first), bool)
    ill = positive_truth(tables[0], task.positive) if task.positive else None
    return Contrast(
        unit=unit,
        rows=len(first),
        sensitivity=None if ill is None else _difference(first, second, ill, drawn, "no image is positive"),
        specificity=None if ill is None else _difference(first, second, ~ill, drawn, "every image is positive"),
        accuracy=_difference(first, second, everyone, drawn, "there is no image"),
        chi_square=chi_square((int(first.sum()), int(second.sum())), len(first)),
    )


def _right(table: ScoreTable, part: Part, task: Task) -> BoolArray:
    """(N,) whether each row is answered rightly: called as it is, or its class has the highest score."""
    if task.positive:
        return np.asarray(called(table, part, task) == positive_truth(table, task.positive))
    return np.asarray(table.scores.argmax(axis=1) == table.truth)


def _difference(first: BoolArray, second: BoolArray, rows: BoolArray, drawn: Resamples, why: str) -> Figure:
    apart = (first.astype(np.int64) - second) * rows
    sums = drawn.sums(np.arange(len(rows)), (apart, rows))  # (2, 1 + R)
    counts = {"first": int((first & rows).sum()), "second": int((second & rows).sum()), "of": int(rows.sum())}
    return bootstrapped(ratio(*sums), counts, why)


def chi_square(right: tuple[int, int], of: int) -> ChiSquare:
    """Compare two numbers of right answers, each of so many.

    Args:
        right: Of the first and of the second.
        of: All answers of each.
    """
    if sum(right) in {0, 2 * of}:
        why = "all answers are right" if of and sum(right) else "no answer is right"
        return ChiSquare(right=right, of=of, statistic=None, p=None, why=why)
    found = chi2_contingency([[count, of - count] for count in right], correction=False)
    return ChiSquare(right=right, of=of, statistic=float(found.statistic), p=float(found.pvalue))
