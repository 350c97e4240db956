"""Does any file, however damaged, do worse to the VOC reader than be refused?

Hypothesis cuts, turns, repeats, recodes and splices files of every dialect, and mixes in what has broken other readers:
entities, deep nesting, huge numbers, NUL. Each input must be read, or refused with `InputError`; what is read must
survive writing. Before them come `HEAVY` inputs as large as the reader takes, one for each thing that may grow.

    python benchmarks/speed/fuzz_voc.py --examples 200000

Prints one JSON line: the longest time of an input, by processor time and by the clock, and the most memory of one: how
far the resident memory of the process rose while it was read. Linux starts its peak anew for each input; elsewhere it
is the rise over the peak so far. Ends with 1 where an input took longer or more than allowed.
"""

import argparse
import gc
import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from spinedet.annotations.errors import InputError
from spinedet.annotations.voc import MAX_BYTES, inspect_bytes, voc_bytes
from spinedet.detect.machine import machine, peak_memory_mb

MAX_SECONDS = 1.0
MAX_MEMORY_MB = 200.0

BATCH = 5000
"""Examples of one run of Hypothesis, which remembers them all."""

FORGET_PEAK = Path("/proc/self/clear_refs")
"""Where Linux starts the peak of a process's memory anew if `5` is written to it."""

BOX = b"<bndbox><xmin>1</xmin><ymin>11</ymin><xmax>10</xmax><ymax>12</ymax></bndbox>"
OBJECT = b"<object><name>disc</name><pose>Left</pose><difficult>0</difficult>" + BOX + b"</object>\n"
HEADER = b"<annotation><filename>a.png</filename><size><width>90</width><height>80</height></size>\n"


def file(inside: bytes, header: bytes = HEADER) -> bytes:
    """An annotation with something behind its header."""
    return header + inside + b"</annotation>\n"


CHINESE = file(OBJECT).decode().replace("disc", "椎间盘").replace("a.png", "腰椎.png")
ROTATED = b"<robndbox><cx>50</cx><cy>40</cy><w>20.5</w><h>1e1</h><angle>1.57</angle></robndbox>"
POLYGON = b"<polygon><x1>3.5</x1><y1>4</y1><x2>10</x2><y2>20.25</y2></polygon>"
PART = b"<part><name>head</name>" + BOX + b"</part><attributes><attribute><name>x</name></attribute></attributes>"

SAMPLES = (
    file(OBJECT * 3),
    file(OBJECT.replace(b">1<", b">1.25<").replace(b">12<", b">3<")),  # a fraction, and corners swapped
    file(OBJECT.replace(BOX, ROTATED)),
    file(OBJECT.replace(BOX, POLYGON)),
    file(b'<!-- seen --><owner id="3"><name>x</name></owner>' + OBJECT.replace(BOX, BOX + PART), HEADER),
    file(OBJECT, b'<?xml version="1.0" encoding="utf-8"?><annotation verified="yes"><source><database/></source>'),
    CHINESE.encode("gbk"),
    CHINESE.encode("utf-16"),
    f'<?xml version="1.0" encoding="GB2312"?>{CHINESE}'.encode("gbk"),
    b'<?xml version="1.0"?><annotations><image id="0" name="a.png"><box label="disc" xtl="1"/></image></annotations>',
    b"0 0.5 0.5 0.25 0.25\n1 0.1 0.1 0.05 0.05\n",
    b'{"images": [{"file_name": "a.png"}], "annotations": [], "categories": []}',
)

LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
BOMB = b'<!DOCTYPE a [<!ENTITY l0 "ha">' + LAUGHS + b"]>"
EXTERNAL = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]>'

CHUNKS = (
    *(b"\0", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\xb5\xe7", b"\x81", b"\xed\xa0\x80", b"\r", b"\x1b", b"%"),
    *(b"&", b"&#0;", b"&#x110000;", b"&lt;", b"&l9;", b"]]>", b"<![CDATA[<a>]]>", b"<!--", b"-->", b"<!-- x -->"),
    *(b"<?php ?>", b"<a>", b"</a>", b"<a/>", b"</object>", b"<object>", b"<annotation>", b"</annotation>", b"<x:y/>"),
    *(b' a="1"', b" a='", b' verified="no"', b' xmlns="u"', b' xmlns:x="u"', b' xml:space="preserve"', b"="),
    *(b"<segmented>1</segmented>", b"<difficult>perhaps</difficult>", b"<deleted>1</deleted>", b"<size/>", b"<name/>"),
    *(BOMB, EXTERNAL, BOX, ROTATED, POLYGON, PART, OBJECT),
    *(b'<?xml version="1.0" encoding="%s"?>' % name for name in (b"utf-16", b"gbk", b"zlib", b"latin-1", b"punycode")),
)
"""What is put into files."""

NUMBERS = (
    *(b"0", b"-1", b"-0", b"nan", b"NaN", b"inf", b"-inf", b"1e400", b"1e-400", b"1e999999999", b"9" * 5000, b"0x1f"),
    *(
        b"1_0",
        b"1.",
        b".5",
        b".",
        b"",
        b" 7 ",
        b"7,5",
        b"1e5",
        b"99999",
        b"1000000",
        b"-2",
        b"-1.5",
        b"\xd9\xa3",
        b"1 2",
    ),
    b"0." + b"0" * 390 + b"1",
)
"""What stands where a number was."""

ENCODINGS = ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gbk", "gb18030", "big5", "latin-1", "utf-7")


def fill(piece: bytes, before: bytes = HEADER, after: bytes = b"</annotation>") -> bytes:
    """A file of the largest size that is read, filled with one piece."""
    return before + piece * ((MAX_BYTES - len(before) - len(after)) // len(piece)) + after


HEAVY = (
    *(fill(piece) for piece in (b"<a/>", b"<a> </a>", b"<!---->", b"<![CDATA[]]>", b"&#65;", b"&lt;", b" ", OBJECT)),
    *(fill(piece, HEADER + b"<a ", b"/></annotation>") for piece in (b'b="" ', b" ", b'xmlns:b="" ')),
    *(fill(piece, HEADER + b'<a b="', b'"/></annotation>') for piece in (b"x", b"&amp;", b"\xe4\xb8\xad")),
    *(file(b"<a " + b" ".join(b'%s%d="u"' % (kind, n) for n in range(120_000)) + b"/>") for kind in (b"b", b"xmlns:b")),
    file(
        OBJECT * 3, HEADER.replace(b"<annotation", b"<annotation " + b" ".join(b'b%d="u"' % n for n in range(120_000)))
    ),
    *(
        fill(piece, b"", b"")
        for piece in (b"<a>", b"<annotation>", b"</a>", b"[", b'{"images":', b"0 0.5 ", b"x1 ", b"\n")
    ),
    *(fill(piece, b"", b"") for piece in (b"<!-- - ", b"\xb5\xe7", b"\xff", b"\0", b"<\0", b"&l9;", b"x_min,", b"0.1")),
    *(file(number * 1000) for number in (b"<a>" * 250 + b"</a>" * 250, b'<a b=""/>', b"<owner/>")),
    *(file(OBJECT.replace(b">10<", b">%s<" % (sign * 4_000_000))) for sign in (b"9", b"0", b".", b" ")),
    file(OBJECT.replace(b"disc", b"disc" * 1_000_000)),
    file(OBJECT.replace(BOX, fill(b"<x>1</x><y>1</y>", b"<polygon>", b"</polygon>")[:2_000_000])),
    file(OBJECT.replace(BOX, b"<polygon>" + b"<x>1</x><y>1</y>" * 60_000 + b"</polygon>")),
    file(OBJECT * 10_000),
    file(OBJECT.replace(BOX, BOX + b"<a/><b/>") * 8_000),
    file(OBJECT.replace(BOX, BOX + b"<a/>" * 30) * 5_000),
    file(b"<a/>" * 240_000),
    file(b"<a><b/></a>" * 80_000),
    BOMB + file(OBJECT.replace(b"disc", b"&l9;")),
    b'<!DOCTYPE a [<!ENTITY x "' + b"x" * 2_000_000 + b'">]>' + file(OBJECT.replace(b"disc", b"&x;" * 500_000)),
    fill(b"\xd7\xb5", HEADER).replace(b"a.png", b"\xd7\xb5.png"),
    fill(b"<a/>").decode().encode("utf-16")[:MAX_BYTES],
)
"""One for each thing that may grow: elements, attributes, names, text, numbers, depth, comments, entities, blanks."""


def places(data: bytes) -> st.SearchStrategy[int]:
    """Any place in a file; half of them before a tag, where a change may leave the file well-formed."""
    tags = [place for place, sign in enumerate(data) if sign == ord("<")]
    anywhere = st.integers(0, len(data))
    return st.one_of(st.sampled_from(tags), anywhere) if tags else anywhere


@st.composite
def mutations(draw: st.DrawFn, data: bytes) -> bytes:
    """A file, changed once, in a few bytes or in many."""
    start = draw(places(data))
    end = draw(st.one_of(st.just(start), st.integers(start, start + 8), places(data)))
    start, end = min(start, end), max(start, end)
    change = draw(st.sampled_from(list(CHANGES)))
    return data[:start] + CHANGES[change](draw, data[start:end]) + data[end:]


def turn_bytes(draw: st.DrawFn, middle: bytes) -> bytes:
    """Other bytes in the place of some."""
    return draw(st.binary(max_size=4)) + middle[4:]


def recode(draw: st.DrawFn, middle: bytes) -> bytes:
    """The rest of the file in another encoding."""
    return middle.decode("utf-8", "replace").encode(draw(st.sampled_from(ENCODINGS)), "replace")


def renumber(draw: st.DrawFn, middle: bytes) -> bytes:
    """Something else in the place of a text, or in front."""
    start = middle.find(b">") + 1
    end = max(start, middle.find(b"<", start))
    return middle[:start] + draw(st.sampled_from(NUMBERS)) + middle[end:]


def nest(draw: st.DrawFn, middle: bytes) -> bytes:
    """Deep inside elements that know nothing of it."""
    depth = draw(st.integers(1, 3000))
    return b"<a>" * depth + middle + b"</a>" * depth


CHANGES: dict[str, Callable[[st.DrawFn, bytes], bytes]] = {
    "delete": lambda draw, middle: b"",
    "turn bytes": turn_bytes,
    "insert": lambda draw, middle: draw(st.sampled_from(CHUNKS)) + middle,
    "renumber": renumber,
    "repeat": lambda draw, middle: middle * draw(st.integers(2, 50)),
    "recode": recode,
    "nest": nest,
    "splice": lambda draw, middle: draw(st.sampled_from(SAMPLES))[len(middle) :],
}
"""What is done to the middle of a file, between two places in it."""


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A file of some dialect after one to four changes, sometimes cut off."""
    data = draw(st.sampled_from(SAMPLES))
    for _ in range(draw(st.integers(1, 4))):
        data = draw(mutations(data))
    return data[: draw(places(data))] if draw(st.integers(0, 9)) == 0 else data


TAGS = (
    *(
        "annotation",
        "folder",
        "filename",
        "path",
        "source",
        "database",
        "size",
        "width",
        "height",
        "depth",
        "segmented",
    ),
    *("object", "name", "pose", "truncated", "difficult", "bndbox", "xmin", "ymin", "xmax", "ymax", "part", "polygon"),
    *("robndbox", "x1", "y1", "pt", "deleted", "attributes", "a"),
)

WORDS = (
    *(number.decode() for number in NUMBERS),
    *(
        "1",
        "10",
        "12",
        "80",
        "90",
        "disc",
        "椎间盘",
        "yes",
        "FALSE",
        "perhaps",
        " ",
        "&lt;",
        "<!-- c -->",
        "4<!-- -->2",
        "a.png",
    ),
)


def element(tag: str, attributes: str, inside: str) -> str:
    """One well-formed element."""
    return f"<{tag}{attributes}>{inside}</{tag}>"


ATTRIBUTES = st.sampled_from(("", "", "", ' id="3"', ' verified="no"', ' a="&lt;" b="\n"', ' xml:lang="de"'))
ELEMENTS = st.recursive(
    st.builds(element, st.sampled_from(TAGS), ATTRIBUTES, st.sampled_from(WORDS)),
    lambda inner: st.builds(element, st.sampled_from(TAGS), ATTRIBUTES, st.lists(inner, max_size=5).map("".join)),
    max_leaves=8,
)


@st.composite
def well_formed(draw: st.DrawFn) -> bytes:
    """A good file with elements put before some of its tags: their words or their places may make no sense."""
    text: str = draw(st.sampled_from(SAMPLES[:6])).decode()
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.sampled_from([place for place, sign in enumerate(text) if sign == "<"][1:]))
        text = text[:place] + draw(ELEMENTS) + text[place:]
    return text.encode()


@dataclass
class Worst:
    """What was seen.

    Attributes:
        seconds: Longest processor time of one input, which other programs do not lengthen.
        wall: Longest time of one input by the clock.
        memory_mb: Most memory of one input.
        largest: Bytes of the largest input.
        counts: How many inputs were read, and how many refused.
    """

    seconds: float = 0.0
    wall: float = 0.0
    memory_mb: float = 0.0
    largest: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    def take(self, data: bytes) -> None:
        """Read one input, measured; what was read must come back from writing unchanged."""
        if FORGET_PEAK.exists():
            FORGET_PEAK.write_text("5", encoding="ascii")
        gc.disable()  # a collection would go through all that Hypothesis remembers
        held, cpu, wall = peak_memory_mb(), time.process_time(), time.perf_counter()
        try:
            found = inspect_bytes(data, Path("a.xml"), lambda: (90, 80)).annotation
        except InputError:
            found = None
        finally:
            gc.enable()
        self.seconds = max(self.seconds, time.process_time() - cpu)
        self.wall = max(self.wall, time.perf_counter() - wall)
        self.memory_mb = max(self.memory_mb, peak_memory_mb() - held)
        self.largest = max(self.largest, len(data))
        self.counts["refused" if found is None else "read"] += 1
        if found is not None and len(data) < MAX_BYTES // 8:
            assert inspect_bytes(voc_bytes(found), Path("a.xml")).annotation == found

    def figures(self) -> dict[str, float]:
        """As they are printed."""
        return {
            "read": self.counts["read"],
            "refused": self.counts["refused"],
            "largest_bytes": self.largest,
            "slowest_s": round(self.seconds, 4),
            "slowest_wall_s": round(self.wall, 4),
            "memory_mb": round(self.memory_mb, 1),
        }

    def is_too_much(self) -> bool:
        """Whether an input took longer or more than is allowed."""
        return self.seconds > MAX_SECONDS or self.memory_mb > MAX_MEMORY_MB


def fuzz(examples: int, number: int, worst: Worst) -> None:
    """Read so many damaged files.

    Raises:
        Exception: Whatever but `InputError` the reader raised, with the input that did it.
    """

    @seed(number)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(damaged(), damaged(), well_formed(), st.binary(max_size=300)))
    def read(data: bytes) -> None:
        worst.take(data)

    read()


def main() -> int:
    """Read the heavy inputs and the damaged ones; print what they cost."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--examples", type=int, default=2000, help="damaged files")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--light", action="store_true", help="without the heavy inputs")
    words = parser.parse_args()
    heavy, damage = Worst(), Worst()
    for data in () if words.light else HEAVY:
        heavy.take(data)
    for done in range(0, words.examples, BATCH):
        fuzz(min(BATCH, words.examples - done), words.seed + done, damage)
    figures = {"damaged": damage.figures(), "heavy": heavy.figures(), "machine": machine()}
    print(json.dumps({"fuzz_voc": figures}))
    return int(heavy.is_too_much() or damage.is_too_much())


if __name__ == "__main__":
    sys.exit(main())
