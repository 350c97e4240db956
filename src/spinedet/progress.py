"""What a person sees while jobs run: a bar a job on a terminal, a line an epoch elsewhere."""

import threading
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.text import Text

from spinedet.annotations.errors import SpinedetError
from spinedet.detect.contract import Epoch
from spinedet.detect.jobs import Done


def left(epoch: Epoch) -> str:
    """Time that the rest of a job will take, as people say it."""
    seconds = round(epoch.seconds * (epoch.epochs - epoch.epoch))
    return f"{seconds} s left" if seconds < 120 else f"{round(seconds / 60)} min left"


class JobProgress:
    """A `spinedet.benchmarks.crossval.Listener` that shows what it hears."""

    def __init__(self, console: Console):
        self._console = console
        self._lock = threading.Lock()
        self._bars: dict[str, TaskID] = {}
        columns = (
            "[bold]{task.description}",
            BarColumn(),
            "{task.completed}/{task.total} epochs",
            "{task.fields[told]}",
        )
        self._progress = Progress(
            *(TextColumn(column) if isinstance(column, str) else column for column in columns),
            console=console,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def note(self, text: str) -> None:
        """Show a remark."""
        self._console.print(text)

    def epoch(self, name: str, epoch: Epoch) -> None:
        """Show a finished epoch."""
        told = f"loss {epoch.loss:.3f}, {left(epoch)}"
        with self._lock:
            if self._console.is_terminal:
                self._bar(name, epoch, told)
            else:
                self._console.print(f"{name}: epoch {epoch.epoch}/{epoch.epochs}, {told}")

    def _bar(self, name: str, epoch: Epoch, told: str) -> None:
        if name not in self._bars:
            self._bars[name] = self._progress.add_task(name, total=epoch.epochs, told="")
        self._progress.update(self._bars[name], completed=epoch.epoch, total=epoch.epochs, told=told)

    def done(self, name: str, done: Done) -> None:
        """Show a finished job."""
        with self._lock:
            if name in self._bars:
                self._progress.remove_task(self._bars.pop(name))
            seconds = f"{done.train_seconds:.0f} s of training"
            self._console.print(Text("done", "green"), f"{name}: {done.epochs} epochs, {seconds}")

    def failed(self, name: str, error: SpinedetError) -> None:
        """Show a failed job."""
        with self._lock:
            self._console.print(Text("failed", "red"), f"{name}: {error.what}")
