"""An image with boxes, as a picture for a page: cropped, scaled, drawn on, and small enough to be carried in HTML."""

import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image as Bitmap
from PIL import ImageColor, ImageDraw

from spinedet.annotations.boxes import Box
from spinedet.datasets.images import Pixels, window
from spinedet.datasets.pages.labels import Area, Size, place_labels, stack
from spinedet.datasets.pages.lettering import Font, font_for
from spinedet.datasets.pages.looks import Look, looks
from spinedet.datasets.pages.parts import Picture

PAGE_PIXELS = 864
"""Width of a page's text in pixels of the screen (CSS): 54 rem of 16 pixels."""

TRIES = ((2, 88), (2, 75), (1, 88), (1, 75), (1, 60), (1, 40))
"""Pixels of a picture for one of the page, and its JPEG quality: the first pair that is small enough is taken. Two a
pixel are sharp on today's screens and print at 230 dots an inch on A4 paper."""

MOST_PIXELS = 2000
"""Longest side of a picture in its own pixels."""

LINE, HALO = 1.5, 3.0
"""Width of a box's line and of the shade around it, in pixels of the page."""

SHADE = (0, 0, 0, 120)
"""Around lines: a bright line is seen on bright bone too."""

BEHIND = (20, 23, 27)
"""Behind labels, and where a crop reaches beyond its image."""

LETTERS = 11
"""Height of a label's letters in pixels of the page."""

LABEL_GAP = 3.0
"""Between a box and its label, in pixels of the page."""

LEAST_MARGIN = 4.0
"""Pixels of the image around a crop's boxes."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A box to be drawn.

    Attributes:
        box: Continuous edges in pixels of the image.
        name: Whose look it has: its class, or its annotator.
        label: A short text beside it (a number, an initial); empty for none.
    """

    box: Box
    name: str = ""
    label: str = ""


def draw_boxes(
    image: Pixels,
    boxes: Sequence[Mark],
    *,
    known: Mapping[str, Look] | None = None,
    region: Box | None = None,
    zoom: float | None = None,
    width: float = 25.0,
    windowed: bool = False,
    most_kilobytes: int = 60,
    alt: str = "",
) -> Picture:
    """Draw boxes on an image, or on a part of it.

    Lines lie on the edges of the boxes, so that what is inside stays to be seen. A label stands beside its box and
    never covers one: where no place is free it goes to a margin on the right, with a thin line to its box.

    Args:
        image: (H, W) or (H, W, 3) RGB, 8 bits, as `read_pixels` and `read_image` give it.
        boxes: The boxes, in the order in which they are drawn; those outside the part are left out.
        known: The look of each name, as `looks(names)` gives it; otherwise made from the names of `boxes`. Give the
            same one to all pictures of a page, and to `parts.legend`.
        region: The part that is shown, see `region_around`; otherwise the whole image.
        zoom: Pixels of the page for one of the image, for pictures that are to be compared; otherwise the part fills
            the width.
        width: Share of the page's width in per cent; with `zoom` it follows from that.
        windowed: Spread the greys of the part over black to white (`datasets.images.window`); dark images need it.
        most_kilobytes: The picture is no larger than this (of 1000 bytes): sharpness goes first, then quality.
        alt: What is shown, in words.

    Returns:
        A JPEG as a data URI.
    """
    found = known if known is not None else looks(dict.fromkeys(mark.name for mark in boxes))
    shown = _whole_pixels(region or Box(0, 0, image.shape[1], image.shape[0]))
    page_pixels = (shown.x1 - shown.x0) * zoom if zoom else PAGE_PIXELS * width / 100
    part = _cut(image, shown, windowed=windowed)
    seen = [(area, mark) for mark in boxes if (area := _visible(mark.box, shown)) is not None]
    data = b""
    for density, quality in TRIES:
        canvas = _scaled(part, _scale(part, density * page_pixels))
        scale = canvas.width / part.shape[1]
        data = _jpeg(_drawn(canvas, seen, found, scale, density), quality)
        if len(data) <= most_kilobytes * 1000:
            break
    return Picture.of("image/jpeg", data, min(100.0, round(100 * page_pixels / PAGE_PIXELS, 2)), alt)


def region_around(
    boxes: Iterable[Box], size: tuple[int, int], *, margin: float = 0.25, aspect: float | None = None
) -> Box:
    """The part of an image that shows some boxes and what lies around them.

    Args:
        boxes: The boxes; the whole image if there are none.
        size: Width and height of the image.
        margin: Share of the longer side of all boxes together that is added on every side.
        aspect: Width over height, so that crops stand beside each other; otherwise as it comes.

    Returns:
        Whole edges in pixels of the image, moved inside it where it is large enough.
    """
    edges = np.array(list(boxes), np.float64).reshape(-1, 4)
    if not len(edges):
        return Box(0, 0, *size)
    x0, y0 = map(float, edges[:, :2].min(axis=0))
    x1, y1 = map(float, edges[:, 2:].max(axis=0))
    added = 2 * max(margin * max(x1 - x0, y1 - y0), LEAST_MARGIN)
    wide, high = x1 - x0 + added, y1 - y0 + added
    if aspect is not None:
        wide, high = max(wide, high * aspect), max(high, wide / aspect)
    wide, high = math.ceil(wide), math.ceil(high)
    left, top = _moved((x0 + x1 - wide) / 2, wide, size[0]), _moved((y0 + y1 - high) / 2, high, size[1])
    return Box(left, top, left + wide, top + high)


def _moved(start: float, length: int, limit: int) -> int:
    """The pixel where a stretch of `length` begins so that it stays within 0..limit, or is centred if it is longer."""
    return (limit - length) // 2 if length > limit else min(max(round(start), 0), limit - length)


def _whole_pixels(region: Box) -> Box:
    x0, y0 = math.floor(region.x0), math.floor(region.y0)
    return Box(x0, y0, max(math.ceil(region.x1), x0 + 1), max(math.ceil(region.y1), y0 + 1))


def _scale(part: Pixels, wanted: float) -> float:
    """Pixels of the canvas for one of the image, so that the part is `wanted` wide and no side too long."""
    height, width = part.shape[:2]
    return float(min(wanted / width, MOST_PIXELS / max(width, height)))


def _cut(image: Pixels, region: Box, *, windowed: bool) -> Pixels:
    """A part of an image; dark where it reaches beyond the image."""
    x0, y0, x1, y1 = map(int, region)
    height, width = image.shape[:2]
    inner = image[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)]
    inner = window(inner.astype(np.float32)) if windowed and inner.size else inner
    around = [(max(-y0, 0), max(y1 - max(y0, height), 0)), (max(-x0, 0), max(x1 - max(x0, width), 0))]
    return np.pad(inner, [*around, *[(0, 0)] * (image.ndim - 2)], constant_values=BEHIND[0])


def _scaled(part: Pixels, scale: float) -> Bitmap.Image:
    size = max(round(scale * part.shape[1]), 1), max(round(scale * part.shape[0]), 1)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    resized = cv2.resize(np.ascontiguousarray(part), size, interpolation=how)
    return Bitmap.fromarray(np.asarray(resized, np.uint8)).convert("RGB")


def _visible(box: Box, region: Box) -> Area | None:
    """What of a box lies in a part of the image, in pixels of the image from the corner of the part."""
    x0, y0, x1, y1 = region
    area = Area(max(box.x0, x0) - x0, max(box.y0, y0) - y0, min(box.x1, x1) - x0, min(box.y1, y1) - y0)
    return area if area.x0 < area.x1 and area.y0 < area.y1 else None


def _drawn(
    canvas: Bitmap.Image, seen: Sequence[tuple[Area, Mark]], known: Mapping[str, Look], scale: float, density: int
) -> Bitmap.Image:
    """The canvas with boxes and labels; wider where labels needed a margin."""
    areas = [Area(*(scale * edge for edge in area)) for area, _ in seen]
    pen = ImageDraw.Draw(canvas, "RGBA")
    for area in areas:
        _outline(pen, area, HALO * density, SHADE, ())
    for area, (_, mark) in zip(areas, seen, strict=True):
        look = known[mark.name]
        _outline(pen, area, LINE * density, _rgb(look), [density * length for length in look.dash])
    return _labelled(canvas, areas, [mark for _, mark in seen], known, density)


def _labelled(
    canvas: Bitmap.Image, areas: Sequence[Area], marks: Sequence[Mark], known: Mapping[str, Look], density: int
) -> Bitmap.Image:
    fonts = [font_for(mark.label, LETTERS * density) for mark in marks]
    sizes = [_label_size(mark.label, font, density) for mark, font in zip(marks, fonts, strict=True)]
    places = _places(areas, sizes, (canvas.width, canvas.height), density)
    canvas = _widened(canvas, places)
    pen = ImageDraw.Draw(canvas, "RGBA")
    for area, place, mark, font in zip(areas, places, marks, fonts, strict=True):
        if place is not None:
            _label(pen, area, place, mark.label, font, _rgb(known[mark.name]), density)
    return canvas


def _places(areas: Sequence[Area], sizes: Sequence[Size], canvas: Size, density: int) -> list[Area | None]:
    """A place for every label: beside its box, or else in a column right of the image."""
    half, gap = HALO * density / 2, LABEL_GAP * density
    grown = [Area(area.x0 - half, area.y0 - half, area.x1 + half, area.y1 + half) for area in areas]
    places = place_labels(grown, sizes, canvas, gap)
    left = [place for place, size in enumerate(sizes) if size[0] > 0 and places[place] is None]
    tops = stack([(areas[one].y0 + areas[one].y1) / 2 for one in left], [sizes[one][1] for one in left], gap)
    for place, top in zip(left, tops, strict=True):
        start = canvas[0] + 2 * gap
        places[place] = Area(start, top, start + sizes[place][0], top + sizes[place][1])
    return places


def _widened(canvas: Bitmap.Image, places: Iterable[Area | None]) -> Bitmap.Image:
    taken = [place for place in places if place is not None]
    width = max([canvas.width, *(math.ceil(place.x1) for place in taken)])
    height = max([canvas.height, *(math.ceil(place.y1) for place in taken)])
    if (width, height) == canvas.size:
        return canvas
    wider = Bitmap.new("RGB", (width, height), BEHIND)
    wider.paste(canvas, (0, 0))
    return wider


def _rgb(look: Look) -> tuple[int, ...]:
    return ImageColor.getrgb(look.colour)


def _outline(pen: ImageDraw.ImageDraw, area: Area, width: float, colour: tuple[int, ...], dash: Sequence[int]) -> None:
    """Four lines along the edges of a box."""
    thick = max(round(width), 1)
    x0, y0, x1, y1 = (round(edge - thick / 2) for edge in area)
    for y in (y0, y1):
        for start, end in _dashes(x0, x1 + thick, dash):
            pen.rectangle((start, y, end, y + thick - 1), fill=colour)
    for x in (x0, x1):
        for start, end in _dashes(y0 + thick, y1, dash):
            pen.rectangle((x, start, x + thick - 1, end), fill=colour)


def _dashes(start: int, end: int, dash: Sequence[int]) -> list[tuple[int, int]]:
    """First and last pixel of the inked parts of a line from `start` to `end`."""
    parts, place, number = [], start, 0
    while place < end:
        length = dash[number % len(dash)] if dash else end - start
        if number % 2 == 0:
            parts.append((place, min(place + length, end) - 1))
        place, number = place + length, number + 1
    return parts


def _label_size(text: str, font: Font, density: int) -> Size:
    return (font.getlength(text) + 4 * density, (LETTERS + 4) * density) if text else (0.0, 0.0)


def _label(
    pen: ImageDraw.ImageDraw, area: Area, place: Area, text: str, font: Font, colour: tuple[int, ...], density: int
) -> None:
    """A text on a dark ground; joined to its box by a thin line where it stands further off."""
    middle = (place.y0 + place.y1) / 2
    if place.x0 > area.x1 + (HALO + LABEL_GAP) * density:
        pen.line((area.x1, (area.y0 + area.y1) / 2, place.x0, middle), fill=(*colour, 160), width=density)
    pen.rectangle(place, fill=(*BEHIND, 215))
    pen.text(((place.x0 + place.x1) / 2, middle), text, font=font, fill=colour, anchor="mm")


def _jpeg(canvas: Bitmap.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    canvas.save(buffer, "JPEG", quality=quality, subsampling=0, optimize=True)
    return buffer.getvalue()
