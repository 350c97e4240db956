"""Obuchowski and Rockette's analysis of several readers who read the same cases in several treatments.

The figures of merit follow a two-way layout, treatment by reader, whose errors are correlated because the cases are the
same. Sources: N. A. Obuchowski and H. E. Rockette, Communications in Statistics 24:285 (1995); degrees of freedom of
random readers: S. L. Hillis, Statistics in Medicine 26:596 (2007); fixed readers, fixed cases, and single treatments:
S. L. Hillis, Statistics in Medicine 33:330 (2014). Covariance estimates below 0 where a sum of variances is meant are
taken for 0, as there.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.stats import chi2
from scipy.stats import f as fisher

from spinedet.benchmarks.mrmc.estimates import (
    DIFFERENCE,
    SHARE,
    UNKNOWN,
    MeanSpread,
    Spread,
    estimate,
    mean_spread,
    satterthwaite,
)
from spinedet.benchmarks.mrmc.figures import (
    NO_VARIANCE,
    ONE_READER,
    ONE_TREATMENT,
    Analysis,
    Components,
    Crossed,
    Difference,
    Effect,
    GlobalTest,
    Mean,
    ReaderDifference,
    ReaderFigure,
)
from spinedet.benchmarks.mrmc.multiple import Correction, adjust
from spinedet.benchmarks.whole_image.figures import BoolArray, FloatArray
from spinedet.benchmarks.whole_image.roc import NO_VARIANCE as NOTHING


@dataclass(frozen=True, eq=False, slots=True)
class Layout:
    """What is analysed.

    Attributes:
        treatments: T names.
        readers: R names.
        values: (T, R) figures of merit.
        covariance: (T, R, T, R) over cases.
        against: What each treatment's mean is tested against.
        correction: For more than two treatments.
    """

    treatments: tuple[str, ...]
    readers: tuple[str, ...]
    values: FloatArray
    covariance: FloatArray
    against: float | None = None
    correction: Correction = "holm"

    def within(self, treatment: int) -> FloatArray:
        """(R, R) covariance in one treatment."""
        return np.asarray(self.covariance[treatment, :, treatment, :])


def analyse(layout: Layout) -> Crossed:
    """The three models, with every reader's own figures beside them."""
    parts = components(layout)
    spreads = _difference_spreads(parts, *layout.values.shape)
    means = [mean_spread(layout.values[place], layout.within(place)) for place in range(len(layout.treatments))]
    return Crossed(
        figures=_figures(layout),
        components=parts,
        random=_analysis(layout, parts, spreads.random, [one.random for one in means], ("random", "random")),
        fixed_readers=_analysis(
            layout, parts, spreads.fixed_readers, [one.fixed_readers for one in means], ("fixed", "random")
        ),
        fixed_cases=_analysis(
            layout, parts, spreads.fixed_cases, [one.fixed_cases for one in means], ("random", "fixed")
        ),
        each_reader=_each_reader(layout),
    )


def components(layout: Layout) -> Components:
    """Mean squares of the two-way layout, and the four means of its covariances."""
    values = layout.values
    treatments, readers = values.shape
    by_treatment, by_reader = values.mean(axis=1, keepdims=True), values.mean(axis=0, keepdims=True)
    rest = values - by_treatment - by_reader + values.mean()
    same_treatment = np.eye(treatments, dtype=bool)[:, None, :, None]
    same_reader = np.eye(readers, dtype=bool)[None, :, None, :]
    return Components(
        ms_treatment=_mean_square(by_treatment - values.mean(), readers, treatments - 1),
        ms_reader=_mean_square(by_reader - values.mean(), treatments, readers - 1),
        ms_interaction=_mean_square(rest, 1, (treatments - 1) * (readers - 1)),
        error=_mean(layout, same_treatment & same_reader) or 0.0,
        cov1=_mean(layout, ~same_treatment & same_reader),
        cov2=_mean(layout, same_treatment & ~same_reader),
        cov3=_mean(layout, ~same_treatment & ~same_reader),
    )


def _mean_square(off: FloatArray, times: int, df: int) -> float | None:
    return float(times * (off * off).sum() / df) if df else None


def _mean(layout: Layout, chosen: BoolArray) -> float | None:
    """Mean covariance over the chosen pairs of cells (T, R, T, R); None where there is none."""
    return float(layout.covariance[chosen].mean()) if chosen.any() else None


def _difference_spreads(parts: Components, treatments: int, readers: int) -> MeanSpread:
    """Of R / 2 times the squared difference of two treatments' means, which is what F compares the treatments with."""
    if treatments == 1:
        return MeanSpread(UNKNOWN, UNKNOWN, UNKNOWN)
    shared = max((parts.cov2 or 0.0) - (parts.cov3 or 0.0), 0.0)
    over_cases = max(parts.error - (parts.cov1 or 0.0) + (readers - 1) * shared, 0.0)
    fixed_readers = Spread(over_cases, math.inf)
    if parts.ms_interaction is None:
        return MeanSpread(UNKNOWN, fixed_readers, UNKNOWN)
    df = (treatments - 1) * (readers - 1)
    total = parts.ms_interaction + readers * shared
    random = Spread(total, satterthwaite(total, parts.ms_interaction, df))
    return MeanSpread(random, fixed_readers, Spread(parts.ms_interaction, df))


def _analysis(
    layout: Layout, parts: Components, spread: Spread, means: Sequence[Spread], effects: tuple[Effect, Effect]
) -> Analysis:
    treatments = len(layout.treatments)
    rows = [
        Mean(treatment=name, estimate=estimate(float(values.mean()), of, SHARE, layout.against))
        for name, values, of in zip(layout.treatments, layout.values, means, strict=True)
    ]
    differences, correction = _differences(layout, spread)
    test, why = _test(parts, spread, treatments, chi_square=effects[0] == "fixed")
    return Analysis(
        readers=effects[0],
        cases=effects[1],
        test=test,
        means=tuple(rows),
        differences=differences,
        correction=correction,
        why=why,
    )


def _test(
    parts: Components, spread: Spread, treatments: int, *, chi_square: bool
) -> tuple[GlobalTest | None, str | None]:
    """The test of all treatments, or why there is none."""
    if parts.ms_treatment is None:
        return None, ONE_TREATMENT
    if math.isnan(spread.variance):
        return None, ONE_READER
    if spread.variance < NOTHING:
        return None, NO_VARIANCE
    df, value = treatments - 1, parts.ms_treatment / spread.variance
    if chi_square:
        return GlobalTest(name="chi-square", value=df * value, df1=df, df2=None, p=float(chi2.sf(df * value, df))), None
    if math.isinf(spread.df):
        return GlobalTest(name="F", value=value, df1=df, df2=None, p=float(chi2.sf(df * value, df))), None
    return GlobalTest(name="F", value=value, df1=df, df2=spread.df, p=float(fisher.sf(value, df, spread.df))), None


def _differences(layout: Layout, spread: Spread) -> tuple[tuple[Difference, ...], str]:
    """Of every two treatments; where there are several, with corrected p-values and the name of the correction."""
    means = layout.values.mean(axis=1)
    own = Spread(2 * spread.variance / len(layout.readers), spread.df)
    pairs = list(combinations(range(len(means)), 2))
    found = [estimate(float(means[one] - means[other]), own, DIFFERENCE, 0.0) for one, other in pairs]
    adjusted = adjust([row.p for row in found], layout.correction).adjusted if len(pairs) > 1 else [None] * len(pairs)
    rows = tuple(
        Difference(first=layout.treatments[one], second=layout.treatments[other], estimate=row, p_adjusted=corrected)
        for (one, other), row, corrected in zip(pairs, found, adjusted, strict=True)
    )
    return rows, layout.correction if len(pairs) > 1 else ""


def _figures(layout: Layout) -> tuple[ReaderFigure, ...]:
    variances = np.einsum("trtr->tr", layout.covariance)
    return tuple(
        ReaderFigure(
            reader=reader,
            treatment=treatment,
            estimate=estimate(
                float(layout.values[place, number]), Spread(float(variances[place, number]), math.inf), SHARE
            ),
        )
        for place, treatment in enumerate(layout.treatments)
        for number, reader in enumerate(layout.readers)
    )


def _each_reader(layout: Layout) -> tuple[ReaderDifference, ...]:
    rows = []
    for number, reader in enumerate(layout.readers):
        own, values = layout.covariance[:, number, :, number], layout.values[:, number]  # (T, T), (T,)
        for one, other in combinations(range(len(values)), 2):
            variance = float(own[one, one] + own[other, other] - 2 * own[one, other])
            found = estimate(float(values[one] - values[other]), Spread(variance, math.inf), DIFFERENCE, 0.0)
            names = layout.treatments[one], layout.treatments[other]
            rows.append(ReaderDifference(reader=reader, first=names[0], second=names[1], estimate=found))
    return tuple(rows)
