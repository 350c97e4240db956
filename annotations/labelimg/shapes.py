"""LabelImg's shapes and our boxes: the same edges on the screen, in the file and in training.

LabelImg itself writes the edge that was drawn at x = 10 as `xmin` 10, which a Pascal VOC file means as the pixel whose
left edge is 9: a shift of one pixel to the left and up. Here the edge drawn at 10 is written as `xmin` 11, and a file
is shown where it says, so that what is seen is what is trained on (docs/decisions/009).
"""

from collections.abc import Sequence
from dataclasses import replace

from spinedet.annotations.boxes import Box
from spinedet.annotations.voc import VocObject

Point = tuple[float, float]
"""x and y in pixels of the image, on edges: 0 is the left side of the first pixel."""


def corners(box: Box) -> list[Point]:
    """The four corners, clockwise from the top left, as LabelImg keeps them."""
    return [(box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1)]


def drawn_box(points: Sequence[Point], width: int, height: int) -> Box:
    """The box around the points, rounded to pixel borders, at least one pixel wide and inside the image."""
    across, down = zip(*points, strict=True)
    x0, x1 = _inside(min(across), max(across), width)
    y0, y1 = _inside(min(down), max(down), height)
    return Box(x0, y0, x1, y1).whole()


def _inside(start: float, end: float, size: int) -> tuple[float, float]:
    first = min(max(start, 0.0), size - 1.0)
    return first, min(max(end, first), float(size))


def drawn_object(
    origin: VocObject | None, label: str, points: Sequence[Point], difficult: bool, size: tuple[int, int]
) -> VocObject:
    """What a shape means: as it was read where nobody moved it, otherwise with its new box.

    Args:
        origin: The object that the shape came from; None for a new one.
        label: The class name that the shape has now.
        points: Its corners.
        difficult: Whether the annotator ticked "difficult".
        size: Width and height of the image.
    """
    if origin is not None and list(points) == corners(origin.box):
        return replace(origin, name=label, difficult=difficult)
    box = drawn_box(points, *size)
    truncated = box.x0 == 0 or box.y0 == 0 or box.x1 == size[0] or box.y1 == size[1]  # LabelImg's own rule
    if origin is None:
        return VocObject(label, box, difficult, truncated)
    return replace(origin, name=label, box=box, difficult=difficult, truncated=truncated)
