"""The drawn figures: intervals, precision-recall curves, confusion matrices and training curves.

Each function takes plain arrays and names, and returns a figure that nothing has been saved from.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, StrMethodFormatter
from numpy.typing import NDArray

from spinedet.benchmarks.average_precision import envelope
from spinedet.benchmarks.report.style import INK, MUTED, PAGE_WIDTH, Look, panels, series

DASH = "\N{EN DASH}"
"""Printed where a figure does not exist."""

CELL_TINT = LinearSegmentedColormap.from_list("tint", ["#ffffff", "#c6dcec", "#5f9bc9", "#12588f"])
"""White to dark blue, monotonic in lightness, so that it survives a grey printer."""

DARK_CELL = 0.72
"""From this share of a row upwards a cell's figure is white."""


@dataclass(frozen=True, eq=False, slots=True)
class Curve:
    """One precision-recall curve.

    Attributes:
        recall: (D,) ascending.
        precision: (D,).
        average: Its average precision; None where the class has no ground truth.
    """

    recall: NDArray[np.float64]
    precision: NDArray[np.float64]
    average: float | None


@dataclass(frozen=True, slots=True)
class Estimate:
    """A pooled figure with its interval, and the folds' own figures where they are known."""

    pooled: float | None
    interval: tuple[float, float] | None = None
    folds: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Loss:
    """The loss of one training job: epochs from 1, mean loss of each, and whether the job came to its end."""

    fold: int
    epochs: tuple[int, ...]
    values: tuple[float, ...]
    finished: bool = True


def draw_comparison(rows: Mapping[str, Mapping[str, Estimate]], detectors: Sequence[str]) -> Figure:
    """Pooled figure, interval and folds of every detector, measure by measure.

    Args:
        rows: Measure (`mAP50`, a class) to detector to estimate.
        detectors: In the order of the legend.
    """
    marks, step = series(detectors), 0.2
    height = 0.75 + len(rows) * (0.14 + 0.15 * len(detectors))
    figure, (axes,) = panels(1, across=1, height=height)
    for place, estimates in enumerate(rows.values()):
        for number, name in enumerate(detectors):
            offset = (number - (len(detectors) - 1) / 2) * step
            _draw_estimate(axes, place + offset, estimates[name], str(marks[name]["color"]), number)
    axes.set_xlim(_lowest(rows), 1.0)
    _name_measures(axes, list(rows))
    _legend_above(figure, [_marker(name, str(marks[name]["color"]), n) for n, name in enumerate(detectors)])
    return figure


def _name_measures(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.45, -0.55)
    axes.set_xlabel("Average precision")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")
    axes.set_axisbelow(True)


MARKERS = ("o", "s", "D", "^", "v", "P", "X")
"""What tells the detectors' points apart beside their colour."""


def _draw_estimate(axes: Axes, y: float, estimate: Estimate, color: str, number: int) -> None:
    if estimate.folds:
        axes.plot(estimate.folds, [y] * len(estimate.folds), "|", color=color, alpha=0.7, markersize=6)
    if estimate.interval is not None:
        axes.plot(estimate.interval, [y, y], color=color, linewidth=1.5, solid_capstyle="butt")
    if estimate.pooled is not None:
        marker = MARKERS[number % len(MARKERS)]
        axes.plot(estimate.pooled, y, marker, color=color, ms=4.2, mec="white", zorder=3, clip_on=False)


def _lowest(rows: Mapping[str, Mapping[str, Estimate]]) -> float:
    """The left end of the axis: a tenth below everything shown, never below 0."""
    shown = [1.0]
    for estimate in (one for row in rows.values() for one in row.values()):
        shown += [
            value for value in (estimate.pooled, *(estimate.interval or ()), *estimate.folds) if value is not None
        ]
    return max(0.0, math.floor(min(shown) * 10 - 0.2) / 10)


def _marker(name: str, color: str, number: int) -> Line2D:
    marker = MARKERS[number % len(MARKERS)]
    return Line2D([], [], marker=marker, color=color, markeredgecolor="white", markersize=5, linewidth=1.5, label=name)


def _legend_above(figure: Figure, handles: Sequence[Line2D]) -> None:
    figure.legend(handles=handles, loc="outside upper left", ncols=min(len(handles), 6), handlelength=2.4)


def draw_precision_recall(rows: Mapping[str, Mapping[str, Curve]], detectors: Sequence[str]) -> Figure:
    """One panel a class, one curve a detector: the measured points faint, their envelope (whose area is AP) strong."""
    marks = series(detectors)
    figure, grid = panels(len(rows), across=3, height=2.55)
    for axes, (name, curves) in zip(grid, rows.items(), strict=True):
        handles = [_draw_curve(axes, detector, curves[detector], marks[detector]) for detector in detectors]
        _unit_square(axes)
        axes.set_title(name)
        legend = axes.legend(handles=handles, loc="lower left", handlelength=2.6, borderaxespad=0.4, frameon=True)
        legend.get_frame().set(facecolor="white", edgecolor="none", alpha=0.85)
    return figure


def _draw_curve(axes: Axes, name: str, curve: Curve, mark: Look) -> Line2D:
    if len(curve.recall):
        best = envelope(curve.precision)
        axes.plot(curve.recall, curve.precision, color=mark["color"], linewidth=0.6, alpha=0.35)
        axes.plot(np.r_[0.0, curve.recall], np.r_[best[0], best], drawstyle="steps-pre", clip_on=False, **mark)
    average = DASH if curve.average is None else f"{curve.average:.3f}"
    return Line2D([], [], label=f"{name}  {average}", **mark)


def _unit_square(axes: Axes) -> None:
    axes.set(xlim=(0, 1), ylim=(0, 1.0), xlabel="Recall", ylabel="Precision", aspect="equal")
    axes.set_xticks(np.linspace(0, 1, 6))
    axes.set_yticks(np.linspace(0, 1, 6))
    axes.grid()
    axes.set_axisbelow(True)


def draw_confusion(matrix: NDArray[np.int64], classes: Sequence[str], title: str) -> Figure:
    """A confusion matrix, (C+1, C+1): last row the false detections, last column the missed objects.

    Colour is the share of the row; the corner, neither drawn nor found, stays empty.
    """
    count = len(classes) + 1
    side = max(PAGE_WIDTH / 3, 0.95 + 0.34 * count)
    figure, (axes,) = panels(1, across=1, height=side * 1.02, width=side)
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)  # (C+1, C+1) / (C+1, 1)
    axes.pcolormesh(shares, cmap=CELL_TINT, vmin=0, vmax=1, edgecolors="white", linewidth=1.5)
    axes.set(aspect="equal", xlim=(0, count), ylim=(count, 0))
    for row, column in np.ndindex(count, count):
        if (row, column) != (count - 1, count - 1):
            _print_cell(axes, row, column, int(matrix[row, column]), float(shares[row, column]))
    _name_cells(axes, classes)
    axes.set_title(title)
    return figure


def _print_cell(axes: Axes, row: int, column: int, number: int, share: float) -> None:
    color = "white" if share >= DARK_CELL else INK if number else MUTED
    axes.text(column + 0.5, row + 0.4, f"{number:,}", ha="center", va="center", color=color, fontsize=7)
    if number:
        axes.text(
            column + 0.5, row + 0.72, f"{share:.0%}", ha="center", va="center", color=color, fontsize=5, alpha=0.85
        )


def _name_cells(axes: Axes, classes: Sequence[str]) -> None:
    places = np.arange(len(classes) + 1) + 0.5
    axes.set_xticks(places, [*classes, "missed"], rotation=32, ha="right", rotation_mode="anchor")
    axes.set_yticks(places, [*classes, "false"])
    axes.set(xlabel="Detected as", ylabel="Ground truth")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    for border in (axes.axhline, axes.axvline):  # what no class stands for is set apart
        border(len(classes), color=MUTED, linewidth=0.7)


def fold_name(number: int) -> str:
    """`fold 2`, or `hold-out` for the only part of a hold-out split."""
    return f"fold {number}" if number else "hold-out"


def draw_training(losses: Mapping[str, Sequence[Loss]]) -> Figure:
    """One panel a detector, one line a fold; each panel has its own scale, because the losses are different sums."""
    figure, grid = panels(len(losses), across=3, height=2.1)
    for axes, (name, folds) in zip(grid, losses.items(), strict=True):
        marks = series(str(loss.fold) for loss in folds)
        for loss in folds:
            ended = "" if loss.finished else " (unfinished)"
            axes.plot(loss.epochs, loss.values, label=f"{fold_name(loss.fold)}{ended}", **marks[str(loss.fold)])
        axes.set(title=name, xlabel="Epoch", ylabel="Training loss")
        _scale(axes, folds)
        axes.grid(axis="y")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        if folds:
            axes.legend(ncols=1 if len(folds) <= 5 else 2, handlelength=2.6)
    return figure


STEEP = 10
"""A loss that begins this many times above its median is drawn on a logarithmic scale; else its end would be flat."""


def _scale(axes: Axes, folds: Sequence[Loss]) -> None:
    values = [value for loss in folds for value in loss.values if math.isfinite(value)]
    if values and min(values) > 0 and max(values) > STEEP * float(np.median(values)):
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    else:
        axes.set_ylim(bottom=min([0, *values]))
