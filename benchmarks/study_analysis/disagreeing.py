"""Every place where a rater and the reference differ, one by one, so that it can be shown."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from spinedet.benchmarks.study_analysis.matching import NOBODY, Matched
from spinedet.benchmarks.study_analysis.material import Answers, Boxes, Material
from spinedet.benchmarks.study_analysis.records import Box, Disagreement
from spinedet.benchmarks.study_analysis.units import Level


def disagreements(material: Material, level: Level) -> tuple[Disagreement, ...]:
    """All of them, image by image, then rater by rater.

    Args:
        material: The study.
        level: Its objects, or of whole images its images.
    """
    found: list[tuple[int, int, Disagreement]] = []
    for turn, one in enumerate(material.raters):
        rows = _of_objects(material, one, level.matched[turn]) if level.matched else _of_images(material, one)
        found += [(image, turn, row) for image, row in rows]
    return tuple(row for _, _, row in sorted(found, key=lambda place: place[:2]))


def _of_objects(material: Material, one: Answers, matched: Matched) -> Iterator[tuple[int, Disagreement]]:
    things, marks = material.objects, one.marks
    called = np.full(len(things), NOBODY)
    hit = matched.mark != NOBODY
    called[hit] = marks.label[matched.mark[hit]]
    for place in np.flatnonzero(one.read[things.image] & (called != things.label)).tolist():
        yield int(things.image[place]), _of_object(material, one, place, int(matched.mark[place]))
    for place in np.flatnonzero(matched.false).tolist():
        code = material.codes[marks.image[place]]
        yield (
            int(marks.image[place]),
            Disagreement(
                code=code, rater=one.rater.name, outcome="false mark", truth=None, **_mark(material, marks, place)
            ),
        )


def _of_object(material: Material, one: Answers, place: int, mark: int) -> Disagreement:
    """An object that was called another class, or missed."""
    things, missed = material.objects, mark == NOBODY
    return Disagreement(
        code=material.codes[things.image[place]],
        rater=one.rater.name,
        outcome="missed" if missed else "another",
        truth=material.protocol.classes[things.label[place]],
        box=_box(things, place),
        **({"called": None} if missed else _mark(material, one.marks, mark)),
    )


def _mark(material: Material, marks: Boxes, place: int) -> dict[str, Any]:
    """What a disagreement says of a mark."""
    score = float(marks.score[place])
    return {
        "called": material.protocol.classes[marks.label[place]],
        "mark": _box(marks, place),
        "score": None if np.isnan(score) else score,
    }


def _of_images(material: Material, one: Answers) -> Iterator[tuple[int, Disagreement]]:
    classes = material.protocol.classes
    for image in np.flatnonzero(one.read & (one.label >= 0) & (one.label != material.label)).tolist():
        yield (
            image,
            Disagreement(
                code=material.codes[image],
                rater=one.rater.name,
                outcome="another",
                truth=classes[material.label[image]],
                called=classes[one.label[image]],
            ),
        )


def _box(boxes: Boxes, place: int) -> Box:
    x0, y0, x1, y1 = boxes.boxes[place].tolist()
    return x0, y0, x1, y1
