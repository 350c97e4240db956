"""Arrays out of pickles, read by a machine that cannot run anything.

Python's own unpickler looks names up and calls them; a list of allowed names still lets a file call those in odd ways
and ask for any amount of memory. Here a name in the file is only compared with a table and nothing of the file is
called: the few operations that a pickle of arrays needs (Python's `pickletools` documents them all) build plain
values, and bytes become an array once their number fits its shape.
"""

import math
import pickletools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]

NUMBER_KINDS = frozenset({"b1", "f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"})
"""Array kinds that are numbers. Objects ("O8") would carry code, texts and records are no weights."""

OBJECT_KIND = "O"

MOST_STEPS = 1_000_000
"""Operations in one file: 30 an array are usual, so this is room for 30,000 arrays, and bounds time and memory."""

MOST_AXES = 32
"""What numpy 1 allows."""

LONGEST_TEXT = 100
"""What a message quotes of a file."""

BYTES_MADE = 2
"""A byte of a file is copied at most twice: out of a text (protocol 2), and into an array."""


class CarriesCodeError(Exception):
    """The pickle names or asks for something that is no part of an array; the text says what."""


class DamagedPickleError(Exception):
    """The pickle is cut short, no pickle of arrays, or asks for more memory than its arrays need."""


def read_arrays(data: bytes) -> Arrays:
    """Arrays of a pickled dictionary by name, each on its own or as Paddle's pair (name inside the framework, array).

    Args:
        data: A pickle of protocol 2 to 5.

    Returns:
        Writable arrays in C order and this machine's byte order; empty where the pickle holds no named array.

    Raises:
        CarriesCodeError: It names anything but the parts of an array; nothing was run.
        DamagedPickleError: It cannot be read.
    """
    try:
        content = _Machine(BYTES_MADE * len(data)).run(data)
        rows = content.items() if isinstance(content, dict) else ()
        found = {name: _array_in(value) for name, value in rows if isinstance(name, str)}
    except (CarriesCodeError, DamagedPickleError):
        raise
    except Exception as error:  # damaged bytes can raise nearly any type
        raise DamagedPickleError(f"{type(error).__name__}: {error}") from error
    return {name: array for name, array in found.items() if array is not None}


def _array_in(value: Any) -> NDArray[Any] | None:
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str):
        value = value[1]
    return value.array if isinstance(value, _Array) else None


@dataclass
class _Kind:
    """What stands for a numpy dtype: its code, such as f4, and its byte order."""

    code: str
    order: str = "="

    def dtype(self) -> np.dtype[Any]:
        if self.code.startswith(OBJECT_KIND):
            raise CarriesCodeError(f"an array of Python objects ({_short(self.code)})")
        if self.code not in NUMBER_KINDS:
            raise DamagedPickleError(f"an array of kind {_short(self.code)}, which are no numbers")
        return np.dtype(self.order + self.code)


@dataclass
class _Array:
    """What stands for an array: numpy's pickles name it first and fill it later."""

    array: NDArray[Any] | None = None


@dataclass(frozen=True)
class _Part:
    """A name that may stand in the file, and what is built where the file calls it."""

    build: Callable[..., Any] | None = None


_MARK = object()


@dataclass
class _Machine:
    """The state while a pickle is read: a stack, what was put aside, and how many bytes may still be made."""

    left: int
    stack: list[Any] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)

    def run(self, data: bytes) -> Any:
        for step, (operation, argument, _) in enumerate(pickletools.genops(data)):
            if step == MOST_STEPS:
                raise DamagedPickleError(f"more than {MOST_STEPS} operations")
            if operation.name == "STOP":
                return self.stack.pop()
            self.do(operation.name, argument)
        raise DamagedPickleError("it has no end")

    def do(self, name: str, argument: Any) -> None:
        if name in _VALUES:
            self.stack.append(argument)
        elif name in _EMPTY:
            self.stack.append(_EMPTY[name]())
        elif name in _OPERATIONS:
            _OPERATIONS[name](self, argument)
        elif name in _CALLS:
            raise CarriesCodeError(f"the pickle operation {name}" + (f" of {_short(argument)}" if argument else ""))
        elif name not in _IGNORED:
            raise DamagedPickleError(f"the pickle operation {name}, which arrays do not need")

    def spend(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise DamagedPickleError("more bytes of arrays than the file has")

    def take(self, count: int) -> list[Any]:
        """The topmost values, lowest first."""
        return [self.stack.pop() for _ in range(count)][::-1]

    def take_to_mark(self) -> list[Any]:
        values = []
        while (value := self.stack.pop()) is not _MARK:
            values.append(value)
        return values[::-1]


def _fill(machine: _Machine, rows: list[Any]) -> None:
    target = machine.stack[-1]
    if not isinstance(target, dict):
        raise DamagedPickleError(f"a {type(target).__name__} is filled as if it were a dictionary")
    names, values = rows[::2], rows[1::2]
    if not all(isinstance(name, str) for name in names):  # to hash nested tuples can take for ever
        raise DamagedPickleError("a dictionary has keys that are no texts")
    target.update(zip(names, values, strict=True))


def _extend(machine: _Machine, values: list[Any]) -> None:
    target = machine.stack[-1]
    if not isinstance(target, list):
        raise DamagedPickleError(f"a {type(target).__name__} is filled as if it were a list")
    target.extend(values)


def _keep(machine: _Machine, index: int) -> None:
    machine.memo[index] = machine.stack[-1]


def _name(machine: _Machine, name: str) -> None:
    if name not in _PARTS:
        raise CarriesCodeError(_short(name))
    machine.stack.append(_PARTS[name])


def _call(machine: _Machine) -> None:
    part, arguments = machine.take(2)
    if not isinstance(part, _Part) or part.build is None:
        raise DamagedPickleError("something is called that no pickle of arrays calls")
    machine.stack.append(part.build(machine, *arguments))


def _build(machine: _Machine) -> None:
    """Finish what was named before: byte order of a kind, content of an array."""
    (state,) = machine.take(1)
    target = machine.stack[-1]
    if isinstance(target, _Kind):
        target.order = _one_of(state[1], "<>|=")
    elif isinstance(target, _Array):
        _, shape, kind, fortran, data = state
        target.array = _filled(machine, data, kind, shape, "F" if fortran is True else "C")
    else:
        raise DamagedPickleError(f"a {type(target).__name__} is given a state")


def _filled(machine: _Machine, data: Any, kind: Any, shape: Any, order: Any) -> NDArray[Any]:
    """An array of its own: the same bytes may be named twice in a file, and are paid for twice."""
    dtype = kind.dtype()
    if not isinstance(data, bytes | bytearray):
        raise DamagedPickleError(f"an array is filled with a {type(data).__name__}")
    if not (isinstance(shape, tuple) and len(shape) <= MOST_AXES and all(type(n) is int and n >= 0 for n in shape)):
        raise DamagedPickleError("an array without a proper shape")
    if math.prod(shape) * dtype.itemsize != len(data):
        raise DamagedPickleError(f"{len(data)} bytes for an array of kind {kind.code} and shape {_short(shape)}")
    machine.spend(len(data))
    view: NDArray[Any] = np.ndarray(shape, dtype, buffer=data, order=order)
    return view.astype(dtype.newbyteorder("="), order="C")


def _one_of(value: Any, known: str) -> str:
    if value not in tuple(known):
        raise DamagedPickleError(f"an array has an order other than {', '.join(known)}")
    return str(value)


def _short(value: Any) -> str:
    """For a message; never asked of nested values, whose text can be far longer than the file."""
    return str(value)[:LONGEST_TEXT]


def _kind(machine: _Machine, code: str, align: bool = False, copy: bool = False) -> _Kind:
    made = _Kind(code)
    made.dtype()  # refused here, before its objects are read
    return made


def _blank_array(machine: _Machine, kind_of_array: Any, shape: Any, code: Any) -> _Array:
    return _Array()


def _array_from_buffer(machine: _Machine, data: Any, kind: Any, shape: Any, order: Any) -> _Array:
    return _Array(_filled(machine, data, kind, shape, _one_of(order, "CF")))


def _number(machine: _Machine, kind: Any, data: Any) -> Any:
    return _filled(machine, data, kind, (), "C").item()


def _bytes_of_text(machine: _Machine, text: str, encoding: str) -> bytes:
    """Protocol 2 has no bytes and writes them as a text."""
    if encoding != "latin1":
        raise DamagedPickleError("bytes are written as a text in another encoding than latin1")
    machine.spend(len(text))
    return text.encode("latin1")


def _no_bytes(machine: _Machine) -> bytes:
    """Protocol 2 again: the content of an array without elements."""
    return b""


def _same_tuple(machine: _Machine, values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Paddle writes a named array as `tuple((name, array))`."""
    if not isinstance(values, tuple):
        raise DamagedPickleError("a tuple is made of something else")
    return values


def _empty_dictionary(machine: _Machine) -> dict[Any, Any]:
    return {}


_PARTS = {
    "numpy.ndarray": _Part(),
    "numpy.dtype": _Part(_kind),
    "numpy.core.multiarray._reconstruct": _Part(_blank_array),
    "numpy._core.multiarray._reconstruct": _Part(_blank_array),
    "numpy.core.multiarray.scalar": _Part(_number),
    "numpy._core.multiarray.scalar": _Part(_number),
    "numpy.core.numeric._frombuffer": _Part(_array_from_buffer),
    "numpy._core.numeric._frombuffer": _Part(_array_from_buffer),
    "_codecs.encode": _Part(_bytes_of_text),
    "__builtin__.bytes": _Part(_no_bytes),
    "builtins.tuple": _Part(_same_tuple),
    "__builtin__.tuple": _Part(_same_tuple),
    "collections.OrderedDict": _Part(_empty_dictionary),
}
"""All names that a pickle of arrays has, of numpy 1 and 2 and of Python 2 and 3."""

_VALUES = frozenset(
    {"BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT"}
    | {"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"}
    | {"SHORT_BINBYTES", "BINBYTES", "BINBYTES8", "BYTEARRAY8"}
)
"""Operations whose argument is the value."""

_EMPTY: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
    "MARK": lambda: _MARK,
}

_OPERATIONS: dict[str, Callable[[_Machine, Any], None]] = {
    "TUPLE": lambda machine, _: machine.stack.append(tuple(machine.take_to_mark())),
    "TUPLE1": lambda machine, _: machine.stack.append(tuple(machine.take(1))),
    "TUPLE2": lambda machine, _: machine.stack.append(tuple(machine.take(2))),
    "TUPLE3": lambda machine, _: machine.stack.append(tuple(machine.take(3))),
    "SETITEM": lambda machine, _: _fill(machine, machine.take(2)),
    "SETITEMS": lambda machine, _: _fill(machine, machine.take_to_mark()),
    "APPEND": lambda machine, _: _extend(machine, machine.take(1)),
    "APPENDS": lambda machine, _: _extend(machine, machine.take_to_mark()),
    "BINPUT": _keep,
    "LONG_BINPUT": _keep,
    "MEMOIZE": lambda machine, _: _keep(machine, len(machine.memo)),
    "BINGET": lambda machine, index: machine.stack.append(machine.memo[index]),
    "LONG_BINGET": lambda machine, index: machine.stack.append(machine.memo[index]),
    "GLOBAL": lambda machine, name: _name(machine, name.replace(" ", ".")),
    "STACK_GLOBAL": lambda machine, _: _name(machine, ".".join(machine.take(2))),
    "REDUCE": lambda machine, _: _call(machine),
    "BUILD": lambda machine, _: _build(machine),
}

_IGNORED = frozenset({"PROTO", "FRAME"})

_CALLS = frozenset({"INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "PERSID", "BINPERSID", "EXT1", "EXT2", "EXT4"})
"""Operations that make Python's unpickler call or look up something; arrays need none of them."""
