"""A simulated study, counted again with plain loops, and its statistics by other packages."""

from collections.abc import Mapping

import numpy as np
import pytest
from letter_study import Name, letter_study
from sklearn.metrics import cohen_kappa_score, confusion_matrix, roc_auc_score
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa

from spinedet.benchmarks.study_analysis.analysis import analyse
from spinedet.benchmarks.study_analysis.records import StudyResults

LETTERS = np.array(list("NHS"))
NAMES = ("R1", "R2", "R3", "M")


@pytest.fixture(scope="module")
def words() -> Mapping[str, list[str]]:
    """A word of four discs for each of 60 images: the reference, then what each rater said."""
    rng = np.random.default_rng(7)
    truth = rng.choice(LETTERS, (60, 4), p=[0.6, 0.3, 0.1])
    found = {"truth": ["".join(row) for row in truth]}
    for name, skill in zip(NAMES, (0.75, 0.8, 0.85, 0.9), strict=True):
        other = rng.choice(np.array(list("NHS-")), truth.shape)
        found[name] = ["".join(row) for row in np.where(rng.random(truth.shape) < skill, truth, other)]
    return found


@pytest.fixture(scope="module")
def results(words: Mapping[str, list[str]]) -> StudyResults:
    codes = [f"i{place:02}" for place in range(60)]
    truth = {code: (f"p{code}", word) for code, word in zip(codes, words["truth"], strict=True)}
    said: dict[Name, dict[str, str]] = {name: dict(zip(codes, words[name], strict=True)) for name in NAMES}
    protocol, data = letter_study(truth, said, models=["M"])
    scores = iter(model_scores(words))
    cases = [
        case.model_copy(update={"marks": tuple(one.model_copy(update={"score": next(scores)}) for one in case.marks)})
        for case in data.readings[-1].cases
    ]
    scored = data.readings[-1].model_copy(update={"cases": tuple(cases)})
    return analyse(protocol, data.model_copy(update={"readings": (*data.readings[:-1], scored)}))


def model_scores(words: Mapping[str, list[str]]) -> list[float]:
    """A score for each of the model's marks, image by image, all above the protocol's threshold."""
    marks = "".join(words["M"]).replace("-", "")
    return [float(score) for score in np.random.default_rng(8).uniform(0.3, 1, len(marks))]


def discs(words: Mapping[str, list[str]], name: str) -> list[str]:
    return list("".join(words[name]))


@pytest.mark.parametrize("name", NAMES)
def test_counts_are_those_of_a_confusion_matrix(
    results: StudyResults, words: Mapping[str, list[str]], name: str
) -> None:
    expected = confusion_matrix(discs(words, "truth"), discs(words, name), labels=["N", "H", "S", "-"])[:3]
    own = next(one for one in results.units[0].raters if one.rater == name)
    assert own.outcomes is not None
    assert own.outcomes.confusion == tuple(map(tuple, expected.tolist()))
    assert own.right.value == pytest.approx(np.trace(expected) / 240)
    for place, scope in enumerate(own.scopes[1:]):
        assert scope.cells is not None
        assert scope.cells.tp == expected[place, place]
        assert scope.cells.fn == expected[place].sum() - expected[place, place]
        assert scope.cells.fp == expected[:, place].sum() - expected[place, place]


@pytest.mark.parametrize("name", NAMES[:3])
def test_mcnemar_over_images(results: StudyResults, words: Mapping[str, list[str]], name: str) -> None:
    """Each patient has one image, so that nothing is clustered: has the image a herniation?"""
    truth, reader, model = (np.array(["H" in word for word in words[key]]) for key in ("truth", name, "M"))
    image = results.units[1]
    own = next(one for one in image.comparisons if one.first == name and one.label == "herniation")
    row = next(one for one in own.measures if one.measure == "accuracy")
    first, second = reader == truth, model == truth
    table = [[0, int((first & ~second).sum())], [int((~first & second).sum()), 0]]
    expected = mcnemar(table, exact=sum(map(sum, table)) < 25, correction=True)
    assert row.test is not None
    assert row.test.name.startswith("McNemar")
    assert row.test.p == pytest.approx(expected.pvalue)
    assert row.difference.value == pytest.approx(first.mean() - second.mean())


def test_kappas(results: StudyResults, words: Mapping[str, list[str]]) -> None:
    pairs = {(one.first, one.second): one.kappa.value for one in results.agreement[0].pairs}
    assert pairs["R1", "R2"] == pytest.approx(cohen_kappa_score(discs(words, "R1"), discs(words, "R2")))
    assert pairs["M", "reference"] == pytest.approx(cohen_kappa_score(discs(words, "M"), discs(words, "truth")))
    table, _ = aggregate_raters(np.array([discs(words, name) for name in NAMES[:3]]).T)
    group = next(one for one in results.agreement[0].groups if one.who == "readers")
    assert group.kappa.value == pytest.approx(fleiss_kappa(table))


def test_the_models_area_over_discs(results: StudyResults, words: Mapping[str, list[str]]) -> None:
    """The score of a disc is that of the mark on it, if the mark says herniation; otherwise nothing."""
    truth, said = np.array(discs(words, "truth")), np.array(discs(words, "M"))
    scores = np.zeros(len(said))
    scores[said != "-"] = model_scores(words)
    expected = roc_auc_score(truth == "H", np.where(said == "H", scores, 0))
    roc = next(one for one in results.units[0].rocs if one.label == "herniation")
    assert roc.auc.value == pytest.approx(expected)


def test_the_models_area_over_images(results: StudyResults, words: Mapping[str, list[str]]) -> None:
    """The score of an image is that of its surest herniation or slip."""
    said = np.array(discs(words, "M"))
    scores = np.zeros(len(said))
    scores[said != "-"] = model_scores(words)
    greatest = np.where(np.isin(said, ["H", "S"]), scores, 0).reshape(60, 4).max(axis=1)
    truth = [bool(set(word) & set("HS")) for word in words["truth"]]
    roc = next(one for one in results.units[1].rocs if one.label is None)
    assert roc.auc.value == pytest.approx(roc_auc_score(truth, greatest))
