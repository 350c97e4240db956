"""Pascal VOC files as LabelImg writes them, read into frozen objects and written back.

The image belongs to the XML by file stem. `<path>` and `<filename>` are hints of the machine that drew the boxes; they
are kept, shown, and never followed.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lxml import etree

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError, at
from spinedet.annotations.files import write_bytes

MAX_BYTES = 4 * 1024 * 1024
"""A LabelImg file of 10,000 boxes has 2.5 MB; more is not an annotation."""

EDGE_SLACK = 2.0
"""Pixels by which a box may leave the image; it is then clipped (tools differ in where they put the last pixel)."""

Element = etree._Element


@dataclass(frozen=True, slots=True)
class VocObject:
    """One box that somebody drew.

    Attributes:
        name: What the box is called (its class).
        box: Continuous edges in pixels; see `spinedet.annotations.boxes`.
        difficult: In evaluation neither a hit nor a miss.
        truncated: The object goes on beyond the box.
        pose: The VOC view of the object; `Unspecified` for medical images.
    """

    name: str
    box: Box
    difficult: bool = False
    truncated: bool = False
    pose: str = "Unspecified"

    def __post_init__(self) -> None:
        if not self.name:
            raise InputError("A box has no class name.", expected="a name")
        if not self.name.isprintable():  # a line break would end a line of classes.txt
            raise InputError("A class name has unprintable characters.", found=ascii(self.name))
        if not (self.box.x1 > self.box.x0 and self.box.y1 > self.box.y0):
            raise InputError("A box has no area.", expected="x0 < x1 and y0 < y1", found=str(tuple(self.box)))


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

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            found = f"{self.width} x {self.height}"
            raise InputError("An annotation has no image size.", expected="at least 1 x 1 pixel", found=found)
        for thing in self.objects:
            _check_inside(thing, self.width, self.height)


def _check_inside(thing: VocObject, width: int, height: int) -> None:
    x0, y0, x1, y1 = thing.box
    if x0 < 0 or y0 < 0 or x1 > width or y1 > height:
        raise InputError(
            f"The box of a '{thing.name}' leaves the image.",
            expected=f"inside 0 0 {width} {height}",
            found=f"{x0:g} {y0:g} {x1:g} {y1:g}",
        )


def read_voc(path: Path) -> Annotation:
    """Read one Pascal VOC file.

    Raises:
        InputError: The file is missing, damaged, too large, or a box in it is impossible; the message has the line.
    """
    root = _parse(path)
    width, height = (_whole(path, _need(path, _need(path, root, "size"), side)) for side in ("width", "height"))
    if width < 1 or height < 1:
        size = _need(path, root, "size")
        found = f"{width} x {height}"
        raise InputError("The image size is impossible.", found=found, where=_place(path, size))
    return Annotation(
        filename=root.findtext("filename") or "",
        width=width,
        height=height,
        objects=tuple(_object(path, node, width, height) for node in root.iterfind("object")),
        depth=_depth(path, root),
        verified=root.get("verified") == "yes",
        folder=sys.intern(root.findtext("folder") or ""),
        path=root.findtext("path") or "",
        database=sys.intern(root.findtext("source/database") or "Unknown"),
    )


def _parse(path: Path) -> Element:
    """The root of a safely parsed file: no entities, no network, bounded size."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError("An annotation cannot be read.", found=error.strerror, where=path) from error
    if len(data) > MAX_BYTES:
        raise InputError("An annotation is too large.", expected=f"at most {MAX_BYTES} bytes", where=path)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        line = getattr(error, "lineno", None)
        raise InputError(
            "An annotation is damaged.", expected="well-formed XML", found=str(error), where=at(path, line)
        ) from error
    if root.getroottree().docinfo.internalDTD is not None:  # entities would be cut out of names without a word
        raise InputError("An annotation declares a document type.", expected="no <!DOCTYPE>", where=at(path, 1))
    if root.tag != "annotation":
        raise InputError(
            "This is not a Pascal VOC file.", expected="<annotation>", found=f"<{root.tag}>", where=at(path, 1)
        )
    return root


def _object(path: Path, node: Element, width: int, height: int) -> VocObject:
    corners = _need(path, node, "bndbox")
    values = [_number(path, _need(path, corners, side)) for side in ("xmin", "ymin", "xmax", "ymax")]
    try:
        thing = VocObject(
            name=sys.intern((node.findtext("name") or "").strip()),
            box=_clip(Box.from_voc(*values), width, height),
            difficult=_flag(node, "difficult"),
            truncated=_flag(node, "truncated"),
            pose=sys.intern(node.findtext("pose") or "Unspecified"),
        )
        _check_inside(thing, width, height)
    except InputError as error:
        raise InputError(
            error.what,
            expected=error.details["expected"],
            found=error.details["found"],
            where=_place(path, corners),
            todo="open the image in LabelImg and draw this box again",
        ) from error
    return thing


def _clip(box: Box, width: int, height: int) -> Box:
    """Pull edges at most `EDGE_SLACK` outside the image back to its border; leave a box that is further out alone."""
    inside = Box(max(box.x0, 0.0), max(box.y0, 0.0), min(box.x1, width), min(box.y1, height))
    moved = max(abs(a - b) for a, b in zip(box, inside, strict=True))
    return inside if moved <= EDGE_SLACK else box


def _need(path: Path, node: Element, tag: str) -> Element:
    child = node.find(tag)
    if child is None:
        raise InputError(
            f"<{node.tag}> has no <{tag}>.", expected=f"<{tag}> inside <{node.tag}>", where=_place(path, node)
        )
    return child


def _place(path: Path, node: Element) -> str:
    line: Any = node.sourceline  # lxml's stubs do not know that this is a number
    return at(path, line)


def _number(path: Path, node: Element) -> float:
    text = node.text or ""
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not abs(value) < 1e6:
        where = _place(path, node)
        raise InputError(f"<{node.tag}> is not a number of pixels.", found=repr(text), where=where)
    return value


def _whole(path: Path, node: Element) -> int:
    value = _number(path, node)
    if value != int(value):
        raise InputError(f"<{node.tag}> is not a whole number.", found=repr(node.text), where=_place(path, node))
    return int(value)


def _depth(path: Path, root: Element) -> int:
    """Channels of the image; 1 where the file does not say."""
    node = root.find("size/depth")
    return 1 if node is None or not (node.text or "").strip() else _whole(path, node)


def _flag(node: Element, tag: str) -> bool:
    return (node.findtext(tag) or "0").strip() in {"1", "yes", "true", "True"}


def write_voc(path: Path, annotation: Annotation) -> None:
    """Write one Pascal VOC file with LabelImg's element order and tabs; boxes are rounded to whole pixels.

    Raises:
        WorkError: The file cannot be written; an older file of that name is then still whole.
    """
    write_bytes(path, voc_bytes(annotation))


def voc_bytes(annotation: Annotation) -> bytes:
    """The file that `write_voc` writes.

    Raises:
        InputError: A name or a hint holds characters that XML has no place for.
    """
    try:
        return _voc_bytes(annotation)
    except ValueError as error:  # lxml's word for control characters and lone surrogates
        raise InputError("An annotation cannot be XML.", found=str(error), where=ascii(annotation.filename)) from error


def _voc_bytes(annotation: Annotation) -> bytes:
    root = etree.Element("annotation")
    if annotation.verified:
        root.set("verified", "yes")
    _add(root, "folder", annotation.folder)
    _add(root, "filename", annotation.filename)
    if annotation.path:
        _add(root, "path", annotation.path)
    _add(_add(root, "source"), "database", annotation.database)
    size = _add(root, "size")
    for name in ("width", "height", "depth"):
        _add(size, name, str(getattr(annotation, name)))
    _add(root, "segmented", "0")
    for thing in annotation.objects:
        _add_object(root, thing)
    etree.indent(root, space="\t")
    return etree.tostring(root, encoding="utf-8") + b"\n"


def _add(parent: Element, tag: str, text: str | None = None) -> Element:
    child = etree.SubElement(parent, tag)
    child.text = text
    return child


def _add_object(root: Element, thing: VocObject) -> None:
    node = _add(root, "object")
    _add(node, "name", thing.name)
    _add(node, "pose", thing.pose)
    _add(node, "truncated", str(int(thing.truncated)))
    _add(node, "difficult", str(int(thing.difficult)))
    corners = _add(node, "bndbox")
    for tag, value in zip(("xmin", "ymin", "xmax", "ymax"), thing.box.to_voc(), strict=True):
        _add(corners, tag, str(value))
