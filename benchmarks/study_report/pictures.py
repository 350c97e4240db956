"""Pictures of a study: P1's Figure 4 (one image read by everybody, side by side), and every disagreement."""

from collections.abc import Sequence
from itertools import groupby

from spinedet.annotations.boxes import Box
from spinedet.benchmarks.study.folder import StudyFolder
from spinedet.benchmarks.study.protocol import Protocol
from spinedet.benchmarks.study.readings import Mark as Drawn
from spinedet.benchmarks.study.readings import StudyData, Truth
from spinedet.benchmarks.study_analysis.records import Disagreement, Rater, StudyResults
from spinedet.datasets.images import Pixels, read_pixels
from spinedet.datasets.pages import Card, Look, Mark, count, draw_boxes, looks, region_around

REFERENCE = "reference"

SHOWN = 2
"""Images that are shown side by side: the one on which raters differ most, and one on which all are right."""

CARD_WIDTH = 32.0
"""Per cent of the page that a picture may take: three stand beside each other."""

MARGIN, ASPECT = 0.12, 0.8
"""What is shown around all boxes together, and width over height of a crop."""

KILOBYTES = 45
"""Of one picture."""


def class_looks(protocol: Protocol) -> dict[str, Look]:
    """A colour for each class, the same in all pictures."""
    return looks(protocol.classes)


def side_by_side(folder: StudyFolder, data: StudyData, results: StudyResults) -> list[tuple[str, list[Card]]]:
    """P1's Figure 4: for each shown image its code, and a card for the reference and for each rater.

    Raises:
        InputError: An image of the study is missing or damaged.
    """
    return [(one.code, _cards(folder, data, results, one)) for one in _telling(data, results)]


def _telling(data: StudyData, results: StudyResults) -> list[Truth]:
    """The image on which raters differ most from the reference, and the first on which all agree with it."""
    wrong = {code: len(list(rows)) for code, rows in groupby(results.disagreements, key=lambda row: row.code)}
    boxed = [one for one in data.truth if one.marks or one.label]
    ranked = sorted(boxed, key=lambda one: -wrong.get(one.code, 0))
    return list({one.code: one for one in (*ranked[:1], *ranked[-1:])}.values())[:SHOWN]


def _cards(folder: StudyFolder, data: StudyData, results: StudyResults, truth: Truth) -> list[Card]:
    pixels = read_pixels(folder.images / f"{truth.code}.png")
    readings = {(one.reader, one.treatment): one for one in data.readings}
    rows = [(REFERENCE, truth.marks, truth.label, "")]
    for rater in results.raters:
        case = readings[rater.reader, rater.treatment].by_code.get(truth.code)
        if case is not None:
            shown = _confident(case.marks, rater, folder.protocol)
            seconds = f"{case.timing.seconds:.1f} s" if case.timing else ""
            rows.append((rater.name, shown, case.label, seconds))
    region = _region([mark for _, marks, _, _ in rows for mark in marks], pixels)
    return [_card(pixels, region, folder.protocol, *row) for row in rows]


def _confident(marks: Sequence[Drawn], rater: Rater, protocol: Protocol) -> tuple[Drawn, ...]:
    """A model's marks from the protocol's score on; a person's all."""
    if rater.kind == "person":
        return tuple(marks)
    return tuple(mark for mark in marks if mark.score is None or mark.score >= protocol.model_score)


def _region(marks: Sequence[Drawn], pixels: Pixels) -> Box:
    size = (pixels.shape[1], pixels.shape[0])
    return region_around([Box(*mark.box) for mark in marks], size, margin=MARGIN, aspect=ASPECT if marks else None)


def _card(
    pixels: Pixels, region: Box, protocol: Protocol, name: str, marks: Sequence[Drawn], label: str | None, small: str
) -> Card:
    boxes = [Mark(Box(*mark.box), mark.label) for mark in marks]
    told = label if label is not None else count(len(boxes), "box")
    picture = draw_boxes(
        pixels, boxes, known=class_looks(protocol), region=region, width=CARD_WIDTH, alt=f"{name}: {told}"
    )
    return Card(picture, name, ", ".join(filter(None, (told if label is not None else "", small))))


def disagreement_cards(folder: StudyFolder, rows: Sequence[Disagreement]) -> list[Card]:
    """A picture of each disagreement of one rater: the reference's box and the rater's.

    Raises:
        InputError: An image of the study is missing or damaged.
    """
    cards: list[Card] = []
    for code, same in groupby(rows, key=lambda row: row.code):
        pixels = read_pixels(folder.images / f"{code}.png")  # once for all that is shown of it
        cards += [_disagreement(pixels, row) for row in same]
    return cards


def _disagreement(pixels: Pixels, row: Disagreement) -> Card:
    boxes = [Mark(Box(*row.box), REFERENCE)] if row.box else []
    boxes += [Mark(Box(*row.mark), row.rater)] if row.mark else []
    size = (pixels.shape[1], pixels.shape[0])
    region = region_around([mark.box for mark in boxes], size, margin=1.2, aspect=1.2) if boxes else None
    words = told(row)
    known = looks((REFERENCE, row.rater))
    picture = draw_boxes(
        pixels, boxes, known=known, region=region, width=24, most_kilobytes=KILOBYTES, alt=f"{row.code}: {words}"
    )
    return Card(picture, row.code, words)


def told(row: Disagreement) -> str:
    """A disagreement in words."""
    if row.outcome == "missed":
        return f"{row.truth}, not marked"
    if row.outcome == "false mark":
        return f"called {row.called} where nothing is"
    return f"{row.truth}, called {row.called}"
