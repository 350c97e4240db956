"""The drawn figures of whole images: curves, confusion, calibration, and how far numbers are off."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D

from spinedet.benchmarks.report.figures import CELL_TINT, DARK_CELL, MARKERS
from spinedet.benchmarks.whole_image.calibration import Calibration
from spinedet.benchmarks.whole_image.figures import FloatArray
from spinedet.benchmarks.whole_image.levels import Level
from spinedet.datasets.pages.parts import DASH
from spinedet.datasets.pages.style import INK, MUTED, PAGE_WIDTH, SERIES, LineLook, panels, series

Levels = Mapping[str, Level]
"""Figures by the title of a detector, in the order of the legend."""

ACROSS = 3
"""Panels a row, one a detector."""

SIDE = 2.55
"""Height in inches of a row of square panels."""

HEADROOM, TINY = 1.08, 1e-6
"""Beyond the furthest point; and so that an axis has a length where nothing is off."""

BEFORE, AFTER = SERIES[6], SERIES[0]


@dataclass(frozen=True, eq=False, slots=True)
class Roc:
    """The ROC curve of a detector.

    Attributes:
        x: (P,) false positive rates.
        y: (P,) sensitivities.
        area: Under it.
        point: 1 - specificity and sensitivity at the operating points.
    """

    x: FloatArray
    y: FloatArray
    area: float | None
    point: tuple[float, float] | None


def roc_of(level: Level, curve: tuple[FloatArray, FloatArray], area: float | None) -> Roc:
    """What is drawn of images, or of patients."""
    ill = healthy = None
    if level.diagnosis is not None:
        ill, healthy = level.diagnosis.sensitivity.value, level.diagnosis.specificity.value
    return Roc(*curve, area, None if ill is None or healthy is None else (1 - healthy, ill))


def draw_curves(images: Mapping[str, Roc], patients: Mapping[str, Roc], levels: Levels) -> Drawing:
    """ROC curves of images and of patients with the operating points, and precision against recall of images."""
    shown = [(title, rows) for title, rows in (("ROC, images", images), ("ROC, patients", patients)) if rows]
    figure, grid = panels(len(shown) + 1, across=ACROSS, height=SIDE)
    marks = series(levels)
    symbols = dict(zip(levels, cycle(MARKERS), strict=False))
    for axes, (title, rows) in zip(grid, shown, strict=False):
        handles = [_roc(axes, name, roc, marks[name], symbols[name]) for name, roc in rows.items()]
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.5, zorder=0)
        _square(axes, title, "1 \N{MINUS SIGN} specificity", "Sensitivity")
        axes.legend(handles=handles, loc="lower right", handlelength=2.6, borderaxespad=0.3)
    last = grid[len(shown)]
    handles = [_precision_recall(last, name, level, marks[name]) for name, level in levels.items()]
    _square(last, "Precision and recall, images", "Recall", "Precision")
    last.legend(handles=handles, loc="lower left", handlelength=2.6, borderaxespad=0.3)
    return figure


def _roc(axes: Axes, name: str, roc: Roc, mark: LineLook, symbol: str) -> Line2D:
    axes.plot(roc.x, roc.y, clip_on=False, **mark)
    if roc.point is not None:
        axes.plot(*roc.point, symbol, color=mark["color"], ms=5, mec="white", zorder=4, clip_on=False)
    return Line2D([], [], label=f"{name}  {_three(roc.area)}", marker=symbol, mec="white", ms=4.5, **mark)


def _precision_recall(axes: Axes, name: str, level: Level, mark: LineLook) -> Line2D:
    curve = level.precision_recall
    if curve is not None and curve.x:
        axes.plot(curve.x, curve.y, drawstyle="steps-pre", clip_on=False, **mark)
    return Line2D([], [], label=f"{name}  {_three(None if curve is None else curve.area)}", **mark)


def _three(value: float | None) -> str:
    return DASH if value is None else f"{value:.3f}"


def _square(axes: Axes, title: str, x: str, y: str) -> None:
    axes.set(title=title, xlim=(0, 1), ylim=(0, 1), xlabel=x, ylabel=y, aspect="equal")
    ticks = np.linspace(0, 1, 6)
    axes.set_xticks(ticks)
    axes.set_yticks(ticks)
    axes.grid()
    axes.set_axisbelow(True)


def draw_confusion(levels: Levels, classes: Sequence[str]) -> Drawing:
    """A panel a detector: images by their class (rows) and by the class of the highest score (columns)."""
    count = len(classes)
    across = max(1, min(ACROSS, int(PAGE_WIDTH / (0.9 + 0.33 * count))))
    figure, grid = panels(len(levels), across=across, height=PAGE_WIDTH / across * 0.98)
    for axes, (name, level) in zip(grid, levels.items(), strict=True):
        matrix = np.array(level.confusion)
        shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)  # (C, C) / (C, 1)
        axes.pcolormesh(shares, cmap=CELL_TINT, vmin=0, vmax=1, edgecolors="white", linewidth=1.5)
        for row, column in np.ndindex(count, count):
            _print_cell(axes, row, column, int(matrix[row, column]), float(shares[row, column]))
        _name_cells(axes, classes)
        axes.set_title(name)
    return figure


def _print_cell(axes: Axes, row: int, column: int, number: int, share: float) -> None:
    color = "white" if share >= DARK_CELL else INK if number else MUTED
    axes.text(column + 0.5, row + 0.42, f"{number:,}", ha="center", va="center", color=color, fontsize=7)
    if number:
        words = f"{share:.0%}"
        axes.text(column + 0.5, row + 0.72, words, ha="center", va="center", color=color, fontsize=5, alpha=0.85)


def _name_cells(axes: Axes, classes: Sequence[str]) -> None:
    count = len(classes)
    places = np.arange(count) + 0.5
    axes.set(aspect="equal", xlim=(0, count), ylim=(count, 0), xlabel="Highest score", ylabel="Truth")
    axes.set_xticks(places, classes, rotation=32, ha="right", rotation_mode="anchor")
    axes.set_yticks(places, classes)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def draw_calibration(levels: Levels, said: str) -> Drawing:
    """A panel a detector: what was observed against the mean score of bins of about as many images each.

    Args:
        levels: By detector.
        said: What the score is of, for the axis.
    """
    figure, grid = panels(len(levels), across=ACROSS, height=SIDE)
    for axes, (name, level) in zip(grid, levels.items(), strict=True):
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.5, zorder=0)
        _calibration(axes, level.calibration, "as it is", BEFORE, "o")
        if level.calibrated is not None:
            _calibration(axes, level.calibrated, "after temperature", AFTER, "s")
        _square(axes, name, said, "Share observed")
        axes.legend(loc="upper left", handlelength=2.0, borderaxespad=0.3)
    return figure


def _calibration(axes: Axes, found: Calibration, name: str, color: str, marker: str) -> None:
    x, y = [row.score for row in found.curve], [row.observed for row in found.curve]
    for row in found.curve:
        axes.plot([row.score, row.score], row.ci95, color=color, linewidth=0.7, alpha=0.5)
    axes.plot(x, y, marker=marker, color=color, markersize=3.2, markeredgecolor="white", linewidth=0.9, label=name)


def draw_differences(
    rows: Mapping[str, tuple[FloatArray, FloatArray]], limits: Mapping[str, tuple[float | None, ...]], unit: str
) -> Drawing:
    """Bland and Altman's plot, a panel a detector: predicted less true against the mean of both.

    Args:
        rows: True and predicted numbers, (N,) each.
        limits: Lower limit of agreement, bias, and upper limit.
        unit: Of the numbers.
    """
    figure, grid = panels(len(rows), across=ACROSS, height=2.3)
    furthest = max(float(np.abs(predicted - truth).max()) for truth, predicted in rows.values())
    for axes, (name, (truth, predicted)) in zip(grid, rows.items(), strict=True):
        axes.plot((truth + predicted) / 2, predicted - truth, ".", color=SERIES[0], ms=3, alpha=0.6, mew=0)
        for value, dash in zip(limits[name], ("--", "-", "--"), strict=True):
            if value is not None:
                axes.axhline(value, color=INK, linewidth=0.8, linestyle=dash)
        axes.axhline(0, color=MUTED, linewidth=0.4)
        axes.set(title=name, xlabel=_with("Mean of both", unit), ylabel=_with("Predicted \N{MINUS SIGN} true", unit))
        axes.set_ylim(-HEADROOM * furthest - TINY, HEADROOM * furthest + TINY)  # one scale, to be compared
        axes.grid(axis="y")
        axes.set_axisbelow(True)
    return figure


def _with(words: str, unit: str) -> str:
    return f"{words} ({unit})" if unit else words
