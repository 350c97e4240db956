"""An `Annotation` written as LabelImg writes it: its order of elements, its tabs, its whole numbers.

An edge between pixels is written with all its digits, so that it is read again exactly. LabelImg itself cuts them off:
who writes for LabelImg uses `Box.whole()` first.
"""

from pathlib import Path

from lxml import etree

from spinedet.annotations.boxes import VOC_ORIGIN
from spinedet.annotations.errors import InputError
from spinedet.annotations.files import write_bytes
from spinedet.annotations.voc.extra import ANNOTATION, OBJECT, VERIFIED, Element, merge
from spinedet.annotations.voc.model import Annotation, VocObject
from spinedet.annotations.voc.values import plus


def write_voc(path: Path, annotation: Annotation) -> None:
    """Write one Pascal VOC file, whole or not at all.

    Raises:
        InputError: As `voc_bytes`.
        WorkError: The file cannot be written; an older file of that name is then still whole.
    """
    write_bytes(path, voc_bytes(annotation))


def voc_bytes(annotation: Annotation) -> bytes:
    """The file that `write_voc` writes; read again, it gives the same annotation.

    Raises:
        InputError: A name or a hint holds characters that XML has no place for.
    """
    try:
        root = _root(annotation)
    except ValueError as error:  # lxml's word for control characters and lone surrogates
        raise InputError("An annotation cannot be XML.", found=str(error), where=ascii(annotation.filename)) from error
    etree.indent(root, space="\t")
    return etree.tostring(root, encoding="utf-8") + b"\n"


def _root(annotation: Annotation) -> Element:
    root = etree.Element(ANNOTATION)
    if annotation.verified:
        root.set(VERIFIED, "yes")
    _add(root, "folder", annotation.folder)
    _add(root, "filename", annotation.filename)
    if annotation.path:
        _add(root, "path", annotation.path)
    _add(_add(root, "source"), "database", annotation.database)
    size = _add(root, "size")
    for name in ("width", "height", "depth"):
        _add(size, name, str(getattr(annotation, name)))
    _add(root, "segmented", "0")
    if annotation.extra:
        merge(root, annotation.extra)
    for thing in annotation.objects:
        _add_object(root, thing)
    return root


def _add(parent: Element, tag: str, text: str | None = None) -> Element:
    child = etree.SubElement(parent, tag)
    child.text = text
    return child


def _add_object(root: Element, thing: VocObject) -> None:
    node = _add(root, OBJECT)
    _add(node, "name", thing.name)
    _add(node, "pose", thing.pose)
    _add(node, "truncated", str(int(thing.truncated)))
    _add(node, "difficult", str(int(thing.difficult)))
    corners = _add(node, "bndbox")
    x0, y0, x1, y1 = thing.box
    for tag, edge, step in (("xmin", x0, VOC_ORIGIN), ("ymin", y0, VOC_ORIGIN), ("xmax", x1, 0), ("ymax", y1, 0)):
        _add(corners, tag, _digits(edge, step))
    if thing.extra:
        merge(node, thing.extra)


def _digits(edge: float, step: int) -> str:
    """`edge + step` with all its digits; the edge of a pixel is a whole number."""
    return str(int(edge) + step) if edge == int(edge) else format(plus(edge, step), "f")
