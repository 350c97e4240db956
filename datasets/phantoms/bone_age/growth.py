"""When the centres of ossification of a hand appear, how they grow, and when growth plates close.

Months are round means of girls and boys, after the order that W. W. Greulich and S. I. Pyle described (Radiographic
Atlas of Skeletal Development of the Hand and Wrist, 2nd ed. 1959); the phantom has no sex.
"""

from dataclasses import dataclass

import numpy as np

CARPAL_AGES = {
    "capitate": 2,
    "hamate": 3,
    "triquetrum": 28,
    "lunate": 42,
    "trapezium": 56,
    "trapezoid": 60,
    "scaphoid": 62,
    "pisiform": 118,
}
"""Months at which each centre appears."""

CARPALS_GROWN = 165.0
"""Months by which they touch each other."""

SESAMOID_APPEARS = 148.0
"""Months at which the bone beside the thumb's joint appears."""

PLATE, LAST_PLATE = 1.7, 0.5
"""Thickness of an open growth plate, and of one that is about to close, in mm of a grown hand."""

NARROWS = 60.0
"""A growth plate narrows for so many months before it closes."""

SCAR = 20.0
"""Its bright line fades in so many months."""


@dataclass(frozen=True, slots=True)
class Epiphysis:
    """The end of a bone that ossifies from a centre of its own.

    Attributes:
        appears: Months at which it does.
        wide: Months by which it is as wide as the shaft.
        closes: Months at which its plate is bone.
    """

    appears: float
    wide: float
    closes: float


EPIPHYSES = {
    "metacarpal": Epiphysis(18, 130, 187),
    "thumb": Epiphysis(26, 125, 178),
    "proximal": Epiphysis(14, 118, 183),
    "middle": Epiphysis(18, 122, 185),
    "distal": Epiphysis(22, 128, 172),
    "radius": Epiphysis(11, 105, 207),
    "ulna": Epiphysis(76, 150, 203),
}
"""By the kind of bone."""


@dataclass(frozen=True, slots=True)
class Stage:
    """How far an epiphysis has come.

    Attributes:
        size: Its width as a share of the grown one's, 0 where it has not appeared.
        plate: Thickness of its growth plate in mm of a grown hand; None where it has closed.
        scar: Brightness of the closed plate, from 1 to 0.
    """

    size: float
    plate: float | None
    scar: float


def stage(epiphysis: Epiphysis, months: float) -> Stage:
    """How far an epiphysis has come by an age."""
    size = grown(epiphysis.appears, epiphysis.wide, months)
    if months >= epiphysis.closes:
        return Stage(1.0, None, float(np.clip(1 - (months - epiphysis.closes) / SCAR, 0, 1)))
    left = (epiphysis.closes - months) / NARROWS
    return Stage(size, float(LAST_PLATE + (PLATE - LAST_PLATE) * min(left, 1.0)), 0.0)


def grown(appears: float, complete: float, months: float) -> float:
    """Size of a centre as a share of the grown one's: 0 before it appears, then fast, then slower."""
    if months <= appears:
        return 0.0
    return float(0.22 + 0.78 * min((months - appears) / (complete - appears), 1.0) ** 0.75)
