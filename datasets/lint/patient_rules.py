"""Rules over `patients.csv`: there, readable, complete, each image once, no image that does not exist."""

import csv
from collections.abc import Iterator
from pathlib import Path

from spinedet.datasets.lint.findings import Fault
from spinedet.datasets.lint.image_rules import told
from spinedet.datasets.lint.views import Patients, Refused, Row, SetView
from spinedet.datasets.patients import COLUMNS, PATIENTS


def read_patients(root: Path) -> Patients:
    """`patients.csv` with every fault it has; `spinedet.datasets.patients` stops at the first."""
    path = root / PATIENTS
    if not path.exists():
        return Patients(found=False)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if not set(COLUMNS) <= set(reader.fieldnames or ()):
                what = f"the columns are {','.join(reader.fieldnames or ()) or 'missing'}, not {','.join(COLUMNS)}"
                return _refuse(1, what)
            rows = tuple(Row(reader.line_num, *((row[name] or "").strip() for name in COLUMNS)) for row in reader)
    except UnicodeDecodeError:
        return _refuse(None, "the list of patients is not UTF-8 text", "save the table as CSV UTF-8")
    except (OSError, csv.Error) as error:
        return _refuse(None, f"the list of patients cannot be read: {error}")
    return Patients(found=True, rows=rows)


def _refuse(line: int | None, what: str, todo: str | None = None) -> Patients:
    return Patients(found=True, refusal=Refused(PATIENTS, line, what, todo))


def missing(view: SetView) -> Iterator[Fault]:
    """No `patients.csv` at all."""
    if not view.patients.found:
        yield Fault(PATIENTS, "nobody says which image belongs to which patient, so folds are refused")


def unreadable(view: SetView) -> Iterator[Fault]:
    """A `patients.csv` that is no table of images and patients."""
    if view.patients.refusal is not None:
        yield told(view.patients.refusal)


def incomplete(view: SetView) -> Iterator[Fault]:
    """A row without image or patient."""
    for row in view.patients.rows:
        if not (row.image and row.patient):
            yield Fault(PATIENTS, f"a row has no {'patient' if row.image else 'image'}", row.line)


def without_patient(view: SetView) -> Iterator[Fault]:
    """An annotated image that has no row."""
    listed = {row.image for row in view.patients.rows}
    if view.patients.found and view.patients.refusal is None:
        for image in sorted(view.xml - listed):
            yield Fault(PATIENTS, f"image {image} has no row")


def listed_twice(view: SetView) -> Iterator[Fault]:
    """An image with two rows."""
    first: dict[str, Row] = {}
    for row in view.patients.rows:
        before = first.setdefault(row.image, row)
        if row.image and before is not row:
            same = "the same patient" if before.patient == row.patient else "another patient"
            yield Fault(
                PATIENTS, f"image {row.image} is listed again, with {same} (first at line {before.line})", row.line
            )


def row_without_image(view: SetView) -> Iterator[Fault]:
    """A row of an image that does not exist."""
    for row in view.patients.rows:
        if row.image and row.image not in view.xml and row.image not in view.files:
            hint = "; leave out the ending" if Path(row.image).stem in view.files else ""
            yield Fault(PATIENTS, f"there is no image {row.image}{hint}", row.line)


def more_folds_than_patients(view: SetView) -> Iterator[Fault]:
    """Fewer patients than folds."""
    patients = len({view.patients.of[image] for image in view.xml if image in view.patients.of})
    if view.folds is not None and 0 < patients < view.folds:
        yield Fault(PATIENTS, f"{view.folds} folds need as many patients, and there are {patients}")
