"""A trained model finds the region, and what comes after works on the crop: the two steps of P3 and P4."""

from collections.abc import Callable, Sequence
from typing import Literal

from spinedet.annotations.boxes import Box
from spinedet.datasets.images import Pixels
from spinedet.datasets.regions.finding import WHOLE, Finder, Finding

Scored = tuple[Box, float]
"""A box and its score in 0..1."""

Detector = Callable[[Pixels], Sequence[Scored]]
"""From an image to what a model finds on it, in any order; `spinedet.detect` is a floor above and is passed in."""

Missing = Literal["leave-out", "whole"]
"""What becomes of an image on which the model finds nothing: left out by name, or used as a whole."""

NOTHING = "the model found no region"
WHOLE_USED = "the model found no region; the whole image was used"


def detector_finder(detect: Detector, missing: Missing = "leave-out", least_score: float = 0.0) -> Finder:
    """The best box of a model as the region.

    Args:
        detect: The model.
        missing: What to do where it finds nothing.
        least_score: Boxes that score less are nothing.
    """

    def find(image: Pixels) -> Finding:
        height, width = image.shape[:2]
        return region_of(detect(image), (width, height), missing, least_score)

    return find


def region_of(
    found: Sequence[Scored], size: tuple[int, int], missing: Missing = "leave-out", least_score: float = 0.0
) -> Finding:
    """The best of the boxes that a model found on an image of that width and height, clipped to it; see above."""
    best = best_box(found, size, least_score)
    if best is not None:
        return Finding({WHOLE: best})
    return Finding({WHOLE: Box(0, 0, *size)}, WHOLE_USED) if missing == "whole" else Finding(remark=NOTHING)


def best_box(found: Sequence[Scored], size: tuple[int, int], least_score: float = 0.0) -> Box | None:
    """The box with the highest score among those that score enough and show a part of the image; None without any."""
    inside = [(_inside(box, *size), score) for box, score in found if score >= least_score]
    seen = [(box, score) for box, score in inside if box.x1 > box.x0 and box.y1 > box.y0]
    return max(seen, key=lambda row: row[1])[0] if seen else None


def _inside(box: Box, width: int, height: int) -> Box:
    return Box(max(box.x0, 0), max(box.y0, 0), min(box.x1, width), min(box.y1, height))
