"""From the file that a reader saved of one image to what the reader said of it."""

from dataclasses import dataclass
from pathlib import Path

from spinedet.annotations.errors import InputError, at, nearest
from spinedet.annotations.reading import Timing
from spinedet.annotations.voc import Reading as Voc
from spinedet.annotations.voc import inspect_voc
from spinedet.benchmarks.study.protocol import Case, Protocol
from spinedet.benchmarks.study.readings import CaseReading, Mark


@dataclass(frozen=True, slots=True)
class Answer:
    """What one file says.

    Attributes:
        finished: The reader went on from the image, see `spinedet.annotations.reading.is_finished`.
        case: What was said; None where the whole image is asked and there is not exactly one box, so no answer either.
    """

    finished: bool
    case: CaseReading | None


def read_answer(path: Path, case: Case, protocol: Protocol, timing: Timing | None) -> Answer:
    """What a Pascal VOC file says of an image of the study.

    Args:
        path: The file.
        case: The image.
        protocol: Of the study: its classes, and whether boxes or one answer are asked.
        timing: How long the reader took.

    Raises:
        InputError: The file is damaged, is of an image of another size, or has a class that the protocol lacks.
    """
    voc = inspect_voc(path, lambda: (case.width, case.height))
    _check_size(path, voc, case)
    marks = tuple(
        Mark(label=known_class(thing.name, protocol.classes, at(path, line)), box=thing.box)
        for thing, line in zip(voc.annotation.objects, voc.lines, strict=True)
    )
    finished = voc.annotation.verified
    if not protocol.whole_image:
        return Answer(finished, CaseReading(code=case.code, marks=marks, timing=timing))
    if len(marks) != 1:
        return Answer(finished, None)
    return Answer(finished, CaseReading(code=case.code, label=marks[0].label, timing=timing))


def known_class(name: str, classes: tuple[str, ...], where: str) -> str:
    """The name of a class of the protocol."""
    if name not in classes:
        raise InputError(
            "The protocol does not know a class.", expected=nearest(name, classes), found=f"'{name}'", where=where
        )
    return name


def _check_size(path: Path, voc: Voc, case: Case) -> None:
    found = (voc.annotation.width, voc.annotation.height)
    if found != (case.width, case.height):
        raise InputError(
            "A reading is of an image of another size.",
            expected=f"{case.width} x {case.height}, as {case.code} has it",
            found="{} x {}".format(*found),
            where=path,
            todo="the boxes may belong to another image; read the images that the study gave out",
        )
