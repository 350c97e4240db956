"""A report to look at: one page, for each rule its findings with the boxes in question on their images."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError
from spinedet.datasets.dataset import IMAGES
from spinedet.datasets.images import read_pixels
from spinedet.datasets.lint.checking import Report
from spinedet.datasets.lint.findings import FileRule, Finding, SetRule, Severity
from spinedet.datasets.lint.mending import Mended
from spinedet.datasets.lint.rules import RULES
from spinedet.datasets.lint.text import MARK, summary
from spinedet.datasets.lint.views import SetView
from spinedet.datasets.pages import (
    Card,
    Cell,
    Column,
    Look,
    Mark,
    Picture,
    Table,
    count,
    draw_boxes,
    region_around,
    render,
)

MOST_PICTURES = 8
"""Findings of a rule that are shown as pictures; the page stays within some megabytes."""

MOST_LISTED = 100
"""Findings of a rule that are listed."""

MOST_TRIED = 200
"""Findings of a rule of which a picture is tried: images may be missing or damaged."""

MARGIN = 0.6
"""Around the boxes in question, as a share of their longer side."""

LEAST_PART = 0.4
"""Least part of the image's longer side that is shown, so that one sees where the box lies."""

WHOLE_IMAGE = {"B110"}
"""Rules whose findings only the whole image shows."""

DOUBTED, OTHERS = "in question", "other boxes"
LOOKS = {OTHERS: Look("#C9D6E2", (2, 4)), DOUBTED: Look("#FF6A1F")}


@dataclass(frozen=True, slots=True)
class Section:
    """What one rule has found.

    Attributes:
        rule: The rule.
        found: How often.
        cards: Pictures of the first findings that have one.
        pairs: Whether the pictures stand in pairs.
        table: The first of the others in words; None if there are no others.
    """

    rule: FileRule | SetRule
    found: int
    cards: tuple[Card, ...]
    pairs: bool
    table: Table | None


def render_page(report: Report, mended: Sequence[Mended] = ()) -> str:
    """The page as HTML; it needs nothing else."""
    sections = list(_sections(report))
    return render(
        "spinedet.datasets.lint",
        "page.html.j2",
        report=report,
        tool=MARK,
        summary=summary(report),
        sections=sections,
        overview=_overview(sections),
        mended=mended,
        looks=LOOKS,
        most_pictures=MOST_PICTURES,
        most_listed=MOST_LISTED,
        pictured=any(section.cards for section in sections),
    )


def _sections(report: Report) -> Iterator[Section]:
    """The rules that found something, worst first."""
    order = list(Severity)
    ranked = sorted(report.findings, key=lambda one: (order.index(one.severity), one.rule))  # stays in order of place
    for rule, group in groupby(ranked, key=lambda one: one.rule):
        findings = list(group)
        cards = dict(_cards(report.view, findings))
        others = [finding for place, finding in enumerate(findings) if place not in cards][:MOST_LISTED]
        yield Section(
            RULES[rule],
            len(findings),
            cards=tuple(card for found in cards.values() for card in found),
            pairs=any(finding.fault.beside for finding in findings),
            table=_listed(others) if others else None,
        )


def _overview(sections: Sequence[Section]) -> Table:
    columns = (Column("rule"), Column("severity"), Column("found"), Column("what it finds"), Column("what to do"))
    rows = tuple(
        (
            Cell(one.rule.id),
            Cell(str(one.rule.severity)),
            Cell(f"{one.found:,}"),
            Cell(one.rule.about, word=True),
            Cell(one.rule.todo, word=True),
        )
        for one in sections
    )
    return Table(columns, rows)


def _listed(findings: Sequence[Finding]) -> Table:
    rows = tuple((Cell(one.where), Cell(one.fault.what, small=_own_todo(one), word=True)) for one in findings)
    return Table((Column("where"), Column("what")), rows)


def _own_todo(finding: Finding) -> str:
    """What to do, where it is not what the rule says for all."""
    return finding.todo if finding.todo != RULES[finding.rule].todo else ""


def _cards(view: SetView, findings: Sequence[Finding]) -> Iterator[tuple[int, list[Card]]]:
    """Number and pictures of the first findings that have any; no picture twice."""
    first: dict[object, int] = {}
    for place, finding in enumerate(findings[:MOST_TRIED]):
        first.setdefault((finding.fault.image, finding.fault.boxes, finding.fault.beside), place)
    pictured = ((place, cards) for place in first.values() if (cards := _cards_of(view, findings[place])))
    yield from islice(pictured, MOST_PICTURES)


def _cards_of(view: SetView, finding: Finding) -> list[Card]:
    """The image of a finding, and the one beside it; none where they cannot be read."""
    images = [image for image in (finding.fault.image, finding.fault.beside) if image in view.files]
    try:
        return [_card(view, finding, str(image)) for image in images]
    except InputError:
        return []


def _card(view: SetView, finding: Finding, image: str) -> Card:
    fault = finding.fault
    boxes = fault.boxes if image == fault.image else ()
    picture = _draw(view, image, boxes, whole=finding.rule in WHOLE_IMAGE, wide=fault.beside is not None)
    if image == fault.beside:
        whose = view.patients.of.get(image)
        return Card(picture, view.files[image], f"patient {whose}" if whose else "patient unknown")
    name = finding.where.rpartition("/")[2]  # the folder is the same for nearly all
    return Card(picture, name, "; ".join(filter(None, (fault.what, _own_todo(finding)))))


def _draw(view: SetView, image: str, boxes: Sequence[Box], *, whole: bool, wide: bool) -> Picture:
    pixels = read_pixels(view.root / IMAGES / view.files[image])
    size = pixels.shape[1], pixels.shape[0]
    drawn = _boxes_of(view, image)
    names = {box: name for name, box in drawn}
    marks = [Mark(box, OTHERS) for _, box in drawn if box not in boxes]
    marks += [Mark(box, DOUBTED, names.get(box, "")) for box in dict.fromkeys(boxes)]
    region = None if whole or not boxes else _region(boxes, size)
    alt = f"image {image} with {count(len(boxes), 'box')} in question"
    return draw_boxes(pixels, marks, known=LOOKS, region=region, width=50.0 if wide else 25.0, windowed=True, alt=alt)


def _boxes_of(view: SetView, image: str) -> list[tuple[str, Box]]:
    """Class and box of all that is drawn on an image; nothing where its annotation cannot be read."""
    columns = view.columns
    place = bisect_left(columns.images, image)
    if columns.images[place : place + 1] != (image,):
        return []
    return [(drawn.name, drawn.box) for drawn in view.each(columns.file == place)]


def _region(boxes: Sequence[Box], size: tuple[int, int]) -> Box:
    """The part of an image around the boxes in question, a square not too small to be recognised."""
    x0, y0 = min(box.x0 for box in boxes), min(box.y0 for box in boxes)
    x1, y1 = max(box.x1 for box in boxes), max(box.y1 for box in boxes)
    least = LEAST_PART * max(size)
    half = max(x1 - x0, y1 - y0, least / (1 + 2 * MARGIN)) / 2
    middle = (x0 + x1) / 2, (y0 + y1) / 2
    return region_around(
        [Box(middle[0] - half, middle[1] - half, middle[0] + half, middle[1] + half)], size, margin=MARGIN, aspect=1.0
    )
