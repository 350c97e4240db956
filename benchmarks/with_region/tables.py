"""The tables of the page of regions: each detector with and without, their differences, and how the regions lie."""

from spinedet.benchmarks.agreement.tables import LINE, to
from spinedet.benchmarks.whole_image.comparing import Comparison as Paired
from spinedet.benchmarks.whole_image.comparing import McNemar
from spinedet.benchmarks.whole_image.figures import Figure
from spinedet.benchmarks.whole_image.run import Pair
from spinedet.benchmarks.whole_image.tables import number, probability, signed
from spinedet.benchmarks.with_region.asking import WORDS
from spinedet.benchmarks.with_region.contrasts import ChiSquare, Contrast
from spinedet.benchmarks.with_region.measuring import Comparison, Regions, Versus
from spinedet.datasets.pages import Cell, Column, Table, count
from spinedet.datasets.pages.parts import DASH

MEASURES = {
    "box_dice": ("Dice", "with the mask's box"),
    "box_iou": ("IoU", "with the mask's box"),
    "mask_dice": ("Dice", "with the mask itself"),
}
"""What is told of a region beside its mask: column, and what the region is compared with."""


def differences(found: Comparison) -> Table:
    """With a region less without, over images and over patients."""
    columns = [Column(""), *_area_columns(found), Column("accuracy", "difference"), Column("chi-square", "of accuracy")]
    rows = []
    for versus in found.versus:
        pair = pair_of(found, versus)
        levels = ((versus.images, pair.image, pair.area), (versus.patients, pair.patient, pair.patient_area))
        rows += [_row(found, versus, one, tests, area) for one, tests, area in levels if one is not None]
    return Table(tuple(columns), tuple(rows))


def _area_columns(found: Comparison) -> list[Column]:
    if not found.results.task.positive:
        return []
    return [
        Column("AUC", "difference; DeLong's p"),
        Column("sensitivity", "difference; McNemar"),
        Column("specificity", "difference; McNemar"),
    ]


def _row(
    found: Comparison, versus: Versus, one: Contrast, tests: Paired | None, area: Figure | None
) -> tuple[Cell, ...]:
    cells = [Cell(words(found, versus), count(one.rows, one.unit))]
    if found.results.task.positive:
        p = DASH if tests is None else f"p {probability(tests.delong.p)}"
        cells.append(difference(area, p))
        cells.append(difference(one.sensitivity, _alone(None if tests is None else tests.ill)))
        cells.append(difference(one.specificity, _alone(None if tests is None else tests.healthy)))
    return (*cells, difference(one.accuracy), _chi_square(one.chi_square))


def pair_of(found: Comparison, versus: Versus) -> Pair:
    """The tests of two sides."""
    wanted = (versus.first, versus.second)
    return next(pair for pair in found.results.pairs if (pair.first, pair.second) == wanted)


def words(found: Comparison, versus: Versus) -> str:
    """Two sides of a detector: `YOLOv5, region found less whole image`."""
    kinds = {side.name: side.kind for side in found.sides}
    return f"{versus.first} less {WORDS[kinds[versus.second]]}"


def difference(figure: Figure | None, more: str = "") -> Cell:
    """A difference with its sign, its interval and what a test says of it."""
    if figure is None or figure.value is None:
        return Cell(DASH, LINE.join(filter(None, ((figure.why or "") if figure else "", more))))
    return Cell(signed(figure.value), LINE.join(filter(None, (to(figure.ci95_patients, signed), more))))


def _alone(found: McNemar | None) -> str:
    """Images that one side alone answers rightly, and the p of that."""
    if found is None:
        return ""
    p = "alike" if found.p is None else f"p {probability(found.p)}"
    return f"{found.first_only} / {found.second_only}, {p}"


def _chi_square(found: ChiSquare) -> Cell:
    right = f"{found.right[0]:,} and {found.right[1]:,} of {found.of:,}"
    if found.statistic is None or found.p is None:
        return Cell(DASH, LINE.join((right, found.why or "")))
    return Cell(f"{found.statistic:.2f}", LINE.join((f"p {probability(found.p)}", right)))


def regions(found: Comparison) -> Table:
    """How the regions were found, and how well they lie."""
    columns = [
        Column(""),
        Column("with a region", "images of all"),
        Column("nothing found", "answered whole"),
        Column("left out", "of all figures"),
        *(Column(*words) for words in MEASURES.values()),
    ]
    return Table(tuple(columns), tuple(_region(one) for one in found.regions))


def _region(one: Regions) -> tuple[Cell, ...]:
    with_region = one.images - len(one.missing) - len(one.left_out)
    cells = (
        Cell(WORDS[one.kind]),
        Cell(
            f"{with_region:,} of {one.images:,}", LINE.join((count(one.crops, "crop"), f"{one.compared:,} with a mask"))
        ),
        Cell(f"{len(one.missing):,}"),
        Cell(f"{len(one.left_out):,}"),
    )
    return (*cells, *(_measured(one, name) for name in MEASURES))


def _measured(one: Regions, name: str) -> Cell:
    if name not in one.overlap:
        return Cell(DASH, "no masks")
    row = one.overlap[name]
    told = f"{number(row.mean)} \N{PLUS-MINUS SIGN} {number(row.sd)}"
    return Cell(told, LINE.join((f"median {number(row.median)}", f"least {number(row.least)}")))


def unanswered(found: Comparison) -> Table:
    """Every image without a region, by name, with what became of it."""
    rows = [
        (Cell(WORDS[one.kind]), Cell(image, word=True), Cell(what, word=True))
        for one in found.regions
        for image, what in (
            *((image, "nothing found: answered from the whole image") for image in one.missing),
            *((image, f"left out: {reason}") for image, reason in one.left_out),
        )
    ]
    return Table((Column(""), Column("image"), Column("what became of it")), tuple(rows))
