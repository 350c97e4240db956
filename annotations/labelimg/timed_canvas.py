"""The canvas of a timed reading: it tells when an image was first painted, and can hide it."""

import time
from typing import Any

from PyQt5.QtCore import Qt, pyqtSignal

from spinedet.annotations.labelimg.canvas import ClearCanvas


class TimedCanvas(ClearCanvas):
    """Paints nothing while it is concealed; `painted` tells, on the monotonic clock, when the image awaited was."""

    painted = pyqtSignal(float)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.concealed = True
        self.with_menu = True
        self._awaited = False

    def await_paint(self, awaited: bool = True) -> None:
        """Tell of the next paint of the image, or do not after all."""
        self._awaited = awaited

    def paintEvent(self, event: Any) -> None:  # noqa: N802 (Qt's name)
        """Paint, and take the time."""
        if self.concealed or self.pixmap.isNull():
            return
        super().paintEvent(event)
        if self._awaited:
            self._awaited = False
            self.painted.emit(time.monotonic())

    def mousePressEvent(self, event: Any) -> None:  # noqa: N802
        """The right button opens a menu of boxes, where there are boxes to draw."""
        if self.with_menu or event.button() != Qt.RightButton:
            super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: Any) -> None:  # noqa: N802
        """As `mousePressEvent`."""
        if self.with_menu or event.button() != Qt.RightButton:
            super().mouseReleaseEvent(event)
