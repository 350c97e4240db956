"""A virtual screen with a hand on the mouse and the keys: Xvfb and xdotool, both real programs.

Every test here is marked `gui` and skipped where the programs are missing, unless `SPINEDET_REQUIRE` names `gui`.
"""

import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageGrab

from spinedet.annotations.boxes import Box
from spinedet.annotations.labelimg.session import Session
from spinedet.annotations.voc import read_voc
from spinedet.datasets.annotating import make_session

SCREEN = "1600x1000x24"
PATIENCE = 20.0
"""Seconds that a window, or a file, may take to show what is waited for."""

HERE = Path(__file__).parent
PROGRAMS = ("Xvfb", "xdotool")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    there = all(map(shutil.which, PROGRAMS)) and importlib.util.find_spec("PyQt5") is not None
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.gui)
            if not there and "gui" not in os.environ.get("SPINEDET_REQUIRE", ""):
                item.add_marker(pytest.mark.skip(reason="needs Xvfb, xdotool and PyQt5"))


def wait_for(what: Callable[[], object], told: str, seconds: float = PATIENCE) -> None:
    """Wait until `what` is true."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, f"waited {seconds:g} s for {told}"
        time.sleep(0.05)


@dataclass
class View:
    """Where an image stands on the screen: left, top, and screen pixels for one of its own."""

    left: float
    top: float
    scale: float

    def at(self, x: float, y: float) -> tuple[int, int]:
        """The place on the screen of an edge of the image's pixels."""
        return round(self.left + x * self.scale), round(self.top + y * self.scale)


@dataclass
class Screen:
    """A virtual screen and what a person does there."""

    display: str
    environment: dict[str, str] = field(default_factory=dict)

    def do(self, *words: object) -> str:
        """Run xdotool."""
        done = subprocess.run(
            ["xdotool", *map(str, words)], env=self.environment, capture_output=True, text=True, timeout=20
        )
        return done.stdout.strip()

    def wait_title(self, words: str) -> None:
        """Wait for a window with these words in its title."""
        wait_for(lambda: self.do("search", "--onlyvisible", "--name", re.escape(words)), f"a window '{words}'")

    def focus(self, words: str) -> None:
        """Give the keys to the window with these words in its title (there is no window manager here)."""
        self.wait_title(words)
        self.do("windowfocus", "--sync", self.do("search", "--name", re.escape(words)).split()[-1])

    def key(self, *keys: str) -> None:
        """Press keys one after the other."""
        for one in keys:
            self.do("key", one)
            time.sleep(0.08)

    def text(self, words: str) -> None:
        """Type."""
        self.do("type", "--delay", 20, words)

    def move(self, place: tuple[int, int]) -> None:
        """Move the mouse."""
        self.do("mousemove", *place)
        time.sleep(0.05)

    def drag(self, start: tuple[int, int], end: tuple[int, int], button: int = 1, steps: int = 8) -> None:
        """Press at one place, move in steps, let go at the other."""
        self.move((start[0] + 3, start[1] + 3))  # a hand comes from somewhere; LabelImg looks what lies under it
        self.move(start)
        self.do("mousedown", button)
        for step in range(1, steps + 1):
            self.move(tuple(round(a + (b - a) * step / steps) for a, b in zip(start, end, strict=True)))  # type: ignore[arg-type]
        self.do("mouseup", button)
        time.sleep(0.1)

    def grab(self) -> NDArray[np.uint8]:
        """(H, W, 3) RGB of the whole screen."""
        return np.asarray(ImageGrab.grab(xdisplay=self.display).convert("RGB"))


@pytest.fixture(scope="session")
def screen() -> Iterator[Screen]:
    """One virtual screen for all tests of this folder."""
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", SCREEN, "-nolisten", "tcp"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as told:
        display = f":{told.readline().strip()}"
    environment = {**os.environ, "DISPLAY": display}
    environment.pop("QT_QPA_PLATFORM", None)
    yield Screen(display, environment)
    server.terminate()
    server.wait(10)


TOP_LEFT, BOTTOM_RIGHT = (255, 0, 255), (0, 255, 255)
MARK = 8
"""Side of the coloured squares in two corners of a test image, by which it is found on the screen."""


def marked_image(width: int, height: int) -> NDArray[np.uint8]:
    """(H, W, 3) RGB: dark grey with a square of its own colour in two corners."""
    pixels = np.full((height, width, 3), 60, np.uint8)
    pixels[:MARK, :MARK], pixels[-MARK:, -MARK:] = TOP_LEFT, BOTTOM_RIGHT
    return pixels


def find_image(shot: NDArray[np.uint8], width: int) -> View:
    """Where a `marked_image` of this width stands in a picture of the screen; both corners must be in sight."""
    first, last = _of_colour(shot, TOP_LEFT), _of_colour(shot, BOTTOM_RIGHT)
    left, top = first.min(axis=0)
    right = last.max(axis=0)[0] + 1
    return View(float(left), float(top), float(right - left) / width)


def _of_colour(shot: NDArray[np.uint8], colour: tuple[int, int, int]) -> NDArray[np.int64]:
    """(N, 2) x and y of the pixels near a colour."""
    near = (np.abs(shot.astype(int) - colour) < 60).all(axis=2)
    rows, columns = np.nonzero(near)
    assert rows.size, f"no {colour} on the screen"
    return np.stack([columns, rows], axis=1)


def _hear_the_terminal() -> None:
    """A test run that a terminal cannot end (nohup) must not hand that on to the program under test."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@dataclass
class Desk:
    """A screen, a dataset, and LabelImg on it."""

    screen: Screen
    dataset: Path
    title: str = ""
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, *options: str) -> subprocess.Popen[str]:
        """`spinedet annotate DATASET ...`, as a person types it."""
        command = [sys.executable, "-m", "spinedet", "annotate", str(self.dataset), *options]
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            command,
            env=self.screen.environment,
            stdout=pipe,
            stderr=pipe,
            text=True,
            start_new_session=True,
            preexec_fn=_hear_the_terminal,
        )
        self.running.append(process)
        return process

    def open(self, *options: str, title: str) -> subprocess.Popen[str]:
        """Start, and wait until a window shows the image that its title names."""
        process = self.start(*options)
        self.turn_to(title)
        time.sleep(0.5)  # the first paint
        return process

    def turn_to(self, title: str) -> None:
        """Wait for LabelImg to show an image, and give it the keys."""
        self.title = title
        self.screen.focus(title)

    def key(self, *keys: str) -> None:
        """Press keys in LabelImg's window (after a dialog nobody gives it the keys back: there is no desktop here)."""
        self.screen.focus(self.title)
        self.screen.key(*keys)

    def view(self, width: int) -> View:
        """Where the image stands now."""
        return find_image(self.screen.grab(), width)

    def shown(self, width: int) -> View | None:
        """As `view`; None where a corner of the image is out of sight."""
        try:
            return self.view(width)
        except AssertionError:
            return None

    def grey(self, view: View, x: int, y: int) -> int:
        """The brightness on the screen at a place of the image."""
        across, down = view.at(x, y)
        return int(self.screen.grab()[down, across].mean())

    def wait_for(self, what: Callable[[], object], told: str) -> None:
        """Wait until `what` is true; a picture of the screen tells why that did not come."""
        try:
            wait_for(what, told)
        except AssertionError as error:
            picture = self.dataset.parent / "screen.png"
            Image.fromarray(self.screen.grab()).save(picture)
            raise AssertionError(f"{error}; the screen then: {picture}") from None

    def draw(self, view: View, name: str, x0: int, y0: int, x1: int, y1: int) -> None:
        """Draw a box between two corners and name its class."""
        self.key("w")
        self.screen.drag(view.at(x0, y0), view.at(x1, y1))
        self.wait_for(self.asked, "the question for a class")
        self.screen.text(name)
        self.screen.key("Return")  # closes the list of completions, where one is open
        if self.asked():
            self.screen.key("Return")
        self.wait_for(lambda: not self.asked(), "the end of the question for a class")

    def asked(self) -> bool:
        """Whether LabelImg asks for a class: its dialog has the program's name and nothing else as a title."""
        windows = self.screen.do("search", "--onlyvisible", "--class", ".").split()
        return "labelImg" in {self.screen.do("getwindowname", window) for window in windows}

    def close(self) -> None:
        """End what still runs."""
        for process in self.running:
            if process.poll() is None:
                process.kill()
            process.communicate()


@pytest.fixture
def desk(screen: Screen, tmp_path: Path) -> Iterator[Desk]:
    """Two marked images of 320 x 240 pixels, `one` and `two`, of the classes disc and vertebra."""
    root = tmp_path / "set"
    (root / "JPEGImages").mkdir(parents=True)
    for name in ("one", "two"):
        Image.fromarray(marked_image(320, 240)).save(root / "JPEGImages" / f"{name}.png")
    (root / "dataset.yaml").write_text("classes: [disc, vertebra]\n", encoding="utf-8")
    made = Desk(screen, root)
    yield made
    made.close()


DRIVER = HERE / "driver.py"
SECONDS = 60.0
"""The longest that a scene may take on a slow machine."""


@dataclass(frozen=True)
class Child:
    """LabelImg while a scene is played in it."""

    process: subprocess.Popen[str]
    outcome: Path

    def told(self) -> str:
        """The next line that the scene tells; empty at its end."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def end(self, code: int = 0) -> dict[str, Any]:
        """Wait for its end, which must be orderly: the outcome that it told the process that started it."""
        _, errors = self.process.communicate(timeout=SECONDS)
        assert self.process.returncode == code, errors
        assert "Traceback" not in errors, errors
        return dict(json.loads(self.outcome.read_text(encoding="utf-8")))


@dataclass
class Studio:
    """A dataset, and LabelImg on it without a screen, driven by scenes of the folder `scenes`."""

    dataset: Path
    home: Path
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def images(self) -> Path:
        return self.dataset / "JPEGImages"

    def xml(self, image: str, annotator: str | None = None) -> Path:
        """Where the drawing of an image lies."""
        folder = "Annotations" if annotator is None else f"annotators/{annotator}"
        return self.dataset / folder / f"{image}.xml"

    def drawn(self, image: str, annotator: str | None = None) -> list[tuple[str, Box]]:
        """Class and box of each object, as the file has them; none where there is no file."""
        xml = self.xml(image, annotator)
        return [(thing.name, thing.box) for thing in read_voc(xml).objects] if xml.exists() else []

    def begin(self, scene: str, *words: object, **choice: Any) -> Child:
        """Start LabelImg on a scene, `file.function`; `choice` goes to `make_session`."""
        return self.begin_session(make_session(self.dataset, **{"annotator": None, **choice}), scene, *words)

    def begin_session(self, session: Session, scene: str, *words: object) -> Child:
        """Start LabelImg on a scene with a session of the test's own."""
        file, name = scene.split(".")
        place = Path(tempfile.mkdtemp(dir=self.home.parent))
        session.write(place / "session.json")
        command = [sys.executable, "-P", str(DRIVER), str(HERE / "scenes" / f"{file}.py"), name]
        command += [str(place / "session.json"), str(place / "outcome.json"), *map(str, words)]
        own = {"QT_QPA_PLATFORM": "offscreen", "HOME": str(self.home), "XDG_RUNTIME_DIR": str(self.home.parent)}
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, env={**os.environ, **own}, stdout=pipe, stderr=pipe, text=True)
        self.running.append(process)
        return Child(process, place / "outcome.json")

    def play(self, scene: str, *words: object, **choice: Any) -> dict[str, Any]:
        """Play a scene in LabelImg from the first to the last line; it must end without an exception."""
        return self.begin(scene, *words, **choice).end()

    def close(self) -> None:
        """End what still runs."""
        for process in self.running:
            if process.poll() is None:
                process.kill()
            process.communicate()


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    """Two grey images of 320 x 240 pixels, `one` and `two`, of the classes disc and vertebra."""
    root, home = tmp_path / "set", tmp_path / "home"
    (root / "JPEGImages").mkdir(parents=True)
    home.mkdir()
    for name in ("one", "two"):
        Image.fromarray(np.full((240, 320), 60, np.uint8)).save(root / "JPEGImages" / f"{name}.png")
    (root / "dataset.yaml").write_text("classes: [disc, vertebra]\n", encoding="utf-8")
    made = Studio(root, home)
    yield made
    made.close()
