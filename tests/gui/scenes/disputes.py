"""The senior's sitting: opinions of two annotators on the screen, and one taken by a double-click."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt5.QtCore import Qt

from spinedet.annotations.labelimg.pixels import as_array

PIXELS = 20
"""A box that is seen has at least so many pixels of its annotator's colour."""


def picture(hand: Any) -> NDArray[Any]:
    """(H, W, 3) what the canvas shows."""
    pixels = as_array(hand.canvas.grab().toImage())
    return pixels if pixels.ndim == 3 else np.repeat(pixels[:, :, None], 3, axis=2)


def painted(hand: Any) -> set[str]:
    """Annotators whose colour is on the canvas as it is, and is not without their boxes."""
    hints, colours = hand.canvas.hints, dict(hand.canvas.colours)
    with_them = picture(hand)
    hand.canvas.hints = ()
    without = picture(hand)
    hand.canvas.hints = hints
    return {name for name, colour in colours.items() if found(with_them, colour) > found(without, colour) + PIXELS}


def found(pixels: NDArray[Any], colour: Any) -> int:
    """Pixels of nearly that colour."""
    return int((np.abs(pixels.astype(int) - colour.getRgb()[:3]) < 30).all(axis=2).sum())


def decide(hand: Any) -> Any:
    """Words: where to put a picture. See both, take the first opinion of each image, save, go on."""
    yield hand.showing("one")
    rows = hand.window.opinions.rows
    assert hand.window.opinions.isVisible()
    hand.tell(sorted(rows.item(place).text() for place in range(rows.count())))
    hand.tell([shape.label for shape in hand.shapes])
    hand.window.grab().save(str(Path(hand.words[0]) / "disputes.png"))
    hand.tell(sorted(painted(hand)))
    yield from hand.do(lambda: rows.itemDoubleClicked.emit(rows.item(0)))
    assert len(hand.shapes) == 2
    yield hand.saved
    yield from hand.turn(Qt.Key_D, "two")
    yield from hand.key(Qt.Key_Space)  # nothing is taken: the senior agrees with who drew nothing
    yield hand.saved
    yield from hand.turn(Qt.Key_A, "one")
    assert len(hand.shapes) == 2


def only_looking(hand: Any) -> Any:
    """The senior looks at both and decides nothing."""
    yield hand.showing("one")
    yield from hand.turn(Qt.Key_D, "two")
    yield from hand.turn(Qt.Key_A, "one")
