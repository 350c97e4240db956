"""Figures as they are printed: three digits, thousands set apart, median and range."""

import numpy as np

from spinedet.datasets.describe.census import Floats, Ints
from spinedet.datasets.pages.parts import DASH

NARROW = "\N{NARROW NO-BREAK SPACE}"
TIMES = "\N{NO-BREAK SPACE}\N{MULTIPLICATION SIGN}\N{NO-BREAK SPACE}"
EN = "\N{EN DASH}"
PX = "\N{NO-BREAK SPACE}px"


def whole(number: float) -> str:
    """A count, thousands set apart."""
    return f"{number:,.0f}"


def figure(value: float) -> str:
    """A measure to three figures."""
    if not np.isfinite(value):
        return DASH
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def per_cent(part: float, of: float) -> str:
    """A share; a part that is not nothing is never printed as 0."""
    if not of or not part:
        return DASH if not of else f"0{NARROW}%"
    share = 100 * part / of
    return f"<{NARROW}0.1{NARROW}%" if share < 0.1 else f"{share:.1f}{NARROW}%"


def spread(values: Floats | Ints) -> str:
    """Median and range: `14 (9-17)`."""
    if not len(values):
        return DASH
    low, high = values.min(), values.max()
    return figure(np.median(values)) + ("" if low == high else f" ({figure(low)}{EN}{figure(high)})")


def size_of(sides: Floats) -> str:
    """Width and height: `48 x 23`."""
    return f"{figure(sides[0])}{TIMES}{figure(sides[1])}"
