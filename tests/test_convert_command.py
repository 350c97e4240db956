"""`spinedet import` and `spinedet export` as a person types them, run in this process."""

from pathlib import Path

import pytest
from in_process import spinedet

from spinedet.commands.convert import WRITERS
from spinedet.datasets.convert.exporting import FORMATS
from spinedet.datasets.dataset import Dataset


def boxes(folder: Path) -> list[tuple[str, str | None, list[tuple[object, ...]]]]:
    """Image, patient and boxes of a dataset."""
    return [
        (item.image, item.patient, [(thing.name, thing.difficult, *thing.box) for thing in item.annotation.objects])
        for item in Dataset.load(folder).items
    ]


@pytest.mark.parametrize("kind", ["yolo", "coco", "csv", "labelme", "masks"])
def test_out_and_in_again(two_classes: Path, tmp_path: Path, kind: str) -> None:
    """Twelve images of six patients; the boxes do not overlap."""
    written = spinedet("export", kind, two_classes, "--out", tmp_path / kind)
    assert (written.code, written.err) == (0, "")
    assert "12 images, 18 boxes: 12 disc, 6 vertebra" in written.out
    read = spinedet("import", kind, tmp_path / kind, "--out", tmp_path / "back")
    assert (read.code, read.err) == (0, "")
    assert f"Done: {tmp_path / 'back'}" in read.out
    assert boxes(tmp_path / "back") == boxes(two_classes)


def test_only_an_image_set_or_an_annotator(two_classes: Path, tmp_path: Path) -> None:
    (two_classes / "ImageSets" / "Main").mkdir(parents=True)
    (two_classes / "ImageSets" / "Main" / "second.txt").write_text("p0_2\np1_2\n", encoding="utf-8")
    (two_classes / "annotators" / "anna").mkdir(parents=True)
    drawn = (two_classes / "Annotations" / "p3_2.xml").read_bytes()
    (two_classes / "annotators" / "anna" / "p3_2.xml").write_bytes(drawn)
    listed = spinedet("export", "yolo", two_classes, "--out", tmp_path / "listed", "--image-set", "second")
    hers = spinedet("export", "coco", two_classes, "--out", tmp_path / "hers", "--annotator", "anna")
    assert "2 images, 2 boxes" in listed.out
    assert "1 images, 1 boxes" in hers.out
    assert sorted(path.name for path in (tmp_path / "listed" / "labels").iterdir()) == ["p0_2.txt", "p1_2.txt"]
    assert [path.name for path in (tmp_path / "hers" / "images").iterdir()] == ["p3_2.png"]


@pytest.fixture
def foreign(two_classes: Path, tmp_path: Path) -> Path:
    """A table and a patient table, with the images elsewhere."""
    (tmp_path / "tables").mkdir()
    table = tmp_path / "tables" / "t.csv"
    table.write_text("image,class,x0,y0,x1,y1\np0_1,disc,-1,2,30,20\np1_1,bone,1,2,3,4\n", "utf-8")
    (tmp_path / "p.csv").write_text("image,patient\np0_1,A\np1_1,B\n", "utf-8")
    return table


def test_images_patients_and_classes_from_elsewhere(foreign: Path, two_classes: Path, tmp_path: Path) -> None:
    words = ("--images", two_classes / "JPEGImages", "--patients", tmp_path / "p.csv", "--classes", "disc, bone")
    said = spinedet("import", "csv", foreign, "--out", tmp_path / "new", *words)
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines() == [
        "2 images, 2 boxes: 1 disc, 1 bone",
        f"reported: boxes that left the image by at most 2 px, clipped: 1 ({foreign}:2)",
        "left out: images that no annotation names: 10 (p0_2.png, p1_2.png, p2_1.png, p2_2.png, p3_1.png and 5 more)",
        f"Done: {tmp_path / 'new'}",
    ]
    kept = (tmp_path / "new" / "import.txt").read_text(encoding="utf-8")
    assert "clipped: 1 (t.csv:2)" in kept
    assert "p5_2.png" in kept
    assert boxes(tmp_path / "new") == [
        ("p0_1", "A", [("disc", False, 0, 2, 30, 20)]),
        ("p1_1", "B", [("bone", False, 1, 2, 3, 4)]),
    ]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("import", "csv", "{t}", "--out", "{new}"), "An image is missing."),
        (("import", "csv", "{t}", "--out", "{new}", "--classes", "a,,b"), "A class has no name."),
        (("import", "csv", "{t}", "--out", "{old}"), "a folder of its own"),
        (("import", "csv", "{t}"), "--out"),
        (("import", "yolo", "{none}", "--out", "{new}"), "There is no such YOLO source."),
        (("import", "coco", "{none}", "--out", "{new}"), "There is no such COCO source."),
        (("import", "labelme", "{none}", "--out", "{new}"), "There is no such LabelMe source."),
        (("import", "masks", "{none}", "--out", "{new}"), "There is no such mask source."),
        (("import", "cvat", "{none}", "--out", "{new}"), "There is no such CVAT source."),
        (("import", "coco", "{t}", "--out", "{new}"), "is no valid JSON"),
        (("import", "yolo", "{t}", "--out", "{new}"), "YOLO labels are a folder."),
        (("import", "yollo", "{t}", "--out", "{new}"), "yollo"),
        (("export", "yolo", "{none}", "--out", "{new}"), "There is no such dataset folder"),
        (("export", "yolo", "{old}", "--out", "{old}"), "a folder of its own"),
        (("export", "yolo", "{old}", "--out", "{new}", "--annotator", "bob"), "There is no such annotator."),
    ],
)
def test_wrong_words_end_with_two(
    foreign: Path, two_classes: Path, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    places = {"t": foreign, "new": tmp_path / "new", "old": two_classes, "none": tmp_path / "none"}
    said = spinedet(*(word.format(**places) for word in words))
    assert (said.code, said.out) == (2, "")
    assert told in said.err
    assert not (tmp_path / "new").exists()


def test_the_real_set_comes_back_from_every_format_that_holds_it(lumbar_mri: Path, tmp_path: Path) -> None:
    """Its vertebrae touch, so masks are refused; the names of the images are told."""
    for kind in ("yolo", "coco", "csv", "labelme"):
        assert spinedet("export", kind, lumbar_mri, "--out", tmp_path / kind).code == 0
        assert spinedet("import", kind, tmp_path / kind, "--out", tmp_path / f"{kind}2").code == 0
        assert boxes(tmp_path / f"{kind}2") == boxes(lumbar_mri)
    masks = spinedet("export", "masks", lumbar_mri, "--out", tmp_path / "masks")
    assert masks.code == 2
    assert "210 images: " in masks.err


def test_every_format_that_can_be_written_has_its_command() -> None:
    assert set(WRITERS) == set(FORMATS)
