"""What a VOC file holds beyond the fields of the model: kept as XML text, and put back when the file is written.

An entry of `extra` is one element, or one comment, in the words of XML. Its tag says what it is of its owner, an
`<object>` or the `<annotation>`:

- a tag that the model does not know, as `<part>...</part>`, is a child of the owner;
- a tag that the model knows, as `<source><image>flickr</image></source>`, holds only what that child of the owner has
  beyond the model: attributes, children, comments;
- the owner's own tag, as `<object id="4"/>`, has the owner's attributes.

So a box may be moved or a class renamed, and what else was said of the object stays. Entries are brought to one form,
so that what is written is read again as the same text.
"""

import copy
from collections.abc import Iterator, Mapping, Sequence

from lxml import etree

from spinedet.annotations.errors import InputError

Element = etree._Element

Schema = Mapping[str, "Schema"]
"""Tags that the model has fields for, each with those inside it."""

ANNOTATION = "annotation"
OBJECT = "object"
SEGMENTED = "segmented"

CORNERS: Schema = {"xmin": {}, "ymin": {}, "xmax": {}, "ymax": {}}
SIZE: Schema = {"width": {}, "height": {}, "depth": {}}
SOURCE: Schema = {"database": {}}

SCHEMAS: Mapping[str, Schema] = {
    ANNOTATION: {"folder": {}, "filename": {}, "path": {}, "source": SOURCE, "size": SIZE, SEGMENTED: {}},
    OBJECT: {"name": {}, "pose": {}, "truncated": {}, "difficult": {}, "bndbox": CORNERS},
}

VERIFIED = "verified"
"""The one attribute that the model has a field for; it is the annotation's."""

MAX_ATTRIBUTES = 100
"""Of one element; a hundred thousand would take minutes to copy."""

NOT_SEGMENTED = {"", "0"}
"""Values of `<segmented>` that say nothing; others are kept."""


def safe_parser() -> etree.XMLParser:
    """A parser that opens no file, calls no network, expands no entity and bounds what it holds; it expects UTF-8."""
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=False,
        remove_pis=True,
    )


def kept(owner: Element) -> tuple[str, ...]:
    """What an `<annotation>` or `<object>` holds beyond the model; the objects of an annotation are left out.

    Raises:
        InputError: An element stands inside another of its name.
    """
    return tuple(_text(element) for element in _beyond_owner(owner))


def _beyond_owner(owner: Element) -> Iterator[Element]:
    own = _bare(owner)
    if owner.tag == ANNOTATION:
        own.attrib.pop(VERIFIED, "")
    if own.attrib:
        yield own
    for child in owner:
        if child.tag == owner.tag:
            raise InputError(f"An <{owner.tag}> stands inside an <{owner.tag}>.")
        if child.tag != OBJECT and (beyond := _beyond(child, SCHEMAS[owner.tag])) is not None:
            yield beyond


def _bare(node: Element) -> Element:
    """An element of the same tag and attributes, with nothing in it."""
    if len(node.attrib) > MAX_ATTRIBUTES:
        found, expected = str(len(node.attrib)), f"at most {MAX_ATTRIBUTES}"
        raise InputError(f"<{node.tag}> has too many attributes.", expected=expected, found=found)
    bare = etree.Element(node.tag)
    for key, value in node.attrib.items():
        bare.set(key, value)
    return bare


def _beyond(node: Element, schema: Schema) -> Element | None:
    """The node itself where the model does not know it, otherwise what it holds beyond the model; None for nothing."""
    if node.tag not in schema:
        return node
    text = (node.text or "").strip() if node.tag == SEGMENTED else ""
    if len(node) == 0 and not node.attrib and text in NOT_SEGMENTED:
        return None
    rest = _bare(node)
    rest.text = None if text in NOT_SEGMENTED else text
    for child in node:
        if (inner := _beyond(child, schema[node.tag])) is not None:
            rest.append(_without_tail(inner))
    return rest if len(rest) or rest.attrib or rest.text else None


def _without_tail(node: Element) -> Element:
    lone = copy.deepcopy(node)
    lone.tail = None
    return lone


def _text(node: Element) -> str:
    """One element in the words of XML, without the blanks that only indent it."""
    if len(node) == 0:
        return etree.tostring(node, encoding="unicode", with_tail=False)
    lone = _without_tail(node)
    for parent in lone.iter():
        if len(parent):
            parent.text = _unless_blank(parent.text)
            for child in parent:
                child.tail = _unless_blank(child.tail)
    return etree.tostring(lone, encoding="unicode")


def _unless_blank(text: str | None) -> str | None:
    return text if text and text.strip() else None


def merge(owner: Element, extra: Sequence[str]) -> None:
    """Put the entries of `extra` into an `<annotation>` or `<object>` that has the model's own elements already.

    Raises:
        InputError: An entry is not one element, or says what a field of the model says.
    """
    for entry in _parsed(extra):
        if entry.tag == owner.tag:
            _fill(owner, entry, SCHEMAS[owner.tag])
        elif entry.tag == OBJECT:
            raise InputError("An object cannot be an extra of an annotation.", found=_text(entry))
        else:
            _put(owner, entry, SCHEMAS[owner.tag])


def _parsed(extra: Sequence[str]) -> list[Element]:
    text = "".join(extra)
    try:
        root = etree.fromstring(f"<extra>{text}</extra>".encode(), safe_parser())
    except (etree.XMLSyntaxError, ValueError) as error:
        raise InputError("An extra is no XML element.", found=str(error)) from error
    entries = list(root)
    if len(entries) != len(extra) or any(_unless_blank(node.tail) for node in entries) or _unless_blank(root.text):
        raise InputError("An extra is no XML element.", expected="one element or comment each", found=text[:80])
    return entries


def _put(parent: Element, entry: Element, schema: Schema) -> None:
    own = parent.find(entry.tag) if entry.tag in schema else None
    if own is None:
        entry.tail = None
        parent.append(entry)
    else:
        _fill(own, entry, schema[entry.tag])


def _fill(own: Element, entry: Element, schema: Schema) -> None:
    """Give an element what an entry of the same tag holds."""
    if text := _unless_blank(entry.text):
        if entry.tag != SEGMENTED:
            raise InputError(f"An extra cannot say what <{entry.tag}> is.", found=_text(entry))
        own.text = text.strip()
    for key, value in entry.attrib.items():
        own.set(key, value)
    for child in list(entry):
        _put(own, child, schema)


def canonical(tag: str, extra: Sequence[str]) -> tuple[str, ...]:
    """Entries in the one form in which they are read again: the owner's attributes, then known tags, then the others.

    Raises:
        InputError: As `merge`.
    """
    owner = _skeleton(tag, SCHEMAS[tag])
    merge(owner, extra)
    return kept(owner)


def _skeleton(tag: str, schema: Schema) -> Element:
    """An element with all children that the model knows, all of them empty."""
    node = etree.Element(tag)
    node.extend(_skeleton(child, inner) for child, inner in schema.items())
    return node
