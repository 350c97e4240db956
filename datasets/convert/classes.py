"""`classes.txt`, one class a line in order, as LabelImg keeps it beside YOLO labels; all our exports have it."""

from collections.abc import Sequence
from pathlib import Path

from spinedet.annotations.files import write_text
from spinedet.datasets.convert.parsing import read_text

CLASSES = "classes.txt"


def read_class_list(path: Path) -> tuple[str, ...]:
    """The classes of a list; empty where there is no such file."""
    if not path.is_file():
        return ()
    return tuple(line.strip() for line in read_text(path, "list of classes").split("\n") if line.strip())


def write_class_list(path: Path, classes: Sequence[str]) -> None:
    """Write a list of classes."""
    write_text(path, "".join(f"{name}\n" for name in classes))
