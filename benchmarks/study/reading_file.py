"""`reading.json`: a reading that was made elsewhere, or by a model, in one file."""

from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from spinedet.annotations.errors import InputError
from spinedet.annotations.files import read_json, write_json
from spinedet.annotations.reading import LOG
from spinedet.benchmarks.study.folder import StudyFolder
from spinedet.benchmarks.study.readings import CaseReading, Reading

READING = "reading.json"

GREATEST = 1e9
"""Of a rating; with far greater ones sums have no digits left."""

LONGEST, SHORTEST = 86_400.0, 1e-6
"""Seconds of an image: beyond a day, or below a clock's last digit, is a wrong unit and no time."""


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
        InputError: It is missing or damaged, or has a time, a box or a rating that cannot be.
    """
    try:
        reading = Reading.model_validate(read_json(path, "reading"))
    except ValidationError as error:
        row = error.errors()[0]
        found = f"{'.'.join(map(str, row['loc']))}: {row['msg']}"
        raise InputError("This is no reading.", found=found, where=path) from error
    check_times(reading.cases, path)
    _check_boxes(reading.cases, path)
    _check_ratings(reading.cases, path)
    return reading


def _check_ratings(cases: Iterable[CaseReading], where: Path) -> None:
    for case in cases:
        ratings = (*case.scores, *([] if case.rating is None else [case.rating]))
        if any(abs(rating) > GREATEST for rating in ratings):
            expected = f"from -{GREATEST:g} to {GREATEST:g}"
            raise InputError("A rating is impossible.", expected=expected, found=f"of {case.code}", where=where)


def check_times(cases: Iterable[CaseReading], where: Path) -> None:
    """Refuse times that cannot be; a time of 0 may stand, and is left out of the times later.

    Raises:
        InputError: A time is negative, or longer or shorter than any that a person or a model takes.
    """
    for case in cases:
        seconds = case.timing.seconds if case.timing else 0.0
        if seconds != 0 and not SHORTEST <= seconds <= LONGEST:
            raise InputError(
                "A time is impossible.",
                expected=f"0, or from {SHORTEST:g} to {LONGEST:g} s",
                found=f"{seconds:g} s for {case.code}",
                where=where,
            )


def _check_boxes(cases: Iterable[CaseReading], where: Path) -> None:
    for case in cases:
        for x0, y0, x1, y1 in (mark.box for mark in case.marks):
            if x0 > x1 or y0 > y1:
                expected = "x0, y0, x1, y1 with x0 up to x1 and y0 up to y1"
                found = f"{x0:g}, {y0:g}, {x1:g}, {y1:g} on {case.code}"
                raise InputError("A box is inside out.", expected=expected, found=found, where=where)


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
            todo="if that reading is not to count, move all but order.json out of that folder first",
        )
