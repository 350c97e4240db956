"""Readings made elsewhere: Pascal VOC folders with a table of times, or a table of answers and ratings.

Images go by their codes or by their names in the dataset. What is missing stays missing and is counted. A folder may
hold the `protocol.json` that the images were given out with, and a table a column `protocol` with its hash; where they
do, it must be the study's.

Tables of times have the columns `image,seconds` and may have `paused` (seconds that do not count), `order` (the
how-manieth image it was) and `protocol`. Tables of ratings have `reader,image` with `label` or `rating` or both, and
may have `treatment` and all of the columns before.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from spinedet.annotations.errors import InputError, at, nearest, some
from spinedet.annotations.files import read_json
from spinedet.annotations.reading import Timing
from spinedet.benchmarks.study.answers import known_class, read_answer
from spinedet.benchmarks.study.collecting import check_protocol
from spinedet.benchmarks.study.concerns import called, concerns_of
from spinedet.benchmarks.study.folder import StudyFolder
from spinedet.benchmarks.study.naming import Names
from spinedet.benchmarks.study.protocol import FILE, Protocol
from spinedet.benchmarks.study.reading_file import GREATEST, LONGEST, SHORTEST, check_unread, write_reading
from spinedet.benchmarks.study.readings import UNAIDED, CaseReading, Reading
from spinedet.datasets.convert.table import Line, read_table
from spinedet.datasets.pages import count

READER, IMAGE, LABEL, RATING, TREATMENT = "reader", "image", "label", "rating", "treatment"
SECONDS, PAUSED, PLACE, PROTOCOL = "seconds", "paused", "order", "protocol"


@dataclass(frozen=True)
class Imported:
    """A reading that was taken into a study.

    Attributes:
        reading: The reading.
        notes: What is missing, and what was not taken.
    """

    reading: Reading
    notes: tuple[str, ...]


def import_boxes(
    folder: StudyFolder, reader: str, annotations: Path, times: Path | None = None, treatment: str = UNAIDED
) -> Imported:
    """Take in what a reader drew elsewhere.

    Args:
        folder: The study.
        reader: Whose reading it is.
        annotations: Folder of Pascal VOC files, one an image; where the whole image is asked, one box in each.
        times: Table of times; without it there are none.
        treatment: Under which it was read.

    Raises:
        InputError: A file or a line is wrong, is of another study, or the reader has read already; nothing is written.
        WorkError: The study cannot be written.
    """
    protocol = folder.protocol
    _check_who(protocol, reader, treatment, folder.root)
    check_unread(folder, reader, treatment)
    names = Names.of(folder)
    _check_given_out(annotations, protocol)
    files, practice = _files(annotations, names)
    timings = _timings(times, names, protocol) if times else {}
    answers = {
        case.code: read_answer(files[case.code], case, protocol, timings.get(case.code)).case
        for case in protocol.cases
        if case.code in files
    }
    unanswered = [files[code].name for code, answer in answers.items() if answer is None]
    undrawn = [code for code in protocol.codes if code in timings and code not in files]
    reading = _reading(protocol, reader, treatment, [answer for answer in answers.values() if answer])
    notes = [
        *_counted(unanswered, "not exactly one box, so no answer; counted as not read"),
        *_counted(undrawn, "a time and no file; counted as not read"),
        *([f"{count(len(practice), 'file')} of the practice, which does not count."] if practice else []),
    ]
    return _taken(folder, reading, notes)


def import_ratings(
    folder: StudyFolder, table: Path, *, reader: str | None = None, treatment: str = UNAIDED
) -> list[Imported]:
    """Take in a table of answers and ratings of whole images.

    Args:
        folder: The study; its images have one answer each.
        table: The table.
        reader: Take this reader's rows only.
        treatment: Of the rows that say none.

    Raises:
        InputError: The study asks for boxes, a line is wrong or of another study, or a reader has read already;
            nothing is written.
        WorkError: The study cannot be written.
    """
    protocol = folder.protocol
    if not protocol.whole_image:
        todo = "spinedet study import --annotations FOLDER --times TIMES.csv"
        raise InputError("The study asks for boxes, and a table of ratings has none.", where=folder.root, todo=todo)
    lines = _lines(table, (READER, IMAGE), protocol)
    if not {LABEL, RATING} & set(lines[0].cells):
        found = ",".join(lines[0].cells)
        raise InputError("The columns are wrong.", expected=f"{LABEL} or {RATING}", found=found, where=at(table, 1))
    taken = [line for line in lines if reader in {None, line.cells[READER]}]
    if not taken:
        expected = nearest(reader or "", sorted({line.cells[READER] for line in lines}))
        raise InputError("The table has no row of the reader.", expected=expected, found=reader, where=table)
    groups: dict[tuple[str, str], list[Line]] = {}
    for line in taken:
        groups.setdefault((line.cells[READER], line.cells.get(TREATMENT) or treatment), []).append(line)
    names = Names.of(folder)
    for (who, how), rows in groups.items():
        _check_who(protocol, who, how, rows[0].where)
        check_unread(folder, who, how)
    read = [(who, how, _rated(rows, names, protocol)) for (who, how), rows in groups.items()]
    return [_taken(folder, _reading(protocol, who, how, rated.cases), list(rated.notes())) for who, how, rated in read]


def _check_who(protocol: Protocol, reader: str, treatment: str, where: Path | str) -> None:
    for what, name, known in (("reader", reader, protocol.readers), ("treatment", treatment, protocol.treatments)):
        if name not in known:
            raise InputError(
                f"The protocol has no such {what}.", expected=nearest(name, known), found=f"'{name}'", where=where
            )


def _check_given_out(annotations: Path, protocol: Protocol) -> None:
    path = annotations / FILE
    if path.is_file():
        content = read_json(path, "study protocol")
        check_protocol(str(content.get("sha256")) if isinstance(content, dict) else None, protocol.sha256(), path)


def _files(annotations: Path, names: Names) -> tuple[dict[str, Path], list[str]]:
    """The file of each code, and the files that are of the practice."""
    if not annotations.is_dir():
        raise InputError("There is no such folder of annotations.", where=annotations)
    found: dict[str, Path] = {}
    practice = []
    for path in sorted(annotations.glob("*.xml")):
        if path.name.startswith("."):
            continue
        case = names.case(path.stem, str(path))
        if case is None:
            practice.append(path.name)
        elif case.code in found:
            told = f"{found[case.code].name} and {path.name}, both of {case.code}"
            raise InputError("An image was read twice.", found=told, where=annotations, todo="keep one of the files")
        else:
            found[case.code] = path
    if not found:
        raise InputError("The folder has no file of the study.", expected="CODE.xml", where=annotations)
    return found, practice


def _lines(path: Path, needed: Sequence[str], protocol: Protocol) -> list[Line]:
    """The rows of a table with these columns, all of them of this study where they say so."""
    header, lines = read_table(path)
    if not set(needed) <= set(header) or len(set(header)) < len(header):
        found = ",".join(header)
        raise InputError("The columns are wrong.", expected=",".join(needed), found=found, where=at(path, 1))
    if not lines:
        raise InputError("A table is empty.", expected="a row for each image", where=path)
    expected = protocol.sha256()
    for line in lines:
        if told := line.cells.get(PROTOCOL):
            check_protocol(told, expected, line.where)
    return lines


def _timings(path: Path, names: Names, protocol: Protocol) -> dict[str, Timing]:
    found: dict[str, Timing] = {}
    for case, line in _once(_lines(path, (IMAGE, SECONDS), protocol), names):
        if timing := _timing(line):
            found[case] = timing
    return found


def _once(lines: Sequence[Line], names: Names) -> Iterator[tuple[str, Line]]:
    """Code and row of every image of the study; a second row of one is refused."""
    seen: dict[str, str] = {}
    for line in lines:
        case = names.case(line.cells[IMAGE], line.where)
        if case is None:
            continue
        if case.code in seen:
            found = f"{line.cells[IMAGE]}, the first time at {seen[case.code]}"
            raise InputError("An image was read twice.", found=found, where=line.where, todo="keep one of the rows")
        seen[case.code] = line.where
        yield case.code, line


def _timing(line: Line) -> Timing | None:
    seconds = _number(line, SECONDS, least=0)
    if seconds is None:
        return None
    if seconds != 0 and not SHORTEST <= seconds <= LONGEST:
        expected, found = f"0, or seconds from {SHORTEST:g} to {LONGEST:g}", f"{seconds:g}"
        raise InputError("A time is impossible.", expected=expected, found=found, where=line.where)
    place = _number(line, PLACE, least=1)
    if place is not None and not place.is_integer():
        raise InputError(f"This cannot stand in the column {PLACE}.", expected="1, 2, 3 ...", where=line.where)
    return Timing(
        seconds=seconds, paused=_number(line, PAUSED, least=0) or 0.0, order=None if place is None else int(place)
    )


def _number(line: Line, column: str, least: float = -math.inf) -> float | None:
    """The number of a cell; None where it is empty. A decimal comma is one."""
    text = line.cells.get(column, "")
    if not text:
        return None
    try:
        value = float(text.replace(",", ".")) if "_" not in text else math.nan  # Python alone reads 1_0 as ten
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= least):
        expected = "a number" if least == -math.inf else f"a number from {least:g}"
        raise InputError(f"This cannot stand in the column {column}.", expected=expected, found=text, where=line.where)
    return value


@dataclass(frozen=True)
class _Rated:
    """The rows of one reader.

    Attributes:
        cases: What was answered.
        empty: Images with neither an answer nor a rating.
        practice: How many rows are of the practice.
    """

    cases: Sequence[CaseReading]
    empty: Sequence[str]
    practice: int

    def notes(self) -> Iterator[str]:
        yield from _counted(self.empty, "neither answer nor rating; counted as not read")
        if self.practice:
            yield f"{count(self.practice, 'row')} of the practice, which does not count."


def _rated(lines: Sequence[Line], names: Names, protocol: Protocol) -> _Rated:
    rows = dict(_once(lines, names))
    cases: Mapping[str, CaseReading | None] = {code: _rating(code, line, protocol) for code, line in rows.items()}
    return _Rated(
        [case for code in protocol.codes if (case := cases.get(code))],
        [code for code, case in cases.items() if case is None],
        len(lines) - len(rows),
    )


def _rating(code: str, line: Line, protocol: Protocol) -> CaseReading | None:
    name, rating = line.cells.get(LABEL) or None, _number(line, RATING)
    if rating is not None and abs(rating) > GREATEST:
        expected, found = f"from -{GREATEST:g} to {GREATEST:g}", f"{rating:g}"
        raise InputError("A rating is impossible.", expected=expected, found=found, where=line.where)
    label = known_class(name, protocol.classes, line.where) if name else None
    if label is None and rating is None:
        return None
    return CaseReading(code=code, label=label, rating=rating, timing=_timing(line))


def _reading(protocol: Protocol, reader: str, treatment: str, cases: Sequence[CaseReading]) -> Reading:
    return Reading(
        reader=reader,
        kind="person",
        treatment=treatment,
        protocol=protocol.sha256(),
        cases=tuple(cases),
        source="import",
    )


def _counted(names: Sequence[str], what: str) -> Iterator[str]:
    if names:
        yield f"{count(len(names), 'image')} with {what}: {some(names)}."


def _taken(folder: StudyFolder, reading: Reading, notes: Sequence[str]) -> Imported:
    write_reading(folder, reading)
    who = called(reading.reader, reading.treatment, folder.protocol)
    told = [f"{who}: {note}" for note in notes]
    return Imported(reading, (*told, *map(str, concerns_of(reading, folder.protocol))))
