"""`patients.csv`: whose image is whose. Without it no fold is made."""

import csv
from collections.abc import Sequence
from pathlib import Path

from spinedet.annotations.errors import InputError, at, some

PATIENTS = "patients.csv"
COLUMNS = ("image", "patient")


def read_patients(root: Path, images: Sequence[str]) -> dict[str, str]:
    """The patient of each image; empty where the dataset has no `patients.csv`.

    Rows of images that are not asked for are ignored, so one file can serve several image sets.

    Raises:
        InputError: An image is missing or listed twice, a patient is empty, or the columns are others.
    """
    path = root / PATIENTS
    if not path.exists():
        return {}
    patients: dict[str, str] = {}
    for line, image, patient in _rows(path):
        if image in patients:
            raise InputError(
                "An image is listed twice.", found=image, where=at(path, line), todo="keep one of the rows"
            )
        patients[image] = patient
    if missing := sorted(set(images) - patients.keys()):
        raise InputError(
            "Images have no patient.",
            expected="a row for every annotated image",
            found=f"{len(missing)} without: {some(missing)}",
            where=path,
            todo="add their rows (image,patient); an image goes by its file name without the ending",
        )
    return {image: patients[image] for image in images}


def _rows(path: Path) -> list[tuple[int, str, str]]:
    """Line number, image and patient of each row."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if not set(COLUMNS) <= set(reader.fieldnames or ()):
                found = ",".join(reader.fieldnames or ())
                raise InputError("The columns are wrong.", expected=",".join(COLUMNS), found=found, where=at(path, 1))
            rows = [(reader.line_num, (row["image"] or "").strip(), (row["patient"] or "").strip()) for row in reader]
    except UnicodeDecodeError as error:
        todo = "save the table as CSV UTF-8"
        raise InputError("The list of patients is not UTF-8 text.", found=str(error), where=path, todo=todo) from error
    except (OSError, csv.Error) as error:
        raise InputError("The list of patients cannot be read.", found=str(error), where=path) from error
    for line, image, patient in rows:
        if not image or not patient:
            raise InputError("A row is incomplete.", expected="image,patient", where=at(path, line))
    return rows
