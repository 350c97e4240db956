"""Proportions by hand, as published, and under resampling."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinedet.annotations.errors import InputError
from spinedet.benchmarks.agreement.resampling import Resamples
from spinedet.benchmarks.whole_image.proportions import (
    Diagnostic,
    TwoByTwo,
    cells_of_counts,
    cells_of_images,
    count,
    diagnose,
    proportion,
)

COUNTS = st.integers(0, 12)


def of(tp: int, fp: int, fn: int, tn: int, resamples: int = 0) -> Diagnostic:
    return diagnose(cells_of_counts([tp, fp, fn, tn], resamples, seed=0))


def test_p2_sensitivity_as_printed() -> None:
    """204 of 228: 0.89 with 0.85 to 0.93, in four digits 0.8947 with 0.8482 to 0.9282."""
    found = proportion(204, 228)
    assert found.value == pytest.approx(204 / 228)
    assert found.ci95 == pytest.approx((0.8481547705489088, 0.9282378596372727), abs=1e-12)
    assert found.counts == {"hits": 204, "of": 228}


def test_p2_subtypes_as_printed() -> None:
    """DMD 123 of 130 (0.946; printed as 94 %), BMD 81 of 98 (82 %)."""
    assert [proportion(hits, all_).value for hits, all_ in ((123, 130), (81, 98))] == pytest.approx(
        [0.94615, 0.82653], abs=1e-5
    )


def test_wilson_by_hand() -> None:
    """Of 5 of 10: (5 + z^2 / 2 -+ z sqrt(2.5 + z^2 / 4)) / (10 + z^2)."""
    z = 1.959963984540054
    middle, reach = 5 + z**2 / 2, z * np.sqrt(2.5 + z**2 / 4)
    assert proportion(5, 10).ci95 == pytest.approx(((middle - reach) / (10 + z**2), (middle + reach) / (10 + z**2)))


def test_clopper_pearson_of_nothing_found() -> None:
    """Of 0 of 10 the upper end is 1 - 0.025 ** (1 / 10)."""
    assert proportion(0, 10, "clopper-pearson").ci95 == pytest.approx((0, 1 - 0.025 ** (1 / 10)))


def test_every_figure_by_hand() -> None:
    """TP 8, FP 3, FN 2, TN 12."""
    found = of(8, 3, 2, 12)
    expected = {
        "sensitivity": 8 / 10,
        "specificity": 12 / 15,
        "accuracy": 20 / 25,
        "f1": 16 / 21,
        "ppv": 8 / 11,
        "npv": 12 / 14,
        "lr_positive": 4.0,
        "lr_negative": 0.25,
    }
    assert {name: getattr(found, name).value for name in expected} == pytest.approx(expected)


def test_the_interval_of_a_likelihood_ratio_by_hand() -> None:
    """LR+ 4, standard error of its logarithm sqrt(1/8 - 1/10 + 1/3 - 1/15)."""
    reach = 1.959963984540054 * np.sqrt(1 / 8 - 1 / 10 + 1 / 3 - 1 / 15)
    assert of(8, 3, 2, 12).lr_positive.ci95 == pytest.approx((4 * np.exp(-reach), 4 * np.exp(reach)))


@pytest.mark.parametrize(
    ("cells", "figure", "why"),
    [
        ((0, 3, 0, 5), "sensitivity", "no image is positive"),
        ((4, 0, 1, 0), "specificity", "every image is positive"),
        ((0, 0, 2, 5), "ppv", "no image was called positive"),
        ((2, 5, 0, 0), "npv", "no image was called negative"),
        ((0, 0, 0, 5), "f1", "no image is positive, and none was called so"),
        ((4, 0, 1, 5), "lr_positive", "no healthy image was called positive: the ratio is infinite"),
        ((4, 5, 1, 0), "lr_negative", "no healthy image was called negative: the ratio is infinite"),
        ((0, 3, 0, 5), "lr_positive", "no image is positive"),
        ((0, 0, 0, 0), "accuracy", "there is no image"),
    ],
)
def test_what_is_not_defined_says_why(cells: tuple[int, int, int, int], figure: str, why: str) -> None:
    found = getattr(of(*cells, resamples=10), figure)
    assert (found.value, found.ci95, found.ci95_patients, found.why) == (None, None, None, why)


def test_a_ratio_of_0_has_no_logarithm() -> None:
    found = of(0, 3, 5, 5).lr_positive
    assert (found.value, found.ci95) == (0.0, None)
    assert found.why is not None


def test_a_ratio_that_is_often_infinite_has_no_upper_end() -> None:
    """With one false positive a third of the resamples has none."""
    assert of(20, 1, 5, 30, resamples=200).lr_positive.ci95_patients is None
    assert of(20, 15, 5, 30, resamples=200).lr_positive.ci95_patients is not None


def test_patients_and_not_images_are_drawn() -> None:
    """Two ill patients, ten images each, one wholly found and one wholly missed: any sensitivity may come out."""
    truth, called = np.ones(20, bool), np.arange(20) < 10
    drawn = Resamples.draw(np.arange(20) // 10, 200, 0)
    found = diagnose(cells_of_images(truth, called, drawn)).sensitivity
    assert found.ci95_patients == (0.0, 1.0)
    assert found.ci95 == pytest.approx((0.2993, 0.7007), abs=1e-4)


def test_resamples_that_are_all_the_same_are_no_interval() -> None:
    """Ten of ten found: drawing them anew always finds ten. Wilson's interval knows better."""
    found = of(10, 0, 0, 10, resamples=50).sensitivity
    assert (found.value, found.ci95_patients) == (1.0, None)
    assert found.ci95 == pytest.approx((0.7225, 1.0), abs=1e-4)


def test_counts_are_drawn_like_images() -> None:
    """The multinomial and the bootstrap of single images give the same interval but for chance."""
    truth = np.repeat([True, True, False, False], [80, 20, 30, 120])
    called = np.repeat([True, False, True, False], [80, 20, 30, 120])
    images = diagnose(cells_of_images(truth, called, Resamples.draw(np.arange(250), 4000, 0))).f1
    counts = diagnose(cells_of_counts([80, 30, 20, 120], 4000, 0)).f1
    assert images.ci95 == pytest.approx(counts.ci95, abs=0.01)


@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_swapping_ill_and_healthy_swaps_the_figures(tp: int, fp: int, fn: int, tn: int) -> None:
    one, other = of(tp, fp, fn, tn), of(tn, fn, fp, tp)
    assert one.sensitivity.value == other.specificity.value
    assert one.sensitivity.ci95 == other.specificity.ci95
    assert one.ppv.value == other.npv.value
    assert one.accuracy.value == other.accuracy.value


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=20))
def test_the_first_column_is_the_count(rows: list[tuple[bool, bool]]) -> None:
    truth, called = np.array(rows, bool).reshape(-1, 2).T
    found = count(truth, called)
    cells = cells_of_images(truth, called, Resamples.draw(np.arange(len(rows)), 5, 0))
    assert cells[:, 0].tolist() == [found.tp, found.fp, found.fn, found.tn]
    assert (cells.sum(axis=0) == len(rows)).all()


def test_impossible_counts_are_refused() -> None:
    with pytest.raises(InputError, match="negative"):
        TwoByTwo(1, -1, 0, 0)
    with pytest.raises(InputError, match="no share"):
        proportion(3, 2)
