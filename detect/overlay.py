"""A score map over its image, with a scale, for people."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from spinedet.annotations.boxes import Box
from spinedet.datasets.images import Image, as_rgb
from spinedet.detect.contract import Detections
from spinedet.detect.outputs import LINE_SHARE, write_png

COLOUR_MAP = cv2.COLORMAP_VIRIDIS
"""Perceptually even, and told apart by colour-blind readers; OpenCV has it, so that predicting needs no matplotlib."""

STRONGEST = 0.65
"""How much of a pixel the colour takes at the top of the scale; it falls with the root of the score, so that middling
scores are still seen, and is 0 where the score is."""

LEAST_SIDE = 480
"""Smaller images are shown enlarged by a whole number, or their scale could not be read."""

BAR_SHARE = 0.04
"""Width of the scale's bar as a share of the picture's long side."""

SMALLEST_TOP = 1e-6
"""Top of the scale of a map that is 0 everywhere."""

WHITE, BLACK = (255, 255, 255), (0, 0, 0)


def overlay(
    image: NDArray[np.generic],
    scores: NDArray[np.float32],
    *,
    top: float | None = None,
    boxes: Sequence[Box] = (),
    caption: str = "",
) -> Image:
    """Lay a map over the grey image, with its scale on a strip at the right that hides nothing.

    Args:
        image: (H, W) grey or (H, W, 3) RGB, of 8 or 16 bits.
        scores: (H, W) in 0..1.
        top: Score at the upper end of the scale; the map's highest unless told (pictures to compare need the same).
        boxes: Drawn in white, in pixels of the image.
        caption: Written on the strip, as the class.

    Returns:
        (H', W', 3) uint8; the image begins at the upper left corner, enlarged by a whole number if it is small.

    Raises:
        ValueError: Image and map have two sizes.
    """
    pixels = as_rgb(image)
    if pixels.shape[:2] != scores.shape:
        raise ValueError(f"the image is {pixels.shape[:2]} and the map {scores.shape}")
    highest = max(float(scores.max()) if top is None else top, SMALLEST_TOP)
    factor = max(1, -(-LEAST_SIDE // max(scores.shape)))
    picture = _enlarged(_blended(pixels, np.clip(scores / highest, 0, 1)), factor)
    for box in boxes:
        _outline(picture, box, factor)
    return np.hstack([picture, _scale(picture.shape[0], max(picture.shape[:2]), highest, caption)])


def classes_of_interest(shown: Detections, best: NDArray[np.floating]) -> list[int]:
    """Whose maps are worth a picture: the classes of the shown detections, or the best one where nothing is shown.

    Args:
        shown: Detections above the score that a person asked for.
        best: (C,) the best score of each class.
    """
    return sorted(set(shown.labels.tolist())) or [int(best.argmax())]


def write_overlays(
    paths: Mapping[int, Path], image: Image, maps: NDArray[np.float32], shown: Detections, classes: Sequence[str]
) -> None:
    """Write one picture a class, all with the same scale, so that they can be compared.

    Args:
        paths: Where to write each class.
        image: (H, W, 3).
        maps: (C, H, W).
        shown: Detections; those of its class are drawn on a picture.
        classes: Names of the classes.

    Raises:
        WorkError: A file cannot be written.
    """
    top = max(float(maps[label].max()) for label in paths)
    for label, path in paths.items():
        boxes = [Box(*corners) for corners in shown.boxes[shown.labels == label].tolist()]
        write_png(path, overlay(image, maps[label], top=top, boxes=boxes, caption=classes[label]))


def _blended(pixels: Image, share: NDArray[np.floating]) -> Image:
    """Colours over the grey of an image; `share` (H, W) says how far up the scale each pixel lies, 0..1."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[..., None]  # (H, W, 1)
    weight = (STRONGEST * np.sqrt(share))[..., None]  # (H, W, 1)
    return np.asarray(np.rint(grey * (1 - weight) + _colours(share) * weight), np.uint8)


def _colours(share: NDArray[np.floating]) -> Image:
    """(H, W) in 0..1 to (H, W, 3) RGB."""
    steps = np.rint(255 * share).astype(np.uint8)
    return np.asarray(cv2.cvtColor(cv2.applyColorMap(steps, COLOUR_MAP), cv2.COLOR_BGR2RGB), np.uint8)


def _enlarged(picture: Image, factor: int) -> Image:
    size = picture.shape[1] * factor, picture.shape[0] * factor
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC) if factor > 1 else picture, np.uint8)


def _outline(picture: Image, box: Box, factor: int) -> None:
    """Draw a box in place: a white line with a black one around it, seen on bright and dark."""
    height, width = picture.shape[:2]
    x0, y0, x1, y1 = (round(edge * factor) for edge in box)
    corners = (max(x0, 0), max(y0, 0)), (min(x1, width) - 1, min(y1, height) - 1)
    line = max(1, round(max(width, height) * LINE_SHARE / 2))
    cv2.rectangle(picture, *corners, BLACK, 3 * line, cv2.LINE_AA)
    cv2.rectangle(picture, *corners, WHITE, line, cv2.LINE_AA)


def _scale(height: int, side: int, highest: float, caption: str) -> Image:
    """The strip at the right (height, W, 3): a bar from 0 to the highest score, what they are, and whose."""
    bar, size, gap = max(4, round(BAR_SHARE * side)), side / 1200, max(3, side // 80)
    words = {"top": f"{highest:.2g}", "half": f"{highest / 2:.2g}", "zero": "0", "caption": caption}
    extents = {name: cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, 1)[0] for name, text in words.items()}
    tall = extents["zero"][1]
    width = max(bar + gap + max(extents[name][0] for name in ("top", "half")), extents["caption"][0]) + 2 * gap
    strip = np.zeros((height, width, 3), np.uint8)
    first, last = 3 * gap + tall, height - 2 * gap
    shares = np.linspace(1, 0, max(2, last - first))[:, None].repeat(bar, axis=1)
    strip[first : first + len(shares), gap : gap + bar] = _colours(shares)[: height - first]
    places = {"caption": (gap, gap + tall), **_beside(first, last, gap + bar + gap // 2, tall)}
    for name, place in places.items():
        cv2.putText(strip, words[name], place, cv2.FONT_HERSHEY_SIMPLEX, size, WHITE, 1, cv2.LINE_AA)
    return strip


def _beside(first: int, last: int, x: int, tall: int) -> dict[str, tuple[int, int]]:
    """Where the numbers stand: each with its middle at its height of the bar."""
    rows = {"top": first, "half": (first + last) // 2, "zero": last}
    return {name: (x, row + tall // 2) for name, row in rows.items()}
