"""From the bytes of a file to the root of its XML: which encoding it is in, what is refused unread.

XML says what encoding a file is in, and files in the field say it wrongly: Chinese Windows writes GBK and declares
UTF-8 or nothing, .NET declares UTF-16 over UTF-8. So the text is decoded here, strictly, and the parser gets UTF-8.
"""

import codecs
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from lxml import etree

from spinedet.annotations.errors import InputError, at
from spinedet.annotations.voc.extra import ANNOTATION, Element, safe_parser
from spinedet.annotations.voc.mistaken import mistaken
from spinedet.annotations.voc.model import ENCODING, Remark

MAX_BYTES = 4 * 1024 * 1024
"""A LabelImg file of 10,000 boxes has 2.5 MB; more is not an annotation."""

MAX_MARKS = 250_000
"""Signs `<` and `=` in a file; one of 10,000 boxes has 200,000. Each may cost a hundred bytes of memory."""

BYTE_ORDER_MARKS: Mapping[bytes, str] = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}

FIRST_SIGNS: Mapping[bytes, str] = {"<".encode(name): name for name in ("utf-16-le", "utf-16-be")}
"""UTF-16 without a mark: an XML file begins with this sign."""

CHINESE = "gb18030"
"""Holds GB2312 and GBK as its parts."""

UTF_8 = {"utf-8", "utf-16", "utf-32", "ascii"}
"""Declared encodings under which bytes that are no UTF-16 or UTF-32 can be UTF-8."""

ENCODINGS: Mapping[str, str] = {
    **dict.fromkeys(("gb2312", "gbk", "gb18030"), CHINESE),
    **{name: name for name in ("big5", "cp950", "shift_jis", "cp932", "euc_jp", "euc_kr", "cp949", "koi8-r")},
    **{name: name for name in ("cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257")},
    **{name: name for name in ("iso8859-1", "iso8859-2", "iso8859-5", "iso8859-7", "iso8859-9", "iso8859-15")},
}
"""Other declared encodings that are believed, by Python's names, and what they are read as."""

_DECLARED = re.compile(rb"""\s*<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([A-Za-z][\w.\-]{0,40})["']""")

_AMONG_LETTERS = re.compile(r"[A-Za-z][^\x00-\x7f][A-Za-z]")
"""One sign alone between Latin letters: `Größe` in Latin-1 taken for Chinese."""

BIG5_COMMON = range(0xA4, 0xC7)
"""First bytes in Big5 of the 5,401 traditional characters in daily use."""


class Document(NamedTuple):
    """A parsed file.

    Attributes:
        root: Its `<annotation>`.
        plain: No element but the root has attributes, and there are no comments.
        remarks: Of the encoding, if it was no plain UTF-8.
    """

    root: Element
    plain: bool
    remarks: list[Remark]


def read_start(path: Path) -> bytes:
    """The file, or of a larger one the first `MAX_BYTES` + 1 bytes.

    Raises:
        InputError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError("An annotation cannot be read.", found=error.strerror, where=path) from error


def parse(data: bytes, path: Path) -> Document:
    """Parse the bytes of an annotation; `path` is for messages alone.

    Raises:
        InputError: It is damaged, too large, declares a document type, is in no known encoding, or is no VOC at all
            (the message then names the format that it seems to be).
    """
    if len(data) > MAX_BYTES:
        raise mistaken(data, path) or InputError(
            "An annotation is too large.", expected=f"at most {MAX_BYTES} bytes", where=path
        )
    xml, encoding = _as_utf8(data, path)
    _check_marks(xml, path)
    root = _root(xml, path)
    remarks = [] if encoding is None else [Remark(ENCODING, 1, f"The file is {encoding}; written again it is UTF-8.")]
    return Document(root, _is_plain(xml), remarks)


def _as_utf8(data: bytes, path: Path) -> tuple[bytes, str | None]:
    """The file in UTF-8, and what it was in; None where it was plain UTF-8."""
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if data.startswith(mark):
            return _recoded(data[len(mark) :], encoding, path), f"{encoding.upper()} with a byte order mark"
    if data[:2] in FIRST_SIGNS:
        return _recoded(data, FIRST_SIGNS[data[:2]], path), FIRST_SIGNS[data[:2]].upper()
    declared = _declared(data, path)
    if declared not in UTF_8:
        return _recoded(data, ENCODINGS[declared], path), ENCODINGS[declared].upper()
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return _as_chinese(data, path, error), f"{CHINESE.upper()}, which it does not say"
    return data, None if declared in ("utf-8", "ascii") else f"UTF-8 and says that it is {declared.upper()}"


def _declared(data: bytes, path: Path) -> str:
    """Python's name of the encoding that the file says it is in; UTF-8 where it says none."""
    found = _DECLARED.match(data)
    if found is None:
        return "utf-8"
    name = found[1].decode("ascii")
    try:
        known = codecs.lookup(name).name
    except LookupError:
        known = ""
    known = next((short for short in ("utf-16", "utf-32") if known.startswith(short)), known)
    if known not in UTF_8 and known not in ENCODINGS:
        raise _damaged(path, f"the encoding '{name}'", 1, expected="an encoding that is known, best UTF-8")
    return known


def _recoded(data: bytes, encoding: str, path: Path) -> bytes:
    try:
        return data.decode(encoding).encode()
    except UnicodeDecodeError as error:
        raise _damaged(path, f"byte {error.start} is no {encoding.upper()}") from error
    except UnicodeEncodeError as error:
        raise _damaged(path, f"character {error.start} is half a character") from error


def _as_chinese(data: bytes, path: Path, error: UnicodeDecodeError) -> bytes:
    """Bytes that are no UTF-8, as GB18030 if that makes common Chinese characters of them."""
    line = data.count(b"\n", 0, error.start) + 1
    refusal = _damaged(path, f"byte {error.start} is neither UTF-8 nor Chinese GBK", line, "text in UTF-8")
    try:
        text = data.decode(CHINESE)
        xml = text.encode()
    except UnicodeError:
        raise mistaken(data, path) or refusal from error
    counts = Counter(text)
    odd = {sign: count for sign, count in counts.items() if sign > "\x7f"}
    common = sum(count for sign, count in odd.items() if _is_common(sign))
    if 2 * common <= sum(odd.values()) or _AMONG_LETTERS.search(text):
        raise mistaken(data, path) or refusal from error
    return xml


def _is_common(sign: str) -> bool:
    """Whether a character is in daily use in China or Taiwan; Latin-1 taken for GBK makes rare ones."""
    if sign.encode("gb2312", "ignore"):
        return True
    big5 = sign.encode("big5", "ignore")
    return bool(big5) and big5[0] in BIG5_COMMON


def _check_marks(xml: bytes, path: Path) -> None:
    if b"<!DOCTYPE" in xml:  # the way to entities, which grow without bound, read files, or are cut out of names
        raise InputError("An annotation declares a document type.", expected="no <!DOCTYPE>", where=at(path, 1))
    if xml.count(b"<") + xml.count(b"=") > MAX_MARKS:
        expected = f"at most {MAX_MARKS:,} signs of markup"
        raise mistaken(xml, path) or InputError("An annotation is too large.", expected=expected, where=path)


def _root(xml: bytes, path: Path) -> Element:
    try:
        root = etree.fromstring(xml, safe_parser())
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        line = getattr(error, "lineno", None)
        raise mistaken(xml, path) or _damaged(path, str(error), line, "well-formed XML") from error
    if root.tag != ANNOTATION:
        found = f"<{root.tag}>"
        raise mistaken(xml, path) or InputError(
            "This is not a Pascal VOC file.", expected=f"<{ANNOTATION}>", found=found, where=at(path, 1)
        )
    return root


def _damaged(path: Path, found: str, line: int | None = None, expected: str | None = None) -> InputError:
    return InputError("An annotation is damaged.", expected=expected, found=found, where=at(path, line))


def _is_plain(xml: bytes) -> bool:
    """Whether nothing behind the root's tag can be an attribute or a comment."""
    body = xml.find(b">", xml.find(b"<annotation"))
    return xml.find(b"=", body) < 0 and xml.find(b"<!", body) < 0
