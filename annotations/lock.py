"""One LabelImg a folder: two that save into the same files would take turns in undoing each other's boxes.

The lock is a file `.open.json` in the folder. It says who draws there, on which machine, in which process, and at which
image. It is given up when the window closes; a lock whose process is gone, or which another machine has not renewed for
`SILENT_SECONDS`, is taken over with its image, so that a killed session goes on where it stopped.
"""

import os
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil
from pydantic import BaseModel, ConfigDict, ValidationError

from spinedet.annotations.errors import InputError, WorkError
from spinedet.annotations.files import place, write_bytes

LOCK = ".open.json"

GUARD = ".guard"
"""Ends the name of a lock on a lock: held for the moment in which one process takes a dead lock over."""

BEAT_SECONDS = 30.0
"""A window renews its lock this often (`Lock.beat`)."""

SILENT_SECONDS = 180.0
"""A lock of another machine that was not renewed for so long is dead: switched off, asleep, or off the network."""

START_SLACK = 2.0
"""Seconds by which two readings of a process's start may differ, as the system's clock is corrected."""

PATIENCE_SECONDS = 5.0
"""How long to wait while another process takes a dead lock over."""


class Holder(BaseModel):
    """Who has a folder open, as the lock file says it.

    Attributes:
        who: The name that others are shown.
        host: The machine's name in its network.
        pid: The process that draws.
        process_started: When that process began, in seconds of the epoch: numbers of processes are used again.
        since: When the folder was opened.
        image: The image now open.
        token: Tells this lock from all others.
    """

    model_config = ConfigDict(frozen=True)

    who: str
    host: str
    pid: int
    process_started: float
    since: datetime
    image: str | None = None
    token: str

    def __str__(self) -> str:
        image = f", at image {self.image}" if self.image else ""
        return f"{self.who} on {self.host} since {self.since.astimezone():%Y-%m-%d %H:%M}, process {self.pid}{image}"


@dataclass(frozen=True, slots=True)
class _Found:
    """A lock file as it was read: the holder is None where it cannot be understood."""

    holder: Holder | None
    data: bytes
    written: float


class _HeldError(Exception):
    """The lock belongs to somebody who lives."""

    def __init__(self, found: _Found | None):
        self.found = found


class Lock:
    """A folder that is ours until the `with` block of `annotating` ends.

    Attributes:
        interrupted: The image that was open when the session before was killed; None where it closed in peace.
    """

    def __init__(self, path: Path, holder: Holder, interrupted: str | None):
        self.interrupted = interrupted
        self._path = path
        self._holder = holder

    def note(self, image: str) -> None:
        """Record the image now open.

        Raises:
            InputError: Somebody else has taken the folder over; nothing may be saved any more.
            WorkError: The lock file cannot be written.
        """
        self._holder = self._holder.model_copy(update={"image": image})
        self.beat()

    def beat(self) -> None:
        """Renew the lock, and write it again where somebody deleted it; call it every `BEAT_SECONDS`.

        Raises:
            InputError: As `note`.
            WorkError: As `note`.
        """
        try:
            found = _look(self._path)
        except OSError as error:
            raise WorkError("The lock of a folder cannot be read.", found=error.strerror, where=self._path) from error
        if found is not None and not self._is_ours(found):
            raise _taken_over(self._path, found)
        write_bytes(self._path, _encoded(self._holder))

    def _is_ours(self, found: _Found) -> bool:
        return found.holder is not None and found.holder.token == self._holder.token

    def _close(self) -> None:
        with suppress(OSError):  # a folder that is gone; the lock ends with this process all the same
            found = _look(self._path)
            if found is not None and self._is_ours(found):
                self._path.unlink()


@contextmanager
def annotating(folder: Path, who: str) -> Iterator[Lock]:
    """Have a folder of annotations for oneself; it is made where it is missing.

    Args:
        folder: `Annotations/`, or the folder of an annotator.
        who: The name that others are shown while the lock is held.

    Raises:
        InputError: Another LabelImg has the folder open (who, since when, on which machine), or it cannot be
            written; nothing was changed.
    """
    holder = _myself(who)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = Lock(folder / LOCK, holder, _take(folder / LOCK, holder))
    except _HeldError as error:
        raise _in_use(folder, error.found) from None
    except OSError as error:
        raise _cannot_write(folder, error) from error
    try:
        yield lock
    finally:
        lock._close()


def is_free(folder: Path) -> bool:
    """Whether nobody has a folder open."""
    return _held(folder) is None


def check_free(folder: Path) -> None:
    """Refuse to write into a folder that somebody has open.

    Raises:
        InputError: As `annotating`.
    """
    if found := _held(folder):
        raise _in_use(folder, found)


def _held(folder: Path) -> _Found | None:
    """The lock of a folder, if somebody draws under it."""
    found = _look(folder / LOCK)
    return found if found and _is_alive(found, time.time()) else None


def _myself(who: str) -> Holder:
    return Holder(
        who=who,
        host=socket.gethostname(),
        pid=os.getpid(),
        process_started=psutil.Process().create_time(),
        since=datetime.now(UTC),
        token=secrets.token_hex(8),
    )


def _encoded(holder: Holder) -> bytes:
    return holder.model_dump_json(indent=1).encode("utf-8")


def _look(path: Path) -> _Found | None:
    """The lock file as it is now; None where there is none."""
    try:
        data, written = path.read_bytes(), path.stat().st_mtime
    except FileNotFoundError:
        return None
    try:
        return _Found(Holder.model_validate_json(data), data, written)
    except ValidationError:
        return _Found(None, data, written)


def _is_alive(found: _Found, now: float) -> bool:
    """Whether somebody draws under this lock; `now` is a time of the clock that `found.written` comes from."""
    heard_of = now - found.written < SILENT_SECONDS
    if found.holder is None or found.holder.host != socket.gethostname():
        return heard_of
    try:
        process = psutil.Process(found.holder.pid)
        same = abs(process.create_time() - found.holder.process_started) < START_SLACK
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:  # somebody else's process on a shared machine
        return heard_of


def _take(path: Path, mine: Holder) -> str | None:
    """Make the lock file, or take a dead one over.

    Returns:
        The image of the dead lock.

    Raises:
        _HeldError: The lock belongs to somebody who lives.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    found = None
    while time.monotonic() < deadline:
        with _written(path, mine) as temporary:
            try:
                place(temporary, path)
                return None
            except FileExistsError:
                found = _look(path)
            if found is None:
                continue  # given up a moment ago
            if _is_alive(found, temporary.stat().st_mtime):  # both times are the file server's, which may be wrong
                raise _HeldError(found)
            if _replace_dead(path, temporary, found, mine):
                return found.holder.image if found.holder else None
        time.sleep(0.01)
    raise _HeldError(found)


def _replace_dead(path: Path, temporary: Path, dead: _Found, mine: Holder) -> bool:
    """Put our lock in the place of a dead one; False where another process did so, or does so now.

    Only who holds the guard may replace a dead lock, and looks again first: without it two processes that found the
    same dead lock would each take it, the second from the first. The guard is a lock like any other, and a guard
    whose process was killed is taken over in the same way.
    """
    guard = path.with_name(path.name + GUARD)
    try:
        _take(guard, mine)
    except _HeldError:
        return False
    try:
        now = _look(path)
        if now is None or now.data != dead.data:
            return False
        temporary.replace(path)
        return True
    finally:
        guard.unlink()


@contextmanager
def _written(path: Path, holder: Holder) -> Iterator[Path]:
    """Our lock under a name of its own, which goes where it did not become the lock."""
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        temporary.write_bytes(_encoded(holder))
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _in_use(folder: Path, found: _Found | None) -> InputError:
    holder = found.holder if found else None
    elsewhere = holder is None or holder.host != socket.gethostname()
    wait = f"; a machine that was switched off frees the folder after {SILENT_SECONDS / 60:.0f} minutes"
    return InputError(
        "This folder is open in LabelImg already.",
        expected="one window a folder",
        found=str(holder) if holder else f"a lock that cannot be read, {LOCK}",
        where=folder,
        todo=f"close that window, then run the command again{wait if elsewhere else ''}",
    )


def _taken_over(path: Path, found: _Found) -> InputError:
    return InputError(
        "Somebody else has opened this folder, as this machine was silent for too long.",
        found=str(found.holder) if found.holder else f"a lock that cannot be read, {LOCK}",
        where=path.parent,
        todo="close this window; what was saved before is in the folder and its history",
    )


def _cannot_write(folder: Path, error: OSError) -> InputError:
    return InputError(
        "This folder cannot be written, so no box could be saved.",
        expected="a folder you may write to, on a disk with room",
        found=error.strerror or str(error),
        where=folder,
        todo="copy the dataset to such a folder, or ask for leave to write in this one",
    )
