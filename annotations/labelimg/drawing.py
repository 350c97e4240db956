"""One image's drawing on disk: read and checked before it is shown, saved whole, never over somebody else's."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from spinedet.annotations import history
from spinedet.annotations.errors import InputError
from spinedet.annotations.labelimg.session import Work
from spinedet.annotations.voc import Annotation, Remark, VocObject, inspect_bytes, inspect_voc, voc_bytes

Size = tuple[int, int]
"""Width and height in pixels."""

LARGE = 100_000
"""Stands for the size of an image that is not read yet, in pixels."""


class ChangedBehindError(InputError):
    """The file is not what was read: another program wrote it meanwhile. One that is gone is simply saved again."""


@dataclass(frozen=True)
class Drawing:
    """What was read for an image, and the bytes that its file had then.

    Attributes:
        work: The image.
        annotation: What was drawn so far.
        remarks: What the reader mended in the file.
        on_disk: The bytes of `work.xml`; None where it does not exist.
    """

    work: Work
    annotation: Annotation
    remarks: tuple[Remark, ...]
    on_disk: bytes | None

    @classmethod
    def read(cls, work: Work, size: Size, depth: int) -> "Drawing":
        """Read an image's drawing, or begin an empty one.

        Args:
            work: The image.
            size: Width and height of the image.
            depth: Its channels, for a new file.

        Raises:
            InputError: The file is damaged, or belongs to an image of another size.
        """
        on_disk = _bytes(work.xml)  # read once: what is shown and what is compared before a save are the same bytes
        source = work.start if on_disk is None else work.xml
        if source is None:
            fresh = Annotation(work.path.name, *size, depth=depth, folder=work.path.parent.name)
            return cls(work, fresh, (), on_disk)
        reading = inspect_bytes(source.read_bytes() if on_disk is None else on_disk, source, lambda: size)
        _check_size(source, reading.annotation, size)
        return cls(work, reading.annotation, reading.remarks, on_disk)

    def save(self, objects: Sequence[VocObject], verified: bool, *, over: bool = False) -> "Drawing":
        """Save the boxes; the version before goes to the history.

        Args:
            objects: The boxes as they are now.
            verified: Whether the annotator pressed "verify image".
            over: Save although another program changed the file; its version goes to the history too.

        Raises:
            ChangedBehindError: Another program changed the file since it was read.
            WorkError: The disk is full or the folder cannot be written.
        """
        annotation = replace(self.annotation, objects=tuple(objects), verified=verified)
        data = voc_bytes(annotation)
        if not over and _bytes(self.work.xml) not in {None, self.on_disk, data}:
            raise ChangedBehindError(
                "The file was changed by another program since it was opened.",
                expected="the file as it was read",
                found="other contents",
                where=self.work.xml,
            )
        history.save(self.work.xml, data)
        return replace(self, annotation=annotation, on_disk=data)


def damaged(works: Sequence[Work]) -> set[int]:
    """Places of the images whose file is there and cannot be read."""
    return {place for place, work in enumerate(works) if work.finished and not _is_readable(work.xml)}


def _is_readable(xml: Path) -> bool:
    try:
        inspect_voc(xml, lambda: (LARGE, LARGE))  # sizes are compared when the image is opened
    except InputError:
        return False
    return True


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _check_size(source: Path, annotation: Annotation, size: Size) -> None:
    if (annotation.width, annotation.height) != size:
        raise InputError(
            "The annotation belongs to an image of another size.",
            expected="{} x {}".format(*size),
            found=f"{annotation.width} x {annotation.height}",
            where=source,
            todo="run `spinedet lint` on the dataset; its --fix writes the size where only that is wrong",
        )
