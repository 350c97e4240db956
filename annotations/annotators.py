"""Where the files of each annotator lie: `DATASET/annotators/NAME/IMAGE.xml`, beside the common `Annotations/`."""

import unicodedata
from pathlib import Path

from spinedet.annotations.errors import InputError, nearest, some

ANNOTATORS = "annotators"

LONGEST_NAME = 60
"""Characters of an annotator's name; folders of more are refused by some disks."""

_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))}
"""Names that Windows keeps for devices."""

_FORBIDDEN = set('<>:"/\\|?*')


def annotator_names(root: Path) -> list[str]:
    """Annotators of a dataset, sorted; empty where there is none."""
    folder = root / ANNOTATORS
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(path.name for path in found if path.is_dir() and not path.name.startswith("."))


def annotator_folder(root: Path, name: str) -> Path:
    """The folder of an annotator who has drawn something already.

    Raises:
        InputError: The dataset has no annotator of that name; the message lists those it has.
    """
    known = annotator_names(root)
    if name not in known:
        expected = nearest(name, known) if known else "a folder for each annotator"
        todo = f"draw boxes first: spinedet annotate {root} --annotator {name}"
        raise InputError(
            "There is no such annotator.", expected=expected, found=name, where=root / ANNOTATORS, todo=todo
        )
    return root / ANNOTATORS / name


def new_annotator_folder(root: Path, name: str) -> Path:
    """The folder of an annotator, who may be new; nothing is made yet.

    Raises:
        InputError: The name cannot be a folder's everywhere, or another annotator's differs in nothing but the
            writing (`Anna` and `anna` are one folder under Windows and macOS).
    """
    _check_name(name)
    if name not in (known := annotator_names(root)):
        twins = [other for other in known if _folded(other) == _folded(name)]
        if twins:
            raise InputError(
                "Two annotators would have one name.",
                expected=f"'{twins[0]}', or a name that differs in more than capitals",
                found=f"'{name}'",
                where=root / ANNOTATORS,
                todo=f"use --annotator {twins[0]} if that is the same person; otherwise add initials or a surname",
            )
    return root / ANNOTATORS / name


def check_names(names: list[str]) -> None:
    """Several annotators as a command names them: at least two, and no one twice.

    Raises:
        InputError: There are fewer than two, or one stands there twice.
    """
    twice = sorted({name for name in names if [_folded(other) for other in names].count(_folded(name)) > 1})
    if twice:
        raise InputError("An annotator is named twice.", expected="each one once", found=some(twice))
    if len(names) < 2:
        raise InputError("Agreement needs two annotators or more.", expected="names such as A,B", found=",".join(names))


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def _check_name(name: str) -> None:
    wrong = (
        not name
        or len(name) > LONGEST_NAME
        or name != name.strip(" .")
        or not name.isprintable()
        or bool(set(name) & _FORBIDDEN)
        or name.split(".")[0].lower() in _RESERVED
    )
    if wrong:
        raise InputError(
            "This cannot be an annotator's name.",
            expected=f"1 to {LONGEST_NAME} letters, figures, spaces, - or _, as a folder may be called",
            found=repr(name),
        )
