"""Where words go: the two consoles that every command prints to, and the options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

FILE_WIDTH = 160
"""Columns of a table that goes to a file or a pipe, where no window sets a limit."""


def _console(*, stderr: bool = False) -> Console:
    """Words as they are: brackets in a path or a class are no markup, and no line breaks inside a path."""
    console = Console(stderr=stderr, markup=False, emoji=False, highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = FILE_WIDTH
    return console


out = _console()
err = _console(stderr=True)

DatasetFolder = Annotated[Path, typer.Argument(metavar="DATASET", help="Folder with JPEGImages/ and Annotations/.")]
ImageSet = Annotated[str | None, typer.Option(help="Use only the images in ImageSets/Main/NAME.txt.", metavar="NAME")]
TaskName = Annotated[str | None, typer.Option("--task", help="A task by name or .yaml file: classes, mirroring.")]
OwnPatients = Annotated[bool, typer.Option(help="No two images show the same person; patients.csv is not needed.")]
Count = Annotated[int | None, typer.Option("--folds", help="Number of folds; otherwise the task's, or 5.")]
Seed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Seeds folds, training and resampling.")]
