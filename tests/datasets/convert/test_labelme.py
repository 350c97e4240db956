"""LabelMe files as LabelMe writes them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spinedet.annotations.boxes import Box
from spinedet.annotations.voc import Annotation, VocObject
from spinedet.datasets.card import Card
from spinedet.datasets.convert.importing import import_dataset
from spinedet.datasets.convert.labelme import read_labelme, write_labelme
from spinedet.datasets.dataset import Dataset, Item

Lay = Callable[..., Path]
Brought = Callable[..., tuple[object, Any]]

LITERAL = """{
  "version": "5.5.0",
  "flags": {},
  "shapes": [
    {
      "label": "disc",
      "points": [[30.5, 20.25], [10.125, 5.0]],
      "group_id": null,
      "description": "",
      "shape_type": "rectangle",
      "flags": {"difficult": true},
      "mask": null
    },
    {
      "label": "bone",
      "points": [[1.0, 2.0], [9.5, 3.0], [4.0, 12.75]],
      "group_id": 4,
      "description": "L4",
      "shape_type": "polygon",
      "flags": {"implant": true},
      "mask": null
    },
    {"label": "bone", "points": [[40.0, 20.0], [43.0, 24.0]], "group_id": null, "shape_type": "circle", "flags": {}},
    {"label": "bone", "points": [[3.0, 4.0], [6.0, 9.0]], "shape_type": "mask", "flags": {}, "mask": "aGVsbG8="},
    {"label": "bone", "points": [[3.0, 4.0]], "group_id": null, "shape_type": "point", "flags": {}}
  ],
  "imagePath": "..\\\\images\\\\a.png",
  "imageData": "aGVsbG8=",
  "imageHeight": 40,
  "imageWidth": 100
}
"""


def test_a_file_of_labelme(lay: Lay, brought: Brought) -> None:
    """A rectangle from its lower right corner, a polygon, a circle of radius 5, a mask of 4 x 6 pixels, and a point."""
    source = lay({"json/a.json": LITERAL}, {"images/a.png": (100, 40)})
    boxes, report = brought(read_labelme(source))
    assert boxes == {
        "a": [
            ("disc", (10.125, 5, 30.5, 20.25)),
            ("bone", (1, 2, 9.5, 12.75)),
            ("bone", (35, 15, 45, 25)),
            ("bone", (3, 4, 7, 10)),
        ]
    }
    assert [line.rpartition(" (")[0] for line in report.lines()[1:]] == [
        "reported: outlines turned into their extents: 3",
        "reported: flags 'implant', not kept: 1",
        "reported: group numbers, not kept: 1",
        "reported: descriptions, not kept: 1",
        "left out: shapes of the kind point, which have no extent: 1",
    ]
    assert [shape.difficult for shape in read_labelme(source).images[0].shapes] == [True, False, False, False]


def test_the_list_that_labelme_is_started_with_gives_the_order(lay: Lay) -> None:
    files = {"a.json": LITERAL, "labels.txt": "__ignore__\n_background_\ndisc\nbone\n"}
    assert read_labelme(lay(files, {"a.png": (100, 40)})).classes == ("disc", "bone")


def test_ours_has_what_labelme_wants(tmp_path: Path) -> None:
    thing = VocObject("disc", Box(0.1, 5, 24, 14), difficult=True)
    item = Item("a", Path("JPEGImages/a.jpg"), Annotation("", 100, 40, (thing,)))
    write_labelme(Dataset(Path("memory"), Card(), ("disc", "bone"), (item,)), tmp_path)
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == {
        "version": "5.5.0",
        "flags": {},
        "shapes": [
            {
                "label": "disc",
                "points": [[0.1, 5], [24, 14]],
                "group_id": None,
                "description": "",
                "shape_type": "rectangle",
                "flags": {"difficult": True},
                "mask": None,
            }
        ],
        "imagePath": "a.jpg",
        "imageData": None,
        "imageHeight": 40,
        "imageWidth": 100,
    }
    assert (tmp_path / "labels.txt").read_text(encoding="utf-8") == "disc\nbone\n"


def one(**changes: Any) -> str:
    """A file with one shape, changed."""
    shape = {"label": "disc", "points": [[1, 2], [3, 4]], "shape_type": "rectangle", "flags": {}} | changes
    return json.dumps({"shapes": [shape], "imagePath": "a.png", "imageWidth": 100, "imageHeight": 40})


def test_names_that_are_no_text_do_not_break_the_report(lay: Lay, brought: Brought) -> None:
    """JSON may hold half of a character; fuzzing found it."""
    source = lay({"a.json": one(flags={"\ud800": True})}, {"a.png": (100, 40)})
    _, report = brought(read_labelme(source))
    assert b"flags '\\ud800', not kept: 1 (a.json: shapes[0])" in (report.out / "import.txt").read_bytes()


@pytest.mark.parametrize(
    ("text", "told", "where"),
    [
        (one(points=[[1, 2, 3], [3, 4]]), "Coordinates are missing.", "shapes[0].points[0]"),
        (one(points=[[1, 2], [3, float("nan")]]), "This is not a number of pixels.", "shapes[0].points[1]"),
        (one(points=[[1, 2]]), "An outline has too few points.", "shapes[0]"),
        (one(points=None), "A shape has no points.", "shapes[0]"),
        (one(points=[[1, 2], [103, 4]]), "The box of a 'disc' leaves the image.", "shapes[0]"),
        (one(label=""), "A name is missing.", "shapes[0].label"),
        (one(label="a\u0007"), "A class name has unprintable characters.", "shapes[0]"),
        (one(flags=[1]), "This is no JSON object.", "shapes[0].flags"),
        ("", "This LabelMe file is no valid JSON.", "a.json:1"),
        ("[]", "This is no LabelMe file.", "a.json"),
        ('{"shapes": [], "imagePath": "b.png"}', "An image is missing.", "imagePath"),
        (
            '{"shapes": [], "imagePath": "a.png", "imageWidth": 40, "imageHeight": 100}',
            "An image has another size than its annotation says.",
            "a.json",
        ),
    ],
)
def test_a_wrong_file_is_refused(
    lay: Lay, refused: Callable[..., Exception], tmp_path: Path, text: str, told: str, where: str
) -> None:
    source = lay({"a.json": text}, {"a.png": (100, 40)})
    classes = ["disc"] if "u0007" not in text else []
    error = str(refused(lambda: import_dataset(read_labelme(source, classes=classes), tmp_path / "out")))
    assert error.startswith(told)
    assert where in error


def test_coco_given_by_mistake_is_named_with_its_command(lay: Lay, refused: Callable[..., Exception]) -> None:
    source = lay({"c.json": '{"images": [], "annotations": [], "categories": []}'})
    assert f"spinedet import coco {source / 'c.json'}" in str(refused(lambda: read_labelme(source)))


def test_no_file_at_all(lay: Lay, refused: Callable[..., Exception]) -> None:
    source = lay({})
    assert str(refused(lambda: read_labelme(source))).startswith("There are no LabelMe files.")
    assert str(refused(lambda: read_labelme(source / "x.json"))).startswith("There is no such LabelMe source.")
