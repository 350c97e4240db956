"""Neutral names: codes that tell nothing of image, patient or class, not even which images belong together."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from spinedet.benchmarks.study.drawing import Drawn
from spinedet.benchmarks.study.persons import Person
from spinedet.benchmarks.study.sealed import KeyRow
from spinedet.datasets.dataset import Dataset

STUDY, PRACTICE, PATIENT = "S", "P", "N"
"""First letters of the names."""

PRACTISED = "practice"
"""What the patients of practice images are called."""

CODES, NEUTRAL = 10, 11
"""Streams of random numbers beside those of `drawing`."""


@dataclass(frozen=True)
class Coded:
    """The images under their neutral names.

    Attributes:
        study, practice: The image of each code, codes in order.
        neutral: Name of each person, by patient.
        persons: Whose the study's images are.
    """

    study: Mapping[str, str]
    practice: Mapping[str, str]
    neutral: Mapping[str, str]
    persons: tuple[Person, ...]

    @classmethod
    def of(cls, dataset: Dataset, drawn: Drawn, seed: int) -> "Coded":
        """Name what was drawn, in random order."""
        rng = np.random.default_rng([seed, CODES])
        study, practice = (
            dict(zip(_codes(letter, len(images)), rng.permutation(np.array(images, object)), strict=True))
            for letter, images in ((STUDY, drawn.images), (PRACTICE, drawn.practice))
        )
        owners = {str(dataset[image].patient) for image in drawn.practice}
        mixed = np.random.default_rng([seed, NEUTRAL]).permutation(len(drawn.persons))
        names = _codes(PATIENT, len(drawn.persons))
        neutral = {
            patient: names[place] for one, place in zip(drawn.persons, mixed, strict=True) for patient in one.patients
        }
        return cls(study, practice, neutral | dict.fromkeys(owners, PRACTISED), drawn.persons)

    def key(self, dataset: Dataset) -> list[KeyRow]:
        """What each code stands for."""
        rows = {**self.study, **self.practice}
        patients = {code: str(dataset[image].patient) for code, image in rows.items()}
        return [KeyRow(code, rows[code], patients[code], self.neutral[patients[code]]) for code in rows]


def _codes(letter: str, number: int) -> list[str]:
    digits = max(3, len(str(number)))
    return [f"{letter}{place:0{digits}}" for place in range(1, number + 1)]
