"""Rules over one file: what the reader noticed, doubled boxes, two classes on one box, specks, another size."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace

from spinedet.annotations.voc import EDGE_SLACK, Annotation, Remark
from spinedet.datasets.lint.findings import Fault, Known
from spinedet.datasets.lint.twins import Twin
from spinedet.datasets.lint.views import FileView

LEAST_SIDE = 4.0
"""Pixels; a box with a shorter side is rather a slip of the mouse than an object, and no detector finds it."""


def remarked(code: str, file: FileView) -> Iterator[Fault]:
    """What the reader noticed of the file under this code."""
    for remark in file.reading.remarks:
        if remark.code == code:
            yield Fault(file.place, _sentence(remark), remark.line, image=file.image)


def remarked_otherwise(codes: frozenset[str], file: FileView) -> Iterator[Fault]:
    """What the reader noticed under none of these codes."""
    for remark in file.reading.remarks:
        if remark.code not in codes:
            yield Fault(file.place, _sentence(remark), remark.line, image=file.image)


def box_remarked(code: str, file: FileView) -> Iterator[Fault]:
    """What the reader noticed of a box under this code; its line is that of the object or of a part of it."""
    for remark in file.reading.remarks:
        if remark.code == code:
            place = bisect_right(file.reading.lines, remark.line or 0) - 1
            boxes = (file.objects[place].box,) if place >= 0 else ()
            yield Fault(file.place, _sentence(remark), remark.line, image=file.image, boxes=boxes)


def _sentence(remark: Remark) -> str:
    """The reader's sentence without its full stop, as all faults are told."""
    return remark.text.removesuffix(".")


def as_read(annotation: Annotation, known: Known) -> Annotation:
    """Mend: the reader has put it right already, so that writing it back is all."""
    del known
    return annotation


def doubled(file: FileView) -> Iterator[Fault]:
    """A box that nothing tells from an earlier one."""
    for twin in file.twins:
        if twin.identical:
            yield _pair(file, twin, f"'{file.objects[twin.place].name}' is drawn twice, edge on edge")


def without_doubles(annotation: Annotation, known: Known) -> Annotation:
    """Mend: of identical boxes the first stays."""
    del known
    return replace(annotation, objects=tuple(dict.fromkeys(annotation.objects)))


def nearly_doubled(file: FileView) -> Iterator[Fault]:
    """Another box of the same class in nearly the same place."""
    for twin in file.twins:
        if twin.same_class and not twin.identical:
            name = file.objects[twin.place].name
            yield _pair(file, twin, f"'{name}' is drawn twice in nearly the same place (IoU {twin.iou:.2f})")


def two_classes(file: FileView) -> Iterator[Fault]:
    """A box of another class in the same place."""
    for twin in file.twins:
        if not twin.same_class:
            names = f"'{file.objects[twin.place].name}' and '{file.objects[twin.earlier].name}'"
            yield _pair(file, twin, f"{names} are drawn in one place (IoU {twin.iou:.2f})")


def _pair(file: FileView, twin: Twin, what: str) -> Fault:
    line, earlier = file.reading.lines[twin.place], file.reading.lines[twin.earlier]
    boxes = (file.objects[twin.place].box, file.objects[twin.earlier].box)
    return Fault(file.place, f"{what}; the other is at line {earlier}", line, image=file.image, boxes=boxes)


def tiny(file: FileView) -> Iterator[Fault]:
    """A box with a side of under `LEAST_SIDE` pixels."""
    for thing, line in zip(file.objects, file.reading.lines, strict=True):
        width, height = thing.box.x1 - thing.box.x0, thing.box.y1 - thing.box.y0
        if width < LEAST_SIDE or height < LEAST_SIDE:
            what = f"'{thing.name}' is {width:g} x {height:g} px"
            yield Fault(file.place, what, line, image=file.image, boxes=(thing.box,))


def empty(file: FileView) -> Iterator[Fault]:
    """An image on which nothing is drawn."""
    if not file.objects:
        yield Fault(file.place, "no box is drawn on this image", image=file.image)


def slightly_other_size(file: FileView) -> Iterator[Fault]:
    """A size that differs by so little that it is a habit of the tool, with every box inside the image."""
    if _differs(file) and _is_slight(file):
        yield _sizes(file)


def other_size(file: FileView) -> Iterator[Fault]:
    """A size that may be that of another image."""
    if _differs(file) and not _is_slight(file):
        yield _sizes(file)


def _differs(file: FileView) -> bool:
    drawn = file.reading.annotation
    return file.size is not None and file.size != (drawn.width, drawn.height)


def _is_slight(file: FileView) -> bool:
    if file.size is None:
        return False
    drawn, (width, height) = file.reading.annotation, file.size
    gap = max(abs(width - drawn.width), abs(height - drawn.height))
    boxes = (thing.box for thing in file.objects)
    return gap <= EDGE_SLACK and all(box.x1 <= width and box.y1 <= height for box in boxes)


def _sizes(file: FileView) -> Fault:
    drawn, (width, height) = file.reading.annotation, file.size or (0, 0)
    what = f"the annotation says {drawn.width} x {drawn.height} px, the image has {width} x {height}"
    return Fault(file.place, what, image=file.image, boxes=tuple(thing.box for thing in drawn.objects))


def with_size(annotation: Annotation, known: Known) -> Annotation:
    """Mend: the size of the image."""
    if known.size is None:
        return annotation
    return replace(annotation, width=known.size[0], height=known.size[1])
