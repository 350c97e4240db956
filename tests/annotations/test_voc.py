import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError
from spinedet.annotations.voc import (
    EDGE_SLACK,
    MAX_BYTES,
    Annotation,
    VocObject,
    inspect_bytes,
    read_voc,
    voc_bytes,
    write_voc,
)

LABELIMG = """<annotation verified="yes">
\t<folder>JPEGImages</folder>
\t<filename>ann 01.png</filename>
\t<path>C:\\scans\\ann 01.png</path>
\t<source>
\t\t<database>Unknown</database>
\t</source>
\t<size>
\t\t<width>100</width>
\t\t<height>80</height>
\t\t<depth>3</depth>
\t</size>
\t<segmented>0</segmented>
\t<object>
\t\t<name>disc</name>
\t\t<pose>Unspecified</pose>
\t\t<truncated>1</truncated>
\t\t<difficult>1</difficult>
\t\t<bndbox>
\t\t\t<xmin>1</xmin>
\t\t\t<ymin>11</ymin>
\t\t\t<xmax>10</xmax>
\t\t\t<ymax>12</ymax>
\t\t</bndbox>
\t</object>
</annotation>
"""

READ = Annotation(
    filename="ann 01.png",
    width=100,
    height=80,
    objects=(VocObject("disc", Box(0, 10, 10, 12), difficult=True, truncated=True),),
    depth=3,
    verified=True,
    folder="JPEGImages",
    path="C:\\scans\\ann 01.png",
)
BOX = "<bndbox><xmin>1</xmin><ymin>11</ymin><xmax>10</xmax><ymax>12</ymax></bndbox>"


def small(box: str = BOX, size: str = "<width>100</width><height>80</height>", name: str = "disc") -> str:
    return f"<annotation><size>{size}</size>\n<object><name>{name}</name>\n{box}</object></annotation>"


def corners(xmin: object, ymin: object, xmax: object, ymax: object) -> str:
    return f"<bndbox><xmin>{xmin}</xmin><ymin>{ymin}</ymin><xmax>{xmax}</xmax><ymax>{ymax}</ymax></bndbox>"


def read(folder: Path, text: str | bytes) -> Annotation:
    path = folder / "a.xml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_voc(path)


def refusal(folder: Path, text: str | bytes) -> InputError:
    with pytest.raises(InputError) as caught:
        read(folder, text)
    return caught.value


def test_corners_counted_from_one_and_inclusive_become_edges(tmp_path: Path) -> None:
    assert read(tmp_path, LABELIMG) == READ


def test_what_labelimg_wrote_is_written_back_byte_for_byte(tmp_path: Path) -> None:
    assert voc_bytes(read(tmp_path, LABELIMG)).decode() == LABELIMG


@pytest.mark.parametrize(
    ("box", "written"),
    [
        (Box(0, 0, 1, 1), "1 1 1 1"),
        (Box(9, 10, 20.0, 21), "10 11 20 21"),
        (Box(0.5, 1.25, 2.5, 3.1), "1.5 2.25 2.5 3.1"),
        (Box(99.7, 79.8, 100, 80), "100.7 80.8 100 80"),  # thinner than a pixel
        (Box(0.1 + 0.2, 1e-9, 99.99999999999999, 80), "1.30000000000000004 1.000000001 99.99999999999999 80"),
    ],
)
def test_whole_edges_are_written_whole_and_others_with_every_digit(box: Box, written: str) -> None:
    text = voc_bytes(replace(READ, objects=(VocObject("disc", box),))).decode()
    assert " ".join(re.findall(r"<[xy]m[a-z]+>([^<]+)<", text)) == written
    assert tuple(inspect_bytes(text.encode(), Path("ann 01.xml")).annotation.objects[0].box) == tuple(box)


def test_ten_rounds_of_loading_and_saving_do_not_move_a_box(tmp_path: Path) -> None:
    path, drawn = tmp_path / "a.xml", replace(READ, objects=(VocObject("disc", Box(3.4, 5.6, 17.5, 20.5)),))
    write_voc(path, drawn)
    first = path.read_bytes()
    for _ in range(10):
        write_voc(path, read_voc(path))
    assert path.read_bytes() == first
    assert read_voc(path) == drawn


def test_an_image_without_boxes_comes_back(tmp_path: Path) -> None:
    empty = replace(READ, objects=())
    assert read(tmp_path, voc_bytes(empty)) == empty


def test_names_in_other_scripts_and_markup_come_back(tmp_path: Path) -> None:
    name, image = "Bandscheibe <L5> & Größe 椎間盤", "Müller 椎間盤.png"
    drawn = replace(READ, filename=image, objects=(VocObject(name, Box(0, 0, 5, 5)),))
    path = tmp_path / "Müller 椎間盤.xml"
    write_voc(path, drawn)
    assert read_voc(path) == drawn


LABELIMG_ROUND = """
import sys
from libs.pascal_voc_io import PascalVocReader, PascalVocWriter
source, target = sys.argv[1:]
reader = PascalVocReader(source)
writer = PascalVocWriter("JPEGImages", "ann 01.png", (80, 100, 3), local_img_path="C:\\\\scans\\\\ann 01.png")
writer.verified = reader.verified
for label, points, _, _, difficult in reader.get_shapes():
    writer.add_bnd_box(*points[0], *points[2], label, difficult)
writer.save(target)
"""


def test_labelimg_reads_what_we_write_and_we_read_what_it_writes(tmp_path: Path) -> None:
    pytest.importorskip("libs.pascal_voc_io", exc_type=ImportError)
    ours, theirs = tmp_path / "ours.xml", tmp_path / "theirs.xml"
    write_voc(ours, READ)
    subprocess.run([sys.executable, "-c", LABELIMG_ROUND, str(ours), str(theirs)], check=True, timeout=60)
    assert read_voc(theirs) == READ


def test_an_integral_float_is_a_number_and_depth_is_optional(tmp_path: Path) -> None:
    text = small(corners("1.0", "11.5", 10, "12e0"), "<width>100.0</width><height>80</height>")
    back = read(tmp_path, text)
    assert (back.width, back.depth, back.objects[0].box) == (100, 1, Box(0, 10.5, 10, 12))


def test_a_box_at_most_two_pixels_outside_is_clipped(tmp_path: Path) -> None:
    assert EDGE_SLACK == 2
    assert read(tmp_path, small(corners(-1, 0, 102, 82))).objects[0].box == Box(0, 0, 100, 80)


@pytest.mark.parametrize(
    "box", [corners(-2, 5, 9, 9), corners(1, 1, 103, 9), corners(1, 1, 9, 83), corners(1, -2, 9, 9)]
)
def test_a_box_further_outside_is_refused_with_its_line(tmp_path: Path, box: str) -> None:
    error = refusal(tmp_path, small(box))
    assert "'disc' leaves the image" in error.what
    assert error.details["where"] == f"{tmp_path / 'a.xml'}:3"
    assert error.details["expected"] == "inside 0 0 100 80"


@pytest.mark.parametrize(
    "box",
    [
        corners(10, 1, 9, 9),  # no width, in either order of its corners
        corners(1, 9.5, 9, 8.5),
        corners(102, 1, 102, 9),  # beside the image, so that clipping leaves nothing
    ],
)
def test_a_box_without_area_is_refused_with_its_line(tmp_path: Path, box: str) -> None:
    error = refusal(tmp_path, small(box))
    assert "no area" in error.what
    assert str(error.details["where"]).endswith("a.xml:3")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "damaged"),
        ("no markup", "damaged"),
        (LABELIMG[:300], "damaged"),
        (LABELIMG.replace("</size>", ""), "damaged"),
        ("<?xml version='1.0' encoding='klingon'?><annotation/>", "damaged"),
        (b"<annotation>\xff\xfe</annotation>", "damaged"),
        (b"\x89PNG\r\n\x1a\n", "damaged"),
        ("<html><body/></html>", "not a Pascal VOC file"),
        ("<annotation/>", "no image size"),
        (small(size="<width>5</width>"), "found: 5 x 0"),
        (small(size="<width>0</width><height>80</height>"), "found: 0 x 80"),
        (small(size="<width>-7</width><height>80</height>"), "image size is impossible"),
        (small(size="<width>9.5</width><height>80</height>"), "<width> is not a whole number"),
        (small(size="<width/><height>80</height>"), "found: 0 x 80"),
        (small(size="<width>wide</width><height>80</height>"), "<width> is not a number"),
        (small(size="<width>100</width><height>80</height><depth>x</depth>"), "<depth> is not a number"),
        (small(size="<width>100</width><height>80</height><depth>1.5</depth>"), "<depth> is not a whole number"),
        (small(""), "<object> has no <bndbox>"),
        (small("<bndbox><xmin>1</xmin></bndbox>"), "<bndbox> has no <ymin>"),
        (small(corners("nan", 1, 9, 9)), "<xmin> is not a number"),
        (small(corners("inf", 1, 9, 9)), "<xmin> is not a number"),
        (small(corners(1, 1, "9" * 400, 9)), "<xmax> is not a number"),
        (small(corners(1, 1, "1e999", 9)), "<xmax> is not a number"),
        (small(corners(1, 1, "", 9)), "<xmax> is not a number"),
        (small(corners(1, 1, "1_0", 9)), "<xmax> is not a number"),
        (small(corners(1, 1, "7,5", 9)), "<xmax> is not a number"),
        (small(corners(1, 1, "0." + "0" * 400, 9)), "<xmax> is not a number"),
        (small(name=""), "no class name"),
        (small(name="di\nsc"), "unprintable"),
        ("<annotation>" + "<a>" * 5000 + "</a>" * 5000 + "</annotation>", "damaged"),
        ("<annotation>" + " " * MAX_BYTES + "</annotation>", "too large"),
    ],
)
def test_a_bad_file_is_named_with_what_is_wrong(tmp_path: Path, text: str | bytes, words: str) -> None:
    error = refusal(tmp_path, text)
    assert words in str(error)
    assert str(tmp_path / "a.xml") in str(error)
    assert error.exit_code == 2


def test_a_comment_does_not_cut_a_number(tmp_path: Path) -> None:
    assert read(tmp_path, small(corners(1, 1, "4<!-- 9 -->2", 9))).objects[0].box.x1 == 42


def test_entities_are_refused_before_they_expand_or_open_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("disc", encoding="utf-8")
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    for declared, name, words in (
        (f'<!ENTITY l0 "ha">{laughs}', "&l9;", "document type"),
        (f'<!ENTITY x SYSTEM "{secret.as_uri()}">', "&x;", "document type"),
        ('<!ENTITY x "disc">', "a&x;b", "document type"),
    ):
        error = refusal(tmp_path, f"<!DOCTYPE annotation [{declared}]>{small(name=name)}")
        assert words in str(error)


def test_a_missing_file_and_a_folder_are_told(tmp_path: Path) -> None:
    for path in (tmp_path / "no.xml", tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            read_voc(path)


def test_a_name_that_xml_cannot_hold_is_refused_on_writing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be XML"):
        write_voc(tmp_path / "a.xml", replace(READ, filename="bell\x07.png"))
    assert list(tmp_path.iterdir()) == []


def test_hints_are_never_followed(tmp_path: Path) -> None:
    text = LABELIMG.replace("C:\\scans\\ann 01.png", "../../etc/passwd").replace("JPEGImages", "//server/share")
    back = read(tmp_path, text)
    assert (back.path, back.folder) == ("../../etc/passwd", "//server/share")
