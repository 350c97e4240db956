from pathlib import Path

import pytest

from spinedet.annotations.errors import InputError, WorkError, nearest, some
from spinedet.annotations.files import read_json, replacing, write_json, write_text


def test_a_broken_off_write_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")

    def broken_off() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half", encoding="utf-8")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_a_failure_of_work_that_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with pytest.raises(WorkError, match="No space left") as caught, replacing(path):
        raise OSError(28, "No space left on device")
    assert caught.value.details["where"] == str(path)
    assert caught.value.exit_code == 1
    assert list(tmp_path.iterdir()) == []


def test_folders_on_the_way_are_made(tmp_path: Path) -> None:
    write_json(tmp_path / "a" / "b" / "c.json", {"ß": 1})
    assert read_json(tmp_path / "a" / "b" / "c.json", "test file") == {"ß": 1}


def test_a_number_that_does_not_exist_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", float("nan"))


@pytest.mark.parametrize(
    ("data", "words"), [(b'{"a":\n 1,}', "a.json:2"), (b"\xff\xfe", "not UTF-8"), (None, "There is no test file")]
)
def test_what_is_no_json_is_told_with_its_line(tmp_path: Path, data: bytes | None, words: str) -> None:
    path = tmp_path / "a.json"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        read_json(path, "test file")
    assert words in str(caught.value)


def test_messages_list_the_choices_and_shorten_long_lists() -> None:
    assert nearest("hernation", ["normal", "herniation"]) == "one of normal, herniation; did you mean 'herniation'?"
    assert nearest("xyz", ["normal"]) == "one of normal"
    assert some(["a", "b", "c"], most=2) == "a, b and 1 more"
