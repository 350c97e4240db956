"""The whole summary of small tables, and of two models side by side."""

import json
from collections.abc import Callable

import numpy as np
import pytest

from spinedet.annotations.errors import InputError
from spinedet.benchmarks.whole_image.comparing import compare, mcnemar_test
from spinedet.benchmarks.whole_image.figures import Figure
from spinedet.benchmarks.whole_image.scores import ScoreTable
from spinedet.benchmarks.whole_image.summary import WholeImageFigures, summarise
from spinedet.datasets.tasks import Task

Make = Callable[..., ScoreTable]
Asked = Callable[..., Task]

TWO_FOLDS = [("p", 0, 0.1), ("p", 0, 0.4), ("q", 1, 0.9), ("r", 0, 0.2), ("s", 1, 0.3), ("s", 1, 0.8)]
FOLDS = [0, 0, 0, 1, 1, 1]


def value(figure: Figure | None) -> float | None:
    assert figure is not None
    return figure.value


def test_two_folds_by_hand(table: Make, task: Asked) -> None:
    """From 0.5 on: image e is missed. Fold 0 is wholly right, in fold 1 one of two ill images is found."""
    found = summarise(table(TWO_FOLDS, FOLDS), task(positive=["ill"]), resamples=20)
    image, over = found.image.all, found.image.over_folds
    assert image.diagnosis is not None
    assert value(image.diagnosis.sensitivity) == pytest.approx(2 / 3)
    assert value(image.auc) == pytest.approx(8 / 9)
    assert image.confusion == ((3, 0), (1, 2))
    assert over["sensitivity"].folds == (1.0, 0.5)
    assert (over["sensitivity"].mean, over["sensitivity"].sd) == pytest.approx((0.75, 0.5 / np.sqrt(2)))
    assert found.patient is not None
    assert found.patient.all.rows == 4
    assert value(found.patient.all.auc) == 1.0
    json.dumps(found.as_dict(), allow_nan=False)


def test_the_line_is_drawn_on_validation_and_fold_by_fold(table: Make, task: Asked) -> None:
    """In fold 1 the validation patients lie around 0.25, so that image e is found there."""
    validation = {
        0: table([("v", 0, 0.4), ("w", 1, 0.8)]),
        1: table([("v", 0, 0.2), ("w", 1, 0.3)]),
    }
    found = summarise(table(TWO_FOLDS, FOLDS), task(positive=["ill"]), validation=validation, resamples=0)
    points = [choice.point for choice in found.image.choices]
    assert [point.threshold for point in points if point] == pytest.approx([0.6, 0.25])
    assert points[0] is not None
    assert points[0].from_ == "2 validation rows of 2 patients, 1 of them positive"
    assert found.image.all.diagnosis is not None
    assert value(found.image.all.diagnosis.accuracy) == 1.0


def test_without_validation_the_line_is_a_half_and_says_so(table: Make, task: Asked) -> None:
    point = summarise(table(TWO_FOLDS), task(positive=["ill"]), resamples=0).image.choices[0].point
    assert point is not None
    assert (point.threshold, point.why) == (0.5, "there are no validation scores")


def test_a_patient_in_two_splits_is_refused(table: Make, task: Asked) -> None:
    with pytest.raises(InputError, match="two splits") as caught:
        summarise(table(TWO_FOLDS), task(positive=["ill"]), validation=table([("q", 1, 0.5)]))
    assert caught.value.details["found"] == "1: q"


def test_a_class_missing_in_a_fold_is_named(table: Make, task: Asked) -> None:
    """Fold 1 has no ill image: what cannot be known there is null, and the mean says which fold it lacks."""
    rows = table([("p", 0, 0.1), ("q", 1, 0.9), ("r", 0, 0.2)], [0, 0, 1])
    found = summarise(rows, task(positive=["ill"]), resamples=5)
    assert found.missing == {"1": ("ill",)}
    over = found.image.over_folds["sensitivity"]
    assert (over.mean, over.sd, over.folds, over.why) == (1.0, None, (1.0, None), "not in fold 1")


def test_subtypes_have_a_sensitivity_of_their_own(table: Make, task: Asked) -> None:
    """Image b is `ill` and looks `odd`: the wrong subtype, and yet called positive."""
    rows = table([("p", 0, 0.8, 0.1, 0.1), ("q", 1, 0.2, 0.1, 0.7), ("r", 2, 0.6, 0.2, 0.2)])
    classes = summarise(rows, task(3, positive=["ill", "odd"]), resamples=5).image.all.classes
    assert [value(row.called_positive) for row in classes.values()] == [0.0, 1.0, 0.0]
    assert [value(row.calls.sensitivity) for row in classes.values()] == [1.0, 0.0, 0.0]


def test_a_constant_score_is_null_and_says_why(table: Make, task: Asked) -> None:
    rows = table([("p", 0, 0.5), ("q", 1, 0.5)])
    found = summarise(rows, task(positive=["ill"]), resamples=5).image.all
    assert found.auc is not None
    assert (found.auc.value, found.auc.why) == (None, "every score is the same")
    assert found.macro_auc.why == "no area of healthy, ill"


def test_patients_of_several_classes_are_named(table: Make, task: Asked) -> None:
    found = summarise(table([("p", 0, 0.5), ("p", 1, 0.5)]), task(), resamples=0)
    assert found.patient is None
    assert "p (healthy, ill)" in str(found.patient_why)


def test_grades_and_their_highest_for_the_patient(table: Make, task: Asked) -> None:
    """The worst of the patient's two images has grade 1 and is taken for grade 2."""
    rows = table([("p", 0, 0.8, 0.1, 0.1), ("p", 1, 0.2, 0.3, 0.5), ("q", 0, 0.9, 0.1, 0.0)])
    asked = task(3, kind="grades", cut="ill", patient_score="maximum")
    found = summarise(rows, asked, resamples=5)
    assert found.image.all.grades is not None
    assert value(found.image.all.grades.mean_absolute_error) == pytest.approx(1 / 3)
    assert found.patient is not None
    assert found.patient.all.confusion == ((1, 0, 0), (0, 0, 1), (0, 0, 0))


def test_numbers_of_bins_and_of_the_table(table: Make, task: Asked) -> None:
    """Said 5 and 20, the bins stand for 10 and 20; the true numbers are 4 and 18."""
    rows = table([("p", 1, 0.5, 0.5, 0.0), ("q", 2, 0.0, 0.0, 1.0)])
    asked = task(3, kind="number", values=[0, 10, 20], unit="months")

    def error(found: WholeImageFigures) -> float | None:
        assert found.image.all.numbers is not None
        return found.image.all.numbers.mean_absolute_error.value

    assert error(summarise(rows, asked, resamples=0)) == 2.5
    assert error(summarise(rows, asked, numbers={"a": 4, "b": 18}, resamples=0)) == 1.5
    with pytest.raises(InputError, match="no number"):
        summarise(rows, asked, numbers={"a": 4}, resamples=0)


def test_other_classes_and_no_image_are_refused(table: Make, task: Asked) -> None:
    with pytest.raises(InputError, match="other classes"):
        summarise(table(TWO_FOLDS), task(3))
    with pytest.raises(InputError, match="no image"):
        summarise(table(TWO_FOLDS).rows(np.zeros(6, bool)), task())


def test_the_same_seed_gives_the_same_figures(table: Make, task: Asked) -> None:
    first, second = (summarise(table(TWO_FOLDS, FOLDS), task(positive=["ill"]), resamples=30, seed=4) for _ in "ab")
    assert first == second


def test_two_models_by_hand(table: Make) -> None:
    """The first is right on all; the second, its rows turned round, misses one ill and calls one healthy ill."""
    first = table([("p", 0, 0.1), ("q", 0, 0.2), ("r", 1, 0.8), ("s", 1, 0.9)])
    second = table([("p", 0, 0.1), ("q", 0, 0.6), ("r", 1, 0.4), ("s", 1, 0.9)]).rows(np.array([3, 1, 0, 2]))
    found = compare(first, second, ("ill",), resamples=50)
    assert (found.every.first_only, found.every.second_only, found.every.p) == (2, 0, 0.5)
    assert (found.ill.first_only, found.healthy.first_only, found.ill.p, found.ill.exact) == (1, 1, 1.0, True)
    assert found.auc_difference.value == found.delong.difference == 0.25


def test_mcnemar_from_25_on_is_chi_square(table: Make) -> None:
    """20 against 5: 15^2 / 25 = 9, p 0.00270; without correction, which would be conservative."""
    names = [f"i{place}" for place in range(30)]
    truth = [1] * 30
    right, wrong = [0.1, 0.9], [0.9, 0.1]
    first = ScoreTable.of(names, names, truth, [right] * 20 + [wrong] * 5 + [right] * 5, ["healthy", "ill"])
    second = ScoreTable.of(names, names, truth, [wrong] * 20 + [right] * 5 + [right] * 5, ["healthy", "ill"])
    found = compare(first, second, ("ill",), resamples=0)
    assert not found.ill.exact
    assert found.ill.p == pytest.approx(0.002700, abs=1e-6)
    assert (found.healthy.p, found.healthy.why) == (None, "there is no such image")
    assert (found.auc_difference.value, found.auc_difference.why) == (None, "every image is positive")


@pytest.mark.parametrize(
    ("first", "second", "exact", "mid_p"),
    [(1, 7, 18 / 256, 10 / 256), (4, 4, 1.0, 1 - 35 / 256), (0, 3, 1 / 4, 1 / 8)],
)
def test_mcnemar_s_exact_and_mid_p(first: int, second: int, exact: float, mid_p: float) -> None:
    """1 against 7 (Fagerland 2013): exact 0.070, mid-p 0.039; of 4 and 4 half of 70 / 256 is taken off."""
    right = np.array([True] * first + [False] * second)
    found = mcnemar_test(right, ~right)
    assert found.p == pytest.approx(exact)
    assert found.mid_p == pytest.approx(mid_p)


def test_other_images_or_truths_are_refused(table: Make) -> None:
    one = table([("p", 0, 0.1), ("q", 1, 0.2)])
    with pytest.raises(InputError, match="same images"):
        compare(one, table([("p", 0, 0.1)]), ("ill",))
    with pytest.raises(InputError, match="patient or truth") as caught:
        compare(one, table([("p", 0, 0.1), ("q", 0, 0.2)]), ("ill",))
    assert caught.value.details["found"] == "1: b"
