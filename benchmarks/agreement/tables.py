"""The tables of the agreement page: each figure with what was counted and its interval in smaller print."""

from collections.abc import Callable, Iterable, Sequence

from spinedet.benchmarks.agreement.figures import (
    Agreement,
    EveryoneRow,
    Figure,
    ImageDisagreement,
    Interval,
    KappaFigure,
    Kappas,
    Pair,
    PairRow,
    Shift,
)
from spinedet.datasets.pages import Cell, Column, Table, count
from spinedet.datasets.pages.parts import DASH

SPACE = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
LINE = "\n"
"""Between two lines of a cell's smaller print; the page's style keeps it."""

ALL_BOXES = "all boxes"

SHIFT_COLUMNS = {
    "left": "+ is to the right",
    "top": "+ is lower",
    "right": "+ is to the right",
    "bottom": "+ is lower",
}
"""Edges, and what a positive difference means."""

WRITTEN = {"every rating is the same category, so agreement by chance is certain": "all alike: not defined"}
"""Reasons in the few words that fit into a table."""

KAPPA_COLUMNS = (
    Column("boxes", "with none"),
    Column("matched boxes", "drawn by all"),
    Column("images", "has it or not"),
)


def same_boxes(pairs: Iterable[Pair]) -> Table:
    """How many boxes have a partner, and whether it has the same class."""
    columns = (
        Column("boxes", "drawn by each"),
        Column("with a partner", "of both annotators"),
        Column("same class", "of those with a partner"),
        Column("F1", "partner and same class"),
        Column("recall", "of the first's boxes"),
        Column("precision", "of the second's boxes"),
    )

    def cells(row: PairRow) -> list[Cell]:
        shares = (row.matched, row.class_agreement, row.f1, row.recall, row.precision)
        return [Cell("{:,} / {:,}".format(*row.boxes)), *map(_share, shares)]

    return _by_scope(pairs, columns, cells)


def overlaps(pairs: Iterable[Pair]) -> Table:
    """How well the boxes lie on each other."""
    columns = (
        Column("pairs of boxes"),
        *(Column(name, group="IoU") for name in ("mean", "lower quartile", "median", "upper quartile")),
    )

    def cells(row: PairRow) -> list[Cell]:
        iou = row.iou
        figures = (iou.mean, iou.lower_quartile, iou.median, iou.upper_quartile)
        return [Cell(f"{iou.mean.of:,}"), *(_measured(figure, three) for figure in figures)]

    return _by_scope(pairs, columns, cells)


def shifts(pairs: Iterable[Pair]) -> Table:
    """How far the second annotator's edges lie from the first's."""
    columns = [Column("pairs of boxes")] + [Column(f"{edge} edge", words) for edge, words in SHIFT_COLUMNS.items()]

    def cells(row: PairRow) -> list[Cell]:
        return [Cell(f"{row.iou.mean.of:,}"), *(_shift(row.edges[edge]) for edge in SHIFT_COLUMNS)]

    return _by_scope(pairs, tuple(columns), cells)


def cohen(pairs: Iterable[Pair]) -> Table:
    """Cohen's kappa of every two annotators."""
    return _by_scope(pairs, KAPPA_COLUMNS, lambda row: _kappas(row.kappa))


def everyone(rows: Sequence[EveryoneRow]) -> Table:
    """All annotators together, with Fleiss' kappa."""
    columns = (
        Column("", ""),
        Column("drawn by all", "of the things drawn"),
        Column("same class by all", "of the things drawn"),
        *(Column(column.name, column.unit, group="Fleiss' kappa") for column in KAPPA_COLUMNS),
    )
    cells = [
        (Cell(row.label or ALL_BOXES), _share(row.drawn_by_all), _share(row.same_by_all), *_kappas(row.kappa))
        for row in rows[: _useful(len(rows))]
    ]
    return Table(columns, tuple(cells))


def against(pairs: Iterable[Pair]) -> Table:
    """Annotators against a reference, which is the second of each pair."""
    columns = (
        Column("boxes", "annotator / reference"),
        Column("F1", "partner and same class"),
        Column("of the reference's", "found"),
        Column("of the annotator's", "in the reference"),
        Column("mean IoU", "of pairs"),
        Column("kappa", "boxes, with none"),
    )

    def cells(row: PairRow) -> list[Cell]:
        shares = (row.f1, row.precision, row.recall)
        overlap, boxes = _measured(row.iou.mean, three), Cell("{:,} / {:,}".format(*row.boxes))
        return [boxes, *map(_share, shares), overlap, _kappa(row.kappa.boxes, formula=False)]

    return _by_scope(pairs, columns, cells)


def ranking(rows: Iterable[ImageDisagreement], annotators: Sequence[str]) -> Table:
    """The images that differ most."""
    names = ("disagreement", "boxes alone", "pairs of two classes", "overlap lost", f"boxes of {', '.join(annotators)}")
    cells = [
        (
            Cell(row.image, row.patient or ""),
            Cell(f"{row.score:.2f}"),
            Cell(str(row.alone)),
            Cell(str(row.other_class)),
            Cell(f"{row.lost_overlap:.2f}"),
            Cell(" / ".join(map(str, row.boxes))),
        )
        for row in rows
    ]
    return Table((Column("image"), *map(Column, names)), tuple(cells))


def between(pair: Pair) -> str:
    """Two annotators in a heading."""
    return f"{pair.first}{SPACE}{DASH} {pair.second}"


def percent(value: float) -> str:
    """A share: `96.2 %`."""
    return f"{100 * value:.1f}{SPACE}%"


def three(value: float) -> str:
    """A figure with three decimals and a true minus."""
    return f"{value:.3f}".replace("-", MINUS)


def signed(value: float) -> str:
    """A difference with one decimal: `+1.7`."""
    return f"{value:+.1f}".replace("-", MINUS) if round(value, 1) else "0.0"


def to(bounds: Interval | None, say: Callable[[float], str]) -> str:
    """An interval in words: `0.851 to 0.889`; empty where there is none."""
    return "" if bounds is None else f"{say(bounds[0])} to {say(bounds[1])}"


def _useful(rows: int) -> int:
    """Rows worth printing: with one class, its row says what that of all boxes says."""
    return 1 if rows == 2 else rows


def _by_scope(pairs: Iterable[Pair], columns: Sequence[Column], cells: Callable[[PairRow], list[Cell]]) -> Table:
    """One row a pair of annotators for all boxes, then for each class, so that pairs stand beneath each other."""
    every = list(pairs)
    names = [row.label for row in every[0].rows][: _useful(len(every[0].rows))]
    rows = [
        (Cell(name or ALL_BOXES, between(pair)), *cells(pair.rows[place]))
        for place, name in enumerate(names)
        for pair in every
    ]
    return Table((Column(""), *columns), tuple(rows))


def _share(figure: Figure) -> Cell:
    if figure.value is None:
        return Cell(DASH, "none to count")
    counted = f"{figure.count:,} of {figure.of:,}"
    bounds = to(figure.ci95, lambda value: f"{100 * value:.1f}")
    return Cell(percent(figure.value), LINE.join(filter(None, (counted, bounds))))


def _measured(figure: Figure, say: Callable[[float], str]) -> Cell:
    return Cell(DASH) if figure.value is None else Cell(say(figure.value), to(figure.ci95, say))


def is_systematic(shift: Shift) -> bool:
    """Whether the interval of a mean shift leaves out 0."""
    return shift.mean.ci95 is not None and not shift.mean.ci95[0] <= 0 <= shift.mean.ci95[1]


def _shift(shift: Shift) -> Cell:
    if shift.mean.value is None:
        return Cell(DASH)
    limits = ""
    if shift.low.value is not None and shift.high.value is not None:
        limits = f"limits {to((shift.low.value, shift.high.value), signed)}"
    words = LINE.join(filter(None, (to(shift.mean.ci95, signed), limits)))
    return Cell(signed(shift.mean.value), words, best=is_systematic(shift))


def _kappas(kappa: Kappas) -> list[Cell]:
    return [_kappa(kappa.boxes), _kappa(kappa.matched), _kappa(kappa.images, "image")]


def _kappa(kappa: KappaFigure, unit: str = "group", *, formula: bool = True) -> Cell:
    if kappa.value is None:
        return Cell(DASH, WRITTEN.get(kappa.why or "", kappa.why or ""))
    analytic = to(kappa.analytic.ci95, three)
    parts = (to(kappa.ci95, three), f"formula {analytic}" if formula and analytic else "", count(kappa.of, unit))
    return Cell(three(kappa.value), LINE.join(filter(None, parts)))


def pairs_of(found: Agreement) -> str:
    """Who is compared, as a list in words."""
    *others, last = found.annotators
    return f"{', '.join(others)} and {last}"
