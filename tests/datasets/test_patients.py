from pathlib import Path

import pytest

from spinedet.annotations.errors import InputError
from spinedet.datasets.patients import read_patients


def write(folder: Path, text: str | bytes) -> Path:
    (folder / "patients.csv").write_bytes(text.encode() if isinstance(text, str) else text)
    return folder


def test_each_image_gets_its_patient_in_the_order_asked(tmp_path: Path) -> None:
    write(tmp_path, "image,patient\na,ann\nb,bob\nc,ann\n")
    assert list(read_patients(tmp_path, ["c", "a"]).items()) == [("c", "ann"), ("a", "ann")]


def test_a_spreadsheets_byte_order_mark_line_ends_and_further_columns_do_no_harm(tmp_path: Path) -> None:
    write(tmp_path, '\ufeffage,patient,image\r\n61,"Müller, A", a b \r\n\r\n')
    assert read_patients(tmp_path, ["a b"]) == {"a b": "Müller, A"}


def test_without_the_file_nobody_knows(tmp_path: Path) -> None:
    assert read_patients(tmp_path, ["a"]) == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("image,patient\na,ann\n", "without: b"),
        ("image,patient\na,ann\nb,bob\na,ann\n", "patients.csv:4"),
        ("image,patient\na,ann\nb,bob\na,cy\n", "listed twice"),
        ("image,patient\na,ann\nb,\n", "patients.csv:3"),
        ("image,patient\na,ann\nb\n", "row is incomplete"),
        ("image;patient\na;ann\n", "found: image;patient"),
        ("", "columns are wrong"),
        (b"image,patient\n\xff,ann\n", "is not UTF-8 text"),
        ('image,patient\n"a' + "x" * 200_000 + '",ann\n', "cannot be read"),
    ],
)
def test_a_bad_list_is_told_with_its_line(tmp_path: Path, text: str | bytes, words: str) -> None:
    with pytest.raises(InputError) as caught:
        read_patients(write(tmp_path, text), ["a", "b"])
    assert words in str(caught.value)
    assert str(tmp_path / "patients.csv") in str(caught.value)


def test_a_folder_of_that_name_is_told(tmp_path: Path) -> None:
    (tmp_path / "patients.csv").mkdir()
    with pytest.raises(InputError, match="cannot be read"):
        read_patients(tmp_path, ["a"])
