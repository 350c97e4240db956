"""Images of one name in several folders, as MURA has them: which one is meant, and what it is called afterwards."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from spinedet.annotations.errors import InputError
from spinedet.annotations.voc import read_voc
from spinedet.datasets.convert.class_folders import import_folders
from spinedet.datasets.convert.image_index import ImageIndex
from spinedet.datasets.convert.image_paths import SOURCES, PathIndex, dataset_names
from spinedet.datasets.convert.labels import import_labels
from spinedet.datasets.dataset import Dataset, check_images
from spinedet.datasets.tasks import read_task

Lay = Callable[..., Path]

SIZE = (20, 10)

MURA = {
    "XR_WRIST/patient00006/study1_positive/image1.png": SIZE,
    "XR_WRIST/patient00006/study1_positive/image2.png": SIZE,
    "XR_WRIST/patient00007/study1_negative/image1.png": SIZE,
    "XR_HAND/patient00006/study1_positive/image1.png": SIZE,
    "XR_HAND/patient00009/study2_negative/side.png": SIZE,
}
"""A literal tree: `side.png` is the only name that does not repeat."""

TABLE = """image,patient,label
MURA-v1.1/valid/XR_WRIST/patient00006/study1_positive/image1.png,patient00006,abnormal
MURA-v1.1/valid/XR_WRIST/patient00006/study1_positive/image2.png,patient00006,abnormal
MURA-v1.1/valid/XR_WRIST/patient00007/study1_negative/image1.png,patient00007,normal
MURA-v1.1/valid/XR_HAND/patient00006/study1_positive/image1.png,patient00006,abnormal
MURA-v1.1/valid/XR_HAND/patient00009/study2_negative/side.png,patient00009,normal
"""


def answers(folder: Path) -> dict[str, tuple[str | None, str]]:
    """Patient and class of each image."""
    return {item.image: (item.patient, item.annotation.objects[0].name) for item in Dataset.load(folder).items}


def test_the_paths_of_a_table_become_names(lay: Lay, tmp_path: Path) -> None:
    """Two wrists and a hand are called image1; image2 and side keep their names."""
    source = lay({"t.csv": TABLE}, MURA)
    report = import_labels(source / "t.csv", source, read_task("fracture"), tmp_path / "new")
    check_images(Dataset.load(report.out))
    assert answers(report.out) == {
        "XR_HAND_patient00006_study1_positive_image1": ("patient00006", "abnormal"),
        "XR_WRIST_patient00006_study1_positive_image1": ("patient00006", "abnormal"),
        "XR_WRIST_patient00007_study1_negative_image1": ("patient00007", "normal"),
        "image2": ("patient00006", "abnormal"),
        "side": ("patient00009", "normal"),
    }
    (line,) = (line for line in report.lines() if "called by their path" in line)
    assert "because others have the same name (sources.csv leads back): 3 (" in line
    assert (
        "XR_HAND/patient00006/study1_positive/image1.png is XR_HAND_patient00006_study1_positive_image1, XR_WRIST"
    ) in line
    drawn = read_voc(report.out / "Annotations" / "XR_WRIST_patient00007_study1_negative_image1.xml")
    assert drawn.filename == "XR_WRIST_patient00007_study1_negative_image1.png"


def test_every_name_leads_back_to_its_file(lay: Lay, tmp_path: Path) -> None:
    source = lay({"t.csv": TABLE}, MURA)
    report = import_labels(source / "t.csv", source, read_task("fracture"), tmp_path / "new")
    with (report.out / SOURCES).open(encoding="utf-8", newline="") as file:
        back = {row["image"]: row["source"] for row in csv.DictReader(file)}
    assert back.keys() == answers(report.out).keys()
    assert set(back.values()) == set(MURA)
    for image, path in back.items():
        assert (report.out / "JPEGImages" / f"{image}.png").read_bytes() == (source / path).read_bytes()


def test_names_that_do_not_repeat_stay_and_need_no_table(lay: Lay, tmp_path: Path) -> None:
    source = lay({"t.csv": "image,patient,label\nward/a.png,p,normal\n"}, {"ward/a.png": SIZE, "b/a.png": SIZE})
    report = import_labels(source / "t.csv", source, read_task("fracture"), tmp_path / "new")
    assert list(answers(report.out)) == ["a"]
    assert not (report.out / SOURCES).exists()
    assert "left out: images that no annotation names: 1 (b/a.png)" in report.lines()


def test_a_bare_name_is_refused_with_all_that_it_fits(lay: Lay, tmp_path: Path) -> None:
    table = "image,patient,label\nimage1.png,p,abnormal\nside,p,normal\nimage1,q,normal\n"
    source = lay({"t.csv": table}, MURA)
    with pytest.raises(InputError) as caught:
        import_labels(source / "t.csv", source, read_task("fracture"), tmp_path / "new")
    said = str(caught.value)
    three = ", ".join(sorted(name for name in MURA if name.endswith("image1.png")))
    assert f"2 rows: 'image1.png' (line 2): {three}; 'image1' (line 4): {three}" in said
    assert not (tmp_path / "new").exists()


def test_an_image_listed_with_two_labels_is_named_by_its_path(lay: Lay, tmp_path: Path) -> None:
    """Once by its whole path, once by the end of it that no other image has."""
    table = (
        "image,patient,label\n"
        "XR_WRIST/patient00006/study1_positive/image1.png,p,abnormal\n"
        "patient00007/study1_negative/image1,q,normal\n"
        "XR_WRIST/patient00007/study1_negative/image1.png,q,abnormal\n"
    )
    source = lay({"t.csv": table}, MURA)
    with pytest.raises(InputError) as caught:
        import_labels(source / "t.csv", source, read_task("fracture"), tmp_path / "new")
    assert ("1: XR_WRIST/patient00007/study1_negative/image1.png: 'normal' (line 3), 'abnormal' (line 4)") in str(
        caught.value
    )


def test_splits_go_by_the_new_names(lay: Lay, tmp_path: Path) -> None:
    table = "image,patient,label,split\na/1.png,p,normal,train\nb/1.png,q,abnormal,test\n"
    source = lay({"t.csv": table}, {"a/1.png": SIZE, "b/1.png": SIZE})
    report = import_labels(source / "t.csv", source, read_task("fracture"), tmp_path / "new")
    assert Dataset.load(report.out, image_set="test").images == ("b_1",)


CLASS_FOLDERS = {
    "normal/p1/image1.png": SIZE,
    "normal/p2/image1.png": SIZE,
    "abnormal/p3/image1.png": SIZE,
    "abnormal/p3/image2.png": SIZE,
}


def test_folders_of_classes_may_repeat_names(lay: Lay, tmp_path: Path) -> None:
    source = lay({}, CLASS_FOLDERS)
    report = import_folders(source, read_task("fracture"), tmp_path / "new", pattern=r"/(p\d)/")
    assert answers(report.out) == {
        "abnormal_p3_image1": ("p3", "abnormal"),
        "image2": ("p3", "abnormal"),
        "normal_p1_image1": ("p1", "normal"),
        "normal_p2_image1": ("p2", "normal"),
    }


def test_a_table_of_patients_must_say_which_of_them_it_means(lay: Lay, tmp_path: Path) -> None:
    """`image1` would be three people at once; paths tell them apart."""
    bare = "image,patient\nimage1,ann\nimage2,cor\n"
    paths = "image,patient\nnormal/p1/image1.png,ann\nnormal/p2/image1,ben\nabnormal/p3/image1.png,cor\nimage2,cor\n"
    source = lay({"bare.csv": bare, "paths.csv": paths}, CLASS_FOLDERS)
    with pytest.raises(InputError, match=r"3 without: abnormal/p3/image1\.png") as caught:
        import_folders(source, read_task("fracture"), tmp_path / "new", patients=source / "bare.csv")
    assert "by the path below this folder where names repeat" in str(caught.value)
    report = import_folders(source, read_task("fracture"), tmp_path / "new", patients=source / "paths.csv")
    assert [patient for patient, _ in answers(report.out).values()] == ["cor", "cor", "ann", "ben"]


def test_two_paths_that_would_be_one_name_are_told_apart(lay: Lay) -> None:
    """`a_b/c` and `a/b_c`, with an image that is called so already, and a folder in capital letters."""
    source = lay({}, {"a_b/c.png": SIZE, "a/b/c.png": SIZE, "A/b/c.png": SIZE, "z/a_b_c_2.png": SIZE})
    index = ImageIndex.of(source)
    names = {path.relative_to(source).as_posix(): name for path, name in dataset_names(index.paths(), source).items()}
    assert names == {
        "A/b/c.png": "A_b_c",
        "a/b/c.png": "a_b_c_3",
        "a_b/c.png": "a_b_c_4",
        "z/a_b_c_2.png": "a_b_c_2",
    }


def test_files_that_differ_in_their_ending_alone_stay_refused(lay: Lay, tmp_path: Path) -> None:
    source = lay({"t.csv": "image,patient,label\na.png,p,normal\na.jpg,p,normal\n"}, {"a.png": SIZE, "a.jpg": SIZE})
    with pytest.raises(InputError, match="Several images have the same name"):
        import_labels(source / "t.csv", source, read_task("fracture"), tmp_path / "new")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("1.png", ["1.png"]),  # whole before end
        ("p/1", ["p/1.png"]),
        ("./q/p/1.png", ["q/p/1.png"]),
        ("D:\\scans\\q\\p\\1.png", ["q/p/1.png", "p/1.png", "1.png"]),  # any of them may be meant
        ("2", ["q/2.png"]),
        ("p/2", []),
    ],
)
def test_what_a_name_may_mean(lay: Lay, name: str, found: list[str]) -> None:
    source = lay({}, {"1.png": SIZE, "p/1.png": SIZE, "q/p/1.png": SIZE, "q/2.png": SIZE})
    paths = PathIndex.of(ImageIndex.of(source)).named(name)
    assert [path.relative_to(source).as_posix() for path in paths] == found
