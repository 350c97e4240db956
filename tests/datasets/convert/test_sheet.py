"""Tables of people: a workbook says the same as the CSV of it."""

import sys
from datetime import date
from pathlib import Path

import pytest

from spinedet.annotations.errors import InputError
from spinedet.datasets.convert.notes import Notes
from spinedet.datasets.convert.sheet import OTHER_SHEETS, read_rows


def test_a_workbook_reads_like_its_csv(tmp_path: Path) -> None:
    """Grades come as numbers, an empty row is passed over, and the line is the row that Excel shows."""
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (["Image", "Patient", "Label"], ["a", 7, 2.0], [None, None, None], ["b ", "p8", 2.5]):
        book.active.append(row)
    book.create_sheet("Notes").append(["read me", date(2020, 1, 2)])
    book.save(tmp_path / "t.xlsx")
    (tmp_path / "t.csv").write_text("Image,Patient,Label\na,7,2\n,,\nb ,p8,2.5\n", encoding="utf-8")
    notes = Notes()
    header, lines = read_rows(tmp_path / "t.xlsx", notes)
    assert header == ["image", "patient", "label"]
    assert [dict(line.cells) for line in lines] == [
        dict(line.cells) for line in read_rows(tmp_path / "t.csv", notes)[1]
    ]
    assert [line.where for line in lines] == [f"{tmp_path / 't.xlsx'}:2", f"{tmp_path / 't.xlsx'}:4"]
    assert [(note.text, note.places) for note in notes.all()] == [(OTHER_SHEETS, ("Notes",))]


def test_a_row_beyond_the_header_and_an_empty_workbook(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.save(tmp_path / "empty.xlsx")
    book.active.append(["image", "patient"])
    book.active.append(["a", "p", "stray"])
    book.save(tmp_path / "long.xlsx")
    with pytest.raises(InputError, match="table is empty"):
        read_rows(tmp_path / "empty.xlsx", Notes())
    with pytest.raises(InputError, match=r"row is too long(.|\n)*long\.xlsx:2"):
        read_rows(tmp_path / "long.xlsx", Notes())


def test_a_damaged_workbook(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    (tmp_path / "t.xlsx").write_bytes(b"image,patient,label\n")
    with pytest.raises(InputError, match="cannot be opened"):
        read_rows(tmp_path / "t.xlsx", Notes())
    with pytest.raises(InputError, match="no table"):
        read_rows(tmp_path / "none.xlsx", Notes())


def test_without_openpyxl_a_workbook_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(InputError, match=r"pip install openpyxl, or save the sheet as CSV"):
        read_rows(tmp_path / "t.xlsx", Notes())


def test_an_old_workbook_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\.csv or \.xlsx"):
        read_rows(tmp_path / "t.xls", Notes())
