"""What is counted: objects of the reference, images, or patients, each with what the reference and every rater say.

Columns stand for scopes: the first for all classes together (a positive class against the others), then one a class.
The sentences in `DEFINITIONS` are printed in the report.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from spinedet.benchmarks.study.protocol import Protocol, Unit
from spinedet.benchmarks.study_analysis.matching import (
    NOBODY,
    Matched,
    match,
    scores_of_objects,
    within_reach,
)
from spinedet.benchmarks.study_analysis.material import NO_LABEL, Answers, Boxes, Material
from spinedet.benchmarks.study_analysis.records import Rater
from spinedet.benchmarks.whole_image.figures import BoolArray, FloatArray, IntArray
from spinedet.benchmarks.whole_image.patients import DIGITS

WHOLE = 0
"""The column of all classes together."""

MISSED = -1
"""What an object that was not marked is called."""

OBJECT = (
    "Each object of the reference is matched with at most one mark of the reader, and each mark with at most one "
    "object, so that the sum of the overlaps (IoU) is greatest; a pair needs an IoU of at least {iou:g}. Classes take "
    "no part in the matching.",
    "The diagnosis of an object is right if its mark has its class; otherwise it was called another class, or missed.",
    "Of a class c: TP are objects of c called c; FN are objects of c called another class or missed; FP are objects of "
    "another class called c; TN are objects of another class that were not called c (a missed one among them).",
    "A mark without an object (a false mark) is no object, so it has no place among the four. Primary figures leave "
    "false marks out and count them apart; the figures 'with false marks' count each as one more FP of its class.",
)

IMAGE = (
    "An image has a class if any of its objects has it (in the reference) or any mark (of a reader), wherever it is.",
    "Its diagnosis is right if the reader's set of classes is exactly that of the reference.",
)

WHOLE_IMAGE = (
    "An image has the class that the reference, or the reader, gave it.",
    "Its diagnosis is right if both are the same.",
)

PATIENT = (
    "A patient has a class if any image has it. A patient counts as read when all of the patient's images are.",
    "The diagnosis is right if the reader's set of classes is exactly that of the reference.",
    "The score of a patient is the {patient_score} of the scores of the images.",
)

RATES = (
    "Of a class c: TP have c and were said to have it, FN have it and were not, FP have it not and were said to, TN "
    "have it not and were not.",
)

ALL_CLASSES = (
    "All classes together: TP, FN, FP and TN are those of 'any positive class' ({positive}) against the others; "
    "accuracy is the share of right diagnoses.",
)

NO_POSITIVE = (
    "The protocol names no positive class, so for all classes together there is only accuracy: the share of right "
    "diagnoses.",
)


@dataclass(frozen=True, eq=False, slots=True)
class Calls:
    """What one rater said of N units, in 1 + C columns.

    Attributes:
        rater: Who.
        read: (N,) units with an answer.
        called: (N, 1 + C) what the rater says they have.
        right: (N,) whether the diagnosis is right.
        scored: (N,) units with scores.
        scores: (N, 1 + C) greater for surer; None where there are none. A column may be NaN where only others are.
        false_patient: (F,) patient of each false mark.
        false_label: (F,) its class.
    """

    rater: Rater
    read: BoolArray
    called: BoolArray
    right: BoolArray
    scored: BoolArray
    scores: FloatArray | None
    false_patient: IntArray
    false_label: IntArray

    def false(self, column: int, positive: Sequence[int]) -> BoolArray:
        """(F,) the false marks of a column."""
        wanted = list(positive) if column == WHOLE else [column - 1]
        return np.isin(self.false_label, wanted)


@dataclass(frozen=True, eq=False, slots=True)
class Level:
    """N units.

    Attributes:
        unit: What they are.
        classes: C names.
        positive: Indices of the positive ones.
        image: (N,) their image; of patients, their first.
        patient: (N,) their patient.
        truth: (N, 1 + C) what they have.
        raters: What everybody said.
        matched: Of objects, each rater's marks; empty otherwise.
        areas: Areas under curves that were computed already, since they take long; see `roc`.
    """

    unit: Unit
    classes: tuple[str, ...]
    positive: tuple[int, ...]
    image: IntArray
    patient: IntArray
    truth: BoolArray
    raters: tuple[Calls, ...]
    matched: tuple[Matched, ...] = ()
    areas: dict[tuple[str, int, bytes], FloatArray] = field(default_factory=dict)

    @property
    def columns(self) -> range:
        """The columns that mean something: without positive classes the first does not."""
        return range(0 if self.positive else 1, 1 + len(self.classes))

    def label(self, column: int) -> str | None:
        """The scope of a column."""
        return None if column == WHOLE else self.classes[column - 1]

    @property
    def persons(self) -> tuple[Calls, ...]:
        """The readers."""
        return tuple(one for one in self.raters if one.rater.kind == "person")

    @property
    def models(self) -> tuple[Calls, ...]:
        """The models."""
        return tuple(one for one in self.raters if one.rater.kind == "model")


def levels(material: Material) -> tuple[Level, ...]:
    """Objects (where boxes are drawn), images and patients."""
    image = _images(material)
    patient = _patients(material, image)
    return (image, patient) if material.protocol.whole_image else (_objects(material), image, patient)


def definitions(protocol: Protocol, unit: Unit) -> tuple[str, ...]:
    """What is counted over a unit, sentence by sentence."""
    images = WHOLE_IMAGE if protocol.whole_image else IMAGE
    own = {"object": OBJECT, "image": (*images, *RATES), "patient": (*PATIENT, *RATES)}[unit]
    rest = ALL_CLASSES if protocol.positive else NO_POSITIVE
    words = {"iou": protocol.iou, "patient_score": protocol.patient_score, "positive": ", ".join(protocol.positive)}
    return tuple(sentence.format(**words) for sentence in (*own, *rest))


def called_of(calls: Calls, level: Level) -> IntArray:
    """The class (N,) that a rater called each object, or `MISSED`."""
    return np.where(calls.called[:, 1:].any(axis=1), calls.called[:, 1:].argmax(axis=1), MISSED)


def _objects(material: Material) -> Level:
    things, positive = material.objects, _positive(material.protocol)
    truth = _one_hot(things.label, len(material.protocol.classes), positive)
    matched = tuple(match(things, one.marks, material.protocol.iou) for one in material.raters)
    return Level(
        unit="object",
        classes=material.protocol.classes,
        positive=positive,
        image=things.image,
        patient=material.patient[things.image],
        truth=truth,
        raters=tuple(
            _object_calls(material, one, found, truth) for one, found in zip(material.raters, matched, strict=True)
        ),
        matched=matched,
    )


def _object_calls(material: Material, one: Answers, found: Matched, truth: BoolArray) -> Calls:
    positive, classes = _positive(material.protocol), len(material.protocol.classes)
    label = np.full(len(truth), MISSED)
    hit = found.mark != NOBODY
    label[hit] = one.marks.label[found.mark[hit]]
    called, read = _one_hot(label, classes, positive), one.read[material.objects.image]
    scores = None if one.scored is None else _object_scores(material, one.scored)
    return Calls(
        rater=one.rater,
        read=read,
        called=called,
        right=np.asarray((called == truth)[:, 1:].all(axis=1)),
        scored=read if scores is not None else np.zeros(len(read), bool),
        scores=scores,
        false_patient=material.patient[one.marks.image[found.false]],
        false_label=one.marks.label[found.false],
    )


def _object_scores(material: Material, drawn: Boxes) -> FloatArray:
    within = within_reach(material.objects, drawn, material.protocol.iou)
    scores = scores_of_objects(material.objects, drawn, within, len(material.protocol.classes), _nothing(drawn))
    return _with_greatest(scores, _positive(material.protocol))


def _images(material: Material) -> Level:
    protocol, images = material.protocol, len(material.codes)
    positive, classes = _positive(protocol), len(protocol.classes)
    truth = (
        _one_hot(material.label, classes, positive)
        if protocol.whole_image
        else _any(material.objects, images, classes, positive)
    )
    return Level(
        unit="image",
        classes=protocol.classes,
        positive=positive,
        image=np.arange(images),
        patient=material.patient,
        truth=truth,
        raters=tuple(_image_calls(material, one, truth) for one in material.raters),
    )


def _image_calls(material: Material, one: Answers, truth: BoolArray) -> Calls:
    positive, classes = _positive(material.protocol), len(material.protocol.classes)
    if material.protocol.whole_image:
        read = one.read & (one.label != NO_LABEL)
        called, scores = _one_hot(one.label, classes, positive), _whole_scores(one, classes, positive)
    else:
        read, called = one.read, _any(one.marks, len(truth), classes, positive)
        scores = None if one.scored is None else _greatest(one.scored, len(truth), classes, positive)
    known = np.zeros(len(truth), bool) if scores is None else one.read & ~np.isnan(scores).all(axis=1)
    return _calls(one.rater, read, called, truth, known, scores)


def _patients(material: Material, images: Level) -> Level:
    """One unit a patient, made of the images."""
    number = len(material.patients)
    truth = _any_image(images.truth, material.patient, number)
    return Level(
        unit="patient",
        classes=images.classes,
        positive=images.positive,
        image=np.unique(material.patient, return_index=True)[1],
        patient=np.arange(number),
        truth=truth,
        raters=tuple(_patient_calls(material, one, truth) for one in images.raters),
    )


def _patient_calls(material: Material, one: Calls, truth: BoolArray) -> Calls:
    patient, rule = material.patient, material.protocol.patient_score
    read, scored = (~_any_image(~rows[:, None], patient, len(truth))[:, 0] for rows in (one.read, one.scored))
    called = _any_image(one.called, patient, len(truth))
    scores = None if one.scores is None else _by_patient(one.scores, patient, rule)
    return _calls(one.rater, read, called, truth, scored, scores)


def _calls(
    rater: Rater, read: BoolArray, called: BoolArray, truth: BoolArray, scored: BoolArray, scores: FloatArray | None
) -> Calls:
    right = np.asarray((called == truth)[:, 1:].all(axis=1))
    nobody = np.empty(0, np.int64)
    return Calls(rater, read, called, right, scored, scores, nobody, nobody)


def _positive(protocol: Protocol) -> tuple[int, ...]:
    return tuple(place for place, name in enumerate(protocol.classes) if name in protocol.positive)


def _one_hot(label: IntArray, classes: int, positive: Sequence[int]) -> BoolArray:
    """(N,) classes, or something below 0, as (N, 1 + C)."""
    return _with_whole(label[:, None] == np.arange(classes), positive)  # (N, 1) with (C,)


def _with_whole(of_class: BoolArray, positive: Sequence[int]) -> BoolArray:
    return np.column_stack([of_class[:, list(positive)].any(axis=1), of_class])


def _any(boxes: Boxes, images: int, classes: int, positive: Sequence[int]) -> BoolArray:
    """Whether an image has a box of each class, (I, 1 + C)."""
    has = np.zeros((images, classes), bool)
    has[boxes.image, boxes.label] = True
    return _with_whole(has, positive)


def _greatest(boxes: Boxes, images: int, classes: int, positive: Sequence[int]) -> FloatArray:
    """The greatest score of a box of each class on each image, (I, 1 + C)."""
    scores = np.full((images, classes), _nothing(boxes))
    np.maximum.at(scores, (boxes.image, boxes.label), boxes.score)
    return _with_greatest(scores, positive)


def _nothing(boxes: Boxes) -> float:
    """A score for what was not marked at all: below every score that was given, and 0 where all are above 0."""
    return min(0.0, float(boxes.score.min(initial=1.0)) - 1.0) if (boxes.score <= 0).any() else 0.0


def _with_greatest(scores: FloatArray, positive: Sequence[int]) -> FloatArray:
    whole = scores[:, list(positive)].max(axis=1) if positive else np.full(len(scores), np.nan)
    return np.column_stack([whole, scores])


def _whole_scores(one: Answers, classes: int, positive: Sequence[int]) -> FloatArray | None:
    """Scores of whole images (I, 1 + C): of all classes together the rating, or else the sum of the positive ones."""
    if one.scores is None and one.rating is None:
        return None
    scores = np.full((len(one.read), classes), np.nan) if one.scores is None else one.scores
    summed = scores[:, list(positive)].sum(axis=1) if positive else np.full(len(scores), np.nan)
    whole = summed if one.rating is None else one.rating
    return np.column_stack([whole, scores])


def _any_image(has: BoolArray, patient: IntArray, number: int) -> BoolArray:
    """Whether any image of each patient has something, (I, K) to (P, K)."""
    found = np.zeros((number, has.shape[1]), bool)
    np.logical_or.at(found, patient, has)
    return found


def _by_patient(scores: FloatArray, patient: IntArray, rule: str) -> FloatArray:
    """(I, K) to (P, K); of equal scores the mean is that score to the last digit."""
    number = int(patient.max()) + 1
    if rule == "mean":
        sums = np.stack([np.bincount(patient, column, number) for column in scores.T], axis=1)
        return np.asarray(np.round(sums / np.bincount(patient, minlength=number)[:, None], DIGITS))
    found = np.full((number, scores.shape[1]), -np.inf)
    np.maximum.at(found, patient, scores)
    return found
