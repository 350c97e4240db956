"""Studies as they should not be: almost nothing read, one patient, empty images, classes that nobody has or uses."""

import json
from typing import Any

import numpy as np
import pytest
from letter_study import Name, letter_study

from spinedet.benchmarks.study_analysis.analysis import analyse
from spinedet.benchmarks.study_analysis.records import StudyResults
from spinedet.benchmarks.study_analysis.tables import tables


def odd_study(seed: int) -> StudyResults:
    """A small random study, whose faults are random too."""
    rng = np.random.default_rng(seed)
    codes = "abcdefgh"[: rng.integers(1, 9)]
    letters = list("NHS"[: rng.integers(1, 4)])
    patients = rng.integers(1, len(codes) + 1)
    truth = {code: (f"p{rng.integers(patients)}", _word(rng, letters)) for code in codes}
    treatments = ("alone", "aided") if rng.random() < 0.4 else ("unaided",)
    names: list[Name] = [(f"R{number}", when) for number in range(rng.integers(1, 4)) for when in treatments]
    models = ["M"] if rng.random() < 0.7 else []
    said = {name: _read(rng, truth) for name in [*names, *models]}
    seconds = {name: {code: float(rng.uniform(1, 9)) for code in words} for name, words in said.items()}
    decided: dict[str, Any] = {"positive": () if rng.random() < 0.3 else ("herniation",), "resamples": 20}
    return analyse(*letter_study(truth, said, models=models, seconds=seconds, treatments=treatments, **decided))


def _word(rng: np.random.Generator, letters: list[str]) -> str:
    return "".join(rng.choice(letters, rng.integers(0, 5)))


def _read(rng: np.random.Generator, truth: dict[str, tuple[str, str]]) -> dict[str, str]:
    words = {}
    for code, (_, word) in truth.items():
        if rng.random() < 0.8:
            own = "".join(letter if rng.random() < 0.7 else rng.choice(list("NHS-")) for letter in word)
            words[code] = own + ("+H" if rng.random() < 0.2 else "")
    return words


@pytest.mark.parametrize("seed", range(40))
def test_an_odd_study_is_analysed_all_the_same(seed: int) -> None:
    """Every figure is a number or says why it is none, and shares are shares."""
    found = odd_study(seed)
    json.dumps(found.as_dict(), allow_nan=False)
    assert {len(row) == len(rows[0]) for rows in tables(found).values() for row in rows} == {True}
    for unit in found.units:
        for one in unit.raters:
            for scope in one.scopes:
                for name, figure in scope.primary or ():
                    assert figure.value is not None or figure.why, name
                    low, high = figure.ci95_exact or (0, 1)
                    assert 0 <= low <= high <= 1
                if scope.cells is not None:
                    own = scope.cells
                    assert own.tp + own.fp + own.fn + own.tn == one.units
