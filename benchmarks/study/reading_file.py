"""`reading.json`: a reading that was made elsewhere, or by a model, in one file."""

from pathlib import Path

from pydantic import ValidationError

from spinedet.annotations.errors import InputError
from spinedet.annotations.files import read_json, write_json
from spinedet.annotations.reading import LOG
from spinedet.benchmarks.study.folder import StudyFolder
from spinedet.benchmarks.study.readings import Reading

READING = "reading.json"


def write_reading(folder: StudyFolder, reading: Reading) -> Path:
    """Write a reading to its place in the study.

    Raises:
        WorkError: The file cannot be written.
    """
    path = folder.reader(reading.reader, reading.treatment) / READING
    write_json(path, reading.model_dump(mode="json"))
    return path


def read_reading(path: Path) -> Reading:
    """Read a `reading.json`.

    Raises:
        InputError: It is missing or damaged.
    """
    try:
        return Reading.model_validate(read_json(path, "reading"))
    except ValidationError as error:
        row = error.errors()[0]
        found = f"{'.'.join(map(str, row['loc']))}: {row['msg']}"
        raise InputError("This is no reading.", found=found, where=path) from error


def check_unread(folder: StudyFolder, reader: str, treatment: str) -> None:
    """Refuse a second reading by the same reader under the same treatment.

    Raises:
        InputError: There is one already.
    """
    place = folder.reader(reader, treatment)
    there = [path for path in (place / READING, place / LOG) if path.exists()]
    if there:
        raise InputError(
            f"{reader} has read already ({treatment}); nobody reads a study twice.",
            found=there[0].name,
            where=place,
            todo="if that reading is not to count, move its folder out of the study first",
        )
