"""LabelImg's canvas with two things that it lacks: others' boxes, and window and level by the mouse."""

from typing import Any

from libs.canvas import Canvas
from PyQt5.QtCore import QPoint, QPointF, QRectF, Qt, pyqtSignal
from PyQt5.QtGui import QColor, QPainter, QPen, QPixmap

from spinedet.annotations.labelimg.session import Hint

GRIP = 11.0
"""How near the mouse must be to a corner to grip it, in pixels of the screen."""

HINT_COLOURS = ("#e69f00", "#56b4e9", "#cc79a7", "#009e73")
"""Okabe and Ito's colours, told apart by everybody; one an annotator."""

WIDE = 2.0
"""Width of the line around another annotator's box, in pixels of the screen."""

DASH = 4.0
"""Length of its dashes, in widths of the line."""


class ClearCanvas(Canvas):
    """The canvas; `windowDragged` tells how far the middle button was dragged, in pixels of the screen."""

    windowDragged = pyqtSignal(int, int)  # noqa: N815 (Qt's way to write a signal)
    scrollRequest = pyqtSignal(float, int)  # noqa: N815 (LabelImg's takes whole numbers, and makes noise of fractions)

    @property
    def epsilon(self) -> float:
        """How near the mouse grips a corner, in pixels of the image: LabelImg's 11 would leave nothing of a disc."""
        return float(GRIP / self.scale)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.hints: tuple[Hint, ...] = ()
        self.colours: dict[str, QColor] = {}
        self._dragged_from: QPoint | None = None

    def show_hints(self, hints: tuple[Hint, ...]) -> None:
        """Show boxes of others, in a colour each."""
        self.hints = hints
        names = sorted({hint.annotator for hint in hints})
        self.colours = {name: QColor(HINT_COLOURS[place % len(HINT_COLOURS)]) for place, name in enumerate(names)}
        self.update()

    def reset_state(self) -> None:
        """Show no image. LabelImg leaves None here, at which the next move of the mouse fails."""
        super().reset_state()
        self.de_select_shape()  # tells the window that there is nothing to copy or delete now
        self.pixmap = QPixmap()
        self.shapes.clear()
        self.visible.clear()
        self.current = self.selected_shape = self.selected_shape_copy = self.h_shape = self.h_vertex = None
        self.hints = ()

    def transform_pos(self, point: QPoint) -> QPointF:
        """Where the mouse stands in the image, to fractions of a pixel (LabelImg is up to one pixel off)."""
        return QPointF(point) / self.scale - self.offset_to_center()

    @property
    def busy(self) -> bool:
        """Whether a box is being drawn or moved."""
        return self.current is not None or self.selected_shape_copy is not None

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        """Paint the image and its boxes, then those of others."""
        if self.pixmap.isNull():
            return
        super().paintEvent(event)
        if self.hints:
            self._paint_hints()

    def _paint_hints(self) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        painter.scale(self.scale, self.scale)
        painter.translate(self.offset_to_center())
        font = painter.font()
        font.setPointSizeF(max(6.0, 0.8 * self.label_font_size))
        painter.setFont(font)
        names: list[QRectF] = []
        for hint in self.hints:
            x0, y0, x1, y1 = hint.box
            painter.setPen(self._pen(hint.annotator))
            painter.drawRect(QRectF(x0, y0, x1 - x0, y1 - y0))
            names.append(self._paint_name(painter, hint, names))
        painter.end()

    def _pen(self, annotator: str) -> QPen:
        """Dashes that leave room for those of the others: boxes of one place are all seen."""
        place, others = list(self.colours).index(annotator), max(len(self.colours) - 1, 1)
        pen = QPen(self.colours[annotator], WIDE / self.scale)
        pen.setCapStyle(Qt.FlatCap)
        pen.setDashPattern([DASH, DASH * others])
        pen.setDashOffset(-DASH * place)
        return pen

    def _paint_name(self, painter: QPainter, hint: Hint, names: list[QRectF]) -> QRectF:
        """`Anna: disc` beside the box, one annotator's on the left and the next one's on the right.

        Args:
            painter: Paints in pixels of the image.
            hint: The box.
            names: Where names stand already; this one goes below those that it would hide.
        """
        text = f"{hint.annotator}: {hint.name}"
        wide, high = painter.fontMetrics().horizontalAdvance(text) + 1, painter.fontMetrics().height()
        left = list(self.colours).index(hint.annotator) % 2 == 0
        gap = 6 / self.scale
        x = hint.box.x0 - wide - gap if left else hint.box.x1 + gap
        x = min(max(x, 0.0), max(self.pixmap.width() - wide, 0.0))
        room = QRectF(x, (hint.box.y0 + hint.box.y1 - high) / 2, wide, high)
        while hidden := [other for other in names if room.intersects(other)]:
            room.moveTop(max(other.bottom() for other in hidden))
        painter.fillRect(room, SHADE)
        painter.drawText(room, Qt.AlignLeft, text)
        return room

    def mousePressEvent(self, event: Any) -> None:  # noqa: N802
        """The middle button begins a change of window and level."""
        if event.button() == Qt.MiddleButton:
            self._dragged_from = event.pos()
        elif not self.pixmap.isNull():
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: Any) -> None:  # noqa: N802
        """Follow a drag of the middle button; everything else is LabelImg's."""
        if self._dragged_from is not None:
            moved = event.pos() - self._dragged_from
            self._dragged_from = event.pos()
            self.windowDragged.emit(moved.x(), moved.y())
        elif not self.pixmap.isNull():
            self.draw_square = self._wants_square(event.modifiers())
            super().mouseMoveEvent(event)

    def _wants_square(self, keys: Any) -> bool:
        """LabelImg misses that Ctrl was let go in a dialog, and then makes squares of all boxes."""
        return bool(keys & Qt.ControlModifier) or self.window().draw_squares_option.isChecked()

    def mouseReleaseEvent(self, event: Any) -> None:  # noqa: N802
        """End a drag of the middle button."""
        if event.button() == Qt.MiddleButton:
            self._dragged_from = None
        elif not self.pixmap.isNull():
            super().mouseReleaseEvent(event)


SHADE = QColor(0, 0, 0, 140)
"""Behind names, so that they can be read on bone and on fat."""
