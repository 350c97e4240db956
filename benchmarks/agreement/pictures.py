"""The images that differ most, each with the boxes of all annotators in a colour of their own."""

from collections.abc import Iterable, Mapping, Sequence
from math import comb
from statistics import median

from spinedet.annotations.boxes import Box
from spinedet.annotations.consensus.grouping import Group, group_boxes
from spinedet.benchmarks.agreement.figures import ImageDisagreement
from spinedet.benchmarks.agreement.panel import Panel
from spinedet.datasets.dataset import Item
from spinedet.datasets.images import read_pixels
from spinedet.datasets.pages import Card, Look, Mark, count, draw_boxes, looks, region_around
from spinedet.datasets.pages.looks import DASHES

SHOWN = 12
"""Images drawn on the page."""

CARD_WIDTH = 49.0
"""Per cent of the page that a picture may take: two stand beside each other."""

MARGIN = 0.1
"""Share of the longer side of all boxes together that is shown around them."""

TALLEST, WIDEST = 0.8, 1.5
"""Least and greatest width over height of the crops, which is one for all, so that they stand in a grid."""


def draw_ranking(rows: Sequence[ImageDisagreement], panel: Panel, iou: float) -> list[Card]:
    """Draw images of the ranking.

    A box on which all agree has no label; the class is written beside those that stand alone or have two classes.

    Args:
        rows: The images, in the order in which they are to be shown.
        panel: The annotators, loaded with images.
        iou: Least overlap of boxes that show the same thing.

    Raises:
        InputError: An image is damaged.
    """
    aspect = _aspect([_region(panel.items(row.image)) for row in rows]) if rows else 1.0
    return [_card(rank, row, panel, iou, aspect) for rank, row in enumerate(rows, start=1)]


def _region(items: Mapping[str, Item], aspect: float | None = None) -> Box:
    """The part of an image in which anybody drew, with what lies around it."""
    drawn = [item.annotation for item in items.values()]
    boxes = [thing.box for annotation in drawn for thing in annotation.objects]
    return region_around(boxes, (drawn[0].width, drawn[0].height), margin=MARGIN, aspect=aspect)


def _aspect(regions: Sequence[Box]) -> float:
    wanted = [(region.x1 - region.x0) / (region.y1 - region.y0) for region in regions]
    return min(max(median(wanted), TALLEST), WIDEST)


def annotator_looks(annotators: Iterable[str]) -> dict[str, Look]:
    """A colour and a dash for each: through the gaps of the later one, the box of the earlier one is seen."""
    return {
        name: Look(look.colour, DASHES[place % len(DASHES)])
        for place, (name, look) in enumerate(looks(annotators).items())
    }


def _card(rank: int, row: ImageDisagreement, panel: Panel, iou: float, aspect: float) -> Card:
    items = panel.items(row.image)
    first = next(iter(items.values()))
    assert first.path is not None  # pictures are drawn of panels with images only
    groups = group_boxes({name: item.annotation.objects for name, item in items.items()}, iou)
    marks = [mark for group in groups for mark in _marks(group, len(items))]
    picture = draw_boxes(
        read_pixels(first.path),
        marks,
        known=annotator_looks(items),
        region=_region(items, aspect),
        width=CARD_WIDTH,
        alt=f"{row.image}: boxes of {', '.join(items)}",
    )
    return Card(picture, f"{rank}. {row.image}", words(row, panel.annotators))


def _marks(group: Group, annotators: int) -> list[Mark]:
    disputed = len(group.members) < annotators or len(group.names) > 1
    return [Mark(thing.box, annotator, thing.name if disputed else "") for annotator, thing in group.members]


def words(row: ImageDisagreement, annotators: Sequence[str]) -> str:
    """What an image's disagreement is made of."""
    drawn = ", ".join(f"{name} {number}" for name, number in zip(annotators, row.boxes, strict=True))
    parts = [
        f"{count(row.alone, 'box')} alone" if row.alone else "",
        f"{count(row.other_class, 'pair')} of two classes" if row.other_class else "",
        f"overlap lost {row.lost_overlap:.2f}" if row.lost_overlap else "",
    ]
    told = ", ".join(part for part in parts if part) or "no difference"
    pairs = comb(len(annotators), 2)
    summed = f", summed over {pairs} pairs of annotators" if pairs > 1 else ""
    patient = f"patient {row.patient}; " if row.patient else ""
    return f"{patient}disagreement {row.score:.2f}{summed}: {told}. Boxes: {drawn}."
