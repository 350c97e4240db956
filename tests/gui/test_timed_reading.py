"""`spinedet study read` in the real LabelImg on a virtual screen: the times in the log against a stopwatch outside.

The stopwatch knows nothing of the program. It looks at a pixel of the screen to see when an image comes, and it notes
when it sends a key; both clocks are the system's monotonic one. What happens in between is known between two looks, so
a moment has an earliest and a latest time: some 20 ms apart, and more where other programs keep the machine busy.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ImageGrab
from sealed_study import COLOURS, ORDER, READER, sealed_study

from spinedet.annotations.boxes import Box
from spinedet.annotations.reading import Event, Timing, read_log, timings_of, visits_of
from spinedet.annotations.voc import read_voc
from spinedet.benchmarks.study.folder import StudyFolder

RIGHT_TO = 0.1
"""Seconds by which a recorded time may differ from the stopwatch's."""

IDLE_SECONDS = 3.0
WIDTH = 320
MIDDLE = (750, 520)
"""A place on the screen that every image covers."""

NEAR = 40
"""Two colours of the screen that differ by less, all three values together, are one."""

COLOUR = dict(zip(ORDER, COLOURS, strict=True))


@dataclass(frozen=True)
class Span:
    """A moment, or the seconds between two: at least, and at most."""

    low: float
    high: float

    def __sub__(self, other: "Span") -> "Span":
        return Span(self.low - other.high, self.high - other.low)

    def __add__(self, other: "Span") -> "Span":
        return Span(self.low + other.low, self.high + other.high)

    def later(self, seconds: float) -> "Span":
        return Span(self.low + seconds, self.high + seconds)

    def allows(self, recorded: float) -> bool:
        """Whether a recorded time is right."""
        return self.low - RIGHT_TO <= recorded <= self.high + RIGHT_TO


@dataclass
class Reader:
    """A reader with a stopwatch: what is seen, when, and when a key is pressed."""

    desk: Any
    folder: StudyFolder
    hand: subprocess.Popen[str]
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def place(self) -> Path:
        return self.folder.reader(READER)

    @property
    def log(self) -> Path:
        return self.place / "log.jsonl"

    @property
    def screen(self) -> Any:
        return self.desk.screen

    def sit_down(self) -> subprocess.Popen[str]:
        """Run the command, and give its window the keys when it shows its first page."""
        command = [sys.executable, "-m", "spinedet", "study", "read", str(self.folder.root), "--reader", READER]
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            command, env=self.screen.environment, stdout=pipe, stderr=pipe, text=True, start_new_session=True
        )
        self.running.append(process)
        return process

    def face(self, title: str) -> None:
        """Wait for a page of the window, and give it the keys."""
        self.screen.focus(title)
        time.sleep(0.3)

    def do(self, words: str) -> Span:
        """Have the hand do something; when that was."""
        assert self.hand.stdin is not None
        assert self.hand.stdout is not None
        before = time.monotonic()
        self.hand.stdin.write(f"{words}\ngetmouselocation\n")  # answers when what was said before is done
        self.hand.stdin.flush()
        assert self.hand.stdout.readline()
        return Span(before, time.monotonic())

    def press(self, key: str) -> Span:
        """Press a key; when that was."""
        return self.do(f"key {key}")

    def sees(self, code: str) -> bool:
        """Whether an image is on the screen."""
        x, y = MIDDLE
        shot = ImageGrab.grab(bbox=(x, y, x + 1, y + 1), xdisplay=self.screen.display).convert("RGB")
        seen = np.subtract(shot.getpixel((0, 0)), COLOUR[code])  # type: ignore[arg-type]
        return bool(np.abs(seen).sum() < NEAR)

    def wait_to_see(self, code: str, gone: bool = False) -> Span:
        """Wait until an image is on the screen, or is no more; when that was."""
        end = time.monotonic() + 20
        before = looked = time.monotonic()
        while self.sees(code) == gone:
            before, looked = looked, time.monotonic()
            assert looked < end, f"{code} {'stays' if gone else 'does not come'}"
        return Span(before, time.monotonic())

    def is_hidden(self, code: str) -> bool:
        """Whether the image is nowhere on the screen."""
        difference = np.abs(self.screen.grab().astype(int) - COLOUR[code]).sum(axis=2)
        return bool((difference >= NEAR).all())

    def read(self, code: str, seconds: float) -> Span:
        """Look at an image for so long, say that there is nothing to find, and take the time."""
        since = self.wait_to_see(code)
        time.sleep(seconds)
        return self.press("space") - since

    def pause(self, code: str, seconds: float) -> Span:
        """Pause by the key for so long; the time from key to key."""
        since = self.press("p")
        self.wait_to_see(code, gone=True)
        assert self.is_hidden(code)
        time.sleep(seconds)
        until = self.press("p")
        self.wait_to_see(code)
        return until - since

    def draw(self, code: str) -> None:
        """Draw a box and name it."""
        view = self.whole(code)
        self.press("w")
        self.screen.drag(view(40, 50), view(120, 110))
        self.desk.wait_for(self.desk.asked, "the question for a class")
        self.screen.text("disc")
        for _ in range(2):
            if self.desk.asked():
                self.screen.key("Return")
        self.desk.wait_for(lambda: not self.desk.asked(), "the end of the question")

    def whole(self, code: str) -> Callable[[float, float], tuple[int, int]]:
        """Where a place of the image is on the screen."""
        near = np.abs(self.screen.grab().astype(int) - COLOUR[code]).sum(axis=2) < NEAR
        rows, columns = np.nonzero(near)
        scale = (columns.max() + 1 - columns.min()) / WIDTH
        return lambda x, y: (round(columns.min() + x * scale), round(rows.min() + y * scale))

    def kill(self) -> Span:
        """Kill the command and the window, as a power cut would; when that was."""
        before = time.monotonic()
        os.killpg(self.running[-1].pid, signal.SIGKILL)
        self.running[-1].communicate()
        return Span(before, time.monotonic())

    def end(self, process: subprocess.Popen[str]) -> str:
        """Wait for an orderly end; what the command said."""
        words, errors = process.communicate(timeout=20)
        assert (process.returncode, errors) == (0, "")
        return words

    def timings(self) -> dict[str, Timing]:
        return timings_of(visits_of(read_log(self.log)))

    def events(self, what: str) -> list[Event]:
        return [event for event in read_log(self.log) if event.event == what]

    def close(self) -> None:
        self.hand.kill()
        self.hand.communicate()
        for process in self.running:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


@pytest.fixture
def reader(desk: Any, tmp_path: Path) -> Iterator[Reader]:
    folder = sealed_study(tmp_path / "study", idle_seconds=IDLE_SECONDS)
    hand = subprocess.Popen(
        ["xdotool", "-"], env=desk.screen.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    made = Reader(desk, folder, hand)
    yield made
    made.close()


def test_times_are_right_through_a_pause_and_a_kill(reader: Reader) -> None:
    """Four images with scripted times; a pause by the key; killed in the middle of the third; a pause for idleness."""
    reader.sit_down()
    reader.face("The reading begins")
    assert not reader.log.exists()
    reader.press("space")
    truth = {"S3": reader.read("S3", 1.0)}

    since = reader.wait_to_see("S1")
    time.sleep(0.6)
    paused = reader.pause("S1", 1.5)
    time.sleep(0.5)
    truth["S1"] = reader.press("space") - since - paused

    since = reader.wait_to_see("S4")
    reader.draw("S4")
    xml = reader.place / "Annotations" / "S4.xml"
    reader.desk.wait_for(xml.exists, "the box in the file")
    before = read_log(reader.log)
    saved = xml.read_bytes()
    truth["S4"] = reader.kill() - since

    # The next day: nothing is lost, and the image that was open goes on.
    assert read_log(reader.log) == before
    process = reader.sit_down()
    reader.face("Welcome back")
    assert read_voc(xml).objects[0].name == "disc"
    assert xml.read_bytes() == saved
    reader.press("space")
    since = reader.wait_to_see("S4")
    time.sleep(0.9)
    truth["S4"] = truth["S4"] + (reader.press("d") - since)

    since = reader.wait_to_see("S2")
    idle_from = since.later(IDLE_SECONDS)
    reader.wait_to_see("S2", gone=True)
    assert reader.is_hidden("S2")
    time.sleep(0.7)
    idle = reader.press("d") - idle_from
    reader.wait_to_see("S2")
    time.sleep(0.5)
    truth["S2"] = reader.press("space") - since - idle

    reader.face("Thank you")
    reader.press("space")
    assert reader.end(process) == f"{READER}: 4 of 4 images read\n"

    timings = reader.timings()
    assert list(timings) == list(ORDER)
    for code, timing in timings.items():
        assert truth[code].allows(timing.seconds), code
    assert paused.allows(timings["S1"].paused)
    assert idle.allows(timings["S2"].paused)
    assert [(one.pauses, one.visits, one.cut) for one in timings.values()] == [
        (0, 1, False),
        (1, 1, False),
        (0, 2, True),
        (1, 1, False),
    ]
    assert read_log(reader.log)[: len(before)] == before
    assert read_voc(xml).verified
    (box,) = (thing.box for thing in read_voc(xml).objects)
    assert np.abs(np.subtract(box, Box(40, 50, 120, 110))).max() <= 1


OTHER = """
import os
os.environ.pop("QT_QPA_PLATFORM_PLUGIN_PATH", None)  # opencv's, where it was imported
from PyQt5.QtWidgets import QApplication, QLabel
app = QApplication([])
window = QLabel("mail")
window.setWindowTitle("Another program")
window.setGeometry(0, 0, 60, 40)
window.show()
app.exec_()
"""


def test_another_window_pauses_and_hides_the_image(reader: Reader) -> None:
    process = reader.sit_down()
    reader.face("The reading begins")
    ours = reader.screen.do("search", "--onlyvisible", "--name", "The reading begins").split()[-1]
    other = subprocess.Popen(
        [sys.executable, "-c", OTHER], env=reader.screen.environment, start_new_session=True, text=True
    )
    reader.running.append(other)
    reader.screen.wait_title("Another program")
    theirs = reader.screen.do("search", "--onlyvisible", "--name", "Another program").split()[-1]
    time.sleep(0.5)
    reader.screen.do("windowfocus", "--sync", ours)
    time.sleep(0.3)
    reader.press("space")

    since = reader.wait_to_see("S3")
    time.sleep(0.8)
    away = reader.do(f"windowfocus {theirs}")
    reader.wait_to_see("S3", gone=True)
    assert reader.is_hidden("S3")
    time.sleep(0.8)
    back = reader.do(f"windowfocus {ours}")
    reader.wait_to_see("S3")
    time.sleep(0.4)
    left = reader.press("ctrl+q")
    assert reader.end(process) == f"{READER}: 0 of 4 images read; run the command again to go on\n"

    timing = reader.timings()["S3"]
    assert (left - since - (back - away)).allows(timing.seconds)
    assert (back - away).allows(timing.paused)
    assert [event.why for event in reader.events("pause")] == ["window"]
    assert [event.event for event in read_log(reader.log)][-2:] == ["left", "end"]
