"""Images as arrays: 8- and 16-bit grey or RGB, from PNG, JPEG, BMP or TIFF, always read in the same way.

Training, the check of an export, and prediction read through this module, so that all see the same pixels.
"""

import hashlib
import threading
import warnings
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Header
from PIL import UnidentifiedImageError
from PIL.TiffImagePlugin import IMAGELENGTH, IMAGEWIDTH, TiffImageFile

from spinedet.annotations.contrast import first_window, show
from spinedet.annotations.errors import InputError

Image = NDArray[np.uint8]
"""(H, W, 3) RGB."""

Pixels = NDArray[np.uint8]
"""(H, W) grey or (H, W, 3) RGB."""

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")

MAX_PIXELS = 64_000_000
"""An image with more pixels is refused before it is decoded; a whole-spine radiograph has 10 million."""

_ONE_AT_A_TIME = threading.Lock()
"""Warnings are switched off for the whole process, so two threads must not do it at once."""

_ORIENTATION_TAG = 0x0112
_SIDEWAYS = {5, 6, 7, 8}
_WITH_ORIENTATION = {"JPEG", "MPO", "TIFF"}
"""Kinds whose orientation LabelImg obeys: a tag in a PNG is ignored here, whatever the release of OpenCV does."""


def read_image(path: Path) -> Image:
    """Read an image file as RGB.

    Orientation tags are obeyed, as LabelImg does. 16-bit images are shown between `WINDOW_PERCENTILES` of their values.

    Returns:
        (H, W, 3) uint8.

    Raises:
        InputError: The file is missing, damaged, of an unknown kind, or has more than `MAX_PIXELS`.
    """
    return as_rgb(read_pixels(path))


def read_pixels(path: Path) -> Pixels:
    """As `read_image`, but a grey image stays (H, W): a third of the work where colour is not needed."""
    pixels = as_8_bit(_decode(path))  # before channels are turned round, which OpenCV does for few other types
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8) if pixels.ndim == 3 else pixels


def pixel_hash(image: Image) -> str:
    """SHA-256 of an image's size and pixels: the same for the same pixels, whatever the file is called."""
    return hashlib.sha256(repr(image.shape).encode() + np.ascontiguousarray(image).tobytes()).hexdigest()


def _decode(path: Path) -> NDArray[np.generic]:
    kind = _read_header(path)[0]  # refuses what is missing, unknown or a bomb before any pixel is decoded
    data = np.fromfile(path, np.uint8)  # not cv2.imread: it fails on non-ASCII paths under Windows
    turning = 0 if kind in _WITH_ORIENTATION else cv2.IMREAD_IGNORE_ORIENTATION
    try:
        image = cv2.imdecode(data, cv2.IMREAD_ANYDEPTH | cv2.IMREAD_ANYCOLOR | turning)
    except cv2.error:
        image = None
    if image is None:
        raise _damaged(path)
    return np.asarray(image)


def image_size(path: Path) -> tuple[int, int]:
    """Width and height in pixels from the file's header, as it is shown (orientation obeyed); nothing is decoded.

    Raises:
        InputError: As `read_image`.
    """
    return _read_header(path)[1]


def _read_header(path: Path) -> tuple[str, tuple[int, int]]:
    """Pillow's name of the file's kind, and the size as `image_size` gives it."""
    try:
        with _ONE_AT_A_TIME, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of large images and odd tags; the limit below decides
            with Header.open(path) as header:
                kind, (width, height) = header.format or "", _stored_size(header)
                turned = kind in _WITH_ORIENTATION and header.getexif().get(_ORIENTATION_TAG, 1) in _SIDEWAYS
    except UnidentifiedImageError as error:
        raise _damaged(path) from error
    except Header.DecompressionBombError as error:
        raise _bomb(path, str(error)) from error
    except FileNotFoundError as error:
        raise InputError("There is no such image.", where=path) from error
    except Exception as error:  # Pillow's readers let any error of a damaged header through
        raise InputError("An image cannot be read.", found=str(error), where=path) from error
    if width * height > MAX_PIXELS:
        raise _bomb(path, f"{width} x {height}")
    return kind, (height, width) if turned else (width, height)


def _stored_size(header: Header.Image) -> tuple[int, int]:
    """Width and height as stored; newer releases of Pillow give those of a TIFF already turned."""
    if isinstance(header, TiffImageFile):
        return int(header.tag_v2[IMAGEWIDTH]), int(header.tag_v2[IMAGELENGTH])
    return header.size


def _damaged(path: Path) -> InputError:
    return InputError("An image is damaged.", expected=f"a readable {', '.join(SUFFIXES)}", where=path)


def _bomb(path: Path, found: str) -> InputError:
    return InputError("An image is too large.", expected=f"at most {MAX_PIXELS:,} pixels", found=found, where=path)


def as_rgb(image: NDArray[np.generic]) -> Image:
    """Bring an image, (H, W) grey or (H, W, 3) RGB, of 8 or 16 bits, to 8-bit RGB.

    Returns:
        (H, W, 3) uint8.

    Raises:
        InputError: The array has another shape.
    """
    pixels = as_8_bit(image)
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB), np.uint8) if pixels.ndim == 2 else pixels


def as_8_bit(image: NDArray[np.generic]) -> Pixels:
    """Bring an image, (H, W) grey or (H, W, 3), to 8 bits, others through `annotations.contrast.first_window`.

    Raises:
        InputError: The array has another shape.
    """
    if image.size == 0 or not (image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)):
        raise InputError("This is no image.", expected="(H, W) grey or (H, W, 3) RGB", found=str(image.shape))
    return np.asarray(image, np.uint8) if image.dtype == np.uint8 else window(image)


def window(image: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Map values through `contrast.first_window` to 0..255; a constant image and missing values become 0."""
    return show(image, first_window(image))
