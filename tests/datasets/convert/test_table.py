"""CSV tables: ours, those of tutorials, and those that Excel saves in Germany."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spinedet.annotations.boxes import Box
from spinedet.annotations.voc import Annotation, VocObject
from spinedet.datasets.card import Card
from spinedet.datasets.convert.importing import import_dataset
from spinedet.datasets.convert.table import read_csv, read_patient_table, write_csv
from spinedet.datasets.dataset import Dataset, Item

Lay = Callable[..., Path]
Brought = Callable[..., tuple[object, Any]]


def test_a_row_a_box_with_every_digit(tmp_path: Path) -> None:
    disc, bone = VocObject("disc", Box(4, 5, 24, 14), difficult=True), VocObject("bone; x", Box(0.1, 0, 50.25, 39))
    items = (
        Item("a", Path("a.jpg"), Annotation("", 100, 40, (bone, disc)), "A, Anna"),
        Item("b", None, Annotation("", 30, 20)),
    )
    write_csv(Dataset(Path("memory"), Card(), ("disc", "bone; x"), items), tmp_path)
    assert (tmp_path / "annotations.csv").read_text(encoding="utf-8") == (
        "image,class,x0,y0,x1,y1,difficult,patient,width,height\n"
        'a.jpg,bone; x,0.1,0,50.25,39,0,"A, Anna",100,40\n'
        'a.jpg,disc,4,5,24,14,1,"A, Anna",100,40\n'
        "b,,,,,,,,30,20\n"
    )
    assert (tmp_path / "classes.txt").read_text(encoding="utf-8") == "disc\nbone; x\n"


def test_the_table_of_the_tutorials_counts_from_one(lay: Lay, brought: Brought) -> None:
    head = "filename,width,height,class,xmin,ymin,xmax,ymax\n"
    text = f"{head}a.jpg,100,40,disc,1,2,10.3,20\na.jpg,100,40,bone,10.3,1,100,40\n"
    boxes, report = brought(read_csv(lay({"labels.csv": text}, {"a.jpg": (100, 40)})))
    assert boxes == {"a": [("disc", (0, 1, 10.3, 20)), ("bone", (9.3, 0, 100, 40))]}
    assert list(report.boxes) == ["bone", "disc"]


def test_excel_in_germany(lay: Lay, brought: Brought, tmp_path: Path) -> None:
    """A byte order mark, semicolons, decimal commas, capitals; a patient and an image without boxes."""
    text = "\ufeffImage;Class;x0;y0;x1;y1;Patient;Reader\na;disc;1,5;2;10,25;20;P1;Anna\nb;;;;;;P2;\n"
    source = lay({"labels.csv": text}, {"a.jpg": (100, 40), "b.jpg": (30, 20)})
    boxes, report = brought(read_csv(source))
    assert boxes == {"a": [("disc", (1.5, 2, 10.25, 20))], "b": []}
    assert (tmp_path / "out" / "patients.csv").read_text(encoding="utf-8") == "image,patient\na,P1\nb,P2\n"
    assert report.lines()[1:] == ["reported: columns not kept: 1 (reader)"]


def test_classes_txt_beside_the_table_gives_the_order(lay: Lay) -> None:
    text = "image,class,x0,y0,x1,y1\na,disc,1,2,10,20\n"
    source = lay({"labels.csv": text, "classes.txt": "zebra\ndisc\n"}, {"a.png": (100, 40)})
    assert read_csv(source).classes == ("zebra", "disc")
    assert read_csv(source, classes=["disc"]).classes == ("disc",)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("c,disc,1,2,3,4,0,100,40", "An image is missing."),
        (",disc,1,2,3,4,0,100,40", "A cell is empty."),
        ("a,,1,2,3,4,0,100,40", "A cell is empty."),
        ("a,disc,1,2,3,,0,100,40", "A cell is empty."),
        ("a,disc,1,2,3,x,0,100,40", "This is not a number of pixels."),
        ("a,disc,1,2,3,NaN,0,100,40", "This is not a number of pixels."),
        ("a,disc,1,2,3,1e9,0,100,40", "This is not a number of pixels."),
        ("a,disc,3,2,1,4,0,100,40", "A box is turned inside out."),
        ("a,disc,1,2,103,4,0,100,40", "The box of a 'disc' leaves the image."),
        ("a,disc,1,2,3,4,maybe,100,40", "difficult is neither 0 nor 1."),
        ("a,disc,1,2,3,4,0,50,40", "An image has several sizes."),
        ("a,disc,1,2,3,4,0,100,40,9", "A row is too long."),
        ("a,dics,1,2,3,4,0,100,40", "A class is unknown."),
        ('a,"disc,1,2,3,4,0,100,40', "A table is damaged."),
    ],
)
def test_a_wrong_row_is_named(lay: Lay, refused: Callable[..., Exception], tmp_path: Path, row: str, told: str) -> None:
    head = "image,class,x0,y0,x1,y1,difficult,width,height\na,disc,1,2,3,4,no,100,40\n"
    source = lay({"t.csv": f"{head}{row}\n", "classes.txt": "disc\n"}, {"a.png": (100, 40)})
    error = str(refused(lambda: import_dataset(read_csv(source / "t.csv"), tmp_path / "out")))
    assert error.startswith(told)
    assert f"where: {source / 't.csv'}:3" in error


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "A table is empty."),
        ("image,x0,y0,x1,y1\n", "The columns are wrong."),
        ("image,class,xmin,ymin,xmax\n", "The columns are wrong."),
        ("image,image,class,x0,y0,x1,y1\n", "The columns are wrong."),
        ("image,class,x0,y0,x1,y1\n", "No class is known."),
    ],
)
def test_a_wrong_table_is_refused(
    lay: Lay, refused: Callable[..., Exception], tmp_path: Path, text: str, told: str
) -> None:
    source = lay({"t.csv": text}, {"a.png": (100, 40)})
    assert str(refused(lambda: import_dataset(read_csv(source), tmp_path / "out"))).startswith(told)


def test_two_tables_are_not_guessed_between(lay: Lay, refused: Callable[..., Exception]) -> None:
    source = lay({"t1.csv": "", "t2.csv": "", "patients.csv": ""})
    assert "t1.csv, t2.csv" in str(refused(lambda: read_csv(source)))


def test_a_table_of_patients_may_have_semicolons(lay: Lay, refused: Callable[..., Exception]) -> None:
    source = lay(
        {"p.csv": "Patient;Image\nP1;a\nP2;b\n", "two.csv": "image,patient\na,P1\na,P2\n", "x.csv": "image\na\n"}
    )
    assert read_patient_table(source / "p.csv") == {"a": "P1", "b": "P2"}
    assert str(refused(lambda: read_patient_table(source / "two.csv"))).startswith("An image has two patients.")
    assert str(refused(lambda: read_patient_table(source / "x.csv"))).startswith("The columns are wrong.")
