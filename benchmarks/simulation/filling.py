"""Readers of stated skill read a real study folder: to rehearse its analysis before anybody has sat down."""

import numpy as np

from spinedet.annotations.errors import InputError
from spinedet.annotations.reading import LOG
from spinedet.benchmarks.simulation.reading import read
from spinedet.benchmarks.simulation.skill import Hardness, Skill, draw_spread
from spinedet.benchmarks.study.folder import StudyFolder
from spinedet.benchmarks.study.reading_file import READING, write_reading
from spinedet.benchmarks.study.readings import UNAIDED
from spinedet.benchmarks.study.sealed import read_standard

MODEL_SECONDS = 0.5
"""What a simulated model takes for an image."""


def fill(
    folder: StudyFolder,
    hardness: Hardness,
    readers: float,
    model: float,
    between: float,
    rng: np.random.Generator,
) -> tuple[str, ...]:
    """Write a simulated reading, marked as such, for everybody in the protocol who has none (unaided).

    Args:
        folder: A study of objects, with its reference standard.
        hardness: What is hard for all.
        readers: The persons' mean share of right diagnoses.
        model: The models'.
        between: Spread of the persons' skill.
        rng: The generator.

    Returns:
        Who has read now.

    Raises:
        InputError: The study asks whole images, has no reference standard, or everybody has read.
        WorkError: A file cannot be written.
    """
    protocol = folder.protocol
    if protocol.whole_image:
        raise InputError("Only studies of objects can be simulated.", found=f"kind {protocol.kind}", where=folder.root)
    models = [one.name for one in protocol.models]
    waiting = [name for name in (*protocol.readers, *models) if not _has_read(folder, name)]
    if not waiting:
        raise InputError("Everybody has read this study.", where=folder.readers, todo="spinedet study analyse")
    right = dict(
        zip(protocol.readers, draw_spread(readers, len(protocol.readers), between, hardness, rng), strict=True)
    )
    skills = [
        _skill(name, float(right.get(name, model)), protocol.classes, is_model=name in models) for name in waiting
    ]
    truth = read_standard(folder).truth
    for reading in read(truth, protocol.classes, skills, models, hardness, protocol.sha256(), rng):
        write_reading(folder, reading)
    return tuple(waiting)


def _has_read(folder: StudyFolder, name: str) -> bool:
    place = folder.reader(name, UNAIDED)
    return (place / READING).exists() or (place / LOG).exists()


def _skill(name: str, right: float, classes: tuple[str, ...], *, is_model: bool) -> Skill:
    skill = Skill(name=name, right=dict.fromkeys(classes, right))
    return skill.model_copy(update={"seconds": MODEL_SECONDS, "learning": 1.0}) if is_model else skill
