"""How boxes of different names are told apart on an image: by colour, then by dashes."""

from collections.abc import Iterable
from dataclasses import dataclass

BRIGHT = ("#56B4E9", "#F0E442", "#FF6A1F", "#FF9FD0", "#2FD6A3", "#FFFFFF")
"""Colours for boxes on dark images, after Okabe and Ito's (jfly.uni-koeln.de/color), brightened where they drown in
grey; told apart with every common colour vision deficiency."""

DASHES: tuple[tuple[int, ...], ...] = ((), (9, 5), (2, 4), (9, 4, 2, 4))
"""Lengths of line and gap in pixels of the page; they change once the colours are used up."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a box is drawn.

    Attributes:
        colour: `#rrggbb`.
        dash: Lengths of line and gap in pixels of the page, in turn; empty for a solid line.
    """

    colour: str
    dash: tuple[int, ...] = ()


def looks(names: Iterable[str]) -> dict[str, Look]:
    """A look for each name (a class or an annotator), the same on every picture of a page; 24 differ."""
    return {
        name: Look(BRIGHT[place % len(BRIGHT)], DASHES[place // len(BRIGHT) % len(DASHES)])
        for place, name in enumerate(names)
    }
