"""Small studies written by hand, with figures that can be counted on the fingers."""

from typing import Any

import numpy as np
import pytest
from letter_study import letter_study
from scipy.stats import chi2_contingency
from statsmodels.stats.proportion import proportion_confint

from spinedet.annotations.errors import InputError
from spinedet.benchmarks.study.protocol import Endpoint
from spinedet.benchmarks.study.readings import Mark, StudyData
from spinedet.benchmarks.study_analysis.analysis import analyse
from spinedet.benchmarks.study_analysis.records import RaterFigures, ScopeFigures, StudyResults

TRUTH = {"a": ("p1", "NHS"), "b": ("p2", "NNH")}

ONE = {"a": "NHH", "b": "N-H+S"}
"""A slip taken for a herniation, a normal disc missed, a slip seen where nothing is."""

TWO = {"a": "NHS", "b": "NHH"}
"""One normal disc taken for a herniation."""


def results(said: Any, truth: Any = TRUTH, **decided: Any) -> StudyResults:
    return analyse(*letter_study(truth, said, **decided))


def rater(found: StudyResults, unit: str, name: str) -> RaterFigures:
    return next(one for level in found.units if level.unit == unit for one in level.raters if one.rater == name)


def scope(found: StudyResults, unit: str, name: str, label: str | None) -> ScopeFigures:
    return next(one for one in rater(found, unit, name).scopes if one.label == label)


def cells(found: StudyResults, unit: str, name: str, label: str | None) -> tuple[int, ...]:
    own = scope(found, unit, name, label).cells
    assert own is not None
    return own.tp, own.fp, own.fn, own.tn, own.false_marks


def test_discs_counted_on_the_fingers() -> None:
    found = results({"R1": ONE, "R2": TWO})
    assert cells(found, "object", "R1", "normal") == (2, 0, 1, 3, 0)
    assert cells(found, "object", "R1", "herniation") == (2, 1, 0, 3, 0)
    assert cells(found, "object", "R1", "slip") == (0, 0, 1, 5, 1)
    assert cells(found, "object", "R1", None) == (3, 0, 0, 3, 1)
    assert cells(found, "object", "R2", None) == (3, 1, 0, 2, 0)
    outcomes = rater(found, "object", "R1").outcomes
    assert outcomes is not None
    assert (outcomes.agreed, outcomes.another, outcomes.missed) == (4, 1, 1)
    assert outcomes.false_marks == {"normal": 0, "herniation": 0, "slip": 1}
    assert outcomes.confusion == ((2, 0, 0, 1), (0, 2, 0, 0), (0, 1, 0, 0))
    assert outcomes.iou == 1.0
    assert rater(found, "object", "R1").right.value == pytest.approx(4 / 6)


def test_figures_of_a_class() -> None:
    own = scope(results({"R1": ONE}), "object", "R1", "herniation").primary
    assert own is not None
    assert own.sensitivity.value == 1.0
    assert own.specificity.value == pytest.approx(3 / 4)
    assert own.accuracy.value == pytest.approx(5 / 6)
    assert own.f1.value == pytest.approx(4 / 5)
    assert own.lr_positive.value == pytest.approx(4)
    assert own.lr_negative.value == 0.0
    assert own.accuracy.ci95 == pytest.approx(proportion_confint(5, 6, method="wilson"))
    assert own.accuracy.ci95_exact == pytest.approx(proportion_confint(5, 6, method="beta"))
    assert own.accuracy.counts == {"hits": 5, "of": 6}
    assert own.accuracy.ci95_clustered is not None


def test_units_that_are_all_of_one_patient_have_no_interval_to_show() -> None:
    """Both normal discs are of p2 and tell as little as one patient does; Wilson's interval thinks otherwise."""
    found = results({"R1": ONE}, truth={"a": ("p1", "HHS"), "b": ("p2", "NNH")})
    normal, herniation = (scope(found, "object", "R1", label).primary for label in ("normal", "herniation"))
    assert normal is not None
    assert herniation is not None
    assert (normal.sensitivity.counts["of"], normal.sensitivity.of_one_patient) == (2, True)
    assert normal.sensitivity.ci95 is not None
    assert normal.sensitivity.formula_interval is None
    assert herniation.sensitivity.formula_interval == herniation.sensitivity.ci95_clustered is not None
    patients = scope(found, "patient", "R1", "herniation").primary
    assert patients is not None
    assert patients.sensitivity.formula_interval == patients.sensitivity.ci95 is not None


def test_one_of_something_is_told_as_one() -> None:
    said = {"R1": {"a": "N-S+H"}, "M": ONE}
    found = results(said, models=["M"])
    assert "(3 units of 1 patient, " in found.primary.sentence
    assert any(one.startswith("R1 has 1 mark without an object (herniation 1); it is") for one in found.warnings)
    assert any(one.startswith("The mean of 1 reader (unaided) and M") for one in found.warnings)


def test_false_marks_count_against_specificity_only_where_it_is_said() -> None:
    own = scope(results({"R1": ONE}), "object", "R1", "slip")
    assert own.primary is not None
    assert own.with_false_marks is not None
    assert own.primary.specificity.value == 1.0
    assert own.with_false_marks.specificity.value == pytest.approx(5 / 6)
    assert own.with_false_marks.sensitivity == own.primary.sensitivity.model_copy(
        update={"ci95_exact": None, "ci95_clustered": None}
    )


def test_images_and_patients() -> None:
    """Image a has all three classes, b two; R1 says a has no slip, and b one."""
    found = results({"R1": ONE})
    for unit in ("image", "patient"):
        assert cells(found, unit, "R1", "slip") == (0, 1, 1, 0, 0)
        assert cells(found, unit, "R1", "herniation") == (2, 0, 0, 0, 0)
        assert rater(found, unit, "R1").right.value == 0.0
    herniation = scope(found, "image", "R1", "herniation").primary
    assert herniation is not None
    assert (herniation.specificity.value, herniation.specificity.why) == (None, "every image is positive")


def test_a_patient_has_what_any_image_has() -> None:
    found = results({"R1": ONE}, {"a": ("p1", "NHS"), "b": ("p1", "NNH")})
    assert cells(found, "patient", "R1", "slip") == (1, 0, 0, 0, 0)
    assert rater(found, "patient", "R1").right.counts == {"hits": 1, "of": 1}
    assert "There is one patient only" in " ".join(found.warnings)


def test_the_mean_of_the_readers() -> None:
    found = results({"R1": ONE, "R2": TWO})
    mean = found.units[0].means[0]
    figures = {one.label: one.figures for one in mean.scopes}
    assert mean.raters == ("R1", "R2")
    assert figures[None]["accuracy"].value == pytest.approx((4 / 6 + 5 / 6) / 2)
    assert figures[None]["specificity"].value == pytest.approx((1 + 2 / 3) / 2)
    assert mean.scopes[0].spread["accuracy"] == pytest.approx(np.std([4 / 6, 5 / 6], ddof=1))


def test_a_reader_who_says_what_the_reference_says() -> None:
    perfect = {code: word for code, (_, word) in TRUTH.items()}
    found = results({"R1": perfect, "M": perfect}, models=["M"])
    assert [one.right.value for level in found.units for one in level.raters] == [1.0] * 6
    assert found.disagreements == ()
    kappas = [one.kappa.value for one in found.agreement[0].pairs]
    assert kappas == [1.0, 1.0, 1.0]
    row = found.units[0].comparisons[0].measures[0]
    assert row.difference.value == 0.0
    assert row.test is not None
    assert (row.test.p, row.test.why) == (None, "they are never right and wrong apart")


def test_disagreements_one_by_one() -> None:
    found = results({"R1": ONE, "R2": TWO})
    told = [(one.code, one.rater, one.outcome, one.truth, one.called) for one in found.disagreements]
    assert told == [
        ("a", "R1", "another", "slip", "herniation"),
        ("b", "R1", "missed", "normal", None),
        ("b", "R1", "false mark", None, "slip"),
        ("b", "R2", "another", "normal", "herniation"),
    ]
    assert found.disagreements[0].box == found.disagreements[0].mark == (100.0, 100.0, 180.0, 130.0)
    assert found.disagreements[1].mark is None


def test_a_missing_image_is_filled_in_nowhere() -> None:
    found = results({"R1": {"a": "NHH"}, "R2": TWO, "M": TWO}, models=["M"])
    assert found.raters[0].missing == ("b",)
    assert rater(found, "object", "R1").units == 3
    assert rater(found, "patient", "R1").units == 1
    units = {(one.first, one.units) for one in found.units[0].comparisons}
    assert units == {("R1", 3), ("R2", 6)}
    assert {one.units for one in found.units[0].mean_comparisons if one.measure == "accuracy"} == {3}
    pairs = {(one.first, one.second): one.kappa.of for one in found.agreement[0].pairs}
    assert pairs["R1", "R2"] == pairs["R1", "reference"] == 3
    assert pairs["R2", "M"] == pairs["R2", "reference"] == 6
    assert any("R1: not finished, 1 of 2 images are not read (b)" in one for one in found.warnings)
    assert any("compared on 3 of 6 objects" in one for one in found.warnings)


def test_a_patient_is_read_when_all_images_are() -> None:
    truth = {"a": ("p1", "NH"), "b": ("p1", "NN"), "c": ("p2", "NN")}
    found = results({"R1": {"a": "NH", "c": "NN"}}, truth)
    assert rater(found, "patient", "R1").units == 1
    assert rater(found, "image", "R1").units == 2


def test_a_reader_without_any_image_is_left_out() -> None:
    found = results({"R1": ONE, "R2": {}})
    assert [one.name for one in found.raters] == ["R1"]
    assert any("R2" in one and "left out" in one for one in found.warnings)


def test_what_collecting_has_told_is_not_told_again() -> None:
    protocol, data = letter_study(TRUTH, {"R1": {"a": "NHH"}})
    first = analyse(protocol, data)
    again = analyse(protocol, data.model_copy(update={"concerns": first.warnings}))
    assert again.warnings == first.warnings


def test_an_image_without_a_reference_is_left_out() -> None:
    protocol, data = letter_study(TRUTH, {"R1": ONE})
    found = analyse(protocol, data.model_copy(update={"truth": data.truth[:1]}))
    assert (found.images, rater(found, "object", "R1").units) == (1, 3)
    assert any("no reference" in one for one in found.warnings)


def test_a_class_that_the_reference_never_has() -> None:
    found = results({"R1": {"a": "NHS", "b": "NN"}}, {"a": ("p1", "NHH"), "b": ("p2", "NN")})
    assert found.units[0].absent == ("slip",)
    own = scope(found, "object", "R1", "slip").primary
    assert own is not None
    assert (own.sensitivity.value, own.sensitivity.why) == (None, "no object is positive")
    assert own.specificity.value == pytest.approx(4 / 5)
    assert any("no object is of the class 'slip'" in one for one in found.warnings)


def test_without_positive_classes_there_is_only_accuracy_of_all() -> None:
    found = results({"R1": ONE, "M": TWO}, models=["M"], positive=())
    whole = rater(found, "object", "R1").scopes[0]
    assert (whole.label, whole.cells, whole.primary) == (None, None, None)
    assert rater(found, "object", "R1").right.value == pytest.approx(4 / 6)
    assert [one.measure for one in found.units[0].comparisons[0].measures] == ["accuracy"]
    assert any("names no positive class" in one for one in found.units[0].definitions)


def test_nothing_depends_on_the_order_of_anything() -> None:
    protocol, data = letter_study(TRUTH, {"R1": ONE, "R2": TWO, "M": TWO}, models=["M"])
    turned = StudyData(
        truth=data.truth[::-1],
        readings=tuple(
            one.model_copy(
                update={"cases": tuple(case.model_copy(update={"marks": case.marks[::-1]}) for case in one.cases[::-1])}
            )
            for one in data.readings[::-1]
        ),
    )
    assert analyse(protocol, turned) == analyse(protocol, data)


def test_the_names_of_the_readers_do_not_matter() -> None:
    first, second = results({"R1": ONE, "R2": TWO}), results({"R2": ONE, "R1": TWO})
    assert first.units[0].raters[0].scopes == second.units[0].raters[0].scopes
    assert first.units[0].means[0].scopes == second.units[0].means[0].scopes


def test_a_reader_against_a_model() -> None:
    found = results({"R1": ONE, "M": TWO}, models=["M"])
    whole = next(one for one in found.units[0].comparisons if one.label is None)
    rows = {one.measure: one for one in whole.measures}
    assert (whole.first, whole.second, whole.units, whole.patients) == ("R1", "M", 6, 2)
    specificity = rows["specificity"]
    assert specificity.first == 1.0
    assert specificity.second == pytest.approx(2 / 3)
    assert specificity.difference.value == pytest.approx(1 / 3)
    assert specificity.calls is not None
    assert (specificity.calls.mcnemar.first_only, specificity.calls.mcnemar.second_only) == (1, 0)
    assert specificity.calls.chi_square.p == pytest.approx(chi2_contingency([[3, 0], [2, 1]], correction=False)[1])
    assert rows["accuracy"].difference.value == pytest.approx(4 / 6 - 5 / 6)
    assert rows["f1"].difference.value == pytest.approx(1 - 6 / 7)
    assert specificity.test is not None
    assert specificity.test.name == "clustered McNemar, exact over patients"


def test_the_primary_endpoint_of_several_readers() -> None:
    found = results({"R1": ONE, "R2": TWO, "M": TWO}, models=["M"])
    mean = next(one for one in found.units[0].mean_comparisons if one.label is None and one.measure == "accuracy")
    assert found.primary.value == mean.difference
    assert mean.difference.value == pytest.approx(-1 / 12)
    assert "mean of 2 readers 0.750, M 0.833; difference -0.083" in found.primary.sentence
    assert found.primary.test == mean.test
    assert found.primary.reached is False


def test_the_primary_endpoint_of_one_reader() -> None:
    said = {"R1": ONE, "M": TWO}
    found = results(said, models=["M"], endpoint=Endpoint(measure="specificity"))
    assert "Specificity over objects: R1 1.000, M 0.667; difference +0.333" in found.primary.sentence
    found = results(said, models=["M"], endpoint=Endpoint(measure="sensitivity", unit="patient"))
    assert found.primary.sentence.startswith("Sensitivity over patients: R1 1.000, M 1.000; difference +0.000")
    assert "no test" in found.primary.sentence


@pytest.mark.parametrize(
    ("said", "decided", "why"),
    [
        ({"R1": ONE}, {}, "there is no model"),
        ({"M": ONE}, {}, "no reader has an answer over the unit 'object'"),
        ({"R1": ONE, "M": TWO}, {"endpoint": Endpoint(measure="auc")}, "gave no scores"),
        ({"R1": ONE, "M": TWO}, {"endpoint": Endpoint(measure="seconds")}, "no image has a time"),
        ({"R1": ONE, "M": TWO}, {"endpoint": Endpoint(measure="f1"), "positive": ()}, "names no positive class"),
    ],
)
def test_a_primary_endpoint_without_an_answer(said: Any, decided: Any, why: str) -> None:
    found = results(said, models=["M"] if "M" in said else [], **decided)
    assert why in found.primary.sentence
    assert (found.primary.test, found.primary.reached, found.primary.value.value) == (None, None, None)


def test_two_treatments() -> None:
    said = {(name, when): word for name in ("R1", "R2") for when, word in (("alone", ONE), ("aided", TWO))}
    found = results(said, treatments=("alone", "aided"))
    assert [one.name for one in found.raters] == ["R1, alone", "R1, aided", "R2, alone", "R2, aided"]
    assert found.no_mrmc is None
    own = next(one for one in found.mrmc if one.unit == "object" and one.label is None and one.measure == "accuracy")
    assert own.crossed is not None
    assert own.crossed.random.differences[0].estimate.value == pytest.approx(4 / 6 - 5 / 6)
    assert [one.treatment for one in found.units[0].means] == ["alone", "aided"]
    pairs = {(one.first, one.second) for one in found.units[0].comparisons}
    assert pairs == {("R1, alone", "R1, aided"), ("R2, alone", "R2, aided")}
    assert "alone less aided" in found.primary.sentence


def test_one_treatment_has_no_two_to_compare() -> None:
    found = results({"R1": ONE, "R2": TWO})
    assert found.mrmc == ()
    assert found.no_mrmc is not None
    assert "one treatment only" in found.no_mrmc


def test_a_models_marks_below_the_threshold_rank_but_do_not_count() -> None:
    """The disc that the model missed at 0.25 it saw at 0.1, which is more than nothing."""
    protocol, data = letter_study({"a": ("p1", "NH"), "b": ("p2", "NH")}, {"M": {"a": "NH", "b": "NH"}}, models=["M"])
    scores = iter([0.9, 0.8, 0.95, 0.1])
    cases = [
        case.model_copy(update={"marks": tuple(Mark(**{**dict(one), "score": next(scores)}) for one in case.marks)})
        for case in data.readings[0].cases
    ]
    reading = data.readings[0].model_copy(update={"cases": tuple(cases)})
    found = analyse(protocol, data.model_copy(update={"readings": (reading,)}))
    assert cells(found, "object", "M", "herniation") == (1, 0, 1, 2, 0)
    own = next(one for one in found.units[0].rocs if one.label == "herniation")
    assert own.auc.value == 1.0
    assert [(one.rater, one.x, one.y) for one in own.points] == [("M", 0.0, 0.5)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"reader": "X"}, "nobody in this study"),
        ({"treatment": "aided"}, "unknown treatment"),
        ({"code": "z"}, "not in this study"),
        ({"label": "cyst"}, "not in the protocol"),
    ],
)
def test_what_is_not_of_this_study_is_named(change: dict[str, str], message: str) -> None:
    protocol, data = letter_study(TRUTH, {"R1": ONE})
    one, case = data.readings[0], data.readings[0].cases[0]
    if "label" in change:
        marks = (case.marks[0].model_copy(update=change), *case.marks[1:])
        one = one.model_copy(update={"cases": (case.model_copy(update={"marks": marks}),)})
    elif "code" in change:
        one = one.model_copy(update={"cases": (case.model_copy(update=change),)})
    else:
        one = one.model_copy(update=change)
    with pytest.raises(InputError, match=message):
        analyse(protocol, data.model_copy(update={"readings": (one,)}))


def test_the_same_reading_twice_is_refused() -> None:
    protocol, data = letter_study(TRUTH, {"R1": ONE})
    with pytest.raises(InputError, match="two readings"):
        analyse(protocol, data.model_copy(update={"readings": data.readings * 2}))
