"""`spinedet annotate`: the real LabelImg on a dataset."""

from typing import Annotated, Literal

import typer

from spinedet.annotations.errors import some
from spinedet.terminal import DatasetFolder, TaskName, out

Annotator = Annotated[str | None, typer.Option(help="Who draws; the files go to annotators/NAME/.", metavar="NAME")]
OnlySome = Annotated[
    Literal["unlabelled", "disputed"] | None,
    typer.Option("--only", help="Only images without a file yet, or those that a consensus left to decide."),
]


def annotate(dataset: DatasetFolder, annotator: Annotator = None, task: TaskName = None, only: OnlySome = None) -> None:
    """Draw boxes in LabelImg: classes loaded, every change saved, the version before kept in .history/."""
    from spinedet.annotations.labelimg import launch
    from spinedet.datasets.annotating import make_session
    from spinedet.datasets.tasks import read_task

    launch.check_ready()
    classes = read_task(task).classes if task else None
    session = make_session(dataset, annotator, classes, only or "all")
    recovered = launch.annotate(session)
    if recovered:
        out.print(f"A save had been cut short before; what it held is in the history of {some(recovered)}.")
    done = session.finished()
    left = f"; {len(session.works) - done} left" if done < len(session.works) else ""
    out.print(f"{done} of {len(session.works)} images have a file in {session.folder}{left}")
