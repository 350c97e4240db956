"""Kappas of readers' ratings: published tables, weighted ones by hand, tables with gaps."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from fleiss_data import FLEISS_1971, TEN_SUBJECTS
from numpy.typing import NDArray
from sklearn.metrics import cohen_kappa_score

from spinedet.annotations.errors import InputError
from spinedet.benchmarks.agreement.kappa import CONSTANT
from spinedet.benchmarks.mrmc.agreement import Weights, distances, measure_agreement, weighted_kappa
from spinedet.benchmarks.mrmc.rated import read_rated

Table = Callable[[str], Path]


def text_of(rows: Sequence[Sequence[object]]) -> str:
    """Rows are cases, columns readers A, B, C ...."""
    cells = [f"{chr(65 + place)},c{case},{word}" for case, row in enumerate(rows) for place, word in enumerate(row)]
    return " ".join(["reader,case,rating", *cells])


def one_by_one(counts: NDArray[np.int64]) -> list[list[int]]:
    """Ratings that add up to counts (N, C)."""
    return [np.repeat(np.arange(len(row)), row).tolist() for row in counts]


def test_fleiss_1971_as_published(table: Table) -> None:
    found = measure_agreement(read_rated(table(text_of(one_by_one(FLEISS_1971)))), resamples=0)
    assert found.fleiss.value == pytest.approx(0.4302445, abs=5e-8)
    assert found.fleiss.analytic.z == pytest.approx(17.65183, abs=5e-6)
    assert (len(found.readers), found.cases, len(found.pairs)) == (6, 30, 15)


def test_ten_subjects_as_published(table: Table) -> None:
    found = measure_agreement(read_rated(table(text_of(one_by_one(TEN_SUBJECTS)))), resamples=0)
    assert found.fleiss.value == pytest.approx(0.210, abs=5e-4)


@pytest.mark.parametrize("weights", ["quadratic", "linear"])
def test_weighted_is_that_of_scikit_learn(table: Table, weights: Weights) -> None:
    given = np.random.default_rng(0).integers(1, 6, (40, 3))
    found = measure_agreement(read_rated(table(text_of(given.tolist()))), weights=weights, resamples=50)
    for pair in found.pairs:
        first, second = (given[:, ord(name) - 65] for name in (pair.first, pair.second))
        assert pair.kappa.value == pytest.approx(cohen_kappa_score(first, second))
        assert pair.weighted is not None
        assert pair.weighted.value == pytest.approx(cohen_kappa_score(first, second, weights=weights))
        assert pair.weighted.ci95 is not None
        assert pair.weighted.ci95[0] < (pair.weighted.value or 0) < pair.weighted.ci95[1]


def test_weighted_by_hand() -> None:
    """Grades 1, 2, 4: quadratic distances 1/9, 4/9, 1. Margins 1/2, 1/4, 1/4 of both, seen apart 1 of 8 by 1/9, twice.

    Expected distance 2 x (1/8 x 1/9 + 1/16 x 4/9 + 1/8 x 1) = 1/3, seen 2/8 x 1/9 = 1/36: kappa is 1 - 1/12.
    """
    found = weighted_kappa(np.array([[3.0, 1, 0], [1, 1, 0], [0, 0, 2]]), distances(np.array([1.0, 2, 4]), "quadratic"))
    assert found.value == pytest.approx(11 / 12)
    assert (found.observed, found.expected) == pytest.approx((35 / 36, 2 / 3))


def test_two_categories_need_no_weights() -> None:
    """With two grades weighted kappa is kappa, and so is its standard error."""
    counts = np.array([[40.0, 10], [10, 40]])
    found = weighted_kappa(counts, distances(np.array([0.0, 1.0]), "quadratic"))
    assert (found.value, found.se, found.z) == pytest.approx((0.6, 0.08, 6))


def test_words_have_no_order(table: Table) -> None:
    found = measure_agreement(read_rated(table(text_of([["mild", "mild"], ["severe", "mild"], ["none", "none"]]))))
    assert (found.categories, found.ordered) == (("mild", "none", "severe"), False)
    assert found.pairs[0].weighted is None


def test_a_grade_that_nobody_gave_keeps_its_distance(table: Table) -> None:
    """Grades 1, 2 and 4, and 10 after 9: numbers, not words."""
    found = read_rated(table(text_of([[1, 2], [4, 10], ["9.0", 9]])))
    assert found.categories == ("1", "2", "4", "9", "10")
    assert found.values.tolist() == [1, 2, 4, 9, 10]
    assert found.given.tolist() == [[0, 1], [2, 4], [3, 3]]


def test_one_category_has_no_kappa(table: Table) -> None:
    found = measure_agreement(read_rated(table(text_of([[1, 1], [1, 1]]))), resamples=10)
    assert (found.pairs[0].kappa.value, found.pairs[0].kappa.why) == (None, CONSTANT)
    assert found.fleiss.why == CONSTANT


def test_missing_cells(table: Table) -> None:
    path = table("reader,case,rating A,x,1 A,y,2 A,z,1 B,x,1 B,y,NA B,z,2")
    with pytest.raises(InputError, match=r"1 of 6 cells: reader B: 1 \(cases y\)"):
        measure_agreement(read_rated(path))
    found = measure_agreement(read_rated(path), missing="common", resamples=10)
    assert found.cases == 2
    assert found.notes == ("1 of 3 cases left out, not read by all; missing are 1 of 6 cells: reader B: 1 (cases y)",)


def test_patients_are_drawn_where_they_have_several_cases(table: Table) -> None:
    rows = [
        f"{name},c{case},{(case + place) % 3 % 2},p{case // 2}" for case in range(8) for place, name in enumerate("AB")
    ]
    found = measure_agreement(read_rated(table(" ".join(["reader,case,rating,patient", *rows]))), resamples=20)
    assert (found.resampled, found.patients, found.cases) == ("patient", 4, 8)


def test_a_treatment_is_chosen(table: Table) -> None:
    text = "reader,treatment,case,rating A,x,1,1 B,x,1,2 A,y,1,1 B,y,1,1 A,x,2,1 B,x,2,1"
    with pytest.raises(InputError, match="Which treatment is meant"):
        read_rated(table(text))
    assert read_rated(table(text), "x").given.tolist() == [[0, 1], [0, 0]]
    assert read_rated(table(text), "y").cases == ("1",)
    with pytest.raises(InputError, match="no such treatment"):
        read_rated(table(text), "z")
    with pytest.raises(InputError, match="has no treatments"):
        read_rated(table(text_of([[1, 2]])), "x")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("reader,case,rating A,x,1 A,x,2 B,x,1", r"stand twice: 1 \(.*:3: reader A, case x, as in .*:2"),
        ("reader,case,rating A,x,1 A,y,1", "needs two readers"),
        ("reader,case,rating A,x, B,x,NA", "Nothing was rated"),
        ("reader,case A,x", "columns are wrong"),
        (text_of([[number, number + 1] for number in range(40)]), "Kappa is about categories"),
    ],
)
def test_defects_are_named(table: Table, text: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        read_rated(table(text))
