"""Weighted sums and quartiles held against copies that are really made."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from spinedet.annotations.errors import InputError
from spinedet.benchmarks.agreement import resampling
from spinedet.benchmarks.agreement.resampling import Resamples, value_and_interval

FOUR_IMAGES = np.array([0, 0, 1, 2])
"""Three patients; the first has two images."""


def copies(drawn: Resamples, image: NDArray[np.int64]) -> NDArray[np.int64]:
    """Times each value counts in each resample, (1 + R, N)."""
    return drawn.weights[:, drawn.patient[image]].astype(np.int64)


def test_the_first_row_is_the_set_itself() -> None:
    drawn = Resamples.draw(FOUR_IMAGES, 50, seed=3)
    assert drawn.weights.shape == (51, 3)
    assert drawn.weights[0].tolist() == [1, 1, 1]
    assert set(drawn.weights.sum(axis=1).tolist()) == {3}


def test_sums_are_those_of_copies() -> None:
    drawn = Resamples.draw(FOUR_IMAGES, 20, seed=0)
    image, values = np.array([0, 1, 1, 3]), np.array([1.0, 2.0, 4.0, 8.0])
    sums = drawn.sums(image, [values, values > 3])
    assert sums[:, 0].tolist() == [15, 2]
    np.testing.assert_allclose(sums, [copies(drawn, image) @ values, copies(drawn, image) @ (values > 3)])


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 12)), max_size=60), st.integers(0, 99))
def test_quartiles_are_those_of_copies(rows: list[tuple[int, int]], seed: int) -> None:
    """Against numpy's `averaged_inverted_cdf`, with many equal values and resamples that have none."""
    drawn = Resamples.draw(FOUR_IMAGES, 5, seed)
    image = np.array([row[0] for row in rows], np.int64)
    values = np.array([row[1] / 8 for row in rows], np.float64)
    found = drawn.quantiles(image, values, (1, 2, 3))
    for column, times in zip(found.T, copies(drawn, image), strict=True):
        if not times.sum():
            assert np.isnan(column).all()
            continue
        expected = np.quantile(np.repeat(values, times), [0.25, 0.5, 0.75], method="averaged_inverted_cdf")
        np.testing.assert_allclose(column, expected)


def test_quartiles_in_small_chunks_and_many_rungs(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(1)
    drawn = Resamples.draw(np.arange(40), 30, seed=1)
    image, values = generator.integers(40, size=900), generator.random(900)
    whole = drawn.quantiles(image, values, (1, 2, 3)), drawn.sums(image, [values])
    monkeypatch.setattr(resampling, "CHUNK_CELLS", 100)
    monkeypatch.setattr(resampling, "MOST_RUNGS", 7)
    np.testing.assert_array_equal(drawn.quantiles(image, values, (1, 2, 3)), whole[0])
    np.testing.assert_allclose(drawn.sums(image, [values]), whole[1])


def test_one_patient_alone_has_no_resamples() -> None:
    """Nothing would vary; an interval of width 0 would say the opposite of the truth."""
    assert Resamples.draw(np.zeros(4, np.int64), 100, seed=0).weights.tolist() == [[1]]
    assert value_and_interval(np.array([0.5])) == (0.5, None)


def test_a_figure_that_does_not_exist_has_no_interval() -> None:
    assert value_and_interval(np.array([np.nan, 1.0, 2.0])) == (None, None)


def test_a_negative_number_is_refused() -> None:
    with pytest.raises(InputError, match="resamples"):
        Resamples.draw(FOUR_IMAGES, -1, seed=0)
