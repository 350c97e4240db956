"""Which folder an outcome may be written to: a new one, or one made from the same dataset by the same people."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from spinedet.annotations.annotators import ANNOTATORS, check_names, new_annotator_folder
from spinedet.annotations.errors import InputError, some
from spinedet.annotations.files import read_json, write_json
from spinedet.datasets.consensus.sources import images_in

MADE = "consensus.json"

SCHEMA: Final = 1
"""Number of the layout of `consensus.json`."""


class Made(BaseModel):
    """What an outcome was made from.

    Attributes:
        schema_version: Number of the file's layout.
        dataset: The folder of the dataset.
        annotators: Those who drew; the first one's hints are kept.
        senior: Who decides; None until somebody is named.
        iou: Least IoU of two boxes that show the same thing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_version: Literal[1] = Field(default=SCHEMA, alias="schema")
    dataset: str
    annotators: tuple[str, ...]
    senior: str | None = None
    iou: float


def made_from(folder: Path, annotators: Sequence[str], senior: str | None, iou: float, out: Path) -> Made:
    """Check that an outcome of these may be written to `out`.

    A senior who was named before needs not be named again, and the annotators keep the order of the first time.

    Raises:
        InputError: `out` is another dataset, or one made by others, from another dataset, or with another overlap;
            the names are no names of annotators; or one folder lies in the other.
    """
    _check_people(list(annotators), senior, out)
    _check_apart(folder.resolve(), out.resolve())
    asked = Made(dataset=str(folder.resolve()), annotators=tuple(annotators), senior=senior, iou=iou)
    before = read_made(out)
    return asked if before is None else _again(asked, before, out)


def read_made(out: Path) -> Made | None:
    """What an outcome was made from; None where `out` is empty or not there.

    Raises:
        InputError: `out` holds something else.
    """
    path = out / MADE
    if not path.is_file():
        _check_free(out)
        return None
    try:
        return Made.model_validate(read_json(path, "record of a consensus"))
    except ValidationError as error:
        row = error.errors()[0]
        found = f"{'.'.join(map(str, row['loc']))}: {row['msg']}"
        raise InputError("The record of a consensus is damaged.", found=found, where=path) from error


def write_made(out: Path, made: Made) -> None:
    """Write `consensus.json`.

    Raises:
        WorkError: The file cannot be written.
    """
    write_json(out / MADE, made.model_dump(mode="json", by_alias=True))


def _check_free(out: Path) -> None:
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise InputError(
            "The folder for the outcome holds something else.",
            expected=f"a new folder, or one with the {MADE} of an earlier run",
            found=some(sorted(path.name for path in out.iterdir())) if out.is_dir() else "a file",
            where=out,
            todo="choose another --out",
        )


def _check_people(annotators: list[str], senior: str | None, out: Path) -> None:
    check_names(annotators)
    if senior is None:
        return
    if senior in annotators:
        what = "The senior is one of the annotators."
        raise InputError(what, expected=f"somebody else than {', '.join(annotators)}", found=senior)
    check_names([*annotators, senior])  # names that differ in capitals alone
    new_annotator_folder(out, senior)  # names that cannot be a folder's


def _check_apart(root: Path, out: Path) -> None:
    if root == out or root in out.parents or out in root.parents:
        raise InputError(
            "The dataset and the outcome lie in one another.",
            expected="two folders side by side",
            found=f"{root} and {out}",
            todo="choose another --out",
        )


def _again(asked: Made, before: Made, out: Path) -> Made:
    """The record of a further run."""
    same_people = set(asked.annotators) == set(before.annotators)
    rows = (
        ("dataset", before.dataset, asked.dataset, _is_same_dataset(asked, before, out)),
        ("annotators", ",".join(before.annotators), ",".join(asked.annotators), same_people),
        ("IoU", f"{before.iou:g}", f"{asked.iou:g}", asked.iou == before.iou),
        ("senior", before.senior, asked.senior, _may_decide(asked.senior, before.senior, out)),
    )
    for what, expected, found, same in rows:
        if not same:
            todo = f"choose another --out, or give the {what} of the first time"
            raise InputError(
                f"The outcome was made with another {what}.".replace("another annotators", "other annotators"),
                expected=expected,
                found=found,
                where=out / MADE,
                todo=todo,
            )
    return asked.model_copy(update={"annotators": before.annotators, "senior": asked.senior or before.senior})


def _is_same_dataset(asked: Made, before: Made, out: Path) -> bool:
    """Whether it is the same folder, or one that was moved: the old place is empty, and every image is here."""
    moved = not Path(before.dataset).exists()
    return asked.dataset == before.dataset or (moved and images_in(out).keys() <= images_in(Path(asked.dataset)).keys())


def _may_decide(senior: str | None, before: str | None, out: Path) -> bool:
    """Another senior may be named as long as the first has saved nothing."""
    return senior in {None, before} or before is None or not any((out / ANNOTATORS / before).glob("*.xml"))
