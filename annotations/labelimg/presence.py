"""Whether somebody sits before the window: input, or none for long, and other windows in the place of ours."""

import time
from typing import Any

from PyQt5.QtCore import QAbstractNativeEventFilter, QEvent, QObject, Qt, pyqtSignal
from PyQt5.QtWidgets import QApplication

PRESSED = {QEvent.KeyPress, QEvent.MouseButtonPress, QEvent.Wheel, QEvent.TouchBegin, QEvent.TabletPress}
"""Something was done on purpose."""

INPUT = PRESSED | {QEvent.MouseMove, QEvent.ShortcutOverride, QEvent.TouchUpdate, QEvent.TabletMove}
"""Somebody is there; a key that is a shortcut never becomes a `KeyPress`."""

X_FOCUS_OUT = 10
"""Number of the event by which an X server tells that the keys go to another window."""

X_EVENTS = b"xcb_generic_event_t"

SETTLING_SECONDS = 1.0
"""Under X, Qt waits some 100 ms whether another window of ours gets the keys; it was no longer than that ago."""


class _FocusLost(QAbstractNativeEventFilter):
    """Remembers when an X server last took the keys away; elsewhere Qt tells it at once."""

    def __init__(self) -> None:
        super().__init__()
        self.t = 0.0

    def nativeEventFilter(self, kind: Any, message: Any) -> tuple[bool, int]:  # noqa: N802 (Qt's name)
        """Look, and let everything pass."""
        if bytes(kind) == X_EVENTS and message.asarray(1)[0] & 0x7F == X_FOCUS_OUT:
            self.t = time.monotonic()
        return False, 0


class Presence(QObject):
    """Tells when the reader goes and comes, on the monotonic clock.

    Args:
        parent: The main window.
        idle_seconds: Without input for longer, the reader has gone.

    Attributes:
        watching: Whether it is looked for input now.
    """

    away = pyqtSignal(float)
    """No window of ours has the keys any more."""
    back = pyqtSignal(float)
    """One has them again."""
    dozed = pyqtSignal(float)
    """There was no input for so long; the moment is that at which the time was up, not that at which it was seen."""
    stirred = pyqtSignal(float)
    """There is input again."""

    def __init__(self, parent: QObject, idle_seconds: float) -> None:
        super().__init__(parent)
        self.idle_seconds, self.watching = idle_seconds, False
        self._last_input, self._dozing, self._gone = time.monotonic(), False, not self.here
        self._focus_lost = _FocusLost()
        app = QApplication.instance()
        app.installEventFilter(self)
        app.installNativeEventFilter(self._focus_lost)
        app.applicationStateChanged.connect(self._state_changed)

    @property
    def here(self) -> bool:
        """Whether a window of ours has the keys."""
        return bool(QApplication.applicationState() == Qt.ApplicationActive)

    def watch(self, t: float) -> None:
        """Look for input from a moment on."""
        self.watching, self._dozing, self._last_input = True, False, t

    def rest(self) -> None:
        """Look for no input: there is nothing to read now."""
        self.watching = self._dozing = False

    def stop(self) -> None:
        """Let go of the program's events, which would come still while it falls to pieces."""
        app = QApplication.instance()
        app.removeEventFilter(self)
        app.removeNativeEventFilter(self._focus_lost)
        self.blockSignals(True)

    def check(self) -> None:
        """See whether the time without input is up; call it often, and before any other event is noted."""
        if self.watching and not self._dozing and time.monotonic() > self._last_input + self.idle_seconds:
            self._dozing = True
            self.dozed.emit(self._last_input + self.idle_seconds)

    def stir(self) -> None:
        """There is input."""
        self.check()
        self._last_input = time.monotonic()
        if self._dozing:
            self._dozing = False
            self.stirred.emit(self._last_input)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Take note of input. What wakes the window does nothing else: nobody saw on what it would act."""
        kind = event.type()
        if kind not in INPUT:
            return False
        self.check()
        if not self._dozing:
            self._last_input = time.monotonic()
            return False
        if kind == QEvent.ShortcutOverride:
            return False  # the key itself comes next
        self.stir()
        return kind in PRESSED

    def _state_changed(self, _state: Any) -> None:
        now = time.monotonic()
        if self.here and self._gone:
            self._gone = False
            self.back.emit(now)
            self.stir()
        elif not self.here and not self._gone:
            self._gone = True
            lost = self._focus_lost.t
            self.away.emit(lost if now - lost < SETTLING_SECONDS else now)
