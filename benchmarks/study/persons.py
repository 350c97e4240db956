"""Who is who in a dataset: the persons behind its patients, told apart by pixels too."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from spinedet.annotations.errors import InputError
from spinedet.datasets.dataset import Dataset, Item
from spinedet.datasets.patients import PATIENTS


@dataclass(frozen=True)
class Person:
    """One patient, or several who share an image of equal pixels and so are one.

    Attributes:
        patients: Their names, sorted.
        images: Names of the images, sorted; of images with equal pixels only the first.
        pixels: Hashes of all of them.
    """

    patients: tuple[str, ...]
    images: tuple[str, ...]
    pixels: frozenset[str]


def persons_of(dataset: Dataset, pixels: Mapping[str, str]) -> tuple[Person, ...]:
    """The persons of a dataset, sorted.

    Args:
        dataset: A dataset that knows its patients.
        pixels: Hash of the pixels of each image, see `spinedet.datasets.images.pixel_hash`.

    Raises:
        InputError: Nobody says which image belongs to which patient.
    """
    if any(item.patient is None for item in dataset.items):
        raise InputError(
            "Nobody says which image belongs to which patient, so a model may have seen a study patient.",
            expected=f"{PATIENTS} with the columns image,patient",
            where=dataset.folder / PATIENTS,
            todo="write that file, or give --each-image-is-a-patient if no two images show the same person",
        )
    leaders = _leaders(dataset, pixels)
    groups: dict[str, list[Item]] = {}
    for item in dataset.items:
        groups.setdefault(leaders[str(item.patient)], []).append(item)
    return tuple(sorted((_person(group, pixels) for group in groups.values()), key=lambda person: person.patients))


def _leaders(dataset: Dataset, pixels: Mapping[str, str]) -> dict[str, str]:
    """One patient to stand for all who are tied to each other by images of equal pixels, for each patient."""
    above = {patient: patient for patient in dataset.patients}

    def top(patient: str) -> str:
        while above[patient] != patient:
            patient = above[patient]
        return patient

    first: dict[str, str] = {}
    for item in dataset.items:
        patient = str(item.patient)
        above[top(patient)] = top(first.setdefault(pixels[item.image], patient))
    return {patient: top(patient) for patient in above}


def _person(items: Iterable[Item], pixels: Mapping[str, str]) -> Person:
    rows = sorted(items, key=lambda item: item.image)
    first = {pixels[item.image]: item.image for item in reversed(rows)}
    patients = sorted({str(item.patient) for item in rows})
    return Person(tuple(patients), tuple(sorted(first.values())), frozenset(first))
