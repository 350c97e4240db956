"""Simulated studies: skills come out as stated, whatever is shared, and the same seed makes the same study."""

import numpy as np
import pytest

from spinedet.annotations.boxes import box_iou
from spinedet.benchmarks.simulation.reading import answers, chances
from spinedet.benchmarks.simulation.skill import Hardness, Skill, draw_classes, draw_right
from spinedet.benchmarks.simulation.studies import LUMBAR, Design, Material, simulate

CLASSES = tuple(LUMBAR)
READER = Skill(name="R1", right={"normal": 0.95, "herniation": 0.8, "spondylolisthesis": 0.7})
MODEL = Skill(name="model", right=dict.fromkeys(CLASSES, 0.9), false_marks=0.0, seconds=10)


@pytest.mark.parametrize("hardness", [Hardness(), Hardness(patient=1.0), Hardness(patient=0.7, disc=1.2)])
def test_the_share_of_right_answers_is_the_stated_skill_whatever_is_shared(hardness: Hardness) -> None:
    patient = np.arange(40_000) // 2
    right = draw_right(np.full((2, 40_000), 0.83), patient, 2, hardness, np.random.default_rng(1))
    assert right.mean(axis=1) == pytest.approx([0.83, 0.83], abs=0.01)


def test_discs_of_a_patient_are_right_or_wrong_together_only_where_patients_differ() -> None:
    patient = np.repeat(np.arange(20_000), 2)
    together = []
    for hardness in (Hardness(), Hardness(patient=1.0)):
        right = draw_right(np.full((1, 40_000), 0.8), patient, 1, hardness, np.random.default_rng(2))[0]
        together.append(np.corrcoef(right[::2], right[1::2])[0, 1])
    assert abs(together[0]) < 0.02
    assert together[1] > 0.2


def test_never_and_always_are_kept() -> None:
    right = draw_right(
        np.array([[0.0] * 50, [1.0] * 50]), np.arange(50), 2, Hardness(patient=2), np.random.default_rng(3)
    )
    assert right.sum(axis=1).tolist() == [0, 50]


def test_classes_have_the_stated_shares_and_resemble_each_other_within_a_patient() -> None:
    patient = np.repeat(np.arange(20_000), 2)
    label = draw_classes(np.array([0.5, 0.3, 0.2]), patient, 0.5, np.random.default_rng(4))
    assert np.bincount(label) / len(label) == pytest.approx([0.5, 0.3, 0.2], abs=0.01)
    assert (label[::2] == label[1::2]).mean() > 0.5**2 + 0.3**2 + 0.2**2 + 0.05


def test_wrong_answers_are_misses_or_other_classes_as_stated() -> None:
    label = np.zeros(30_000, np.int64)
    skill = READER.model_copy(update={"missed": 0.4})
    called = answers(np.zeros((1, 30_000), bool), label, [skill], 3, np.random.default_rng(5))[0]
    assert np.bincount(called + 1, minlength=4) / 30_000 == pytest.approx([0.4, 0, 0.3, 0.3], abs=0.01)


def test_a_reader_has_a_chance_for_each_class() -> None:
    assert chances([READER, MODEL], CLASSES, np.array([2, 0])).tolist() == [[0.7, 0.95], [0.9, 0.9]]


def test_a_study_has_every_disc_and_every_image_of_each_reader() -> None:
    design = Design(images=5, per_patient=2, discs=6)
    truth, readings = simulate(design, [READER, MODEL], ["model"], Hardness(patient=1), "hash", seed=7)
    assert [one.patient for one in truth] == ["P00001", "P00001", "P00002", "P00002", "P00003"]
    assert {len(one.marks) for one in truth} == {6}
    assert [(one.reader, one.kind, len(one.cases)) for one in readings] == [("R1", "person", 5), ("model", "model", 5)]
    assert sorted(case.timing.order for case in readings[0].cases if case.timing and case.timing.order) == [
        1,
        2,
        3,
        4,
        5,
    ]


def test_marks_overlap_their_disc_and_no_other() -> None:
    perfect = Skill(name="R1", right=dict.fromkeys(CLASSES, 1.0), false_marks=3.0)
    truth, (reading,) = simulate(Design(images=20, discs=12), [perfect], [], Hardness(), "hash", seed=8)
    for one, case in zip(truth, reading.cases, strict=True):
        overlap = box_iou(np.array([mark.box for mark in one.marks]), np.array([mark.box for mark in case.marks]))
        assert (overlap.max(axis=1) > 0.5).all()
        assert ((overlap > 0.5).sum(axis=0)[12:] == 0).all()  # false marks stand behind the discs'
        assert [mark.label for mark in case.marks[:12]] == [mark.label for mark in one.marks]


def test_the_same_seed_makes_the_same_study() -> None:
    made = [
        simulate(Design(images=4), [READER, MODEL], ["model"], Hardness(disc=1), "hash", seed) for seed in (1, 1, 2)
    ]
    assert made[0] == made[1] != made[2]


def test_a_material_has_the_design_s_images() -> None:
    material = Material(Design(images=3, per_patient=2, discs=2), np.random.default_rng(0))
    assert material.image.tolist() == [0, 0, 1, 1, 2, 2]
    assert material.patient.tolist() == [0, 0, 0, 0, 1, 1]
