"""Who is in a phantom: names of invented patients and their images, and random sources that nobody else's change."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

Label = TypeVar("Label")

MAX_PATIENTS = 9999
"""Patients are named with four digits."""

IMAGE, ORDER = 3, 9
"""Purposes of the source of each image, and of the order of labels in a block of patients."""


def patient_name(number: int) -> str:
    """The name of patient `number` (from 0): `P0001` for the first."""
    return f"P{number + 1:04d}"


def image_names(patient: str, count: int) -> tuple[str, ...]:
    """Stems of a patient's images: `P0001_s1`, `P0001_s2` and so on."""
    return tuple(f"{patient}_s{number}" for number in range(1, count + 1))


def patient_seed(seed: int, number: int, *purpose: int) -> np.random.SeedSequence:
    """A random source of patient `number` for one purpose; no other patient and no other purpose changes it."""
    return np.random.SeedSequence(entropy=seed, spawn_key=(number, *purpose))


def image_seeds(seed: int, number: int, count: int) -> tuple[np.random.SeedSequence, ...]:
    """A random source of each of a patient's images."""
    return tuple(patient_seed(seed, number, IMAGE, index) for index in range(count))


def label_in_block(labels: Sequence[Label], seed: int, number: int, purpose: int = ORDER) -> Label:
    """The label of patient `number` (from 0), where every block of patients has these labels in an order of its own.

    Args:
        labels: The labels of one block.
        seed: Decides every block's order.
        number: Which patient.
        purpose: Of the random source; it lies beyond the purposes of patients, for blocks are counted like them.
    """
    block, place = divmod(number, len(labels))
    order = np.random.default_rng(patient_seed(seed, block, purpose)).permutation(len(labels))
    return labels[int(order[place])]


def spread_levels(count: int, limits: tuple[float, float], rng: np.random.Generator) -> tuple[float, ...]:
    """As many levels as there are images, each somewhere in a part of its own of the whole extent."""
    shares = (np.arange(count) + rng.random(count)) / count
    return tuple(float(level) for level in np.interp(shares, (0, 1), limits))
