"""ROC curves of those who gave scores, with everybody's calls as points.

Scores: over objects, the greatest score of a mark of the class in that place; over images, of a mark of the class
anywhere (of a whole image, its own score or rating); over patients, as the protocol makes them from the images. What
was not marked has the least score. A model's marks below the protocol's score have a part in the curve, though not in
its calls.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spinedet.benchmarks.agreement.resampling import Resamples
from spinedet.benchmarks.study_analysis.figure import Figure
from spinedet.benchmarks.study_analysis.figures import Counted, in_words, mean_rate
from spinedet.benchmarks.study_analysis.records import Point, Roc
from spinedet.benchmarks.study_analysis.units import Calls, Level
from spinedet.benchmarks.whole_image.figures import BoolArray, FloatArray, resampled_interval, undefined
from spinedet.benchmarks.whole_image.roc import auc, resampled_auc, roc_points, unrankable


@dataclass(frozen=True, eq=False, slots=True)
class Ranking:
    """What one rater's scores say in one column.

    Attributes:
        chosen: (N,) the units with a score.
        truth, scores: (M,) of those.
        resamples: The same for units: how often each unit's patient counts.
        known: Areas of the level that were computed already.
        key: Under what this one is kept there.
    """

    chosen: BoolArray
    truth: BoolArray
    scores: FloatArray
    resamples: Resamples
    known: dict[tuple[str, int, bytes], FloatArray]
    key: tuple[str, int, bytes]

    def area(self) -> FloatArray:
        """The area and its resamples, (1 + R,)."""
        if self.key not in self.known:
            self.known[self.key] = resampled_auc(self.truth, self.scores, self.resamples)
        return self.known[self.key]


def ranking(
    level: Level, calls: Calls, column: int, resamples: Resamples, among: BoolArray | None = None
) -> Ranking | None:
    """The scores of a rater in a column, over `among` (N,) or all; None where there are none.

    A level is analysed with one set of resamples only, so that areas can be kept.
    """
    if calls.scores is None or column not in level.columns:
        return None
    chosen = calls.scored & ~np.isnan(calls.scores[:, column])
    chosen = chosen if among is None else chosen & among
    if not chosen.any():
        return None
    own = Resamples(level.patient[chosen], resamples.weights)
    key = (calls.rater.name, column, chosen.tobytes())
    return Ranking(chosen, level.truth[chosen, column], calls.scores[chosen, column], own, level.areas, key)


def rocs(level: Level, counted: Sequence[Counted], resamples: Resamples) -> tuple[Roc, ...]:
    """Curves, models first."""
    order = sorted(range(len(level.raters)), key=lambda place: level.raters[place].rater.kind == "person")
    found = [
        _roc(level, level.raters[place], column, counted, resamples) for column in level.columns for place in order
    ]
    return tuple(one for one in found if one is not None)


def no_roc(level: Level) -> tuple[str, ...]:
    """Why there is no curve, or none of some."""
    found = []
    if not level.positive:
        found.append("The protocol names no positive class, so there is no curve for all classes together.")
    without = [one.rater.name for one in level.raters if one.scores is None or not one.scored.any()]
    if without:
        found.append(f"No scores, so no curve, of {', '.join(without)}: drawn as points.")
    return tuple(found)


def _roc(level: Level, calls: Calls, column: int, counted: Sequence[Counted], resamples: Resamples) -> Roc | None:
    own = ranking(level, calls, column, resamples)
    if own is None:
        return None
    return Roc(
        rater=calls.rater.name,
        kind=calls.rater.kind,
        label=level.label(column),
        curve=roc_points(own.truth, own.scores),
        auc=_area(own, level),
        points=tuple(_points(level, column, counted)),
        means=tuple(_means(level, column, counted)),
    )


def _area(own: Ranking, level: Level) -> Figure:
    figure = auc(own.truth, own.scores)
    if unrankable(own.truth, own.scores):
        return in_words(undefined(figure.why or "", figure.counts), level.unit)
    return in_words(figure, level.unit).model_copy(update={"ci95_patients": resampled_interval(own.area())})


def _points(level: Level, column: int, counted: Sequence[Counted]) -> list[Point]:
    rows = [(one.rater.name, *_rates(found, column)) for one, found in zip(level.raters, counted, strict=True)]
    return [Point(rater=name, x=x, y=y) for name, x, y in rows if not np.isnan([x, y]).any()]


def _rates(counted: Counted, column: int) -> tuple[float, float]:
    return 1 - float(counted.rate(column, "specificity")[0]), float(counted.rate(column, "sensitivity")[0])


def _means(level: Level, column: int, counted: Sequence[Counted]) -> list[Point]:
    """Mean point of the persons under each treatment."""
    persons = [pair for pair in zip(level.raters, counted, strict=True) if pair[0].rater.kind == "person"]
    found = []
    for treatment in dict.fromkeys(one.rater.treatment for one, _ in persons):
        rows = [row for one, row in persons if one.rater.treatment == treatment]
        specificity, sensitivity = (
            float(mean_rate([row.rate(column, measure) for row in rows])[0])
            for measure in ("specificity", "sensitivity")
        )
        if not np.isnan([specificity, sensitivity]).any():
            found.append(Point(rater=f"mean of readers, {treatment}", x=1 - specificity, y=sensitivity))
    return found
