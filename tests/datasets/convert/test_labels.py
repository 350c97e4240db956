"""Tables of labels: what becomes of a right one, and what is said of a wrong one."""

from collections.abc import Callable, Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError
from spinedet.annotations.voc import read_voc
from spinedet.datasets.convert.importing import Report
from spinedet.datasets.convert.labels import Columns, import_labels
from spinedet.datasets.convert.whole_images import Answer, answer, constant_images, whole_image_task
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.tasks import read_task

Make = Callable[..., Report]


def noise(path: Path, width: int = 20, height: int = 10) -> Path:
    """An image that is not constant."""
    pixels = np.arange(width * height, dtype=np.uint8).reshape(height, width)
    done, data = cv2.imencode(path.suffix, pixels)
    assert done
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.tobytes())
    return path


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """`make(table, names, task="thigh")` imports a table with images of these names."""

    def work(table: str, names: tuple[str, ...], task: str = "thigh", check_pixels: bool = False) -> Report:
        for name in names:
            noise(tmp_path / "images" / name)
        (tmp_path / "t.csv").write_text(table, encoding="utf-8")
        known = read_task(task)
        out = tmp_path / "new"
        return import_labels(tmp_path / "t.csv", tmp_path / "images", known, out, check_pixels=check_pixels)

    return work


def labels(folder: Path) -> Mapping[str, tuple[str | None, str]]:
    """Patient and class of each image."""
    return {item.image: (item.patient, item.annotation.objects[0].name) for item in Dataset.load(folder).items}


def complaint(work: Callable[[], object]) -> str:
    """What is said of a wrong input."""
    with pytest.raises(InputError) as caught:
        work()
    return str(caught.value)


def test_each_image_gets_one_box_that_is_the_image(make: Make) -> None:
    """By file name, by name without ending, and by the path below the folder; two images of one patient."""
    table = "image,patient,label\na.png,ann,DMD\nb,ann,DMD\nward/c.jpg,ben,other\n"
    report = make(table, ("a.png", "b.jpg", "ward/c.jpg"))
    assert labels(report.out) == {"a": ("ann", "DMD"), "b": ("ann", "DMD"), "c": ("ben", "other")}
    drawn = read_voc(report.out / "Annotations" / "a.xml")
    assert (drawn.width, drawn.height, [thing.box for thing in drawn.objects]) == (20, 10, [Box(0, 0, 20, 10)])
    assert Dataset.load(report.out).classes == ("other", "DMD", "BMD")
    assert "reported: classes without an image: 1 (BMD)" in report.lines()


def test_images_without_a_row_are_left_out_by_name(make: Make) -> None:
    report = make("image,patient,label\na,ann,DMD\n", ("a.png", "x.png", "y.png"))
    assert "left out: images that no annotation names: 2 (x.png, y.png)" in report.lines()


def test_columns_go_by_other_names_and_semicolons(tmp_path: Path) -> None:
    noise(tmp_path / "images" / "a.png")
    (tmp_path / "t.csv").write_text("Bild;Person;Grad\na;ann;3\n", encoding="utf-8")
    columns = Columns("bild", "PERSON", "Grad")
    report = import_labels(tmp_path / "t.csv", tmp_path / "images", read_task("knee_oa"), tmp_path / "new", columns)
    assert labels(report.out) == {"a": ("ann", "3")}
    wrong = Columns("bilt", "person", "grad")
    said = complaint(
        lambda: import_labels(tmp_path / "t.csv", tmp_path / "images", read_task("knee_oa"), tmp_path / "b", wrong)
    )
    assert "did you mean 'bild'?" in said
    assert "--image-column" in said


def test_all_wrong_labels_are_told_at_once(make: Make, tmp_path: Path) -> None:
    """Five wrong rows of two labels; the table is left as it is and nothing is written."""
    table = "image,patient,label\na,p,dmd\nb,p,DMD\nc,p,dmd\nd,p,Xray\n"
    said = complaint(lambda: make(table, ("a.png", "b.png", "c.png", "d.png")))
    assert "2 labels that the task 'thigh' does not know" in said
    assert "3 in all: 'dmd' (2 lines: 2, 4; did you mean 'DMD'?), 'Xray' (1 line: 5)" in said
    assert not (tmp_path / "new").exists()


def test_an_image_listed_twice_with_two_labels(make: Make) -> None:
    """Under two of its names."""
    said = complaint(lambda: make("image,patient,label\na,p,DMD\nb,p,DMD\na.png,p,BMD\n", ("a.png", "b.png")))
    assert "Images are listed with two labels" in said
    assert "1: a.png: 'DMD' (line 2), 'BMD' (line 4)" in said


def test_an_image_of_two_patients(make: Make) -> None:
    said = complaint(lambda: make("image,patient,label\na,ann,DMD\na,ben,DMD\n", ("a.png",)))
    assert "a.png: 'ann' (line 2), 'ben' (line 3)" in said


def test_an_image_listed_twice_with_one_label_is_taken_once(make: Make) -> None:
    report = make("image,patient,label\na,p,DMD\na,p,DMD\n", ("a.png",))
    assert report.images == 1
    assert any(line.endswith("taken once: 1 (a.png (lines 2 and 3))") for line in report.lines())


def test_missing_images_and_empty_cells_are_told_with_their_lines(make: Make) -> None:
    said = complaint(lambda: make("image,patient,label\na,p,DMD\nimg8,p,DMD\nx,p,BMD\n", ("a.png", "img7.png")))
    assert "2 rows without: 'img8' (line 3), 'x' (line 4)" in said
    assert "did you mean 'img7'?" in said
    said = complaint(lambda: make("image,patient,label\na,,DMD\nb,p,\nc, ,DMD\n", ("a.png", "b.png", "c.png")))
    assert "patient in 2 (line 2, 4); label in 1 (line 3)" in said


def test_a_row_is_never_taken_for_an_image_of_another_folder(make: Make) -> None:
    """`p1/1` is not `p2/1.png`; the leading folders of another machine do not count."""
    assert "'p1/1' (line 2)" in complaint(lambda: make("image,patient,label\np1/1,p,DMD\n", ("p2/1.png",)))
    report = make("image,patient,label\nC:\\data\\p2\\1.png,p,DMD\n", ("p2/1.png",))
    assert labels(report.out) == {"1": ("p", "DMD")}


def test_a_name_that_fits_two_images(make: Make) -> None:
    said = complaint(lambda: make("image,patient,label\n1,p,DMD\n", ("p1/1.png", "p2/1.png")))
    assert "'1' (line 2): p1/1.png, p2/1.png" in said
    report = make("image,patient,label\np2/1,p,DMD\n", ("p1/1.png", "p2/1.png"))
    assert report.images == 1


def test_a_number_falls_into_the_nearest_class_and_is_kept(make: Make) -> None:
    """Bone age: classes at 24, 48, 72 ... 216 months. 48 is a class's own, 36 lies between two, 300 beyond all."""
    table = "image,patient,label\na,p,48\nb,p,36\nc,p,300\nd,p,y06\n"
    report = make(table, ("a.png", "b.png", "c.png", "d.png"), "bone_age")
    assert [name for _, name in labels(report.out).values()] == ["y04", "y02", "y18", "y06"]
    lines = "\n".join(report.lines())
    assert "put into the nearest class: 1 (b.png: 36 to y02)" in lines
    assert "put there all the same: 1 (c.png: 300 to y18)" in lines
    assert "<value>36.0</value>" in (report.out / "Annotations" / "b.xml").read_text(encoding="utf-8")


@pytest.mark.parametrize("word", ["", "nan", "inf", "1_0", "five"])
def test_what_is_no_number(word: str) -> None:
    assert answer(read_task("bone_age"), word) is None


def test_a_decimal_comma_is_a_number() -> None:
    assert answer(read_task("bone_age"), "70,5") == Answer("y06", 70.5)


def test_constant_images_are_named(make: Make, tmp_path: Path) -> None:
    """A black PNG is found by its small file; a black BMP only where every image is decoded."""
    for name in ("black.png", "flat.bmp"):
        path = noise(tmp_path / "images" / name, 100, 100)
        path.write_bytes(cv2.imencode(path.suffix, np.full((100, 100), 7, np.uint8))[1].tobytes())
    table = "image,patient,label\nblack,p,DMD\nflat,p,DMD\na,p,BMD\n"
    assert "reported: images whose pixels are all equal: 1 (black.png)" in make(table, ("a.png",)).lines()
    (tmp_path / "new").rename(tmp_path / "first")
    report = make(table, (), check_pixels=True)
    assert "reported: images whose pixels are all equal: 2 (black.png, flat.bmp)" in report.lines()
    assert report.images == 3


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
@pytest.mark.parametrize("shape", [(2000, 1500), (512, 512, 3)])
def test_no_constant_image_is_too_large_a_file_to_be_found(tmp_path: Path, suffix: str, shape: tuple[int, ...]) -> None:
    from spinedet.datasets.convert.image_index import ImageIndex

    path = tmp_path / f"a{suffix}"
    path.write_bytes(cv2.imencode(suffix, np.full(shape, 130, np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 100])[1].tobytes())
    assert constant_images([path], ImageIndex.of(tmp_path)) == [path]


def test_a_column_split_becomes_image_sets(make: Make) -> None:
    """One image is in no split, and that is told."""
    table = "image,patient,label,split\na,p,DMD,train\nb,p,DMD,train\nc,q,other,test\nd,r,BMD,\n"
    report = make(table, ("a.png", "b.png", "c.png", "d.png"))
    assert Dataset.load(report.out, image_set="train").images == ("a", "b")
    assert Dataset.load(report.out, image_set="test").images == ("c",)
    assert "reported: images in no split: 1 (d.png)" in report.lines()
    assert sorted(path.name for path in report.out.parent.iterdir()) == ["images", "new", "t.csv"]


def test_patients_in_two_splits_are_refused_by_name(make: Make, tmp_path: Path) -> None:
    table = "image,patient,label,split\na,ann,DMD,train\nb,ann,DMD,test\nc,ben,other,test\n"
    said = complaint(lambda: make(table, ("a.png", "b.png", "c.png")))
    assert f"1 patient: ann: train ({tmp_path / 't.csv'}:2), test ({tmp_path / 't.csv'}:3)" in said
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("names", ["../x,train", "train,Train"])
def test_splits_that_no_file_can_be_called(make: Make, names: str) -> None:
    first, second = names.split(",")
    table = f"image,patient,label,split\na,p,DMD,{first}\nb,q,DMD,{second}\n"
    assert "split's name" in complaint(lambda: make(table, ("a.png", "b.png")))


def test_a_task_of_boxes_labels_no_image() -> None:
    assert "somebody has to draw" in complaint(lambda: whole_image_task("lumbar"))


def test_images_of_a_foreign_kind_are_left_out_and_none_at_all_is_an_error(make: Make, tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "x.dcm").write_bytes(b"DICM")
    said = complaint(lambda: make("image,patient,label\nx,p,DMD\n", ()))
    assert "no image that spinedet reads" in said
    report = make("image,patient,label\nx,p,DMD\na,p,DMD\n", ("a.png",))
    assert report.images == 1
    assert any("a kind that spinedet does not read: 1 (x.dcm" in line for line in report.lines())
