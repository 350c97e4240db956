"""Where the line is drawn on validation images."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from spinedet.annotations.errors import InputError
from spinedet.benchmarks.whole_image.operating import OperatingPoint, at_sensitivity, fixed, youden

TRUTH = np.array([False, False, True, False, True, True])
SCORES = np.array([0.1, 0.2, 0.3, 0.4, 0.6, 0.8])


def test_youden_by_hand() -> None:
    """0.25: 3/3 and 2/3; 0.5: 2/3 and 3/3: equally good, and the lower one misses nobody."""
    found = youden(TRUTH, SCORES, "six images")
    assert (found.threshold, found.sensitivity, found.specificity) == pytest.approx((0.25, 1, 2 / 3))
    assert (found.rule, found.from_, found.why) == ("Youden", "six images", None)


@pytest.mark.parametrize(("wanted", "threshold"), [(1.0, 0.25), (0.67, 0.25), (2 / 3, 0.5), (0.5, 0.5), (0.1, 0.7)])
def test_a_stated_sensitivity_is_reached_as_high_as_can_be(wanted: float, threshold: float) -> None:
    found = at_sensitivity(TRUTH, SCORES, wanted)
    assert found.threshold == pytest.approx(threshold)
    assert found.called(SCORES[TRUTH]).mean() >= wanted - 1e-9


def test_equal_scores_fall_on_one_side() -> None:
    """Two of 0.5, one ill and one not: no threshold parts them."""
    found = youden(np.array([False, False, True, True]), np.array([0.1, 0.5, 0.5, 0.9]))
    assert found.threshold == pytest.approx(0.3)
    assert found.called(np.array([0.5, 0.5, 0.1])).tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("truth", "scores", "why"),
    [
        ([], [], "no image is positive"),
        ([True, True], [0.2, 0.7], "every image is positive"),
        ([True, False], [0.7, 0.7], "every score is the same"),
    ],
)
def test_where_nothing_can_be_chosen_it_is_a_half(truth: list[bool], scores: list[float], why: str) -> None:
    ill, said = np.array(truth, bool), np.array(scores, np.float64)
    for found in (youden(ill, said), at_sensitivity(ill, said, 0.9)):
        assert (found.threshold, found.rule, found.from_, found.why) == (0.5, "fixed", "nothing", why)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 10)), min_size=2, max_size=20))
@settings(deadline=None)
def test_no_threshold_is_better(rows: list[tuple[bool, int]]) -> None:
    truth, scores = np.array([row[0] for row in rows]), np.array([row[1] for row in rows]) / 10
    found = youden(truth, scores)
    if found.why is None:
        called = found.called(scores)
        assert found.sensitivity == pytest.approx(called[truth].mean())
        assert found.specificity == pytest.approx((~called[~truth]).mean())
        sums = [(scores[truth] >= t).mean() + (scores[~truth] < t).mean() for t in [*scores, 1.1]]
        assert called[truth].mean() + (~called[~truth]).mean() >= max(sums) - 1e-9


def test_impossible_wishes_are_refused() -> None:
    with pytest.raises(InputError, match="sensitivity"):
        at_sensitivity(TRUTH, SCORES, 0)
    with pytest.raises(InputError, match="threshold"):
        fixed(1.5)
    with pytest.raises(ValidationError):
        OperatingPoint(threshold=2, rule="x", from_="y")
