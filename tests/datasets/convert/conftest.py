"""Sources written by hand into a temporary folder: files by name, and grey images of a given size."""

from collections.abc import Callable, Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest

from spinedet.annotations.errors import InputError
from spinedet.datasets.convert.importing import Report, import_dataset
from spinedet.datasets.convert.source import Source
from spinedet.datasets.dataset import Dataset

Boxes = dict[str, list[tuple[str, tuple[float, ...]]]]
"""Class and edges of every box, by image."""


def save_image(path: Path, width: int, height: int) -> None:
    """Write a grey image in the format of its suffix."""
    done, data = cv2.imencode(path.suffix, np.full((height, width), 90, np.uint8))
    assert done
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.tobytes())


@pytest.fixture
def save() -> Callable[[Path, int, int], None]:
    """`save(path, width, height)` writes a grey image."""
    return save_image


@pytest.fixture
def lay(tmp_path: Path) -> Callable[..., Path]:
    """`lay({"a.txt": "..."}, {"images/a.png": (100, 40)})` writes a source folder and returns it."""

    def write(files: Mapping[str, str], images: Mapping[str, tuple[int, int]] | None = None) -> Path:
        folder = tmp_path / "source"
        folder.mkdir()
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        for name, size in (images or {}).items():
            save_image(folder / name, *size)
        return folder

    return write


@pytest.fixture
def brought(tmp_path: Path) -> Callable[[Source], tuple[Boxes, Report]]:
    """Import a source, load the dataset again, and give its boxes with the report."""

    def bring(source: Source) -> tuple[Boxes, Report]:
        report = import_dataset(source, tmp_path / "out")
        loaded = Dataset.load(tmp_path / "out")
        boxes = {
            item.image: [(thing.name, tuple(thing.box)) for thing in item.annotation.objects] for item in loaded.items
        }
        return boxes, report

    return bring


@pytest.fixture
def refused() -> Callable[[Callable[[], object]], InputError]:
    """The error of a call that must be refused."""

    def call(action: Callable[[], object]) -> InputError:
        with pytest.raises(InputError) as caught:
            action()
        return caught.value

    return call
