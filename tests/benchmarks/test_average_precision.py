"""Areas under precision-recall curves that a person can work out on paper."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinedet.benchmarks.average_precision import Rule, area, average_precision, envelope, precision_recall
from spinedet.benchmarks.matching import ClassMatches

hit_lists = st.lists(st.booleans(), max_size=30)


def matches(hit: list[bool], objects: int) -> ClassMatches:
    """Detections of one image with these outcomes, best first."""
    scores = np.linspace(1, 0.5, len(hit), dtype=np.float32)
    return ClassMatches("disc", scores, np.array(hit, np.bool_), np.zeros(len(hit), np.int64), np.array([objects]))


def ap(hit: list[bool], objects: int, rule: Rule = "all-point") -> float:
    value = average_precision(precision_recall(matches(hit, objects)), rule)
    assert value is not None
    return value


@pytest.mark.parametrize(
    ("story", "hit", "objects", "expected"),
    [
        ("both found, with a false one between them: 1/2 x 1 + 1/2 x 2/3", [True, False, True], 2, Fraction(5, 6)),
        ("the false one scores best: 1/2 x 2/3 twice, by the envelope", [False, True, True], 2, Fraction(2, 3)),
        ("a false one after the last hit costs nothing", [True, True, False], 2, Fraction(1)),
        ("one of four found at once", [True], 4, Fraction(1, 4)),
        ("only false ones", [False, False], 3, Fraction(0)),
        ("nothing found", [], 3, Fraction(0)),
    ],
)
def test_all_point(story: str, hit: list[bool], objects: int, expected: Fraction) -> None:
    assert ap(hit, objects) == pytest.approx(float(expected), abs=1e-12), story


@pytest.mark.parametrize(
    ("story", "hit", "objects", "expected"),
    [
        ("precision 1 at the 6 recalls up to 1/2, then 2/3 at 5", [True, False, True], 2, Fraction(28, 33)),
        ("recall 1/4 reaches 0, 0.1 and 0.2", [True], 4, Fraction(3, 11)),
        ("nothing found", [], 3, Fraction(0)),
    ],
)
def test_eleven_point(story: str, hit: list[bool], objects: int, expected: Fraction) -> None:
    assert ap(hit, objects, "11-point") == pytest.approx(float(expected), abs=1e-12), story


def test_the_curve_itself() -> None:
    curve = precision_recall(matches([True, False, True], 2))
    np.testing.assert_allclose(curve.recall, [1 / 2, 1 / 2, 1])
    np.testing.assert_allclose(curve.precision, [1, 1 / 2, 2 / 3])
    np.testing.assert_allclose(curve.scores, [1, 0.75, 0.5])
    np.testing.assert_allclose(envelope(curve.precision), [1, 2 / 3, 2 / 3])


def test_a_class_without_objects_has_no_ap() -> None:
    curve = precision_recall(matches([False, False], 0))
    assert curve.objects == 0
    assert curve.recall.size == 0
    assert average_precision(curve) is None
    assert average_precision(curve, "11-point") is None


@pytest.mark.parametrize("rule", ["all-point", "11-point"])
def test_many_curves_at_once_equal_one_by_one(rule: Rule) -> None:
    recall = np.array([[0.5, 0.5, 1.0], [0.0, 0.5, 0.5]])
    precision = np.array([[1.0, 0.5, 2 / 3], [0.0, 0.5, 1 / 3]])
    both = area(recall, precision, rule)
    np.testing.assert_array_equal(both, [area(recall[row], precision[row], rule) for row in (0, 1)])


@given(hit=hit_lists, missed=st.integers(0, 5), rule=st.sampled_from(["all-point", "11-point"]))
def test_ap_lies_between_0_and_1(hit: list[bool], missed: int, rule: Rule) -> None:
    assert 0 <= ap(hit, max(1, sum(hit) + missed), rule) <= 1 + 1e-12


@given(hit=hit_lists, place=st.integers(0, 30), rule=st.sampled_from(["all-point", "11-point"]))
def test_a_false_detection_never_raises_ap(hit: list[bool], place: int, rule: Rule) -> None:
    objects = sum(hit) + 1
    assert ap([*hit[:place], False, *hit[place:]], objects, rule) <= ap(hit, objects, rule) + 1e-12


@given(hit=hit_lists, rule=st.sampled_from(["all-point", "11-point"]))
def test_a_false_detection_below_all_others_changes_nothing(hit: list[bool], rule: Rule) -> None:
    objects = sum(hit) + 1
    assert ap([*hit, False], objects, rule) == pytest.approx(ap(hit, objects, rule), abs=1e-12)


@pytest.mark.parametrize("objects", [1, 3, 28, 1000])
def test_a_perfect_detector_scores_1(objects: int) -> None:
    assert ap([True] * objects, objects) == pytest.approx(1, abs=1e-12)
