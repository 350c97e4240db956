"""Sums with either sign, against all of them and against known tests."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, wilcoxon

from spinedet.benchmarks.mrmc.signs import either_sign


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=9))
def test_as_if_all_signs_were_tried(apart: list[int]) -> None:
    signs = product([-1, 1], repeat=len(apart))
    sums = [abs(sum(sign * one for sign, one in zip(row, apart, strict=True))) for row in signs]
    expected = np.mean([one >= abs(sum(apart)) for one in sums])
    assert either_sign(np.array(apart, float)) == pytest.approx(expected)


def test_parts_of_one_size_are_the_binomial() -> None:
    assert either_sign(np.array([1.0] * 9 + [-1.0] * 3)) == pytest.approx(binomtest(3, 12).pvalue)


def test_ranks_are_wilcoxons_test() -> None:
    signed = np.array([1.0, -2, 3, 4, 5, -6, 7, 8, 9, 10, 11, 12])
    assert either_sign(signed) == pytest.approx(wilcoxon(signed).pvalue)
