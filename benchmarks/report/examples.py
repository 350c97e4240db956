"""Example images: which ones are shown, and ground truth beside what a detector found in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from spinedet.annotations.boxes import box_iou
from spinedet.datasets.dataset import Boxes, Dataset
from spinedet.datasets.images import read_image
from spinedet.datasets.pages.style import MUTED, PAGE_WIDTH
from spinedet.datasets.pages.style import LineLook as Look
from spinedet.detect.contract import Detections

EACH = 2
"""Examples of each kind."""

HIT, FALSE, LEFT_OUT = 1, 0, -1
"""What became of a detection: right, wrong, or on a difficult object and so neither."""

DRAWN: Look = {"color": "#F0E442", "linestyle": "-"}
FOUND: Look = {"color": "#56B4E9", "linestyle": "-"}
WRONG: Look = {"color": "#FF6A1F", "linestyle": (0, (4, 1.5))}
MISSED: Look = {"color": "#F0E442", "linestyle": (0, (1, 1.3))}


@dataclass(frozen=True, eq=False, slots=True)
class Outcome:
    """One image, what is true in it and what was found.

    Attributes:
        image: Name of the image.
        path: Its file.
        size: Width and height in pixels.
        truth: The boxes that were drawn.
        found: The detections that reach the score of the report.
        verdict: (D,) `HIT`, `FALSE` or `LEFT_OUT` for each detection.
        missed: (N,) True for each object that nothing hit; never for a difficult one.
    """

    image: str
    path: Path | None
    size: tuple[int, int]
    truth: Boxes
    found: Detections
    verdict: NDArray[np.int64]
    missed: NDArray[np.bool_]

    @property
    def objects(self) -> int:
        """Objects that count."""
        return int((~self.truth.difficult).sum())

    @property
    def hits(self) -> int:
        """Objects that were found."""
        return int((self.verdict == HIT).sum())

    @property
    def false(self) -> int:
        """Detections that are wrong."""
        return int((self.verdict == FALSE).sum())

    @property
    def f1(self) -> float:
        """2 TP / (2 TP + FP + FN); 1 where there was nothing to find and nothing was found."""
        total = self.hits + self.false + self.objects
        return 2 * self.hits / total if total else 1.0


@dataclass(frozen=True, slots=True)
class Row:
    """Examples of one kind (`best`, `random`, `worst`)."""

    kind: str
    outcomes: tuple[Outcome, ...]


def judge(dataset: Dataset, image: str, detections: Detections, *, iou: float, score: float) -> Outcome:
    """Match the detections of one image as the evaluator does: best score first, each looks at its best object."""
    item, found = dataset[image], detections.above(score)
    truth = dataset.boxes(item)
    verdict = np.full(len(found), FALSE)
    taken = np.zeros(len(truth.labels), np.bool_)
    overlaps = box_iou(found.boxes.astype(np.float64), truth.boxes)  # (D, N)
    overlaps[found.labels[:, None] != truth.labels[None, :]] = -1  # (D, 1) against (1, N)
    for place in range(len(found) if len(taken) else 0):
        target = int(overlaps[place].argmax())
        if overlaps[place, target] < iou:
            continue
        if truth.difficult[target]:
            verdict[place] = LEFT_OUT
        elif not taken[target]:
            verdict[place], taken[target] = HIT, True
    size = (item.annotation.width, item.annotation.height)
    return Outcome(image, item.path, size, truth, found, verdict, ~taken & ~truth.difficult)


def random_images(images: Sequence[str], seed: int) -> tuple[str, ...]:
    """The images shown as random ones: the same for one seed, whatever was found in them."""
    order = np.random.default_rng(seed).permutation(len(images))
    return tuple(sorted(images)[place] for place in order[:EACH])


def choose(outcomes: Sequence[Outcome], random: Sequence[str]) -> tuple[Row, ...]:
    """Best, random and worst images; F1 decides, then the number of objects, then the name; none is shown twice."""
    shown = [outcome for outcome in outcomes if outcome.image in random]
    others = [outcome for outcome in outcomes if outcome.image not in random and outcome.objects]
    best = sorted(others, key=lambda one: (-one.f1, -one.objects, one.image))[:EACH]
    taken = {outcome.image for outcome in best}
    left = [outcome for outcome in others if outcome.image not in taken]
    worst = sorted(left, key=lambda one: (one.f1, -one.objects, one.image))[:EACH]
    rows = (Row("best", tuple(best)), Row("random", tuple(shown)), Row("worst", tuple(worst)))
    return tuple(row for row in rows if row.outcomes)


def initials(classes: Sequence[str]) -> tuple[str, ...]:
    """The shortest beginnings that tell the classes apart: N, H, S; Bo and Bu where one letter is not enough."""
    for length in range(1, max(map(len, classes)) + 1):
        short = [name[:length].capitalize() for name in classes]
        if len(set(short)) == len(short):
            return tuple(short)
    return tuple(classes)


LEAST_MARGIN = 4.0
"""Pixels around what is drawn and found."""

# Measures of the page, in inches: two pairs a row, with room for a line of text above each image.
_SIDE, _GAP, _BETWEEN, _TEXT, _LEGEND = 0.22, 0.05, 0.2, 0.27, 0.22


def draw_examples(rows: Sequence[Row], classes: Sequence[str]) -> Figure:
    """Ground truth (left) beside the detections (right) of each example, cropped to what is drawn and found."""
    outcomes = [outcome for row in rows for outcome in row.outcomes]
    aspect = _aspect([_extent(outcome) for outcome in outcomes])
    width = (PAGE_WIDTH - _SIDE - EACH * _GAP - (EACH - 1) * _BETWEEN) / (2 * EACH)
    row_height = width / aspect + _TEXT
    total = row_height * len(rows) + _LEGEND
    figure = Figure(figsize=(PAGE_WIDTH, total))
    for number, row in enumerate(rows):
        bottom = total - _LEGEND - (number + 1) * row_height
        middle = bottom + width / aspect / 2
        figure.text(0.06 / PAGE_WIDTH, middle / total, row.kind, rotation=90, va="center", ha="left", fontsize=7.5)
        for column, outcome in enumerate(row.outcomes):
            left = _SIDE + column * (2 * width + _GAP + _BETWEEN)
            places = [(left + side * (width + _GAP), bottom, width, width / aspect) for side in (0, 1)]
            pair = [figure.add_axes((x / PAGE_WIDTH, y / total, w / PAGE_WIDTH, h / total)) for x, y, w, h in places]
            _draw_pair(pair, outcome, initials(classes), aspect)
    _legend(figure)
    return figure


def _legend(figure: Figure) -> None:
    looks = {"ground truth": DRAWN, "found": FOUND, "false": WRONG, "missed": MISSED}
    handles = [Line2D([], [], linewidth=1.6, label=name, **look) for name, look in looks.items()]
    legend = figure.legend(handles=handles, loc="upper right", ncols=len(handles), handlelength=2.6, frameon=True)
    legend.get_frame().set(facecolor="#30363d", edgecolor="none")  # the colours are made for dark images
    for text in legend.get_texts():
        text.set_color("white")


def _draw_pair(pair: Sequence[Axes], outcome: Outcome, short: Sequence[str], aspect: float) -> None:
    region = _region(outcome, aspect)
    for axes in pair:
        _show(axes, outcome, region)
    truth, found = outcome.truth, outcome.found
    for box, label in zip(truth.boxes, truth.labels, strict=True):
        _draw_box(pair[0], box, short[label], region, DRAWN)
    for box in truth.boxes[outcome.missed]:
        _draw_box(pair[1], box, "", region, MISSED)
    for box, label, score, verdict in zip(found.boxes, found.labels, found.scores, outcome.verdict, strict=True):
        look = WRONG if verdict == FALSE else FOUND
        _draw_box(pair[1], box, f"{short[label]} {score:.2f}".replace("0.", "."), region, look)
    pair[0].set_title(_shorten(outcome.image), fontsize=6.5, pad=3)
    pair[1].set_title(_summary(outcome), fontsize=6.5, pad=3, color=MUTED)


def _summary(outcome: Outcome) -> str:
    false = f", {outcome.false} false" if outcome.false else ""
    return f"F1 {outcome.f1:.2f}: {outcome.hits} of {outcome.objects}{false}"


def _shorten(name: str, most: int = 26) -> str:
    return name if len(name) <= most else f"{name[: most - 9]}\N{HORIZONTAL ELLIPSIS}{name[-8:]}"


def _show(axes: Axes, outcome: Outcome, region: tuple[float, float, float, float]) -> None:
    assert outcome.path is not None  # only images on disk are chosen
    pixels = read_image(outcome.path)
    x0, y0, x1, y1 = region
    left, top = max(int(x0), 0), max(int(y0), 0)
    part = pixels[top : int(np.ceil(y1)), left : int(np.ceil(x1))]
    axes.imshow(part, extent=(left, left + part.shape[1], top + part.shape[0], top), interpolation="antialiased")
    axes.set(xlim=(x0, x1), ylim=(y1, y0), xticks=[], yticks=[], facecolor="black", aspect="auto")
    axes.spines[:].set_visible(False)


def _draw_box(axes: Axes, box: Any, text: str, region: tuple[float, ...], look: Look) -> None:
    x0, y0, x1, y1 = map(float, box)
    outline = [withStroke(linewidth=1.9, foreground="#000000a0")]
    axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, linewidth=0.9, path_effects=outline, **look))
    room = 0.2 * (region[2] - region[0])
    inside = x1 + room > region[2]
    axes.annotate(
        text,
        (x1, (y0 + y1) / 2),
        xytext=(-2 if inside else 2, 0),
        textcoords="offset points",
        ha="right" if inside else "left",
        va="center",
        fontsize=5,
        color=look["color"],
        bbox={"boxstyle": "square,pad=0.12", "facecolor": "#000000c0", "edgecolor": "none"},
    )


def _extent(outcome: Outcome) -> tuple[float, float, float, float]:
    """Everything drawn and found in an image, with a margin."""
    boxes = np.concatenate([outcome.truth.boxes, outcome.found.boxes])
    if not len(boxes):
        return 0.0, 0.0, 1.0, 1.0
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    margin = max(0.1 * float((high - low).max()), LEAST_MARGIN)
    return float(low[0] - margin), float(low[1] - margin), float(high[0] + margin), float(high[1] + margin)


def _aspect(extents: Sequence[tuple[float, float, float, float]]) -> float:
    """Width over height of all crops of a figure: the median of what they need, between 2:3 and 3:2."""
    wanted = [(x1 - x0) / (y1 - y0) for x0, y0, x1, y1 in extents]
    return float(np.clip(np.median(wanted), 2 / 3, 3 / 2))


def _region(outcome: Outcome, aspect: float) -> tuple[float, float, float, float]:
    """The crop of an image: its extent, widened to `aspect` and moved inside the image where it fits."""
    width, height = outcome.size
    x0, y0, x1, y1 = _extent(outcome) if outcome.objects or len(outcome.found) else (0, 0, width, height)
    wide, high = max(x1 - x0, (y1 - y0) * aspect), max(y1 - y0, (x1 - x0) / aspect)
    x0, y0 = _inside((x0 + x1 - wide) / 2, wide, width), _inside((y0 + y1 - high) / 2, high, height)
    return x0, y0, x0 + wide, y0 + high


def _inside(start: float, length: float, limit: float) -> float:
    """Where a stretch of `length` begins so that it stays within 0..limit, or centred if it is longer."""
    return (limit - length) / 2 if length > limit else float(np.clip(start, 0, limit - length))
