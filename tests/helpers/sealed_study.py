"""A sealed study of a few images, written by hand: what a reader's window needs of it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from spinedet.benchmarks.study.folder import StudyFolder
from spinedet.benchmarks.study.hints import Hints, write_hints
from spinedet.benchmarks.study.orders import write_order
from spinedet.benchmarks.study.protocol import FILE, Case, ModelReader, Protocol, Source
from spinedet.benchmarks.study.readings import Mark

WIDTH, HEIGHT = 320, 240
READER, MODEL = "R1", "yolo"
WEIGHTS = "0" * 64
CLASSES = ("disc", "vertebra")

ORDER = ("S3", "S1", "S4", "S2")
"""The reader's own order, which is none of the codes."""

COLOURS = ((190, 60, 60), (60, 170, 60), (70, 70, 200), (180, 170, 60))
"""Of the images, in the reader's order: by them an image is known on the screen."""


def sealed_study(
    root: Path,
    *,
    order: Sequence[str] = ORDER,
    practice: Sequence[str] = (),
    marks: Mapping[str, tuple[Mark, ...]] | None = None,
    **decided: Any,
) -> StudyFolder:
    """Write a study; each image has a colour of its own, see `COLOURS`.

    Args:
        root: The study's folder.
        order: The codes, in the reader's order.
        practice: Codes of practice images.
        marks: What the model found; a model takes part, and readers have its help, where this is given.
        decided: Other fields of the protocol.
    """
    folder = StudyFolder(root)
    _write_images(folder, order, practice)
    model = ModelReader(name=MODEL, detector="yolov5", size="n", sha256=WEIGHTS, trained_on=1)
    values: dict[str, Any] = {
        "study": "Small study",
        "created": "2025-03-01",
        "spinedet": "0",
        "source": Source(name="set", fingerprint="f", images=9, patients=9),
        "classes": CLASSES,
        "cases": tuple(map(_case, sorted(order))),
        "practice": tuple(map(_case, practice)),
        "readers": (READER, "R2"),
        "treatments": ("unaided",) if marks is None else ("unaided", "aided"),
        "models": () if marks is None else (model,),
    }
    protocol = Protocol(**(values | decided))
    protocol.write(root / FILE)
    for reader in protocol.readers:
        for treatment in protocol.treatments:
            write_order(folder, reader, treatment, order)
    if marks is not None:
        write_hints(folder, MODEL, Hints(protocol=protocol.sha256(), sha256=WEIGHTS, marks=dict(marks)))
    return folder


def _write_images(folder: StudyFolder, order: Sequence[str], practice: Sequence[str]) -> None:
    for place, codes in ((folder.images, order), (folder.practice, practice)):
        place.mkdir(parents=True)
        for code, colour in zip(codes, COLOURS, strict=False):
            Image.new("RGB", (WIDTH, HEIGHT), colour).save(place / f"{code}.png")


def _case(code: str) -> Case:
    return Case(code=code, pixels="p", width=WIDTH, height=HEIGHT)


def frozen_anew(folder: StudyFolder, **decided: Any) -> StudyFolder:
    """The study with another protocol in the place of the one that was there."""
    folder.protocol.model_copy(update=decided).write(folder.root / FILE)
    return StudyFolder(folder.root)
