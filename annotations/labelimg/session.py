"""What one annotator is asked to do: images, where their boxes come from, and where the drawing goes.

The session is made beside the dataset and read in LabelImg's own process, so it travels as JSON.
"""

from collections.abc import Collection
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict

from spinedet.annotations.boxes import Box
from spinedet.annotations.files import write_text


class Hint(BaseModel):
    """A box that somebody else drew, shown but not part of the drawing until it is taken.

    Attributes:
        annotator: Who drew it.
        name: Its class.
        box: Edges x0, y0, x1, y1 in pixels.
        reason: Why it is shown, in a few words.
    """

    model_config = ConfigDict(frozen=True)

    annotator: str
    name: str
    box: Box
    reason: str = ""


class Work(BaseModel):
    """One image to annotate.

    Attributes:
        image: The image's name (file stem).
        path: The image file.
        xml: Where the drawing is saved.
        start: The boxes to start from where `xml` does not exist yet.
        hints: Boxes of others.
    """

    model_config = ConfigDict(frozen=True)

    image: str
    path: Path
    xml: Path
    start: Path | None = None
    hints: tuple[Hint, ...] = ()

    @property
    def finished(self) -> bool:
        """Whether the annotator has saved this image, be it without a box."""
        return self.xml.exists()


class Session(BaseModel):
    """One sitting of one annotator.

    Attributes:
        title: What the window's title begins with.
        annotator: The annotator's name; empty where the drawing goes to the common `Annotations/`.
        folder: The folder of all `xml` files, which is locked while the window is open.
        works: The images, in the order shown; at least one.
        classes: Names offered for a box.
        closed: Only those names are accepted; otherwise others may be typed.
    """

    model_config = ConfigDict(frozen=True)

    title: str
    annotator: str
    folder: Path
    works: tuple[Work, ...]
    classes: tuple[str, ...] = ()
    closed: bool = False

    def first(self, interrupted: str | None = None, damaged: Collection[int] = ()) -> int:
        """Place of the image to open: the one that was open when LabelImg was killed, or the first unfinished one.

        Args:
            interrupted: The image that was open when LabelImg was killed; None after an orderly end.
            damaged: Places whose file cannot be read: not finished, whatever there is of it.
        """
        names = [work.image for work in self.works]
        if interrupted in names:
            return names.index(interrupted)
        open_places = (place for place, work in enumerate(self.works) if not work.finished or place in damaged)
        return next(open_places, 0)

    def finished(self) -> int:
        """How many images have been saved."""
        return sum(work.finished for work in self.works)

    def write(self, path: Path) -> None:
        """Write the session as JSON."""
        write_text(path, self.model_dump_json(indent=1))

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what `write` wrote."""
        return cls.model_validate_json(path.read_text(encoding="utf-8"))
