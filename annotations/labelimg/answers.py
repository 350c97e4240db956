"""Where the whole image is asked: its classes, one to be chosen by a figure or by a click."""

from collections.abc import Sequence
from functools import partial

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtGui import QKeySequence
from PyQt5.QtWidgets import QDockWidget, QListWidget, QShortcut, QVBoxLayout, QWidget

FIGURES = 9
"""Classes beyond the ninth have no key of their own."""

ROW_POINTS = 15


class AnswerPanel(QDockWidget):
    """The classes, one a line; `chosen` with the one that the reader chooses."""

    chosen = pyqtSignal(str)

    def __init__(self, parent: QWidget, classes: Sequence[str]) -> None:
        super().__init__("This image shows", parent)
        self.setObjectName("answers")
        self.setFeatures(QDockWidget.NoDockWidgetFeatures)
        self._classes = tuple(classes)
        inside = QWidget()
        self.rows = QListWidget()
        self.rows.setFocusPolicy(Qt.NoFocus)
        font = self.rows.font()
        font.setPointSize(ROW_POINTS)
        self.rows.setFont(font)
        QVBoxLayout(inside).addWidget(self.rows)
        self.setWidget(inside)
        for place, name in enumerate(self._classes):
            key = str(place + 1) if place < FIGURES else ""
            self.rows.addItem(f"{key}   {name}")
            if key:
                QShortcut(QKeySequence(key), self).activated.connect(partial(self.chosen.emit, name))
        self.rows.itemClicked.connect(lambda row: self.chosen.emit(self._classes[self.rows.row(row)]))

    def put(self, answer: str | None) -> None:
        """Show the answer; None where there is none yet."""
        if answer in self._classes:
            self.rows.setCurrentRow(self._classes.index(answer))
        else:
            self.rows.clearSelection()
            self.rows.setCurrentRow(-1)
