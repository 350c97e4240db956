"""The boxes that a region model learns: from masks, from VOC files, and what is said where they do not fit."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError
from spinedet.benchmarks.with_region.asking import RegionAsk, read_kinds
from spinedet.benchmarks.with_region.drawn import check_parts, make_boxes, read_drawn
from spinedet.datasets.dataset import Dataset, check_images
from spinedet.datasets.folds import Fold, Folds

Livers = Callable[..., Dataset]

VOC = (
    "<annotation><filename>{image}.png</filename><size><width>{width}</width><height>48</height><depth>1</depth></size>"
    "{objects}</annotation>"
)
OBJECT = (
    "<object><name>liver</name><bndbox><xmin>3</xmin><ymin>5</ymin><xmax>22</xmax><ymax>24</ymax></bndbox></object>"
)


def voc(folder: Path, image: str, *, objects: int = 1, width: int = 64) -> None:
    folder.mkdir(exist_ok=True)
    text = VOC.format(image=image, width=width, objects=OBJECT * objects)
    (folder / f"{image}.xml").write_text(text, encoding="utf-8")


def test_a_mask_becomes_the_smallest_box_around_it(livers: Livers) -> None:
    """An image without a mask, and one whose mask is empty, have none, and are told."""
    data = livers()
    (data.folder / "Regions" / "p0b.png").unlink()
    empty = cv2.imencode(".png", np.zeros((48, 64), np.uint8))[1]
    (data.folder / "Regions" / "p1a.png").write_bytes(empty.tobytes())
    drawn = read_drawn(data)
    assert drawn.boxes["p3a"] == Box(12, 10, 32, 30)
    assert drawn.without == ("p0b", "p1a")
    assert drawn.source == "Regions/"


def test_a_folder_of_voc_files_outlines_them_as_well(livers: Livers, tmp_path: Path) -> None:
    data = livers(masks=False)
    voc(tmp_path / "drawn", "p0a")
    voc(tmp_path / "drawn", "p0b", objects=0)
    drawn = read_drawn(data, tmp_path / "drawn")
    assert dict(drawn.boxes) == {"p0a": Box(2, 4, 22, 24)}
    assert len(drawn.without) == 15


@pytest.mark.parametrize(
    ("fault", "said"), [({"objects": 2}, "several regions"), ({"width": 65}, "an image of another size")]
)
def test_voc_files_that_do_not_fit(livers: Livers, tmp_path: Path, fault: dict[str, int], said: str) -> None:
    voc(tmp_path / "drawn", "p0a", **fault)
    with pytest.raises(InputError, match=said):
        read_drawn(livers(masks=False), tmp_path / "drawn")


def test_where_nobody_says_what_a_region_is(livers: Livers, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--region-boxes FOLDER"):
        read_drawn(livers(masks=False))
    with pytest.raises(InputError, match="no such folder of region boxes"):
        read_drawn(livers(masks=False), tmp_path / "none")
    (tmp_path / "drawn").mkdir()
    with pytest.raises(InputError, match="No image has a region"):
        read_drawn(livers(masks=False), tmp_path / "drawn")


def test_a_training_part_without_a_region_is_named(livers: Livers) -> None:
    data = livers()
    drawn = replace(read_drawn(data), boxes={"p0a": Box(0, 0, 9, 9)}, without=("p0b", "p1a"))
    halves = (data.images[:8], data.images[8:])
    folds = Folds(0, "patient", (Fold(1, halves[0], (), halves[1]), Fold(2, halves[1], (), halves[0])))
    with pytest.raises(InputError, match=r"none in fold 2; 2 images without: p0b, p1a"):
        check_parts(drawn, folds)


def test_the_dataset_of_the_boxes_has_the_same_images_and_patients(livers: Livers, tmp_path: Path) -> None:
    data = livers()
    (data.folder / "Regions" / "p0b.png").unlink()
    made = make_boxes(data, read_drawn(data), tmp_path / "boxes")
    check_images(made)
    assert (made.images, made.patients, made.classes) == (data.images, data.patients, ("region",))
    assert [thing.box for thing in made["p3a"].annotation.objects] == [Box(12, 10, 32, 30)]
    assert made["p0b"].annotation.objects == ()


def test_other_regions_do_not_go_on_with_a_run(livers: Livers, tmp_path: Path) -> None:
    data = livers()
    drawn = read_drawn(data)
    first = make_boxes(data, drawn, tmp_path / "boxes")
    assert make_boxes(data, drawn, tmp_path / "boxes").fingerprint() == first.fingerprint()
    with pytest.raises(InputError, match="begun with other regions"):
        make_boxes(data, replace(drawn, boxes={**drawn.boxes, "p0a": Box(0, 0, 9, 9)}), tmp_path / "boxes")


def test_kinds_are_told_once_and_by_name() -> None:
    assert read_kinds("detector, whole") == ("detector", "whole")
    with pytest.raises(InputError, match="did you mean 'legs'"):
        read_kinds("whole,leg")
    with pytest.raises(InputError, match="named twice"):
        read_kinds("whole,whole")


def test_boxes_and_models_belong_to_a_detector(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="add detector to --roi"):
        RegionAsk(("whole", "legs"), boxes=tmp_path)
    with pytest.raises(InputError, match="boxes or from a model"):
        RegionAsk(("detector",), boxes=tmp_path, model=tmp_path)
