"""Sensitivity, specificity, accuracy, F1 and likelihood ratios of every rater and of the persons' mean, with intervals.

Everything comes from counts over units and from the same counts over patients drawn anew, so that a value and its
interval cannot be computed in two ways.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from spinedet.benchmarks.agreement.kappa import ratio
from spinedet.benchmarks.agreement.resampling import Resamples
from spinedet.benchmarks.mrmc.clustered import clustered_proportion
from spinedet.benchmarks.study.protocol import Unit
from spinedet.benchmarks.study_analysis.figure import Figure
from spinedet.benchmarks.study_analysis.matching import NOBODY
from spinedet.benchmarks.study_analysis.records import (
    Cells,
    Diagnostic,
    MeanFigures,
    MeanScope,
    Outcomes,
    RaterFigures,
    ScopeFigures,
)
from spinedet.benchmarks.study_analysis.units import WHOLE, Calls, Level, called_of
from spinedet.benchmarks.whole_image.figures import BoolArray, FloatArray, bootstrapped
from spinedet.benchmarks.whole_image.figures import Figure as PlainFigure
from spinedet.benchmarks.whole_image.proportions import diagnose, proportion_interval, share

MEASURES = ("sensitivity", "specificity", "accuracy", "f1")
"""What is compared and averaged."""

RATIOS = ("lr_positive", "lr_negative")

SHARES = ("sensitivity", "specificity", "accuracy")

TP, FP, FN, TN = range(4)


@dataclass(frozen=True, eq=False, slots=True)
class Counted:
    """The counts of one rater, and those of the patients drawn anew.

    Attributes:
        cells: (1 + C, 4, 1 + R) TP, FP, FN, TN by column.
        false: (1 + C, 1 + R) false marks by column.
        right: (2, 1 + R) right diagnoses, and all units.
    """

    cells: FloatArray
    false: FloatArray
    right: FloatArray

    def rate(self, column: int, measure: str) -> FloatArray:
        """A measure and its resamples, (1 + R,), NaN where there is none; over all classes accuracy is from `right`."""
        tp, fp, fn, tn = self.cells[column]
        if measure == "sensitivity":
            return ratio(tp, tp + fn)
        if measure == "specificity":
            return ratio(tn, tn + fp)
        if measure == "f1":
            return ratio(2 * tp, 2 * tp + fp + fn)
        return ratio(*self.right) if column == WHOLE else ratio(tp + tn, tp + fp + fn + tn)


def count(level: Level, calls: Calls, resamples: Resamples, chosen: BoolArray | None = None) -> Counted:
    """Count what a rater said.

    Args:
        level: The units.
        calls: The rater's.
        resamples: How often each patient counts; patients are its images.
        chosen: (N,) the units that count; those that the rater has read unless given.
    """
    read = calls.read if chosen is None else chosen
    has, said = level.truth & read[:, None], calls.called & read[:, None]  # (N, 1 + C)
    not_has, not_said = read[:, None] & ~level.truth, read[:, None] & ~calls.called
    cells = np.stack([has & said, not_has & said, has & not_said, not_has & not_said])  # (4, N, 1 + C)
    flat = [*cells.transpose(2, 0, 1).reshape(4 * cells.shape[2], len(read)), calls.right & read, read]
    sums = resamples.sums(level.patient, flat)  # (4 (1 + C) + 2, 1 + R)
    false = [calls.false(column, level.positive) for column in range(1 + len(level.classes))]
    return Counted(
        cells=sums[:-2].reshape(-1, 4, sums.shape[1]),
        false=resamples.sums(calls.false_patient, false),
        right=sums[-2:],
    )


def rater_figures(level: Level, place: int, counted: Counted) -> RaterFigures:
    """Every figure of the rater at a place of the level."""
    calls = level.raters[place]
    patient = level.patient[calls.read]
    right = share(counted.right[0], counted.right[1], "there is no unit with an answer")
    return RaterFigures(
        rater=calls.rater.name,
        units=int(calls.read.sum()),
        patients=len(np.unique(patient)),
        right=enriched(right, calls.right[calls.read], patient, level.unit),
        scopes=tuple(_scope(level, calls, counted, column) for column in range(1 + len(level.classes))),
        outcomes=_outcomes(level, place) if level.unit == "object" else None,
    )


def mean_figures(level: Level, counted: Sequence[Counted]) -> tuple[MeanFigures, ...]:
    """Means over the persons, by treatment."""
    persons = [
        (one.rater, found)
        for one, found in zip(level.raters, counted, strict=True)
        if one.rater.kind == "person" and one.read.any()
    ]
    treatments = dict.fromkeys(rater.treatment for rater, _ in persons)
    return tuple(
        MeanFigures(
            treatment=treatment,
            raters=tuple(rater.name for rater, _ in persons if rater.treatment == treatment),
            scopes=_mean_scopes(level, [found for rater, found in persons if rater.treatment == treatment]),
        )
        for treatment in treatments
    )


def mean_rate(rows: Sequence[FloatArray]) -> FloatArray:
    """The mean (1 + R,) of raters' rates; of those who have one in the value itself, whatever a resample lacks."""
    known = np.array([row for row in rows if not np.isnan(row[0])])
    return known.mean(axis=0) if len(known) else np.full_like(rows[0], np.nan)


def enriched(figure: PlainFigure, hits: BoolArray, patient: np.ndarray, unit: Unit) -> Figure:
    """A share with Clopper and Pearson's interval, and with that of clustered units where patients have several.

    Args:
        figure: With Wilson's interval.
        hits: (N,) the units that the share is of.
        patient: (N,) their patients.
        unit: The word for a unit in what it says is missing.
    """
    own = in_words(figure, unit)
    if figure.value is None:
        return own
    patients = len(np.unique(patient))
    several = patients < len(patient)
    exact = proportion_interval(int(hits.sum()), len(hits), "clopper-pearson")
    clustered = clustered_proportion(hits, patient).ci95 if several else None
    alone = several and patients == 1
    return own.model_copy(update={"ci95_exact": exact, "ci95_clustered": clustered, "of_one_patient": alone})


def in_words(figure: PlainFigure, unit: Unit) -> Figure:
    """A figure of whole images as one of this study, with the right word in what it says is missing."""
    why = None if figure.why is None else figure.why.replace("image", unit)
    return Figure(**{**dict(figure), "why": why})


def _scope(level: Level, calls: Calls, counted: Counted, column: int) -> ScopeFigures:
    if column not in level.columns:
        return ScopeFigures(label=None, cells=None, primary=None)
    cells, false = counted.cells[column], counted.false[column]
    tp, fp, fn, tn = (int(row[0]) for row in cells)
    objects = level.unit == "object"
    return ScopeFigures(
        label=level.label(column),
        cells=Cells(tp=tp, fp=fp, fn=fn, tn=tn, false_marks=int(false[0])),
        primary=_diagnostic(level, calls, cells, column),
        with_false_marks=_plain(cells + false * np.eye(4)[FP][:, None], level.unit) if objects else None,
    )


def _diagnostic(level: Level, calls: Calls, cells: FloatArray, column: int) -> Diagnostic:
    """All figures from TP, FP, FN, TN (4, 1 + R), the shares with every interval."""
    found, read = _plain(cells, level.unit), calls.read
    truth, said, patient = level.truth[read, column], calls.called[read, column], level.patient[read]
    rows = {"sensitivity": truth, "specificity": ~truth, "accuracy": np.ones(len(truth), bool)}
    right = said == truth
    shares = {
        name: enriched(getattr(found, name), right[chosen], patient[chosen], level.unit)
        for name, chosen in rows.items()
    }
    return found.model_copy(update=shares)


def _plain(cells: FloatArray, unit: Unit) -> Diagnostic:
    found = diagnose(cells)
    return Diagnostic(**{name: in_words(getattr(found, name), unit) for name in (*MEASURES, *RATIOS)})


def _outcomes(level: Level, place: int) -> Outcomes:
    calls, matched = level.raters[place], level.matched[place]
    truth, called = level.truth[calls.read, 1:].argmax(axis=1), called_of(calls, level)[calls.read]
    classes = len(level.classes)
    column = np.where(called < 0, classes, called)
    confusion = np.bincount(truth * (classes + 1) + column, minlength=classes * (classes + 1)).reshape(classes, -1)
    agreed, missed = int(np.trace(confusion)), int(confusion[:, -1].sum())
    false = np.bincount(calls.false_label, minlength=classes)
    overlap = matched.iou[matched.mark != NOBODY]
    return Outcomes(
        agreed=agreed,
        another=len(truth) - agreed - missed,
        missed=missed,
        false_marks={name: int(number) for name, number in zip(level.classes, false, strict=True)},
        doubles=int(matched.double.sum()),
        confusion=tuple(tuple(row) for row in confusion.tolist()),
        iou=float(overlap.mean()) if len(overlap) else None,
    )


def _mean_scopes(level: Level, counted: Sequence[Counted]) -> tuple[MeanScope, ...]:
    return tuple(_mean_scope(level, counted, column) for column in range(1 + len(level.classes)))


def _mean_scope(level: Level, counted: Sequence[Counted], column: int) -> MeanScope:
    measures = MEASURES if column in level.columns else ("accuracy",)
    rows = {measure: [one.rate(column, measure) for one in counted] for measure in measures}
    return MeanScope(
        label=level.label(column),
        figures={measure: _mean(found) for measure, found in rows.items()},
        spread={measure: _spread(row[0] for row in found) for measure, found in rows.items()},
    )


def _mean(rows: Sequence[FloatArray]) -> Figure:
    known = sum(not np.isnan(row[0]) for row in rows)
    counts = {"readers": known, "of": len(rows)}
    return Figure(**dict(bootstrapped(mean_rate(rows), counts, "no reader has this figure")))


def _spread(values: Iterable[float]) -> float | None:
    known = [value for value in values if not np.isnan(value)]
    return float(np.std(known, ddof=1)) if len(known) > 1 else None
