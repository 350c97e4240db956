"""Every place where a rater and the reference differ, one by one, so that it can be shown."""

from collections.abc import Iterator

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
    things, marks, classes = material.objects, one.marks, material.protocol.classes
    missed = matched.mark == NOBODY
    called = np.where(missed, NOBODY, marks.label[matched.mark] if len(marks) else NOBODY)
    for place in np.flatnonzero(one.read[things.image] & (called != things.label)).tolist():
        mark = None if missed[place] else int(matched.mark[place])
        yield (
            int(things.image[place]),
            Disagreement(
                code=material.codes[things.image[place]],
                rater=one.rater.name,
                outcome="missed" if mark is None else "another",
                truth=classes[things.label[place]],
                called=None if mark is None else classes[marks.label[mark]],
                box=_box(things, place),
                mark=None if mark is None else _box(marks, mark),
                score=None if mark is None else _score(marks, mark),
            ),
        )
    for place in np.flatnonzero(matched.false).tolist():
        yield (
            int(marks.image[place]),
            Disagreement(
                code=material.codes[marks.image[place]],
                rater=one.rater.name,
                outcome="false mark",
                truth=None,
                called=classes[marks.label[place]],
                mark=_box(marks, place),
                score=_score(marks, place),
            ),
        )


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


def _score(boxes: Boxes, place: int) -> float | None:
    score = float(boxes.score[place])
    return None if np.isnan(score) else score
