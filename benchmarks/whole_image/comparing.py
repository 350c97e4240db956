"""Two models on the same images: which ranks better, and which is right more often.

Both tests are paired: the same image is easy or hard for both. McNemar's looks only at the images on which one is right
and the other wrong (Q. McNemar, Psychometrika 12:153, 1947); it and DeLong's take images for independent, the bootstrap
does not.
"""

import numpy as np
from scipy.stats import binom
from statsmodels.stats.contingency_tables import mcnemar

from spinedet.annotations.errors import InputError, some
from spinedet.benchmarks.agreement.figures import Record
from spinedet.benchmarks.whole_image.figures import (
    BoolArray,
    Figure,
    FloatArray,
    bootstrapped,
    undefined,
)
from spinedet.benchmarks.whole_image.operating import HALF
from spinedet.benchmarks.whole_image.roc import PairedTest, paired_delong, resampled_auc, unrankable
from spinedet.benchmarks.whole_image.scores import ScoreTable, positive_scores, positive_truth

EXACT_BELOW = 25
"""Discordant images below which the exact binomial test is taken."""


class McNemar(Record):
    """Images on which exactly one of two is right.

    Attributes:
        first_only: The first right, the second wrong.
        second_only: The other way round.
        of: All images looked at.
        p: Two-sided; None where they never differ.
        exact: Whether by the binomial; otherwise by chi-square without continuity correction.
        mid_p: The binomial's, but half of what is as likely as what was found: the exact test is conservative where
            few differ, and this one holds its level (Fagerland, Lydersen and Laake, BMC Medical Research Methodology
            13:91, 2013).
        why: Why there is no p.
    """

    first_only: int
    second_only: int
    of: int
    p: float | None
    exact: bool
    mid_p: float | None = None
    why: str | None = None


class Comparison(Record):
    """Two models on the same images.

    Attributes:
        images: How many.
        patients: How many.
        delong: Of the areas.
        auc_difference: First less second, with the interval of patients drawn anew.
        every: McNemar over all images.
        ill: Among the positive: the difference in sensitivity.
        healthy: Among the others: in specificity.
    """

    images: int
    patients: int
    delong: PairedTest
    auc_difference: Figure
    every: McNemar
    ill: McNemar
    healthy: McNemar


def compare(
    first: ScoreTable,
    second: ScoreTable,
    positive: tuple[str, ...],
    *,
    called: tuple[BoolArray, BoolArray] | None = None,
    resamples: int = 2000,
    seed: int = 0,
) -> Comparison:
    """Compare two tables of the same images, in any order.

    Args:
        first: One model's scores.
        second: The other's.
        positive: The positive classes.
        called: What each called positive, in the order of its own table; otherwise from a score of 0.5 on.
        resamples: How many times patients are drawn anew.
        seed: The same seed gives the same interval.

    Raises:
        InputError: The tables differ in images, patients, classes or truth.
    """
    order = _order(first, second)
    _check_same(first, second.rows(order))
    truth = positive_truth(first, positive)
    scores = (positive_scores(first, positive), positive_scores(second, positive)[order])
    calls = (scores[0] >= HALF, scores[1] >= HALF) if called is None else (called[0], called[1][order])
    right = (calls[0] == truth, calls[1] == truth)
    everyone = np.ones(len(truth), bool)
    tests = [mcnemar_test(right[0][rows], right[1][rows]) for rows in (everyone, truth, ~truth)]
    return Comparison(
        images=len(first),
        patients=len(set(first.patients)),
        delong=paired_delong(truth, *scores),
        auc_difference=_difference(first, truth, scores, resamples, seed),
        every=tests[0],
        ill=tests[1],
        healthy=tests[2],
    )


def mcnemar_test(first: BoolArray, second: BoolArray) -> McNemar:
    """McNemar's test of whether each of two is right (N,); exact below `EXACT_BELOW` discordant images."""
    alone = (int((first & ~second).sum()), int((~first & second).sum()))
    exact = sum(alone) < EXACT_BELOW
    if not sum(alone):
        why = "they are never right and wrong apart" if len(first) else "there is no such image"
        return McNemar(first_only=0, second_only=0, of=len(first), p=None, exact=exact, why=why)
    found = mcnemar([[0, alone[0]], [alone[1], 0]], exact=exact, correction=False)
    return McNemar(
        first_only=alone[0],
        second_only=alone[1],
        of=len(first),
        p=float(found.pvalue),
        exact=exact,
        mid_p=_mid_p(*alone),
    )


def _mid_p(first: int, second: int) -> float:
    """Two-sided mid-p of as few on one side of `first + second` throws of a coin."""
    few, throws = min(first, second), first + second
    if first == second:
        return float(1 - binom.pmf(few, throws, 0.5) / 2)
    return float(2 * binom.cdf(few, throws, 0.5) - binom.pmf(few, throws, 0.5))


def _difference(
    table: ScoreTable, truth: BoolArray, scores: tuple[FloatArray, FloatArray], resamples: int, seed: int
) -> Figure:
    counts = {"positive": int(truth.sum()), "negative": int((~truth).sum())}
    for one in scores:
        if why := unrankable(truth, one):
            return undefined(why, counts)
    drawn = table.resamples(resamples, seed)
    row = resampled_auc(truth, scores[0], drawn) - resampled_auc(truth, scores[1], drawn)
    return bootstrapped(row, counts, "there is no area")


def _order(first: ScoreTable, second: ScoreTable) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """(N,) where each image of the first table is in the second."""
    places = {image: place for place, image in enumerate(second.images)}
    alone = sorted(set(first.images) ^ set(second.images))
    if alone:
        raise InputError("The two tables are not of the same images.", found=f"{len(alone)} in one only: {some(alone)}")
    return np.array([places[image] for image in first.images], np.int64)


def _check_same(first: ScoreTable, second: ScoreTable) -> None:
    if first.classes != second.classes:
        raise InputError("The two tables have other classes.", expected=str(first.classes), found=str(second.classes))
    rows = zip(first.images, first.patients, first.truth, second.patients, second.truth, strict=True)
    odd = [image for image, *row in rows if row[:2] != row[2:]]
    if odd:
        raise InputError("The two tables differ in patient or truth.", found=f"{len(odd)}: {some(odd)}")
