"""A sitting of one reader: from the study's folder to what LabelImg's window is to show."""

from collections.abc import Mapping
from pathlib import Path

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError, nearest, some
from spinedet.annotations.labelimg.session import Hint, Work
from spinedet.annotations.labelimg.timed_session import TimedSession
from spinedet.annotations.reading import LOG, read_log
from spinedet.annotations.recording import check_protocol
from spinedet.benchmarks.study.folder import StudyFolder
from spinedet.benchmarks.study.hints import read_hints
from spinedet.benchmarks.study.orders import read_order
from spinedet.benchmarks.study.protocol import Protocol
from spinedet.benchmarks.study.reading_file import READING
from spinedet.benchmarks.study.readings import UNAIDED, Mark
from spinedet.datasets.dataset import ANNOTATIONS

TITLE = "Reader study"
"""What the window's title begins with."""

PRACTICE_LOG = "practice.jsonl"
"""What happens in the practice; no time of it enters the study."""

PRACTICE = "practice"
"""The folder of what is drawn in the practice."""


def make_sitting(folder: StudyFolder, reader: str, treatment: str = UNAIDED) -> TimedSession:
    """What `spinedet study read` shows: practice first, then the study's images in the reader's own order.

    Args:
        folder: The study.
        reader: A person of the protocol.
        treatment: The reading condition; under any but `unaided` the first model's boxes are shown.

    Raises:
        InputError: The protocol does not know the reader or the treatment, an image or the order is missing, the
            reading was begun under another protocol or came from elsewhere, or the model has not read yet.
    """
    protocol = folder.protocol
    _check_names(folder, reader, treatment)
    place = folder.reader(reader, treatment)
    _check_begun(place, protocol)
    marks = {} if treatment == UNAIDED else read_hints(folder).marks
    model = protocol.models[0].name if marks else ""
    practice = [
        _work(folder.practice, case.code, place / PRACTICE, _hints(model, marks, case.code))
        for case in protocol.practice
    ]
    works = [
        _work(folder.images, code, place / ANNOTATIONS, _hints(model, marks, code))
        for code in read_order(folder, reader, treatment)
    ]
    _check_images([*practice, *works])
    return TimedSession(
        # Not the study's name, which is the dataset's and may tell what is to be found.
        title=" - ".join([TITLE, reader, *([treatment] if len(protocol.treatments) > 1 else [])]),
        annotator=reader,
        folder=place / ANNOTATIONS,
        works=(*practice, *works),
        classes=protocol.classes,
        closed=True,
        log=place / LOG,
        practice_log=place / PRACTICE_LOG,
        protocol=protocol.sha256(),
        idle_seconds=protocol.idle_seconds,
        practice=len(practice),
        whole_image=protocol.whole_image,
    )


def _check_names(folder: StudyFolder, reader: str, treatment: str) -> None:
    protocol = folder.protocol
    if reader in {model.name for model in protocol.models}:
        raise InputError(
            f"{reader} is a model; models do not read in this window.",
            expected=f"one of {', '.join(protocol.readers)}",
            todo=f"spinedet study model {folder.root} MODEL",
        )
    for what, name, known in (("reader", reader, protocol.readers), ("treatment", treatment, protocol.treatments)):
        if name not in known:
            raise InputError(
                f"The study has no such {what}.",
                expected=nearest(name, known),
                found=name,
                where=folder.root,
                todo="the protocol is frozen; to change who reads, and how, make a new study",
            )


def _check_begun(place: Path, protocol: Protocol) -> None:
    """What is there already belongs to this study, and was not read elsewhere."""
    if (place / READING).exists():
        raise InputError(
            "This reader has read the images elsewhere; nobody reads a study twice.",
            found=READING,
            where=place,
            todo="if that reading is not to count, move the file out of the study first",
        )
    for log in (place / LOG, place / PRACTICE_LOG):
        check_protocol(log, read_log(log), protocol.sha256())


def _work(images: Path, code: str, drawn: Path, hints: tuple[Hint, ...]) -> Work:
    return Work(image=code, path=images / f"{code}.png", xml=drawn / f"{code}.xml", hints=hints)


def _hints(model: str, marks: Mapping[str, tuple[Mark, ...]], code: str) -> tuple[Hint, ...]:
    return tuple(
        Hint(
            annotator=model,
            name=mark.label,
            box=Box(*mark.box),
            reason="" if mark.score is None else f"{mark.score:.2f}",
        )
        for mark in marks.get(code, ())
    )


def _check_images(works: list[Work]) -> None:
    if missing := [work.path.name for work in works if not work.path.is_file()]:
        raise InputError(
            "Images of the study are missing.",
            found=f"no {some(missing)}",
            where=works[-1].path.parent,
            todo="copy the study's folder again, whole",
        )
