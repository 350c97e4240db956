"""Boxes that are unlike the others of their class, by size, by shape and by place.

The measures of a box are the logarithms of its width, height and width/height, and the place of its centre as a share
of the image. A measure x of a class with at least `LEAST_BOXES` boxes is far off where its robust z-score

    z = (x - median) / max(1.4826 MAD, (P95 - P5) / 3.29, floor),   MAD = median |x - median|

passes `LIMIT` in size (Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993; both spreads are the standard
deviation where values are normal). The MAD alone would doubt the smaller half of a class that comes in two places or
two sizes; the percentiles P5 and P95 see both, and one box in twenty on either side may be wrong without moving them.

Width and height are taken in pixels and as shares of the image, and the milder z counts: neither another resolution nor
another field of view makes a box implausible by itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinedet.datasets.lint.findings import Fault
from spinedet.datasets.lint.views import SetView

LEAST_BOXES = 30
"""Fewer boxes of a class do not show what is usual."""

LIMIT = 5.0
"""Robust z-score from which a measure is implausible. The usual 3.5 raises 59 findings on the 2,946 boxes of a sound
real set, whose greatest score is 4.3."""

SIZE_FLOOR = 0.1
"""Least spread of a logarithm, a tenth: boxes of one size do not make their neighbour a tenth larger implausible."""

PLACE_FLOOR = 0.03
"""Least spread of a place, as a share of the image."""

NORMAL_MAD = 1.4826
"""Standard deviation of normal values over their MAD."""

NORMAL_RANGE = 3.29
"""From the 5th to the 95th percentile of normal values, in standard deviations."""

Values = NDArray[np.float64]


def robust_z(values: Values, floor: float) -> Values:
    """Robust z-scores of one measure (N,) of one class; see the module."""
    low, median, high = np.percentile(values, (5, 50, 95))
    spread = NORMAL_MAD * np.median(np.abs(values - median))
    return np.asarray((values - median) / max(spread, (high - low) / NORMAL_RANGE, floor))


@dataclass(frozen=True, slots=True, eq=False)
class Measures:
    """What is measured of the boxes of one class.

    Attributes:
        number: (N,) their numbers in the columns of the dataset.
        sides: (N, 2) width and height in pixels.
        centre: (N, 2) place of the centre as a share of the image's width and height.
        image: (N, 2) width and height of the image.
    """

    number: NDArray[np.int64]
    sides: Values
    centre: Values
    image: Values


def _classes(view: SetView) -> Iterator[tuple[str, Measures]]:
    """The measures of every class that has enough boxes."""
    columns = view.columns
    for label, name in enumerate(columns.names):
        number = np.flatnonzero(columns.label == label)
        if len(number) < LEAST_BOXES:
            continue
        low, high = columns.box[number, :2], columns.box[number, 2:]
        image = columns.sizes[columns.file[number]].astype(np.float64)
        yield name, Measures(number, high - low, (low + high) / 2 / image, image)


def implausible_size(view: SetView) -> Iterator[Fault]:
    """A box much larger, smaller, wider or higher than the others of its class."""
    for name, measures in _classes(view):
        scores = _size_scores(measures)  # (N, 3)
        for row in np.flatnonzero((np.abs(scores) > LIMIT).any(axis=1)).tolist():
            worst = int(np.abs(scores[row]).argmax())
            what = _size_words(name, measures, row, worst)
            yield _fault(view, measures, row, f"{what} (z {scores[row, worst]:+.1f})")


def _size_scores(measures: Measures) -> Values:
    """(N, 3) z-scores of width, height and width/height."""
    pixels, shares = np.log(measures.sides), np.log(measures.sides / measures.image)
    columns = []
    for side in (0, 1):
        both = np.stack([robust_z(values[:, side], SIZE_FLOOR) for values in (pixels, shares)])  # (2, N)
        columns.append(np.take_along_axis(both, np.abs(both).argmin(axis=0)[None], axis=0)[0])
    aspect = robust_z(pixels[:, 0] - pixels[:, 1], SIZE_FLOOR)
    return np.stack([*columns, aspect], axis=1)


def _size_words(name: str, measures: Measures, row: int, worst: int) -> str:
    sides = measures.sides
    if worst < 2:
        side = ("wide", "high")[worst]
        return f"'{name}' is {sides[row, worst]:.4g} px {side}, usually {np.median(sides[:, worst]):.4g}"
    aspect = sides[:, 0] / sides[:, 1]
    return f"'{name}' is {aspect[row]:.2g} times as wide as high, usually {np.median(aspect):.2g}"


def implausible_place(view: SetView) -> Iterator[Fault]:
    """A box far from where its class lies in the images."""
    for name, measures in _classes(view):
        scores = np.stack([robust_z(measures.centre[:, side], PLACE_FLOOR) for side in (0, 1)], axis=1)  # (N, 2)
        for row in np.flatnonzero((np.abs(scores) > LIMIT).any(axis=1)).tolist():
            worst = int(np.abs(scores[row]).argmax())
            here, usual = measures.centre[row, worst], np.median(measures.centre[:, worst])
            of = ("width", "height")[worst]
            what = f"'{name}' lies at {here:.0%} of the image's {of}, usually at {usual:.0%}"
            yield _fault(view, measures, row, f"{what} (z {scores[row, worst]:+.1f})")


def _fault(view: SetView, measures: Measures, row: int, what: str) -> Fault:
    drawn = next(view.each(measures.number[row : row + 1]))
    return Fault(drawn.place, what, drawn.line, image=drawn.image, boxes=(drawn.box,))
