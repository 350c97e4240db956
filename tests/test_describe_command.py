"""`spinedet describe` as a person types it, run in this process."""

from pathlib import Path

import pytest
from in_process import Said, spinedet


def describe(*words: object) -> Said:
    """The command, in this process."""
    return spinedet("describe", *words)


@pytest.fixture
def page(tmp_path: Path) -> Path:
    return tmp_path / "pages" / "set.html"


def test_a_page_is_written_and_may_be_written_again(two_classes: Path, page: Path) -> None:
    for _ in range(2):
        said = describe(two_classes, "--out", page)
        assert (said.code, said.err) == (0, "")
    assert "12 images, 18 boxes, 2 classes" in said.out
    assert "data:image/jpeg" in page.read_text(encoding="utf-8")


def test_a_file_that_is_no_page_is_not_overwritten(two_classes: Path, tmp_path: Path) -> None:
    mine = tmp_path / "notes.html"
    mine.write_text("mine", encoding="utf-8")
    said = describe(two_classes, "--out", mine)
    assert said.code == 2
    assert "no page of spinedet" in said.err
    assert mine.read_text(encoding="utf-8") == "mine"


def test_pictures_may_be_left_out(two_classes: Path, page: Path) -> None:
    assert describe(two_classes, "--out", page, "--no-pictures").code == 0
    assert "data:image/jpeg" not in page.read_text(encoding="utf-8")


def test_unfinished_work_is_described(two_classes: Path, page: Path) -> None:
    """An image without annotation and an annotation without image stop other commands, not this one."""
    (two_classes / "Annotations" / "p0_1.xml").unlink()
    (two_classes / "JPEGImages" / "p1_1.png").unlink()
    said = describe(two_classes, "--out", page)
    assert said.code == 0
    assert "11 images" in said.out


def test_an_annotator_is_described(two_classes: Path, page: Path) -> None:
    folder = two_classes / "annotators" / "ann"
    folder.mkdir(parents=True)
    (folder / "p0_1.xml").write_bytes((two_classes / "Annotations" / "p0_1.xml").read_bytes())
    said = describe(two_classes, "--out", page, "--annotator", "ann")
    assert said.code == 0
    assert "1 image, 2 boxes" in said.out
    assert "drawn by ann" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--task", "lumber"), "did you mean 'lumbar'"),
        (("--task", "lumbar"), "A class is unknown"),
        (("--annotator", "nobody"), "There is no such annotator"),
        (("--image-set", "none"), "There is no such image set"),
    ],
)
def test_wrong_words_end_with_two(two_classes: Path, page: Path, options: tuple[str, ...], told: str) -> None:
    said = describe(two_classes, "--out", page, *options)
    assert (said.code, said.out) == (2, "")
    assert told in said.err
    assert not page.exists()


def test_a_missing_folder_is_told(tmp_path: Path, page: Path) -> None:
    said = describe(tmp_path / "nowhere", "--out", page)
    assert said.code == 2
    assert "There is no such dataset folder" in said.err
