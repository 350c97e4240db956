"""One framework in a process of its own: `python -m spinedet.benchmarks.parity.side paddle FOLDER...`.

Each folder has a case; the answer, or the reason why there is none, is written beside it.
"""

import sys
import time
from importlib import import_module
from pathlib import Path

import numpy as np

from spinedet.benchmarks.parity.exchange import read_case, write_arrays
from spinedet.detect.paddle.environment import fill_pkg_resources, prepare_environment

SIDES = ("paddle", "torch")


def answer_file(folder: Path, side: str) -> Path:
    """Where a side puts its answer to the case of a folder."""
    return folder / f"{side}.npz"


def main(side: str, folders: list[Path]) -> None:
    """Answer all cases; each answer also has the `seconds` it took."""
    if side == "paddle":
        prepare_environment()
        fill_pkg_resources()
    answer = import_module(f"spinedet.benchmarks.parity.{side}_side").answer
    for folder in folders:
        case, began = read_case(folder), time.perf_counter()
        arrays = answer(case)
        write_arrays(answer_file(folder, side), arrays | {"seconds": np.asarray(time.perf_counter() - began)})


if __name__ == "__main__":
    main(sys.argv[1], [Path(folder) for folder in sys.argv[2:]])
