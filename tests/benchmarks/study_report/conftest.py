"""A small simulated study on disk, analysed once."""

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest

from spinedet.benchmarks.simulation.skill import Hardness, Skill
from spinedet.benchmarks.simulation.studies import HEIGHT, WIDTH, Design, code, simulate
from spinedet.benchmarks.study.folder import StudyFolder
from spinedet.benchmarks.study.protocol import FILE, Case, ModelReader, Protocol, Source
from spinedet.benchmarks.study.readings import StudyData
from spinedet.benchmarks.study_analysis.analysis import analyse
from spinedet.benchmarks.study_analysis.records import StudyResults

IMAGES = 12
MODEL = "ppyolov2"
RIGHT = {"Li": 0.9, "Wang <b>": 0.75, MODEL: 0.95}


class Made(NamedTuple):
    """A study, what was read, and its analysis."""

    folder: StudyFolder
    data: StudyData
    results: StudyResults


def make_protocol(design: Design, readers: tuple[str, ...]) -> Protocol:
    return Protocol(
        study="phantom study",
        created="2026-11-26",
        spinedet="0.1.0",
        source=Source(name="phantom", fingerprint="f" * 64, images=100, patients=60),
        classes=design.classes,
        positive=design.classes[1:],
        cases=tuple(
            Case(code=code(number), pixels="0" * 64, width=WIDTH, height=HEIGHT) for number in range(design.images)
        ),
        readers=readers,
        models=(ModelReader(name=MODEL, detector=MODEL, size="r18", sha256="a" * 64, trained_on=500),),
        resamples=50,
    )


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    root: Path = tmp_path_factory.mktemp("study")
    design = Design(images=IMAGES, per_patient=2, discs=5)
    protocol = make_protocol(design, tuple(name for name in RIGHT if name != MODEL))
    protocol.write(root / FILE)
    (root / "images").mkdir()
    rng = np.random.default_rng(0)
    for case in protocol.cases:
        cv2.imwrite(str(root / "images" / f"{case.code}.png"), rng.integers(0, 90, (HEIGHT, WIDTH), np.uint8))
    skills = [Skill(name=name, right=dict.fromkeys(design.classes, right)) for name, right in RIGHT.items()]
    truth, readings = simulate(design, skills, [MODEL], Hardness(patient=0.5), protocol.sha256(), seed=3)
    data = StudyData(truth=truth, readings=readings, standard=("Three experts agreed.",))
    return Made(StudyFolder(root), data, analyse(protocol, data))
