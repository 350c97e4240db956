"""Where the label of a box goes: beside it, never over a box, never over another label."""

from collections.abc import Sequence
from typing import NamedTuple


class Area(NamedTuple):
    """A rectangle on a canvas, in pixels of the canvas."""

    x0: float
    y0: float
    x1: float
    y1: float

    def meets(self, other: "Area") -> bool:
        """Whether the two share more than an edge."""
        return self.x0 < other.x1 and other.x0 < self.x1 and self.y0 < other.y1 and other.y0 < self.y1


Size = tuple[float, float]
"""Width and height in pixels of the canvas."""


def place_labels(boxes: Sequence[Area], sizes: Sequence[Size], canvas: Size, gap: float) -> list[Area | None]:
    """A free place for each label on the canvas.

    Args:
        boxes: The boxes as they are drawn.
        sizes: The size of each box's label; a label without width is not wanted and gets no place.
        canvas: Width and height.
        gap: Between a box and its label.

    Returns:
        For each box the place of its label: right of it, left of it, above or below; None where none of these is free.
    """
    whole = Area(0, 0, *canvas)
    taken = list(boxes)
    places: list[Area | None] = []
    for box, size in zip(boxes, sizes, strict=True):
        wanted = _candidates(box, size, gap) if size[0] > 0 else []
        free = [one for one in wanted if _inside(one, whole) and not any(one.meets(other) for other in taken)]
        places.append(free[0] if free else None)
        taken += free[:1]
    return places


def _candidates(box: Area, size: Size, gap: float) -> list[Area]:
    """Places beside a box, the best first: at the middle of its right and left side, above, below, then the corners."""
    width, height = size
    middle, centre = (box.y0 + box.y1 - height) / 2, (box.x0 + box.x1 - width) / 2
    right, left, above, below = box.x1 + gap, box.x0 - gap - width, box.y0 - gap - height, box.y1 + gap
    corners = [(right, above), (right, below), (left, above), (left, below)]
    sides = [(right, middle), (left, middle), (box.x0, above), (box.x0, below), (centre, above), (centre, below)]
    return [Area(x, y, x + width, y + height) for x, y in (*sides, *corners)]


def _inside(area: Area, whole: Area) -> bool:
    return whole.x0 <= area.x0 and area.x1 <= whole.x1 and whole.y0 <= area.y0 and area.y1 <= whole.y1


def stack(middles: Sequence[float], heights: Sequence[float], gap: float) -> list[float]:
    """Tops of labels in a column, each as near to its box's middle as those above it allow; none overlaps another."""
    tops = [0.0] * len(middles)
    free = 0.0
    for place in sorted(range(len(middles)), key=lambda one: middles[one]):
        tops[place] = max(middles[place] - heights[place] / 2, free)
        free = tops[place] + heights[place] + gap
    return tops
