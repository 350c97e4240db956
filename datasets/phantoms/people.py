"""Who is in a phantom: names of invented patients, and random sources that nobody else's change."""

import numpy as np

MAX_PATIENTS = 9999
"""Patients are named with four digits."""


def patient_name(number: int) -> str:
    """The name of patient `number` (from 0): `P0001` for the first."""
    return f"P{number + 1:04d}"


def patient_seed(seed: int, number: int, *purpose: int) -> np.random.SeedSequence:
    """A random source of patient `number` for one purpose; no other patient and no other purpose changes it."""
    return np.random.SeedSequence(entropy=seed, spawn_key=(number, *purpose))
