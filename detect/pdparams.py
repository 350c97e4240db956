"""`.pdparams`, PaddlePaddle's weights files, read and written without Paddle: pickled dictionaries of arrays."""

import math
import pickle
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinedet.annotations.errors import InputError
from spinedet.annotations.files import replacing
from spinedet.detect.arraypickle import Arrays, CarriesCodeError, DamagedPickleError, read_arrays


def read_pdparams(file: Path) -> Arrays:
    """Arrays of a file by layer name, as any PaddlePaddle 2 or 3 wrote them.

    What else the file holds (the table of names inside the framework, numbers) is left out.

    Raises:
        InputError: Damaged, no weights, or it carries anything but arrays (then it is refused, unread).
    """
    try:
        arrays = read_arrays(file.read_bytes())
    except CarriesCodeError as error:
        raise InputError(
            "The weights file carries code and is refused, unread.", expected="arrays", found=str(error), where=file
        ) from error
    except (OSError, DamagedPickleError) as error:
        expected = "a whole .pdparams file"
        raise InputError("The weights cannot be read.", expected=expected, found=str(error), where=file) from error
    if not arrays:
        raise InputError("The file holds no weights.", expected="a dictionary of arrays", where=file)
    return {name: _widened(array) for name, array in arrays.items()}


def _widened(array: NDArray[Any]) -> NDArray[Any]:
    """Paddle writes bfloat16, the upper half of a float32, as uint16."""
    if array.dtype != np.uint16:
        return array
    return (array.astype(np.uint32) << 16).view(np.float32)


def write_pdparams(path: Path, arrays: Mapping[str, NDArray[np.float32]]) -> None:
    """Write float32 arrays by layer name, whole or not at all; `paddle.load` opens them, with numpy 1 or 2.

    Raises:
        WorkError: The disk is full or the folder cannot be written.
    """
    with replacing(path) as temporary, temporary.open("wb") as stream:
        stream.writelines(_pickled(arrays))


def _pickled(arrays: Mapping[str, NDArray[np.float32]]) -> Iterator[bytes]:
    """A pickle (protocol 4) of a dictionary of float32 arrays, piece by piece.

    Array parts have the names of numpy 1, which numpy 2 still knows; numpy 2's own pickles name `numpy._core`, which
    numpy 1 cannot open.
    """
    yield pickle.PROTO + b"\x04" + pickle.EMPTY_DICT
    for name, value in arrays.items():
        yield _text(name) + _array_head(value.shape)
        yield np.asarray(value, "<f4").tobytes()
        yield pickle.TUPLE + pickle.BUILD + pickle.SETITEM
    yield pickle.STOP


def _array_head(shape: tuple[int, ...]) -> bytes:
    """All of an array but its bytes, in the words of numpy 1: a blank array, then its state."""
    blank = _global("numpy", "ndarray") + _tuple(_whole(0)) + pickle.SHORT_BINBYTES + b"\x01b"
    made = _global("numpy.core.multiarray", "_reconstruct") + _tuple(blank) + pickle.REDUCE
    state = _whole(1) + _tuple(*map(_whole, shape)) + _float32() + pickle.NEWFALSE
    return made + pickle.MARK + state + pickle.BINBYTES8 + struct.pack("<Q", 4 * math.prod(shape))


def _float32() -> bytes:
    made = _global("numpy", "dtype") + _tuple(_text("f4"), pickle.NEWFALSE, pickle.NEWTRUE) + pickle.REDUCE
    state = [_whole(3), _text("<"), *3 * [pickle.NONE], _whole(-1), _whole(-1), _whole(0)]
    return made + _tuple(*state) + pickle.BUILD


def _tuple(*parts: bytes) -> bytes:
    return pickle.MARK + b"".join(parts) + pickle.TUPLE


def _global(module: str, name: str) -> bytes:
    return _text(module) + _text(name) + pickle.STACK_GLOBAL


def _text(text: str) -> bytes:
    data = text.encode("utf-8")
    return pickle.BINUNICODE + struct.pack("<I", len(data)) + data


def _whole(number: int) -> bytes:
    return pickle.BININT + struct.pack("<i", number)
