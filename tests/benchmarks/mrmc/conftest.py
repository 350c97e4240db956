"""Ratings made by hand, and the Van Dyke data where they lie beside this checkout."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from spinedet.benchmarks.mrmc.ratings import Ratings
from spinedet.benchmarks.mrmc.reading import read_ratings

VANDYKE = Path(__file__).parents[4] / "shared" / "reference" / "vandyke.csv"


@pytest.fixture(scope="session")
def vandyke() -> Ratings:
    """5 readers, 2 treatments, 114 cases."""
    if not VANDYKE.is_file():
        pytest.skip("vandyke.csv is not beside this checkout")
    return read_ratings(VANDYKE)


def by_hand(rating: Sequence[Sequence[Sequence[float]]], truth: Sequence[int], patients: str = "") -> Ratings:
    values = np.array(rating, np.float64)  # (T, R, N)
    names = [
        tuple(f"{letter}{place}" for place in range(size)) for letter, size in zip("trc", values.shape, strict=True)
    ]
    return Ratings(names[0], names[1], names[2], np.array(truth, bool), values, tuple(patients))


@pytest.fixture(scope="session")
def ratings() -> Callable[..., Ratings]:
    """`ratings(treatments x readers x cases, truths, "aabb")`: the letters are the cases' patients."""
    return by_hand


@pytest.fixture
def table(tmp_path: Path) -> Callable[[str], Path]:
    """A table from its text; spaces part rows."""

    def write(text: str) -> Path:
        path = tmp_path / "ratings.csv"
        path.write_text("\n".join(text.split()) + "\n", encoding="utf-8")
        return path

    return write
