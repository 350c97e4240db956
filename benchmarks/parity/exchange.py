"""What passes between the processes: a case with weights and batches, and a side's answer, as files of plain arrays."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinedet.annotations.errors import WorkError, some
from spinedet.annotations.files import replacing
from spinedet.detect.ppyolov2.batches import Batch

Arrays = dict[str, NDArray[Any]]

CASE_FILE = "case.npz"

_WEIGHTS = "weights/"


@dataclass(frozen=True, eq=False)
class Case:
    """A question to both frameworks.

    Attributes:
        size: Which network.
        classes: Number of classes C.
        learning_rate: Of a training over the batches, one step a batch; 0 asks for predictions, losses and gradients
            of the only batch instead.
        weights: All arrays of the network under PaddleDetection's names.
        batches: What both are shown.
    """

    size: str
    classes: int
    learning_rate: float
    weights: Arrays
    batches: tuple[Batch, ...]


def write_case(folder: Path, case: Case) -> None:
    """Write `case.npz`."""
    rows: Arrays = {f"{_WEIGHTS}{name}": value for name, value in case.weights.items()}
    for number, batch in enumerate(case.batches):
        parts = {part.name: getattr(batch, part.name) for part in fields(Batch)}
        rows |= {f"{number}/{name}": np.asarray(part) for name, part in parts.items() if part is not None}
    settings = {name: np.asarray(getattr(case, name)) for name in ("size", "classes", "learning_rate")}
    write_arrays(folder / CASE_FILE, rows | settings | {"batches": np.asarray(len(case.batches))})


def read_case(folder: Path) -> Case:
    """The inverse of `write_case`."""
    rows = read_arrays(folder / CASE_FILE)
    return Case(
        size=str(rows["size"]),
        classes=int(rows["classes"]),
        learning_rate=float(rows["learning_rate"]),
        weights={name.removeprefix(_WEIGHTS): value for name, value in rows.items() if name.startswith(_WEIGHTS)},
        batches=tuple(_batch(rows, number) for number in range(int(rows["batches"]))),
    )


def _batch(rows: Arrays, number: int) -> Batch:
    names = tuple(str(name) for name in rows[f"{number}/names"])
    images, boxes, labels, shares = (rows[f"{number}/{part}"] for part in ("images", "boxes", "labels", "shares"))
    return Batch(names, images, boxes, labels, shares)


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays by name."""
    with replacing(path) as temporary:
        np.savez(temporary, allow_pickle=False, **arrays)


def read_arrays(path: Path) -> Arrays:
    """Read what `write_arrays` wrote."""
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def require_same_layers(drawn: Mapping[str, NDArray[Any]], own: Mapping[str, NDArray[Any]]) -> None:
    """Check that a framework's network has the layers of a case, all of them and no other.

    Raises:
        WorkError: A name or a shape differs.
    """
    shapes = [{name: value.shape for name, value in arrays.items()} for arrays in (drawn, own)]
    wrong = sorted(name for name in shapes[0].keys() | shapes[1].keys() if shapes[0].get(name) != shapes[1].get(name))
    if wrong:
        told = [f"{name} {shapes[0].get(name, 'missing')} and {shapes[1].get(name, 'missing')}" for name in wrong]
        raise WorkError("The networks have different layers.", found=some(told))
