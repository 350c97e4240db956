"""The agreement report as one HTML page that needs nothing else."""

from pathlib import Path

from spinedet.annotations.errors import some
from spinedet.benchmarks.agreement import tables
from spinedet.benchmarks.agreement.figures import Agreement, Figure, Pair
from spinedet.benchmarks.agreement.pairs import EDGES
from spinedet.benchmarks.agreement.panel import Panel
from spinedet.benchmarks.agreement.pictures import SHOWN, annotator_looks, draw_ranking
from spinedet.datasets.pages import count, render, write_page

HERE = "spinedet.benchmarks.agreement"

NOTEWORTHY = 0.5
"""Pixels from which a systematic shift of an edge is put into words; half a pixel is what rounding can do."""

WAYS = {edge: ("down", "up") if edge in {"top", "bottom"} else ("right", "left") for edge in EDGES}
"""Where an edge lies whose difference is positive, and where if it is negative."""

FEW_PATIENTS = 10
"""With fewer, a percentile interval is known to be too narrow, and the page says so."""

NAMED = 20
"""Images left out that are named one by one."""


def write_report(path: Path, found: Agreement, panel: Panel, *, pictures: bool) -> Path:
    """Write the report.

    Args:
        path: The file to write.
        found: The figures.
        panel: The annotators they were measured on; loaded with images if `pictures`.
        pictures: Whether the images that differ most are drawn; they are patients' images.

    Raises:
        InputError: There is a file of that name that is no page of ours, or an image is damaged.
        WorkError: The file cannot be written.
    """
    shown = [row for row in found.ranking[:SHOWN] if row.score > 0]
    write_page(
        path,
        render(
            HERE,
            "page.html.j2",
            found=found,
            tables=tables,
            cards=draw_ranking(shown, panel, found.iou) if pictures else [],
            shown=shown,
            looks=annotator_looks(found.annotators),
            facts=_facts(found),
            finding=_finding(found),
            shifts=[sentence for pair in found.pairs for sentence in _shifts(pair)],
            notes=_notes(found),
            noteworthy=NOTEWORTHY,
        ),
    )
    return path


def _facts(found: Agreement) -> str:
    patients = f" of {count(found.patients, 'patient')}" if found.patients else ""
    boxes = ", ".join(f"{name} {number:,}" for name, number in zip(found.annotators, found.boxes, strict=True))
    return f"{count(found.images, 'image')}{patients} that {tables.pairs_of(found)} have all finished; boxes: {boxes}."


def _finding(found: Agreement) -> str:
    """The first sentence: what share two annotators agree on, and how well the boxes lie on each other."""
    whole = [pair.rows[0] for pair in found.pairs]
    agreed, overlap = [row.f1 for row in whole], [row.iou.mean for row in whole]
    if all(figure.value is None for figure in agreed):
        return "Nobody drew a box."
    who = "The two annotators" if len(whole) == 1 else "Two annotators at a time"
    sentence = f"{who} agree on {_range(agreed, percent=True)} of their boxes, in place and class (F1"
    if len(agreed) == 1 and agreed[0].ci95:
        sentence += f", 95{tables.SPACE}% interval {tables.to(agreed[0].ci95, tables.percent)}"
    if any(figure.value is not None for figure in overlap):
        return f"{sentence}); the boxes that they share overlap by {_range(overlap)} on average (IoU)."
    return f"{sentence})."


def _range(figures: list[Figure], *, percent: bool = False) -> str:
    values = [figure.value for figure in figures if figure.value is not None]
    low, high = (tables.percent(end) if percent else f"{end:.2f}" for end in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"


def _shifts(pair: Pair) -> list[str]:
    """Edges of which one annotator draws further out or in than the other, over all boxes."""
    told = []
    for edge, shift in pair.rows[0].edges.items():
        mean = shift.mean.value
        if mean is not None and abs(mean) >= NOTEWORTHY and tables.is_systematic(shift):
            way = WAYS[edge][mean < 0]
            bounds = tables.to(shift.mean.ci95, tables.signed)
            told.append(
                f"{pair.second}'s {edge} edge lies {abs(mean):.1f} px further {way} than {pair.first}'s ({bounds})."
            )
    return told


def _notes(found: Agreement) -> list[str]:
    notes = []
    if found.left_out:
        rows = [f"{image} ({', '.join(names)})" for image, names in found.left_out.items()]
        left = count(len(rows), "image")
        notes.append(f"{left} left out because not everybody has finished them: {some(rows, NAMED)}.")
    if found.patients is None:
        notes.append(
            "The dataset does not say whose images these are, so the intervals take every image for a patient of its "
            "own; they are too narrow where one patient has several images. Write patients.csv."
        )
    if found.resamples == 0:
        notes.append("There are no resampled intervals: none were asked for, or there is one patient alone.")
    elif (found.patients or found.images) < FEW_PATIENTS:
        notes.append(f"There are fewer than {FEW_PATIENTS} {found.resampled}s: the intervals are too narrow.")
    if len(found.classes) == 1:
        notes.append("There is one class alone: kappa over boxes is then never above 0, whatever the agreement.")
    return notes
