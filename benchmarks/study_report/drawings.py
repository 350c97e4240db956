"""The drawn figures of a study: ROC curves with readers as points, a forest of differences, times as boxes."""

from collections.abc import Sequence
from itertools import cycle

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import FuncFormatter, NullFormatter

from spinedet.benchmarks.agreement.figures import Interval
from spinedet.benchmarks.report.figures import MARKERS
from spinedet.benchmarks.study_analysis.comparison_records import Comparison
from spinedet.benchmarks.study_analysis.records import Point, Roc
from spinedet.benchmarks.study_analysis.time_records import RaterTimes
from spinedet.benchmarks.study_report import words
from spinedet.datasets.pages.parts import DASH
from spinedet.datasets.pages.style import INK, MUTED, PAGE_WIDTH, SERIES, panels, series

ACROSS = 3
"""Panels of ROC curves in a row."""

SIDE = 2.55
"""Height in inches of a row of square panels."""

FOREST_ROW, FOREST_HEAD = 0.2, 0.75
"""Inches of a line of the forest, and of its axis with the title."""

BOX_ROW = 0.34
"""Inches of a reader's box of times."""

MEAN_MARK = "D"
"""How the mean of the readers is drawn; readers have the other marks."""

TICKS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200)
"""Seconds that are written at the axis of times."""


def draw_rocs(rocs: Sequence[Roc]) -> Drawing:
    """A panel a curve: the curve of who has scores, the persons as points, their mean as a diamond."""
    figure, grid = panels(len(rocs), across=ACROSS, height=SIDE)
    for axes, roc in zip(grid, rocs, strict=True):
        area = DASH if roc.auc.value is None else f"{roc.auc.value:.3f}"
        axes.plot(roc.curve.x, roc.curve.y, color=SERIES[0], label=f"{roc.rater}  {area}", clip_on=False)
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.5, zorder=0)
        for point, mark, colour in zip(roc.points, cycle(MARKERS), cycle(SERIES[1:]), strict=False):
            _point(axes, point, mark, colour, size=5)
        for mean in roc.means:
            _point(axes, mean, MEAN_MARK, INK, size=6)
        axes.set(title=words.scope(roc.label), xlim=(0, 1), ylim=(0, 1), aspect="equal")
        axes.set(xlabel="1 \N{MINUS SIGN} specificity", ylabel="Sensitivity")
        axes.grid()
        axes.set_axisbelow(True)
        axes.legend(loc="lower right", handlelength=1.8, borderaxespad=0.3)
    return figure


def _point(axes: Axes, point: Point, mark: str, colour: str, size: float) -> None:
    axes.plot(
        point.x, point.y, mark, color=colour, ms=size, mec="white", label=point.rater, linestyle="", clip_on=False
    )


def draw_forest(rows: Sequence[Comparison], measures: Sequence[str]) -> Drawing:
    """A panel a measure: each reader less the model in percentage points, with its interval, class by class."""
    figure, grid = panels(len(measures), across=len(measures), height=FOREST_HEAD + FOREST_ROW * len(rows))
    marks = series(dict.fromkeys(words.scope(row.label) for row in rows))
    for number, (axes, measure) in enumerate(zip(grid, measures, strict=True)):
        for place, row in enumerate(rows):
            _forest_row(axes, row, measure, place, str(marks[words.scope(row.label)]["color"]))
        axes.axvline(0, color=INK, linewidth=0.7)
        names = [f"{row.first} {DASH} {row.second}, {words.scope(row.label)}" for row in rows]
        axes.set_yticks(range(len(rows)), names if number == 0 else [])
        axes.set(title=words.MEASURES[measure], ylim=(len(rows) - 0.5, -0.5), xlabel="percentage points")
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="x")
        axes.set_axisbelow(True)
    return figure


def _forest_row(axes: Axes, row: Comparison, measure: str, place: int, colour: str) -> None:
    found = next((one.difference for one in row.measures if one.measure == measure), None)
    if found is None or found.value is None:
        axes.text(0, place, DASH, ha="center", va="center", color=MUTED)
        return
    ends: Interval | None = found.ci95_patients or found.ci95
    if ends:
        axes.plot([100 * ends[0], 100 * ends[1]], [place, place], color=colour, linewidth=1.1)
    axes.plot(100 * found.value, place, "s", color=colour, ms=4, mec="white", mew=0.5)


def draw_times(rows: Sequence[RaterTimes]) -> Drawing:
    """Times an image as boxes (quartiles, median; whiskers to 1.5 times their distance) on a scale of ratios."""
    known = [row for row in rows if row.seconds]
    figure, (axes,) = panels(1, across=1, height=FOREST_HEAD + BOX_ROW * len(known), width=0.75 * PAGE_WIDTH)
    drawn = axes.boxplot(
        [row.seconds for row in known],
        orientation="horizontal",
        widths=0.55,
        patch_artist=True,
        flierprops={"marker": ".", "markersize": 3, "markeredgecolor": MUTED},
        medianprops={"color": INK, "linewidth": 1.2},
        boxprops={"linewidth": 0.6},
        whiskerprops={"linewidth": 0.6},
        capprops={"linewidth": 0.6},
    )
    for box, row in zip(drawn["boxes"], known, strict=True):
        box.set_facecolor(SERIES[0] if row.kind == "person" else SERIES[1])
        box.set_alpha(0.35)
    axes.set_xscale("log")
    axes.set_yticks(range(1, len(known) + 1), [row.rater for row in known])
    axes.set(xlabel="seconds an image", ylim=(len(known) + 0.6, 0.4))
    _plain_ticks(axes, [value for row in known for value in row.seconds])
    return figure


def _plain_ticks(axes: Axes, values: Sequence[float]) -> None:
    """Seconds in plain numbers where the axis has them."""
    low, high = min(values), max(values)
    inside = [tick for tick in TICKS if low / 1.3 <= tick <= high * 1.3]
    if len(inside) > 1:
        axes.set_xticks(inside)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x")
    axes.set_axisbelow(True)
