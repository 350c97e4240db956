"""How drawn figures look: one palette, one typeface, the same bytes for the same figures."""

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spinedet.datasets.pages.lettering import families
from spinedet.datasets.pages.parts import Picture

PAGE_WIDTH = 7.1
"""Inches between the margins of an A4 page: figures are drawn at the size they are printed."""

INK, MUTED, RULE = "#1b1f24", "#5c6670", "#d9dde2"

SERIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#5c6670")
"""Okabe and Ito's colours (jfly.uni-koeln.de/color), told apart with every common colour vision deficiency."""

DASHES: tuple[Any, ...] = ("-", (0, (5, 1.6)), (0, (1.4, 1.2)), (0, (6, 1.4, 1.4, 1.4)))
"""The second mark of a series beside its colour, for print in grey; 7 colours and 4 dashes make 28 different lines."""

_RC = {
    "font.size": 7.0,
    "axes.titlesize": 7.5,
    "axes.labelsize": 7.0,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "legend.fontsize": 6.5,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlepad": 6.0,
    "axes.unicode_minus": True,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "grid.color": RULE,
    "grid.linewidth": 0.5,
    "lines.linewidth": 1.2,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.hashsalt": "spinedet",  # element names in an SVG are otherwise random
    "svg.fonttype": "path",
    "text.parse_math": False,  # a class may be called $L5$
}

LineLook = dict[str, Any]
"""Line properties: colour and dash."""


@contextmanager
def style() -> Iterator[None]:
    """The settings in which every figure is made and saved; matplotlib's own are put back afterwards."""
    with matplotlib.rc_context({**_RC, "font.family": families()}):
        yield


def panels(count: int, *, across: int, height: float, width: float = PAGE_WIDTH) -> tuple[Figure, list[Axes]]:
    """A figure of small multiples, filled row by row.

    Args:
        count: How many panels.
        across: At most this many in a row.
        height: Inches of one row.
        width: Inches of a full row; fewer panels than `across` keep the width of a panel.
    """
    columns = max(1, min(across, count))
    rows = -(-count // columns)
    figure = Figure(figsize=(width * columns / across, height * rows), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False)
    axes = list(grid.flat)
    for spare in axes[count:]:
        spare.set_axis_off()
    return figure, axes[:count]


def drawing(figure: Figure, alt: str = "") -> Picture:
    """A figure of lines and letters as an SVG, to be called within `style`."""
    return Picture.of("image/svg+xml", svg(figure), page_share(figure), alt)


def svg(figure: Figure) -> bytes:
    """The figure as an SVG file; no date in it."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def page_share(figure: Figure) -> float:
    """The width of a figure in per cent of the page's."""
    return min(100.0, round(100 * float(figure.get_figwidth()) / PAGE_WIDTH, 2))


def series(names: Iterable[str]) -> dict[str, LineLook]:
    """Colour and dash of each name as line properties, the same in every figure of a report."""
    return {
        name: {"color": SERIES[place % len(SERIES)], "linestyle": DASHES[place % len(DASHES)]}
        for place, name in enumerate(names)
    }
