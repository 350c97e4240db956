"""`spinedet agreement`: how far annotators agree, before their boxes are trusted."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from spinedet.terminal import DatasetFolder, Seed, TaskName, out

if TYPE_CHECKING:
    from spinedet.benchmarks.agreement.figures import Agreement, Figure, KappaFigure

PAGE = Path("agreement.html")
"""The page's name where none is given."""

FIRST = 5
"""Images with the most disagreement that are named in the terminal."""

Annotators = Annotated[str, typer.Option(help="Names of folders in annotators/, with commas: A,B.", metavar="A,B")]
Overlap = Annotated[float, typer.Option(help="Least overlap of two boxes that show the same thing.")]
Resampled = Annotated[int, typer.Option(min=0, help="Resamples of the patients for 95 % intervals; 0: none.")]
Against = Annotated[
    str | None,
    typer.Option(help="Compare each with this as well: Annotations, or another annotator.", metavar="NAME"),
]
Page = Annotated[Path | None, typer.Option("--out", help=f"The page to write; {PAGE} unless --json is given.")]
Pictures = Annotated[bool, typer.Option(help="Show the images that differ most, with their names, on the page.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON with every digit; a page only with --out.")]


def agreement(
    dataset: DatasetFolder,
    annotators: Annotators,
    task: TaskName = None,
    iou: Overlap = 0.5,
    resamples: Resampled = 2000,
    seed: Seed = 0,
    reference: Against = None,
    page: Page = None,
    pictures: Pictures = True,
    as_json: AsJson = False,
) -> None:
    """Measure how far annotators agree: shared boxes, overlap, shifts, kappa; and show the images that differ most."""
    from spinedet.benchmarks.agreement.measure import measure
    from spinedet.benchmarks.agreement.page import write_report
    from spinedet.benchmarks.agreement.panel import load_panel, load_reference
    from spinedet.datasets.tasks import read_task

    target = page or (None if as_json else PAGE)
    classes = read_task(task).classes if task else None
    names = [name.strip() for name in annotators.split(",")]
    panel = load_panel(dataset, names, classes, with_images=target is not None and pictures)
    other = (reference, load_reference(dataset, reference, panel.images, classes)) if reference else None
    found = measure(panel, iou=iou, resamples=resamples, seed=seed, reference=other)
    if target is not None:
        write_report(target, found, panel, pictures=pictures)
    if as_json:
        typer.echo(json.dumps(found.as_dict(), indent=1, allow_nan=False))
        return
    show_agreement(out, found)
    out.print(f"Page: {target}")


def show_agreement(console: Console, found: "Agreement") -> None:
    """A table of every two annotators, Fleiss' kappa of all, and the images that differ most."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("annotators")
    table.add_column("class")
    for heading in ("boxes", "partner", "same class", "F1 (95 %)", "mean IoU", "kappa, with none", "matched"):
        table.add_column(heading, justify="right")
    for pair in (*found.pairs, *found.reference):
        for row in pair.rows:
            kappas = (_kappa(row.kappa.boxes), _kappa(row.kappa.matched))
            shares = (_figure(row.matched), _figure(row.class_agreement), _figure(row.f1, bounds=True))
            boxes = "{} / {}".format(*row.boxes)
            table.add_row(
                f"{pair.first}, {pair.second}", row.label or "all", boxes, *shares, _figure(row.iou.mean), *kappas
            )
    console.print(table)
    whole = found.everyone[0].kappa
    told = f"with none {_kappa(whole.boxes)}, matched boxes {_kappa(whole.matched)}"
    console.print(f"Fleiss' kappa, all annotators: {told} ({found.groups} things drawn)")
    _show_images(console, found)


def _show_images(console: Console, found: "Agreement") -> None:
    from spinedet.annotations.errors import some

    if found.left_out:
        rows = [f"{image} ({', '.join(names)})" for image, names in found.left_out.items()]
        console.print(f"{found.images} images; {len(rows)} left out, not finished by all: {some(rows)}")
    if found.patients is None:
        console.print("Patients are not known: the intervals take every image for a patient of its own.")
    worst = [f"{row.image} {row.score:.2f}" for row in found.ranking[:FIRST] if row.score > 0]
    if worst:
        console.print(f"Most disagreement: {', '.join(worst)}")


def _figure(figure: "Figure", *, bounds: bool = False) -> str:
    if figure.value is None:
        return "-"
    return f"{figure.value:.3f}" + (" [{:.3f}, {:.3f}]".format(*figure.ci95) if bounds and figure.ci95 else "")


def _kappa(kappa: "KappaFigure") -> str:
    if kappa.value is None:
        return "-"
    return f"{kappa.value:.3f}" + (" [{:.3f}, {:.3f}]".format(*kappa.ci95) if kappa.ci95 else "")
