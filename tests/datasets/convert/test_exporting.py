"""What all exports share: the folder, the images, the patients, and what a format has no place for."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from spinedet.annotations.boxes import Box
from spinedet.annotations.voc import Annotation, VocObject, write_voc
from spinedet.datasets.convert.exporting import FORMATS, export_dataset
from spinedet.datasets.convert.labelme import read_labelme
from spinedet.datasets.dataset import Dataset


@pytest.fixture
def dataset(save: Callable[[Path, int, int], None], tmp_path: Path) -> Dataset:
    folder = tmp_path / "data"
    save(folder / "JPEGImages" / "a.png", 100, 40)
    plain = VocObject("disc", Box(1, 2, 10.5, 20))
    full = VocObject("bone", Box(30, 2, 40, 20), truncated=True, pose="Left", extra=("<level>L4</level>",))
    write_voc(folder / "Annotations" / "a.xml", Annotation("a.png", 100, 40, (plain, full), verified=True))
    (folder / "patients.csv").write_text("image,patient\na,P1\n", encoding="utf-8")
    return Dataset.load(folder)


@pytest.mark.parametrize("kind", FORMATS)
def test_images_and_patients_come_along(dataset: Dataset, tmp_path: Path, kind: str) -> None:
    report = export_dataset(dataset, kind, tmp_path / "out")
    image = tmp_path / "out" / FORMATS[kind].images / "a.png"
    assert image.samefile(tmp_path / "data" / "JPEGImages" / "a.png")
    assert (tmp_path / "out" / "patients.csv").read_text(encoding="utf-8") == "image,patient\na,P1\n"
    assert (report.images, dict(report.boxes)) == (1, {"bone": 1, "disc": 1})


@pytest.mark.parametrize(
    ("kind", "lost"), [("yolo", {"truncated"}), ("labelme", set()), ("masks", {"truncated", "whole pixels"})]
)
def test_what_has_no_place_is_told(dataset: Dataset, tmp_path: Path, kind: str, lost: set[str]) -> None:
    told = " ".join(export_dataset(dataset, kind, tmp_path / "out").lines())
    for word in ("poses", "further elements", "verified"):
        assert word in told
    for word in ("truncated", "whole pixels"):
        assert (word in told) == (word in lost)


def test_truncated_comes_back_from_labelme(dataset: Dataset, tmp_path: Path) -> None:
    export_dataset(dataset, "labelme", tmp_path / "out")
    assert [shape.truncated for shape in read_labelme(tmp_path / "out").images[0].shapes] == [False, True]


def test_the_same_dataset_gives_the_same_bytes(dataset: Dataset, tmp_path: Path) -> None:
    for kind in FORMATS:
        for turn in ("one", "two"):
            export_dataset(dataset, kind, tmp_path / turn / kind)
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*"))
    assert files == sorted(path.relative_to(tmp_path / "two") for path in (tmp_path / "two").rglob("*.*"))
    assert len(files) == 21
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_an_image_of_another_size_is_refused(
    dataset: Dataset, save: Callable[[Path, int, int], None], tmp_path: Path, refused: Callable[..., Exception]
) -> None:
    """Fractions of the wrong size would move every box."""
    save(tmp_path / "data" / "JPEGImages" / "a.png", 40, 100)
    assert "another size" in str(refused(lambda: export_dataset(dataset, "yolo", tmp_path / "out")))
    assert not (tmp_path / "out").exists()


def test_a_wrong_format_and_an_old_folder_are_refused(
    dataset: Dataset, tmp_path: Path, refused: Callable[..., Exception]
) -> None:
    assert "did you mean 'yolo'" in str(refused(lambda: export_dataset(dataset, "yollo", tmp_path / "out")))
    assert "a folder of its own" in str(refused(lambda: export_dataset(dataset, "yolo", tmp_path / "data")))


def test_an_export_that_fails_leaves_nothing(
    dataset: Dataset, tmp_path: Path, refused: Callable[..., Exception]
) -> None:
    item = dataset.items[0]
    doubled = replace(item, annotation=replace(item.annotation, objects=item.annotation.objects * 2))
    error = refused(lambda: export_dataset(replace(dataset, items=(doubled,)), "masks", tmp_path / "out"))
    assert "Boxes overlap" in str(error)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
