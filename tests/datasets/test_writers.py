import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pycocotools.coco import COCO

from spinedet.annotations.boxes import Box
from spinedet.annotations.voc import Annotation, VocObject
from spinedet.datasets.dataset import Card, Dataset, Item
from spinedet.datasets.writers import write_coco, write_yolo, yolo_box


@pytest.fixture
def dataset() -> Dataset:
    disc, bone = VocObject("disc", Box(4, 5, 24, 14), difficult=True), VocObject("bone", Box(0.5, 0, 50.25, 39))
    items = (
        Item("a 1", Path("JPEGImages/a 1.jpg"), Annotation("", 100, 40, (bone, disc, bone))),
        Item("b", None, Annotation("", 30, 20)),
    )
    return Dataset(Path("memory"), Card(), ("disc", "bone"), items)


def test_yolo_files_hold_label_centre_and_sides_and_keep_difficult(dataset: Dataset, tmp_path: Path) -> None:
    write_yolo(dataset, tmp_path)
    assert (tmp_path / "labels" / "a 1.txt").read_text(encoding="utf-8") == (
        "1 0.25375 0.4875 0.4975 0.975\n0 0.14 0.2375 0.2 0.225\n1 0.25375 0.4875 0.4975 0.975\n"
    )
    assert (tmp_path / "labels" / "b.txt").read_text(encoding="utf-8") == ""
    assert (tmp_path / "classes.txt").read_text(encoding="utf-8") == "disc\nbone\n"
    assert yaml.safe_load((tmp_path / "data.yaml").read_text(encoding="utf-8")) == {"names": {0: "disc", 1: "bone"}}
    assert json.loads((tmp_path / "difficult.json").read_text(encoding="utf-8")) == {"a 1": [1]}
    assert sorted(path.name for path in tmp_path.rglob("*.*")) == [
        "a 1.txt", "b.txt", "classes.txt", "data.yaml", "difficult.json"
    ]  # fmt: skip


EDGE = st.floats(0, 1)


@given(st.integers(1, 4096), st.integers(1, 4096), st.tuples(EDGE, EDGE, EDGE, EDGE))
def test_a_yolo_line_gives_the_box_back_to_a_billionth_of_a_pixel(
    width: int, height: int, edges: tuple[float, float, float, float]
) -> None:
    (x0, x1), (y0, y1) = sorted(edges[:2]), sorted(edges[2:])
    box = Box(x0 * width, y0 * height, x1 * width, y1 * height)
    cx, cy, w, h = (float(repr(value)) for value in yolo_box(box, width, height))
    back = ((cx - w / 2) * width, (cy - h / 2) * height, (cx + w / 2) * width, (cy + h / 2) * height)
    assert back == pytest.approx(box, rel=0, abs=1e-9)


def test_coco_holds_the_edges_exactly_and_counts_from_one(dataset: Dataset, tmp_path: Path) -> None:
    write_coco(dataset, tmp_path / "coco.json")
    coco = json.loads((tmp_path / "coco.json").read_text(encoding="utf-8"))
    assert coco["images"] == [
        {"id": 1, "file_name": "a 1.jpg", "width": 100, "height": 40},
        {"id": 2, "file_name": "b", "width": 30, "height": 20},
    ]
    assert [(row["id"], row["name"]) for row in coco["categories"]] == [(1, "disc"), (2, "bone")]
    first, second, _ = coco["annotations"]
    assert (first["bbox"], first["area"], first["category_id"]) == ([0.5, 0, 49.75, 39], 1940.25, 2)
    assert second == {
        "id": 2, "image_id": 1, "category_id": 1, "bbox": [4, 5, 20, 9], "area": 180, "iscrowd": 0, "difficult": 1
    }  # fmt: skip


def test_pycocotools_opens_the_file(dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_coco(dataset, tmp_path / "coco.json")
    coco = COCO(str(tmp_path / "coco.json"))
    assert "index created" in capsys.readouterr().out
    assert [len(coco.getAnnIds(imgIds=[image])) for image in (1, 2)] == [3, 0]


def test_the_order_of_classes_decides_the_numbers(dataset: Dataset, tmp_path: Path) -> None:
    turned = replace(dataset, classes=dataset.classes[::-1])
    write_yolo(turned, tmp_path)
    assert (tmp_path / "labels" / "a 1.txt").read_text(encoding="utf-8")[0] == "0"


def test_the_same_dataset_gives_the_same_bytes(dataset: Dataset, tmp_path: Path) -> None:
    for name in ("one", "two", "two"):  # the last overwrites
        write_yolo(dataset, tmp_path / name)
        write_coco(dataset, tmp_path / name / "coco.json")
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*"))
    assert files == sorted(path.relative_to(tmp_path / "two") for path in (tmp_path / "two").rglob("*.*"))
    assert len(files) == 6
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
