"""Two panels beside the image: window and level, and the boxes of others with a way to take them."""

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtGui import QColor, QIcon, QPixmap
from PyQt5.QtWidgets import (
    QCheckBox,
    QDockWidget,
    QGridLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from spinedet.annotations.contrast import NARROWEST, Window
from spinedet.annotations.labelimg.session import Hint


class Dial(QWidget):
    """A slider and a number for one value; `changed` when a person moves either."""

    changed = pyqtSignal()

    def __init__(self, name: str, layout: QGridLayout, row: int) -> None:
        super().__init__()
        self.slider, self.number = QSlider(Qt.Horizontal), QSpinBox()
        self.slider.setFocusPolicy(Qt.NoFocus)  # the arrow keys belong to the box that is selected
        self.number.setFocusPolicy(Qt.ClickFocus)
        layout.addWidget(QLabel(name), row, 0)
        layout.addWidget(self.slider, row, 1)
        layout.addWidget(self.number, row, 2)
        self.slider.valueChanged.connect(self._moved)
        self.number.valueChanged.connect(self._moved)

    def _moved(self, value: int) -> None:
        self.put(value)
        self.changed.emit()

    def limit(self, low: int, high: int) -> None:
        """Set the range, silently."""
        for part in (self.slider, self.number):
            part.blockSignals(True)
            part.setRange(low, high)
            part.blockSignals(False)

    def put(self, value: float) -> None:
        """Show a value, silently."""
        for part in (self.slider, self.number):
            part.blockSignals(True)
            part.setValue(round(value))
            part.blockSignals(False)

    def value(self) -> int:
        """The value shown."""
        return int(self.number.value())


class ContrastPanel(QDockWidget):
    """Window (contrast) and level (brightness); `changed` when a person sets either.

    Attributes:
        keep: Whether the next image is shown with the same window.
    """

    changed = pyqtSignal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__("Window / level", parent)
        self.setObjectName("contrast")
        self.setFeatures(QDockWidget.DockWidgetFloatable | QDockWidget.DockWidgetMovable)
        inside = QWidget()
        layout = QGridLayout(inside)
        self.level, self.width_dial = Dial("Level", layout, 0), Dial("Window", layout, 1)
        self.reset, self.keep = QPushButton("Reset"), QCheckBox("Keep for the next image")
        self.reset.setFocusPolicy(Qt.NoFocus)
        self.keep.setFocusPolicy(Qt.NoFocus)
        layout.addWidget(self.keep, 2, 0, 1, 2)
        layout.addWidget(self.reset, 2, 2)
        self.setToolTip("Alt and arrow keys; or drag with the middle mouse button: right wider, down darker")
        self.setWidget(inside)
        for dial in (self.level, self.width_dial):
            dial.changed.connect(self.changed)

    def limit(self, low: int, high: int) -> None:
        """Set the values that the image can have."""
        span = high - low
        self.level.limit(low - span // 2, high + span // 2)
        self.width_dial.limit(round(NARROWEST), 2 * span)

    def put(self, window: Window) -> None:
        """Show a window, silently."""
        self.level.put(window.level)
        self.width_dial.put(window.width)

    def window_shown(self) -> Window:
        """The window that is set."""
        return Window.of_level(self.level.value(), self.width_dial.value())


class HintPanel(QDockWidget):
    """The boxes of others, one a line; `taken` with the one to copy into the drawing."""

    taken = pyqtSignal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__("Opinions (double-click takes one)", parent)
        self.setObjectName("opinions")
        self.setFeatures(QDockWidget.DockWidgetFloatable | QDockWidget.DockWidgetMovable)
        inside = QWidget()
        layout = QVBoxLayout(inside)
        self.rows = QListWidget()
        self.rows.setFocusPolicy(Qt.ClickFocus)
        self.rows.setWordWrap(True)
        self.rows.setHorizontalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
        layout.addWidget(self.rows)
        self.setWidget(inside)
        self.rows.itemDoubleClicked.connect(lambda row: self.taken.emit(row.data(Qt.UserRole)))

    def put(self, hints: tuple[Hint, ...], colours: dict[str, QColor]) -> None:
        """List the boxes of others on this image; without any the panel hides."""
        self.rows.clear()
        for hint in hints:
            reason = f" ({hint.reason})" if hint.reason else ""
            row = QListWidgetItem(f"{hint.annotator}: {hint.name}{reason}")
            patch = QPixmap(12, 12)
            patch.fill(colours[hint.annotator])
            row.setIcon(QIcon(patch))
            row.setData(Qt.UserRole, hint)
            self.rows.addItem(row)
        self.setVisible(bool(hints))
