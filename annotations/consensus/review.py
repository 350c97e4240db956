"""The review folder of a consensus: what a senior has to decide, and where the senior starts.

    DIR/review/disputed.json     the disputed images, each with the opinions of the annotators
    DIR/review/start/IMAGE.xml   the boxes that the senior finds drawn already: the agreed ones, or an own earlier file

What the senior saves is `DIR/annotators/NAME/IMAGE.xml`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from spinedet.annotations.boxes import Box
from spinedet.annotations.consensus.reasons import Reason
from spinedet.annotations.errors import InputError
from spinedet.annotations.files import read_json, write_json

REVIEW = "review"
DISPUTED = "disputed.json"
START = "start"

SCHEMA: Final = 1
"""Number of the layout of `disputed.json`."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """A box that is disputed.

    Attributes:
        annotator: Who drew it.
        name: Its class.
        box: Continuous edges in pixels.
        reason: Why it is disputed: `class`, `missed` or `place`.
        group: Boxes of one number are opinions on one thing; from 1, from top to bottom in the image.
    """

    annotator: str
    name: str
    box: Box
    reason: Reason
    group: int


@dataclass(frozen=True, slots=True)
class Disputed:
    """A disputed image.

    Attributes:
        image: Its name.
        decided: The senior has decided, and the outcome has it.
        sent_back: The senior had decided before an annotator's file changed, and has to look again.
        fingerprint: Tells whether an annotator's boxes have changed since.
        opinions: The disputed boxes, dispute after dispute.
    """

    image: str
    decided: bool
    sent_back: bool
    fingerprint: str
    opinions: tuple[Opinion, ...]


@dataclass(frozen=True, slots=True, config=ConfigDict(extra="forbid"))
class _File:
    """`disputed.json` as a whole."""

    schema: int
    images: tuple[Disputed, ...]


_FILE = TypeAdapter(_File)

_REPEAT = "delete that file and run `spinedet consensus` again: it goes through all decisions anew, and none is lost"


def disputed_images(folder: Path) -> list[str]:
    """Images that a senior still has to decide, sorted.

    Raises:
        InputError: The folder is no outcome of `spinedet consensus`, or its list is damaged.
    """
    return [row.image for row in read_disputed(folder).values() if not row.decided]


def opinions(folder: Path, image: str) -> tuple[Opinion, ...]:
    """The disputed boxes of an image, dispute after dispute; empty where nothing is disputed.

    Raises:
        InputError: As `disputed_images`.
    """
    found = read_disputed(folder).get(image)
    return () if found is None else found.opinions


def start_file(folder: Path, image: str) -> Path | None:
    """The file that the senior starts from; None where there is none."""
    path = start_path(folder, image)
    return path if path.is_file() else None


def start_path(folder: Path, image: str) -> Path:
    """Where the file that the senior starts from lies, or would lie."""
    return folder / REVIEW / START / f"{image}.xml"


def read_disputed(folder: Path) -> dict[str, Disputed]:
    """All disputed images by name, those that are decided among them; sorted.

    Raises:
        InputError: As `disputed_images`.
    """
    path = folder / REVIEW / DISPUTED
    if not path.is_file():
        raise InputError(
            "There is no list of disputed images.",
            expected="a folder that `spinedet consensus` made",
            where=path,
            todo="run: spinedet consensus DATASET --annotators A,B --out DIR",
        )
    try:
        found = _FILE.validate_python(read_json(path, "list of disputed images"))
    except ValidationError as error:
        row = error.errors()[0]
        told = f"{'.'.join(map(str, row['loc']))}: {row['msg']}"
        raise InputError("The list of disputed images is damaged.", found=told, where=path, todo=_REPEAT) from error
    if found.schema != SCHEMA:
        raise InputError(
            "The list of disputed images has another layout.", expected=f"{SCHEMA}", found=f"{found.schema}", where=path
        )
    return {row.image: row for row in found.images}


def write_disputed(folder: Path, rows: Sequence[Disputed]) -> None:
    """Write `disputed.json`; the images are sorted.

    Raises:
        WorkError: The file cannot be written.
    """
    images = tuple(sorted(rows, key=lambda row: row.image))
    write_json(folder / REVIEW / DISPUTED, _FILE.dump_python(_File(SCHEMA, images), mode="json"))
