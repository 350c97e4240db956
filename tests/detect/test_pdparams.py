"""Paddle's weights files without Paddle: every protocol is read, nothing that a file brings along is run."""

import collections
import os
import pickle
import pickletools
import struct
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinedet.annotations.errors import InputError
from spinedet.detect import arraypickle
from spinedet.detect.arraypickle import CarriesCodeError, DamagedPickleError, read_arrays
from spinedet.detect.pdparams import read_pdparams, write_pdparams

LAYERS = {
    "conv.weight": np.arange(24, dtype=np.float32).reshape(2, 3, 2, 2),
    "norm._mean": np.array([-1.5, 2.5], np.float32),
    "one": np.array(3, np.float32),
    "none": np.zeros((0, 3), np.float32),
}


def assert_same(read: dict[str, Any], written: dict[str, Any]) -> None:
    assert list(read) == list(written)
    for name, array in written.items():
        np.testing.assert_array_equal(read[name], array)
        assert read[name].shape == array.shape


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("named", [False, True])
def test_arrays_and_named_arrays_of_every_protocol_are_read(protocol: int, named: bool) -> None:
    """Paddle 2.0 pickled arrays and a table of names; Paddle 2.1 and later pickles pairs where it is asked to nest."""
    rows = {name: (f"conv2d_0.{name}", array) if named else array for name, array in LAYERS.items()}
    table = {"StructuredToParameterName@@": {"conv.weight": "conv2d_0.w_0"}, "epoch": 3, "loss": np.float64(0.5)}
    assert_same(read_arrays(pickle.dumps({**rows, **table}, protocol=protocol)), LAYERS)


def test_an_ordered_dictionary_is_read() -> None:
    assert_same(read_arrays(pickle.dumps(collections.OrderedDict(LAYERS), protocol=2)), LAYERS)


@pytest.mark.parametrize("kind", ["b1", "i1", "u1", ">i2", "<i4", ">f4", "f2", "f8", "i8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_kinds_byte_orders_and_memory_orders_are_kept_in_meaning(kind: str, order: Any) -> None:
    array = np.arange(6).reshape(2, 3).astype(kind, order=order)
    for protocol in (2, 4, 5):
        read = read_arrays(pickle.dumps({"a": array}, protocol=protocol))["a"]
        np.testing.assert_array_equal(read, array)
        assert read.dtype == array.dtype.newbyteorder("=")
        assert read.flags.c_contiguous
        assert read.flags.writeable


def test_one_array_under_two_names_is_read_once() -> None:
    shared = np.ones(1000, np.float32)
    assert_same(read_arrays(pickle.dumps({"a": shared, "b": shared, "c": (shared, 1)})), {"a": shared, "b": shared})


def test_bfloat16_is_read_as_the_numbers_that_it_means(tmp_path: Path) -> None:
    """Paddle pickles it as uint16: 0x3FC0 is 1.5."""
    (tmp_path / "a.pdparams").write_bytes(pickle.dumps({"a": np.array([0x3FC0, 0xC000], np.uint16)}))
    assert read_pdparams(tmp_path / "a.pdparams")["a"].tolist() == [1.5, -2.0]


def test_what_is_written_is_read_by_us_and_by_any_pickle(tmp_path: Path) -> None:
    write_pdparams(tmp_path / "a.pdparams", LAYERS)
    assert_same(read_pdparams(tmp_path / "a.pdparams"), LAYERS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        opened = pickle.loads((tmp_path / "a.pdparams").read_bytes())
    assert_same(opened, LAYERS)
    assert all(array.dtype == np.float32 and array.flags.writeable for array in opened.values())
    assert list(tmp_path.iterdir()) == [tmp_path / "a.pdparams"]


def test_what_is_written_is_float32_in_c_order(tmp_path: Path) -> None:
    turned: Any = np.arange(6, dtype=np.float64).reshape(2, 3).T
    write_pdparams(tmp_path / "a.pdparams", {"a": turned})
    read = read_pdparams(tmp_path / "a.pdparams")["a"]
    np.testing.assert_array_equal(read, turned)
    assert read.dtype == np.float32


def test_what_is_written_has_only_names_that_numpy_1_knows(tmp_path: Path) -> None:
    write_pdparams(tmp_path / "a.pdparams", LAYERS)
    texts: list[str] = []
    names = set()
    for operation, argument, _ in pickletools.genops((tmp_path / "a.pdparams").read_bytes()):
        if operation.name == "STACK_GLOBAL":
            names.add(".".join(texts[-2:]))
        if isinstance(argument, str):
            texts.append(argument)
        assert operation.proto <= 4
    assert names == {"numpy.core.multiarray._reconstruct", "numpy.ndarray", "numpy.dtype"}


class Calls:
    """Pickled as a call, which Python's own unpickler makes."""

    def __init__(self, function: Callable[..., Any], *arguments: Any):
        self.call = function, arguments

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call


def makes_folder(trace: Path) -> bytes:
    return pickle.dumps({**LAYERS, "b": Calls(os.mkdir, str(trace))})


def makes_folder_in_old_words(trace: Path) -> bytes:
    return pickle.dumps(Calls(os.mkdir, str(trace)), protocol=0)


def runs_a_command(trace: Path) -> bytes:
    return pickle.dumps({"b": Calls(os.system, f'mkdir "{trace}"')}, protocol=2)


def evaluates(trace: Path) -> bytes:
    return pickle.dumps({"b": Calls(eval, f"__import__('os').mkdir({str(trace)!r})")})


def hides_in_an_array_of_objects(trace: Path) -> bytes:
    return pickle.dumps({"b": np.array([Calls(os.mkdir, str(trace))], object)}, protocol=4)


def hides_in_the_words_of_the_first_pickles(trace: Path) -> bytes:
    """`INST`: class and arguments in one operation."""
    return pickle.MARK + b"X" + struct.pack("<I", len(str(trace))) + str(trace).encode() + b"ios\nmkdir\n."


def hides_after_the_arrays(trace: Path) -> bytes:
    return pickle.dumps(LAYERS, protocol=4)[:-1] + pickle.dumps(Calls(os.mkdir, str(trace)), protocol=4)[2:]


TRAPS = [
    makes_folder,
    makes_folder_in_old_words,
    runs_a_command,
    evaluates,
    hides_in_an_array_of_objects,
    hides_in_the_words_of_the_first_pickles,
    hides_after_the_arrays,
]


@pytest.mark.parametrize("trap", TRAPS)
def test_a_file_that_carries_code_is_refused_and_leaves_no_trace(trap: Callable[[Path], bytes], tmp_path: Path) -> None:
    trace, file = tmp_path / "trace", tmp_path / "bad.pdparams"
    file.write_bytes(trap(trace))
    with pytest.raises(InputError, match="carries code and is refused, unread"):
        read_pdparams(file)
    assert not trace.exists()
    pickle.loads(file.read_bytes())
    assert trace.exists(), "the trap itself does not work"


NUMPY_DTYPE = b"cnumpy\ndtype\n"
RECONSTRUCT = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85C\x01btR"


def text(value: str) -> bytes:
    return pickle.BINUNICODE + struct.pack("<I", len(value)) + value.encode()


def kind(code: str) -> bytes:
    return (
        NUMPY_DTYPE
        + b"("
        + text(code)
        + b"\x89\x88tR(K\x03"
        + text("<")
        + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    )


def state(shape: bytes, code: str, data: bytes) -> bytes:
    return b"(K\x01" + shape + kind(code) + b"\x89" + data + b"tb"


def in_dictionary(*rows: bytes) -> bytes:
    return b"\x80\x04}(" + b"".join(text(str(number)) + row for number, row in enumerate(rows)) + b"u."


def test_the_hand_made_pieces_make_an_array() -> None:
    array = RECONSTRUCT + state(b"K\x02\x85", "f4", b"C\x08" + struct.pack("<2f", 1, 2))
    assert read_arrays(in_dictionary(array))["0"].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("operations", "told"),
    [
        (b"\x82\x01", "EXT1"),
        (b"Pname\n", "PERSID of name"),
        (b")\x81", "NEWOBJ"),
        (b"cbuiltins\ngetattr\n", "builtins.getattr"),
        (b"cnumpy\nload\n", "numpy.load"),
        (text("os") + text("system") + b"\x93", "os.system"),
        (RECONSTRUCT + state(b"K\x01\x85", "O8", b"]"), "Python objects"),
    ],
)
def test_operations_that_look_up_or_call_are_refused(operations: bytes, told: str) -> None:
    with pytest.raises(CarriesCodeError, match=told):
        read_arrays(b"\x80\x04" + operations + b".")


@pytest.mark.parametrize(
    ("array", "told"),
    [
        (RECONSTRUCT + state(b"J\xff\xff\xff\x7f\x85", "f4", b"C\x04aaaa"), "4 bytes for an array"),
        (RECONSTRUCT + state(b"J\xff\xff\xff\xff\x85", "f4", b"C\x04aaaa"), "proper shape"),
        (RECONSTRUCT + state(b"]", "f4", b"C\x00"), "proper shape"),
        (RECONSTRUCT + state(b"(" + b"K\x01" * 40 + b"t", "f4", b"C\x04aaaa"), "proper shape"),
        (
            RECONSTRUCT + state(b"K\x00\x8a\x09" + b"\xff" * 8 + b"\x00\x86", "f4", b"C\x00"),
            "too big|dimension|range|large",
        ),
        (RECONSTRUCT + state(b"K\x01\x85", "U1", b"C\x04aaaa"), "no numbers"),
        (RECONSTRUCT + state(b"K\x01\x85", "V4", b"C\x04aaaa"), "no numbers"),
        (RECONSTRUCT + state(b"K\x01\x85", "f4", b"K\x01"), "filled with a int"),
        (RECONSTRUCT + b"K\x01b", "TypeError"),
        (NUMPY_DTYPE + b"K\x01b", "given a state"),
        (NUMPY_DTYPE + b"K\x01\x85R", "AttributeError"),
        (b"cnumpy\nndarray\n)R", "is called"),
        (text("a") + b")R", "is called"),
        (b"c_codecs\nencode\n" + text("6f73") + text("hex") + b"\x86R", "another encoding"),
        (b"cbuiltins\ntuple\n]\x85R", "tuple is made of something else"),
        (b"ccollections\nOrderedDict\n]\x85R", "TypeError"),
        (b"K\x01K\x02s", "as if it were a dictionary"),
        (b"K\x01K\x02a", "as if it were a list"),
        (b"h\x07", "KeyError"),
        (b"0" * 3, "POP, which arrays do not need"),
    ],
)
def test_odd_arguments_are_answered_and_cost_nothing(array: bytes, told: str) -> None:
    with pytest.raises(DamagedPickleError, match=told):
        read_arrays(in_dictionary(array))


def test_the_same_bytes_cannot_be_made_into_arrays_without_end() -> None:
    """A megabyte is written once and named a thousand times: a gigabyte from a small file."""
    megabyte = b"B" + struct.pack("<I", 1 << 20) + bytes(1 << 20) + b"q\x010"
    array = RECONSTRUCT + state(b"J" + struct.pack("<i", 1 << 18) + b"\x85", "f4", b"h\x01")
    bomb = b"\x80\x04" + megabyte.replace(b"q\x010", b"q\x01") + in_dictionary(*[array] * 1000)[2:]
    with pytest.raises(DamagedPickleError, match="more bytes of arrays than the file has"):
        read_arrays(bomb)


def test_the_same_text_cannot_be_made_into_bytes_without_end() -> None:
    encoded = b"c_codecs\nencode\nh\x01" + text("latin1") + b"\x86R"
    bomb = b"\x80\x02" + text("a" * (1 << 20)) + b"q\x01" + in_dictionary(*[encoded] * 1000)[2:]
    with pytest.raises(DamagedPickleError, match="more bytes of arrays than the file has"):
        read_arrays(bomb)


def test_a_far_place_in_the_memo_takes_no_memory() -> None:
    """Python's own unpickler would ask for 34 GB here."""
    with pytest.raises(DamagedPickleError, match="exhausted before seeing STOP"):
        read_arrays(b"\x80\x04}r\xff\xff\xff\x7f")


@pytest.mark.parametrize("use", [b"N\x86\x85q\x02}h\x02Ns", b"q\x02" + NUMPY_DTYPE + b"h\x02\x85R"])
def test_tuples_nested_beyond_counting_are_neither_hashed_nor_shown(use: bytes) -> None:
    """Sixty doublings: to hash or print the outermost tuple would take years."""
    doubled = b"K\x01" + b"".join(b"q\x01h\x01\x86" for _ in range(60))
    with pytest.raises(DamagedPickleError):
        read_arrays(b"\x80\x04" + doubled + use + b".")


def test_endless_operations_are_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arraypickle, "MOST_STEPS", 1000)
    with pytest.raises(DamagedPickleError, match="more than 1000 operations"):
        read_arrays(b"\x80\x04" + b"]" * 1001 + b".")


def test_a_truncated_file_cannot_be_read_wherever_it_ends(tmp_path: Path) -> None:
    whole, file = pickle.dumps(LAYERS, protocol=4), tmp_path / "cut.pdparams"
    for length in range(0, len(whole), 7):
        file.write_bytes(whole[:length])
        with pytest.raises(InputError, match=r"cannot be read(.|\n)*a whole \.pdparams file(.|\n)*cut\.pdparams"):
            read_pdparams(file)


@given(st.binary(max_size=60), st.integers(0, 400))
def test_damaged_bytes_are_only_ever_answered_by_our_own_errors(noise: bytes, place: int) -> None:
    whole = pickle.dumps(LAYERS, protocol=2)
    try:
        read = read_arrays(whole[:place] + noise + whole[place + len(noise) :])
    except (CarriesCodeError, DamagedPickleError):
        return
    assert all(isinstance(array, np.ndarray) for array in read.values())


@pytest.mark.parametrize("content", [{}, [1, 2], {"a": 1}, {"model": LAYERS}, None])
def test_a_file_without_arrays_holds_no_weights(content: Any, tmp_path: Path) -> None:
    (tmp_path / "a.pdparams").write_bytes(pickle.dumps(content))
    with pytest.raises(InputError, match="holds no weights"):
        read_pdparams(tmp_path / "a.pdparams")
