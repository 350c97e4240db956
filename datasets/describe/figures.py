"""The drawn figures: how large boxes are, where they lie, and how many there are on an image and of a patient."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter
from scipy.ndimage import gaussian_filter

from spinedet.datasets.describe.census import Census, Floats, Ints
from spinedet.datasets.pages.style import INK, MUTED, PAGE_WIDTH, RULE, SERIES, panels

BLUE = SERIES[0]

HEAT = LinearSegmentedColormap.from_list("heat", ["#ffffff", "#cfe3f1", "#6fb0dc", "#0072B2", "#06325a"])
"""Density from none to most: one hue, ever darker, so that it survives print in grey."""

POINTS = 140
"""Of a distribution along its axis."""

BINS = 48
"""Of a heat map along its longer side."""

LEAST_BANDWIDTH = 1.2
"""Standard deviation of the smoothing of distributions that have no width of their own, in points."""

BLUR = 1.3
"""Standard deviation of the smoothing of heat maps, in bins."""

MAPS = 12
"""Classes with a heat map of their own, the most frequent."""

LEAST_ACROSS, MAPS_ACROSS = 3, 4
"""Heat maps in a row."""

ROWS = 30
"""Classes with a distribution of their own, the most frequent."""

WIDE_RANGE = 10.0
"""Largest over smallest value from which an axis is logarithmic."""


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that is measured on every box."""

    title: str
    values: Floats


def draw_sizes(census: Census) -> Figure:
    """Width, height, aspect and area share: one row a class, its distribution above median, quartiles and range."""
    labels = sorted(census.classes_by_boxes()[:ROWS])
    row = 0.46 if len(labels) <= 8 else 0.27
    sides = census.sides
    measures = (
        Measure("Width (px)", sides[:, 0]),
        Measure("Height (px)", sides[:, 1]),
        Measure("Aspect (width : height)", census.aspect),
        Measure("Area (% of the image)", census.share),
    )
    figure = Figure(figsize=(PAGE_WIDTH, row * len(labels) + 0.62), layout="constrained")
    grid = figure.subplots(1, len(measures), sharey=True, squeeze=False)
    for axes, measure in zip(grid.flat, measures, strict=True):
        _distributions(axes, measure, [census.label == label for label in labels])
    first = grid[0, 0]
    first.set_yticks(range(len(labels)), [_short(census.dataset.classes[label]) for label in labels])
    first.set_ylim(len(labels) - 0.6, -0.72)
    return figure


def _distributions(axes: Axes, measure: Measure, groups: Sequence[np.ndarray]) -> None:
    values = np.concatenate([measure.values[group] for group in groups])
    logarithmic = values.max() / values.min() > WIDE_RANGE
    edges = _edges(values, logarithmic=logarithmic)
    for place, group in enumerate(groups):
        _distribution(axes, place, measure.values[group], edges)
    axes.set_title(measure.title)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")
    axes.set_axisbelow(True)
    if logarithmic:
        _log_scale(axes, edges)
    else:
        axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.set_xlim(edges[0], edges[-1])


def _edges(values: Floats, *, logarithmic: bool) -> Floats:
    """Borders of the bins, with a little room at both ends."""
    low, high = float(values.min()), float(values.max())
    if logarithmic:
        return np.geomspace(low / 1.12, high * 1.12, POINTS + 1)
    room = 0.05 * (high - low) or 0.05 * high
    return np.linspace(max(low - room, 0), high + room, POINTS + 1)


def _log_scale(axes: Axes, edges: Floats) -> None:
    axes.set_xscale("log")
    few = edges[-1] / edges[0] > 60
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0,) if few else (1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())


def _distribution(axes: Axes, place: int, values: Floats, edges: Floats) -> None:
    """A hill whose highest point is always as high; beneath it the range, the quartiles and the median."""
    heights = np.histogram(values, edges)[0].astype(float)
    heights = gaussian_filter(heights, _bandwidth(np.digitize(values, edges)), mode="constant")
    top, middles = place - 0.62 * heights / heights.max(), (edges[:-1] + edges[1:]) / 2
    inked = heights > 0.004 * heights.max()  # a line along the ground says nothing and makes the page large
    first, last = np.flatnonzero(inked)[[0, -1]]
    along = np.concatenate([[middles[first]], middles[inked], [middles[last]]])
    axes.fill(
        along, np.concatenate([[place], top[inked], [place]]), facecolor=f"{BLUE}47", edgecolor=BLUE, linewidth=0.6
    )
    low, quarter, median, three, high = np.percentile(values, (0, 25, 50, 75, 100))
    axes.plot([low, high], [place + 0.1] * 2, color=MUTED, linewidth=0.6, solid_capstyle="butt")
    axes.plot([quarter, three], [place + 0.1] * 2, color=INK, linewidth=2.2, solid_capstyle="butt")
    axes.plot([median], [place + 0.1], marker="o", markersize=3.4, color="white", markeredgecolor=INK)


def _bandwidth(places: Ints) -> float:
    """Silverman's rule of thumb for the width of a kernel (Density Estimation, 1986, eq. 3.31), in bins."""
    low, high = np.percentile(places, (25, 75))
    width = min(float(np.std(places)), (high - low) / 1.34) or float(np.std(places))
    return float(max(0.9 * width * len(places) ** -0.2, LEAST_BANDWIDTH))


def draw_places(census: Census) -> Figure:
    """Where the centres of a class's boxes lie in the image, and its median box."""
    labels = sorted(census.classes_by_boxes()[:MAPS])
    aspect = _image_aspect(census)
    across = max(min(MAPS_ACROSS, len(labels)), LEAST_ACROSS)
    height = PAGE_WIDTH / across / aspect + 0.24
    figure, grid = panels(len(labels), across=across, height=height)
    for axes, label in zip(grid, labels, strict=True):
        _map(axes, census, census.label == label, aspect)
        number = int(census.boxes_of[label])
        axes.set_title(f"{_short(census.dataset.classes[label])}  ({number:,})")
    return figure


def _image_aspect(census: Census) -> float:
    """Width over height of the images, their median; between 1:3 and 3:1."""
    shapes = [item.annotation.width / item.annotation.height for item in census.dataset.items]
    return float(np.clip(np.median(shapes), 1 / 3, 3))


def _map(axes: Axes, census: Census, mine: np.ndarray, aspect: float) -> None:
    columns = BINS if aspect >= 1 else max(round(BINS * aspect), 8)
    rows = max(round(columns / aspect), 8)
    centre = census.centre[mine]
    heat = np.histogram2d(centre[:, 1], centre[:, 0], bins=(rows, columns), range=((0, 1), (0, 1)))[0]
    smooth = gaussian_filter(heat, BLUR, mode="constant")
    axes.imshow(smooth, extent=(0, aspect, 1, 0), cmap=HEAT, vmin=0, interpolation="bilinear")
    width, height = np.median(census.sides[mine] / census.canvas[mine], axis=0)
    x, y = np.median(centre, axis=0)
    corner = ((x - width / 2) * aspect, y - height / 2)
    axes.add_patch(Rectangle(corner, width * aspect, height, fill=False, edgecolor=SERIES[1], linewidth=0.9))
    axes.set(xlim=(0, aspect), ylim=(1, 0), xticks=[], yticks=[])
    axes.spines[:].set(visible=True, color=MUTED)


def draw_numbers(census: Census) -> Figure:
    """Boxes on an image; images and boxes of a patient where the dataset names patients."""
    counted = [("Boxes an image", "images", census.per_image)]
    if census.patients:
        counted.append(("Images a patient", "patients", census.images_by_patient))
        counted.append(("Boxes a patient", "patients", census.by_patient.sum(axis=1)))
    figure, grid = panels(len(counted), across=3, height=1.55)
    for axes, (title, unit, values) in zip(grid, counted, strict=True):
        _bars(axes, values)
        axes.set_title(title)
        axes.set_ylabel(unit)
    return figure


def _bars(axes: Axes, values: Ints) -> None:
    """One bar a number, or a number of equal ranges where there are many."""
    low, high = int(values.min()), int(values.max())
    step = max(-(-(high - low + 1) // 30), 1)
    edges = np.arange(low, high + step + 1, step) - 0.5
    heights = np.histogram(values, edges)[0]
    axes.bar(edges[:-1] + step / 2, heights, width=step * 0.86, color=BLUE)
    axes.set_xlim(min(edges[0], max(high - 4, -0.5)), max(edges[-1], low + 4))
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.grid(axis="y", color=RULE)
    axes.set_axisbelow(True)


def _short(name: str, most: int = 20) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}\N{HORIZONTAL ELLIPSIS}"
