"""The files of an outcome. Whatever a person may have changed is kept before it is replaced."""

import filecmp
import os
import shutil
from collections.abc import Container, Iterable
from itertools import count
from pathlib import Path

import yaml

from spinedet.annotations.consensus.provenance import Record
from spinedet.annotations.errors import InputError
from spinedet.annotations.files import replacing, write_bytes, write_json
from spinedet.annotations.history import save
from spinedet.datasets.card import CARD
from spinedet.datasets.consensus.sources import Sources
from spinedet.datasets.dataset import IMAGE_SETS, IMAGES
from spinedet.datasets.patients import PATIENTS

PROVENANCE = "provenance.json"

SCHEMA = 1
"""Number of the layout of `provenance.json`."""


def check_images(sources: Sources, out: Path) -> None:
    """Make sure that what the outcome has under an image's name is that image.

    Raises:
        InputError: It is another one.
    """
    for path in sources.paths.values():
        target = out / IMAGES / path.name
        if target.exists() and not filecmp.cmp(path, target):
            raise InputError(
                "The outcome has another image of that name.",
                expected=f"the pixels of {path}",
                where=target,
                todo="an image was changed after it was drawn on: check the boxes, then choose another --out",
            )


def write_images(sources: Sources, out: Path) -> None:
    """Put the images into the outcome: as hard links, which take no room, or as copies on another disk.

    Raises:
        WorkError: The folder cannot be written.
    """
    for path in sources.paths.values():
        target = out / IMAGES / path.name
        if not target.exists():
            _link_or_copy(path, target)


def _link_or_copy(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(path.resolve(), target)
    except OSError:  # another disk, or one without hard links
        with replacing(target) as temporary:
            shutil.copy2(path, temporary)


def write_card(sources: Sources, out: Path) -> None:
    """Write `patients.csv` as it is and a `dataset.yaml` that has the classes in their order."""
    if (sources.root / PATIENTS).is_file():
        _put(out / PATIENTS, (sources.root / PATIENTS).read_bytes())
    same = sources.card.classes == sources.classes
    _put(out / CARD, (sources.root / CARD).read_bytes() if same else _card_bytes(sources))


def _card_bytes(sources: Sources) -> bytes:
    name = sources.card.name or sources.root.name
    card = sources.card.model_copy(update={"classes": sources.classes, "name": name})
    rows = {key: value for key, value in card.model_dump(mode="json").items() if value}
    return yaml.safe_dump(rows, allow_unicode=True, sort_keys=False).encode()


def write_image_sets(sources: Sources, out: Path) -> tuple[str, ...]:
    """Copy the lists of images that the outcome has whole.

    Returns:
        Names of the other lists.
    """
    left_out = []
    for path in sorted((sources.root / IMAGE_SETS).glob("*.txt")):
        if all(_names_one(line, sources.drawn.keys()) for line in _lines(path)):
            _put(out / IMAGE_SETS / path.name, path.read_bytes())
        else:
            left_out.append(path.stem)
    return tuple(left_out)


def _lines(path: Path) -> list[str]:
    try:
        return [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except ValueError as error:
        raise InputError("An image set cannot be read.", found=str(error), where=path) from error


def _names_one(line: str, images: Container[str]) -> bool:
    """Whether a line names one of these images, alone or with the sign that VOC's lists of a class put behind it."""
    return line in images or line.rsplit(maxsplit=1)[0] in images


def write_provenance(out: Path, records: Iterable[Record]) -> None:
    """Write `provenance.json`.

    Raises:
        WorkError: The file cannot be written.
    """
    write_json(out / PROVENANCE, {"schema": SCHEMA, "boxes": [record.as_dict() for record in records]})


def write_kept(path: Path, data: bytes) -> bool:
    """Write an annotation; the one before goes to the history.

    Returns:
        Whether there was another before.

    Raises:
        WorkError: The file cannot be written.
    """
    if not path.exists():
        write_bytes(path, data)
        return False
    changed = path.read_bytes() not in (data, b"")
    save(path, data)
    return changed


def _put(path: Path, data: bytes) -> None:
    """Write a file; one with other contents gets another name first."""
    if path.exists() and path.read_bytes() != data:
        before = (path.with_name(f"{path.name}.before-{number}") for number in count(1))
        path.rename(next(name for name in before if not name.exists()))
    if not path.exists():
        write_bytes(path, data)
