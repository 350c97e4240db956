"""Tables of ratings: what is read, and every defect with its line."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from spinedet.annotations.errors import InputError
from spinedet.benchmarks.mrmc.ratings import Ratings
from spinedet.benchmarks.mrmc.reading import ordered, read_ratings

HEAD = "reader,treatment,case,truth,rating "
WHOLE = "A,1,c1,0,1 A,1,c2,1,3 B,1,c1,0,2 B,1,c2,1,4"

Table = Callable[[str], Path]


def test_a_table_is_read_by_names_not_by_order(table: Table) -> None:
    found = read_ratings(
        table("case,rating,truth,treatment,reader c10,4,yes,x,B c9,1,no,x,B c10,3,yes,x,A c9,2,no,x,A")
    )
    assert (found.readers, found.treatments, found.cases) == (("A", "B"), ("x",), ("c9", "c10"))
    assert found.truth.tolist() == [False, True]
    assert found.rating.tolist() == [[[2, 3], [1, 4]]]
    assert (found.patients, found.notes) == ((), ())


def test_other_columns_are_named_and_patients_kept(table: Table) -> None:
    head = "reader,treatment,case,truth,rating,patient,room "
    found = read_ratings(table(head + "A,1,c1,0,1,p,x A,1,c2,1,3,p,y"))
    assert found.patients == ("p", "p")
    assert found.cluster.tolist() == [0, 0]
    assert found.notes == ("columns not used: 1 (room)",)


def test_a_decimal_comma_is_read_and_said(table: Table) -> None:
    found = read_ratings(table("reader;treatment;case;truth;rating A;1;c1;0;0,5 A;1;c2;1;2"))
    assert found.rating.ravel().tolist() == [0.5, 2]
    assert "decimal comma" in found.notes[0]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (WHOLE + " A,1,c1,0,2", ["stand twice: 1", "ratings.csv:6", "reader A, treatment 1, case c1", "ratings.csv:2"]),
        ("A,1,c1,0,1 A,1,c2,1,3 B,1,c1,1,2", ["more than one truth: 1", "ratings.csv:4: case c1 is 1, but 0"]),
        ("A,1,c1,0,1 A,1,c2,1,high", ["no number: 1", "ratings.csv:3: high"]),
        ("A,1,c1,0,1 A,1,c2,1,inf", ["no number: 1", "ratings.csv:3: inf"]),
        ("A,1,c1,maybe,1 A,1,c2,1,2", ["neither 1 nor 0: 1", "ratings.csv:2: maybe"]),
        ("A,1,,0,1 ,1,c2,1,2", ["empty cells: 2", "ratings.csv:2: case", "ratings.csv:3: reader"]),
        ("A,1,c1,0,1 A,1,c2,0,3", ["One class is absent", "2 cases, all negative", "ratings.csv"]),
        ("A,1,c1,1,1 A,1,c2,1,3", ["One class is absent", "2 cases, all positive"]),
    ],
)
def test_a_defect_is_named_with_its_line(table: Table, rows: str, told: list[str]) -> None:
    with pytest.raises(InputError) as error:
        read_ratings(table(HEAD + rows))
    for words in told:
        assert words in str(error.value)


def test_all_defects_are_told_at_once(table: Table) -> None:
    with pytest.raises(InputError, match="has 3 defects"):
        read_ratings(table(HEAD + "A,1,c1,0,x A,1,c1,0,1 A,1,c2,?,1"))


def test_a_case_of_two_patients(table: Table) -> None:
    with pytest.raises(InputError, match=r"more than one patient: 1 .*:3: case c1 is q, but p"):
        read_ratings(table("reader,treatment,case,truth,rating,patient A,1,c1,0,1,p B,1,c1,0,2,q"))


def test_a_column_that_lacks(table: Table) -> None:
    with pytest.raises(InputError, match="columns are wrong") as error:
        read_ratings(table("reader,case,truth,rating A,c1,0,1"))
    assert "reader,treatment,case,truth,rating" in str(error.value)
    with pytest.raises(InputError, match="no ratings"):
        read_ratings(table(HEAD))


def test_a_rating_not_given_is_a_missing_cell(table: Table) -> None:
    """B has no row for c2 and NA for c1: both are missing, and nothing is put in their place."""
    found = read_ratings(table(HEAD + "A,1,c1,0,1 A,1,c2,1,3 B,1,c1,0,NA"))
    assert np.isnan(found.rating[0, 1]).all()
    assert [gap.line() for gap in found.missing()] == ["reader B in treatment 1: 2 (cases c1, c2)"]
    assert found.notes[0].startswith("rows without a rating, which count as missing cells: 1 (")
    assert found.notes[0].endswith("ratings.csv:4)")


def test_missing_cells_are_refused_or_their_cases_left_out(ratings: Callable[..., Ratings]) -> None:
    gap = float("nan")
    table = ratings([[[1, 2, 3, 4], [1, gap, 3, 4]], [[1, 2, 3, 4], [1, 2, 3, 4]]], [0, 0, 1, 1], "aabb")
    with pytest.raises(InputError) as error:
        table.crossed()
    assert "1 of 16 cells: reader r1 in treatment t0: 1 (cases c1)" in str(error.value)
    kept = table.crossed("common")
    assert (kept.cases, kept.patients, kept.rating.shape) == (("c0", "c2", "c3"), ("a", "b", "b"), (2, 2, 3))
    assert kept.notes[-1].startswith("1 of 4 cases left out, not read by all")
    assert kept.crossed() is kept


def test_common_cases_may_be_none_or_of_one_class(ratings: Callable[..., Ratings]) -> None:
    gap = float("nan")
    with pytest.raises(InputError, match="No case was read by all"):
        ratings([[[1, gap], [gap, 2]]], [0, 1]).crossed("common")
    with pytest.raises(InputError, match="One class is absent"):
        ratings([[[1, 2, gap], [1, 2, 3]]], [0, 0, 1]).crossed("common")


def test_readers_can_be_chosen(ratings: Callable[..., Ratings]) -> None:
    gap = float("nan")
    table = ratings([[[1, 2], [3, 4]], [[gap, gap], [5, 6]]], [0, 1])
    assert table.of_readers(["r0"]).treatments == ("t0",)
    assert table.of_readers(["r1"]).rating.tolist() == [[[3, 4]], [[5, 6]]]
    with pytest.raises(InputError, match="did you mean 'r0'"):
        table.of_readers(["r00"])


def test_names_are_in_the_order_that_people_expect() -> None:
    assert ordered({"R10", "R2", "10", "9", "b"}) == ("9", "10", "R2", "R10", "b")


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 2, 2), (2, 1, 2)])
def test_a_ragged_table_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="ragged"):
        Ratings(("t",), ("r",), ("a", "b"), np.array([True, False]), np.zeros(shape))
