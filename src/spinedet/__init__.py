"""spinedet: LabelImg boxes in, compared detectors out."""

from importlib.metadata import version

__version__ = version("spinedet")
