"""Kappa of every two raters, of each with the reference, and of all together, over objects and over images.

Over objects of the reference the categories are the classes and "none" for an object that a rater did not mark. Marks
without an object have no part in it. Two raters are compared on what both have read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from spinedet.benchmarks.agreement.kappas import NO, YES, cohen_figure, fleiss_figure
from spinedet.benchmarks.agreement.resampling import Resamples
from spinedet.benchmarks.study_analysis.records import GroupKappa, PairKappa, UnitAgreement
from spinedet.benchmarks.study_analysis.units import WHOLE, Level, called_of
from spinedet.benchmarks.whole_image.figures import BoolArray, IntArray

REFERENCE = "reference"

NONE = "none"
"""Category of an object that was not marked."""

OBJECT_NOTE = "Unit: an object of the reference. Categories: its class, or 'none' where it was not marked."

HAS_NOTE = "Unit: an image. Categories: it has such an object, or not; of all classes together: a positive one, or not."

WHOLE_NOTE = "Unit: an image. Categories: the classes; of one class: this class, or another."


@dataclass(frozen=True, eq=False, slots=True)
class _Question:
    """What is asked of the units.

    Attributes:
        label: The class; None for all.
        categories: How many.
        given: (K + 1, N) the raters' categories, then the reference's.
    """

    label: str | None
    categories: int
    given: IntArray


def agreement(level: Level, resamples: Resamples, *, one_answer: bool) -> UnitAgreement:
    """Kappas over one unit.

    Args:
        level: Objects or images.
        resamples: How often each patient counts; patients are its images.
        one_answer: Whether an image has one class.
    """
    questions = _questions(level, one_answer)
    objects = level.unit == "object"
    names = (*level.classes, NONE) if objects else level.classes if one_answer else ("yes", "no")
    return UnitAgreement(
        unit=level.unit,
        categories=names,
        note=OBJECT_NOTE if objects else WHOLE_NOTE if one_answer else HAS_NOTE,
        pairs=tuple(pair for question in questions for pair in _pairs(level, question, resamples)),
        groups=tuple(group for question in questions for group in _groups(level, question, resamples)),
    )


def _questions(level: Level, one_answer: bool) -> list[_Question]:
    if level.unit == "object":
        classes = len(level.classes)
        rows = [called_of(one, level) for one in level.raters]
        called = [np.where(row < 0, classes, row) for row in (*rows, level.truth[:, 1:].argmax(axis=1))]
        return [_Question(None, classes + 1, np.array(called))]
    columns = [column for column in level.columns if not (one_answer and column == WHOLE)]
    found = [_Question(level.label(column), 2, _yes_or_no(level, column)) for column in columns]
    if not one_answer:
        return found
    said = [*(one.called for one in level.raters), level.truth]
    return [_Question(None, len(level.classes), np.array([row[:, 1:].argmax(axis=1) for row in said])), *found]


def _yes_or_no(level: Level, column: int) -> IntArray:
    said = [*(one.called for one in level.raters), level.truth]
    return np.where(np.array([rows[:, column] for rows in said]), YES, NO)


def _pairs(level: Level, question: _Question, resamples: Resamples) -> list[PairKappa]:
    """Every two raters, then each with the reference."""
    reference = len(level.raters)
    answering = [place for place, one in enumerate(level.raters) if one.read.any()]
    places = [*combinations(answering, 2), *((place, reference) for place in answering)]
    return [_pair(level, question, resamples, places=(first, second)) for first, second in places]


def _pair(level: Level, question: _Question, resamples: Resamples, places: tuple[int, int]) -> PairKappa:
    read = _all_read(level, places)
    given = question.given[list(places)][:, read].T  # (U, 2)
    return PairKappa(
        first=level.raters[places[0]].rater.name,
        second=REFERENCE if places[1] == len(level.raters) else level.raters[places[1]].rater.name,
        label=question.label,
        kappa=cohen_figure(resamples, level.patient[read], given, question.categories),
        against_reference=places[1] == len(level.raters),
    )


def _groups(level: Level, question: _Question, resamples: Resamples) -> list[GroupKappa]:
    """All persons under each treatment; those of the first treatment with the models."""
    answering = [place for place, one in enumerate(level.raters) if one.read.any()]
    models = [place for place in answering if level.raters[place].rater.kind == "model"]
    by_treatment: dict[str, list[int]] = {}
    for place in answering:
        if place not in models:
            by_treatment.setdefault(level.raters[place].rater.treatment, []).append(place)
    wanted = {
        f"readers, {treatment}" if len(by_treatment) > 1 else "readers": row for treatment, row in by_treatment.items()
    }
    if models and by_treatment:
        who = next(iter(wanted))
        wanted[f"{who} and models"] = [*wanted[who], *models]
    return [_group(level, question, resamples, who, row) for who, row in wanted.items() if len(row) > 1]


def _group(level: Level, question: _Question, resamples: Resamples, who: str, places: Sequence[int]) -> GroupKappa:
    read = _all_read(level, places)
    given = question.given[list(places)][:, read].T  # (U, K)
    return GroupKappa(
        who=who,
        raters=tuple(level.raters[place].rater.name for place in places),
        label=question.label,
        kappa=fleiss_figure(resamples, level.patient[read], given, question.categories),
    )


def _all_read(level: Level, places: Sequence[int]) -> BoolArray:
    """(N,) the units that all of these have read; the reference, after the raters, has every one."""
    rows = [level.raters[place].read for place in places if place < len(level.raters)]
    return np.asarray(np.logical_and.reduce(rows))
