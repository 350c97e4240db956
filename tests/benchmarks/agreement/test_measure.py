"""Agreement on sets drawn by hand; every figure is an exact fraction."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinedet.annotations.errors import InputError
from spinedet.benchmarks.agreement.figures import Agreement, Figure, KappaFigure, PairRow
from spinedet.benchmarks.agreement.kappa import CONSTANT, NOTHING
from spinedet.benchmarks.agreement.measure import measure
from spinedet.benchmarks.agreement.panel import Panel
from spinedet.datasets.dataset import Dataset

Draw = Callable[..., Dataset]
Rows = Mapping[str, Sequence[tuple[Any, ...]]]

CLASSES = ("disc", "slip")

ANN = {"a": [("disc", 0, 0, 10, 10), ("disc", 20, 0, 30, 10), ("slip", 40, 0, 50, 10)], "b": [("disc", 0, 0, 10, 10)]}
BOB = {"a": [("disc", 0, 0, 10, 8), ("slip", 20, 0, 30, 10)], "b": [("disc", 0, 0, 10, 10), ("slip", 60, 0, 70, 10)]}
"""On `a` Bob draws the first disc 2 px shorter, calls the second a slip and leaves out the slip; on `b` he adds one."""


def agree(draw: Draw, *drawn: Rows, classes: Sequence[str] = CLASSES, resamples: int = 0) -> Agreement:
    """Figures of annotators named A, B, C."""
    panel = Panel.of({name: draw(rows, classes) for name, rows in zip("ABC", drawn, strict=False)})
    return measure(panel, resamples=resamples)


def rows_of(found: Agreement) -> dict[str | None, PairRow]:
    return {row.label: row for row in found.pairs[0].rows}


def told(figure: Figure) -> tuple[int | None, int]:
    """What was counted, of how many; the value is their ratio."""
    assert figure.value == pytest.approx((figure.count or 0) / figure.of)
    return figure.count, figure.of


def fraction(kappa: KappaFigure) -> Fraction:
    assert kappa.value is not None
    return Fraction(kappa.value).limit_denominator(1000)


def test_shares_over_all_boxes(draw: Draw) -> None:
    """Three things are drawn by both, two of them with one class; each annotator has four boxes."""
    row = rows_of(agree(draw, ANN, BOB))[None]
    assert row.boxes == (4, 4)
    assert (told(row.matched), told(row.class_agreement), told(row.f1)) == ((6, 8), (4, 6), (4, 8))
    assert (told(row.recall), told(row.precision)) == ((2, 4), (2, 4))


def test_shares_of_a_class(draw: Draw) -> None:
    """All three discs of Ann and both of Bob have a partner; Bob's slips have one, and that is a disc."""
    rows = rows_of(agree(draw, ANN, BOB))
    disc, slip = rows["disc"], rows["slip"]
    assert (disc.boxes, slip.boxes) == ((3, 2), (1, 2))
    assert (told(disc.matched), told(disc.class_agreement), told(disc.f1)) == ((5, 5), (4, 5), (4, 5))
    assert (told(disc.recall), told(disc.precision)) == ((2, 3), (2, 2))
    assert (told(slip.matched), told(slip.class_agreement), told(slip.f1)) == ((1, 3), (0, 1), (0, 3))
    assert (slip.iou.mean.value, slip.edges["top"].mean.value, slip.edges["top"].sd.of) == (None, None, 0)


def test_overlap_and_shift(draw: Draw) -> None:
    """IoUs 0.8, 1, 1; bottom edges differ by -2, 0, 0: the deviations -4/3, 2/3, 2/3 have an SD of sqrt(4/3)."""
    row = rows_of(agree(draw, ANN, BOB))[None]
    iou, bottom = row.iou, row.edges["bottom"]
    assert iou.mean.value == pytest.approx(2.8 / 3)
    assert [iou.lower_quartile.value, iou.median.value, iou.upper_quartile.value] == pytest.approx([0.8, 1, 1])
    assert bottom.mean.value == pytest.approx(-2 / 3)
    assert bottom.sd.value == pytest.approx(sqrt(4 / 3))
    assert [bottom.low.value, bottom.high.value] == pytest.approx(
        [-2 / 3 - 1.959964 * sqrt(4 / 3), -2 / 3 + 1.959964 * sqrt(4 / 3)], abs=1e-6
    )
    assert [row.edges[edge].mean.value for edge in ("left", "top", "right")] == [0, 0, 0]
    assert rows_of(agree(draw, ANN, BOB))["disc"].iou.mean.value == pytest.approx(0.9)


def test_cohens_kappa(draw: Draw) -> None:
    """Five things: 2/5 alike, by chance (3 x 2 + 1 x 2 + 1 x 1) / 25 = 9/25; disc or not: 4/5, by chance 12/25."""
    rows = rows_of(agree(draw, ANN, BOB))
    every, disc, slip = rows[None].kappa, rows["disc"].kappa, rows["slip"].kappa
    assert (fraction(every.boxes), every.boxes.of) == (Fraction(1, 16), 5)
    assert every.matched.value == pytest.approx(0)  # Ann says disc each time
    assert every.matched.of == 3
    assert (every.images.value, every.images.why) == (None, CONSTANT)  # both images have a box of each
    assert fraction(disc.boxes) == Fraction(8, 13)
    assert slip.images.value == pytest.approx(0)
    assert slip.images.of == 2


def test_fleiss_kappa_of_three(draw: Draw) -> None:
    """The third draws as Ann: agreeing pairs 3 of 5 on average; 8 discs, 4 slips, 3 none: (135 - 89) / (225 - 89)."""
    row = agree(draw, ANN, BOB, ANN).everyone[0]
    assert (fraction(row.kappa.boxes), row.kappa.boxes.of) == (Fraction(23, 68), 5)
    assert row.boxes == (4, 4, 4)
    assert (told(row.drawn_by_all), told(row.same_by_all)) == ((3, 5), (2, 5))


def test_ranking_counts_in_boxes(draw: Draw) -> None:
    """On `a` one box alone, one pair of two classes and 0.2 of overlap lost; on `b` one box alone."""
    two, three = agree(draw, ANN, BOB).ranking, agree(draw, ANN, BOB, ANN).ranking
    assert [(row.image, row.score) for row in two] == [("a", pytest.approx(2.2)), ("b", 1)]
    assert (two[0].alone, two[0].other_class) == (1, 1)
    assert two[0].lost_overlap == pytest.approx(0.2)
    assert [row.score for row in three] == pytest.approx([4.4 / 3, 2 / 3])
    assert three[0].boxes == (3, 2, 3)


def test_one_class_has_no_kappa_above_zero(draw: Draw) -> None:
    """Nine things drawn by both and one by Ann: nobody can agree on what nobody drew."""
    ten = {str(place): [("disc", 0, 0, 10, 10)] for place in range(10)}
    found = agree(draw, ten, {**ten, "0": []}, classes=("disc",)).pairs[0].rows[0]
    assert told(found.f1) == (18, 19)
    assert found.kappa.boxes.value == pytest.approx(0)
    assert (found.kappa.matched.value, found.kappa.matched.why) == (None, CONSTANT)


def test_nobody_drew_anything(draw: Draw) -> None:
    found = agree(draw, {"a": []}, {"a": []}, resamples=10)
    row = found.pairs[0].rows[0]
    assert (row.f1.value, row.f1.of, row.kappa.boxes.why, row.iou.median.value) == (None, 0, NOTHING, None)
    assert (found.groups, found.ranking[0].score) == (0, 0)


def test_full_agreement(draw: Draw) -> None:
    row = agree(draw, ANN, ANN).pairs[0].rows[0]
    assert (row.f1.value, row.iou.mean.value, row.kappa.boxes.value) == (1, 1, 1)


BOXES = st.lists(
    st.tuples(st.sampled_from(CLASSES), st.integers(0, 5), st.integers(0, 5), st.integers(6, 12), st.integers(6, 12)),
    max_size=5,
    unique_by=lambda row: row[1:],
)


@given(BOXES, BOXES)
def test_annotators_may_be_exchanged(draw: Draw, first: list[tuple[Any, ...]], second: list[tuple[Any, ...]]) -> None:
    """Precision and recall change places, shifts change their sign, all else stays."""
    for one, other in zip(
        agree(draw, {"a": first}, {"a": second}).pairs[0].rows,
        agree(draw, {"a": second}, {"a": first}).pairs[0].rows,
        strict=True,
    ):
        assert (one.f1, one.matched, one.class_agreement) == (other.f1, other.matched, other.class_agreement)
        assert (one.precision, one.recall) == (other.recall, other.precision)
        assert one.iou.mean.value == pytest.approx(other.iou.mean.value)
        for edge, shift in one.edges.items():
            mirrored = other.edges[edge].mean.value
            assert shift.mean.value == pytest.approx(None if mirrored is None else -mirrored)
        for kappa in ("boxes", "matched", "images"):
            values = [getattr(row.kappa, kappa).value for row in (one, other)]
            assert values[0] == pytest.approx(values[1])


def test_a_known_shift_is_seen(draw: Draw) -> None:
    """Bob draws all boxes 1.5 px lower, give or take 1 px; nothing else differs."""
    random = np.random.default_rng(5)
    ann: dict[str, list[tuple[Any, ...]]] = {}
    bob: dict[str, list[tuple[Any, ...]]] = {}
    for number in range(60):
        corners = random.uniform(5, 50, 2)
        box = np.array([*corners, *(corners + 25)])
        ann[f"i{number}"] = [("disc", *box)]
        bob[f"i{number}"] = [("disc", *(box + np.array([0, 1.5, 0, 1.5]) + random.normal(0, 1, 4)))]
    edges = agree(draw, ann, bob, resamples=500).pairs[0].rows[0].edges
    for edge, shift in {"left": 0.0, "top": 1.5, "right": 0.0, "bottom": 1.5}.items():
        bounds = edges[edge].mean.ci95
        assert bounds is not None
        assert bounds[0] < shift < bounds[1]
        assert bounds[1] - bounds[0] < 0.8
        assert edges[edge].sd.value == pytest.approx(1, abs=0.25)


def test_images_of_one_patient_are_drawn_together(draw: Draw) -> None:
    """Agreement is full in one patient and nil in the other, so a resample has a share of 0, 1/2 or 1."""
    rows: Rows = {image: [("disc", 0, 0, 10, 10)] for image in "abcd"}
    patients = dict(zip("abcd", ("one", "one", "two", "two"), strict=True))
    drawn = {"A": draw(rows, CLASSES, patients), "B": draw({**rows, "c": [], "d": []}, CLASSES, patients)}
    found = measure(Panel.of(drawn), resamples=200)
    assert (found.patients, found.resampled, found.resamples) == (2, "patient", 200)
    assert found.pairs[0].rows[0].recall.ci95 == (0, 1)


def test_every_figure_has_an_interval_around_it(draw: Draw) -> None:
    found = agree(draw, ANN, BOB, ANN, resamples=300)
    every: list[Figure | KappaFigure] = [
        found.pairs[0].rows[0].f1,
        found.pairs[0].rows[0].iou.median,
        found.everyone[0].kappa.boxes,
    ]
    for figure in every:
        assert figure.ci95 is not None
        assert figure.value is not None
        assert figure.ci95[0] <= figure.value <= figure.ci95[1]
    assert measure(Panel.of({name: draw(ANN, CLASSES) for name in "AB"}), resamples=0).pairs[0].rows[0].f1.ci95 is None


def test_images_that_not_all_have_are_named(draw: Draw) -> None:
    found = agree(draw, ANN, {"a": BOB["a"], "c": []}, {**BOB, "c": []})
    assert (found.images, found.left_out) == (1, {"b": ("B",), "c": ("A",)})
    assert found.boxes == (3, 2, 2)


def test_no_common_image(draw: Draw) -> None:
    with pytest.raises(InputError, match="no image that all"):
        agree(draw, {"a": []}, {"b": []})


def test_classes_found_by_one_alone_are_known_to_all(draw: Draw) -> None:
    drawn = {"A": draw({"a": [("slip", 0, 0, 9, 9)]}, ("slip",)), "B": draw({"a": [("disc", 0, 0, 9, 9)]}, ("disc",))}
    assert [row.label for row in measure(Panel.of(drawn), resamples=0).pairs[0].rows] == [None, "disc", "slip"]


def test_each_against_a_reference(draw: Draw) -> None:
    """Ann is the reference herself; of Bob's boxes two are as hers. Image `b` is not in the reference."""
    reference = draw({"a": ANN["a"]}, CLASSES)
    panel = Panel.of({"A": draw(ANN, CLASSES), "B": draw(BOB, CLASSES)})
    pairs = measure(panel, resamples=0, reference=("Annotations", reference)).reference
    assert [(pair.first, pair.second, pair.images) for pair in pairs] == [
        ("A", "Annotations", 1),
        ("B", "Annotations", 1),
    ]
    assert pairs[0].rows[0].f1.value == 1
    assert told(pairs[1].rows[0].precision) == (1, 3)
    own = measure(panel, resamples=0, reference=("A", panel.datasets[0])).reference
    assert [pair.first for pair in own] == ["B"]


@pytest.mark.parametrize("iou", [0, 1.1])
def test_an_impossible_threshold_is_refused(draw: Draw, iou: float) -> None:
    with pytest.raises(InputError, match="out of range"):
        measure(Panel.of({name: draw(ANN, CLASSES) for name in "AB"}), iou=iou)
