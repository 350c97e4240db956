"""Files that are not plain UTF-8, with Chinese class and file names, and what they declare."""

from pathlib import Path

import pytest

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError
from spinedet.annotations.voc import ENCODING, Annotation, VocObject, inspect_bytes, inspect_voc

BOX = "<bndbox><xmin>1</xmin><ymin>11</ymin><xmax>10</xmax><ymax>12</ymax></bndbox>"
FILE = f"""<annotation>
\t<folder>图像</folder>
\t<filename>腰椎 01.png</filename>
\t<path>D:\\数据\\腰椎 01.png</path>
\t<size><width>100</width><height>80</height></size>
\t<object><name>椎间盘突出</name>{BOX}</object>
</annotation>
"""
READ = Annotation(
    filename="腰椎 01.png",
    width=100,
    height=80,
    objects=(VocObject("椎间盘突出", Box(0, 10, 10, 12)),),
    folder="图像",
    path="D:\\数据\\腰椎 01.png",
)


def declared(encoding: str, text: str = FILE) -> str:
    return f'<?xml version="1.0" encoding="{encoding}"?>\n{text}'


def codes(data: bytes) -> list[str]:
    """Remarks on a file that reads as `READ`."""
    reading = inspect_bytes(data, Path("腰椎 01.xml"))
    assert reading.annotation == READ
    return [remark.code for remark in reading.remarks]


def refusal(data: bytes) -> str:
    with pytest.raises(InputError) as caught:
        inspect_bytes(data, Path("a.xml"))
    return str(caught.value)


@pytest.mark.parametrize("text", [FILE, declared("UTF-8"), declared("utf8"), declared("UTF-8").replace('"', "'")])
def test_utf_8_needs_no_remark(text: str) -> None:
    assert codes(text.encode()) == []


@pytest.mark.parametrize("text", [FILE, declared("utf-8"), declared("utf-16")])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_marks_and_zeros_give_unicode_away_whatever_is_declared(text: str, encoding: str) -> None:
    assert codes(text.encode(encoding)) == [ENCODING]


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
def test_a_byte_order_mark_decides_the_order(order: str) -> None:
    assert codes(("\ufeff" + FILE).encode(order)) == [ENCODING]


@pytest.mark.parametrize("text", [FILE, *map(declared, ("utf-8", "gbk", "GB2312", "gb18030", "GBK", "ascii"))])
@pytest.mark.parametrize("encoding", ["gbk", "gb18030"])
def test_chinese_windows_writes_gbk_and_declares_what_it_likes(text: str, encoding: str) -> None:
    assert codes(text.encode(encoding)) == [ENCODING]


def test_traditional_characters_in_gbk_are_known() -> None:
    reading = inspect_bytes(FILE.replace("椎间盘突出", "椎間盤").encode("gbk"), Path("腰椎 01.xml"))
    assert reading.annotation.objects[0].name == "椎間盤"
    assert "GB18030" in reading.remarks[0].text


def test_utf_8_that_declares_utf_16_is_utf_8() -> None:
    """.NET writes XML into a string, declares the string's encoding, and saves it in another."""
    assert codes(declared("utf-16").encode()) == [ENCODING]


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("big5", "椎間盤"),
        ("ISO-8859-1", "Größe"),
        ("windows-1252", "Größe"),
        ("shift_jis", "椎間板"),
        ("euc-kr", "척추"),
    ],
)
def test_other_encodings_are_read_where_they_are_declared(encoding: str, name: str) -> None:
    size = "<size><width>100</width><height>80</height></size>"
    text = declared(encoding, f"<annotation>{size}<object><name>{name}</name>{BOX}</object></annotation>")
    reading = inspect_bytes(text.encode(encoding), Path("a.xml"))
    assert reading.annotation.objects[0].name == name
    assert [remark.code for remark in reading.remarks] == [ENCODING]


@pytest.mark.parametrize("name", ["Müller", "Größe", "hernié", "Tégument"])
def test_western_letters_are_not_taken_for_chinese(name: str) -> None:
    words = refusal(f"<annotation>\n<object><name>{name}</name>{BOX}</object></annotation>".encode("latin-1"))
    assert "is neither UTF-8 nor Chinese GBK" in words
    assert "a.xml:2" in words


@pytest.mark.parametrize("encoding", ["klingon", "zlib", "punycode", "unicode_escape", "utf-7", "undefined"])
def test_an_encoding_that_is_none_of_a_text_is_refused(encoding: str) -> None:
    words = refusal(declared(encoding, "<annotation/>").encode())
    assert f"the encoding '{encoding}'" in words
    assert "a.xml:1" in words


@pytest.mark.parametrize(
    "data",
    [
        declared("ascii").encode("utf-16")[:-1],  # half a character
        declared("big5", "<annotation>").encode() + b"\xff\xff</annotation>",
        "\ufeff<a>".encode("utf-16-le") + b"\x00\xd8<\x00",  # half a pair
        FILE.encode("gbk").replace("盘".encode("gbk"), b"\x81\x20"),
        FILE.encode() + b"\0",
        FILE.replace("突", "\0").encode(),
        FILE.encode("gbk") + FILE.encode(),
    ],
)
def test_what_is_no_text_in_its_encoding_is_damaged(data: bytes) -> None:
    assert "damaged" in refusal(data)


def test_chinese_file_names_are_read_from_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "腰椎 01.xml"
    path.write_bytes(FILE.encode("gbk"))
    assert inspect_voc(path).annotation == READ
