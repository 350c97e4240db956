"""CVAT XML, "CVAT for images 1.1", as CVAT writes it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from spinedet.datasets.convert.cvat import read_cvat
from spinedet.datasets.convert.importing import import_dataset
from spinedet.datasets.dataset import Dataset

Lay = Callable[..., Path]
Brought = Callable[..., tuple[object, Any]]

LITERAL = """<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>1.1</version>
  <meta>
    <task>
      <id>4</id>
      <name>spines</name>
      <labels>
        <label>
          <name>vertebra</name>
          <attributes><attribute><name>level</name><values>L4</values></attribute></attributes>
        </label>
        <label>
          <name>disc</name>
        </label>
      </labels>
    </task>
    <dumped>2024-05-06 11:57:54.807162+03:00</dumped>
  </meta>
  <image id="0" name="series/a.png" width="100" height="40">
    <box label="disc" source="manual" occluded="1" xtl="1.50" ytl="2.25" xbr="30.00" ybr="20.75" z_order="0">
      <attribute name="level">L4 &amp; L5</attribute>
      <attribute name="difficult">true</attribute>
    </box>
    <polygon label="vertebra" source="manual" occluded="0" points="5.00,6.00;20.50,7.00;9.00,30.25" z_order="0">
    </polygon>
    <box label="disc" occluded="0" xtl="40.00" ytl="10.00" xbr="60.00" ybr="20.00" rotation="90.00" z_order="0"></box>
    <ellipse label="disc" occluded="0" cx="50.00" cy="20.00" rx="10.00" ry="5.00" z_order="0"></ellipse>
    <mask label="disc" occluded="0" rle="0, 12" left="7" top="8" width="3" height="4" z_order="0"></mask>
    <points label="disc" occluded="0" points="1.00,2.00" z_order="0"></points>
  </image>
  <image id="1" name="b.png" width="30" height="20">
  </image>
</annotations>
"""


def test_a_file_of_cvat(lay: Lay, brought: Brought, tmp_path: Path) -> None:
    """A box of 20 x 10 turned by a right angle about 50 15 reaches from 45 5 to 55 25."""
    source = lay({"annotations.xml": LITERAL}, {"images/a.png": (100, 40), "images/b.png": (30, 20)})
    boxes, report = brought(read_cvat(source))
    assert boxes == {
        "a": [
            ("disc", (1.5, 2.25, 30, 20.75)),
            ("vertebra", (5, 6, 20.5, 30.25)),
            ("disc", (pytest.approx(45), pytest.approx(5), pytest.approx(55), pytest.approx(25))),
            ("disc", (40, 15, 60, 25)),
            ("disc", (7, 8, 10, 12)),
        ],
        "b": [],
    }
    assert list(report.boxes) == ["vertebra", "disc"]
    assert [line.rpartition(" (")[0] for line in report.lines()[1:]] == [
        "reported: outlines turned into their extents: 3",
        "reported: rotated boxes turned into their extents: 1",
        "left out: <points> elements, which have no extent: 1",
    ]
    first = Dataset.load(tmp_path / "out")["a"].annotation.objects[0]
    assert first.difficult
    assert [etree.fromstring(text).tag for text in first.extra] == ["occluded", "attributes"]
    level = etree.fromstring(first.extra[1]).find("attribute")
    assert level is not None
    assert (level.findtext("name"), level.findtext("value")) == ("level", "L4 & L5")


def test_tracks_of_a_video_are_refused_with_the_reason(lay: Lay, refused: Callable[..., Exception]) -> None:
    track = '<track id="0" label="disc"><box frame="0" xtl="1" ytl="1" xbr="2" ybr="2" outside="0"/></track>'
    source = lay({"annotations.xml": f"<annotations>\n<version>1.1</version>\n{track}</annotations>"})
    error = str(refused(lambda: read_cvat(source)))
    assert "not drawn but interpolated" in error
    assert "annotations.xml:3" in error
    assert "CVAT for images 1.1" in error


BOX = '<box label="disc" xtl="1" ytl="1" xbr="2" ybr="2"/>'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("<annotation/>", "This is no CVAT file."),
        ("<annotations><image></annotations>", "A CVAT file is damaged."),
        ("", "A CVAT file is damaged."),
        ('<!DOCTYPE a [<!ENTITY b "c">]><annotations/>', "A CVAT file declares a document type."),
        ("<annotations/>", "No class is known."),
        (f'<annotations><image name="a.png" width="100">{BOX}</image></annotations>', "<image> has no height."),
        (
            '<annotations><image name="a.png" width="0" height="40"/></annotations>',
            "The size of an image is impossible.",
        ),
        ('<annotations><image name="c.png" width="100" height="40"/></annotations>', "An image is missing."),
    ],
)
def test_a_wrong_file_is_refused(
    lay: Lay, refused: Callable[..., Exception], tmp_path: Path, text: str, told: str
) -> None:
    source = lay({"annotations.xml": text}, {"a.png": (100, 40)})
    assert str(refused(lambda: import_dataset(read_cvat(source), tmp_path / "out"))).startswith(told)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('label="disc"', "", "<box> has no label."),
        ('xtl="1"', 'xtl="nan"', "This is not a number of pixels."),
        ('xtl="1"', 'xtl="3"', "A box is turned inside out."),
        ('xbr="2"', 'xbr="200"', "The box of a 'disc' leaves the image."),
        (BOX, '<polygon label="disc" points="1,2;3"/>', "An outline has half a point."),
        (BOX, '<polygon label="disc" points="1,2;3,x"/>', "This is not a number of pixels."),
    ],
)
def test_a_wrong_shape_is_named_with_its_line(
    lay: Lay, refused: Callable[..., Exception], tmp_path: Path, old: str, new: str, told: str
) -> None:
    image = (
        f'<annotations>\n<image name="a.png" width="100" height="40">\n{BOX.replace(old, new)}\n</image></annotations>'
    )
    source = lay({"annotations.xml": image}, {"a.png": (100, 40)})
    error = str(refused(lambda: import_dataset(read_cvat(source), tmp_path / "out")))
    assert error.startswith(told)
    assert f"{source / 'annotations.xml'}:3" in error
