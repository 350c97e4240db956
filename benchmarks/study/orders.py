"""`order.json`: in which order a reader sees the images. Every reader has another one, and another one again with help.

A common order would let fatigue and learning fall on the same images for all, and look like difficult images.
"""

import hashlib
from collections.abc import Sequence

import numpy as np

from spinedet.annotations.errors import InputError
from spinedet.annotations.files import read_json, write_json
from spinedet.benchmarks.study.folder import StudyFolder
from spinedet.benchmarks.study.readings import UNAIDED

ORDER = "order.json"


def make_order(codes: Sequence[str], seed: int, reader: str, treatment: str) -> tuple[str, ...]:
    """A random order that depends on seed, name and treatment alone, not on who else reads."""
    name = hashlib.sha256(f"{reader}\n{treatment}".encode()).digest()
    rng = np.random.default_rng([seed, *name])
    return tuple(codes[place] for place in rng.permutation(len(codes)))


def write_order(folder: StudyFolder, reader: str, treatment: str, order: Sequence[str]) -> None:
    """Write a reader's order, a JSON list of codes.

    Raises:
        WorkError: The file cannot be written.
    """
    write_json(folder.reader(reader, treatment) / ORDER, list(order))


def read_order(folder: StudyFolder, reader: str, treatment: str = UNAIDED) -> tuple[str, ...]:
    """The order in which a reader sees the images.

    Raises:
        InputError: There is no such reader or treatment, or the list is not of the study's images.
    """
    path = folder.reader(reader, treatment) / ORDER
    order = read_json(path, "order of the images")
    if not isinstance(order, list) or sorted(map(str, order)) != sorted(folder.protocol.codes):
        raise InputError(
            "The order of the images does not fit the study.",
            expected="a list of all its codes, each once",
            where=path,
            todo="restore the file from a copy of the study",
        )
    return tuple(map(str, order))
