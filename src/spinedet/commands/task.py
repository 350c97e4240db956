"""`spinedet task`: the tasks of the package, and the check of one's own."""

from pathlib import Path
from typing import Annotated

import typer

from spinedet.terminal import out

tasks = typer.Typer(no_args_is_help=True, help="What is asked of the images: the tasks there are, and one's own.")


@tasks.command("check")
def check(file: Annotated[Path, typer.Argument(metavar="FILE", help="A task file, .yaml.")]) -> None:
    """Check a task file of one's own and say in words what it means."""
    from spinedet.datasets.task_check import check_task, task_words

    for line in task_words(check_task(file)):
        out.print(line)


@tasks.command("list")
def list_tasks() -> None:
    """List the tasks that come with the package."""
    from spinedet.datasets.tasks import read_task, task_names

    names = task_names()
    widest = max(map(len, names))
    for name in names:
        task = read_task(name)
        out.print(f"{name:<{widest}}  {task.paper or '-':<3} {task.kind:<8} {task.about}")


@tasks.command("show")
def show(name: Annotated[str, typer.Argument(metavar="NAME", help="A task by name, or a .yaml file.")]) -> None:
    """Say in words what a task means."""
    from spinedet.datasets.task_check import task_named, task_words

    for line in task_words(task_named(name)):
        out.print(line)
