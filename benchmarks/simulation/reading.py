"""Simulated readers of a reference standard: right by their skill, in time, with a hand that shakes."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spinedet.annotations.reading import Timing
from spinedet.benchmarks.simulation.skill import Hardness, Skill, draw_right
from spinedet.benchmarks.study.readings import CaseReading, Mark, ReaderKind, Reading, Truth
from spinedet.benchmarks.whole_image.figures import BoolArray, FloatArray, IntArray

JITTER = 0.02
"""Standard deviation of a drawn edge as a share of the box's longer side."""

BESIDE = 1.5
"""A false mark lies so many widths beside an object, where nothing is."""

Edges = tuple[float, float, float, float]
"""x0, y0, x1, y1 in pixels."""


def chances(skills: Sequence[Skill], classes: Sequence[str], label: IntArray) -> FloatArray:
    """(R, N) the chance of each reader to be right about each disc."""
    table = np.array([[skill.right[name] for name in classes] for skill in skills])  # (R, C)
    return np.asarray(table[:, label])


def answers(
    right: BoolArray, label: IntArray, skills: Sequence[Skill], classes: int, rng: np.random.Generator
) -> IntArray:
    """What each reader calls each disc, (R, N): a class, or -1 where nothing was marked.

    A wrong answer is no mark, or another class, each as likely as any other.
    """
    step = rng.integers(1, max(classes, 2), right.shape)  # (R, N) from 1 to C - 1 classes further on
    other = (label + step) % classes if classes > 1 else np.full(right.shape, -1)
    missed = rng.random(right.shape) < np.array([skill.missed for skill in skills])[:, None]
    return np.asarray(np.where(right, label, np.where(missed, -1, other)), np.int64)


def read(
    truth: Sequence[Truth],
    classes: Sequence[str],
    skills: Sequence[Skill],
    models: Sequence[str],
    hardness: Hardness,
    protocol: str,
    rng: np.random.Generator,
) -> tuple[Reading, ...]:
    """What readers say of the objects of a reference standard.

    Args:
        truth: The images.
        classes: In order.
        skills: Who reads, models among them.
        models: Which of them are models.
        hardness: What is hard for all.
        protocol: Hash of the protocol that the readings carry.
        rng: The generator.
    """
    counts = [len(one.marks) for one in truth]
    patients = np.unique([one.patient for one in truth], return_inverse=True)[1]
    patient = np.repeat(patients, counts).astype(np.int64)
    label = np.array([classes.index(mark.label) for one in truth for mark in one.marks], np.int64)
    right = draw_right(chances(skills, classes, label), patient, len(skills), hardness, rng)
    called = answers(right, label, skills, len(classes), rng)
    return tuple(
        _reading(truth, skill, skill.name in models, np.split(row, np.cumsum(counts)[:-1]), classes, protocol, rng)
        for skill, row in zip(skills, called, strict=True)
    )


def _reading(
    truth: Sequence[Truth],
    skill: Skill,
    is_model: bool,
    called: Sequence[NDArray[np.int64]],
    classes: Sequence[str],
    protocol: str,
    rng: np.random.Generator,
) -> Reading:
    """What one reader says; `called` has, image by image, a class an object, or -1."""
    kind: ReaderKind = "model" if is_model else "person"
    timings = _timings(skill, len(truth), rng)
    cases = tuple(
        CaseReading(code=one.code, marks=_marks(one.marks, row.tolist(), skill, kind, classes, rng), timing=timing)
        for one, row, timing in zip(truth, called, timings, strict=True)
    )
    return Reading(reader=skill.name, kind=kind, protocol=protocol, cases=cases, source="simulated")


def _marks(
    truth: Sequence[Mark],
    called: Sequence[int],
    skill: Skill,
    kind: ReaderKind,
    classes: Sequence[str],
    rng: np.random.Generator,
) -> tuple[Mark, ...]:
    """Marks on the objects that were found, then false ones; only a model says how sure it is."""
    found = [(classes[label], mark.box) for mark, label in zip(truth, called, strict=True) if label >= 0]
    beside = rng.permutation(len(truth))[: rng.poisson(skill.false_marks)].tolist()
    false = [(classes[int(rng.integers(len(classes)))], _moved(truth[row].box)) for row in beside]
    sure = 0.5 + rng.random(len(found) + len(false)) / 2
    scores = sure.tolist() if kind == "model" else [None] * len(sure)
    return tuple(
        Mark(label=label, box=_jittered(box, rng), score=score)
        for (label, box), score in zip((*found, *false), scores, strict=True)
    )


def _moved(box: Edges) -> Edges:
    """The box further left, or further right where the image would end."""
    step = BESIDE * (box[2] - box[0])
    apart = -step if box[0] >= step else step
    return box[0] + apart, box[1], box[2] + apart, box[3]


def _jittered(box: Edges, rng: np.random.Generator) -> Edges:
    spread = JITTER * max(box[2] - box[0], box[3] - box[1])
    x0, y0, x1, y1 = (edge + shift for edge, shift in zip(box, rng.normal(0, spread, 4).tolist(), strict=True))
    return max(x0, 0.0), max(y0, 0.0), x1, y1


def _timings(skill: Skill, images: int, rng: np.random.Generator) -> list[Timing]:
    """Times fall from the first image to the last by the reader's learning, evenly on the scale of logarithms."""
    learned = skill.learning ** (np.arange(images) / max(images - 1, 1) - 0.5)
    seconds = skill.seconds * learned * np.exp(rng.normal(0, skill.spread, images))
    order = rng.permutation(images)
    return [Timing(seconds=float(seconds[place]), order=int(place) + 1) for place in order]
