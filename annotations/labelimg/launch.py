"""Starts LabelImg in a process of its own and says, in words, how that ended."""

import importlib.util
import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from spinedet.annotations.errors import InputError, SpinedetError, WorkError
from spinedet.annotations.files import read_json
from spinedet.annotations.labelimg.session import Session

MODULE = "spinedet.annotations.labelimg"

NEEDED = ("PyQt5", "labelImg", "libs")
"""What the extra `annotate` installs, by import name."""

_OF_OPENCV = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR")
"""opencv-python points Qt to its own plugins, with which PyQt5 does not start."""

_NO_DISPLAY = ("could not connect to display", "could not load the Qt platform plugin")

CLOSING_SECONDS = 10.0
"""How long LabelImg may take to save and close after Ctrl-C."""


def annotate(session: Session) -> tuple[str, ...]:
    """Show LabelImg until the annotator closes it.

    Returns:
        Images whose last save had been cut short in an earlier session and was put into the history now.

    Raises:
        InputError: LabelImg or a display is missing, or the folder cannot be written or is open elsewhere.
        WorkError: LabelImg ended by itself.
    """
    check_ready()
    _make_folder(session.folder)
    with tempfile.TemporaryDirectory(prefix="spinedet-annotate-", ignore_cleanup_errors=True) as scratch:
        place = Path(scratch)
        session.write(place / "session.json")
        code = _run(place)
        if not (place / "outcome.json").exists():
            raise _crashed(code, (place / "messages.txt").read_text(encoding="utf-8", errors="replace"))
        return _result(place / "outcome.json")


def check_ready() -> None:
    """Check that LabelImg can be started here.

    Raises:
        InputError: A package or the display is missing.
    """
    if missing := [name for name in NEEDED if importlib.util.find_spec(name) is None]:
        raise InputError(
            "LabelImg is not installed.",
            expected="the packages labelImg and PyQt5",
            found=f"no {', '.join(missing)}",
            todo='pip install "spinedet[annotate]"',
        )
    if sys.platform.startswith("linux") and not _has_display():
        raise _no_display()


def _has_display() -> bool:
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def _no_display() -> InputError:
    return InputError(
        "There is no display to show LabelImg on.",
        expected="a desktop session",
        found=f"DISPLAY={os.environ.get('DISPLAY', '')}",
        todo="run the command on the desktop itself, or over `ssh -X`",
    )


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        todo = "choose a dataset folder you may write to, or ask for the right to"
        raise InputError("The folder cannot be made.", found=error.strerror, where=folder, todo=todo) from error


def _run(place: Path) -> int:
    environment = {name: value for name, value in os.environ.items() if name not in _OF_OPENCV}
    command = [sys.executable, "-P", "-m", MODULE, str(place / "session.json"), str(place / "outcome.json")]
    with (place / "messages.txt").open("wb") as messages:
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=messages, stderr=messages)
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):  # it asks something, and saves when that is answered
                process.wait(CLOSING_SECONDS)
            raise


def _crashed(code: int, messages: str) -> SpinedetError:
    if any(words.lower() in messages.lower() for words in _NO_DISPLAY):
        return _no_display()
    last = messages.strip().splitlines()[-1:] or ["no message"]
    return WorkError(
        "LabelImg ended by itself.",
        found=f"exit code {code}: {last[0]}",
        todo="run the command again: it opens the image that was open, and what was drawn before is saved",
    )


def _result(path: Path) -> tuple[str, ...]:
    outcome = read_json(path, "outcome of LabelImg")
    if outcome["what"] is None:
        return tuple(outcome["recovered"])
    kind = InputError if outcome["exit_code"] == InputError.exit_code else WorkError
    details = outcome["details"]
    raise kind(
        outcome["what"],
        expected=details["expected"],
        found=details["found"],
        where=details["where"],
        todo=details["to do"],
    )
