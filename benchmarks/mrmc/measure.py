"""From ratings to the whole analysis of a reader study: readers by treatment, and readers against a model."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from spinedet.annotations.errors import InputError
from spinedet.benchmarks.mrmc.covariances import Method, covariance
from spinedet.benchmarks.mrmc.figures import AgainstModel, ReaderStudy
from spinedet.benchmarks.mrmc.merits import Merit, merit_placements
from spinedet.benchmarks.mrmc.multiple import Correction
from spinedet.benchmarks.mrmc.obuchowski_rockette import Layout, analyse
from spinedet.benchmarks.mrmc.ratings import MissingRule, Ratings
from spinedet.benchmarks.mrmc.standalone import against_model
from spinedet.benchmarks.whole_image.figures import FloatArray


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the ratings.

    Attributes:
        merit: Figure of merit.
        threshold: The least rating that is a positive call; None for the AUC.
        covariance: How covariances over cases are estimated.
        model: The reader that is the model, and no part of the sample of readers.
        model_threshold: The model's own threshold, where its ratings have another scale.
        against: What each treatment's mean is tested against.
        correction: For several pairs of treatments, and for readers one by one against the model.
        missing: What is done about missing cells.
    """

    merit: Merit = "auc"
    threshold: float | None = None
    covariance: Method = "delong"
    model: str | None = None
    model_threshold: float | None = None
    against: float | None = None
    correction: Correction = "holm"
    missing: MissingRule = "refuse"


def measure_readers(ratings: Ratings, question: Question) -> ReaderStudy:
    """Analyse ratings.

    Raises:
        InputError: Cells are missing, there are too few cases or readers, or the question does not fit the ratings.
    """
    if question.model_threshold is not None and (question.model is None or question.threshold is None):
        expected = "--model and --threshold beside --model-threshold"
        raise InputError("A model's own threshold needs a model, and readers with one.", expected=expected)
    table = ratings if question.model is None else _model_last(ratings, question.model)
    table = table.crossed(question.missing)
    shape = table.rating.shape[:2]  # (T, R), or (T, R + 1) with the model
    flat = table.rating.reshape(-1, len(table.cases))  # (K, N)
    parts = merit_placements(table.truth, flat, question.merit, _thresholds(shape, question), table.cluster)
    layout = Layout(
        treatments=table.treatments,
        readers=table.readers,
        values=parts.values.reshape(shape),
        covariance=covariance(parts, question.covariance).reshape(shape * 2),
        against=question.against,
        correction=question.correction,
    )
    people = layout if question.model is None else _people(layout)
    return ReaderStudy(
        **_asked(question),
        **_counted(table),
        unit="patient" if parts.clustered else "case",
        readers=people.readers,
        treatments=people.treatments,
        crossed=analyse(people),
        against_model=() if question.model is None else _against(layout),
    )


def _model_last(ratings: Ratings, model: str) -> Ratings:
    """The ratings with the model as the last reader of every treatment that the others read in.

    Raises:
        InputError: There is no other reader, or it is not clear which of the model's ratings are meant.
    """
    own = ratings.rating[:, ratings.reader_index(model)]  # (T, N)
    others = [name for name in ratings.readers if name != model]
    if not others:
        raise InputError("The model is the only reader.", expected="readers to compare it with", found=model)
    people = ratings.of_readers(others)
    has = np.asarray(~np.isnan(own).all(axis=1))  # (T,)
    rows = []
    for treatment in people.treatments:
        place = ratings.treatments.index(treatment)
        if not has[place] and has.sum() != 1:
            found = f"none in {treatment}, but in {int(has.sum())} others"
            expected = f"ratings in {treatment}, or in one treatment alone"
            raise InputError(f"Which ratings of {model} are meant?", expected=expected, found=found)
        rows.append(own[place] if has[place] else own[has][0])
    rating = np.concatenate([people.rating, np.array(rows)[:, None]], axis=1)  # (T, R + 1, N)
    return replace(people, readers=(*others, model), rating=rating)


def _thresholds(shape: tuple[int, ...], question: Question) -> FloatArray | None:
    """(K,) one for each row of ratings."""
    if question.threshold is None:
        return None
    found = np.full(shape, question.threshold, np.float64)
    if question.model_threshold is not None:
        found[:, -1] = question.model_threshold
    return found.ravel()


def _people(layout: Layout) -> Layout:
    """The layout without its last reader."""
    covariances = layout.covariance[:, :-1, :, :-1]
    return replace(layout, readers=layout.readers[:-1], values=layout.values[:, :-1], covariance=covariances)


def _against(layout: Layout) -> tuple[AgainstModel, ...]:
    return tuple(
        against_model(name, layout.readers[:-1], layout.values[place], layout.within(place), layout.correction)
        for place, name in enumerate(layout.treatments)
    )


def _asked(question: Question) -> dict[str, Any]:
    names = ("merit", "threshold", "covariance", "model", "model_threshold", "against")
    return {name: getattr(question, name) for name in names}


def _counted(table: Ratings) -> dict[str, Any]:
    positive = int(table.truth.sum())
    cases = len(table.cases)
    patients = int(table.cluster.max()) + 1
    counts = {"cases": cases, "positive": positive, "negative": cases - positive, "patients": patients}
    return {**counts, "notes": table.notes}
