"""YOLO labels as LabelImg and ultralytics write them, and what is wrong with others."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from spinedet.annotations.boxes import Box
from spinedet.annotations.voc import Annotation, VocObject
from spinedet.datasets.card import Card
from spinedet.datasets.convert.importing import import_dataset
from spinedet.datasets.convert.yolo import read_yolo, write_yolo, yolo_box
from spinedet.datasets.dataset import Dataset, Item

Lay = Callable[..., Path]


@pytest.fixture
def dataset() -> Dataset:
    disc, bone = VocObject("disc", Box(4, 5, 24, 14), difficult=True), VocObject("bone", Box(0.5, 0, 50.25, 39))
    items = (
        Item("a 1", Path("JPEGImages/a 1.jpg"), Annotation("", 100, 40, (bone, disc, bone))),
        Item("b", None, Annotation("", 30, 20)),
    )
    return Dataset(Path("memory"), Card(), ("disc", "bone"), items)


def test_files_hold_label_centre_and_sides_and_keep_difficult(dataset: Dataset, tmp_path: Path) -> None:
    write_yolo(dataset, tmp_path)
    bone = "1 0.2537500000000000 0.4875000000000000 0.4975000000000000 0.9750000000000000\n"
    disc = "0 0.1400000000000000 0.2375000000000000 0.2000000000000000 0.2250000000000000\n"
    assert (tmp_path / "labels" / "a 1.txt").read_text(encoding="utf-8") == bone + disc + bone
    assert (tmp_path / "labels" / "b.txt").read_text(encoding="utf-8") == ""
    assert (tmp_path / "classes.txt").read_text(encoding="utf-8") == "disc\nbone\n"
    assert yaml.safe_load((tmp_path / "data.yaml").read_text(encoding="utf-8"))["names"] == {0: "disc", 1: "bone"}
    assert json.loads((tmp_path / "difficult.json").read_text(encoding="utf-8")) == {"a 1": [1]}


def test_the_order_of_classes_decides_the_numbers(dataset: Dataset, tmp_path: Path) -> None:
    write_yolo(replace(dataset, classes=dataset.classes[::-1]), tmp_path)
    assert (tmp_path / "labels" / "a 1.txt").read_text(encoding="utf-8")[0] == "0"


EDGE = st.floats(0, 1)


@given(st.integers(1, 4096), st.integers(1, 4096), st.tuples(EDGE, EDGE, EDGE, EDGE))
def test_the_fractions_give_the_box_back_to_a_billionth_of_a_pixel(
    width: int, height: int, edges: tuple[float, float, float, float]
) -> None:
    (x0, x1), (y0, y1) = sorted(edges[:2]), sorted(edges[2:])
    box = Box(x0 * width, y0 * height, x1 * width, y1 * height)
    cx, cy, w, h = (float(f"{value:.16f}") for value in yolo_box(box, width, height))
    back = ((cx - w / 2) * width, (cy - h / 2) * height, (cx + w / 2) * width, (cy + h / 2) * height)
    assert back == pytest.approx(box, rel=0, abs=1e-9)


def test_six_decimals_of_labelimg_are_whole_pixels_again(
    lay: Lay, brought: Callable[..., tuple[object, object]]
) -> None:
    """What LabelImg 1.8.6 writes of a box drawn from 12 8 to 346 211 in an image of 361 x 333."""
    line = "0 0.495845 0.328829 0.925208 0.609610\n"
    source = lay({"a.txt": line, "classes.txt": "disc\n"}, {"a.jpg": (361, 333)})
    assert brought(read_yolo(source))[0] == {"a": [("disc", (12, 8, 346, 211))]}


def test_an_unrounded_edge_beside_a_pixel_border_stays(lay: Lay, brought: Callable[..., tuple[object, object]]) -> None:
    line = "0 0.5000000000000000 0.5 0.1999990000000000 0.5\n"
    boxes, _ = brought(read_yolo(lay({"a.txt": line}, {"a.png": (100, 100)}), classes=["disc"]))
    assert boxes == {"a": [("disc", (pytest.approx(40.00005, abs=1e-9), 25, pytest.approx(59.99995, abs=1e-9), 75))]}


def test_ultralytics_folders_outlines_and_the_order_of_names(
    lay: Lay, brought: Callable[..., tuple[object, object]]
) -> None:
    """A rectangle, a segmentation triangle, an empty label file, and an image without label file."""
    source = lay(
        {
            "data.yaml": "path: ../d\ntrain: images/train\nnames:\n  0: zebra\n  1: ant\n",
            "labels/train/a.txt": "1 0.5 0.5 0.5 0.25\n0 0.1 0.2 0.6 0.2 0.3 0.9\n",
            "labels/val/b.txt": "",
            "README.txt": "hello\n",
        },
        {"images/train/a.png": (100, 40), "images/val/b.png": (30, 20), "images/val/c.png": (30, 20)},
    )
    boxes, report = brought(read_yolo(source))
    assert boxes == {"a": [("ant", (25, 15, 75, 25)), ("zebra", (10, 8, 60, 36))], "b": []}
    assert list(report.boxes.items()) == [("zebra", 1), ("ant", 1)]  # type: ignore[attr-defined]
    assert report.lines()[1:] == [  # type: ignore[attr-defined]
        f"reported: outlines turned into their extents: 1 ({source / 'labels/train/a.txt'}:2)",
        "left out: images that no annotation names: 1 (c.png)",
    ]


def test_difficult_lines_come_back(lay: Lay) -> None:
    line = "0 0.5 0.5 0.5 0.5\n"
    source = lay({"a.txt": line * 2, "difficult.json": '{"a": [1]}'}, {"a.png": (9, 9)})
    assert [shape.difficult for shape in read_yolo(source, classes=["disc"]).images[0].shapes] == [False, True]


def test_a_box_a_little_outside_is_clipped_and_told(lay: Lay, brought: Callable[..., tuple[object, object]]) -> None:
    boxes, report = brought(read_yolo(lay({"a.txt": "0 0.5 0.5 1.02 1.0"}, {"a.png": (100, 40)}), classes=["disc"]))
    assert boxes == {"a": [("disc", (0, 0, 100, 40))]}
    assert "clipped: 1" in report.lines()[1]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "told", "found"),
    [
        ("2 0.5 0.5 0.1 0.1", "A class has no name.", "2"),
        ("-1 0.5 0.5 0.1 0.1", "A class has no name.", "-1"),
        ("0.5 0.5 0.5 0.1 0.1", "A class has no name.", "0.5"),
        ("disc 0.5 0.5 0.1 0.1", "This is not a number of pixels.", "'disc'"),
        ("0 nan 0.5 0.1 0.1", "This is not a number of pixels.", "'nan'"),
        ("0 0.5 0.5 1_0 0.1", "This is not a number of pixels.", "'1_0'"),
        ("0 0.5 0.5 0.1", "A label line is wrong.", "3 numbers after the class"),
        ("0 0.5 0.5 0.1 0.1 0.93", "A label line is wrong.", "5 numbers after the class"),
        ("0 0.5 0.5 -0.1 0.1", "A box has a negative side.", "-0.1 x 0.1"),
        ("0 50 20 10 10", "The box of a 'disc' leaves the image.", "4500 600 5500 1000"),
    ],
)
def test_a_wrong_line_is_named(
    lay: Lay, refused: Callable[..., Exception], tmp_path: Path, text: str, told: str, found: str
) -> None:
    source = lay({"a.txt": f"0 0.5 0.5 0.1 0.1\n\n{text}\n", "classes.txt": "disc\nbone\n"}, {"a.png": (100, 40)})
    error = str(refused(lambda: import_dataset(read_yolo(source), tmp_path / "out")))
    assert error.startswith(told)
    assert f"found: {found}" in error
    assert f"where: {source / 'a.txt'}:3" in error
    assert not (tmp_path / "out").exists()


def test_scores_are_no_labels(lay: Lay, refused: Callable[..., Exception]) -> None:
    source = lay({"a.txt": "0 0.5 0.5 0.1 0.1 0.93"}, {"a.png": (100, 40)})
    assert "predictions with their scores" in str(refused(lambda: read_yolo(source, classes=["disc"])))


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"a.txt": ""}, "Nobody knows the classes of these numbers."),
        ({"a.txt": "", "classes.txt": "disc\n", "data.yaml": "names: [bone]"}, "Two lists of classes differ."),
        ({"a.txt": "", "data.yaml": "names: {1: disc}"}, "Classes are not numbered from 0."),
        ({"a.txt": "", "data.yaml": "names: [disc"}, "A data.yaml is no YAML."),
        ({"classes.txt": "disc\n"}, "There are no YOLO labels."),
        ({"b.txt": "", "classes.txt": "disc\n"}, "An image is missing."),
        ({"a.txt": "", "classes.txt": "disc\n", "difficult.json": "[1]"}, "A list of difficult lines is wrong."),
    ],
)
def test_a_wrong_folder_is_refused(
    lay: Lay, refused: Callable[..., Exception], files: dict[str, str], told: str
) -> None:
    source = lay(files, {"a.png": (100, 40)})
    assert str(refused(lambda: read_yolo(source))).startswith(told)


def test_two_images_of_one_name_are_named(lay: Lay, refused: Callable[..., Exception]) -> None:
    images = {"images/train/a.png": (9, 9), "images/val/a.png": (9, 9)}
    error = str(refused(lambda: read_yolo(lay({"labels/train/a.txt": "", "classes.txt": "disc"}, images))))
    assert error.startswith("Several images have the same name.")
    assert "train/a.png" in error
    assert "val/a.png" in error
