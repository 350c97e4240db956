"""Pascal VOC files, of LabelImg and of every other tool, read into frozen objects and written back.

`read_voc` and `write_voc` are the way in and out; `inspect_voc` also tells what was mended. The parts: `model` (what a
file says), `extra` (what it says beyond the model), `decode` (bytes to XML), `mistaken` (files of other formats),
`reader` with `shapes`, `values` and `notes`, and `writer`.
"""

from spinedet.annotations.voc.decode import MAX_BYTES
from spinedet.annotations.voc.model import (
    CLIPPED,
    DOUBLED,
    ENCODING,
    FILE_NAME,
    POLYGON,
    ROTATED,
    SIZE_FROM_IMAGE,
    SWAPPED,
    TABBED,
    Annotation,
    Reading,
    Remark,
    VocObject,
)
from spinedet.annotations.voc.reader import inspect_bytes, inspect_voc, read_voc
from spinedet.annotations.voc.shapes import EDGE_SLACK
from spinedet.annotations.voc.writer import voc_bytes, write_voc

__all__ = [
    "CLIPPED",
    "DOUBLED",
    "EDGE_SLACK",
    "ENCODING",
    "FILE_NAME",
    "MAX_BYTES",
    "POLYGON",
    "ROTATED",
    "SIZE_FROM_IMAGE",
    "SWAPPED",
    "TABBED",
    "Annotation",
    "Reading",
    "Remark",
    "VocObject",
    "inspect_bytes",
    "inspect_voc",
    "read_voc",
    "voc_bytes",
    "write_voc",
]
