"""`sealed/`: which image a code stands for, whose it is, and the reference standard. Readers must not see it."""

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Literal

from pydantic import ConfigDict, Field, ValidationError

from spinedet.annotations.errors import InputError, at, some
from spinedet.annotations.files import read_json, write_json, write_text
from spinedet.benchmarks.agreement.figures import Record
from spinedet.benchmarks.study.folder import StudyFolder
from spinedet.benchmarks.study.readings import Truth
from spinedet.datasets.convert.table import read_table

PATIENTS = "patients.json"
SETTLED = "truth.sha256"


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One image of the study or of the practice.

    Attributes:
        code: Its name in the study.
        image: Its name in the dataset.
        patient: Whose it is.
        neutral: What the patient is called in the study.
    """

    code: str
    image: str
    patient: str
    neutral: str


COLUMNS = tuple(field.name for field in fields(KeyRow))


class Standard(Record):
    """The reference standard, `truth.json`.

    Attributes:
        told: How it was made, in a few sentences.
        truth: Of every image, in the order of the codes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    layout: Literal[1] = Field(default=1, alias="schema")
    told: tuple[str, ...]
    truth: tuple[Truth, ...]

    def text(self) -> str:
        """The content of the file."""
        rows = self.model_dump(mode="json", by_alias=True)
        return json.dumps(rows, indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    def sha256(self) -> str:
        """Hash of the file."""
        return hashlib.sha256(self.text().encode()).hexdigest()


def write_key(path: Path, rows: Iterable[KeyRow]) -> None:
    """Write `key.csv`, sorted by code.

    Raises:
        WorkError: The file cannot be written.
    """
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(sorted(astuple(row) for row in rows))
    write_text(path, table.getvalue())


def read_key(folder: StudyFolder) -> dict[str, KeyRow]:
    """The key by code.

    Raises:
        InputError: It is missing or damaged, or lacks an image of the study or has one twice.
    """
    header, lines = read_table(folder.key)
    if not set(COLUMNS) <= set(header):
        found = ",".join(header)
        raise InputError("The columns are wrong.", expected=",".join(COLUMNS), found=found, where=at(folder.key, 1))
    rows = Counter(line.cells["code"] for line in lines)
    if twice := [code for code, times in rows.items() if times > 1]:
        raise InputError("The key has an image twice.", found=some(twice), where=folder.key)
    key = {line.cells["code"]: KeyRow(*(line.cells[name] for name in COLUMNS)) for line in lines}
    if missing := [code for code in folder.protocol.codes if code not in key]:
        raise InputError("The key lacks an image of the study.", expected=missing[0], where=folder.key)
    return key


def read_standard(folder: StudyFolder) -> Standard:
    """The reference standard.

    Raises:
        InputError: It is not there yet, damaged, of other images, or was changed after it was frozen.
    """
    protocol = folder.protocol
    if protocol.experts and not folder.truth.is_file():
        raise InputError(
            "The experts have not made the reference standard yet.",
            expected=f"what {', '.join(protocol.experts)} agree on",
            where=folder.truth,
            todo=f"spinedet study reference {folder.root}",
        )
    standard = _parsed(folder.truth)
    _check_frozen(folder.truth, protocol.truth or _settled_hash(folder))
    if (found := [one.code for one in standard.truth]) != list(protocol.codes):
        told = f"{len(found)} images, {len(set(found) - set(protocol.codes))} of them unknown"
        raise InputError(
            "The reference standard is of other images.",
            expected=f"the {len(protocol.codes)} images of the protocol, in their order",
            found=told,
            where=folder.truth,
        )
    return standard


def _parsed(path: Path) -> Standard:
    try:
        return Standard.model_validate(read_json(path, "reference standard"))
    except ValidationError as error:
        found = str(error).splitlines()[0]
        raise InputError("This is no reference standard.", expected="schema 1", found=found, where=path) from error


def _settled_hash(folder: StudyFolder) -> str:
    """Hash of the reference standard when experts settled it; empty where nobody wrote it down."""
    path = folder.sealed / SETTLED
    return path.read_text(encoding="ascii").strip() if path.is_file() else ""


def _check_frozen(path: Path, frozen: str) -> None:
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if frozen and found != frozen:
        raise InputError(
            "The reference standard was changed after it was frozen.",
            expected=f"sha256 {frozen[:12]}…",
            found=f"sha256 {found[:12]}…",
            where=path,
            todo="restore the file, or make a new study",
        )


def write_standard(path: Path, standard: Standard) -> None:
    """Write `truth.json`.

    Raises:
        WorkError: The file cannot be written.
    """
    write_text(path, standard.text())


def settle_standard(folder: StudyFolder, standard: Standard) -> None:
    """Write the reference standard that experts made, and its hash, which the protocol cannot hold.

    Raises:
        WorkError: A file cannot be written.
    """
    write_text(folder.sealed / SETTLED, standard.sha256() + "\n")
    write_standard(folder.truth, standard)


def write_people(folder: Path, pixels: Mapping[str, Iterable[str]]) -> None:
    """Write `patients.json`: pixel hashes of all images that the dataset has of each patient, by neutral name.

    A model that was trained on any of them has seen a study patient, also where that image is not in the study.

    Raises:
        WorkError: The file cannot be written.
    """
    write_json(folder / PATIENTS, {patient: sorted(pixels[patient]) for patient in sorted(pixels)})


def patients_seen(folder: StudyFolder, hashes: Iterable[str]) -> dict[str, list[str]]:
    """The study's patients (neutral names) of whom a model was trained on an image, with the codes of their images.

    Args:
        folder: The study.
        hashes: Of the pixels of the images that the model was trained or validated on.

    Raises:
        InputError: The list of the patients' images is missing or damaged.
    """
    seen = set(hashes)
    people = read_json(folder.sealed / PATIENTS, "list of the patients' images")
    found = {name for name, pixels in people.items() if seen.intersection(pixels)}
    codes = [row for code, row in read_key(folder).items() if code in set(folder.protocol.codes)]
    return {name: [row.code for row in codes if row.neutral == name] for name in sorted(found)}
