"""The state of a job between two epochs: which of two files is read."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

State = TypeVar("State")


def newest_state(folder: Path, names: tuple[str, str], read: Callable[[Path], State]) -> State | None:
    """The newer of two states, the older where that one cannot be read, or None where the job has to start."""
    for path in (folder / name for name in names):
        if not path.is_file():
            continue
        try:
            return read(path)
        except Exception as error:  # frameworks raise many types for a damaged file
            reason = str(error).partition("\n")[0]
            print(f"{path.name} cannot be read ({reason}); trying the state before it", flush=True)
    return None
