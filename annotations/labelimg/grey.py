"""Window and level of the image on the canvas."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt5.QtCore import QObject
from PyQt5.QtGui import QImage, QPixmap
from PyQt5.QtWidgets import QAction, QMainWindow

from spinedet.annotations.contrast import Window, first_window, show, whole_range
from spinedet.annotations.labelimg.panels import ContrastPanel
from spinedet.annotations.labelimg.pixels import as_array, as_image

STEP = 0.05
"""Share of the grey values by which one key press moves the level or the width."""

DRAG = 1 / 500
"""Share of the grey values for one pixel of a drag."""

KEYS = (
    ("Brighter", "Alt+Up", -STEP, 0.0),
    ("Darker", "Alt+Down", STEP, 0.0),
    ("More contrast", "Alt+Right", 0.0, -STEP),
    ("Less contrast", "Alt+Left", 0.0, STEP),
)
"""Name, keys, change of the level and of the width. Ctrl+Shift++ would also be LabelImg's Ctrl++, to zoom."""


class GreyControl(QObject):
    """Shows an image through its window; the image on disk and the boxes are never touched.

    Args:
        parent: The main window, whose View menu gets the keys.
        canvas: Where the image is shown.
    """

    def __init__(self, parent: QMainWindow, canvas: Any) -> None:
        super().__init__(parent)
        self.canvas, self.panel = canvas, ContrastPanel(parent)
        self.values: NDArray[np.generic] = np.zeros((0, 0), np.uint8)
        self.window = Window(0, 255)
        self.panel.changed.connect(lambda: self._set(self.panel.window_shown()))
        self.panel.reset.clicked.connect(self.reset)
        canvas.windowDragged.connect(lambda across, down: self.change(down * DRAG, across * DRAG))
        parent.menus.view.addSeparator()
        for name, keys, level, width in KEYS:
            self._add_action(parent, name, keys, level, width)

    def _add_action(self, parent: Any, name: str, keys: str, level: float, width: float) -> None:
        action = QAction(name, parent)
        action.setShortcut(keys)
        action.triggered.connect(lambda _checked=False: self.change(level, width))
        parent.menus.view.addAction(action)

    def take(self, image: QImage) -> None:
        """A new image: shown as its values ask for, or through the same window where the annotator wants that."""
        self.values = as_array(image)
        self.panel.limit(*whole_range(self.values))
        self._set(self.window if self.panel.keep.isChecked() else first_window(self.values))

    def clear(self) -> None:
        """No image: nothing is shown until the next one."""
        self.values = np.zeros((0, 0), np.uint8)

    def reset(self) -> None:
        """Show the image as at first."""
        self._set(first_window(self.values))

    def change(self, level: float, width: float) -> None:
        """Move level and width by shares of the grey values."""
        low, high = whole_range(self.values)
        span = high - low
        self._set(Window.of_level(self.window.level + level * span, self.window.width + width * span))

    def _set(self, window: Window) -> None:
        self.window = window
        self.panel.put(window)
        if self.values.size:
            self.canvas.pixmap = QPixmap.fromImage(as_image(show(self.values, window)))
            self.canvas.update()
