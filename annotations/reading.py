"""The log of a timed reading: what happened when, one JSON line an event, and the times that follow from it.

The reader's window appends to the log; nobody ever changes a line. Times are read off a monotonic clock, which knows
no date and starts anew with the machine, so they are compared within one sitting (one run of the window) only; the
wall clock stands beside them for people.

What counts as reading time of an image: from the moment the image is on the screen to the moment the reader leaves it,
less the pauses in between. Coming back to an image adds up. A pause is the window not being active, the pause key, or
no input for longer than a set time; of the last kind only what lies beyond that time counts, since looking without
touching is reading. Two reasons at once are one pause.
"""

import errno
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, FiniteFloat, ValidationError

from spinedet.annotations.errors import InputError, WorkError, at
from spinedet.annotations.voc import read_voc

LOG = "log.jsonl"

What = Literal["sitting", "shown", "left", "pause", "resume", "cut", "end"]
"""`sitting`: a window opens. `shown`, `left`: an image comes and goes. `pause`, `resume`. `end`: the window closes.
`cut`: written by the next sitting for one that was killed, at the last moment known of it."""

Why = Literal["window", "key", "idle"]


class Event(BaseModel):
    """One line of the log.

    Attributes:
        event: What happened.
        t: Seconds on the monotonic clock of this sitting.
        wall: Date and time in UTC, ISO 8601.
        sitting: Number of the sitting, from 1.
        image: The image shown or left, by its code; None where it is about none.
        why: Of a pause, and of its end: the reason.
        protocol: Of a sitting: hash of the study's protocol.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    event: What
    t: FiniteFloat
    wall: str
    sitting: int
    image: str | None = None
    why: Why | None = None
    protocol: str | None = None

    def line(self) -> str:
        """The event as a line of the log, with its end."""
        return self.model_dump_json(exclude_none=True) + "\n"


class Visit(BaseModel):
    """One time that an image was on the screen.

    Attributes:
        image: Its code.
        sitting: Number of the sitting.
        seconds: Reading time, without pauses.
        paused: Seconds of pauses.
        pauses: How many pauses.
        cut: The window was killed during the visit; its time is known to the last beat.
    """

    model_config = ConfigDict(frozen=True)

    image: str
    sitting: int
    seconds: float
    paused: float
    pauses: int
    cut: bool = False


class Timing(BaseModel):
    """All visits to one image together.

    Attributes:
        seconds: Reading time.
        paused: Seconds of pauses.
        pauses: How many pauses.
        visits: How many times it was shown.
        order: The how-manieth image it was among those shown, from 1, by its first visit.
        cut: A visit was cut short by a kill.
    """

    model_config = ConfigDict(frozen=True)

    seconds: FiniteFloat
    paused: FiniteFloat = 0.0
    pauses: int = 0
    visits: int = 1
    order: int | None = None
    cut: bool = False


def read_log(path: Path) -> list[Event]:
    """Read a log. A last line that a crash left unfinished is no event.

    Raises:
        InputError: A line is damaged, or the clock went back within a sitting; the line is named.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise InputError("A reading's log cannot be read.", found=str(error), where=path) from error
    *whole, _unfinished = data.split(b"\n")  # in bytes: a crash may part a letter, too
    events = [_event(path, number, line) for number, line in enumerate(whole, start=1)]
    _check_clock(path, events)
    return events


def is_finished(xml: Path) -> bool:
    """Whether a reader has finished an image: its annotation is there, with the mark "verified".

    The window saves boxes as they are drawn, so that a file alone does not mean that the reader was done with it. The
    mark is set when the reader goes on to the next image, or says that there is nothing to find.

    Raises:
        InputError: The annotation is damaged.
    """
    return xml.exists() and read_voc(xml).verified


def _event(path: Path, number: int, line: bytes) -> Event:
    try:
        return Event.model_validate(json.loads(line))
    except (UnicodeDecodeError, json.JSONDecodeError, ValidationError) as error:
        found = str(error).splitlines()[0]
        todo = "the log is evidence and was changed or damaged; restore it from a copy, or leave this reader out"
        raise InputError(
            "A line of a reading's log is damaged.", found=found, where=at(path, number), todo=todo
        ) from error


def _check_clock(path: Path, events: Sequence[Event]) -> None:
    last: dict[int, float] = {}
    for number, event in enumerate(events, start=1):
        if event.t < last.get(event.sitting, event.t):
            raise InputError(
                "The clock went back within a sitting.",
                expected=f"{last[event.sitting]:.3f} s or later",
                found=f"{event.t:.3f} s ({event.event})",
                where=at(path, number),
                todo="the log was changed or damaged; leave this reader out",
            )
        last[event.sitting] = event.t


def visits_of(events: Iterable[Event]) -> list[Visit]:
    """Every visit to an image, in the order of the log; one that has no end yet is left out."""
    found: list[Visit] = []
    running = _Running()
    for event in events:
        if visit := running.take(event):
            found.append(visit)
    return found


def timings_of(visits: Iterable[Visit]) -> dict[str, Timing]:
    """The visits of each image added up, in the order in which images were first shown."""
    found: dict[str, Timing] = {}
    for visit in visits:
        known = found.get(visit.image)
        found[visit.image] = _added(known or Timing(seconds=0, visits=0, order=len(found) + 1), visit)
    return found


def _added(known: Timing, visit: Visit) -> Timing:
    return Timing(
        seconds=known.seconds + visit.seconds,
        paused=known.paused + visit.paused,
        pauses=known.pauses + visit.pauses,
        visits=known.visits + 1,
        order=known.order,
        cut=known.cut or visit.cut,
    )


class _Running:
    """What is on the screen at a moment of the log, and which pauses hold."""

    def __init__(self) -> None:
        self._shown: Event | None = None
        self._reasons: set[Why] = set()
        self._paused_since = 0.0
        self._paused = 0.0
        self._pauses = 0

    def take(self, event: Event) -> Visit | None:
        """Go on by an event; the visit that it ends, if it ends one."""
        if event.event == "shown":
            before = self._close(event)  # an image that nobody left was on the screen until the next one was
            self._open(event)
            return before
        if event.event in {"left", "end", "cut"}:
            return self._close(event)
        elif event.event == "pause" and event.why:
            self._pause(event.t, event.why)
        elif event.event == "resume" and event.why:
            self._resume(event.t, event.why)
        elif event.event == "sitting":
            self._shown = None
            self._reasons.clear()
        return None

    def _open(self, event: Event) -> None:
        self._shown, self._paused, self._pauses = event, 0.0, len(self._reasons) and 1
        self._paused_since = event.t

    def _pause(self, t: float, why: Why) -> None:
        if not self._reasons:
            self._paused_since = t
            self._pauses += 1
        self._reasons.add(why)

    def _resume(self, t: float, why: Why) -> None:
        if self._reasons == {why}:
            self._paused += t - self._paused_since
        self._reasons.discard(why)

    def _close(self, event: Event) -> Visit | None:
        shown, self._shown = self._shown, None
        if shown is None or shown.image is None:
            return None
        paused = self._paused + (event.t - self._paused_since if self._reasons else 0.0)
        return Visit(
            image=shown.image,
            sitting=shown.sitting,
            seconds=event.t - shown.t - paused,
            paused=paused,
            pauses=self._pauses,
            cut=event.event == "cut",
        )


class Log:
    """A log that is being written: the disk has every event before `append` returns.

    A last line that a crash left unfinished goes when the first event is written, which would become a part of it.

    Raises:
        WorkError: The log cannot be opened for writing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a+b", buffering=0)
            self._file.seek(0)
            self._size = _whole_lines(self._file.read())
        except OSError as error:
            raise _not_written(path, error) from error

    def append(self, event: Event) -> None:
        """Write one event.

        Raises:
            WorkError: The disk is full or gone; the event is not in the log, and can be written again.
        """
        data = event.line().encode()
        try:
            self._file.truncate(self._size)  # what a write left that failed before
            if self._file.write(data) != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(self._file.fileno())
        except OSError as error:
            raise _not_written(self._path, error) from error
        self._size += len(data)

    def close(self) -> None:
        """Nothing more will be written."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _whole_lines(data: bytes) -> int:
    """How many bytes there are up to the end of the last whole line."""
    return data.rfind(b"\n") + 1


def _not_written(path: Path, error: OSError) -> WorkError:
    return WorkError(
        "The log of a reading cannot be written.",
        found=error.strerror or str(error),
        where=path,
        todo="free space, or get leave to write in that folder; what was recorded before is kept",
    )
