"""What the model has no field for: kept, equal, hashable, and written back where it belongs."""

from dataclasses import replace
from pathlib import Path

import pytest

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError
from spinedet.annotations.voc import Annotation, VocObject, inspect_bytes, voc_bytes

VOC_2007 = """<annotation verified="yes" id="7">
\t<folder>VOC2007</folder>
\t<filename>000001.jpg</filename>
\t<source by="hand">
\t\t<database>The VOC2007 Database</database>
\t\t<annotation>PASCAL VOC2007</annotation>
\t\t<image>flickr</image>
\t</source>
\t<size unit="px">
\t\t<width>353</width>
\t\t<height>500</height>
\t\t<depth>3</depth>
\t\t<spacing>0.5</spacing>
\t</size>
\t<segmented>1</segmented>
\t<owner>
\t\t<flickrid>Fried Camels</flickrid>
\t\t<name>Jinky the Fruit Bat</name>
\t</owner>
\t<!-- seen by B -->
\t<object id="3">
\t\t<name lang="en">dog</name>
\t\t<pose>Left</pose>
\t\t<truncated>1</truncated>
\t\t<difficult>0</difficult>
\t\t<bndbox sure="no">
\t\t\t<xmin>48</xmin>
\t\t\t<ymin>240</ymin>
\t\t\t<xmax>195</xmax>
\t\t\t<ymax>371</ymax>
\t\t\t<zmin>4</zmin>
\t\t</bndbox>
\t\t<!-- moved once -->
\t\t<part>
\t\t\t<name>head</name>
\t\t\t<bndbox>
\t\t\t\t<xmin>50</xmin>
\t\t\t\t<ymin>240</ymin>
\t\t\t\t<xmax>60</xmax>
\t\t\t\t<ymax>250</ymax>
\t\t\t</bndbox>
\t\t</part>
\t</object>
</annotation>
"""

SIZE = "<size><width>100</width><height>80</height></size>"
DISC = VocObject("disc", Box(0, 10, 10, 12))


def read(text: str) -> Annotation:
    return inspect_bytes(text.encode(), Path("a.xml")).annotation


def test_a_file_with_everything_is_written_back_byte_for_byte() -> None:
    assert voc_bytes(read(VOC_2007)).decode() == VOC_2007


def test_extras_say_whose_they_are_and_hold_no_indentation() -> None:
    drawn = read(VOC_2007)
    assert drawn.extra == (
        '<annotation id="7"/>',
        '<source by="hand"><annotation>PASCAL VOC2007</annotation><image>flickr</image></source>',
        '<size unit="px"><spacing>0.5</spacing></size>',
        "<segmented>1</segmented>",
        "<owner><flickrid>Fried Camels</flickrid><name>Jinky the Fruit Bat</name></owner>",
        "<!-- seen by B -->",
    )
    head = "<xmin>50</xmin><ymin>240</ymin><xmax>60</xmax><ymax>250</ymax>"
    assert drawn.objects[0].extra == (
        '<object id="3"/>',
        '<name lang="en"/>',
        '<bndbox sure="no"><zmin>4</zmin></bndbox>',
        "<!-- moved once -->",
        f"<part><name>head</name><bndbox>{head}</bndbox></part>",
    )


def test_a_box_moved_and_named_anew_keeps_its_extras() -> None:
    drawn = read(VOC_2007)
    moved = replace(drawn, objects=(replace(drawn.objects[0], name="cat", box=Box(1, 2, 30, 40)),))
    text = voc_bytes(moved).decode()
    assert '<name lang="en">cat</name>' in text
    assert "<xmin>2</xmin>" in text
    assert "<zmin>4</zmin>" in text
    assert inspect_bytes(text.encode(), Path("a.xml")).annotation == moved


def test_indentation_makes_no_difference_but_words_do() -> None:
    one = replace(DISC, extra=("<a><b>1</b></a>",))
    same = replace(DISC, extra=("<a>\n\t<b>1</b>\n</a>",))
    assert (one, hash(one)) == (same, hash(same))
    assert one != replace(DISC, extra=("<a><b> 1</b></a>",))
    assert {one, same, DISC} == {one, DISC}


def test_extras_given_in_any_order_come_to_the_form_in_which_they_are_read() -> None:
    given = ("<part/>", '<bndbox sure="no"/>', "<bndbox><zmin>4</zmin></bndbox>", "<a></a>", '<object id="1"/>')
    thing = replace(DISC, extra=given)
    assert thing.extra == ('<object id="1"/>', '<bndbox sure="no"><zmin>4</zmin></bndbox>', "<part/>", "<a/>")
    drawn = Annotation("a.png", 100, 80, (thing,))
    assert inspect_bytes(voc_bytes(drawn), Path("a.xml")).annotation == drawn


def test_what_the_model_knows_leaves_no_extra() -> None:
    file = f"<annotation verified='no'>{SIZE}<segmented> 0 </segmented><path/><source/><filename/></annotation>"
    assert read(file).extra == ()


def test_a_namespace_and_an_attribute_on_an_absent_hint_survive() -> None:
    drawn = read(f"<annotation xmlns:x='u'>{SIZE}<path host='pc'/><x:note x:by='me'>5 &lt; 6</x:note></annotation>")
    assert drawn.extra[0] == '<path host="pc"/>'
    assert '<x:note xmlns:x="u" x:by="me">5 &lt; 6</x:note>' in drawn.extra
    assert read(voc_bytes(drawn).decode()) == drawn


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ("<a>", "no XML element"),
        ("words", "no XML element"),
        ("<a/><b/>", "no XML element"),
        ("<a/> and", "no XML element"),
        ("<?php ?>", "no XML element"),
        ("<a>\x07</a>", "no XML element"),
        ("<a>\ud800</a>", "no XML element"),
        ("<a>&x;</a>", "no XML element"),
        ("<name>cat</name>", "cannot say what <name> is"),
        ("<bndbox><xmin>1</xmin></bndbox>", "cannot say what <xmin> is"),
        ("<object><object/></object>", "stands inside"),
    ],
)
def test_an_extra_that_is_no_element_or_says_what_a_field_says_is_refused(extra: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        VocObject("disc", DISC.box, extra=(extra,))


def test_objects_are_no_extra_of_an_annotation() -> None:
    with pytest.raises(InputError, match="An object cannot be an extra"):
        Annotation("a.png", 100, 80, extra=("<object/>",))


def test_an_element_with_a_hundred_thousand_attributes_is_refused() -> None:
    many = " ".join(f'a{number}="1"' for number in range(101))
    with pytest.raises(InputError, match=r"<annotation> has too many attributes(.|\n)*a\.xml:1"):
        read(f"<annotation {many}>{SIZE}</annotation>")
