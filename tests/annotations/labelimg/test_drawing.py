"""One image's drawing on disk, without a window."""

from dataclasses import replace
from pathlib import Path

import pytest

from spinedet.annotations import history
from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError, WorkError
from spinedet.annotations.labelimg.drawing import ChangedBehindError, Drawing, damaged
from spinedet.annotations.labelimg.session import Work
from spinedet.annotations.voc import Annotation, VocObject, read_voc, voc_bytes

SIZE = (64, 48)
DISC = VocObject("disc", Box(1, 2, 20, 10))
OTHER = VocObject("vertebra", Box(30, 20, 50, 40))


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return Work(image="a1", path=tmp_path / "JPEGImages" / "a1.png", xml=tmp_path / "ann" / "a1.xml")


def write(path: Path, *things: VocObject, size: tuple[int, int] = SIZE) -> bytes:
    """A file as another program may write it."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(voc_bytes(Annotation("a1.png", *size, things, depth=1)))
    return path.read_bytes()


def test_an_image_without_a_file_begins_empty_and_writes_nothing(work: Work) -> None:
    drawing = Drawing.read(work, SIZE, depth=1)
    assert (drawing.annotation.objects, drawing.on_disk) == ((), None)
    assert (drawing.annotation.filename, drawing.annotation.folder) == ("a1.png", "JPEGImages")
    assert not work.xml.exists()


def test_boxes_are_saved_and_read_again(work: Work) -> None:
    Drawing.read(work, SIZE, depth=1).save([DISC], verified=True)
    found = Drawing.read(work, SIZE, depth=1).annotation
    assert (found.objects, found.verified) == ((DISC,), True)


def test_the_version_before_is_in_the_history(work: Work) -> None:
    saved = Drawing.read(work, SIZE, depth=1).save([DISC], verified=False)
    saved.save([OTHER], verified=False)
    assert read_voc(history.versions(work.xml)[0].path).objects == (DISC,)


def test_a_review_starts_from_the_agreed_boxes_and_leaves_their_file_alone(work: Work, tmp_path: Path) -> None:
    start = tmp_path / "start.xml"
    before = write(start, DISC)
    drawing = Drawing.read(work.model_copy(update={"start": start}), SIZE, depth=1)
    assert drawing.annotation.objects == (DISC,)
    drawing.save([DISC, OTHER], verified=False)
    assert start.read_bytes() == before
    assert read_voc(work.xml).objects == (DISC, OTHER)


def test_an_own_file_goes_before_the_start(work: Work, tmp_path: Path) -> None:
    write(tmp_path / "start.xml", DISC)
    write(work.xml, OTHER)
    drawing = Drawing.read(work.model_copy(update={"start": tmp_path / "start.xml"}), SIZE, depth=1)
    assert drawing.annotation.objects == (OTHER,)


def test_a_file_changed_behind_is_not_overwritten_unasked(work: Work) -> None:
    drawing = Drawing.read(work, SIZE, depth=1).save([DISC], verified=False)
    theirs = write(work.xml, OTHER)
    with pytest.raises(ChangedBehindError):
        drawing.save([DISC], verified=True)
    assert work.xml.read_bytes() == theirs
    drawing.save([DISC], verified=True, over=True)
    assert history.versions(work.xml)[0].path.read_bytes() == theirs


def test_a_file_that_another_program_made_meanwhile_is_not_overwritten_unasked(work: Work) -> None:
    drawing = Drawing.read(work, SIZE, depth=1)
    write(work.xml, OTHER)
    with pytest.raises(ChangedBehindError):
        drawing.save([DISC], verified=False)


def test_the_same_bytes_from_elsewhere_are_no_conflict(work: Work) -> None:
    drawing = Drawing.read(work, SIZE, depth=1).save([DISC], verified=False)
    work.xml.write_bytes(voc_bytes(replace(drawing.annotation, objects=(OTHER,))))
    assert drawing.save([OTHER], verified=False).on_disk == work.xml.read_bytes()


def test_a_file_that_is_gone_is_saved_again(work: Work) -> None:
    drawing = Drawing.read(work, SIZE, depth=1).save([DISC], verified=False)
    work.xml.unlink()
    drawing.save([DISC, OTHER], verified=False)
    assert read_voc(work.xml).objects == (DISC, OTHER)


def test_a_file_for_another_size_is_refused_with_both_sizes(work: Work) -> None:
    write(work.xml, DISC, size=(128, 96))
    with pytest.raises(InputError, match="another size") as caught:
        Drawing.read(work, SIZE, depth=1)
    assert (caught.value.details["expected"], caught.value.details["found"]) == ("64 x 48", "128 x 96")


def test_a_folder_that_cannot_be_written_is_told(work: Work) -> None:
    work.xml.parent.write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(WorkError):
        Drawing.read(work, SIZE, depth=1).save([DISC], verified=False)


def test_damaged_files_are_found_and_missing_ones_are_none(work: Work, tmp_path: Path) -> None:
    works = [work.model_copy(update={"image": name, "xml": tmp_path / "ann" / f"{name}.xml"}) for name in "abc"]
    write(works[0].xml, DISC)
    works[1].xml.write_text("<annotation><object>", encoding="utf-8")
    assert damaged(works) == {1}
