"""`spinedet history` and `spinedet restore`: what they say and do, run in this process."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError
from spinedet.annotations.history import UNFINISHED, save, versions
from spinedet.annotations.lock import annotating
from spinedet.annotations.voc import Annotation, VocObject, read_voc, voc_bytes
from spinedet.commands.history import differences, history, restore

DISC, VERTEBRA = VocObject("disc", Box(4, 4, 24, 14)), VocObject("vertebra", Box(29, 19, 49, 39))
"""The boxes of `p0_1` in the dataset `two_classes`."""

MOVED = VocObject("disc", Box(5, 4, 25, 14))

Captured = pytest.CaptureFixture[str]


def boxes(*things: VocObject) -> bytes:
    """An annotation of `p0_1` with these boxes."""
    return voc_bytes(Annotation("p0_1.png", 64, 48, things))


@pytest.fixture
def xml(two_classes: Path) -> Path:
    """`p0_1`, drawn in four steps: a disc; a vertebra too; the disc moved; the vertebra deleted."""
    path = two_classes / "Annotations" / "p0_1.xml"
    path.unlink()
    for things in ((DISC,), (DISC, VERTEBRA), (MOVED, VERTEBRA), (MOVED,)):
        save(path, boxes(*things))
    return path


def dataset_of(xml: Path) -> Path:
    return xml.parents[1]


def rows(said: str) -> list[list[str]]:
    """The cells of a table, which stand at least two blanks apart."""
    return [re.split(r"\s{2,}", line.strip()) for line in said.splitlines()]


def test_history_tells_what_each_version_has_beside_the_next(xml: Path, capsys: Captured) -> None:
    history(dataset_of(xml), "p0_1")
    head, now, *older = rows(capsys.readouterr().out)
    assert head == ["version", "saved", "boxes", "beside the one after it"]
    assert (now[0], now[2:]) == ("now", ["1 disc"])
    assert [(row[0], *row[2:]) for row in older] == [
        ("1", "1 disc, 1 vertebra", "+1 vertebra"),
        ("2", "1 disc, 1 vertebra", "1 disc changed"),
        ("3", "1 disc", "-1 vertebra"),
    ]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", row[1]) for row in (now, *older))


def test_a_deleted_box_comes_back_by_one_command(xml: Path, capsys: Captured) -> None:
    restore(dataset_of(xml), "p0_1.png")
    assert read_voc(xml).objects == (MOVED, VERTEBRA)
    said = capsys.readouterr().out
    assert "is back (1 disc, 1 vertebra)." in said
    assert "Beside the file it replaced: +1 vertebra." in said
    restore(dataset_of(xml), "p0_1")
    assert read_voc(xml).objects == (MOVED,)


def test_an_older_version_comes_back_by_its_number(xml: Path, capsys: Captured) -> None:
    restore(dataset_of(xml), "p0_1", version=3)
    assert read_voc(xml).objects == (DISC,)
    assert "1 disc changed" in capsys.readouterr().out
    assert len(versions(xml)) == 4


def test_what_the_file_holds_already_is_not_brought_back(xml: Path, capsys: Captured) -> None:
    save(xml, boxes(DISC))
    save(xml, boxes(MOVED))
    restore(dataset_of(xml), "p0_1", version=2)
    assert "nothing was changed" in capsys.readouterr().out
    assert len(versions(xml)) == 5


def test_a_deleted_file_is_told_and_comes_back(xml: Path, capsys: Captured) -> None:
    xml.unlink()
    history(dataset_of(xml), "p0_1")
    assert "p0_1.xml is gone" in capsys.readouterr().out
    restore(dataset_of(xml), "p0_1")
    assert read_voc(xml).objects == (MOVED, VERTEBRA)


def test_the_files_of_an_annotator_have_their_own_history(xml: Path) -> None:
    own = dataset_of(xml) / "annotators" / "Weber" / "p0_1.xml"
    save(own, boxes(VERTEBRA))
    save(own, boxes())
    restore(dataset_of(xml), "p0_1", annotator="Weber")
    assert read_voc(own).objects == (VERTEBRA,)
    assert read_voc(xml).objects == (MOVED,)
    with pytest.raises(InputError, match="did you mean 'Weber'"):
        restore(dataset_of(xml), "p0_1", annotator="Webber")


def test_an_image_never_changed_has_no_earlier_version(xml: Path, capsys: Captured) -> None:
    history(dataset_of(xml), "p1_1")
    assert "There is no earlier version of p1_1." in capsys.readouterr().out
    with pytest.raises(InputError, match="There is no earlier version"):
        restore(dataset_of(xml), "p1_1")


def test_a_misspelt_image_is_told_with_the_nearest(xml: Path) -> None:
    for command in (history, restore):
        with pytest.raises(InputError, match="did you mean 'p0_1'") as caught:
            command(dataset_of(xml), "p0-1")
        assert caught.value.details["found"] == "p0-1"
    with pytest.raises(InputError, match="names such as p0_1"):
        history(dataset_of(xml), "../../etc/passwd")


def test_a_number_that_there_is_not_is_told_with_those_there_are(xml: Path) -> None:
    with pytest.raises(InputError, match=r"(?s)expected: one of 1 \(.*3 \(.*found: 4"):
        restore(dataset_of(xml), "p0_1", version=4)


def test_a_folder_that_labelimg_has_open_is_left_alone(xml: Path, capsys: Captured) -> None:
    before = xml.read_bytes()
    (xml.parent / f".p0_1.xml.0123abcd{UNFINISHED}").write_bytes(boxes())
    with annotating(xml.parent, "Dr Weber"):
        with pytest.raises(InputError, match="open in LabelImg already"):
            restore(dataset_of(xml), "p0_1")
        history(dataset_of(xml), "p0_1")
    assert xml.read_bytes() == before
    assert len(versions(xml)) == 3
    assert "cut short" not in capsys.readouterr().err


def test_a_save_that_was_cut_short_is_listed(xml: Path, capsys: Captured) -> None:
    (xml.parent / f".p0_1.xml.0123abcd{UNFINISHED}").write_bytes(boxes(DISC, DISC))
    history(dataset_of(xml), "p0_1")
    said = capsys.readouterr()
    assert said.err == "A save of p0_1 had been cut short; it is version 1 now.\n"
    assert rows(said.out)[2][2:] == ["2 disc", "+1 disc, 1 disc changed"]


def test_a_damaged_version_is_shown_and_not_brought_back(xml: Path, capsys: Captured) -> None:
    xml.write_bytes(b"<annotation")
    save(xml, boxes())
    history(dataset_of(xml), "p0_1")
    assert rows(capsys.readouterr().out)[2][2:] == ["damaged", "cannot be compared"]
    with pytest.raises(InputError, match=r"(?s)This version is damaged.*one of 2, 3, 4"):
        restore(dataset_of(xml), "p0_1")
    assert read_voc(xml).objects == ()


def test_a_damaged_file_is_replaced_by_a_whole_version(xml: Path, capsys: Captured) -> None:
    xml.write_bytes(b"<annotation")
    restore(dataset_of(xml), "p0_1")
    assert read_voc(xml).objects == (MOVED, VERTEBRA)
    assert "cannot be compared" in capsys.readouterr().out


def test_a_folder_that_is_no_dataset(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no folder of annotations") as caught:
        history(tmp_path, "p0_1")
    assert caught.value.details["to do"] == "check the path of the dataset"
    (tmp_path / "annotators" / "Weber").mkdir(parents=True)
    with pytest.raises(InputError, match="--annotator Weber"):
        history(tmp_path, "p0_1")
    with pytest.raises(InputError, match="there is none yet"):
        history(tmp_path, "p0_1", annotator="Weber")


@pytest.mark.parametrize(
    ("here", "there", "words"),
    [
        ([DISC, DISC], [DISC], "+1 disc"),
        ([], [DISC, VERTEBRA], "-1 disc, -1 vertebra"),
        ([VERTEBRA], [VocObject("disc", VERTEBRA.box)], "+1 vertebra, -1 disc"),
        ([VERTEBRA, DISC], [DISC, VERTEBRA], "the same boxes"),
        ([DISC], [VocObject("disc", DISC.box, difficult=True)], "1 disc changed"),
    ],
)
def test_differences(here: Sequence[VocObject], there: Sequence[VocObject], words: str) -> None:
    first, second = (Annotation("a.png", 64, 48, tuple(things)) for things in (here, there))
    assert differences(first, second) == words
