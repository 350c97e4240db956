"""Tables of scores: what is refused, what survives a file, and how images become patients."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from spinedet.annotations.errors import InputError
from spinedet.benchmarks.whole_image.patients import patient_table
from spinedet.benchmarks.whole_image.scores import (
    ScoreTable,
    positive_scores,
    positive_truth,
    read_scores,
    write_scores,
)

Make = Callable[..., ScoreTable]


@pytest.mark.parametrize(
    ("rows", "folds", "said"),
    [
        ([("p", 0, 0.5, 0.6)], None, "do not add up to 1"),
        ([("p", 0, float("nan"))], None, "no number"),
        ([("p", 0, -0.5)], None, "from 0 to 1"),
        ([("p", 2, 0.5)], None, "truth is none"),
        ([("", 0, 0.5)], None, "no patient"),
        ([("p", 0, 0.5), ("p", 0, 0.5)], [0, 1], "in two folds"),
    ],
)
def test_a_broken_row_is_refused_and_named(
    table: Make, rows: list[tuple[str, int, float]], folds: list[int] | None, said: str
) -> None:
    with pytest.raises(InputError, match=said) as caught:
        table(rows, folds)
    assert str(caught.value.details["found"]).endswith(("a", "p"))


def test_an_image_listed_twice_is_refused() -> None:
    with pytest.raises(InputError, match="listed twice"):
        ScoreTable.of(["x", "x"], ["p", "p"], [0, 1], [[1, 0], [0, 1]], ["a", "b"])


def test_ragged_columns_and_one_class_are_refused() -> None:
    with pytest.raises(InputError, match="ragged"):
        ScoreTable.of(["x"], ["p", "q"], [0], [[1, 0]], ["a", "b"])
    with pytest.raises(InputError, match="two different classes"):
        ScoreTable.of(["x"], ["p"], [0], [[1]], ["a"])


def test_a_file_gives_back_what_was_written(table: Make, tmp_path: Path) -> None:
    """Also shares that no decimal can write."""
    first = table([("p", 0, 1 / 3), ("q", 1, 0.1)], [3, -1])
    write_scores(tmp_path / "scores.json", first)
    again = read_scores(tmp_path / "scores.json")
    assert (again.images, again.patients, again.classes) == (first.images, first.patients, first.classes)
    for name in ("truth", "scores", "fold"):
        np.testing.assert_array_equal(getattr(again, name), getattr(first, name))


@pytest.mark.parametrize(
    "text",
    [
        '{"schema": 2, "classes": [], "images": []}',
        '{"schema": 1, "classes": ["a", "b"], "images": [{"image": "x", "patient": "p", "truth": "c", "fold": null, '
        '"scores": [1, 0]}]}',
        '{"schema": 1, "classes": ["a", "b"], "images": [{"image": "x", "patient": "p", "truth": "a", "fold": null, '
        '"scores": [1]}]}',
    ],
)
def test_another_file_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "scores.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError):
        read_scores(tmp_path / "scores.json")


def test_the_positive_score_is_the_sum_over_positive_classes(table: Make) -> None:
    rows = table([("p", 0, 0.5, 0.3, 0.2), ("q", 2, 0.1, 0.1, 0.8)])
    np.testing.assert_allclose(positive_scores(rows, ["ill", "odd"]), [0.5, 0.9])
    assert positive_truth(rows, ["ill", "odd"]).tolist() == [False, True]
    with pytest.raises(InputError, match="no such class"):
        positive_scores(rows, ["iil"])


def test_mean_of_a_patients_images(table: Make) -> None:
    found = patient_table(table([("q", 1, 0.8), ("p", 0, 0.2), ("q", 1, 0.4)], [1, 0, 1]), "mean")
    assert (found.images, found.truth.tolist(), found.fold.tolist()) == (("p", "q"), [0, 1], [0, 1])
    np.testing.assert_allclose(found.scores, [[0.8, 0.2], [0.4, 0.6]])


def test_the_worst_image_speaks_for_the_patient(table: Make) -> None:
    """The second image has the greatest sum of `ill` and `odd`; its own split is kept."""
    rows = table([("p", 1, 0.5, 0.5, 0.0), ("p", 1, 0.3, 0.1, 0.6), ("p", 1, 0.4, 0.4, 0.2)])
    found = patient_table(rows, "maximum", positive=["ill", "odd"])
    np.testing.assert_allclose(found.scores, [[0.3, 0.1, 0.6]])


def test_the_maximum_without_positive_classes(table: Make) -> None:
    """Greatest scores 0.5, 0.5 and 0.6, of 1.6 in all."""
    found = patient_table(table([("p", 1, 0.5, 0.5, 0.0), ("p", 1, 0.3, 0.1, 0.6)]), "maximum")
    np.testing.assert_allclose(found.scores, [[0.5 / 1.6, 0.5 / 1.6, 0.6 / 1.6]])


def test_several_labels_of_one_patient(table: Make) -> None:
    """The highest grade; or the one positive label; otherwise nobody can say."""
    rows = table([("p", 0, 1.0, 0.0, 0.0), ("p", 1, 1.0, 0.0, 0.0), ("q", 0, 1.0, 0.0, 0.0)])
    assert patient_table(rows, "mean", ordered=True).truth.tolist() == [1, 0]
    assert patient_table(rows, "mean", positive=["ill"]).truth.tolist() == [1, 0]
    for positive in ([], ["healthy", "ill"]):
        with pytest.raises(InputError, match="several labels") as caught:
            patient_table(rows, "mean", positive=positive)
        assert caught.value.details["found"] == "p (healthy, ill)"


def test_an_empty_table_has_no_patient(table: Make) -> None:
    rows = table([("p", 0, 0.5)]).rows(np.array([False]))
    assert len(patient_table(rows, "mean")) == 0


def test_patients_of_equal_scores_are_equal() -> None:
    """A mean over three images of 0.1 differs from 0.1 in its last binary digit; that must not rank anybody."""
    owners = ["a", "b", "b", "b"]
    rows = np.tile([0.1, 0.9], (4, 1))
    table = ScoreTable.of([f"i{number}" for number in range(4)], owners, [0] * 4, rows, ("no", "yes"))
    scores = patient_table(table, "mean").scores
    assert (scores[0] == scores[1]).all()
