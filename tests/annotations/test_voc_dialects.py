"""Every dialect of VOC met in the field: literal XML in, what was read and what was remarked out."""

from collections.abc import Callable
from pathlib import Path

import pytest

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError
from spinedet.annotations.voc import (
    CLIPPED,
    DOUBLED,
    FILE_NAME,
    POLYGON,
    ROTATED,
    SIZE_FROM_IMAGE,
    SWAPPED,
    TABBED,
    Reading,
    VocObject,
    inspect_bytes,
    inspect_voc,
    voc_bytes,
)

SIZE = "<size><width>100</width><height>80</height><depth>3</depth></size>"
BOX = "<bndbox><xmin>1</xmin><ymin>11</ymin><xmax>10</xmax><ymax>12</ymax></bndbox>"
DISC = VocObject("disc", Box(0, 10, 10, 12))


def read(inside: str, size: str = SIZE, asked: Callable[[], tuple[int, int]] | None = None) -> Reading:
    """The reading of an annotation whose first line has its size and whose second begins with `inside`."""
    return inspect_bytes(f"<annotation>{size}\n{inside}</annotation>".encode(), Path("a.xml"), asked)


def refusal(inside: str, size: str = SIZE) -> str:
    with pytest.raises(InputError) as caught:
        read(inside, size)
    return str(caught.value)


def thing(inside: str, name: str = "disc") -> str:
    return f"<object><name>{name}</name>{inside}</object>"


def only(reading: Reading) -> VocObject:
    (found,) = reading.annotation.objects
    return found


def remarked(reading: Reading) -> list[tuple[str, int | None]]:
    return [(remark.code, remark.line) for remark in reading.remarks]


def never() -> tuple[int, int]:
    raise AssertionError("the image was asked although the file says its size")


def corners(xmin: object, ymin: object, xmax: object, ymax: object) -> str:
    return f"<bndbox><xmin>{xmin}</xmin><ymin>{ymin}</ymin><xmax>{xmax}</xmax><ymax>{ymax}</ymax></bndbox>"


def test_the_plain_file_has_nothing_to_remark_and_its_objects_have_lines() -> None:
    reading = read(thing(BOX) + "\n\n" + thing(BOX, "vertebra"), asked=never)
    assert (remarked(reading), reading.lines) == ([], (2, 4))


@pytest.mark.parametrize(
    ("size", "line"),
    [
        ("", 1),
        ("<size/>", 1),
        ("\n<size><width>0</width><height>0</height><depth>3</depth></size>", 2),
        ("<size><width>100</width></size>", 1),
        ("<size><width></width><height> </height></size>", 1),
    ],
)
def test_a_size_that_is_not_said_is_the_images(size: str, line: int) -> None:
    reading = read(thing(BOX), size, lambda: (640, 480))
    assert (reading.annotation.width, reading.annotation.height) == (640, 480)
    assert remarked(reading) == [(SIZE_FROM_IMAGE, line)]
    words = refusal(thing(BOX), size)
    assert "has no image size" in words
    assert "the image is needed" in words


def test_an_image_without_a_size_of_its_own_is_told() -> None:
    with pytest.raises(InputError, match="no image size"):
        read("", "", lambda: (0, 0))


def test_coordinates_may_be_fractions() -> None:
    box = corners("45.70000076293945", "11.5", "60.25", "1.2e1")  # VOC 2011 has such
    assert only(read(thing(box))).box == Box(44.70000076293945, 10.5, 60.25, 12)


def test_corners_may_stand_in_any_order_and_blanks_around_numbers() -> None:
    box = "<bndbox><ymax> 12 </ymax><xmin>1\n</xmin><xmax>10</xmax><ymin>11</ymin></bndbox>"
    assert only(read(thing(box))) == DISC


@pytest.mark.parametrize(
    ("box", "read_as", "words"),
    [
        (corners(10, 11, 1, 12), Box(0, 10, 10, 12), "xmin and xmax stand"),
        (corners(1, 15, 10, 11), Box(0, 10, 10, 15), "ymin and ymax stand"),
        (corners(10, 15, 1, 11), Box(0, 10, 10, 15), "xmin and xmax and ymin and ymax stand"),
        (corners(10.75, 11, 1.25, 12), Box(0.25, 10, 10.75, 12), "xmin and xmax stand"),
    ],
)
def test_swapped_corners_are_put_right_and_remarked(box: str, read_as: Box, words: str) -> None:
    reading = read(thing(box))
    assert only(reading).box == read_as
    assert remarked(reading) == [(SWAPPED, 2)]
    assert reading.remarks[0].text.startswith(words)


@pytest.mark.parametrize(
    ("box", "read_as", "by"),
    [
        (corners(0, 0, 10, 12), Box(0, 0, 10, 12), "1 px"),  # counted from 0
        (corners(-1, 11, 102, 82), Box(0, 10, 100, 80), "2 px"),
        (corners(1, 11, 100.5, 12), Box(0, 10, 100, 12), "0.5 px"),
    ],
)
def test_a_box_up_to_two_pixels_outside_is_clipped_and_remarked(box: str, read_as: Box, by: str) -> None:
    reading = read(thing(box))
    assert only(reading).box == read_as
    assert remarked(reading) == [(CLIPPED, 2)]
    assert by in reading.remarks[0].text


def test_a_box_further_outside_is_refused() -> None:
    assert "'disc' leaves the image" in refusal(thing(corners(1, 11, 102.25, 12)))


def test_pose_truncated_and_difficult_may_lack() -> None:
    assert only(read(thing(BOX))) == VocObject("disc", DISC.box, difficult=False, truncated=False, pose="Unspecified")


@pytest.mark.parametrize(
    ("word", "value"),
    [
        *((word, True) for word in ("1", "yes", "Yes", "YES", "true", "True", "TRUE", " 1\n", "y", "t", "2", "0.45")),
        *((word, False) for word in ("0", "no", "No", "false", "False", "FALSE", "", " ", "Unspecified", "0.0")),
    ],
)
def test_yes_and_no_in_every_spelling(word: str, value: bool) -> None:
    found = only(read(thing(f"<difficult>{word}</difficult><truncated>{word}</truncated>{BOX}")))
    assert (found.difficult, found.truncated) == (value, value)
    root = f'<annotation verified="{word}">{SIZE}</annotation>'.encode()
    assert inspect_bytes(root, Path("a.xml")).annotation.verified is value


def test_a_word_that_is_neither_yes_nor_no_is_refused() -> None:
    words = refusal(thing(f"{BOX}\n<difficult>perhaps</difficult>"))
    assert "'difficult' is neither yes nor no" in words
    assert "a.xml:3" in words


def test_parts_of_an_object_are_no_objects() -> None:
    part = f"<part><name>head</name>{corners(2, 11, 5, 12)}</part>"
    found = only(read(thing(part + BOX)))
    assert (found.box, found.extra) == (DISC.box, (part,))


def test_attributes_of_cvat_and_a_polygon_beside_the_box_are_kept() -> None:
    attributes = "<attributes><attribute><name>rotation</name><value>0.0</value></attribute></attributes>"
    polygon = "<polygon><x1>1.5</x1><y1>11</y1><x2>9</x2><y2>12</y2></polygon>"
    reading = read(thing(f"<occluded>0</occluded>{BOX}{attributes}{polygon}"))
    assert only(reading).box == DISC.box
    assert only(reading).extra == ("<occluded>0</occluded>", attributes, polygon)
    assert remarked(reading) == []


def test_a_rotated_box_of_rolabelimg_is_its_upright_extent_and_kept() -> None:
    """A quarter turn: the sides of 20 and 10 change places. An eighth: both are (20 + 10) / sqrt(2)."""
    turned = "<robndbox><cx>50.0</cx><cy>40.0</cy><w>20.0</w><h>10.0</h><angle>{}</angle></robndbox>"
    quarter = read(thing("<type>robndbox</type>" + turned.format("1.570796")))
    assert tuple(only(quarter).box) == pytest.approx((45, 30, 55, 50), abs=1e-5)
    assert remarked(quarter) == [(ROTATED, 2)]
    assert only(quarter).extra == ("<type>robndbox</type>", turned.format("1.570796"))
    eighth = only(read(thing(turned.format("2.356194490192345")))).box
    half = 15 / 2**0.5
    assert tuple(eighth) == pytest.approx((50 - half, 40 - half, 50 + half, 40 + half))
    assert inspect_bytes(voc_bytes(quarter.annotation), Path("a.xml")) == Reading(quarter.annotation, (), (13,))
    assert "<robndbox> has no <angle>" in refusal(thing("<robndbox><cx>5</cx><cy>5</cy><w>2</w><h>2</h></robndbox>"))


@pytest.mark.parametrize(
    "polygon",
    [
        "<polygon><x1>3.5</x1><y1>60</y1><x2>10</x2><y2>4</y2><x3>7</x3><y3>20.25</y3></polygon>",
        "<polygon><username>me</username><pt><x>3.5</x><y>60</y></pt><pt><x>10</x><y>4</y></pt></polygon>",
    ],
)
def test_a_polygon_without_a_box_is_its_extent_and_kept(polygon: str) -> None:
    reading = read(thing(polygon))
    assert only(reading).box == Box(3.5, 4, 10, 60)
    assert remarked(reading) == [(POLYGON, 2)]
    assert only(reading).extra == (polygon,)


def test_a_polygon_without_points_and_an_object_without_anything_are_refused() -> None:
    assert "A polygon has no points" in refusal(thing("<polygon><x1>3</x1></polygon>"))
    assert "<object> has no <bndbox>" in refusal(thing("<point><x>3</x><y>4</y></point>"))


def test_an_object_that_labelmes_web_tool_deleted_is_no_box() -> None:
    assert only(read(thing(BOX + "<deleted>0</deleted>"))).extra == ("<deleted>0</deleted>",)
    assert "marked as deleted" in refusal(thing(BOX + "<deleted>1</deleted>"))


@pytest.mark.parametrize(
    ("filename", "words"),
    [
        ("case 7.png", None),
        ("case 7.b.png", "the file's own name is 'case 7'"),
        ("", None),
        ("case 7", "has no suffix"),
        ("images/case 7.jpg", None),
        (r"C:\mr\case 7.jpg", None),
        ("case 8.png", "the file's own name is 'case 7'"),
    ],
)
def test_a_file_name_is_a_hint_that_is_kept_and_remarked(tmp_path: Path, filename: str, words: str | None) -> None:
    path = tmp_path / "case 7.xml"
    path.write_text(f"<annotation><filename>{filename}</filename>{SIZE}</annotation>", encoding="utf-8")
    reading = inspect_voc(path)
    assert reading.annotation.filename == filename
    assert [remark.code for remark in reading.remarks] == ([] if words is None else [FILE_NAME])
    assert words is None or words in reading.remarks[0].text


def test_an_accent_as_a_sign_of_its_own_is_the_same_name() -> None:
    text = f"<annotation><filename>Mu\u0308ller.png</filename>{SIZE}</annotation>"
    assert inspect_bytes(text.encode(), Path("M\u00fcller.xml")).remarks == ()


def test_a_windows_path_is_kept() -> None:
    path = r"D:\Surgeon A\MR 2021\图像\a.png"
    assert read(f"<path>{path}</path>").annotation.path == path


def test_identical_objects_are_kept_and_remarked() -> None:
    reading = read("\n".join([thing(BOX), thing(BOX, "vertebra"), thing(BOX), thing(BOX)]))
    assert len(reading.annotation.objects) == 4
    assert remarked(reading) == [(DOUBLED, 4), (DOUBLED, 5)]
    assert "line 2 already" in reading.remarks[0].text
    assert remarked(read(thing(BOX) + thing(BOX))) == [(DOUBLED, 2)]  # all in one line


@pytest.mark.parametrize(
    ("inside", "words"),
    [
        (thing(BOX + BOX), "<object> has two <bndbox>"),
        (thing(BOX + "<name>vertebra</name>"), "<object> has two <name>"),
        (thing("<bndbox><xmin>1</xmin><xmin>2</xmin></bndbox>"), "<bndbox> has two <xmin>"),
        (SIZE, "<annotation> has two <size>"),
        (thing(BOX + thing(BOX)), "An <object> stands inside an <object>"),
        ("<annotation/>", "An <annotation> stands inside an <annotation>"),
    ],
)
def test_what_says_two_things_is_refused_with_its_line(inside: str, words: str) -> None:
    found = refusal(inside)
    assert words in found
    assert "a.xml:" in found


def test_a_comment_and_character_data_do_not_cut_a_text() -> None:
    box = BOX.replace(">10<", ">1<!-- 9 -->0<")
    assert only(read(thing(box, "<![CDATA[di]]>s<!-- k -->c"))).name == "disc"
    assert only(read(thing(box))).box == DISC.box


def test_two_blanks_that_labelimg_wrote_as_a_tab_are_two_blanks() -> None:
    reading = read(thing("\n" + BOX, "lumbar\tdisc"))
    assert only(reading).name == "lumbar  disc"
    assert remarked(reading) == [(TABBED, 2)]
    named = f"<annotation><filename>case\t7.png</filename>{SIZE}</annotation>".encode()
    assert inspect_bytes(named, Path("case  7.xml")).remarks == ()
