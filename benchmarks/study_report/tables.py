"""The tables of a study's page: P1's Table 3 first, then what stands behind it."""

from collections.abc import Iterable, Iterator, Sequence

from spinedet.benchmarks.agreement.figures import KappaFigure
from spinedet.benchmarks.agreement.tables import SPACE, to
from spinedet.benchmarks.mrmc.figures import Analysis
from spinedet.benchmarks.mrmc.paired import PairedCalls
from spinedet.benchmarks.study_analysis.comparison_records import Comparison, Mrmc, PairedMeasure
from spinedet.benchmarks.study_analysis.figure import Figure
from spinedet.benchmarks.study_analysis.records import (
    Diagnostic,
    RaterFigures,
    StudyResults,
    UnitAgreement,
    UnitResults,
)
from spinedet.benchmarks.study_analysis.time_records import RaterTimes, Times
from spinedet.benchmarks.study_report import words
from spinedet.benchmarks.whole_image.tables import number, probability
from spinedet.datasets.pages import Cell, Column, Table, count
from spinedet.datasets.pages.parts import DASH

MAIN = ("sensitivity", "specificity", "accuracy")
"""What the papers print of each reader and class."""

FURTHER = ("f1", "lr_positive", "lr_negative")

PAIRED = ("sensitivity", "specificity", "accuracy")


def main_table(results: StudyResults, unit: UnitResults) -> Table:
    """P1's Table 3: each class and reader, the mean of the persons beneath; the time an image takes in the first rows.

    Where the unit is an object, specificity with false marks counted stands beside the one without.
    """
    objects = unit.unit == "object"
    columns = [Column(""), *(Column(words.MEASURES[name]) for name in MAIN)]
    columns += [Column("Specificity", "false marks counted")] if objects else []
    columns += [*(Column(words.MEASURES[name]) for name in FURTHER), Column("Time", "median an image")]
    medians = {one.rater: one.median for one in results.times.raters}
    rows: list[tuple[Cell, ...]] = []
    for label in _scopes(unit):
        for rater in unit.raters:
            time = words.measured(medians.get(rater.rater), words.seconds) if label is None else Cell("")
            rows.append((Cell(rater.rater, words.scope(label)), *_rater_cells(rater, label, objects=objects), time))
        rows += _mean_rows(unit, label, len(columns))
    return Table(tuple(columns), tuple(rows))


def _scopes(unit: UnitResults) -> list[str | None]:
    """All classes together, then class by class."""
    labels = list(dict.fromkeys(one.label for rater in unit.raters for one in rater.scopes))
    return [label for label in labels if label is None] + [label for label in labels if label is not None]


def _rater_cells(rater: RaterFigures, label: str | None, *, objects: bool) -> list[Cell]:
    found = next((one for one in rater.scopes if one.label == label), None)
    diagnostic = found.primary if found else None
    cells = [words.share(getattr(diagnostic, name, None)) for name in MAIN]
    if label is None:
        cells[MAIN.index("accuracy")] = words.share(rater.right)
    marked = found.with_false_marks if found else None
    cells += [words.share(marked.specificity if marked else None)] if objects else []
    return cells + [_further(diagnostic, name) for name in FURTHER]


def _further(diagnostic: Diagnostic | None, name: str) -> Cell:
    figure: Figure | None = getattr(diagnostic, name, None)
    return words.measured(figure, number) if name in words.RATIOS else words.share(figure)


def _mean_rows(unit: UnitResults, label: str | None, width: int) -> list[tuple[Cell, ...]]:
    """One row a treatment; nothing for a single person."""
    rows = []
    for mean in unit.means:
        found = next((one.figures for one in mean.scopes if one.label == label), None)
        if len(mean.raters) < 2 or found is None:
            continue
        name = f"Mean, {mean.treatment}" if len(unit.means) > 1 else "Mean of readers"
        cells = [words.share(found.get(measure)) for measure in MAIN]
        gap = [Cell("")] if unit.unit == "object" else []
        row = [Cell(name, words.scope(label)), *cells, *gap, words.share(found.get("f1"))]
        rows.append((*row, *[Cell("")] * (width - len(row))))
    return rows


def outcomes(unit: UnitResults) -> Table:
    """What became of the objects of the reference."""
    columns = ("", "right diagnosis", "another", "missed", "false marks", "mean IoU")
    rows = [
        (
            Cell(rater.rater, count(rater.units, "object")),
            words.share(rater.right),
            Cell(f"{rater.outcomes.another:,}"),
            Cell(f"{rater.outcomes.missed:,}"),
            Cell(f"{sum(rater.outcomes.false_marks.values()):,}", _doubles(rater.outcomes.doubles)),
            Cell(DASH if rater.outcomes.iou is None else f"{rater.outcomes.iou:.2f}"),
        )
        for rater in unit.raters
        if rater.outcomes is not None
    ]
    return Table(tuple(map(Column, columns)), tuple(rows))


def _doubles(number_of: int) -> str:
    return f"{number_of:,} on a marked object" if number_of else ""


def comparisons(rows: Iterable[Comparison], label: str | None) -> Table:
    """Reader against model in one scope: differences, and the tests beside each other."""
    columns = (
        Column(""),
        Column("measure"),
        Column("first", "of the two"),
        Column("second"),
        Column("difference", "percentage points"),
        Column("one alone right", "first / second"),
        Column("McNemar", "units independent", "p"),
        Column("clustered", "patients", "p"),
        Column("chi-square", "as if unpaired", "p"),
        Column("corrected", "of the one that counts", "p"),
    )
    cells = [
        (Cell(between(one)), *_paired(measure))
        for one in rows
        if one.label == label
        for measure in one.measures
        if measure.measure in PAIRED
    ]
    return Table(columns, tuple(cells))


def between(one: Comparison) -> str:
    """Two raters in a row."""
    return f"{one.first} {DASH} {one.second}"


def _paired(measure: PairedMeasure) -> list[Cell]:
    first, second = (Cell(DASH if one is None else words.per_cent(one)) for one in (measure.first, measure.second))
    corrected = Cell(probability(measure.corrected_p), f"of {measure.family}" if measure.family > 1 else "")
    return [
        Cell(words.MEASURES[measure.measure], word=True),
        *(first, second),
        words.difference(measure.difference),
        *_tests(measure.calls),
        corrected,
    ]


def _tests(found: PairedCalls | None) -> tuple[Cell, ...]:
    """Who is right alone, and the p of three tests."""
    if found is None:
        return (Cell(DASH),) * 4
    alone = Cell(f"{found.mcnemar.first_only:,} / {found.mcnemar.second_only:,}")
    tests = (found.mcnemar.p, found.clustered.p if found.clustered else None, found.chi_square.p)
    return alone, *(Cell(probability(p)) for p in tests)


def mean_comparisons(unit: UnitResults) -> Table:
    """The persons' mean against each model."""
    columns = (
        *map(Column, ("", "class", "measure", "readers' mean", "model", "difference")),
        *(Column("p", "for other readers too"), Column("p", "for these readers")),
    )
    rows = [
        (
            Cell(f"Readers {DASH} {one.model}", one.treatment if len(unit.means) > 1 else ""),
            Cell(words.scope(one.label), word=True),
            Cell(words.MEASURES[one.measure], word=True),
            *(Cell(DASH if value is None else words.per_cent(value)) for value in (one.mean, one.of_model)),
            words.difference(one.difference),
            Cell(words.test(one.test)),
            Cell(probability(one.against.fixed_readers.p if one.against else None)),
        )
        for one in unit.mean_comparisons
        if one.measure in PAIRED
    ]
    return Table(columns, tuple(rows))


def kappas(results: StudyResults) -> Table | None:
    """Cohen's kappa of every two and of each with the reference, Fleiss' of all, over all categories."""
    columns = (Column(""), *(Column(f"over {one.unit}s") for one in results.agreement), Column("kind"))
    cells: dict[tuple[str, str], list[Cell]] = {}
    for place, agreement in enumerate(results.agreement):
        for key, label, found in _rated(agreement):
            if label is None:
                cells.setdefault(key, [Cell(DASH)] * len(results.agreement))[place] = words.kappa(found)
    rows = tuple((Cell(who), *row, Cell(kind, word=True)) for (who, kind), row in cells.items())
    return Table(columns, rows) if rows else None


def _rated(found: UnitAgreement) -> Iterator[tuple[tuple[str, str], str | None, KappaFigure]]:
    """Who and whose kappa, the class, and the kappa."""
    for pair in found.pairs:
        yield (f"{pair.first} {DASH} {pair.second}", "Cohen"), pair.label, pair.kappa
    for group in found.groups:
        yield (f"{group.who} ({words.listed(group.raters)})", "Fleiss"), group.label, group.kappa


def times(found: Times) -> Table:
    """How long everybody took."""
    columns = (
        *(Column(""), Column("median"), Column("quartiles"), Column("mean"), Column("total", "without pauses")),
        *(Column("pauses"), Column("learning", "change an image")),
    )
    return Table(columns, tuple(_times(one) for one in found.raters))


def _times(one: RaterTimes) -> tuple[Cell, ...]:
    quartiles = [figure.value for figure in (one.lower_quartile, one.upper_quartile)]
    between_them = DASH if None in quartiles else " to ".join(words.seconds(value or 0) for value in quartiles)
    spread = "" if one.sd is None else f"SD {words.seconds(one.sd)}"
    mean = words.measured(one.mean, words.seconds)
    return (
        Cell(one.rater, count(len(one.seconds), "image")),
        words.measured(one.median, words.seconds),
        Cell(between_them),
        Cell(mean.text, "\n".join(filter(None, (mean.small, spread)))),
        Cell(words.seconds(one.total)),
        Cell(str(one.pauses), words.seconds(one.paused) if one.pauses else ""),
        _learning(one),
    )


def _learning(one: RaterTimes) -> Cell:
    if one.learning is None or one.learning.change.value is None:
        return Cell(DASH)
    change = one.learning.change
    return Cell(f"{words.points(change.value or 0)}{SPACE}%", f"p {probability(one.learning.p)}")


def time_comparisons(found: Times) -> Table:
    """Whose time is what multiple of whose."""
    columns = (
        *(Column(""), Column("images"), Column("ratio", "of the geometric means")),
        *(Column("typical ratio", "Hodges and Lehmann"), Column("Wilcoxon", "p"), Column("corrected", "p")),
    )
    rows = [
        (
            Cell(f"{one.first} {DASH} {one.second}"),
            Cell(f"{one.images:,}"),
            words.measured(one.ratio, words.times),
            Cell(words.times(one.pairs.typical.value), to(one.pairs.typical.ci95, words.times)),
            Cell(words.test(one.test)),
            Cell(probability(one.corrected_p), f"of {one.family}" if one.family > 1 else ""),
        )
        for one in (*found.comparisons, *found.means)
    ]
    return Table(columns, tuple(rows))


def areas(units: Sequence[UnitResults]) -> Table:
    """Areas under the curves, a column a unit."""
    having = [one for one in units if one.rocs]
    found: dict[tuple[str | None, str], dict[str, Cell]] = {}
    for one in having:
        for roc in one.rocs:
            found.setdefault((roc.label, roc.rater), {})[one.unit] = words.measured(roc.auc)
    columns = (Column(""), Column("class"), *(Column("AUC", f"by {one.unit}") for one in having))
    rows = [
        (Cell(rater), Cell(words.scope(label), word=True), *(cells.get(one.unit, Cell(DASH)) for one in having))
        for (label, rater), cells in found.items()
    ]
    return Table(columns, tuple(rows))


def mrmc(found: Sequence[Mrmc]) -> Table:
    """Readers under several treatments: each way to generalise a row."""
    columns = ("", "measure", "for", "difference", "statistic", "p")
    rows = [
        (
            Cell(f" {DASH} ".join(one.treatments), f"{count(len(one.readers), 'reader')}, {one.units:,} {one.unit}s"),
            Cell(f"{words.MEASURES[one.measure]}, {words.scope(one.label)}", word=True),
            Cell(_generalised(way), word=True),
            *_tested(way),
        )
        for one in found
        if one.crossed is not None
        for way in (one.crossed.random, one.crossed.fixed_readers, one.crossed.fixed_cases)
    ]
    return Table(tuple(map(Column, columns)), tuple(rows))


def _generalised(way: Analysis) -> str:
    readers, cases = ("others too" if effect == "random" else "these" for effect in (way.readers, way.cases))
    return f"readers: {readers}; cases: {cases}"


def _tested(way: Analysis) -> tuple[Cell, ...]:
    apart = way.differences[0].estimate if way.differences else None
    shown = Cell(DASH) if apart is None else Cell(words.signed(apart.value), to(apart.ci95, words.signed))
    if way.test is None:
        return shown, Cell(DASH, words.shortened(way.why)), Cell(DASH)
    return shown, Cell(number(way.test.value), way.test.name), Cell(probability(way.test.p))
