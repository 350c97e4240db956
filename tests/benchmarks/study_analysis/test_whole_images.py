"""Studies that ask one answer, or one rating, of each image."""

from collections.abc import Mapping
from typing import Any

import pytest
from letter_study import make_protocol

from spinedet.annotations.errors import InputError
from spinedet.benchmarks.study.protocol import Endpoint
from spinedet.benchmarks.study.readings import CaseReading, Reading, StudyData, Truth
from spinedet.benchmarks.study_analysis.analysis import analyse
from spinedet.benchmarks.study_analysis.records import StudyResults
from spinedet.benchmarks.whole_image.roc import paired_delong

TRUTH = {"a": ("p1", "ill"), "b": ("p2", "ill"), "c": ("p3", "well"), "d": ("p4", "well"), "e": ("p4", "well")}

GOOD = {"a": 5.0, "b": 3.0, "c": 3.0, "d": 1.0, "e": 2.0}
POOR = {"a": 1.0, "b": 4.0, "c": 3.0, "d": 2.0, "e": 1.0}


def study(said: Mapping[tuple[str, str], Mapping[str, Any]], **decided: Any) -> StudyResults:
    """A study of readers (named R..) and models (M..); an answer is a class, a rating or a row of scores."""
    names = list(dict.fromkeys(name for name, _ in said))
    readers, models = ([name for name in names if name[0] == kind] for kind in "RM")
    words = {"kind": "classes", "classes": ("well", "ill"), "positive": ("ill",), **decided}
    protocol = make_protocol(tuple(TRUTH), readers, models, 4, **words)
    readings = [
        Reading(
            reader=name,
            kind="model" if name in models else "person",
            treatment=treatment,
            protocol=protocol.sha256(),
            cases=tuple(_case(code, answer) for code, answer in answers.items()),
        )
        for (name, treatment), answers in said.items()
    ]
    truth = tuple(Truth(code=code, patient=patient, label=label) for code, (patient, label) in TRUTH.items())
    return analyse(protocol, StudyData(truth=truth, readings=tuple(readings)))


def _case(code: str, answer: Any) -> CaseReading:
    if isinstance(answer, str):
        return CaseReading(code=code, label=answer)
    if isinstance(answer, float):
        return CaseReading(code=code, rating=answer)
    return CaseReading(code=code, scores=answer)


def labels(word: str) -> dict[str, str]:
    """Answers to the five images, `i` for ill and `w` for well."""
    return {code: {"i": "ill", "w": "well"}[letter] for code, letter in zip(TRUTH, word, strict=True)}


def test_answers_are_counted_over_images_and_patients() -> None:
    found = study({("R1", "unaided"): labels("iwwiw")})
    assert [level.unit for level in found.units] == ["image", "patient"]
    image, patient = (level.raters[0].scopes[0].cells for level in found.units)
    assert image is not None
    assert patient is not None
    assert (image.tp, image.fp, image.fn, image.tn) == (1, 1, 1, 2)
    assert (patient.tp, patient.fp, patient.fn, patient.tn) == (1, 1, 1, 1)
    assert found.units[0].raters[0].right.counts == {"hits": 3, "of": 5}
    told = [(one.code, one.outcome, one.truth, one.called) for one in found.disagreements]
    assert told == [("b", "another", "ill", "well"), ("d", "another", "well", "ill")]


def test_ratings_alone_are_ranked_and_not_called() -> None:
    """Five pairs of six are won and one is a draw."""
    found = study({("R1", "unaided"): GOOD})
    image = found.units[0]
    assert image.raters[0].units == 0
    assert image.raters[0].right.value is None
    own = next(one for one in image.rocs if one.label is None)
    assert own.auc.value == pytest.approx(5.5 / 6)
    assert own.points == ()
    assert any("no answer of R1" in one for one in found.warnings)


def test_a_patients_rating_is_that_of_the_worst_image() -> None:
    ratings = {"a": 5.0, "b": 1.5, "c": 3.0, "d": 1.0, "e": 2.0}
    maximum = study({("R1", "unaided"): ratings}).units[1].rocs[0]
    mean = study({("R1", "unaided"): ratings}, patient_score="mean").units[1].rocs[0]
    assert maximum.auc.value == pytest.approx(2 / 4)
    assert mean.auc.value == pytest.approx(2.5 / 4)


def test_scores_of_classes_give_the_answer_too() -> None:
    scores = {"a": (0.1, 0.9), "b": (0.8, 0.2), "c": (0.7, 0.3), "d": (0.9, 0.1), "e": (0.95, 0.05)}
    found = study({("M", "unaided"): scores, ("R1", "unaided"): labels("iwwiw")})
    own = found.units[0].raters[1].scopes[0].cells
    assert own is not None
    assert (own.tp, own.fp, own.fn, own.tn) == (1, 0, 1, 3)
    roc = next(one for one in found.units[0].rocs if one.label is None)
    assert roc.auc.value == pytest.approx(5 / 6)
    assert {one.rater for one in roc.points} == {"R1", "M"}
    assert [one.rater for one in roc.means] == ["mean of readers, unaided"]


def test_two_who_rate_are_compared_by_delong() -> None:
    import numpy as np

    found = study({("R1", "unaided"): GOOD, ("M", "unaided"): POOR}, endpoint=Endpoint(measure="auc", unit="image"))
    own = next(one for one in found.units[0].comparisons if one.label is None)
    truth = np.array([label == "ill" for _, label in TRUTH.values()])
    expected = paired_delong(truth, np.array(list(GOOD.values())), np.array(list(POOR.values())))
    assert own.delong == expected
    assert own.auc is not None
    assert own.auc.value == pytest.approx(expected.difference)
    assert found.primary.test is not None
    assert found.primary.test.name == "paired DeLong"
    assert found.primary.test.p == expected.p


def test_readers_with_and_without_the_model_by_their_ratings() -> None:
    said = {
        ("R1", "alone"): POOR,
        ("R1", "aided"): GOOD,
        ("R2", "alone"): {**POOR, "a": 3.0},
        ("R2", "aided"): {**GOOD, "c": 4.0},
    }
    found = study(said, treatments=("alone", "aided"), endpoint=Endpoint(measure="auc", unit="image"))
    own = next(one for one in found.mrmc if one.unit == "image" and one.measure == "auc" and one.label is None)
    assert own.crossed is not None
    values = {(one.reader, one.treatment): one.estimate.value for one in own.crossed.figures}
    assert values["R1", "aided"] == pytest.approx(5.5 / 6)
    assert values["R1", "alone"] == pytest.approx(3.5 / 6)
    assert own.covariance == "delong"
    assert found.primary.value.value == own.crossed.random.differences[0].estimate.value


def test_kappa_of_answers() -> None:
    found = study({("R1", "unaided"): labels("iwwiw"), ("R2", "unaided"): labels("iiwiw")})
    agreement = found.agreement[0]
    assert (agreement.unit, agreement.categories) == ("image", ("well", "ill"))
    whole = {(one.first, one.second): one.kappa for one in agreement.pairs if one.label is None}
    assert whole["R1", "R2"].observed == pytest.approx(4 / 5)
    assert whole["R1", "R2"].value == pytest.approx((0.8 - 0.48) / 0.52)
    assert [group.who for group in agreement.groups if group.label is None] == ["readers"]


def test_a_reference_without_an_answer_is_refused() -> None:
    protocol = make_protocol(["a"], ["R1"], kind="classes", classes=("well", "ill"), positive=("ill",))
    with pytest.raises(InputError, match="no answer"):
        analyse(protocol, StudyData(truth=(Truth(code="a", patient="p1"),), readings=()))
