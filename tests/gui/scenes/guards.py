"""Bad moments: files changed behind the window, full disks, signals, keys that LabelImg has and a session has not."""

import errno
import os
import sys
from pathlib import Path
from typing import Any
from unittest import mock

from PyQt5.QtCore import Qt, QTimer

from spinedet.annotations import history

CTRL, SHIFT = Qt.ControlModifier, Qt.ShiftModifier


def plain(hand: Any) -> Any:
    """A box on the first image without one, saved and chosen."""
    yield lambda: hand.window.drawing is not None
    yield from hand.draw("disc", 40, 50, 120, 110)
    yield hand.saved
    yield from hand.select(0)


def changed_behind(hand: Any) -> Any:
    """Words: the other program's file, and the answer to the question whose boxes to keep."""
    theirs, choice = hand.words
    yield from plain(hand)
    xml = hand.window.drawing.work.xml
    xml.write_bytes(Path(theirs).read_bytes())
    yield from hand.draw("vertebra", 180, 60, 260, 140)
    yield from hand.answer(choice)
    yield lambda: hand.question() is None
    hand.tell(len(hand.shapes))
    if choice == "Later":
        QTimer.singleShot(0, hand.window.close)
        yield from hand.answer("Later")
        yield from hand.answer("Cancel")
        assert hand.window.isVisible()
        QTimer.singleShot(0, hand.window.close)
        yield from hand.answer("Later")
        yield from hand.answer("Discard")


def deleted_behind(hand: Any) -> Any:
    """Another program deletes the file; the next change writes it again."""
    yield from plain(hand)
    hand.window.drawing.work.xml.unlink()
    yield from hand.draw("vertebra", 180, 60, 260, 140)
    yield hand.saved


def waiting(hand: Any) -> Any:
    """Draw a box, move it by a pixel, tell that before it is saved, and wait for what the test does."""
    yield hand.showing("one")
    yield from hand.draw("disc", 40, 50, 120, 110)
    yield from hand.select(0)
    yield from hand.key(Qt.Key_Right, widget=hand.canvas)
    hand.tell("moved" if hand.window.dirty else "saved")
    yield lambda: False


def named(hand: Any) -> Any:
    """Draw a box, and tell it at once."""
    yield hand.showing("one")
    yield from hand.draw("disc", 40, 50, 120, 110)
    hand.tell("named")
    yield lambda: False


def asked_for_a_class(hand: Any) -> Any:
    """A box is drawn; the next one waits for its class when the test does something."""
    yield hand.showing("one")
    yield from hand.draw("disc", 40, 50, 120, 110)
    yield from hand.key(Qt.Key_W)
    yield from hand.drag((180, 60), (260, 140))
    yield lambda: hand.question() is not None
    hand.tell("asked")
    yield lambda: False


def half_drawn(hand: Any) -> Any:
    """The window is closed while the mouse draws the second box."""
    yield hand.showing("one")
    yield from hand.draw("disc", 40, 50, 120, 110)
    yield from hand.key(Qt.Key_W)
    yield from hand.press(180, 60)
    yield from hand.move(200, 90, Qt.LeftButton)
    assert hand.canvas.current is not None


def not_opened(hand: Any) -> Any:
    """The first image is refused: nothing that a person then does may fail, show the wrong image, or save."""
    yield lambda: hand.question() is not None
    hand.tell(hand.question().text())
    yield from hand.answer("OK")
    assert hand.canvas.pixmap.isNull()
    yield from every_key(hand)
    yield from hand.do(lambda: hand.window.resize(1100, 800))
    yield from hand.do(lambda: hand.window.grey.panel.reset.click())
    assert hand.canvas.pixmap.isNull()
    yield from hand.turn(Qt.Key_D, "two")
    yield from hand.trigger("Fit Window")
    yield from hand.draw("disc", 40, 50, 120, 110)
    yield from hand.key(Qt.Key_A)
    yield from hand.answer("OK")
    yield from every_key(hand)
    yield from hand.do(lambda: hand.window.resize(1000, 700))
    assert hand.canvas.pixmap.isNull()


def every_key(hand: Any) -> Any:
    """What acts on an image or on a box."""
    for key, modifiers in (
        *((Qt.Key_W, Qt.NoModifier), (Qt.Key_Space, Qt.NoModifier), (Qt.Key_Delete, Qt.NoModifier)),
        *((Qt.Key_D, CTRL), (Qt.Key_V, CTRL), (Qt.Key_E, CTRL), (Qt.Key_S, CTRL), (Qt.Key_F, CTRL), (Qt.Key_H, CTRL)),
        *((Qt.Key_Up, Qt.AltModifier), (Qt.Key_Plus, CTRL), (Qt.Key_Left, Qt.NoModifier)),
    ):
        yield from hand.key(key, modifiers)
        assert hand.question() is None


def nothing_selected(hand: Any) -> Any:
    """A box is chosen on the first image; on the second, which has none, there is nothing to copy or delete."""
    yield from plain(hand)
    assert hand.canvas.selected_shape is not None
    yield from hand.turn(Qt.Key_D, "two")
    yield from hand.key(Qt.Key_D, CTRL)
    yield from hand.key(Qt.Key_Delete)
    assert not hand.window.dirty


def full_disk(hand: Any) -> Any:
    """No room: told, nothing left, the window stays; then there is room again."""
    yield from plain(hand)
    with mock.patch.object(history, "write_synced", no_room):
        yield from hand.draw("vertebra", 180, 60, 260, 140)
        yield lambda: hand.question() is not None
        hand.tell(hand.question().text().splitlines()[1].strip())
        yield from hand.answer("OK")
        yield from hand.key(Qt.Key_D)
        yield from hand.answer("OK")
        assert hand.showing("one")()
        QTimer.singleShot(0, hand.window.close)
        yield from hand.answer("OK")
        yield from hand.answer("Cancel")
        assert hand.window.isVisible()
        assert len(hand.shapes) == 2
    yield from hand.key(Qt.Key_S, CTRL)
    yield hand.saved


def no_room(path: Path, data: bytes) -> None:
    """What a full disk does."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def keys_of_labelimg(hand: Any) -> Any:
    """Keys and functions that leave the session, delete images, change the format, or open a browser."""
    yield from plain(hand)
    before = sorted(hand.window.drawing.work.path.parent.iterdir())
    for key, modifiers in (
        *((Qt.Key_D, CTRL | SHIFT), (Qt.Key_O, CTRL), (Qt.Key_U, CTRL), (Qt.Key_R, CTRL), (Qt.Key_O, CTRL | SHIFT)),
        *((Qt.Key_W, CTRL), (Qt.Key_Y, CTRL)),
    ):
        yield from hand.key(key, modifiers)
        assert hand.question() is None
    window = hand.window
    for call in (
        *(window.delete_image, window.change_format, window.reset_all, window.close_file, window.open_dir_dialog),
        *(window.open_file, window.change_save_dir_dialog, window.open_annotation_dialog, window.save_file_as),
    ):
        yield from hand.do(call)
        assert hand.question() is None
    assert window.label_file_format == type(window.label_file_format).PASCAL_VOC
    assert sorted(window.drawing.work.path.parent.iterdir()) == before
    assert hand.showing("one")()
    for words in ("Delete current image", "Open", "Open Dir", "PascalVOC", "Reset All", "Close", "Save As"):
        assert not hand.action(words).isVisible(), words


def from_the_image_before(hand: Any) -> Any:
    """Ctrl+V adds the boxes of the image before to those drawn here."""
    yield from plain(hand)
    yield from hand.turn(Qt.Key_D, "two")
    yield from hand.draw("vertebra", 180, 60, 260, 140)
    yield from hand.key(Qt.Key_V, CTRL)
    assert len(hand.shapes) == 2
    yield hand.saved


def jump(hand: Any) -> Any:
    """A box, and at once a double-click on another image in the list."""
    yield hand.showing("one")
    yield from hand.draw("disc", 40, 50, 120, 110)
    files = hand.window.file_list_widget
    yield from hand.do(lambda: files.itemDoubleClicked.emit(files.item(1)))
    yield hand.showing("two")
    assert hand.shapes == []


def deleted_at_once(hand: Any) -> Any:
    """A box is drawn, moved, and deleted before the window has saved by itself."""
    yield hand.showing("one")
    yield from hand.draw("disc", 40, 50, 120, 110)
    yield from hand.select(0)
    yield from hand.key(Qt.Key_Right, widget=hand.canvas)
    assert hand.window.dirty
    yield from hand.key(Qt.Key_Delete)
    yield hand.saved


def add_and_move(hand: Any) -> Any:
    """The first box is moved by a pixel, and one is added."""
    yield hand.showing("one")
    yield from hand.select(0)
    yield from hand.key(Qt.Key_Right, widget=hand.canvas)
    yield from hand.draw("vertebra", 180, 60, 260, 140)
    yield hand.saved


def rounds(hand: Any) -> Any:
    """Words: how often. Open, save without a change, go on, come back."""
    yield hand.showing("one")
    for _ in range(int(hand.words[0])):
        yield from hand.key(Qt.Key_S, CTRL)
        hand.tell(hand.window.drawing.work.xml.read_bytes().hex())
        yield from hand.turn(Qt.Key_D, "two")
        yield from hand.turn(Qt.Key_A, "one")


def ctrl_let_go_in_a_dialog(hand: Any) -> Any:
    """Ctrl+E asks for a class, and Ctrl is let go there: boxes stay what is drawn."""
    yield from plain(hand)
    yield from hand.do(lambda: hand.window.canvas.set_drawing_shape_to_square(True))
    yield from hand.draw("vertebra", 180, 60, 260, 90)
    left, top, right, bottom = hand.box()
    assert (round(right - left), round(bottom - top)) == (80, 30)


def taken_over(hand: Any) -> Any:
    """Another machine took the folder over, as this one had slept: told once, and nothing fails."""
    yield from plain(hand)
    lock = hand.window.drawing.work.xml.parent / ".open.json"
    lock.write_bytes(lock.read_bytes().replace(b'"token": "', b'"token": "x'))
    yield from hand.do(hand.window._renew)
    hand.tell(hand.question().text().splitlines()[0])
    yield from hand.answer("OK")


def defect(hand: Any) -> Any:
    """LabelImg fails at something while a box is not saved yet: a person is told, and goes on."""
    yield from plain(hand)
    yield from hand.key(Qt.Key_Right, widget=hand.canvas)
    sys.excepthook = hand.tell_a_person
    QTimer.singleShot(0, fail_inside)
    yield lambda: hand.question() is not None
    hand.tell(hand.question().text())
    yield from hand.answer("OK")
    yield from hand.draw("vertebra", 180, 60, 260, 140)


def fail_inside() -> None:
    """A defect of LabelImg's."""
    raise ZeroDivisionError
