"""What keeps LabelImg 1.8.6 from running on today's Python, and its cure.

LabelImg hands floats to Qt where Qt wants whole numbers. PyQt5 used to cut them off; on Python 3.10 and later it
raises a TypeError, and an exception inside an event handler ends the program. The classes here take the place of
Qt's in LabelImg's own modules and accept both; LabelImg itself is not changed.
"""

import importlib
import importlib.util
import shutil
import sys
import zlib
from functools import lru_cache
from types import ModuleType
from typing import Any

from PyQt5.QtCore import QLineF, QPointF, QRectF, QRegExp
from PyQt5.QtGui import QColor, QPainter, QRegExpValidator
from PyQt5.QtWidgets import QScrollArea, QScrollBar

ANY_NAME = r"[^\s\x0001-\x001f][^\x0001-\x001f]*"
"""A class where any is taken, as Qt writes it: no blank first, and no control character, which XML cannot hold."""

CURED_VERSION = "1.8.6"
"""The release of LabelImg that this module knows."""


def provide_distutils() -> None:
    """LabelImg imports `distutils.spawn`, which Python 3.12 took out, and uses nothing of it."""
    if importlib.util.find_spec("distutils") is None:
        package, spawn = ModuleType("distutils"), ModuleType("distutils.spawn")
        vars(spawn)["find_executable"] = shutil.which
        vars(package)["spawn"] = spawn
        sys.modules.update({"distutils": package, "distutils.spawn": spawn})


provide_distutils()

program: Any = importlib.import_module("labelImg.labelImg")
"""LabelImg's main module; imported by name because the one above must come first."""

canvas_module: Any = importlib.import_module("libs.canvas")
dialog_module: Any = importlib.import_module("libs.labelDialog")


class Painter(QPainter):
    """Draws at fractions of a pixel: the crosshair, the box being drawn, and class names."""

    def drawLine(self, *where: Any) -> None:  # noqa: N802 (Qt's name)
        """As Qt's; four numbers may be fractions."""
        super().drawLine(QLineF(*where) if len(where) == 4 else where[0])

    def drawRect(self, *where: Any) -> None:  # noqa: N802
        """As Qt's; four numbers may be fractions."""
        super().drawRect(QRectF(*where) if len(where) == 4 else where[0])

    def drawText(self, *where: Any) -> None:  # noqa: N802
        """As Qt's; the two numbers before the text may be fractions."""
        super().drawText(*((QPointF(*where[:2]), where[2]) if len(where) == 3 else where))


class ScrollBar(QScrollBar):
    """Takes the fractions that scrolling and zooming by the wheel give."""

    def setValue(self, value: float) -> None:  # noqa: N802
        """As Qt's, rounded."""
        super().setValue(round(value))


class ScrollArea(QScrollArea):
    """A scroll area whose bars take fractions."""

    def __init__(self) -> None:
        super().__init__()
        self.setHorizontalScrollBar(ScrollBar())
        self.setVerticalScrollBar(ScrollBar())


class Zoom(program.ZoomWidget):
    """The zoom in per cent; takes fractions."""

    def setValue(self, value: float) -> None:  # noqa: N802
        """As Qt's, rounded."""
        super().setValue(round(value))


class ClassDialog(dialog_module.LabelDialog):
    """Asks for a class; LabelImg also takes the beginning of a name that its list has."""

    def validate(self) -> None:
        """Take what the validator takes."""
        if self.edit.hasAcceptableInput():
            self.accept()


class NoSettings:
    """LabelImg's settings for one sitting: its file in the home folder is a pickle and is neither read nor written."""

    def __init__(self) -> None:
        self.data = {
            program.SETTING_AUTO_SAVE: True,
            program.SETTING_PAINT_LABEL: True,
            program.SETTING_LABEL_FILE_FORMAT: program.LabelFileFormat.PASCAL_VOC,
        }

    def __getitem__(self, key: str) -> Any:
        return self.data[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.data[key] = value

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key, or the default."""
        return self.data.get(key, default)

    def load(self) -> bool:
        """Nothing to load."""
        return False

    def save(self) -> bool:
        """Nothing to save."""
        return False

    def reset(self) -> None:
        """Nothing to reset: LabelImg would start itself anew, without the cures."""


def class_colour(name: str) -> QColor:
    """A bright colour, always the same for a class: LabelImg's own are often too dark to be seen on an MR image."""
    return QColor.fromHsv(zlib.crc32(name.encode("utf-8")) % 360, 190, 255, 220)


def _accept_names(names: tuple[str, ...], closed: bool) -> None:
    """Let the class dialog accept one letter and more, or exactly the names of a closed list."""
    pattern = "|".join(QRegExp.escape(name) for name in names) if closed else ANY_NAME

    def validator() -> QRegExpValidator:
        return QRegExpValidator(QRegExp(f"({pattern})"), None)

    dialog_module.label_validator = validator


def cure(canvas: type[Any], names: tuple[str, ...], closed: bool) -> None:
    """Put the classes of this module, and a canvas, where LabelImg looks for Qt's and its own.

    Args:
        canvas: The class of the canvas.
        names: The classes of the session.
        closed: Whether other names are refused.
    """
    _accept_names(names, closed)
    canvas_module.QPainter = Painter
    program.QScrollArea = ScrollArea
    program.ZoomWidget = Zoom
    program.Settings = NoSettings
    program.LabelDialog = ClassDialog
    program.Canvas = canvas
    program.generate_color_by_text = class_colour
    program.read = lru_cache(maxsize=1)(program.read)  # an image is checked before LabelImg reads it once more
