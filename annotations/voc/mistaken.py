"""What is given for a VOC file and is another format: named, with the command that imports it."""

import re
from dataclasses import dataclass
from pathlib import Path

from spinedet.annotations.errors import InputError

HEAD = 64 * 1024
"""Bytes that are looked at; every format shows itself by then."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format of other tools.

    Attributes:
        name: As people call it.
        signs: What its files hold, each somewhere in their first `HEAD` bytes.
        importer: Its word for `spinedet import`; empty if there is none.
        suffix: Of its files; a file that has it and begins in no other way is taken for one.
        of_folder: The importer wants the folder of the files, not one of them.
        below: Name of a folder of files inside the one that the importer wants.
    """

    name: str
    signs: tuple[re.Pattern[bytes], ...]
    importer: str = ""
    suffix: str = ""
    of_folder: bool = False
    below: str = ""


def _signs(*patterns: bytes) -> tuple[re.Pattern[bytes], ...]:
    return tuple(re.compile(pattern) for pattern in patterns)


_JSON = rb"\A\s*[\[{]"
_NUMBER = rb"[ \t]+[+-]?[0-9.]{1,25}(?:[eE][+-]?[0-9]{1,3})?"

FORMATS = (
    Format(
        "CVAT XML",
        _signs(rb"\A\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--(?:[^-]|-(?!-)){0,2000}-->\s*){0,9}<annotations[\s/>]"),
        "cvat",
    ),
    Format("COCO JSON", _signs(_JSON, rb'"images"\s*:', rb'"(?:annotations|categories|file_name)"\s*:'), "coco"),
    Format("LabelMe JSON", _signs(_JSON, rb'"shapes"\s*:'), "labelme", of_folder=True),
    Format("CreateML JSON", _signs(rb"\A\s*\[", rb'"coordinates"\s*:', rb'"(?:annotations|image)"\s*:')),
    Format(
        "YOLO",
        _signs(rb"\A\s*[0-9]{1,6}(?:" + _NUMBER + rb"){4,}[ \t]*(?:[\r\n]|\Z)"),
        "yolo",
        suffix=".txt",
        of_folder=True,
        below="labels",
    ),
    Format("CSV", _signs(rb"\A[^<\n]{0,999}\b(?:xmin|x_min|x0|x1)\b[^<\n]{0,999},"), "csv", suffix=".csv"),
    Format("JSON", _signs(_JSON), suffix=".json"),
)
"""The formats that annotation tools write, the more special ones first."""


def mistaken(data: bytes, path: Path) -> InputError | None:
    """The refusal of a file that is another format, None if it is none that is known.

    Args:
        data: The file's bytes, or the first of them.
        path: Where it lies; its suffix tells where the content does not.
    """
    found = _recognised(data[:HEAD], path)
    if found is None:
        return None
    return InputError(
        f"This is {found.name}, not Pascal VOC.",
        expected="<annotation>, as LabelImg writes it in Pascal VOC format",
        found=found.name,
        where=path,
        todo=_todo(found, path),
    )


def _recognised(head: bytes, path: Path) -> Format | None:
    for known in FORMATS:
        if all(sign.search(head) for sign in known.signs):
            return known
    if head.lstrip().startswith(b"<"):
        return None
    return next((known for known in FORMATS if known.suffix and known.suffix == path.suffix.lower()), None)


def _todo(found: Format, path: Path) -> str:
    if not found.importer:
        return "export it from its own program as COCO JSON, then: spinedet import coco FILE --out DATASET"
    folder = next((above.parent for above in path.parents if found.below and above.name == found.below), path.parent)
    source = str(folder if found.of_folder else path)
    quoted = f'"{source}"' if " " in source else source
    return f"spinedet import {found.importer} {quoted} --out DATASET"
