"""COCO files: ours to the last digit, and those of others with polygons, run lengths and crowds."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from spinedet.annotations.boxes import Box
from spinedet.annotations.voc import Annotation, VocObject
from spinedet.datasets.card import Card
from spinedet.datasets.convert.coco import read_coco, write_coco
from spinedet.datasets.convert.importing import import_dataset
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


def test_the_file_holds_the_edges_and_counts_from_one(dataset: Dataset, tmp_path: Path) -> None:
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


def test_edges_stand_beside_a_bbox_that_loses_a_digit(tmp_path: Path) -> None:
    """In binary numbers 0.2 + (0.9 - 0.2) is not 0.9."""
    box = Box(0.2, 0, 0.9, 1)
    assert 0.2 + (0.9 - 0.2) != 0.9
    item = Item("a", None, Annotation("", 9, 9, (VocObject("disc", box),)))
    write_coco(Dataset(Path("memory"), Card(), ("disc",), (item,)), tmp_path / "coco.json")
    written = json.loads((tmp_path / "coco.json").read_text(encoding="utf-8"))
    assert written["annotations"][0]["edges"] == [0.2, 0, 0.9, 1]


def test_pycocotools_opens_the_file(dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_coco(dataset, tmp_path / "coco.json")
    coco = COCO(str(tmp_path / "coco.json"))
    assert "index created" in capsys.readouterr().out
    assert [len(coco.getAnnIds(imgIds=[image])) for image in (1, 2)] == [3, 0]


def foreign(*annotations: dict[str, Any], **changes: Any) -> str:
    """A file as it comes from elsewhere: ids and the order of categories are its own."""
    data = {
        "info": {"year": 2024},
        "images": [{"id": 7, "file_name": "val2017/a.jpg", "width": 20, "height": 10, "license": 3}],
        "annotations": [{"id": number, "image_id": 7, **row} for number, row in enumerate(annotations)],
        "categories": [{"id": 90, "name": "zebra"}, {"id": 3, "name": "ant", "supercategory": "animal"}],
    }
    return json.dumps(data | changes)


TINY = np.zeros((10, 20), np.uint8)
TINY[2:5, 3:9] = 1


def runs(mask: np.ndarray[Any, Any]) -> list[int]:
    """Uncompressed run lengths, down the columns, zeros first."""
    flat = [0, *mask.T.flatten().tolist()]
    borders = [at for at, (one, two) in enumerate(pairwise(flat)) if one != two]
    return [int(run) for run in np.diff([0, *borders, mask.size])]


def test_boxes_outlines_and_crowds_of_others(lay: Lay, brought: Callable[..., tuple[object, Any]]) -> None:
    packed = coco_mask.encode(np.asfortranarray(TINY))
    text = foreign(
        {"category_id": 3, "bbox": [1.5, 2, 3.25, 4], "segmentation": [[1.5, 2, 4.75, 6, 1.5, 6]], "iscrowd": 0},
        {"category_id": 90, "segmentation": [[1, 1, 5, 2, 3, 8], [6, 1, 7, 2, 6.5, 3]]},
        {"category_id": 90, "segmentation": {"size": [10, 20], "counts": runs(TINY)}, "iscrowd": 1},
        {"category_id": 3, "segmentation": {"size": [10, 20], "counts": packed["counts"].decode()}},
        {"category_id": 3, "bbox": [1, 1, 0, 4]},
    )
    source = lay({"annotations/instances_val.json": text}, {"images/a.jpg": (20, 10)})
    boxes, report = brought(read_coco(source / "annotations" / "instances_val.json"))
    assert boxes == {
        "a": [("ant", (1.5, 2, 4.75, 6)), ("zebra", (1, 1, 7, 8)), ("zebra", (3, 2, 9, 5)), ("ant", (3, 2, 9, 5))]
    }
    assert list(report.boxes) == ["zebra", "ant"]
    assert [line.rpartition(" (")[0] for line in report.lines()[1:]] == [
        "reported: outlines beside a box, not kept: 1",
        "reported: outlines turned into their extents: 3",
        "reported: crowds, kept as difficult boxes: 1",
        "left out: boxes without area: 1",
    ]
    assert "annotations[2]" in report.lines()[3]


def test_run_lengths_know_the_size_where_the_image_does_not_say_it(lay: Lay) -> None:
    row = {"category_id": 3, "segmentation": {"size": [10, 20], "counts": runs(TINY)}}
    found = read_coco(lay({"c.json": foreign(row, images=[{"id": 7, "file_name": "a.jpg"}])}, {"a.jpg": (20, 10)}))
    assert found.images[0].shapes[0].box == Box(3, 2, 9, 5)


def test_a_crowd_is_a_difficult_box(lay: Lay) -> None:
    text = foreign({"category_id": 3, "bbox": [1, 1, 2, 2], "iscrowd": 1}, {"category_id": 3, "bbox": [1, 1, 2, 2]})
    found = read_coco(lay({"c.json": text}, {"a.jpg": (20, 10)}))
    assert [shape.difficult for shape in found.images[0].shapes] == [True, False]


GOOD = {"category_id": 3, "bbox": [1, 1, 2, 2]}


@pytest.mark.parametrize(
    ("text", "told", "where"),
    [
        (foreign({**GOOD, "bbox": [1, 1, 2]}), "Coordinates are missing.", "annotations[0].bbox"),
        (foreign({**GOOD, "bbox": [1, 1, 2, float("nan")]}), "This is not a number of pixels.", "annotations[0].bbox"),
        (foreign({**GOOD, "bbox": [1, 1, 2, 10**400]}), "This is not a number of pixels.", "annotations[0].bbox"),
        (foreign({**GOOD, "bbox": [1, 1, 2, "2"]}), "This is not a number of pixels.", "annotations[0].bbox"),
        (foreign({**GOOD, "bbox": [1, 1, True, 2]}), "This is not a number of pixels.", "annotations[0].bbox"),
        (foreign({**GOOD, "bbox": [1, 1, -2, 2]}), "A box has a negative side.", "annotations[0].bbox"),
        (foreign({**GOOD, "bbox": [1, 1, 30, 2]}), "The box of a 'ant' leaves the image.", "annotations[0]"),
        (foreign({**GOOD, "category_id": 4}), "An annotation has a wrong category_id.", "annotations[0].category_id"),
        (foreign({**GOOD, "image_id": [1]}), "An annotation has a wrong image_id.", "annotations[0].image_id"),
        (foreign({"category_id": 3}), "An annotation has no box.", "annotations[0]"),
        (foreign({"category_id": 3, "segmentation": [[1, 2, 3]]}), "An outline has half a point.", "segmentation[0]"),
        (foreign({"category_id": 3, "segmentation": [[1, 2]]}), "An outline has too few points.", "segmentation"),
        (
            foreign({"category_id": 3, "segmentation": {"size": [10, 20], "counts": [5, 5]}}),
            "Run lengths are damaged.",
            "segmentation.counts",
        ),
        (
            foreign({"category_id": 3, "segmentation": {"size": [10, 20], "counts": "o"}}),
            "Run lengths are damaged.",
            "segmentation.counts",
        ),
        (
            foreign({"category_id": 3, "segmentation": {"size": [20, 10], "counts": [200]}}),
            "Run lengths are of another size.",
            "segmentation.size",
        ),
        (foreign(images=[{"id": 7}]), "A name is missing.", "images[0].file_name"),
        (foreign(images=[{"id": 7, "file_name": "b.jpg"}]), "An image is missing.", "images[0].file_name"),
        (foreign(images=[{"file_name": "a.jpg"}]), "An id is wrong.", "images[0].id"),
        (
            foreign(images=[{"id": 7, "file_name": "a.jpg", "width": 20, "height": 0}]),
            "The size of an image is impossible.",
            "images[0]",
        ),
        (
            foreign(images=[{"id": 7, "file_name": "a.jpg", "width": 10, "height": 20}]),
            "An image has another size than its annotation says.",
            "images[0]",
        ),
        (
            foreign(images=[{"id": 7, "file_name": "a.jpg"}, {"id": 8, "file_name": "x/a.jpg"}]),
            "An image is annotated twice.",
            "images[1]",
        ),
        (foreign(categories=[{"id": 1, "name": "x"}, {"id": 2, "name": "x"}]), "The list of classes is wrong.", ""),
        (foreign(categories=[{"id": 1, "name": " "}]), "A name is missing.", "categories"),
        (foreign(annotations={}), "A list is missing.", "annotations"),
        (foreign(annotations=[1]), "This is no JSON object.", "annotations[0]"),
        ('{"images": [],\n"annotations": ]}', "This COCO file is no valid JSON.", "c.json:2"),
        ('{"shapes": []}', "This is no COCO file.", "c.json"),
        ("[" * 100_000, "This COCO file cannot be read.", "c.json"),
    ],
)
def test_a_wrong_file_is_refused(
    lay: Lay, refused: Callable[..., Exception], tmp_path: Path, text: str, told: str, where: str
) -> None:
    source = lay({"c.json": text}, {"a.jpg": (20, 10)})
    error = str(refused(lambda: import_dataset(read_coco(source), tmp_path / "out")))
    assert error.startswith(told)
    assert where in error
    assert not (tmp_path / "out").exists()


def test_one_name_in_two_folders_is_refused(lay: Lay, refused: Callable[..., Exception], tmp_path: Path) -> None:
    images = [{"id": number, "file_name": f"{folder}/a.jpg"} for number, folder in enumerate(("t1", "t2"))]
    source = lay({"c.json": foreign(images=images)}, {"t1/a.jpg": (20, 10), "t2/a.jpg": (20, 10)})
    error = str(refused(lambda: import_dataset(read_coco(source), tmp_path / "out")))
    assert error.startswith("Several images have the same name.")
    assert "t1/a.jpg" in error
    assert "t2/a.jpg" in error


def test_labelme_given_by_mistake_is_named_with_its_command(lay: Lay, refused: Callable[..., Exception]) -> None:
    source = lay({"a.json": '{"version": "5.5.0", "shapes": [], "imagePath": "a.png"}'})
    assert f"spinedet import labelme {source}" in str(refused(lambda: read_coco(source)))


def test_a_file_in_latin_1_is_refused_with_the_line(lay: Lay, refused: Callable[..., Exception]) -> None:
    source = lay({})
    (source / "c.json").write_bytes('{"images": [],\n"name": "Müller"}'.encode("latin-1"))
    error = str(refused(lambda: read_coco(source / "c.json")))
    assert "is not UTF-8 text" in error
    assert "c.json:2" in error
