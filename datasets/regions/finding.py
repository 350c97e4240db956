"""What every way to find regions answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from spinedet.annotations.boxes import Box
from spinedet.datasets.images import Pixels

WHOLE = ""
"""Name of the part where an image has one region: the crop is called like the image."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The regions of one image, tight around what they show.

    Attributes:
        boxes: Each region by the name of its part (`left`, `right`, or `WHOLE`); empty where nothing was found.
        remark: Why nothing was found, or what a person should know of it.
    """

    boxes: Mapping[str, Box] = field(default_factory=dict)
    remark: str = ""


Finder = Callable[[Pixels], Finding]
"""From an image, (H, W) grey or (H, W, 3) RGB of 8 bits, to its regions."""

NamedFinder = Callable[[str, Pixels], Finding]
"""The same for a finder that goes by the image's name too, because each image has a model of its own."""
