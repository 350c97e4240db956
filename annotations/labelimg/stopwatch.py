"""Takes a reader's time: when an image comes and goes, when the reader pauses, and why."""

import time
from collections.abc import Callable
from functools import partial

from PyQt5.QtCore import QObject, QTimer, pyqtSignal

from spinedet.annotations.errors import WorkError
from spinedet.annotations.labelimg.presence import Presence
from spinedet.annotations.labelimg.timed_session import TimedSession
from spinedet.annotations.reading import What, Why
from spinedet.annotations.recording import BEAT_MS, Recorder


class Stopwatch(QObject):
    """Writes down what happens to the image on the screen.

    Args:
        parent: The main window.
        session: What is read, and where the times go.

    Attributes:
        image: The image on the screen; None while there is none.
        since: When it came there.
        reasons: Why time stands still; empty while it runs.
        presence: Tells when the reader goes and comes.
    """

    changed = pyqtSignal()
    """Time stands still, or runs again."""
    failed = pyqtSignal(str)
    """Something could not be written; told once until it can be again, and nothing is forgotten."""

    def __init__(self, parent: QObject, session: TimedSession) -> None:
        super().__init__(parent)
        self._session = session
        self.image: str | None = None
        self.since: float | None = None
        self.reasons: set[Why] = set()
        self._recorder: Recorder | None = None
        self._practising = False
        self._failing = False
        self.presence = Presence(self, session.idle_seconds)
        self.presence.away.connect(partial(self._pause, "window"))
        self.presence.back.connect(partial(self._resume, "window"))
        self.presence.dozed.connect(self._doze)
        self.presence.stirred.connect(partial(self._resume, "idle"))
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._beat)

    def open(self, practising: bool) -> None:
        """Say whether the images that follow are practice: each has its own log.

        Raises:
            InputError: The log is damaged, or was begun under another protocol.
            WorkError: It cannot be written.
        """
        if self._recorder is not None and self._practising == practising:
            return
        self.close()
        path = self._session.practice_log if practising else self._session.log
        self._recorder, self._practising = Recorder(path, self._session.protocol), practising
        self._timer.start(BEAT_MS)

    def shown(self, image: str, t: float) -> None:
        """An image is on the screen."""
        self.image, self.since = image, t
        self.reasons.clear()
        self._note("shown", t)
        self.presence.watch(t)
        if not self.presence.here:
            self._pause("window", t)

    def left(self, t: float) -> None:
        """The reader leaves it."""
        if self.image is not None:
            self._note("left", t)
        self.image = self.since = None
        self.reasons.clear()
        self.presence.rest()

    def toggle(self) -> None:
        """The pause key: pause, or go on. Where the window was only waiting for some input, that is what it was."""
        now = time.monotonic()
        self.presence.check()
        if "idle" in self.reasons:
            self.presence.stir()
        elif "key" in self.reasons:
            self.presence.watch(now)
            self._resume("key", now)
        elif self.image is not None:
            self.presence.rest()
            self._pause("key", now)

    def stop(self) -> None:
        """End the sitting, and look for nobody any more."""
        self.close()
        self.presence.stop()

    def close(self) -> None:
        """End the sitting; another log can be opened."""
        self._timer.stop()
        if self._recorder is not None:
            self._try(self._recorder.close)
        self._recorder = None

    def _doze(self, t: float) -> None:
        if not self.reasons:  # who has gone to another window gives no input here
            self._pause("idle", t)

    def _pause(self, why: Why, t: float) -> None:
        self.presence.check()
        if self.image is not None and why not in self.reasons:
            self.reasons.add(why)
            self._note("pause", t, why)
            self.changed.emit()

    def _resume(self, why: Why, t: float) -> None:
        if self.image is not None and why in self.reasons:
            self.reasons.remove(why)
            self._note("resume", t, why)
            self.changed.emit()

    def _note(self, what: What, t: float, why: Why | None = None) -> None:
        if self._recorder is not None:
            image = self.image if what in {"shown", "left"} else None
            self._try(partial(self._recorder.note, what, t, image, why))

    def _beat(self) -> None:
        self.presence.check()
        if self._recorder is not None:
            self._try(self._recorder.beat)

    def _try(self, write: Callable[[], None]) -> None:
        try:
            write()
        except WorkError as error:
            if not self._failing:
                QTimer.singleShot(0, partial(self.failed.emit, str(error)))  # a message would hold up what goes on
            self._failing = True
        else:
            self._failing = False
