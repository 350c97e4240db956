"""Every save keeps the file that it replaces, so that nothing that a person drew is ever lost.

`Annotations/a17.xml` has its earlier versions in `Annotations/.history/a17/`, each a whole file named by the time at
which it had been saved (in UTC: such names sort and are legal on Windows). A save cut short by a kill leaves the old
file in place and its own bytes under a name that ends in `.saving`; `recover` brings those into the history.

The history of an image grows to `MOST` versions. Then every second one of those older than the `NEWEST` goes, never the
first: what is recent is kept save by save, and the further back, the wider the steps.
"""

import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lxml import etree

from spinedet.annotations.errors import InputError, WorkError, some
from spinedet.annotations.files import place, sync_folder, write_synced

HISTORY = ".history"

MOST = 500
"""Versions kept of one image; a LabelImg file has some 5 kB, so an image has at most a few MB."""

NEWEST = 100
"""Versions that thinning leaves alone."""

VERSION = ".xml"
HALF = ".part"
"""Ends the name of what a save had written when it was killed; it is kept, and no version."""

UNFINISHED = ".saving"
"""Ends the name of a file that is being written; such a name starts with a dot, as nothing that a person drew does."""

_STAMP = "%Y%m%dT%H%M%S.%fZ"
_STAMPED = re.compile(r"\d{8}T\d{6}\.\d{6}Z\.xml")
_LEFT = re.compile(r"\.(?P<name>.+)\.[0-9a-f]{8}\.saving")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Version:
    """An earlier file of one image.

    Attributes:
        number: 1 is the one before the present file; older ones count up.
        saved: When it had been saved, in UTC.
        path: The file itself, in the history.
    """

    number: int
    saved: datetime
    path: Path


def save(path: Path, data: bytes) -> None:
    """Write an annotation so that `path` always holds the old or the new bytes whole; the old ones go to the history.

    Bytes that `path` holds already are not written again. Missing folders are made.

    Raises:
        WorkError: The disk is full or the folder cannot be written; `path` is then as it was before.
    """
    with _told(path):
        present = _bytes(path)
        if present == data:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = _temporary(path, data)  # stays where the next lines fail: `recover` then finds it
        if present:
            _keep(path, present)
        temporary.replace(path)
        sync_folder(path.parent)
        _thin(path)


def set_aside(path: Path) -> None:
    """Take an annotation away; it is the newest version of its history then.

    Raises:
        WorkError: As `save`.
    """
    with _told(path):
        present = _bytes(path)
        if present is None:
            return
        if present:
            _keep(path, present)
        path.unlink()
        sync_folder(path.parent)


def versions(path: Path) -> list[Version]:
    """The earlier files of an annotation, newest first; `path` itself may be gone."""
    stored = enumerate(reversed(_stored(path)), start=1)
    return [Version(number, _moment(file), file) for number, file in stored]


def annotated(folder: Path) -> set[str]:
    """Images of which a folder has an annotation, or had one."""
    files = {file.stem for file in folder.glob("*.xml") if not file.name.startswith(".")}
    kept = folder / HISTORY
    return files | ({file.name for file in kept.iterdir() if file.is_dir()} if kept.is_dir() else set())


def restore(path: Path, number: int = 1) -> Version:
    """Make an earlier version the present file; the file it replaces goes to the history first.

    Returns:
        The version as it was numbered before.

    Raises:
        InputError: There is no such version; the message lists those there are.
        WorkError: As `save`.
    """
    known = versions(path)
    if not 1 <= number <= len(known):
        raise _no_version(path, number, known)
    chosen = known[number - 1]
    with _told(path):
        data = chosen.path.read_bytes()
    save(path, data)
    return chosen


def recover(folder: Path) -> list[Version]:
    """Move what interrupted saves left in a folder into the history of its annotations.

    A whole file becomes the newest version and can be restored; a half-written one is kept beside the versions as
    `.part`; bytes that are there already go. Call it while nobody draws there (see `spinedet.annotations.lock`).

    Returns:
        The versions that were won back.

    Raises:
        WorkError: The folder cannot be written.
    """
    with _told(folder):
        files = ((left, _LEFT.fullmatch(left.name)) for left in folder.glob(f".*{UNFINISHED}"))
        found = [(left, folder / match["name"]) for left, match in files if match]
        won = {_recover(left, path) for left, path in sorted(found, key=lambda pair: pair[0].stat().st_mtime_ns)}
    paths = sorted({path for _, path in found})
    return [version for path in paths for version in versions(path) if version.path in won]


def _recover(left: Path, path: Path) -> Path | None:
    """The version that a left-over file became; None where it is none."""
    data = left.read_bytes()
    known = [path, *_stored(path)]
    if not data or any((_bytes(file) or b"").startswith(data) for file in known):
        left.unlink()
        return None
    whole = _is_whole(data)
    added = _add(path, left, left.stat().st_mtime_ns, VERSION if whole else HALF)
    return added if whole else None


def _is_whole(data: bytes) -> bool:
    """Whether this is an XML file up to its last tag."""
    try:
        etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    except (etree.XMLSyntaxError, ValueError):
        return False
    return True


def history_folder(path: Path) -> Path:
    """Where the earlier versions of an annotation lie."""
    return path.parent / HISTORY / path.stem


def _stored(path: Path) -> list[Path]:
    """Files of the versions, oldest first; empty ones and what others put there are none."""
    folder = history_folder(path)
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(file for file in found if _STAMPED.fullmatch(file.name) and file.stat().st_size)


def _moment(version: Path) -> datetime:
    return datetime.strptime(version.stem, _STAMP).replace(tzinfo=UTC)


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _temporary(path: Path, data: bytes) -> Path:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}{UNFINISHED}")
    write_synced(temporary, data)
    return temporary


def _keep(path: Path, present: bytes) -> None:
    """Copy the present file into the history, unless an interrupted save has done so.

    A copy, not a hard link: a program that writes into the present file would change the version with it.
    """
    stored = _stored(path)
    if stored and stored[-1].read_bytes() == present:
        return
    _add(path, _temporary(path, present), path.stat().st_mtime_ns, VERSION)


def _add(path: Path, temporary: Path, saved: int, suffix: str) -> Path:
    """Give a finished file, saved at so many nanoseconds of the epoch, a free name in the history of `path`."""
    folder = history_folder(path)
    folder.mkdir(parents=True, exist_ok=True)
    moment = _after_all(_stored(path), saved)
    while True:
        target = folder / f"{moment.strftime(_STAMP)}{suffix}"
        try:
            place(temporary, target)
        except FileExistsError:
            moment += _TICK
        else:
            sync_folder(folder)
            return target


def _after_all(stored: list[Path], saved: int) -> datetime:
    """When a version was saved, not in the future and later than all others: clocks are set back, names must sort."""
    moment = _EPOCH + timedelta(microseconds=min(saved, time.time_ns()) // 1000)
    return max(moment, _moment(stored[-1]) + _TICK) if stored else moment


def _thin(path: Path) -> None:
    """Drop every second of the older versions, but the first, where there are more than `MOST`."""
    stored = _stored(path)
    if len(stored) > MOST:
        for version in stored[:-NEWEST][1::2]:
            with suppress(PermissionError):  # Windows: another program reads it; the next save tries again
                version.unlink()


def _no_version(path: Path, number: int, known: list[Version]) -> InputError:
    if not known:
        todo = "only files that `spinedet annotate` saved more than once have earlier versions"
        return InputError("There is no earlier version.", where=history_folder(path), todo=todo)
    listed = some(f"{version.number} ({version.saved.astimezone():%Y-%m-%d %H:%M:%S})" for version in known)
    where = history_folder(path)
    return InputError("There is no such version.", expected=f"one of {listed}", found=str(number), where=where)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn what the disk answers into words."""
    try:
        yield
    except OSError as error:
        raise WorkError(
            "An annotation could not be saved.",
            found=error.strerror or str(error),
            where=path,
            todo="free space, or get leave to write in that folder, then save again; the file is as it was before",
        ) from error
