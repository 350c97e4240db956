"""Corrections by hand."""

import pytest

from spinedet.annotations.errors import InputError
from spinedet.benchmarks.mrmc.multiple import Correction, adjust


@pytest.mark.parametrize(
    ("correction", "adjusted"),
    [
        ("bonferroni", (0.03, 0.12, 0.09)),
        ("holm", (0.03, 0.06, 0.06)),
        ("benjamini-hochberg", (0.03, 0.04, 0.04)),
    ],
)
def test_three_by_hand(correction: Correction, adjusted: tuple[float, ...]) -> None:
    """0.01, 0.04 and 0.03: times 3; times 3, 1, 2 and never falling; times 3/1, 3/3, 3/2 and never rising back."""
    found = adjust([0.01, 0.04, 0.03], correction)
    assert found.adjusted == pytest.approx(adjusted)
    assert (found.correction, found.tests, found.p) == (correction, 3, (0.01, 0.04, 0.03))


def test_a_test_without_p_does_not_count() -> None:
    found = adjust([0.01, None, 0.03])
    assert found.adjusted[1] is None
    assert [found.adjusted[0], found.adjusted[2]] == pytest.approx([0.02, 0.03])
    assert found.tests == 2
    assert adjust([None]).adjusted == (None,)
    assert adjust([]).tests == 0


def test_an_impossible_p() -> None:
    with pytest.raises(InputError, match="impossible"):
        adjust([0.5, 1.5])
