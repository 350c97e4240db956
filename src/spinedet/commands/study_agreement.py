"""`spinedet study agreement`: how far readers agree who put the same cases into categories."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console

from spinedet.terminal import Seed, out

if TYPE_CHECKING:
    from spinedet.benchmarks.agreement.figures import KappaFigure
    from spinedet.benchmarks.mrmc.agreement import ReaderAgreement

Ratings = Annotated[
    Path,
    typer.Argument(metavar="RATINGS.csv", help="reader,case,rating; patient too, if patients have several cases."),
]
Weights = Annotated[
    Literal["quadratic", "linear"], typer.Option(help="Of the weighted kappa, where ratings are numbers.")
]
Treatment = Annotated[str | None, typer.Option(help="Which rows, where there is a column treatment.")]
Missing = Annotated[
    Literal["refuse", "common"],
    typer.Option(help="Missing cells: name them and stop, or use the cases that all have read."),
]
Resampled = Annotated[int, typer.Option(min=0, help="Resamples of the patients for 95 % intervals; 0: none.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON with every digit.")]


def agreement(
    ratings: Ratings,
    weights: Weights = "quadratic",
    treatment: Treatment = None,
    missing: Missing = "refuse",
    resamples: Resampled = 2000,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Cohen's kappa of every two readers, weighted where ratings are numbers, and Fleiss' kappa of all."""
    from spinedet.benchmarks.mrmc.agreement import measure_agreement
    from spinedet.benchmarks.mrmc.rated import read_rated

    rated = read_rated(ratings, treatment)
    found = measure_agreement(rated, weights=weights, missing=missing, resamples=resamples, seed=seed)
    if as_json:
        typer.echo(found.model_dump_json(indent=1))
        return
    show_reader_agreement(out, found)


def show_reader_agreement(console: Console, found: "ReaderAgreement") -> None:
    """A table of every two readers, and Fleiss' kappa of all."""
    from rich.table import Table

    of = f"{found.cases} cases" + (f" of {found.patients} patients" if found.resampled == "patient" else "")
    console.print(f"{len(found.readers)} readers, {of}; categories: {', '.join(found.categories)}")
    for note in found.notes:
        console.print(f"note: {note}")
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for heading in ("kappa", "95 %, formula", f"{found.resampled}s drawn anew", "agreement", "by chance", "z"):
        table.add_column(heading, justify="right")
    for pair in found.pairs:
        name = f"{pair.first}, {pair.second}"
        table.add_row(name, *_cells(pair.kappa))
        if pair.weighted is not None:
            table.add_row(f"{name}, {found.weights}", *_cells(pair.weighted))
    table.add_row("all (Fleiss)", *_cells(found.fleiss))
    console.print(table)


def _cells(found: "KappaFigure") -> tuple[str, ...]:
    if found.value is None:
        return "-", found.why or ""
    pairs = (found.analytic.ci95, found.ci95)
    bounds = [f"{pair[0]:.3f} to {pair[1]:.3f}" if pair else "-" for pair in pairs]
    shares = [f"{share:.3f}" for share in (found.observed, found.expected) if share is not None]
    return f"{found.value:.4f}", *bounds, *shares, "-" if found.analytic.z is None else f"{found.analytic.z:.2f}"
