"""`spinedet history` and `spinedet restore`: what an image's boxes were before, and how to have them back."""

import difflib
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spinedet.annotations.errors import InputError, some
from spinedet.terminal import DatasetFolder, err, out

if TYPE_CHECKING:
    from spinedet.annotations.history import Version
    from spinedet.annotations.voc import Annotation

NOW = "now"
"""Stands in the place of a number for the present file."""

ImageName = Annotated[str, typer.Argument(metavar="IMAGE", help="Name of the image, with or without its ending.")]
AnnotatorName = Annotated[
    str | None, typer.Option("--annotator", metavar="NAME", help="Files of this annotator instead of Annotations/.")
]
VersionNumber = Annotated[
    int, typer.Option("--version", min=1, metavar="N", help="Number in `spinedet history`; 1 is the one before now.")
]


@dataclass(frozen=True, slots=True)
class State:
    """An image's boxes as they stood at one time.

    Attributes:
        label: The version's number, or `NOW`.
        saved: When that file was saved.
        drawn: What it holds; None where it is damaged.
    """

    label: str
    saved: datetime
    drawn: "Annotation | None"


def history(dataset: DatasetFolder, image: ImageName, annotator: AnnotatorName = None) -> None:
    """List the earlier versions of an image's boxes, and what each has beside the one that came after it."""
    from rich.table import Column, Table

    from spinedet.annotations.history import versions

    folder = _folder(dataset, annotator)
    _recover(folder)
    path = _annotation(folder, image)
    states = _states(dataset, path, versions(path))
    headings = ("version", "saved", "boxes", "beside the one after it")
    table = Table(*(Column(heading, overflow="fold") for heading in headings), box=None)
    for place, state in enumerate(states):
        beside = differences(state.drawn, states[place - 1].drawn) if place else ""
        table.add_row(state.label, _local(state.saved), counts(state.drawn), beside)
    out.print(table)
    if states[-1].label == NOW:
        out.print(f"There is no earlier version of {path.stem}.")
    elif states[0].label != NOW:
        out.print(f"{path.name} is gone; `spinedet restore` brings a version back.")


def restore(
    dataset: DatasetFolder, image: ImageName, version: VersionNumber = 1, annotator: AnnotatorName = None
) -> None:
    """Bring an earlier version of an image's boxes back; the file it replaces is kept as a version too."""
    from spinedet.annotations import history as kept
    from spinedet.annotations.lock import check_free

    folder = _folder(dataset, annotator)
    check_free(folder)
    _recover(folder)
    path = _annotation(folder, image)
    before = _states(dataset, path, kept.versions(path))
    _check_whole(before, version)
    present = path.read_bytes() if path.is_file() else None
    chosen = kept.restore(path, version)
    if path.read_bytes() == present:
        out.print(f"{path.stem}: the file holds what version {version} holds; nothing was changed.")
        return
    wanted = next(state for state in before if state.label == str(version)).drawn
    out.print(f"{path.stem}: the version saved {_local(chosen.saved)} is back ({counts(wanted)}).")
    if present is not None:
        out.print(f"Beside the file it replaced: {differences(wanted, before[0].drawn)}.")
        out.print("That file is version 1 now; `spinedet restore` without --version undoes this.")


def counts(drawn: "Annotation | None") -> str:
    """Boxes per class, such as `2 disc, 1 vertebra`."""
    if drawn is None:
        return "damaged"
    found = Counter(thing.name for thing in drawn.objects)
    return ", ".join(f"{count} {name}" for name, count in sorted(found.items())) or "none"


def differences(drawn: "Annotation | None", after: "Annotation | None") -> str:
    """What an annotation has beside another: `+1 disc, -1 vertebra, 2 disc changed`.

    A box of one that has no equal in the other (place, class, marks) has changed where the other has such a box of
    the same class, and is one more or one less where it has none.
    """
    if drawn is None or after is None:
        return "cannot be compared"
    here, there = Counter(drawn.objects), Counter(after.objects)
    more, less = (Counter(thing.name for thing in rest.elements()) for rest in (here - there, there - here))
    parts = [f"+{count} {name}" for name, count in sorted((more - less).items())]
    parts += [f"-{count} {name}" for name, count in sorted((less - more).items())]
    parts += [f"{count} {name} changed" for name, count in sorted((more & less).items())]
    return ", ".join(parts) or "the same boxes"


def _folder(dataset: Path, annotator: str | None) -> Path:
    """Where the files lie: `Annotations/`, or the folder of an annotator."""
    from spinedet.annotations.annotators import annotator_folder, annotator_names

    if annotator is not None:
        return annotator_folder(dataset, annotator)
    folder = dataset / "Annotations"
    if not folder.is_dir():
        names = annotator_names(dataset)
        todo = f"name an annotator: --annotator {names[0]}" if names else "check the path of the dataset"
        raise InputError("There is no folder of annotations.", expected="a dataset folder", where=folder, todo=todo)
    return folder


def _recover(folder: Path) -> None:
    """Bring in what interrupted saves left, unless somebody draws there: that window does so when it starts."""
    from spinedet.annotations.history import recover
    from spinedet.annotations.lock import is_free

    if is_free(folder):
        for won in recover(folder):
            err.print(f"A save of {won.path.parent.name} had been cut short; it is version {won.number} now.")


def _annotation(folder: Path, image: str) -> Path:
    """The file of an image that has an annotation or a history.

    Raises:
        InputError: It has neither; names that are near are suggested.
    """
    from spinedet.annotations.history import annotated

    known = annotated(folder)
    name = next((name for name in (image, Path(image).stem) if name in known), None)
    if name is None:
        close = difflib.get_close_matches(image, known, n=3)
        meant = f"did you mean {some(map(repr, close))}?" if close else f"names such as {some(sorted(known))}"
        expected = meant if known else "an image with boxes; there is none yet"
        raise InputError("This image has no boxes and no history.", expected=expected, found=image, where=folder)
    return folder / f"{name}.xml"


def _states(dataset: Path, path: Path, known: "list[Version]") -> list[State]:
    """The present file, if there is one, and its versions, newest first."""
    files = [(str(version.number), version.saved, version.path) for version in known]
    if path.is_file():
        files.insert(0, (NOW, datetime.fromtimestamp(path.stat().st_mtime, UTC), path))
    return [State(label, saved, _drawn(dataset, path.stem, file)) for label, saved, file in files]


def _drawn(dataset: Path, image: str, file: Path) -> "Annotation | None":
    """What a file holds; None where it is damaged."""
    from spinedet.annotations.voc import read_voc

    try:
        return read_voc(file, lambda: _size(dataset, image))
    except InputError:
        return None


def _size(dataset: Path, image: str) -> tuple[int, int]:
    """Width and height of an image, for an annotation that does not say."""
    from spinedet.datasets.dataset import IMAGES
    from spinedet.datasets.images import SUFFIXES, image_size

    for suffix in SUFFIXES:
        if (path := dataset / IMAGES / f"{image}{suffix}").is_file():
            return image_size(path)
    raise InputError("There is no image to take the size from.", where=dataset / IMAGES, found=image)


def _check_whole(states: list[State], version: int) -> None:
    """A damaged file is not brought back; a number that there is not is told by `restore` itself."""
    if any(state.label == str(version) and state.drawn is None for state in states):
        whole = [state.label for state in states if state.drawn is not None and state.label != NOW]
        raise InputError(
            "This version is damaged.",
            expected=f"one of {some(whole)}" if whole else "a whole version; there is none",
            found=str(version),
            todo="choose another with --version; `spinedet history` lists them",
        )


def _local(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"
