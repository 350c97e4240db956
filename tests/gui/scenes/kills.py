"""A window that moves one box and saves, without a pause, until it is killed."""

from itertools import count
from typing import Any

from PyQt5.QtCore import QPointF, Qt

from spinedet.annotations.boxes import Box
from spinedet.annotations.labelimg.shapes import corners

ROW = 256
"""Save number n has its box at column n % ROW and row n // ROW: every save tells its number."""

BETWEEN = 10
"""After so many saves Qt may paint."""


def saving(hand: Any) -> Any:
    """Words: the image to be on, and the first number."""
    image, first = hand.words
    yield lambda: hand.window.drawing is not None
    hand.tell(hand.window.drawing.work.image)
    if not hand.showing(image)():
        yield from hand.turn(Qt.Key_D, image)
    if not hand.shapes:
        yield from hand.draw("disc", 200, 200, 220, 220)
    for number in count(int(first)):
        save(hand, number)
        hand.tell(number)
        if number % BETWEEN == 0:
            yield lambda: True


def save(hand: Any, number: int) -> None:
    """Put the box where its number says, and save."""
    x, y = number % ROW, number // ROW
    hand.shapes[0].points = [QPointF(*corner) for corner in corners(Box(x, y, x + 20, y + 20))]
    hand.window.set_dirty()
    assert hand.window.flush()


def looking(hand: Any) -> Any:
    """The next morning: tell which image is open."""
    yield lambda: hand.window.drawing is not None
    hand.tell(hand.window.drawing.work.image)
