"""One folder a class, and where the patients come from."""

from collections.abc import Callable
from pathlib import Path

import pytest

from spinedet.annotations.errors import InputError
from spinedet.datasets.convert.class_folders import import_folders
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.tasks import read_task

Lay = Callable[..., Path]

SIZE = (20, 10)
THREE = {"DMD/p1_1.png": SIZE, "DMD/more/p1_2.png": SIZE, "other/p2_1.png": SIZE}


def labels(folder: Path) -> dict[str, tuple[str | None, str]]:
    """Patient and class of each image."""
    return {item.image: (item.patient, item.annotation.objects[0].name) for item in Dataset.load(folder).items}


def test_the_folder_is_the_class_and_a_pattern_finds_the_patient(lay: Lay, tmp_path: Path) -> None:
    source = lay({}, THREE | {"loose.png": SIZE})
    report = import_folders(source, read_task("thigh"), tmp_path / "new", pattern=r"(p\d+)_")
    assert labels(report.out) == {"p1_1": ("p1", "DMD"), "p1_2": ("p1", "DMD"), "p2_1": ("p2", "other")}
    lines = "\n".join(report.lines())
    assert "left out: images in no folder of a class: 1 (loose.png)" in lines
    assert "classes without an image: 1 (BMD)" in lines


@pytest.mark.parametrize("pattern", [r"(?P<side>[a-z])?(?P<patient>\d)_", r"\d(?=_)"])
def test_the_patient_is_the_group_of_that_name_or_all_that_fits(lay: Lay, tmp_path: Path, pattern: str) -> None:
    report = import_folders(lay({}, THREE), read_task("thigh"), tmp_path / "new", pattern=pattern)
    assert [patient for patient, _ in labels(report.out).values()] == ["1", "1", "2"]


def test_patients_from_a_table(lay: Lay, tmp_path: Path) -> None:
    source = lay({"who.csv": "image,patient\np1_1,ann\np1_2.png,ann\np2_1,ben\n"}, THREE)
    report = import_folders(source, read_task("thigh"), tmp_path / "new", patients=source / "who.csv")
    assert [patient for patient, _ in labels(report.out).values()] == ["ann", "ann", "ben"]


def test_images_whose_patient_nobody_names(lay: Lay, tmp_path: Path) -> None:
    """With a pattern or a table every image has one; without both none has, which is told."""
    source, task = lay({"who.csv": "image,patient\np1_1,ann\n"}, THREE), read_task("thigh")
    with pytest.raises(InputError, match=r"2 without: DMD/more/p1_2\.png, other/p2_1\.png"):
        import_folders(source, task, tmp_path / "new", patients=source / "who.csv")
    with pytest.raises(InputError, match=r"1 without: other/p2_1\.png"):
        import_folders(source, task, tmp_path / "new", pattern="p1")
    report = import_folders(source, task, tmp_path / "new")
    assert any("no fold can be made" in line for line in report.lines())


def test_folders_that_are_no_class_are_told_at_once(lay: Lay, tmp_path: Path) -> None:
    source = lay({}, {"dmd/a.png": SIZE, "dmd/b.png": SIZE, "BMD/c.png": SIZE, "new/d.png": SIZE})
    with pytest.raises(InputError) as caught:
        import_folders(source, read_task("thigh"), tmp_path / "new")
    assert "3 in all: 'dmd' (2 images: a.png, b.png; did you mean 'DMD'?), 'new' (1 image: d.png)" in str(caught.value)


def test_what_cannot_be_begun(lay: Lay, tmp_path: Path) -> None:
    source, task, out = lay({}, {"a.png": SIZE}), read_task("thigh"), tmp_path / "new"
    with pytest.raises(InputError, match="no images in folders"):
        import_folders(source, task, out)
    with pytest.raises(InputError, match="both"):
        import_folders(source, task, out, patients=source, pattern="x")
    (source / "DMD").mkdir()
    (source / "a.png").rename(source / "DMD" / "a.png")
    with pytest.raises(InputError, match="no regular expression"):
        import_folders(source, task, out, pattern="(")


def test_folders_of_numbers(lay: Lay, tmp_path: Path) -> None:
    report = import_folders(lay({}, {"50/a.png": SIZE, "y06/b.png": SIZE}), read_task("bone_age"), tmp_path / "new")
    assert [name for _, name in labels(report.out).values()] == ["y04", "y06"]
