"""Window and level: what the screen shows is `contrast.show`, value for value."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PyQt5.QtCore import Qt

from spinedet.annotations.contrast import first_window, show
from spinedet.annotations.labelimg.pixels import as_array

ALT, MIDDLE = Qt.AltModifier, Qt.MiddleButton


def values_of(hand: Any) -> NDArray[Any]:
    """The open image's values, read by another library."""
    with Image.open(hand.window.drawing.work.path) as file:
        return np.asarray(file)


def check(hand: Any, tolerance: int = 0) -> None:
    """What is shown is the image through the window that the panel says."""
    shown = as_array(hand.canvas.pixmap.toImage())
    wanted = show(values_of(hand), hand.window.grey.window)
    if wanted.ndim == 3 and shown.ndim == 2:  # a colour image whose channels became alike is grey to Qt
        shown = np.repeat(shown[:, :, None], 3, axis=2)
    assert shown.shape == wanted.shape
    assert np.abs(shown.astype(int) - wanted).max() <= tolerance


def kinds(hand: Any) -> Any:
    """Each image: shown as at first, drawn on, through another window, and saved."""
    for place, image in enumerate("abcdef"):
        if place:
            yield from hand.turn(Qt.Key_D, image)
        yield hand.showing(image)
        slack = 4 if image == "d" else 0  # two decoders of JPEG may differ a little
        assert hand.window.grey.window == first_window(hand.window.grey.values)
        check(hand, slack)
        yield from hand.key(Qt.Key_Up, ALT)
        check(hand, 8 * bool(slack))
        if image == "f":
            yield from hand.do(lambda: hand.window.zoom_widget.setValue(500))
        top, bottom = (0.2, 0.8) if image == "f" else (10, 30)
        yield from hand.draw("disc", 20, top, 60, bottom)
        yield hand.saved


def window_and_level(hand: Any) -> Any:
    """Keys, dials, the middle button, reset, and keep."""
    yield hand.showing("one")
    grey = hand.window.grey
    first = grey.window
    for key, brighter, wider in ((Qt.Key_Up, 1, 0), (Qt.Key_Down, -1, 0), (Qt.Key_Right, 0, -1), (Qt.Key_Left, 0, 1)):
        before = grey.window
        yield from hand.key(key, ALT)
        assert np.sign(before.level - grey.window.level).round() == brighter
        assert np.sign(round(grey.window.width - before.width)) == wider
        check(hand)
    yield from dials(hand)
    before = grey.window
    yield from hand.drag((50, 50), (90, 70), MIDDLE)
    assert grey.window.width > before.width
    assert grey.window.level > before.level
    check(hand)
    yield from next_image(hand)
    yield from hand.do(grey.panel.reset.click)
    assert grey.window == first
    check(hand)


def dials(hand: Any) -> Any:
    """Sliders and numbers, to their ends."""
    panel = hand.window.grey.panel
    for dial in (panel.level, panel.width_dial):
        for part in (dial.slider, dial.number):
            for value in (part.minimum(), part.maximum(), (part.minimum() + part.maximum()) // 2):
                yield from hand.do(lambda part=part, value=value: part.setValue(value))
                assert dial.slider.value() == dial.number.value() == value
                check(hand)
    assert panel.window_shown() == hand.window.grey.window


def next_image(hand: Any) -> Any:
    """Shown as its own values ask for, or through the window before where that is kept."""
    grey = hand.window.grey
    chosen = grey.window
    yield from hand.do(grey.panel.keep.click)
    yield from hand.turn(Qt.Key_D, "two")
    assert grey.window == chosen
    check(hand)
    yield from hand.do(grey.panel.keep.click)
    yield from hand.turn(Qt.Key_A, "one")
    assert grey.window == first_window(values_of(hand))
