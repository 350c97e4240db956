"""The review folder as the window for the senior reads it."""

from pathlib import Path

import pytest

from spinedet.annotations.boxes import Box
from spinedet.annotations.consensus.review import (
    Disputed,
    Opinion,
    disputed_images,
    opinions,
    read_disputed,
    start_file,
    start_path,
    write_disputed,
)
from spinedet.annotations.errors import InputError

OPINION = Opinion("Jörg", "disc", Box(0, 0.5, 10, 20), "missed", 1)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    row = Disputed("a1", False, True, "f00", (OPINION,))
    write_disputed(tmp_path, [row])
    assert read_disputed(tmp_path) == {"a1": row}
    assert opinions(tmp_path, "a1") == (OPINION,)
    assert opinions(tmp_path, "a1")[0].box.x1 == 10


def test_decided_images_are_no_longer_disputed_and_the_rest_is_sorted(tmp_path: Path) -> None:
    rows = [Disputed(image, image == "b", False, "", (OPINION,)) for image in "cab"]
    write_disputed(tmp_path, rows)
    assert disputed_images(tmp_path) == ["a", "c"]
    assert opinions(tmp_path, "b") == (OPINION,)


def test_an_image_without_dispute_has_neither_opinions_nor_start(tmp_path: Path) -> None:
    write_disputed(tmp_path, [])
    assert opinions(tmp_path, "a1") == ()
    assert start_file(tmp_path, "a1") is None


def test_the_start_is_a_file_of_the_images_name(tmp_path: Path) -> None:
    path = start_path(tmp_path, "a 1.2")
    path.parent.mkdir(parents=True)
    path.touch()
    assert start_file(tmp_path, "a 1.2") == tmp_path / "review" / "start" / "a 1.2.xml"


def test_another_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no list of disputed images"):
        disputed_images(tmp_path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "no valid JSON"),
        ("[]", "damaged"),
        ('{"schema": 1, "images": [{"image": "a"}]}', "images.0.decided"),
        ('{"schema": 2, "images": []}', "another layout"),
    ],
)
def test_a_damaged_list_is_told(tmp_path: Path, text: str, told: str) -> None:
    write_disputed(tmp_path, [])
    (tmp_path / "review" / "disputed.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=told):
        disputed_images(tmp_path)
