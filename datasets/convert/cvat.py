"""CVAT XML in: "CVAT for images" 1.1, one file for all images, continuous pixels from 0.

Boxes, polygons, ellipses and masks are read by their extents; attributes come along into the VOC file as CVAT itself
writes them there. The video format is refused: its boxes belong to frames of a track, most of which nobody drew.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from lxml import etree

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError, at
from spinedet.datasets.convert.image_index import ImageIndex, visible_files
from spinedet.datasets.convert.notes import OUTLINES, Notes
from spinedet.datasets.convert.parsing import image_size_in, number_of, pair_up
from spinedet.datasets.convert.source import Shape, Source, SourceImage, existing, extent

Element = etree._Element

LABELS = "meta//labels/label/name"
"""Under `task`, `project` or `job`."""

TURNED = "rotated boxes turned into their extents"

FLAGS = {"true", "1", "yes"}


def read_cvat(source: Path, images: Path | None = None, classes: Sequence[str] = ()) -> Source:
    """Read an export of CVAT.

    Args:
        source: The XML file, or a folder with one.
        images: Where the images lie; otherwise below the folder of the file.
        classes: The classes in order; otherwise the labels of the task in theirs, otherwise the names found, sorted.

    Raises:
        InputError: It is damaged, of the video format, or a shape or an image is wrong; the message has the line.
    """
    path, notes = _xml_file(source), Notes()
    root, index = _root(path), ImageIndex.of(images or path.parent)
    labels = dict.fromkeys((node.text or "").strip() for node in root.iterfind(LABELS))
    found = tuple(_image(node, path, index, notes) for node in root.iterfind("image"))
    return Source("CVAT", path.parent, tuple(classes) or tuple(labels), found, index, {}, notes.all())


def _xml_file(source: Path) -> Path:
    if existing(source, "CVAT").is_file():
        return source
    found = list(visible_files(source, ".xml"))
    if len(found) != 1:
        told = ", ".join(str(path.relative_to(source)) for path in found[:5]) or "none"
        raise InputError("Which CVAT file is it?", expected="one .xml file", found=told, where=source, todo="name it")
    return found[0]


def _root(path: Path) -> Element:
    """The root of a safely parsed file: no entities, no network."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(path.read_bytes(), parser)
    except OSError as error:
        raise InputError("A CVAT file cannot be read.", found=error.strerror, where=path) from error
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        where = at(path, getattr(error, "lineno", None))
        raise InputError("A CVAT file is damaged.", expected="XML", found=str(error), where=where) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise InputError("A CVAT file declares a document type.", expected="no <!DOCTYPE>", where=at(path, 1))
    if root.tag != "annotations":
        todo = "this is a VOC file, which needs no import" if root.tag == "annotation" else None
        found = f"<{root.tag}>"
        raise InputError("This is no CVAT file.", expected="<annotations>", found=found, where=path, todo=todo)
    if (track := root.find("track")) is not None:
        raise InputError(
            "This is CVAT's video format, whose boxes belong to tracks and mostly were not drawn but interpolated.",
            expected="<image> elements",
            found="<track>",
            where=_place(path, track),
            todo="export the task from CVAT again as 'CVAT for images 1.1'",
        )
    return root


def _place(path: Path, node: Element) -> str:
    line = node.sourceline
    return at(path, line if isinstance(line, int) else None)


def _image(node: Element, path: Path, index: ImageIndex, notes: Notes) -> SourceImage:
    where = _place(path, node)
    width, height = _numbers(node, ("width", "height"), where)
    image = index.named(_need(node, "name", where), where)
    shapes = tuple(shape for child in node if isinstance(child.tag, str) for shape in _shape(child, path, notes))
    return SourceImage(image, where, shapes, image_size_in(width, height, where))


def _need(node: Element, name: str, where: str) -> str:
    if not (value := (node.get(name) or "").strip()):
        raise InputError(f"<{node.tag}> has no {name}.", expected=f'{name}="..."', where=where)
    return value


def _shape(node: Element, path: Path, notes: Notes) -> Iterator[Shape]:
    """The shape of an element; what has no extent is left out by name."""
    where = _place(path, node)
    if node.tag not in READERS:
        notes.left_out(f"<{node.tag}> elements, which have no extent", where)
        return
    turned = number_of(node.get("rotation") or "0", where)
    if node.tag != "box":
        notes.reported(OUTLINES, where)
    elif turned:
        notes.reported(TURNED, where)
    values = {(row.get("name") or ""): (row.text or "").strip() for row in node.iterfind("attribute")}
    difficult, truncated = (values.pop(flag, "").lower() in FLAGS for flag in ("difficult", "truncated"))
    box = READERS[str(node.tag)](node, math.radians(turned), where)
    yield Shape(_need(node, "label", where), box, where, difficult, truncated, tuple(_extra(node, values)))


def _extra(node: Element, values: dict[str, str]) -> Iterator[str]:
    """What VOC files exported by CVAT have inside an object."""
    if node.get("occluded") == "1":
        yield "<occluded>1</occluded>"
    if values:
        top = etree.Element("attributes")
        for name, value in values.items():
            row = etree.SubElement(top, "attribute")
            etree.SubElement(row, "name").text = name
            etree.SubElement(row, "value").text = value
        yield etree.tostring(top, encoding="unicode")


def _numbers(node: Element, names: Sequence[str], where: str) -> list[float]:
    return [number_of(_need(node, name, where), f"{where}, {name}") for name in names]


def _box(node: Element, angle: float, where: str) -> Box:
    """A rectangle, turned about its centre."""
    x0, y0, x1, y1 = _numbers(node, ("xtl", "ytl", "xbr", "ybr"), where)
    if x1 < x0 or y1 < y0:
        found = f"{x0:g} {y0:g} {x1:g} {y1:g}"
        raise InputError("A box is turned inside out.", expected="xtl < xbr and ytl < ybr", found=found, where=where)
    if not angle:
        return Box(x0, y0, x1, y1)
    a, b, cos, sin = (x1 - x0) / 2, (y1 - y0) / 2, abs(math.cos(angle)), abs(math.sin(angle))
    return _around((x0 + x1) / 2, (y0 + y1) / 2, a * cos + b * sin, a * sin + b * cos)


def _ellipse(node: Element, angle: float, where: str) -> Box:
    """An ellipse, turned about its centre: half its extent along x is |(rx cos, ry sin)|."""
    x, y, rx, ry = _numbers(node, ("cx", "cy", "rx", "ry"), where)
    cos, sin = math.cos(angle), math.sin(angle)
    return _around(x, y, math.hypot(rx * cos, ry * sin), math.hypot(rx * sin, ry * cos))


def _around(x: float, y: float, across: float, down: float) -> Box:
    return Box(x - across, y - down, x + across, y + down)


def _polygon(node: Element, angle: float, where: str) -> Box:
    words = _need(node, "points", where).replace(";", ",").split(",")
    return extent(pair_up([number_of(word, where) for word in words], where), where)


def _mask(node: Element, angle: float, where: str) -> Box:
    """The frame in which the run lengths of a mask lie; CVAT draws it tight."""
    left, top, width, height = _numbers(node, ("left", "top", "width", "height"), where)
    return Box(left, top, left + width, top + height)


READERS: dict[str, Callable[[Element, float, str], Box]] = {
    "box": _box,
    "polygon": _polygon,
    "ellipse": _ellipse,
    "mask": _mask,
}
