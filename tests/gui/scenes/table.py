"""Every call of LabelImg 1.8.6 that hands a fraction to Qt, once as LabelImg finds it and once cured.

Run as a program: prints, as JSON, what each call answered in both.
"""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from libs.canvas import Canvas
from libs.zoomWidget import ZoomWidget
from PyQt5.QtGui import QPainter, QPixmap
from PyQt5.QtWidgets import QApplication, QScrollArea

from spinedet.annotations.labelimg.canvas import ClearCanvas
from spinedet.annotations.labelimg.cures import Painter, ScrollArea, Zoom

HALF = 1.5


def drawn(painter: type[Any], method: str, *arguments: Any) -> None:
    """Draw on a small image."""
    surface = QPixmap(20, 20)
    brush = painter(surface)
    try:
        getattr(brush, method)(*arguments)
    finally:
        brush.end()


def scrolled(area: type[Any], bar: str) -> int:
    """Set a bar to a fraction; where it stands then."""
    made = area()
    found = getattr(made, bar)()
    found.setRange(0, 10)
    found.setValue(HALF)
    return int(found.value())


def zoomed(widget: type[Any]) -> int:
    """Set the zoom to a fraction; where it stands then."""
    made = widget()
    made.setValue(HALF)
    return int(made.value())


def asked_to_scroll(canvas: type[Any]) -> float:
    """Tell the window to scroll by a fraction; what arrives."""
    arrived: list[float] = []
    made = canvas()
    made.scrollRequest.connect(lambda distance, _orientation: arrived.append(distance))
    made.scrollRequest.emit(HALF, 1)
    return arrived[0]


CALLS: dict[str, tuple[Callable[..., object], type[Any], type[Any], tuple[Any, ...]]] = {
    "crosshair": (drawn, QPainter, Painter, ("drawLine", HALF, 0, HALF, 9)),
    "box being drawn": (drawn, QPainter, Painter, ("drawRect", HALF, HALF, 4.5, 4.5)),
    "class name": (drawn, QPainter, Painter, ("drawText", HALF, 9.5, "disc")),
    "scroll down": (scrolled, QScrollArea, ScrollArea, ("verticalScrollBar",)),
    "scroll across": (scrolled, QScrollArea, ScrollArea, ("horizontalScrollBar",)),
    "zoom by wheel": (zoomed, ZoomWidget, Zoom, ()),
    "drag the background": (asked_to_scroll, Canvas, ClearCanvas, ()),
}
"""What LabelImg does there: the call, Qt's or LabelImg's class, the cured class, and what is handed over."""


def answer(call: Callable[[], object]) -> object:
    """What a call returns, or the name of the exception that it raises."""
    try:
        return call()
    except Exception as error:
        return type(error).__name__


def main() -> None:
    """Try all of them."""
    application = QApplication(["table"])
    rows = {
        story: [answer(partial(call, kind, *arguments)) for kind in (before, after)]
        for story, (call, before, after, arguments) in CALLS.items()
    }
    print(json.dumps(rows))
    del application


if __name__ == "__main__":
    main()
