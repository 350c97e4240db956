"""Tables of people: CSV as `spinedet.datasets.convert.table` reads it, or the first sheet of an Excel workbook."""

from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from spinedet.annotations.errors import InputError, at
from spinedet.datasets.convert.notes import Notes
from spinedet.datasets.convert.table import Line, read_table

WORKBOOKS = (".xlsx", ".xlsm")

OLD_WORKBOOKS = (".xls", ".ods", ".xlsb", ".numbers")
"""Workbooks that openpyxl does not read."""

INSTALL = "pip install openpyxl"

OTHER_SHEETS = "sheets of the workbook after the first, not read"


def read_rows(path: Path, notes: Notes) -> tuple[list[str], list[Line]]:
    """Header, in small letters, and rows of a CSV file or of a workbook's first sheet.

    Raises:
        InputError: It cannot be read, is empty, or openpyxl is not installed.
    """
    suffix = path.suffix.lower()
    if suffix in OLD_WORKBOOKS:
        expected = f".csv or {', '.join(WORKBOOKS)}"
        raise InputError("This kind of table is not read.", expected=expected, found=suffix, where=path)
    return _read_workbook(path, notes) if suffix in WORKBOOKS else read_table(path)


def _read_workbook(path: Path, notes: Notes) -> tuple[list[str], list[Line]]:
    book = _open(path)
    try:
        for sheet in book.worksheets[1:]:
            notes.reported(OTHER_SHEETS, sheet.title)
        return _table(path, list(_texts(book.worksheets[0])))
    finally:
        book.close()


def _open(path: Path) -> Any:
    try:
        openpyxl = import_module("openpyxl")  # late: only workbooks need it
    except ModuleNotFoundError as error:
        todo = f"{INSTALL}, or save the sheet as CSV UTF-8"
        raise InputError("Excel workbooks need the package openpyxl.", where=path, todo=todo) from error
    if not path.is_file():
        raise InputError("There is no table to read.", where=path)
    try:
        return openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:  # openpyxl lets through whatever zip, XML or its own checks raise
        found, todo = f"{type(error).__name__}: {error}", "save it again in Excel, or as CSV UTF-8"
        raise InputError("A workbook cannot be opened.", found=found, where=path, todo=todo) from error


def _texts(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    """Number and cells of every row with something in it."""
    for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
        cells = [_text(value) for value in row]
        if any(cells):
            yield number, cells


def _text(value: object) -> str:
    """A cell as a person reads it: Excel keeps a grade 2 as 2.0."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _table(path: Path, rows: Sequence[tuple[int, list[str]]]) -> tuple[list[str], list[Line]]:
    if not rows:
        raise InputError("A table is empty.", expected="a header", where=path)
    (top, first), *rest = rows
    header = [name.lower() for name in first]
    while header and not header[-1]:
        header.pop()
    for number, cells in rest:
        if any(cells[len(header) :]):
            found = f"a cell beyond the {len(header)} columns of line {top}"
            raise InputError("A row is too long.", found=found, where=at(path, number))
    blank = [""] * len(header)
    return header, [Line(dict(zip(header, [*cells, *blank], strict=False)), at(path, row)) for row, cells in rest]
