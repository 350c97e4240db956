"""Readings without a screen: what the keys of a reader do, and what is to be seen meanwhile."""

import time
from typing import Any

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QListWidget

from spinedet.annotations.labelimg.timed import GLANCE_SECONDS


def agree(hand: Any) -> Any:
    """Lead on from a page, which is told."""
    yield lambda: hand.window.page is not None
    hand.tell(hand.window.page.title)
    yield from hand.key(Qt.Key_Space, widget=hand.window.cover)


def look(hand: Any, code: str) -> Any:
    """Wait for an image, and look at it long enough to read it."""
    yield lambda: hand.window.stopwatch.image == code
    end = time.monotonic() + GLANCE_SECONDS
    yield lambda: time.monotonic() > end


def end(hand: Any) -> Any:
    """Wait for the last page."""
    yield lambda: hand.window.page is not None
    hand.tell(hand.window.page.title)


def nothing_found(hand: Any) -> Any:
    """Words: the images, practice first; there is nothing to find on any."""
    yield from agree(hand)
    for code in hand.words:
        yield from look(hand, code)
        yield from hand.key(Qt.Key_Space)
        if code[0] == "P" and code != "P1":
            yield from agree(hand)
    yield from end(hand)


def empty_needs_an_answer(hand: Any) -> Any:
    """The key d alone says nothing of an image without a box; the space bar does, unless there is one."""
    yield from agree(hand)
    yield from look(hand, "S3")
    yield from hand.key(Qt.Key_D)
    hand.tell(hand.window.notice.text())
    assert hand.window.notice.isVisible()
    assert hand.window.stopwatch.image == "S3"
    yield from hand.draw("disc", 40, 50, 120, 110)
    yield from hand.key(Qt.Key_Space)
    hand.tell(hand.window.notice.text())
    assert hand.window.stopwatch.image == "S3"
    yield from hand.key(Qt.Key_D)
    yield from look(hand, "S1")


def hasty(hand: Any) -> Any:
    """A key pressed twice in a hurry does not finish the image that comes after the first."""
    yield from agree(hand)
    yield lambda: hand.window.stopwatch.image == "S3"
    yield from hand.key(Qt.Key_Space)
    assert hand.window.stopwatch.image == "S3"
    yield from look(hand, "S3")
    yield from hand.key(Qt.Key_Space)
    yield from look(hand, "S1")


def back_and_forth(hand: Any) -> Any:
    """To the second image, back to the first and beyond, and forward again."""
    yield from agree(hand)
    yield from look(hand, "S3")
    yield from hand.key(Qt.Key_Space)
    yield from look(hand, "S1")
    yield from hand.key(Qt.Key_A)
    yield from look(hand, "S3")
    yield from hand.key(Qt.Key_A)
    hand.tell(hand.window.notice.text())
    yield from hand.draw("disc", 40, 50, 120, 110)
    yield from hand.key(Qt.Key_D)
    yield from look(hand, "S1")


def last_box_deleted(hand: Any) -> Any:
    """A finished image whose only box goes is open again."""
    yield from agree(hand)
    yield from look(hand, "S3")
    yield from hand.draw("disc", 40, 50, 120, 110)
    yield from hand.key(Qt.Key_D)
    yield from look(hand, "S1")
    yield from hand.key(Qt.Key_A)
    yield from look(hand, "S3")
    assert hand.window.progress.value() == 1
    yield from hand.select(0)
    yield from hand.trigger("Delete RectBox")
    yield hand.saved


def paused(hand: Any) -> Any:
    """While the image is hidden, no key but P does anything."""
    yield from agree(hand)
    yield from look(hand, "S3")
    yield from hand.key(Qt.Key_P)
    assert hand.canvas.concealed
    assert hand.window.cover.isVisible()
    window, cover = hand.window, hand.window.cover
    assert cover.geometry() == window.rect().adjusted(0, window.menuBar().height(), 0, 0)
    for key in (Qt.Key_W, Qt.Key_D, Qt.Key_A, Qt.Key_Delete):
        yield from hand.key(key, widget=hand.window.cover)
    window.open_next_image()
    window.verify_image()
    window.open_prev_image()
    assert window.stopwatch.image == "S3"
    assert not hand.canvas.drawing()
    yield from hand.key(Qt.Key_P, widget=hand.window.cover)
    assert not hand.canvas.concealed
    assert not hand.window.cover.isVisible()
    yield from hand.key(Qt.Key_Space)
    yield from look(hand, "S1")


def whole_image(hand: Any) -> Any:
    """The answer by a figure, changed by another, and by a click; no box can be drawn."""
    yield from agree(hand)
    yield from look(hand, "S3")
    yield from hand.key(Qt.Key_D)
    hand.tell(hand.window.notice.text())
    yield from hand.key(Qt.Key_W)
    assert not hand.canvas.drawing()
    yield from hand.press(40, 50, Qt.RightButton)
    yield from hand.release(40, 50, Qt.RightButton)
    assert hand.question() is None
    yield from hand.key(Qt.Key_1)
    yield from hand.key(Qt.Key_2)
    yield from hand.key(Qt.Key_D)
    yield from look(hand, "S1")
    rows = hand.window.answers.rows
    assert rows.currentRow() == -1
    yield from hand.do(lambda: rows.itemClicked.emit(rows.item(2)))
    yield from hand.key(Qt.Key_A)
    yield from look(hand, "S3")
    assert rows.currentRow() == 1
    yield from hand.key(Qt.Key_D)
    yield from look(hand, "S1")
    assert rows.currentRow() == 2


def with_help(hand: Any) -> Any:
    """The model's boxes are shown, and one is taken."""
    yield from agree(hand)
    yield from look(hand, "S3")
    rows = hand.window.opinions.rows
    hand.tell([rows.item(row).text() for row in range(rows.count())])
    assert hand.shapes == []
    yield from hand.do(lambda: rows.itemDoubleClicked.emit(rows.item(0)))
    yield from hand.key(Qt.Key_D)
    yield from look(hand, "S1")
    assert not hand.window.opinions.isVisible()


def nothing_else_to_see(hand: Any) -> Any:
    """No list, menu or title tells of other images, or of what they are called elsewhere."""
    yield from agree(hand)
    yield from look(hand, "S3")
    window = hand.window
    hand.tell(window.windowTitle())
    assert not window.file_dock.isVisible()
    assert window.file_list_widget.count() == 0
    assert window.contextMenuPolicy() == Qt.NoContextMenu
    shown = [one.text() for one in window.findChildren(type(window.actions.save)) if one.isVisible()]
    words = " ".join(shown).lower()
    for gone in ("open", "previous bounding", "delete current", "save as", "change", "verify"):
        assert gone not in words, shown
    lists = [one for one in window.findChildren(QListWidget) if one.isVisible()]
    assert [row.count() for row in lists] == [0]  # the labels of this image


def damaged(hand: Any) -> Any:
    """An image whose file is damaged is named and passed by."""
    yield from agree(hand)
    yield from hand.answer("OK")
    yield from hand.key(Qt.Key_D)
    for code in ("S1", "S4", "S2"):
        yield from look(hand, code)
        yield from hand.key(Qt.Key_Space)
    yield from end(hand)
    hand.tell(hand.window.cover._text.text().splitlines()[0])


def full_disk(hand: Any) -> Any:
    """An event that cannot be written is told once, kept, and written when there is room."""
    yield from agree(hand)
    yield from look(hand, "S3")
    log = hand.window.stopwatch._recorder._log
    right, log._file = log._file, open("/dev/full", "ab", buffering=0)  # noqa: SIM115, PTH123 (closed below)
    yield from hand.key(Qt.Key_P)
    yield lambda: hand.question() is not None
    hand.tell(hand.question().text().splitlines()[0])
    log._file.close()
    log._file = right
    yield from hand.answer("OK")
    yield from hand.key(Qt.Key_P, widget=hand.window.cover)
    yield from hand.key(Qt.Key_Space)
    yield from look(hand, "S1")


def idle(hand: Any) -> Any:
    """Too long without input; the key that wakes the window does nothing else."""
    yield from agree(hand)
    yield from look(hand, "S3")
    yield lambda: "idle" in hand.window.stopwatch.reasons
    assert hand.canvas.concealed
    hand.tell(hand.window.cover._title.text())
    yield from hand.key(Qt.Key_Space, widget=hand.window.cover)
    yield lambda: not hand.window.stopwatch.reasons
    assert hand.window.stopwatch.image == "S3"
    yield lambda: "idle" in hand.window.stopwatch.reasons
    yield from hand.key(Qt.Key_P, widget=hand.window.cover)
    yield lambda: not hand.window.stopwatch.reasons
    yield from hand.key(Qt.Key_Space)
    yield from look(hand, "S1")


def refused(hand: Any) -> Any:
    """The page leads on to a message, and no image is shown."""
    yield lambda: hand.window.page is not None
    yield from hand.key(Qt.Key_Space, widget=hand.window.cover)
    yield lambda: hand.question() is not None
    hand.tell(hand.question().text().splitlines()[0])
    yield from hand.answer("OK")
    assert hand.canvas.concealed


def waiting(hand: Any) -> Any:
    """Until it is ended from outside."""
    yield lambda: hand.window.page is not None
    hand.tell("waiting")
    yield lambda: False
