"""`spinedet study mrmc`: several readers of the same cases, compared by treatment and with a model."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console

from spinedet.terminal import out

if TYPE_CHECKING:
    from spinedet.benchmarks.mrmc.figures import AgainstModel, Analysis, Estimate, ReaderStudy

Ratings = Annotated[
    Path,
    typer.Argument(
        metavar="RATINGS.csv",
        help="reader,treatment,case,truth,rating; patient too, if patients have several cases. Truth is 1 or 0.",
    ),
]
Merit = Annotated[Literal["auc", "sensitivity", "specificity"], typer.Option(help="Figure of merit.")]
Threshold = Annotated[
    float | None, typer.Option(help="Of sensitivity and specificity: the least rating that is a positive call.")
]
Covariance = Annotated[
    Literal["delong", "jackknife", "unbiased"], typer.Option(help="How covariances over cases are estimated.")
]
Model = Annotated[
    str | None, typer.Option(help="The reader that is a model: compared with the others, no part of their mean.")
]
ModelThreshold = Annotated[
    float | None, typer.Option(help="The model's own threshold, where it rates on another scale.")
]
Against = Annotated[float | None, typer.Option(help="Test each treatment's mean against this constant.")]
Corrected = Annotated[
    Literal["holm", "bonferroni", "benjamini-hochberg"],
    typer.Option(help="For several pairs of treatments, or of readers and model."),
]
Missing = Annotated[
    Literal["refuse", "common"],
    typer.Option(help="Missing cells: name them and stop, or use the cases that all have read."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON with every digit.")]

MODELS = {
    ("random", "random"): "other readers, other cases",
    ("fixed", "random"): "these readers, other cases",
    ("random", "fixed"): "other readers, these cases",
}
"""For whom an analysis speaks."""

HEADINGS = ("value", "SE", "df", "95 %", "p")


def mrmc(
    ratings: Ratings,
    merit: Merit = "auc",
    threshold: Threshold = None,
    covariance: Covariance = "delong",
    model: Model = None,
    model_threshold: ModelThreshold = None,
    against: Against = None,
    correction: Corrected = "holm",
    missing: Missing = "refuse",
    as_json: AsJson = False,
) -> None:
    """Several readers, several treatments, the same cases: Obuchowski and Rockette's analysis of their figures."""
    from spinedet.benchmarks.mrmc.measure import Question, measure_readers
    from spinedet.benchmarks.mrmc.reading import read_ratings

    question = Question(
        merit=merit,
        threshold=threshold,
        covariance=covariance,
        model=model,
        model_threshold=model_threshold,
        against=against,
        correction=correction,
        missing=missing,
    )
    found = measure_readers(read_ratings(ratings), question)
    if as_json:
        typer.echo(found.model_dump_json(indent=1))
        return
    show_readers(out, found)


def show_readers(console: Console, found: "ReaderStudy") -> None:
    """Each reader, then the three analyses, then the model."""
    at = "" if found.threshold is None else f" at rating >= {found.threshold:g}"
    unit = f"{found.cases} cases ({found.positive} positive, {found.negative} negative)"
    told = unit + (f" of {found.patients} patients" if found.unit == "patient" else "")
    console.print(f"{found.merit}{at}; {len(found.readers)} readers, {len(found.treatments)} treatments, {told}")
    console.print(f"covariance: {found.covariance}, of {found.unit}s")
    for note in found.notes:
        console.print(f"note: {note}")
    _show_each(console, found)
    for analysis in (found.crossed.random, found.crossed.fixed_readers, found.crossed.fixed_cases):
        _show_analysis(console, analysis)
    for against in found.against_model:
        _show_model(console, against, found.model or "")


def _show_each(console: Console, found: "ReaderStudy") -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, title="Each reader", title_justify="left")
    for heading in ("reader", "treatment"):
        table.add_column(heading)
    for heading in ("value", "SE", "95 %"):
        table.add_column(heading, justify="right")
    for row in found.crossed.figures:
        cells = _cells(row.estimate)
        table.add_row(row.reader, row.treatment, cells[0], cells[1], cells[3])
    console.print(table)


def _show_analysis(console: Console, found: "Analysis") -> None:
    from rich.table import Table

    title = f"For {MODELS[found.readers, found.cases]}"
    table = Table(box=None, pad_edge=False, title=title, title_justify="left")
    table.add_column("mean of treatment")
    for heading in HEADINGS:
        table.add_column(heading, justify="right")
    for mean in found.means:
        table.add_row(mean.treatment, *_cells(mean.estimate))
    for pair in found.differences:
        adjusted = "" if pair.p_adjusted is None else f" ({found.correction}: {_p(pair.p_adjusted)})"
        *cells, p = _cells(pair.estimate)
        table.add_row(f"{pair.first} less {pair.second}", *cells, p + adjusted)
    console.print(table)
    if found.test is None:
        console.print(f"no test of the treatments: {found.why}")
        return
    second = "" if found.test.df2 is None else f", {found.test.df2:.2f}"
    df = f"{found.test.df1}{second}"
    console.print(f"all treatments equal: {found.test.name} {found.test.value:.4f}, df {df}, p {_p(found.test.p)}")


def _show_model(console: Console, found: "AgainstModel", model: str) -> None:
    from rich.table import Table

    title = f"Readers in treatment {found.treatment} against {model} on its own"
    table = Table(box=None, pad_edge=False, title=title, title_justify="left")
    table.add_column("")
    for heading in HEADINGS:
        table.add_column(heading, justify="right")
    table.add_row("readers' mean", *_cells(found.readers))
    table.add_row(model, *_cells(found.model))
    for effects, estimate in zip(MODELS, (found.random, found.fixed_readers, found.fixed_cases), strict=True):
        table.add_row(f"readers less {model}, for {MODELS[effects]}", *_cells(estimate))
    for reader, estimate in found.each_reader.items():
        *cells, p = _cells(estimate)
        adjusted = found.p_adjusted[reader]
        table.add_row(
            f"{reader} less {model}", *cells, p + ("" if adjusted is None else f" ({found.correction}: {_p(adjusted)})")
        )
    console.print(table)


def _cells(found: "Estimate") -> tuple[str, str, str, str, str]:
    """Value, standard error, degrees of freedom, interval and p; why one is missing stands in place of the interval."""
    se = "-" if found.se is None else f"{found.se:.4f}"
    df = "" if found.ci95 is None else "normal" if found.df is None else f"{found.df:.2f}"
    bounds = found.why or "-" if found.ci95 is None else f"{found.ci95[0]:.4f} to {found.ci95[1]:.4f}"
    return f"{found.value:.4f}", se, df, bounds, "" if found.p is None else _p(found.p)


def _p(value: float) -> str:
    return "< 0.0001" if value < 0.0001 else f"{value:.4f}"
