"""Qt's images as arrays and back, so that 16-bit images are shown with a window and level."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt5.QtGui import QImage

_DEEP_COLOUR = {
    getattr(QImage, name)
    for name in ("Format_RGBX64", "Format_RGBA64", "Format_RGBA64_Premultiplied")
    if hasattr(QImage, name)
}
"""Formats with 16 bits a channel."""


def as_array(image: QImage) -> NDArray[np.generic]:
    """The values of an image: (H, W) or (H, W, 3) RGB; uint8, or uint16 where the file has more than 8 bits."""
    if image.format() == QImage.Format_Grayscale16:
        return _rows(image, np.dtype(np.uint16), 1)[:, :, 0]
    if image.format() in _DEEP_COLOUR:
        return _rows(image.convertToFormat(QImage.Format_RGBA64), np.dtype(np.uint16), 4)[:, :, :3]
    if image.isGrayscale():
        return _rows(image.convertToFormat(QImage.Format_Grayscale8), np.dtype(np.uint8), 1)[:, :, 0]
    return _rows(image.convertToFormat(QImage.Format_RGB888), np.dtype(np.uint8), 3)


def _rows(image: QImage, kind: np.dtype[np.generic], channels: int) -> NDArray[np.generic]:
    """(H, W, channels), copied: Qt's memory goes with the image. Qt fills each row up to 4 bytes."""
    bits: Any = image.constBits()
    bits.setsize(image.sizeInBytes())
    rows = np.frombuffer(bits, np.uint8).reshape(image.height(), image.bytesPerLine())
    values = rows[:, : image.width() * channels * kind.itemsize].copy().view(kind)
    return values.reshape(image.height(), image.width(), channels)


def as_image(pixels: NDArray[np.uint8]) -> QImage:
    """An image of (H, W) grey or (H, W, 3) RGB bytes, with memory of its own."""
    height, width = pixels.shape[:2]
    data = np.ascontiguousarray(pixels)
    kind = QImage.Format_Grayscale8 if pixels.ndim == 2 else QImage.Format_RGB888
    return QImage(data.tobytes(), width, height, data.strides[0], kind).copy()
