"""`spinedet diagnostic`: sensitivity and what comes with it, from a table of calls or from printed counts."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console

from spinedet.annotations.errors import InputError
from spinedet.terminal import Seed, out

if TYPE_CHECKING:
    from spinedet.benchmarks.whole_image.diagnosing import Diagnosed
    from spinedet.benchmarks.whole_image.figures import Figure

Table = Annotated[
    Path | None,
    typer.Argument(metavar="TABLE.csv", help="image,patient,truth and either predicted or a column of scores a class."),
]
Positive = Annotated[str, typer.Option(help="The classes that count as diseased, with commas.", metavar="DMD,BMD")]
Counts = Annotated[
    str | None,
    typer.Option(
        help="Instead of a table: right calls of all images, class by class; a positive class is called rightly if it "
        "is called positive, any other if it is not.",
        metavar="DMD=123/130,BMD=81/98,other=386/420",
    ),
]
Threshold = Annotated[float, typer.Option(help="Of scores: the least positive score that is called positive.")]
Intervals = Annotated[Literal["wilson", "clopper-pearson"], typer.Option("--interval", help="Of proportions.")]
Resampled = Annotated[int, typer.Option(min=0, help="Resamples of the patients for 95 % intervals; 0: none.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON with every digit.")]

NAMES = {
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "accuracy": "accuracy",
    "f1": "F1",
    "ppv": "PPV",
    "npv": "NPV",
    "lr_positive": "LR+",
    "lr_negative": "LR-",
}
"""What the figures are called in the table."""


def diagnostic(
    table: Table = None,
    positive: Positive = "",
    counts: Counts = None,
    threshold: Threshold = 0.5,
    interval: Intervals = "wilson",
    resamples: Resampled = 2000,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Sensitivity, specificity, accuracy, F1, PPV, NPV and likelihood ratios with counts and 95 % intervals."""
    from spinedet.benchmarks.whole_image.diagnosing import diagnose_counts, diagnose_table, parse_counts

    classes = tuple(dict.fromkeys(name.strip() for name in positive.split(",") if name.strip()))
    if (table is None) == (counts is None):
        raise InputError("What is to be measured?", expected="either TABLE.csv or --counts", found="both or neither")
    if not classes:
        raise InputError("Which classes are positive?", expected="--positive with one class or more", found="none")
    if table is None:
        found = diagnose_counts(parse_counts(counts or ""), classes, method=interval, resamples=resamples, seed=seed)
    else:
        found = diagnose_table(table, classes, threshold=threshold, method=interval, resamples=resamples, seed=seed)
    if as_json:
        typer.echo(found.model_dump_json(indent=1))
        return
    show_diagnosis(out, found)


def show_diagnosis(console: Console, found: "Diagnosed") -> None:
    """A table of the figures, then of each class."""
    from rich.table import Table as Rows

    rows = Rows(box=None, pad_edge=False)
    rows.add_column("")
    drawn = "images" if found.patients is None else "patients"
    for heading in ("value", "95 %", f"{drawn} drawn anew", "counts"):
        rows.add_column(heading, justify="right")
    for field, name in NAMES.items():
        rows.add_row(name, *_cells(getattr(found.diagnosis, field)))
    if found.auc is not None:
        rows.add_row("AUC", *_cells(found.auc))
    for label, figure in found.classes.items():
        said = "positive" if label in found.positive else "not positive"
        rows.add_row(f"{label} called {said}", *_cells(figure))
    of = "each counts as a patient of its own" if found.patients is None else f"{found.patients} patients"
    console.print(f"{found.images} images, {of}; positive: {', '.join(found.positive)}")
    console.print(rows)


def _cells(figure: "Figure") -> tuple[str, str, str, str]:
    """Value, both intervals and counts; in the place of a value that is missing, why."""
    if figure.value is None:
        return "-", figure.why or "", "", _counts(figure.counts)
    bounds = [f"{pair[0]:.3f} to {pair[1]:.3f}" if pair else "-" for pair in (figure.ci95, figure.ci95_patients)]
    return f"{figure.value:.4f}", bounds[0], bounds[1], _counts(figure.counts)


def _counts(counts: dict[str, int]) -> str:
    if set(counts) == {"hits", "of"}:
        return f"{counts['hits']}/{counts['of']}"
    return ", ".join(f"{name} {number}" for name, number in counts.items())
