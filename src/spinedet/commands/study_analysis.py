"""`spinedet study analyse`: every figure of a study, into its folder and the terminal."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from spinedet.terminal import out

if TYPE_CHECKING:
    from spinedet.benchmarks.study_analysis.figure import Figure
    from spinedet.benchmarks.study_analysis.records import StudyResults, UnitResults

Study = Annotated[Path, typer.Argument(metavar="STUDY", help="The study's folder, as `spinedet study new` made it.")]
Resampled = Annotated[
    int | None,
    typer.Option(min=0, help="Resamples of the patients for intervals; as the protocol has it unless given."),
]
Images = Annotated[bool, typer.Option(help="Show images in the report; they are patients' images.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print results.json instead of tables.")]


def analyse(study: Study, resamples: Resampled = None, images: Images = True, as_json: AsJson = False) -> None:
    """Analyse a study: figures of each reader and model, comparisons, curves, kappas, times; into STUDY/analysis.

    report.html has the tables and figures for a manuscript, every disagreement as a picture, and a checklist;
    results.json has every figure, tables/ and figures/ the same as CSV, SVG and PNG.
    """
    from spinedet.benchmarks.study.collecting import collect
    from spinedet.benchmarks.study.folder import StudyFolder
    from spinedet.benchmarks.study_analysis.analysis import analyse as run
    from spinedet.benchmarks.study_analysis.tables import write_results
    from spinedet.benchmarks.study_report.page import write_checklist, write_study_report

    folder = StudyFolder(study)
    data = collect(folder)
    results = run(folder.protocol, data, resamples=resamples)
    write_results(folder.analysis, results)
    write_checklist(folder, results)
    report = write_study_report(folder, data, results, images=images)
    if as_json:
        typer.echo(json.dumps(results.as_dict(), indent=1, allow_nan=False))
        return
    show_results(out, results)
    out.print(f"Report: {report}")


def show_results(console: Console, results: "StudyResults") -> None:
    """The primary endpoint, a table of every rater over the first unit, and what must be known."""
    unit = results.units[0]
    console.print(f"{results.images} images of {results.patients} patients, {unit.units} {unit.unit}s")
    console.print(results.primary.sentence, style="bold")
    _show_raters(console, results, unit)
    for warning in results.warnings:
        console.print(f"- {warning}")


def _show_raters(console: Console, results: "StudyResults", unit: "UnitResults") -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("reader")
    table.add_column("class")
    for heading in ("sensitivity", "specificity", "accuracy (95 %)", "seconds, median"):
        table.add_column(heading, justify="right")
    seconds = {one.rater: one.median for one in results.times.raters}
    for one in unit.raters:
        for scope in one.scopes:
            own, whole = scope.primary, scope.label is None
            shares = ("-", "-") if own is None else (_share(own.sensitivity), _share(own.specificity))
            accuracy = one.right if whole or own is None else own.accuracy
            median = seconds.get(one.rater) if whole else None
            told = "" if median is None or median.value is None else f"{median.value:.1f}"
            table.add_row(one.rater if whole else "", scope.label or "all", *shares, _share(accuracy, True), told)
    console.print(table)


def _share(figure: "Figure", bounds: bool = False) -> str:
    if figure.value is None:
        return "-"
    found = figure.formula_interval
    told = " [{:.3f}, {:.3f}]".format(*found) if bounds and found else ""
    return f"{figure.value:.3f}{told}"
