"""From what readers said to arrays: everything that figures are counted from, with images and patients as numbers.

Images without a reference are left out; what a rater has not read is marked so and never filled in. Of a model's marks
those below the protocol's score do not count as marks, but they do count where scores are ranked.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from spinedet.annotations.errors import InputError, nearest, some
from spinedet.annotations.reading import Timing
from spinedet.benchmarks.study.concerns import LEFT_OUT, Concern, absent_classes, called, concerns_of
from spinedet.benchmarks.study.protocol import Protocol
from spinedet.benchmarks.study.readings import CaseReading, Mark, Reading, StudyData, Truth
from spinedet.benchmarks.study_analysis.records import Rater
from spinedet.benchmarks.whole_image.figures import BoolArray, FloatArray, IntArray

NO_IMAGE = "no image with a reference is read"

NO_LABEL = -1
"""An image that was given no label."""


@dataclass(frozen=True, eq=False, slots=True)
class Boxes:
    """Boxes of all images, those of an image together, in the order of the images.

    Attributes:
        image: (N,) index of the image, ascending.
        label: (N,) index of the class.
        boxes: (N, 4).
        score: (N,) NaN where there is none.
    """

    image: IntArray
    label: IntArray
    boxes: FloatArray
    score: FloatArray

    def __len__(self) -> int:
        return len(self.image)

    def chosen(self, which: BoolArray) -> "Boxes":
        """Some of the boxes, (N,) bool."""
        return Boxes(self.image[which], self.label[which], self.boxes[which], self.score[which])

    def sorted(self) -> "Boxes":
        """In an order that depends on what was drawn alone: by image, box, class and score."""
        order = np.lexsort((-self.score, self.label, *self.boxes.T[::-1], self.image))
        return Boxes(self.image[order], self.label[order], self.boxes[order], self.score[order])


@dataclass(frozen=True, eq=False, slots=True)
class Answers:
    """What one rater said.

    Attributes:
        rater: Who.
        read: (I,) images read.
        marks: Boxes that count as marked; empty for whole images.
        scored: All boxes with their scores, where every one has a score; None otherwise.
        label: (I,) class of a whole image, or `NO_LABEL`.
        scores: (I, C) scores of a whole image, NaN where there are none; None where no image has any.
        rating: (I,) of a whole image; NaN and None likewise.
        timings: By index of the image.
    """

    rater: Rater
    read: BoolArray
    marks: Boxes
    scored: Boxes | None
    label: IntArray
    scores: FloatArray | None
    rating: FloatArray | None
    timings: Mapping[int, Timing]

    @property
    def is_person(self) -> bool:
        """Whether it is no model."""
        return self.rater.kind == "person"


@dataclass(frozen=True, eq=False, slots=True)
class Material:
    """Everything that figures are counted from.

    Attributes:
        protocol: What was decided beforehand.
        codes: I images with a reference, in the order of the protocol.
        patients: P names, in the order of their first image.
        patient: (I,) index of each image's patient.
        objects: Of the reference; empty for whole images.
        label: (I,) class of the reference for whole images, `NO_LABEL` otherwise.
        raters: Persons first, in the order of the protocol, then models; each under every treatment.
        warnings: What was left out.
    """

    protocol: Protocol
    codes: tuple[str, ...]
    patients: tuple[str, ...]
    patient: IntArray
    objects: Boxes
    label: IntArray
    raters: tuple[Answers, ...]
    warnings: tuple[str, ...]

    @property
    def persons(self) -> tuple[Answers, ...]:
        """The readers."""
        return tuple(one for one in self.raters if one.is_person)

    @property
    def models(self) -> tuple[Answers, ...]:
        """The models."""
        return tuple(one for one in self.raters if not one.is_person)


def gather(protocol: Protocol, data: StudyData) -> Material:
    """Turn a study's readings and reference into arrays.

    Raises:
        InputError: A class, image or reading is not of this study, or is there twice; no image has a reference.
    """
    truths = _truths(protocol, data.truth)
    place = {one.code: number for number, one in enumerate(truths)}
    names = tuple(dict.fromkeys(one.patient for one in truths))
    number = {name: index for index, name in enumerate(names)}
    readings = _readings(protocol, data.readings)
    return Material(
        protocol=protocol,
        codes=tuple(place),
        patients=names,
        patient=np.array([number[one.patient] for one in truths], np.int64),
        objects=_boxes(protocol, [(at, one.marks) for at, one in enumerate(truths)], "the reference"),
        label=np.array([_label(protocol, one.label, "the reference") for one in truths], np.int64),
        raters=tuple(_answers(protocol, one, place) for one in readings if _cases(one, place)),
        warnings=(*_without_truth(protocol, place), *_concerns(protocol, truths, readings, place)),
    )


def _truths(protocol: Protocol, given: Sequence[Truth]) -> list[Truth]:
    """The references in the order of the protocol."""
    known = {one.code: one for one in given}
    if len(known) < len(given):
        raise InputError("The reference has an image twice.", found=some(_twice(one.code for one in given)))
    _check_codes(protocol, known, "The reference")
    if not known:
        raise InputError("No image of the study has a reference.", expected=f"{len(protocol.codes)} images", found="0")
    found = [known[code] for code in protocol.codes if code in known]
    if protocol.whole_image and (without := [one.code for one in found if one.label is None]):
        raise InputError("The reference has no answer for an image.", found=f"{len(without)}: {some(without)}")
    return found


def _readings(protocol: Protocol, given: Sequence[Reading]) -> list[Reading]:
    """Persons in the order of the protocol, then models; under each treatment in its order; images likewise."""
    if twice := _twice(f"{one.reader} ({one.treatment})" for one in given):
        raise InputError("A reader has two readings under one treatment.", found=some(twice))
    order = [*protocol.readers, *(one.name for one in protocol.models)]
    for one in given:
        _check_reading(protocol, one, order)
    turn = {name: place for place, name in enumerate(protocol.treatments)}
    ordered = sorted(given, key=lambda one: (order.index(one.reader), turn.get(one.treatment, 0)))
    place = {code: number for number, code in enumerate(protocol.codes)}
    return [
        one.model_copy(update={"cases": tuple(sorted(one.cases, key=lambda case: place[case.code]))}) for one in ordered
    ]


def _check_reading(protocol: Protocol, one: Reading, order: Sequence[str]) -> None:
    if one.reader not in order:
        raise InputError("A reading is of nobody in this study.", expected=nearest(one.reader, order), found=one.reader)
    if one.kind == "person" and one.treatment not in protocol.treatments:
        expected = nearest(one.treatment, protocol.treatments)
        raise InputError(f"{one.reader} read under an unknown treatment.", expected=expected, found=one.treatment)
    if twice := _twice(case.code for case in one.cases):
        raise InputError(f"{one.reader} has an image twice.", found=some(twice))
    _check_codes(protocol, one.by_code, one.reader)


def _check_codes(protocol: Protocol, codes: Iterable[str], who: str) -> None:
    if strange := sorted(set(codes) - set(protocol.codes)):
        raise InputError(f"{who} has images that are not in this study.", found=f"{len(strange)}: {some(strange)}")


def _twice(names: Iterable[str]) -> list[str]:
    return sorted(name for name, times in Counter(names).items() if times > 1)


def _cases(reading: Reading, place: Mapping[str, int]) -> list[tuple[int, CaseReading]]:
    """The images of a reading that have a reference, with their index, ascending as in the protocol."""
    return [(place[case.code], case) for case in reading.cases if case.code in place]


def _answers(protocol: Protocol, reading: Reading, place: Mapping[str, int]) -> Answers:
    cases = _cases(reading, place)
    read = np.zeros(len(place), bool)
    read[[at for at, _ in cases]] = True
    drawn = _boxes(protocol, [(at, case.marks) for at, case in cases], reading.reader).sorted()
    counted = drawn.chosen(~(drawn.score < protocol.model_score)) if reading.kind == "model" else drawn
    label, scores, rating = _whole(protocol, reading.reader, cases, len(place))
    return Answers(
        rater=_rater(protocol, reading, [code for code, at in place.items() if not read[at]], len(cases)),
        read=read,
        marks=counted,
        scored=drawn if len(drawn) and not np.isnan(drawn.score).any() else None,
        label=label,
        scores=scores,
        rating=rating,
        timings={at: case.timing for at, case in cases if case.timing is not None},
    )


def _rater(protocol: Protocol, reading: Reading, missing: Sequence[str], images: int) -> Rater:
    named = len(protocol.treatments) > 1 and reading.kind == "person"
    return Rater(
        name=f"{reading.reader}, {reading.treatment}" if named else reading.reader,
        reader=reading.reader,
        treatment=reading.treatment,
        kind=reading.kind,
        source=reading.source,
        images=images,
        missing=tuple(missing),
        notes=reading.notes,
    )


def _boxes(protocol: Protocol, marks: Sequence[tuple[int, Sequence[Mark]]], who: str) -> Boxes:
    """The marks of images given by index, ascending."""
    number = {name: index for index, name in enumerate(protocol.classes)}
    flat = [(at, mark) for at, group in marks for mark in group]
    if strange := sorted({mark.label for _, mark in flat} - set(number)):
        expected = ", ".join(protocol.classes)
        raise InputError(f"{who} has a class that is not in the protocol.", expected=expected, found=some(strange))
    return Boxes(
        image=np.array([at for at, _ in flat], np.int64),
        label=np.array([number[mark.label] for _, mark in flat], np.int64),
        boxes=np.array([mark.box for _, mark in flat], np.float64).reshape(-1, 4),
        score=np.array([np.nan if mark.score is None else mark.score for _, mark in flat], np.float64),
    )


def _whole(
    protocol: Protocol, who: str, cases: Sequence[tuple[int, CaseReading]], images: int
) -> tuple[IntArray, FloatArray | None, FloatArray | None]:
    """Labels (I,), scores (I, C) and ratings (I,) of whole images."""
    label = np.full(images, NO_LABEL, np.int64)
    scores, rating = np.full((images, len(protocol.classes)), np.nan), np.full(images, np.nan)
    for at, case in cases:
        label[at] = _label(protocol, case.label, who)
        if len(case.scores) == len(protocol.classes):
            scores[at] = case.scores
            label[at] = int(np.argmax(scores[at])) if case.label is None else label[at]
        rating[at] = np.nan if case.rating is None else case.rating
    return label, _any_known(scores), _any_known(rating)


def _any_known(values: FloatArray) -> FloatArray | None:
    return None if np.isnan(values).all() else values


def _label(protocol: Protocol, name: str | None, who: str) -> int:
    if name is None or not protocol.whole_image:
        return NO_LABEL
    if name not in protocol.classes:
        expected = nearest(name, protocol.classes)
        raise InputError(f"{who} has a class that is not in the protocol.", expected=expected, found=name)
    return protocol.classes.index(name)


def _without_truth(protocol: Protocol, place: Mapping[str, int]) -> list[str]:
    without = [code for code in protocol.codes if code not in place]
    if not without:
        return []
    return [f"{len(without)} of {len(protocol.codes)} images have no reference and are left out: {some(without)}."]


def _concerns(
    protocol: Protocol, truths: Sequence[Truth], readings: Sequence[Reading], place: Mapping[str, int]
) -> list[str]:
    """Absent classes, and readers who have not finished, in the words in which `collect` tells them."""
    found = [*absent_classes(truths, protocol), *(row for one in readings for row in concerns_of(one, protocol))]
    nothing = [one for one in readings if not place.keys() & one.by_code.keys()]
    empty = [Concern(called(one.reader, one.treatment, protocol), NO_IMAGE, LEFT_OUT) for one in nothing]
    return [str(row) for row in (*found, *empty)]
