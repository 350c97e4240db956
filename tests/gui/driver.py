"""A hand inside LabelImg's own process: `python -P driver.py SCENES.py SCENE SESSION.json OUTCOME.json [WORD ...]`.

A scene is a generator. It asks the hand to do something and yields what must come true before it goes on. Everything
that is done is put into Qt's queue, for a question on the screen keeps the one who caused it waiting for its answer.
Qt's offscreen platform paints and takes events as a desktop does, without one, in a tenth of the time.
"""

import importlib.util
import os
import sys
import time
import traceback
from collections.abc import Callable, Generator
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from PyQt5.QtCore import QEvent, QPoint, QPointF, Qt, QTimer
from PyQt5.QtGui import QMouseEvent, QWheelEvent
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QAbstractButton, QApplication, QMenu, QWidget

from spinedet.annotations.labelimg.process import run

Scene = Generator[Callable[[], object], None, None]

PATIENCE = 30.0
"""Seconds that what a scene waits for may take to come."""

TICK_MS = 1

ROOM = (1000, 700)
"""The window's size: an image of 320 x 240 pixels is then shown larger than it is."""

FAILED = 70
"""Exit code where a scene, or LabelImg, raised; the traceback is on stderr."""

LEFT, MIDDLE, RIGHT, NONE = Qt.LeftButton, Qt.MiddleButton, Qt.RightButton, Qt.NoButton
CTRL, PLAIN = Qt.ControlModifier, Qt.NoModifier


class Hand:
    """Moves the mouse and presses keys; places are edges of the image's pixels.

    Attributes:
        words: What the test tells the scene.
        tell_a_person: What spinedet does with an exception in LabelImg; a scene ends at one otherwise.
    """

    def __init__(self, window: Any, words: list[str]) -> None:
        self.window, self.words = window, words
        self.tell_a_person = sys.excepthook

    @property
    def canvas(self) -> Any:
        return self.window.canvas

    @property
    def shapes(self) -> list[Any]:
        return list(self.canvas.shapes)

    def box(self, place: int = -1) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of a box on the canvas."""
        edges = self.shapes[place].bounding_rect()
        return edges.left(), edges.top(), edges.right(), edges.bottom()

    def tell(self, word: object) -> None:
        """A line to the test; what LabelImg prints goes nowhere."""
        os.write(1, f"{word}\n".encode())

    # Doing.

    def do(self, action: Callable[[], object]) -> Scene:
        """Do it, and go on when it is done or has asked something."""
        done: list[bool] = []
        before = self.question()

        def act() -> None:
            action()
            self.canvas.repaint()
            done.append(True)

        QTimer.singleShot(0, act)
        yield lambda: done or self.question() is not before

    def question(self) -> Any:
        """The dialog or menu that waits for an answer."""
        popup = QApplication.activePopupWidget()
        return popup if isinstance(popup, QMenu) else QApplication.activeModalWidget()

    def answer(self, words: str) -> Scene:
        """Click a button of the dialog, or a line of the menu, by its words."""
        yield lambda: self.question() is not None
        asked = self.question()
        if isinstance(asked, QMenu):
            action = next(one for one in asked.actions() if words == one.text().replace("&", ""))
            yield from self.do(lambda: (asked.setActiveAction(action), QTest.keyClick(asked, Qt.Key_Return)))
        else:
            button = next(one for one in asked.findChildren(QAbstractButton) if words == one.text().replace("&", ""))
            yield from self.do(button.click)
        yield lambda: self.question() is not asked
        QApplication.setActiveWindow(self.question() or self.window)

    def name(self, words: str) -> Scene:
        """Type a class into the dialog that asks for it, and press Return."""
        yield lambda: self.question() is not None
        asked = self.question()
        yield from self.do(lambda: (asked.edit.clear(), [asked.edit.insert(letter) for letter in words]))
        yield from self.do(asked.edit.completer().popup().hide)
        yield from self.do(lambda: QTest.keyClick(asked.edit, Qt.Key_Return))

    def key(self, key: int, modifiers: Any = PLAIN, widget: QWidget | None = None) -> Scene:
        """Press a key in the window, or in one of its parts; after a question nobody else gives it the keys back."""
        if self.question() is None:
            QApplication.setActiveWindow(self.window)
        yield from self.do(lambda: QTest.keyClick(widget or self.canvas, key, modifiers))

    def action(self, words: str) -> Any:
        """An action of the menus by its words."""
        actions = self.window.findChildren(type(self.window.actions.save))
        return next(one for one in actions if one.text().replace("&", "") == words)

    def trigger(self, words: str) -> Scene:
        """Choose a line of the menus, as far as it can be chosen."""
        yield from self.do(self.action(words).trigger)

    # The mouse.

    def at(self, x: float, y: float) -> QPointF:
        """The place on the canvas of an edge of the image's pixels, on whole pixels of the screen as a mouse is."""
        place = (QPointF(x, y) + self.canvas.offset_to_center()) * self.canvas.scale
        return QPointF(place.toPoint())

    def send(self, kind: Any, x: float, y: float, button: Any, buttons: Any, modifiers: Any) -> None:
        place = self.at(x, y)
        whole = QPointF(self.canvas.mapToGlobal(place.toPoint()))
        QApplication.sendEvent(self.canvas, QMouseEvent(kind, place, whole, button, buttons, modifiers))

    def move(self, x: float, y: float, buttons: Any = NONE, modifiers: Any = PLAIN) -> Scene:
        yield from self.do(lambda: self.send(QEvent.MouseMove, x, y, NONE, buttons, modifiers))

    def press(self, x: float, y: float, button: Any = LEFT, modifiers: Any = PLAIN) -> Scene:
        yield from self.do(lambda: self.send(QEvent.MouseButtonPress, x, y, button, button, modifiers))

    def release(self, x: float, y: float, button: Any = LEFT, modifiers: Any = PLAIN) -> Scene:
        yield from self.do(lambda: self.send(QEvent.MouseButtonRelease, x, y, button, NONE, modifiers))

    def drag(
        self, start: tuple[float, float], end: tuple[float, float], button: Any = LEFT, modifiers: Any = PLAIN
    ) -> Scene:
        """Come near, press, move in two steps, let go."""
        yield from self.move(start[0] + 1, start[1] + 1, modifiers=modifiers)
        yield from self.move(*start, modifiers=modifiers)
        yield from self.press(*start, button, modifiers)
        for step in (0.5, 1):
            x, y = (a + (b - a) * step for a, b in zip(start, end, strict=True))
            yield from self.move(x, y, button, modifiers)
        yield from self.release(*end, button, modifiers)

    def wheel(self, down: int, across: int = 0, modifiers: Any = PLAIN) -> Scene:
        """Turn the wheel in the middle of the canvas by eighths of a degree."""
        place = QPointF(self.canvas.visibleRegion().boundingRect().center())
        whole = QPointF(self.canvas.mapToGlobal(place.toPoint()))
        turned = QWheelEvent(place, whole, QPoint(), QPoint(across, -down), NONE, modifiers, Qt.NoScrollPhase, False)
        yield from self.do(lambda: QApplication.sendEvent(self.canvas, turned))

    # What is done often.

    def draw(self, name: str, x0: float, y0: float, x1: float, y1: float) -> Scene:
        """Draw a box between two corners and name its class."""
        yield from self.key(Qt.Key_W)
        yield from self.drag((x0, y0), (x1, y1))
        yield from self.name(name)
        yield lambda: self.question() is None

    def select(self, place: int) -> Scene:
        """Choose a box in the list beside the image."""
        yield from self.do(lambda: self.window.label_list.setCurrentRow(place))

    def turn(self, key: int, image: str) -> Scene:
        """Press d or a, and wait for the image."""
        yield from self.key(key)
        yield self.showing(image)

    def showing(self, image: str) -> Callable[[], bool]:
        return lambda: bool(self.window.drawing is not None and self.window.drawing.work.image == image)

    def saved(self) -> bool:
        """Whether everything has been saved."""
        return not self.window.dirty


class Play:
    """Runs a scene beside Qt's events, and closes the window after it."""

    def __init__(self, window: Any, scene: Scene) -> None:
        self.window, self.scene = window, scene
        self._waited_for: Callable[[], object] = window.isVisible
        self._end = time.monotonic() + PATIENCE
        self._timer = QTimer(window)
        self._timer.timeout.connect(self._step)
        self._timer.start(TICK_MS)

    def _step(self) -> None:
        if self._waited_for():
            self._waited_for = next(self.scene, self._close)
            self._end = time.monotonic() + PATIENCE
        elif time.monotonic() > self._end:
            raise AssertionError(f"waited {PATIENCE:g} s in vain; the scene is at {' > '.join(lines_of(self.scene))}")

    def _close(self) -> bool:
        """Put into the place of what a scene waits for when the scene is over."""
        self._timer.stop()
        QTimer.singleShot(0, self.window.close)
        return False


def lines_of(scene: Any) -> list[str]:
    """Where a scene stands, from the outermost function to the one that waits."""
    lines = []
    while getattr(scene, "gi_frame", None) is not None:
        lines.append(f"{scene.gi_code.co_name}:{scene.gi_frame.f_lineno}")
        scene = scene.gi_yieldfrom
    return lines


def fail(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """A test ends at the first exception; a person is told of it and can go on."""
    traceback.print_exception(kind, error, trace)
    sys.stderr.flush()
    os._exit(FAILED)


def read_scenes(path: Path) -> ModuleType:
    """The module in a file."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main(scenes: str, scene: str, session: str, outcome: str, *words: str) -> int:
    """Play a scene in LabelImg."""
    chosen = getattr(read_scenes(Path(scenes)), scene)
    playing: list[Play] = []

    def ready(window: Any) -> None:
        hand = Hand(window, list(words))
        sys.excepthook = fail
        window.resize(*ROOM)
        playing.append(Play(window, chosen(hand)))

    return run(Path(session), Path(outcome), ready=ready)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
