"""The life of LabelImg's process: the lock, the window, signals, and what is told to the process that started it."""

import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from types import TracebackType

from pydantic import BaseModel
from PyQt5.QtCore import QTimer
from PyQt5.QtWidgets import QApplication, QMessageBox

from spinedet.annotations import history
from spinedet.annotations.errors import SpinedetError
from spinedet.annotations.files import write_text
from spinedet.annotations.labelimg.canvas import ClearCanvas
from spinedet.annotations.labelimg.cures import cure
from spinedet.annotations.labelimg.session import Session
from spinedet.annotations.labelimg.timed import TimedWindow
from spinedet.annotations.labelimg.timed_canvas import TimedCanvas
from spinedet.annotations.labelimg.timed_session import TimedSession, read_session
from spinedet.annotations.labelimg.window import SessionWindow
from spinedet.annotations.lock import Lock, annotating

LISTEN_MS = 200
"""Python sees a signal only when Qt lets it run, which a timer makes it do so often."""

Ready = Callable[[SessionWindow], None]
"""Told when the window is shown."""


class Outcome(BaseModel):
    """What the process tells when it ends.

    Attributes:
        recovered: Images of which interrupted saves had left drawings behind, which are in the history now.
        what: What went wrong; None where the session ended well.
        details: The other parts of the error's message.
        exit_code: 0, or the error's.
    """

    recovered: tuple[str, ...] = ()
    what: str | None = None
    details: dict[str, str | None] = {}
    exit_code: int = 0


def run(session_file: Path, outcome_file: Path, ready: Ready | None = None) -> int:
    """Show LabelImg for a session until it is closed.

    Args:
        session_file: What `Session.write` wrote.
        outcome_file: Where the `Outcome` goes.
        ready: Called with the window once it is shown.

    Returns:
        The exit code: 0, or that of the error in the outcome.
    """
    session = read_session(session_file)
    try:
        with annotating(session.folder, session.annotator or session.folder.name) as lock:
            recovered = _recover(session)
            with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
                _show(session, lock, ready)  # LabelImg prints what it does, with names of images
        outcome = Outcome(recovered=recovered)
    except SpinedetError as error:
        outcome = Outcome(what=error.what, details=error.details, exit_code=error.exit_code)
    write_text(outcome_file, outcome.model_dump_json())
    return outcome.exit_code


def _recover(session: Session) -> tuple[str, ...]:
    """Images of which an interrupted save left something, which is in the history now."""
    folders = sorted({work.xml.parent for work in session.works})
    versions = [version for folder in folders for version in history.recover(folder)]
    return tuple(dict.fromkeys(version.path.parent.name for version in versions))


def _show(session: Session, lock: Lock, ready: Ready | None) -> None:
    app = QApplication(["labelImg"])
    cure(TimedCanvas if isinstance(session, TimedSession) else ClearCanvas, session.classes, session.closed)
    window = TimedWindow(session, lock) if isinstance(session, TimedSession) else SessionWindow(session, lock)
    _survive_defects(window)
    _close_on_signals(window)
    window.show()
    if ready is not None:
        ready(window)
    app.exec_()


def _survive_defects(window: SessionWindow) -> None:
    """An exception in LabelImg ends neither the program nor the drawing: it is told, and what is drawn is saved."""

    def told(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        traceback.print_exception(kind, error, trace)
        window.canvas.current = None
        kept = "Your boxes are saved." if _saved(window) else "Your boxes are on the screen and NOT saved."
        if QApplication.activeModalWidget() is None:  # a defect in painting comes again with the message itself
            QMessageBox.warning(window, "A defect", f"LabelImg failed at this ({kind.__name__}). {kept}")

    sys.excepthook = told


def _saved(window: SessionWindow) -> bool:
    try:
        return window.flush()
    except Exception:  # the defect may be in saving itself
        traceback.print_exc()
        return False


def _close_on_signals(window: SessionWindow) -> None:
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # the last one: the terminal was closed; Windows has none
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: window.close())
    listener = QTimer(window)
    listener.timeout.connect(lambda: None)
    listener.start(LISTEN_MS)
