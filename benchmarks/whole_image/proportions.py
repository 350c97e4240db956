"""Right and wrong calls of ill and healthy images: sensitivity and what comes with it, each with counts and intervals.

Formulas take every image for independent of the others. Where a patient has several images, look at `ci95_patients`:
there patients are drawn anew with all their images.

Sources: E. B. Wilson, JASA 22:209 (1927); C. J. Clopper and E. S. Pearson, Biometrika 26:404 (1934), both from
statsmodels; intervals of likelihood ratios from their logarithms, D. L. Simel, G. P. Samsa, D. B. Matchar, Journal of
Clinical Epidemiology 44:763 (1991).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from statsmodels.stats.proportion import proportion_confint

from spinedet.annotations.errors import InputError
from spinedet.benchmarks.agreement.figures import Interval, Record
from spinedet.benchmarks.agreement.resampling import Resamples
from spinedet.benchmarks.whole_image.figures import (
    QUANTILE,
    BoolArray,
    Figure,
    FloatArray,
    bootstrapped,
    resampled_interval,
    undefined,
)

Method = Literal["wilson", "clopper-pearson"]

STATSMODELS = {"wilson": "wilson", "clopper-pearson": "beta"}
"""What statsmodels calls the methods."""

LOGARITHM = "logarithm (Simel)"


@dataclass(frozen=True, slots=True)
class TwoByTwo:
    """Calls against the truth, in images (or patients): ill and called so, healthy but called ill, and so on."""

    tp: int
    fp: int
    fn: int
    tn: int

    def __post_init__(self) -> None:
        if min(self.tp, self.fp, self.fn, self.tn) < 0:
            raise InputError("A count is negative.", found=str(self))

    @property
    def ill(self) -> int:
        """All positive ones."""
        return self.tp + self.fn

    @property
    def healthy(self) -> int:
        """All others."""
        return self.fp + self.tn


class Diagnostic(Record):
    """What a test is worth.

    Attributes:
        sensitivity: Ill called ill, of all ill.
        specificity: Healthy called healthy, of all healthy.
        accuracy: Right calls, of all.
        f1: 2 TP / (2 TP + FP + FN).
        ppv: Ill among those called ill: at the share of ill ones in this very set.
        npv: Healthy among those called healthy: likewise.
        lr_positive: Sensitivity / (1 - specificity).
        lr_negative: (1 - sensitivity) / specificity.
    """

    sensitivity: Figure
    specificity: Figure
    accuracy: Figure
    f1: Figure
    ppv: Figure
    npv: Figure
    lr_positive: Figure
    lr_negative: Figure


def count(truth: BoolArray, called: BoolArray) -> TwoByTwo:
    """Count (N,) calls against (N,) truths."""
    cells = ((truth & called), (~truth & called), (truth & ~called), (~truth & ~called))
    return TwoByTwo(*(int(cell.sum()) for cell in cells))


def cells_of_images(truth: BoolArray, called: BoolArray, resamples: Resamples) -> FloatArray:
    """TP, FP, FN and TN, (4, 1 + R): the counts, and those of the patients drawn anew."""
    cells = ((truth & called), (~truth & called), (truth & ~called), (~truth & ~called))
    return resamples.sums(np.arange(len(truth)), cells)


def cells_of_counts(counts: Sequence[int], resamples: int, seed: int) -> FloatArray:
    """Counts (K,) and their resamples, (K, 1 + R), where images are not known and each is a patient of its own.

    Images drawn with replacement fall into the cells as a multinomial draw does.
    """
    cells = np.array(counts, np.int64)
    total = int(cells.sum())
    drawn = np.random.default_rng(seed).multinomial(total, cells / max(total, 1), size=resamples if total else 0)
    return np.concatenate([cells[None], drawn]).T.astype(np.float64)


def diagnose(cells: FloatArray, method: Method = "wilson") -> Diagnostic:
    """Every figure from TP, FP, FN and TN (4, 1 + R), the first column being the counts.

    Args:
        cells: From `cells_of_images` or `cells_of_counts`.
        method: How intervals of proportions are made.
    """
    tp, fp, fn, tn = cells
    counts = TwoByTwo(*(int(row[0]) for row in cells))
    return Diagnostic(
        sensitivity=share(tp, tp + fn, "no image is positive", method),
        specificity=share(tn, tn + fp, "every image is positive", method),
        accuracy=share(tp + tn, tp + fp + fn + tn, "there is no image", method),
        f1=_f1(tp, fp, fn),
        ppv=share(tp, tp + fp, "no image was called positive", method),
        npv=share(tn, tn + fn, "no image was called negative", method),
        lr_positive=_ratio(cells[[0, 2]], cells[[1, 3]], counts, "no healthy image was called positive"),
        lr_negative=_ratio(cells[[2, 0]], cells[[3, 1]], counts, "no healthy image was called negative"),
    )


def proportion(hits: int, of: int, method: Method = "wilson") -> Figure:
    """A share of independent units, `hits` `of` so many, without resamples."""
    return share(np.array([hits], np.float64), np.array([of], np.float64), "there is nothing to count", method)


def share(hits: FloatArray, of: FloatArray, why: str, method: Method = "wilson") -> Figure:
    """A proportion from its counts and their resamples, (1 + R,) each; `why` where `of` is 0."""
    counts = {"hits": int(hits[0]), "of": int(of[0])}
    if not of[0]:
        return undefined(why, counts)
    row = np.divide(hits, of, out=np.full(len(of), np.nan), where=of > 0)
    return Figure(
        value=float(row[0]),
        ci95=proportion_interval(counts["hits"], counts["of"], method),
        ci95_patients=resampled_interval(row),
        counts=counts,
        method=method,
    )


def proportion_interval(hits: int, of: int, method: Method = "wilson") -> Interval:
    """95 % interval of a share of independent units.

    Raises:
        InputError: The counts are no share.
    """
    if not 0 <= hits <= of or not of:
        raise InputError("These counts are no share.", expected="from 0 to all of some", found=f"{hits} of {of}")
    low, high = proportion_confint(hits, of, method=STATSMODELS[method])
    return max(float(low), 0.0), min(float(high), 1.0)


def _f1(tp: FloatArray, fp: FloatArray, fn: FloatArray) -> Figure:
    below = 2 * tp + fp + fn
    row = np.divide(2 * tp, below, out=np.full(len(tp), np.nan), where=below > 0)
    counts = {"tp": int(tp[0]), "fp": int(fp[0]), "fn": int(fn[0])}
    return bootstrapped(row, counts, "no image is positive, and none was called so")


def _ratio(ill: FloatArray, healthy: FloatArray, counts: TwoByTwo, why: str) -> Figure:
    """Share of the ill over share of the healthy that got one call.

    Args:
        ill: (2, 1 + R) ill images with that call, and with the other.
        healthy: The same of the healthy.
        counts: All four, for the record.
        why: Why there is no ratio where no healthy image got the call.
    """
    told = {"tp": counts.tp, "fp": counts.fp, "fn": counts.fn, "tn": counts.tn}
    if not counts.ill or not counts.healthy:
        return undefined("every image is positive" if counts.ill else "no image is positive", told)
    if not healthy[0, 0]:
        return undefined(f"{why}: the ratio is infinite" if ill[0, 0] else f"{why}, and no other", told)
    with np.errstate(divide="ignore", invalid="ignore"):  # resamples may have neither; 0 / 0 is NaN, and left out
        row = (ill[0] / ill.sum(axis=0)) / (healthy[0] / healthy.sum(axis=0))
    found = _log_interval(ill[:, 0], healthy[:, 0])
    return Figure(
        value=float(row[0]),
        ci95=found,
        ci95_patients=resampled_interval(row),
        counts=told,
        method=LOGARITHM,
        why=None if found else "the ratio is 0: its logarithm has no interval",
    )


def _log_interval(ill: FloatArray, healthy: FloatArray) -> Interval | None:
    """Interval of a likelihood ratio from counts (2,) each: with the call, and without."""
    if not ill[0]:
        return None
    ratio = (ill[0] / ill.sum()) / (healthy[0] / healthy.sum())
    se = math.sqrt(1 / ill[0] - 1 / ill.sum() + 1 / healthy[0] - 1 / healthy.sum())
    return float(ratio * math.exp(-QUANTILE * se)), float(ratio * math.exp(QUANTILE * se))
