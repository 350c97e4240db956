"""`spinedet consensus`: one dataset from what several annotators drew, with a senior for what they do not agree on."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from spinedet.terminal import DatasetFolder, TaskName, out

if TYPE_CHECKING:
    from spinedet.datasets.consensus import Outcome

Annotators = Annotated[str, typer.Option(help="Those who drew, such as A,B: folders of annotators/.")]
OutFolder = Annotated[Path, typer.Option("--out", help="Dataset folder to make; one made before is gone on with.")]
Senior = Annotated[str | None, typer.Option(metavar="NAME", help="Who decides; may be named later.")]
Overlap = Annotated[float, typer.Option(help="Least overlap of two boxes that show the same thing.")]


def consensus(
    dataset: DatasetFolder,
    annotators: Annotators,
    out_folder: OutFolder,
    senior: Senior = None,
    iou: Overlap = 0.5,
    task: TaskName = None,
) -> None:
    """Make one dataset of what annotators agree on; a senior decides the rest. Run it again after each sitting."""
    from spinedet.datasets.consensus import make_consensus
    from spinedet.datasets.tasks import read_task

    names = [name.strip() for name in annotators.split(",") if name.strip()]
    classes = read_task(task).classes if task else None
    show(out, make_consensus(dataset, names, out_folder, senior=senior, iou=iou, classes=classes))


def show(console: Console, outcome: "Outcome") -> None:
    """A table of what was found, what was left out or changed, and what to do next."""
    console.print(_table(outcome))
    for line in (*_left_out(outcome), *_changed(outcome), *_next(outcome)):
        console.print(line)


def _table(outcome: "Outcome") -> Table:
    from spinedet.annotations.consensus.reasons import REASONS, WORDS

    table = Table(Column("consensus", overflow="fold"), Column("", justify="right"), box=None)
    disputes = [(f"disputes: {WORDS[reason]}", outcome.disputes.get(reason, 0)) for reason in REASONS]
    rows = [
        ("images that all have finished", outcome.images),
        ("boxes agreed", outcome.agreed),
        *disputes,
        ("images decided by agreement", len(outcome.by_agreement)),
        (f"images decided by {outcome.senior or 'a senior'}", len(outcome.by_senior)),
        ("images left to decide", len(outcome.left)),
    ]
    for words, number in rows:
        table.add_row(words, str(number))
    return table


def _left_out(outcome: "Outcome") -> list[str]:
    """What is not in the outcome, and why."""
    unfinished = [f"{image} ({', '.join(names)} only)" for image, names in outcome.unfinished.items()]
    rows = (
        ("left out until all annotators have finished them", unfinished, "image"),
        ("left out, as nobody has drawn on them", outcome.untouched, "image"),
        ("not copied, as they name images that are left out", outcome.lists_left_out, "image set"),
    )
    return [_told(what, names, words) for words, names, what in rows if names]


def _changed(outcome: "Outcome") -> list[str]:
    """What is no longer as the run before left it."""
    rows = (
        (f"sent back to {outcome.senior}, as an annotator's file changed after the decision", outcome.sent_back),
        (f"have a file of {outcome.senior} that is not used, as nobody disputes them", outcome.unused),
        (f"decided anew; the file before is in {outcome.folder / 'Annotations' / '.history'}", outcome.replaced),
    )
    return [_told("image", names, words) for words, names in rows if names]


def _told(what: str, names: Sequence[str], words: str) -> str:
    from spinedet.annotations.errors import some

    plural = "" if len(names) == 1 else "s"
    return f"{len(names)} {what}{plural} {words}: {some(names)}"


def _next(outcome: "Outcome") -> list[str]:
    """Whether the outcome is finished, otherwise who has to do what."""
    from spinedet.annotations.consensus.provenance import HOWS
    from spinedet.annotations.errors import some

    whence = ", ".join(f"{outcome.boxes[how]} {how}" for how in HOWS if outcome.boxes.get(how))
    if outcome.finished:
        done = f"Finished: {outcome.folder} is a dataset of {outcome.images} images, every one of them decided."
        return [done, f"Where each box comes from is in {outcome.folder / 'provenance.json'} ({whence or 'no boxes'})."]
    senior = outcome.senior or "NAME"
    left = f"Unfinished: {len(outcome.left)} of {outcome.images} images are left to decide ({some(outcome.left)})."
    opened = f"{senior} opens them with: spinedet annotate {outcome.folder} --only disputed --annotator {senior}"
    again = "" if outcome.senior else f" with --senior {senior}"
    return [left, opened, f"After that, run this command again{again}."]
