"""Whatever is valid survives writing and reading; whatever is not is refused; nothing moves, LabelImg in between."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinedet.annotations.boxes import Box
from spinedet.annotations.voc import Annotation, VocObject, inspect_bytes, read_voc, voc_bytes, write_voc

SIDE = 90

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "speed" / "fuzz_voc.py"

PRINTABLE = st.characters(codec="utf-8", exclude_categories=("C", "Z"))
NAMES = st.one_of(
    st.sampled_from(["disc", "L5/S1 <&> \"'", "椎间盘 突出", "Größe", "]]>", "a  b"]), st.text(PRINTABLE, min_size=1)
)
HINTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn")) | st.sampled_from("\t\n\r"))

EDGES = st.one_of(
    st.integers(0, SIDE),
    st.floats(0, SIDE),
    st.sampled_from([5e-324, 1e-9, 0.1 + 0.2, 1 / 3, 89.99999999999999, 2.2250738585072014e-308]),
)
SPANS = st.tuples(EDGES, EDGES).map(sorted).filter(lambda span: span[0] < span[1])

ATTRIBUTES = st.sampled_from(["", ' id="4"', ' a="&lt;&#10;" b="é"', ' xmlns:x="u" x:y="1"', ' xml:lang="zh"'])
WORDS = st.sampled_from(["", "5", " blank ", "腰椎", "&lt;b&gt;", "a &amp; b", "<![CDATA[<x>]]>", "<!-- why -->"])
UNKNOWN = st.sampled_from(["part", "attributes", "polygon", "owner", "name.x", "腰"])
KNOWN = st.sampled_from(["bndbox", "xmin", "name", "size", "source", "width", "segmented"])


def element(tag: str, attributes: str, inside: str) -> str:
    return f"<{tag}{attributes}>{inside}</{tag}>"


LEAVES = st.builds(element, UNKNOWN, ATTRIBUTES, WORDS)
NESTED = st.recursive(
    LEAVES,
    lambda inner: st.builds(element, UNKNOWN, ATTRIBUTES, st.lists(inner, max_size=3).map("\n\t".join)),
    max_leaves=5,
)
EXTRAS = st.lists(
    st.one_of(
        NESTED,
        st.builds(element, KNOWN, ATTRIBUTES, st.lists(NESTED, max_size=2).map("".join)),
        st.sampled_from(["<!-- seen by B -->", "<segmented>1</segmented>"]),
    ),
    max_size=4,
).map(tuple)

OBJECTS = st.builds(
    lambda name, across, down, difficult, truncated, pose, extra: VocObject(
        name, Box(across[0], down[0], across[1], down[1]), difficult, truncated, pose, extra
    ),
    *(NAMES, SPANS, SPANS, st.booleans(), st.booleans(), st.sampled_from(["Unspecified", "Left", ""])),
    EXTRAS.map(lambda extra: tuple(entry for entry in extra if "segmented>1" not in entry)),
)
ANNOTATIONS = st.builds(
    Annotation,
    filename=st.one_of(st.just("a.png"), HINTS),
    width=st.integers(SIDE, 100_000),
    height=st.integers(SIDE, 100_000),
    objects=st.lists(OBJECTS, max_size=4).map(tuple),
    depth=st.sampled_from([0, 1, 3]),
    verified=st.booleans(),
    folder=HINTS,
    path=st.one_of(st.just("D:\\图像\\a.png"), HINTS),
    database=st.one_of(st.just("Unknown"), HINTS),
    extra=EXTRAS,
)


@given(ANNOTATIONS)
@settings(max_examples=400, deadline=None)
def test_any_valid_annotation_survives_writing_and_reading_exactly(drawn: Annotation) -> None:
    data = voc_bytes(drawn)
    reading = inspect_bytes(data, Path("a.xml"))
    assert reading.annotation == drawn
    assert hash(reading.annotation) == hash(drawn)
    assert voc_bytes(reading.annotation) == data
    edges = [[edge for thing in each.objects for edge in thing.box] for each in (drawn, reading.annotation)]
    assert edges[0] == edges[1]  # to the last bit


WHOLE_SPANS = st.tuples(st.integers(0, SIDE), st.integers(0, SIDE)).map(sorted).filter(lambda span: span[0] < span[1])
WHOLE_OBJECTS = st.builds(
    lambda name, across, down, difficult: VocObject(name, Box(across[0], down[0], across[1], down[1]), difficult),
    *(NAMES, WHOLE_SPANS, WHOLE_SPANS, st.booleans()),
)


@given(st.lists(WHOLE_OBJECTS, max_size=5).map(tuple), st.booleans())
@settings(max_examples=25, deadline=None)
def test_ten_rounds_with_labelimg_in_between_shift_nothing(
    tmp_path_factory: pytest.TempPathFactory, objects: tuple[VocObject, ...], verified: bool
) -> None:
    voc_io = pytest.importorskip("libs.pascal_voc_io", exc_type=ImportError)
    path = tmp_path_factory.getbasetemp() / "rounds.xml"
    drawn = Annotation("rounds.png", SIDE, SIDE, objects, verified=verified)
    for _ in range(10):
        write_voc(path, drawn)
        reader = voc_io.PascalVocReader(str(path))
        writer = voc_io.PascalVocWriter("JPEGImages", "rounds.png", (SIDE, SIDE, 1))
        writer.verified = reader.verified
        for name, points, _, _, difficult in reader.get_shapes():
            writer.add_bnd_box(*points[0], *points[2], name, difficult)
        writer.save(str(path))
        drawn = read_voc(path)
    kept = [(thing.name, thing.box, thing.difficult) for thing in drawn.objects]
    assert kept == [(thing.name, thing.box, thing.difficult) for thing in objects]
    assert drawn.verified is verified


def test_damaged_files_raise_nothing_but_our_own_error_quickly_and_in_little_memory() -> None:
    """The script of 200,000 inputs, with a few hundred."""
    words = [sys.executable, str(SCRIPT), "--examples", "400", "--light"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(done.stdout)["fuzz_voc"]["damaged"]
    assert figures["read"] > 20
    assert figures["refused"] > 100
    assert figures["slowest_s"] < 1
    assert figures["memory_mb"] < 200
