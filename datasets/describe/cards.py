"""Pictures of boxes and images, named by image and patient."""

from collections.abc import Iterable, Mapping

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError
from spinedet.datasets.dataset import Item
from spinedet.datasets.describe.census import Census
from spinedet.datasets.describe.examples import Found
from spinedet.datasets.describe.words import PX, size_of
from spinedet.datasets.images import Pixels, read_pixels
from spinedet.datasets.pages import Card, Look, Mark, count, draw_boxes, region_around

CONTEXT = 0.75
"""Of the longer side of a box, shown around it on every side."""

AROUND_ALL = 0.1
"""Of the longer side of all boxes of an image, shown around them."""

UPRIGHT = 0.75
"""Width over height of the picture of an image: a spine stands upright."""

MOST_KILOBYTES = 32
"""Of one picture: a hundred of them make less than 4 MB of a page."""

WIDTH = 25.0
"""Of the page, in per cent: four pictures in a row."""


def box_cards(census: Census, boxes: Iterable[Found], known: Mapping[str, Look]) -> list[Card]:
    """A crop around each box, as far as its image can be read."""
    cards = (_box_card(census, found, known) for found in boxes)
    return [card for card in cards if card is not None]


def _box_card(census: Census, found: Found, known: Mapping[str, Look]) -> Card | None:
    item = census.dataset.items[census.item[found.box]]
    if (pixels := _pixels(item)) is None:
        return None
    box, name = Box(*map(float, census.boxes[found.box])), census.dataset.classes[census.label[found.box]]
    picture = draw_boxes(
        pixels,
        [Mark(box, name)],
        known=known,
        region=region_around([box], (item.annotation.width, item.annotation.height), margin=CONTEXT, aspect=1),
        width=WIDTH,
        windowed=True,
        most_kilobytes=MOST_KILOBYTES,
        alt=f"{name} in image {item.image}",
    )
    size = f"{size_of(census.sides[found.box])}{PX}"
    return Card(picture, item.image, f"{_line(_patient(item), size)}\n{found.words}".strip())


def image_cards(census: Census, places: Iterable[int], known: Mapping[str, Look], only: str = "") -> list[Card]:
    """Images with their boxes, or with those of one class, as far as they can be read; cropped to all boxes."""
    cards = (_image_card(census.dataset.items[place], known, only) for place in places)
    return [card for card in cards if card is not None]


def _image_card(item: Item, known: Mapping[str, Look], only: str) -> Card | None:
    if (pixels := _pixels(item)) is None:
        return None
    things = [thing for thing in item.annotation.objects if only in ("", thing.name)]
    boxes, size = [thing.box for thing in item.annotation.objects], (item.annotation.width, item.annotation.height)
    picture = draw_boxes(
        pixels,
        [Mark(thing.box, thing.name) for thing in things],
        known=known,
        region=region_around(boxes, size, margin=AROUND_ALL, aspect=UPRIGHT),
        width=WIDTH,
        windowed=True,
        most_kilobytes=MOST_KILOBYTES,
        alt=f"Image {item.image} with its boxes",
    )
    return Card(picture, item.image, _line(_patient(item), count(len(things), "box")))


def _pixels(item: Item) -> Pixels | None:
    """The image; None where there is none, or where it is damaged (which the table of facts counts)."""
    try:
        return None if item.path is None else read_pixels(item.path)
    except InputError:
        return None


def _patient(item: Item) -> str:
    return f"patient {item.patient}" if item.patient is not None else ""


def _line(*parts: str) -> str:
    return " \N{MIDDLE DOT} ".join(part for part in parts if part)
