"""From what an `<object>` draws to one upright box: corners, or the extent of a rotated box or of a polygon."""

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from spinedet.annotations.boxes import VOC_ORIGIN, Box
from spinedet.annotations.errors import InputError
from spinedet.annotations.voc.extra import Element
from spinedet.annotations.voc.model import CLIPPED, POLYGON, ROTATED, SWAPPED, outside
from spinedet.annotations.voc.notes import Notes
from spinedet.annotations.voc.values import plus, read_number

EDGE_SLACK = 2.0
"""Pixels by which a box may leave the image; it is then clipped (tools differ in where they put the last pixel)."""

MOST_DIGITS = 6
"""Of a whole number that is a place in an image."""

Number = int | Decimal

Parts = Mapping[Any, Element]
"""Children of an element by tag."""


def drawn(notes: Notes, node: Element, parts: Parts, corners: Parts) -> Box:
    """The upright box of an object, as the file has it.

    Args:
        notes: Where mending is remarked.
        node: The `<object>`.
        parts: Its children.
        corners: The children of its `<bndbox>`; empty if it has none.

    Raises:
        InputError: It draws nothing, or with words that are no numbers.
    """
    if "bndbox" in parts:
        return _from_corners(notes, parts["bndbox"], corners)
    if "robndbox" in parts:
        return _rotated_extent(notes, parts["robndbox"])
    if "polygon" in parts:
        return _polygon_extent(notes, parts["polygon"])
    raise missing(notes, node, "bndbox")


def missing(notes: Notes, node: Element, tag: str) -> InputError:
    """The refusal of an element that lacks a child."""
    return notes.refusal(node, f"<{node.tag}> has no <{tag}>.", expected=f"<{tag}> inside <{node.tag}>")


def number(notes: Notes, node: Element) -> Number:
    """The number of pixels in an element.

    Raises:
        InputError: There is none.
    """
    text = text_of(node)
    if text.isdigit() and text.isascii() and len(text) <= MOST_DIGITS:  # nearly all, and four times as fast
        return int(text)
    value = read_number(text)
    if value is None:
        raise notes.refusal(node, f"<{node.tag}> is not a number of pixels.", found=repr(text[:80]))
    return value


def text_of(node: Element) -> str:
    """The text of an element, also where a comment or an unknown element cuts it."""
    if len(node) == 0:
        return node.text or ""
    pieces = [node.text, *(child.tail for child in node)]
    return "".join(piece for piece in pieces if piece and piece.strip())


def _from_corners(notes: Notes, node: Element, corners: Parts) -> Box:
    try:
        xmin, ymin, xmax, ymax = [number(notes, corners[side]) for side in ("xmin", "ymin", "xmax", "ymax")]
    except KeyError as error:
        raise missing(notes, node, error.args[0]) from error
    # A side one shorter than a pixel has no area in either order, and is refused later.
    across, down = xmax < xmin - VOC_ORIGIN, ymax < ymin - VOC_ORIGIN
    if across or down:
        names = " and ".join(name for name, turned in (("xmin and xmax", across), ("ymin and ymax", down)) if turned)
        notes.remark(SWAPPED, node, f"{names} stand in each other's place and were swapped.")
        xmin, xmax = (xmax, xmin) if across else (xmin, xmax)
        ymin, ymax = (ymax, ymin) if down else (ymin, ymax)
    return Box(_first_edge(xmin), _first_edge(ymin), float(xmax), float(ymax))


def _first_edge(corner: Number) -> float:
    return float(corner - VOC_ORIGIN if isinstance(corner, int) else plus(corner, -VOC_ORIGIN))


def _rotated_extent(notes: Notes, node: Element) -> Box:
    """The upright extent of roLabelImg's box: centre, sides and an angle in radians, in continuous pixels."""
    parts = {child.tag: child for child in node}
    try:
        cx, cy, w, h, angle = (float(number(notes, parts[tag])) for tag in ("cx", "cy", "w", "h", "angle"))
    except KeyError as error:
        raise missing(notes, node, error.args[0]) from error
    cosine, sine = abs(math.cos(angle)), abs(math.sin(angle))
    across, down = (w * cosine + h * sine) / 2, (w * sine + h * cosine) / 2
    notes.remark(ROTATED, node, "A rotated box of roLabelImg was read as its upright extent; its corners are kept.")
    return Box(cx - across, cy - down, cx + across, cy + down)


def _polygon_extent(notes: Notes, node: Element) -> Box:
    """The extent of a polygon whose points are `<x1><y1><x2><y2>...` or `<pt><x><y></pt>...`, in continuous pixels."""
    leaves = [leaf for leaf in node.iter() if len(leaf) == 0 and isinstance(leaf.tag, str)]
    xs, ys = ([float(number(notes, leaf)) for leaf in leaves if leaf.tag.startswith(side)] for side in "xy")
    if len(xs) < 2 or len(xs) != len(ys):
        found = f"{len(xs)} x, {len(ys)} y"
        raise notes.refusal(node, "A polygon has no points.", expected="x and y of each point", found=found)
    notes.remark(POLYGON, node, "A polygon without a box was read as its extent; its points are kept.")
    return Box(min(xs), min(ys), max(xs), max(ys))


def inside(notes: Notes, node: Element, name: str, box: Box, width: int, height: int) -> Box:
    """The box, with edges at most `EDGE_SLACK` outside the image pulled back to its border.

    Raises:
        InputError: It is further out.
    """
    if box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height:
        return box
    cut = Box(max(box.x0, 0.0), max(box.y0, 0.0), min(box.x1, float(width)), min(box.y1, float(height)))
    moved = max(abs(a - b) for a, b in zip(box, cut, strict=True))
    if moved > EDGE_SLACK:
        raise outside(name, box, width, height)
    notes.remark(CLIPPED, node, f"The box of a '{name}' left the image by {moved:g} px and was cut off at its border.")
    return cut
