"""Rules over the folder: files that cannot be read, `dataset.yaml`, folders of annotators, leftovers."""

import re
from collections.abc import Iterator

from spinedet.annotations.annotators import ANNOTATORS, annotator_names, check_names, new_annotator_folder
from spinedet.annotations.errors import InputError
from spinedet.annotations.history import UNFINISHED
from spinedet.datasets.dataset import ANNOTATIONS, IMAGES
from spinedet.datasets.lint.findings import Fault
from spinedet.datasets.lint.image_rules import told
from spinedet.datasets.lint.views import SetView

_LEFT_BY_SAVING = re.compile(r"\..+\.[0-9a-f]{8}" + re.escape(UNFINISHED))
_LEFT_BY_REPLACING = re.compile(r"\..+\.[a-z0-9_]{8}\.\w+")
"""Temporary names of `annotations.history` and of `annotations.files`."""


def refused(view: SetView) -> Iterator[Fault]:
    """An annotation that the reader refuses."""
    yield from map(told, view.refused)


def card(view: SetView) -> Iterator[Fault]:
    """A `dataset.yaml` that cannot be used."""
    if view.card_refused is not None:
        yield told(view.card_refused)


def annotators(view: SetView) -> Iterator[Fault]:
    """A folder whose name cannot be an annotator's everywhere, or two names that are one to some systems."""
    names = annotator_names(view.root)
    for name in names:
        try:
            new_annotator_folder(view.root, name)
        except InputError:
            yield Fault(f"{ANNOTATORS}/{name}", f"'{name}' cannot be an annotator's name on every system")
    if len(names) > 1:
        try:
            check_names(names)
        except InputError as error:
            yield Fault(ANNOTATORS, f"two names are one on some systems: {error.details['found']}")


def drawn_without_image(view: SetView) -> Iterator[Fault]:
    """An annotator's file for an image that does not exist."""
    for name in annotator_names(view.root):
        folder = view.root / ANNOTATORS / name
        for path in sorted(folder.glob("*.xml")) if name != view.annotator else ():
            if path.stem not in view.files and not path.name.startswith("."):
                yield Fault(f"{ANNOTATORS}/{name}/{path.name}", f"there is no image {path.stem}")


def leftovers(view: SetView) -> Iterator[Fault]:
    """A temporary file of a program that was stopped while it wrote."""
    folders = [IMAGES, ANNOTATIONS, *(f"{ANNOTATORS}/{name}" for name in annotator_names(view.root))]
    for folder in folders:
        for name in sorted(path.name for path in (view.root / folder).glob(".*")):
            if _LEFT_BY_SAVING.fullmatch(name):
                todo = "`spinedet annotate` and `spinedet restore` bring what it holds into the history"
                yield Fault(f"{folder}/{name}", "a save was interrupted", todo=todo)
            elif _LEFT_BY_REPLACING.fullmatch(name):
                yield Fault(f"{folder}/{name}", "a program was stopped while it wrote this")
