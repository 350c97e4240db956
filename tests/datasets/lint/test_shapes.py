"""What makes a box implausible beside others of its class."""

import math
import re
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spinedet.datasets.lint.shape_rules import LIMIT, robust_z


def test_the_formula_on_paper() -> None:
    """Values 0..20, median 10, MAD 5, P5 1, P95 19: the spread is 7.413 by the MAD and 5.471 by the percentiles."""
    scores = robust_z(np.arange(21.0), floor=0.1)
    assert scores[20] == pytest.approx(10 / (1.4826 * 5))
    assert scores[10] == 0


def test_equal_values_have_the_least_spread() -> None:
    scores = robust_z(np.array([math.log(20)] * 40 + [math.log(30)]), floor=0.1)
    assert scores[-1] == pytest.approx(math.log(1.5) / 0.1)
    assert not scores[:-1].any()


def test_two_places_are_both_usual() -> None:
    """A class on the left in 60 of 100 images and on the right in 40: neither side is wrong."""
    assert np.abs(robust_z(np.repeat([0.2, 0.8], [60, 40]), floor=0.03)).max() < LIMIT


def test_one_in_forty_is_found_beside_two_places() -> None:
    values = np.append(np.repeat([0.4, 0.45], 20), 0.95)
    assert np.flatnonzero(np.abs(robust_z(values, floor=0.03)) > LIMIT).tolist() == [40]


@given(
    arrays(np.float64, st.integers(30, 200), elements=st.floats(-5, 5, width=32)),
    st.floats(-100, 100, width=32),
)
def test_scores_do_not_depend_on_where_values_begin(values: np.ndarray, shift: float) -> None:
    """A logarithm's shift is another unit of length."""
    np.testing.assert_allclose(robust_z(values + shift, 0.1), robust_z(values, 0.1), atol=1e-6)


@given(arrays(np.float64, st.integers(30, 200), elements=st.floats(-5, 5, width=32)))
def test_at_most_a_tenth_is_doubted(values: np.ndarray) -> None:
    """What more than one in twenty boxes do on a side is usual, whatever they do."""
    assert (np.abs(robust_z(values, 0.1)) > LIMIT).mean() <= 0.1 + 2 / len(values)


@pytest.mark.parametrize("scale", [1, 4])
def test_another_resolution_is_no_other_size(data: Any, scale: int) -> None:
    """Three of sixteen images are four times as large, boxes and all: nothing to say."""
    for image in ("p1_1", "p3_2", "p6_1"):
        text = data.xml(image).read_text("utf-8")
        larger = re.sub(r"(?<=>)\d+(?=</[xywh])", lambda match: str(int(match[0]) * scale), text)
        data.xml(image).write_text(larger, "utf-8")
        pixels = cv2.imdecode(np.frombuffer(data.image(image).read_bytes(), np.uint8), cv2.IMREAD_GRAYSCALE)
        grown = cv2.resize(pixels, None, fx=scale, fy=scale)
        data.image(image).write_bytes(cv2.imencode(".png", grown)[1].tobytes())
    assert data.found() == []
