"""Start weights for a transfer: read without running what a file may carry, and matched layer by layer."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinedet.annotations.errors import InputError
from spinedet.detect.transfer import fitting, require_fit

State = dict[str, NDArray[Any]]

NATIVE_FILE = "weights.pdparams"
"""Our own weights are in the framework's format, a pickled dictionary of arrays."""

PUBLISHED = {
    "r50-dcn": "https://paddledet.bj.bcebos.com/models/ppyolov2_r50vd_dcn_365e_coco.pdparams",
    "r101-dcn": "https://paddledet.bj.bcebos.com/models/ppyolov2_r101vd_dcn_365e_coco.pdparams",
}
"""PaddleDetection's COCO weights by size; it publishes none for r18."""

BACKBONE = "backbone."

ENOUGH = 0.9
"""A file that fills a smaller share of the backbone was made for another one (r101 fills two thirds of r50)."""

_ARRAY_PARTS = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy._core.numeric", "_frombuffer"),
    ("numpy.core.numeric", "_frombuffer"),
    ("_codecs", "encode"),
    ("collections", "OrderedDict"),
}
"""All that a pickle of arrays needs; none of it can run what a file brings along."""


class _ForbiddenError(Exception):
    """The pickle names something that is no part of an array."""


class _ArrayReader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ARRAY_PARTS:
            raise _ForbiddenError(f"{module}.{name}")
        return super().find_class(module, name)


def read_weights(path: Path) -> State:
    """Arrays of a `.pdparams` file, or of the one in a model folder, by layer name.

    Raises:
        InputError: No such file, damaged, no weights, or it carries anything but arrays (then it is refused, unread).
    """
    file = path / NATIVE_FILE if path.is_dir() else path
    if not file.is_file():
        expected = f"a .pdparams file or a folder with {NATIVE_FILE}"
        raise InputError("There is no weights file.", expected=expected, where=path)
    try:
        with file.open("rb") as stream:
            content = _ArrayReader(stream, encoding="latin1").load()
    except _ForbiddenError as error:
        raise InputError(
            "The weights file carries code and is refused, unread.", expected="arrays", found=str(error), where=file
        ) from error
    except Exception as error:  # a damaged pickle can raise nearly any type
        found = f"{type(error).__name__}: {error}"
        raise InputError("The weights cannot be read.", expected="a .pdparams file", found=found, where=file) from error
    return _arrays(content, file)


def _arrays(content: Any, file: Path) -> State:
    rows = content.items() if isinstance(content, dict) else ()
    state = {name: value for name, value in rows if isinstance(name, str) and isinstance(value, np.ndarray)}
    if not state:
        expected, found = "a dictionary of arrays", type(content).__name__
        raise InputError("The file holds no weights.", expected=expected, found=found, where=file)
    return state


def fitting_weights(start: State, network: State, where: Path) -> State:
    """The start arrays that fit the network; a head for other classes starts afresh.

    A backbone that was trained alone (ImageNet) fits too.

    Raises:
        InputError: Less than `ENOUGH` of the backbone would be filled.
    """
    if not any(name.startswith(BACKBONE) for name in start):
        start = {f"{BACKBONE}{name}": value for name, value in start.items()}
    fit = fitting(start, network)
    require_fit(fit, start, network, ENOUGH, where, part=BACKBONE)
    return fit
