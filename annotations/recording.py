"""Writes the log of a timed reading while it goes on, so that a kill loses no more than the last beat of the clock.

Beside `log.jsonl` lies `log.beat`, one short line that is written over itself every `BEAT_MS`: the last moment at which
the window is known to have been there. The next sitting reads it and ends the one that was killed with a `cut` event.
"""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from spinedet.annotations.errors import InputError, WorkError, at
from spinedet.annotations.reading import Event, Log, What, Why, read_log

BEAT_MS = 50
"""The beat is written so often; a kill loses no more than that."""

BEAT = ".beat"
"""Ends the name of the file with the last beat."""

BEAT_BYTES = 120
"""Length of its line, filled with blanks: it always covers the one before."""

Clock = Callable[[], float]
"""Seconds that never go back."""


class Beat(BaseModel):
    """The last moment that is known of a sitting.

    Attributes:
        sitting: Number of the sitting.
        t: Seconds on its monotonic clock.
        wall: Date and time in UTC, ISO 8601.
    """

    model_config = ConfigDict(frozen=True)

    sitting: int
    t: float
    wall: str


class Recorder:
    """One sitting, written down as it happens.

    Args:
        path: The log; earlier sittings stay in it.
        protocol: Hash of the study's protocol.
        clock: Tells the seconds of this sitting.

    Raises:
        InputError: The log is damaged, or its earlier sittings were made under another protocol.
        WorkError: The log cannot be written.

    Attributes:
        sitting: Number of this sitting, from 1.
    """

    def __init__(self, path: Path, protocol: str, clock: Clock = time.monotonic) -> None:
        events = read_log(path)
        check_protocol(path, events, protocol)
        self.sitting = max((event.sitting for event in events), default=0) + 1
        self._clock, self._last = clock, clock()
        self._waiting: list[Event] = []
        beat = path.with_suffix(BEAT)
        cut = cut_of(events, _read_beat(beat))
        self._log = Log(path)
        try:
            self._beat = beat.open("r+b" if beat.exists() else "w+b", buffering=0)
        except OSError as error:
            self._log.close()
            raise _no_beat(beat, error) from error
        self._waiting += [cut] if cut else []
        self.note("sitting", self._last, protocol=protocol)

    def note(
        self,
        what: What,
        t: float | None = None,
        image: str | None = None,
        why: Why | None = None,
        protocol: str | None = None,
    ) -> None:
        """Write an event down.

        Args:
            what: What happened.
            t: When; now where it is left out. It is never set before the event that was noted last.
            image: The image that it is about.
            why: Of a pause, and of its end.
            protocol: Of the sitting.

        Raises:
            WorkError: The log cannot be written; the event is kept, and written with the next one or the next beat.
        """
        now = self._clock()
        self._last = max(self._last, now if t is None else t)
        wall = _wall(now - self._last)
        self._waiting.append(
            Event(event=what, t=self._last, wall=wall, sitting=self.sitting, image=image, why=why, protocol=protocol)
        )
        self._write()

    def _write(self) -> None:
        while self._waiting:
            self._log.append(self._waiting[0])
            self._waiting.pop(0)

    def beat(self) -> None:
        """Say that the window is still there; call it every `BEAT_MS`.

        Raises:
            WorkError: It cannot be written, or an event that waits cannot.
        """
        self._write()
        beat = Beat(sitting=self.sitting, t=self._clock(), wall=_wall())
        try:
            self._beat.seek(0)
            self._beat.write(beat.model_dump_json().encode().ljust(BEAT_BYTES - 1) + b"\n")
        except OSError as error:
            raise _no_beat(Path(str(self._beat.name)), error) from error

    def close(self) -> None:
        """End the sitting.

        Raises:
            WorkError: The log cannot be written.
        """
        try:
            self.note("end")
        finally:
            self._log.close()
            self._beat.close()


def check_protocol(path: Path, events: Sequence[Event], protocol: str) -> None:
    """Refuse to go on with a reading that was begun under another protocol.

    Raises:
        InputError: An earlier sitting has another hash, or does not tell its own; its line is named.
    """
    begun: set[int] = set()
    for number, event in enumerate(events, start=1):
        if event.event == "sitting":
            begun.add(event.sitting)
        elif event.sitting not in begun:
            raise InputError(
                "A log does not say under which protocol a sitting was.",
                expected=f"the event 'sitting' of sitting {event.sitting} first",
                found=event.event,
                where=at(path, number),
                todo="the log is evidence and was changed or damaged; restore it from a copy, or leave this reader out",
            )
        if event.event == "sitting" and event.protocol != protocol:
            raise InputError(
                "This reading was begun under another protocol.",
                expected=f"sha256 {protocol[:12]}…",
                found=f"sha256 {(event.protocol or 'none')[:12]}",
                where=at(path, number),
                todo="the study's folder and the reader's folder do not belong together; restore the one that was "
                "changed, or have the reader begin anew in the new study",
            )


def cut_of(events: Sequence[Event], beat: Beat | None) -> Event | None:
    """The event that ends the last sitting of a log where it was killed; None where it ended by itself.

    Args:
        events: The log.
        beat: The last moment known; of another sitting it says nothing.
    """
    if not events or events[-1].event in {"end", "cut"}:
        return None
    last = events[-1]
    if beat is None or beat.sitting != last.sitting or beat.t < last.t:
        beat = Beat(sitting=last.sitting, t=last.t, wall=last.wall)
    return Event(event="cut", t=beat.t, wall=beat.wall, sitting=last.sitting)


def _read_beat(path: Path) -> Beat | None:
    """The last beat; None where there is none, or a power cut parted it: then the last event is all that is known."""
    try:
        return Beat.model_validate_json(path.read_bytes().strip())
    except (FileNotFoundError, ValidationError):
        return None
    except OSError as error:
        raise _no_beat(path, error) from error


def _wall(seconds_ago: float = 0.0) -> str:
    moment = datetime.fromtimestamp(time.time() - seconds_ago, UTC)
    return moment.isoformat(timespec="milliseconds")


def _no_beat(path: Path, error: OSError) -> WorkError:
    return WorkError(
        "The clock of a reading cannot be written.",
        found=error.strerror or str(error),
        where=path,
        todo="get leave to write in that folder, or free space",
    )
