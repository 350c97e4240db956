"""What a Pascal VOC file says, as frozen objects that are checked when they are made."""

from collections.abc import Callable
from dataclasses import dataclass

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError
from spinedet.annotations.voc.extra import ANNOTATION, OBJECT, canonical

MAX_SIDE = 1_000_000
"""Pixels; numbers from here on are no place in an image."""

CLIPPED = "clipped"
"""A box left the image by at most `EDGE_SLACK` and was cut off at the border."""

SWAPPED = "swapped"
"""The first corner lay behind the second."""

ROTATED = "rotated"
"""A rotated box of roLabelImg was read as its upright extent."""

POLYGON = "polygon"
"""A polygon without a box was read as its extent."""

DOUBLED = "doubled"
"""An object stands there twice, with the same class and box."""

SIZE_FROM_IMAGE = "size-from-image"
"""The file does not say how large the image is; the image was asked."""

ENCODING = "encoding"
"""The file is not plain UTF-8."""

FILE_NAME = "file-name"
"""The `<filename>` has no suffix, or is not the name of the file."""

TABBED = "tabbed"
"""LabelImg had written two blanks in a class name as a tab."""

Size = Callable[[], tuple[int, int]]
"""Gives width and height of the image in pixels; asked only where the file does not say them."""


@dataclass(frozen=True, slots=True)
class VocObject:
    """One box that somebody drew.

    Attributes:
        name: What the box is called (its class).
        box: Continuous edges in pixels; see `spinedet.annotations.boxes`.
        difficult: In evaluation neither a hit nor a miss.
        truncated: The object goes on beyond the box.
        pose: The VOC view of the object; `Unspecified` for medical images.
        extra: What else the file says of the object, as XML; see `spinedet.annotations.voc.extra`.
    """

    name: str
    box: Box
    difficult: bool = False
    truncated: bool = False
    pose: str = "Unspecified"
    extra: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.name:
            raise InputError("A box has no class name.", expected="a name")
        if not self.name.isprintable():  # a line break would end a line of classes.txt
            raise InputError("A class name has unprintable characters.", found=ascii(self.name))
        if self.name[0] == " " or self.name[-1] == " ":  # two classes that look alike
            raise InputError("A class name has blanks around it.", found=repr(self.name))
        x0, y0, x1, y1 = self.box
        if not (x1 > x0 and y1 > y0):
            raise InputError("A box has no area.", expected="x0 < x1 and y0 < y1", found=str(tuple(self.box)))
        if self.extra:
            object.__setattr__(self, "extra", canonical(OBJECT, self.extra))


@dataclass(frozen=True, slots=True)
class Annotation:
    """All boxes of one image.

    Attributes:
        filename: The image's file name as the XML gives it (a hint).
        width, height: Size of the image in pixels.
        objects: The boxes, in the order of the file.
        depth: Channels of the image.
        verified: Somebody pressed "verify image" in LabelImg.
        folder, path, database: Hints kept from the file.
        extra: What else the file says of the image, as XML; see `spinedet.annotations.voc.extra`.
    """

    filename: str
    width: int
    height: int
    objects: tuple[VocObject, ...] = ()
    depth: int = 1
    verified: bool = False
    folder: str = "JPEGImages"
    path: str = ""
    database: str = "Unknown"
    extra: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not (1 <= self.width < MAX_SIDE and 1 <= self.height < MAX_SIDE):
            found = f"{self.width} x {self.height}"
            raise InputError("An annotation has no image size.", expected="at least 1 x 1 pixel", found=found)
        if not 0 <= self.depth < MAX_SIDE:
            raise InputError("An image cannot have that depth.", expected="0 or more", found=str(self.depth))
        for thing in self.objects:
            x0, y0, x1, y1 = thing.box
            if x0 < 0 or y0 < 0 or x1 > self.width or y1 > self.height:
                raise outside(thing.name, thing.box, self.width, self.height)
        if self.extra:
            object.__setattr__(self, "extra", canonical(ANNOTATION, self.extra))


def outside(name: str, box: Box, width: int, height: int) -> InputError:
    """The refusal of a box that leaves the image."""
    return InputError(
        f"The box of a '{name}' leaves the image.",
        expected=f"inside 0 0 {width} {height}",
        found="{:g} {:g} {:g} {:g}".format(*box),
    )


@dataclass(frozen=True, slots=True)
class Remark:
    """Something in a file that was mended or noticed while it was read.

    Attributes:
        code: One of this module's words, as `CLIPPED`.
        line: Line of the file; None where it is about no line.
        text: A sentence for people.
    """

    code: str
    line: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """An annotation with all that was noticed while its file was read.

    Attributes:
        annotation: What was drawn, mended.
        remarks: What was mended or noticed, in the order of the file.
        lines: Line of the file on which each object begins.
    """

    annotation: Annotation
    remarks: tuple[Remark, ...] = ()
    lines: tuple[int, ...] = ()
