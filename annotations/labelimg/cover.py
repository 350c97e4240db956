"""What lies over the image while no time is taken, and the line that tells what is missing."""

from dataclasses import dataclass
from typing import Any

from PyQt5.QtCore import Qt, QTimer, pyqtSignal
from PyQt5.QtGui import QColor, QPalette
from PyQt5.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

GROUND, INK = QColor(38, 44, 52), QColor(240, 240, 240)
"""Dark, as the surroundings of a radiograph are."""

TITLE_POINTS, TEXT_POINTS = 26, 14
TEXT_WIDTH = 640
"""In pixels of the screen; longer lines are hard to read."""

SPACE = 18
NOTICE_MS = 6000
"""How long a notice stays."""


@dataclass(frozen=True)
class Page:
    """What a cover says.

    Attributes:
        title: In large letters.
        text: What to know, and what to do.
        button: What leads on, by the space bar, Return or a click; None where something else does.
    """

    title: str
    text: str
    button: str | None = None


class Cover(QWidget):
    """Lies over the whole window but its menu; `agreed` when the reader goes on, `turned` for the key a (back)."""

    agreed = pyqtSignal()
    turned = pyqtSignal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAutoFillBackground(True)
        self.setFocusPolicy(Qt.StrongFocus)
        self.setMouseTracking(True)
        palette = self.palette()
        palette.setColor(QPalette.Window, GROUND)
        palette.setColor(QPalette.WindowText, INK)
        self.setPalette(palette)
        self._title, self._text, self._button = _label(TITLE_POINTS), _label(TEXT_POINTS), QPushButton()
        self._button.setFocusPolicy(Qt.NoFocus)
        self._button.setPalette(QPalette())
        self._button.setMinimumSize(220, 44)
        self._button.clicked.connect(self.agreed)
        layout = QVBoxLayout(self)
        layout.setSpacing(SPACE)
        layout.addStretch(2)
        for part in (self._title, self._text, self._button):
            layout.addWidget(part, 0, Qt.AlignHCenter)
        layout.addStretch(3)
        self.hide()

    def show_page(self, page: Page) -> None:
        """Lie over the window and say something."""
        for label, words in ((self._title, page.title), (self._text, page.text)):
            label.setText(words)
            label.setFixedHeight(label.heightForWidth(TEXT_WIDTH))  # the layout would cut off what does not fit a line
        self._button.setText(page.button or "")
        self._button.setVisible(page.button is not None)
        self.fit()
        self.show()
        self.raise_()
        self.setFocus()

    def fit(self) -> None:
        """Fill the window below its menu."""
        window: Any = self.parentWidget()
        self.setGeometry(window.rect().adjusted(0, window.menuBar().height(), 0, 0))

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802 (Qt's name)
        """The space bar and Return are the button, a is back."""
        if event.isAutoRepeat():
            return
        if event.key() in {Qt.Key_Space, Qt.Key_Return, Qt.Key_Enter} and not self._button.isHidden():
            self.agreed.emit()
        elif event.key() == Qt.Key_A:
            self.turned.emit()

    def mousePressEvent(self, event: Any) -> None:  # noqa: N802
        """Nothing below the cover is clicked."""
        event.accept()


def _label(points: int) -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setAlignment(Qt.AlignHCenter)
    label.setFixedWidth(TEXT_WIDTH)
    label.setMouseTracking(True)
    font = label.font()
    font.setPointSize(points)
    label.setFont(font)
    return label


class Notice(QLabel):
    """A line over the image for some seconds; it takes no click and no key."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WA_TransparentForMouseEvents)
        self.setAlignment(Qt.AlignCenter)
        self.setStyleSheet("background: #f0e442; color: black; padding: 8px 16px; font-size: 13pt;")
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.hide)
        self.hide()

    def say(self, words: str) -> None:
        """Show some words in the middle of the upper edge."""
        self.setText(words)
        self.adjustSize()
        self.move(max(0, (self.parentWidget().width() - self.width()) // 2), 8)
        self.show()
        self.raise_()
        self._timer.start(NOTICE_MS)
