"""Twelve patients with two images each, half of whom have the rare class; and studies drawn from them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_study import train, write_images

from spinedet.benchmarks.study.folder import StudyFolder
from spinedet.benchmarks.study.planning import Plan
from spinedet.benchmarks.study.sealing import make_study
from spinedet.datasets.dataset import Dataset

PATIENTS = {
    f"pat{number}": {f"pat{number}_{image}": ["disc", *(["rare"] if number % 2 else [])] for image in "ab"}
    for number in range(12)
}

TRAINED = ("pat0", "pat1", "pat2", "pat3")
"""Patients whom the model has seen."""

DATE = "2026-01-01"


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    return Dataset.load(write_images(tmp_path / "data", PATIENTS))


@pytest.fixture
def model(data: Dataset, tmp_path: Path) -> Path:
    return train(data, TRAINED, tmp_path / "job")


@pytest.fixture
def make(data: Dataset, tmp_path: Path) -> Callable[..., StudyFolder]:
    """A study of eight images and the readers R1 and R2, but for what the test changes."""
    numbers = iter(range(100))

    def study(**changes: Any) -> StudyFolder:
        source = changes.pop("data", data)
        plan = Plan(**{"images": 8, "readers": ("R1", "R2"), "practice": 2, "positive": ("rare",), **changes})
        return make_study(source, plan, tmp_path / f"study{next(numbers)}", created=DATE).folder

    return study
