"""A Pascal VOC file read into an `Annotation`, whatever tool wrote it, with remarks on what was mended.

The image belongs to the XML by file stem. `<path>` and `<filename>` are hints of the machine that drew the boxes; they
are kept, shown, and never followed.
"""

import sys
import unicodedata
from collections.abc import Sequence
from pathlib import Path, PureWindowsPath

from spinedet.annotations.boxes import Box
from spinedet.annotations.errors import InputError
from spinedet.annotations.voc.decode import parse, read_start
from spinedet.annotations.voc.extra import (
    ANNOTATION,
    CORNERS,
    OBJECT,
    SCHEMAS,
    SIZE,
    SOURCE,
    VERIFIED,
    Element,
    Schema,
    kept,
)
from spinedet.annotations.voc.model import (
    DOUBLED,
    FILE_NAME,
    SIZE_FROM_IMAGE,
    TABBED,
    Annotation,
    Reading,
    Remark,
    Size,
    VocObject,
)
from spinedet.annotations.voc.notes import Notes, line_of
from spinedet.annotations.voc.shapes import Parts, drawn, inside, number, text_of
from spinedet.annotations.voc.values import read_flag

DRAW_AGAIN = "open the image in LabelImg and draw this box again"

TWO_BLANKS = "  "
"""What LabelImg writes as a tab wherever it stands, as if it indented."""

LOAD_IMAGE = "the image is needed: load the annotations with their images, or save this one again in LabelImg"


def read_voc(path: Path, size: Size | None = None) -> Annotation:
    """Read one Pascal VOC file.

    Args:
        path: The file.
        size: Gives width and height of the image; asked only where the file does not say them.

    Raises:
        InputError: The file is missing, damaged, too large, another format, or a box in it is impossible; the message
            has the line.
    """
    return inspect_voc(path, size).annotation


def inspect_voc(path: Path, size: Size | None = None) -> Reading:
    """As `read_voc`, with all that was mended or noticed, and the line of each object."""
    return inspect_bytes(read_start(path), path, size)


def inspect_bytes(data: bytes, path: Path, size: Size | None = None) -> Reading:
    """As `inspect_voc`, of bytes that are not in the file, or not yet; `path` is for messages and the stem."""
    root, plain, remarks = parse(data, path)
    notes = Notes(path, remarks)
    parts, nodes = _children(notes, root, SCHEMAS[ANNOTATION]), list(root.iterchildren(OBJECT))
    sides = _children(notes, parts["size"], SIZE) if "size" in parts else {}
    width, height = _size(notes, parts.get("size", root), sides, size)
    objects = tuple(_object(notes, node, plain, width, height) for node in nodes)
    _notice_name(notes, parts)
    _notice_doubles(notes, objects, nodes)
    annotation = _annotation(notes, root, parts, sides, (width, height), objects)
    return Reading(annotation, tuple(sorted(notes.remarks, key=_line)), tuple(map(line_of, nodes)))


def _annotation(
    notes: Notes, root: Element, parts: Parts, sides: Parts, size: tuple[int, int], objects: tuple[VocObject, ...]
) -> Annotation:
    source = _children(notes, parts["source"], SOURCE) if "source" in parts else {}
    verified = _flag(notes, root, VERIFIED, root.get(VERIFIED, ""))
    depth = _whole(notes, sides["depth"], 1) if "depth" in sides else 1
    try:
        return Annotation(
            filename=_hint(parts, "filename", ""),
            width=size[0],
            height=size[1],
            objects=objects,
            depth=depth,
            verified=verified,
            folder=sys.intern(_hint(parts, "folder", "")),
            path=_hint(parts, "path", ""),
            database=sys.intern(_hint(source, "database", "Unknown")),
            extra=kept(root),
        )
    except InputError as error:
        raise notes.placed(error, root) from error


def _line(remark: Remark) -> int:
    return remark.line or 0


def _children(notes: Notes, node: Element, schema: Schema) -> Parts:
    """Children by tag; one that the model knows stands there once."""
    parts = {child.tag: child for child in node}
    if len(parts) < len(node):
        for tag in schema:
            if len(twins := node.findall(tag)) > 1:
                raise notes.refusal(twins[1], f"<{node.tag}> has two <{tag}>.", expected="one")
    return parts


def _hint(parts: Parts, tag: str, default: str) -> str:
    return text_of(parts[tag]) if tag in parts else default


def _size(notes: Notes, node: Element, sides: Parts, size: Size | None) -> tuple[int, int]:
    """Width and height as the file says them, otherwise as `size` does; `node` is where they stand or should."""
    width, height = (_whole(notes, sides[tag], 0) if tag in sides else 0 for tag in ("width", "height"))
    found = f"{width} x {height}"
    if width > 0 and height > 0:
        return width, height
    if width < 0 or height < 0:
        raise notes.refusal(node, "The image size is impossible.", expected="1 x 1 or more", found=found)
    if size is None:
        expected = "<size> with <width> and <height>"
        raise notes.refusal(node, "The file has no image size.", expected=expected, found=found, todo=LOAD_IMAGE)
    width, height = size()
    notes.remark(SIZE_FROM_IMAGE, node, f"The file has no image size; the image has {width} x {height}.")
    return width, height


def _whole(notes: Notes, node: Element, unsaid: int) -> int:
    """A whole number of pixels; `unsaid` where the element is empty."""
    if not text_of(node).strip():
        return unsaid
    value = number(notes, node)
    if value != int(value):
        raise notes.refusal(node, f"<{node.tag}> is not a whole number.", found=repr(node.text))
    return int(value)


def _flag(notes: Notes, node: Element, what: str, text: str) -> bool:
    value = read_flag(text)
    if value is None:
        found = repr(text[:80])
        raise notes.refusal(node, f"'{what}' is neither yes nor no.", expected="0 or 1, yes or no", found=found)
    return value


def _flag_in(notes: Notes, parts: Parts, tag: str) -> bool:
    return tag in parts and _flag(notes, parts[tag], tag, text_of(parts[tag]))


def _object(notes: Notes, node: Element, plain: bool, width: int, height: int) -> VocObject:
    parts = _children(notes, node, SCHEMAS[OBJECT])
    corners = _children(notes, parts["bndbox"], CORNERS) if "bndbox" in parts else {}
    if _flag_in(notes, parts, "deleted"):
        todo = "delete the object in the file, or set <deleted> to 0"
        raise notes.refusal(parts["deleted"], "An object is marked as deleted (by LabelMe's web tool).", todo=todo)
    ours = plain and parts.keys() <= SCHEMAS[OBJECT].keys() and corners.keys() <= CORNERS.keys()
    name = _name(notes, parts)
    drawing = drawn(notes, node, parts, corners)
    truncated, difficult = (_flag_in(notes, parts, tag) for tag in ("truncated", "difficult"))
    place = parts.get("bndbox", node)
    try:
        box = inside(notes, place, name, drawing, width, height)
        pose = sys.intern(_hint(parts, "pose", "Unspecified"))
        return VocObject(name, box, difficult, truncated, pose, () if ours else kept(node))
    except InputError as error:
        raise notes.placed(error, place, DRAW_AGAIN) from error


def _name(notes: Notes, parts: Parts) -> str:
    name = _hint(parts, "name", "").strip()
    if "\t" in name:
        name = name.replace("\t", TWO_BLANKS)
        notes.remark(
            TABBED, parts["name"], f"A tab in a class name, as LabelImg writes two blanks, was read as '{name}'."
        )
    return sys.intern(name)


def _notice_name(notes: Notes, parts: Parts) -> None:
    """Remark a `<filename>` that is not the image's that belongs to this file."""
    filename, stem = _hint(parts, "filename", "").strip().replace("\t", TWO_BLANKS), notes.path.stem
    if not filename or filename.rpartition(".")[0] == stem:
        return
    bare = PureWindowsPath(filename).name  # knows both kinds of slashes
    if _same(bare, stem):
        notes.remark(FILE_NAME, parts["filename"], f"<filename> '{filename}' has no suffix.")
    elif not _same(PureWindowsPath(bare).stem, stem):
        notes.remark(FILE_NAME, parts["filename"], f"<filename> says '{filename}'; the file's own name is '{stem}'.")


def _same(first: str, second: str) -> bool:
    """Equal also where one disk writes an accent as a sign of its own."""
    return unicodedata.normalize("NFC", first) == unicodedata.normalize("NFC", second)


def _notice_doubles(notes: Notes, objects: Sequence[VocObject], nodes: Sequence[Element]) -> None:
    first: dict[tuple[str, Box], Element] = {}
    for thing, node in zip(objects, nodes, strict=True):
        twin = first.setdefault((thing.name, thing.box), node)
        if twin is not node:
            notes.remark(DOUBLED, node, f"The same '{thing.name}' stands on line {line_of(twin)} already.")
