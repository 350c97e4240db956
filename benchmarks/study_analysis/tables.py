"""The results as files: `results.json`, and one CSV table for each kind of figure.

Numbers have every digit, so that a statistician can go on from them; a figure that does not exist is an empty cell with
its reason beside it. `table3.csv` alone is for the manuscript: reader by class, rounded, as paper P1 prints it.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from spinedet.annotations.files import write_json, write_text
from spinedet.benchmarks.agreement.figures import Interval, KappaFigure
from spinedet.benchmarks.study_analysis.comparison_records import PairedMeasure
from spinedet.benchmarks.study_analysis.figure import Figure, Test
from spinedet.benchmarks.study_analysis.records import Diagnostic, ScopeFigures, StudyResults, UnitResults
from spinedet.benchmarks.study_analysis.time_records import TimeComparison

RESULTS = "results.json"
TABLES = "tables"

ALL = "all"
"""The class of all classes together."""

Cells = Sequence[object]

FIGURE = (
    *("value", "wilson_low", "wilson_high", "exact_low", "exact_high", "clustered_low", "clustered_high"),
    *("patients_low", "patients_high", "counts", "method", "why"),
)

DIFFERENCE = ("difference", "low", "high", "patients_low", "patients_high", "method")

TEST = ("test", "statistic", "df", "p", "why")


def write_results(folder: Path, results: StudyResults) -> list[Path]:
    """Write `results.json` and `tables/*.csv` below a folder.

    Returns:
        What was written.

    Raises:
        WorkError: The folder cannot be written.
    """
    write_json(folder / RESULTS, results.as_dict())
    written = [folder / RESULTS]
    for name, rows in tables(results).items():
        path = folder / TABLES / f"{name}.csv"
        write_text(path, as_csv(rows))
        written.append(path)
    return written


def tables(results: StudyResults) -> dict[str, list[Cells]]:
    """Every table by its name, the first row being the header; those without a row are left out."""
    found = {
        "table3": _table3(results),
        "raters": _raters(results),
        "counts": _counts(results),
        "confusion": _confusion(results),
        "means": _means(results),
        "comparisons": _comparisons(results),
        "mean_comparisons": _mean_comparisons(results),
        "auc": _auc(results),
        "auc_comparisons": _auc_comparisons(results),
        "kappas": _kappas(results),
        "times": _times(results),
        "times_by_image": _times_by_image(results),
        "time_comparisons": _time_comparisons(results),
        "mrmc": _mrmc(results),
        "disagreements": _disagreements(results),
    }
    kept = {name: list(rows) for name, rows in found.items()}
    return {name: rows for name, rows in kept.items() if len(rows) > 1}


def as_csv(rows: Iterable[Cells]) -> str:
    """Rows as CSV with Unix line ends; None is an empty cell."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _table3(results: StudyResults) -> Iterator[Cells]:
    """Reader by class: sensitivity, specificity, accuracy with 95 % intervals, and the time of an image."""
    yield ("reader", "class", "sensitivity", "specificity", "accuracy", "seconds per image, mean", "seconds, median")
    seconds = {one.rater: (_plain(one.mean), _plain(one.median)) for one in results.times.raters}
    unit = results.units[0]
    for one in unit.raters:
        for scope in one.scopes:
            own = scope.primary
            accuracy = one.right if scope.label is None or own is None else own.accuracy
            shares = ("", "") if own is None else (_percent(own.sensitivity), _percent(own.specificity))
            yield one.rater, scope.label or ALL, *shares, _percent(accuracy), *seconds.get(one.rater, ("", ""))


def _raters(results: StudyResults) -> Iterator[Cells]:
    yield ("unit", "rater", "class", "false_marks", "measure", *FIGURE)
    for unit in results.units:
        for one in unit.raters:
            yield unit.unit, one.rater, ALL, "left out", "right diagnosis", *_figure(one.right)
            for scope in one.scopes:
                yield from _scope(unit, one.rater, scope)


def _scope(unit: UnitResults, rater: str, scope: ScopeFigures) -> Iterator[Cells]:
    for said, found in (("left out", scope.primary), ("counted as FP", scope.with_false_marks)):
        for name in Diagnostic.model_fields if found is not None else ():
            yield unit.unit, rater, scope.label or ALL, said, name, *_figure(getattr(found, name))


def _counts(results: StudyResults) -> Iterator[Cells]:
    yield ("unit", "rater", "class", "tp", "fp", "fn", "tn", "false_marks")
    for unit in results.units:
        for one in unit.raters:
            for scope in one.scopes:
                if (own := scope.cells) is not None:
                    yield unit.unit, one.rater, scope.label or ALL, own.tp, own.fp, own.fn, own.tn, own.false_marks


def _confusion(results: StudyResults) -> Iterator[Cells]:
    yield ("rater", "reference", *(f"called {name}" for name in results.classes), "missed")
    for one in results.units[0].raters:
        for name, row in zip(results.classes, one.outcomes.confusion if one.outcomes else (), strict=False):
            yield one.rater, name, *row


def _means(results: StudyResults) -> Iterator[Cells]:
    yield ("unit", "treatment", "readers", "class", "measure", "value", "patients_low", "patients_high", "sd")
    for unit in results.units:
        for mean in unit.means:
            for scope in mean.scopes:
                for name, figure in scope.figures.items():
                    who = unit.unit, mean.treatment, len(mean.raters), scope.label or ALL, name
                    yield *who, figure.value, *_bounds(figure.ci95_patients), scope.spread[name]


def _comparisons(results: StudyResults) -> Iterator[Cells]:
    yield (
        *("unit", "first", "second", "class", "measure", "first_value", "second_value", *DIFFERENCE),
        *("first_only", "second_only", "of", "p_mcnemar", "p_clustered", "chi_square", "p_chi_square"),
        *(*TEST, "p_corrected", "family"),
    )
    for unit in results.units:
        for one in unit.comparisons:
            for row in one.measures:
                who = unit.unit, one.first, one.second, one.label or ALL, row.measure, row.first, row.second
                yield *who, *_difference(row.difference), *_calls(row), *_test(row.test), row.corrected_p, row.family


def _calls(row: PairedMeasure) -> Cells:
    if row.calls is None:
        return [None] * 7
    mcnemar, chi = row.calls.mcnemar, row.calls.chi_square
    clustered = None if row.calls.clustered is None else row.calls.clustered.p
    return mcnemar.first_only, mcnemar.second_only, mcnemar.of, mcnemar.p, clustered, chi.statistic, chi.p


def _mean_comparisons(results: StudyResults) -> Iterator[Cells]:
    yield (
        *("unit", "treatment", "readers", "model", "class", "measure", "mean", "of_model", *DIFFERENCE),
        *(*TEST, "p_fixed_readers", "p_fixed_cases"),
    )
    for unit in results.units:
        for one in unit.mean_comparisons:
            who = unit.unit, one.treatment, len(one.raters), one.model, one.label or ALL, one.measure
            fixed = (None, None) if one.against is None else (one.against.fixed_readers.p, one.against.fixed_cases.p)
            yield *who, one.mean, one.of_model, *_difference(one.difference), *_test(one.test), *fixed


def _auc(results: StudyResults) -> Iterator[Cells]:
    yield ("unit", "rater", "class", "auc", "delong_low", "delong_high", "patients_low", "patients_high", "why")
    for unit in results.units:
        for one in unit.rocs:
            bounds = *_bounds(one.auc.ci95), *_bounds(one.auc.ci95_patients)
            yield unit.unit, one.rater, one.label or ALL, one.auc.value, *bounds, one.auc.why


def _auc_comparisons(results: StudyResults) -> Iterator[Cells]:
    yield ("unit", "first", "second", "class", "first_auc", "second_auc", *DIFFERENCE, "z", "p", "why")
    for unit in results.units:
        for one in unit.comparisons:
            if one.delong is not None and one.auc is not None:
                areas = one.delong.first, one.delong.second, *_difference(one.auc)
                who = unit.unit, one.first, one.second, one.label or ALL
                yield *who, *areas, one.delong.z, one.delong.p, one.delong.why


def _kappas(results: StudyResults) -> Iterator[Cells]:
    names = ("kappa", "patients_low", "patients_high", "formula_low", "formula_high", "units", "observed", "expected")
    yield ("unit", "kind", "who", "class", *names, "why")
    for one in results.agreement:
        for pair in one.pairs:
            who = f"{pair.first} - {pair.second}"
            yield one.unit, "Cohen", who, pair.label or ALL, *_kappa(pair.kappa)
        for group in one.groups:
            yield (
                one.unit,
                "Fleiss",
                f"{group.who}: {', '.join(group.raters)}",
                group.label or ALL,
                *_kappa(group.kappa),
            )


def _kappa(figure: KappaFigure) -> Cells:
    bounds = *_bounds(figure.ci95), *_bounds(figure.analytic.ci95)
    return figure.value, *bounds, figure.of, figure.observed, figure.expected, figure.why


def _times(results: StudyResults) -> Iterator[Cells]:
    figures = ("median", "lower_quartile", "upper_quartile", "mean")
    bounds = (cell for name in figures for cell in (name, f"{name}_low", f"{name}_high"))
    learning = ("change_per_image", "change_low", "change_high", "p_change", "spearman", "p_spearman")
    yield ("rater", "kind", "images", *bounds, "sd", "total", "paused", "pauses", "left_out", *learning)
    for one in results.times.raters:
        found = [getattr(one, name) for name in figures]
        row = [cell for figure in found for cell in (figure.value, *_bounds(figure.ci95_patients))]
        own = one.learning
        learned: Cells = [None] * 6
        if own is not None:
            learned = own.change.value, *_bounds(own.change.ci95), own.p, own.spearman, own.spearman_p
        who = one.rater, one.kind, len(one.codes)
        yield *who, *row, one.sd, one.total, one.paused, one.pauses, len(one.left_out), *learned


def _times_by_image(results: StudyResults) -> Iterator[Cells]:
    yield ("image", "rater", "seconds", "order")
    for one in results.times.raters:
        for code, seconds, order in zip(one.codes, one.seconds, one.orders, strict=True):
            yield code, one.rater, seconds, order


def _time_comparisons(results: StudyResults) -> Iterator[Cells]:
    ratios = ("ratio", "ratio_low", "ratio_high", "patients_low", "patients_high", "typical", "typical_low")
    names = (*ratios, "typical_high", "median_first", "median_second", *TEST, "p_corrected", "family")
    yield ("first", "second", "images", *names)
    for one in (*results.times.means, *results.times.comparisons):
        yield one.first, one.second, one.images, *_ratios(one), *_test(one.test), one.corrected_p, one.family


def _ratios(one: TimeComparison) -> Cells:
    own, typical = one.ratio, one.pairs.typical
    bounds = *_bounds(own.ci95), *_bounds(own.ci95_patients)
    return own.value, *bounds, typical.value, *_bounds(typical.ci95), *one.pairs.median


def _mrmc(results: StudyResults) -> Iterator[Cells]:
    yield (
        *("unit", "class", "measure", "readers", "units", "readers_are", "cases_are", "first", "second", "difference"),
        *("low", "high", "statistic", "df", "p", "p_corrected", "why"),
    )
    for one in results.mrmc:
        crossed = one.crossed
        for analysis in () if crossed is None else (crossed.random, crossed.fixed_readers, crossed.fixed_cases):
            for row in analysis.differences:
                who = one.unit, one.label or ALL, one.measure, len(one.readers), one.units
                own = row.estimate
                found = own.value, *_bounds(own.ci95), own.statistic, own.df, own.p, row.p_adjusted, own.why
                yield *who, analysis.readers, analysis.cases, row.first, row.second, *found


def _disagreements(results: StudyResults) -> Iterator[Cells]:
    boxes = [f"{whose}_{edge}" for whose in ("reference", "mark") for edge in ("x0", "y0", "x1", "y1")]
    yield ("image", "rater", "outcome", "reference", "called", "score", *boxes)
    nothing = (None,) * 4
    for one in results.disagreements:
        words = one.code, one.rater, one.outcome, one.truth, one.called, one.score
        yield *words, *(one.box or nothing), *(one.mark or nothing)


def _figure(figure: Figure) -> Cells:
    bounds = (figure.ci95, figure.ci95_exact, figure.ci95_clustered, figure.ci95_patients)
    counts = ", ".join(f"{name} {number}" for name, number in figure.counts.items())
    return figure.value, *(cell for pair in bounds for cell in _bounds(pair)), counts, figure.method, figure.why


def _difference(figure: Figure) -> Cells:
    return figure.value, *_bounds(figure.ci95), *_bounds(figure.ci95_patients), figure.method


def _test(test: Test | None) -> Cells:
    return [None] * len(TEST) if test is None else [test.name, test.statistic, test.df, test.p, test.why]


def _bounds(bounds: Interval | None) -> tuple[float | None, float | None]:
    return (None, None) if bounds is None else bounds


def _percent(figure: Figure) -> str:
    """`92.3 (88.1-95.4)`, in per cent, with Wilson's interval, or that of clustered units where there is one."""
    if figure.value is None:
        return ""
    bounds = figure.formula_interval
    told = "" if bounds is None else f" ({100 * bounds[0]:.1f}-{100 * bounds[1]:.1f})"
    return f"{100 * figure.value:.1f}{told}"


def _plain(figure: Figure) -> str:
    return "" if figure.value is None else f"{figure.value:.1f}"
