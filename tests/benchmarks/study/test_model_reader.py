"""A model reads a study: its answers, its times, its hints, and when it must not read."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from small_study import box, noise, save, train, whole

from spinedet.annotations.errors import InputError, WorkError
from spinedet.benchmarks.study import model_reader
from spinedet.benchmarks.study.collecting import SHA256, collect
from spinedet.benchmarks.study.folder import StudyFolder
from spinedet.benchmarks.study.hints import read_hints
from spinedet.benchmarks.study.model_reader import read_with_model
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.tasks import Task
from spinedet.detect.modelfile import ModelCard

MakeStudy = Callable[..., StudyFolder]


def test_it_reads_what_readers_read(make: MakeStudy, model: Path) -> None:
    """The fake model finds one disc in every image, where the first one it saw had it, with a score of 0.9."""
    study = make(models=(model,), aided=True)
    told: list[tuple[int, int]] = []
    timed = read_with_model(study, model, progress=lambda done, of: told.append((done, of)))
    reading = timed.reading
    assert [case.code for case in reading.cases] == list(study.protocol.codes)
    for case in reading.cases:
        (mark,) = case.marks
        assert mark.label == "disc"
        assert mark.score == pytest.approx(0.9)
        assert mark.box == pytest.approx(box(0), abs=1e-3)
    assert told == [(done, 10) for done in range(1, 11)]
    assert collect(study).readings == (reading,)
    assert (reading.kind, reading.source) == ("model", "model")
    assert reading.notes[SHA256] == ModelCard.read(model).sha256
    hints = read_hints(study)
    assert sorted(hints.marks) == sorted([*study.protocol.codes, "P001", "P002"])
    assert hints.marks["S001"] == reading.cases[0].marks


def test_its_times(make: MakeStudy, model: Path) -> None:
    """The first result of a process that has just begun takes longer than any after it; the machine is named."""
    study = make(models=(model,))
    timed = read_with_model(study, model, threads=1)
    times = [case.timing.seconds for case in timed.reading.cases if case.timing]
    assert len(times) == 8
    assert all(0 < seconds < timed.cold for seconds in times)
    assert min(times) <= timed.warm <= max(times)
    notes = timed.reading.notes
    assert float(notes["cold_seconds"]) == pytest.approx(timed.cold, abs=1e-4)
    assert notes["threads"] == "1"
    assert notes["machine_processor"]
    assert notes["version_onnxruntime"]


def test_a_whole_image_gets_a_score_for_each_class(make: MakeStudy, data: Dataset, tmp_path: Path) -> None:
    """The model remembers one image of the class `rare`, so that all its score is there."""
    items = tuple(replace(item, annotation=whole(item.image, item.annotation.objects[-1].name)) for item in data.items)
    answers = replace(data, items=items)
    model = train(answers, ["pat1"], tmp_path / "whole")
    task = Task(task="t", about="a", classes=("disc", "rare"), box="image", kind="classes", positive=("rare",))
    study = make(data=answers, task=task, positive=(), models=(model,))
    case = read_with_model(study, model).reading.cases[0]
    assert case.marks == ()
    assert case.label == "rare"
    assert sum(case.scores) == pytest.approx(1)
    assert case.rating == pytest.approx(case.scores[1])
    assert case.scores[1] > 0.99
    (hint,) = read_hints(study).marks["S001"]
    assert (hint.label, hint.box) == ("rare", (0, 0, 64, 48))


def test_a_model_that_the_protocol_does_not_name(make: MakeStudy, data: Dataset, model: Path, tmp_path: Path) -> None:
    other = train(data, ["pat1"], tmp_path / "other")
    with pytest.raises(InputError, match=r"(?s)does not name this model.*a study made with --model"):
        read_with_model(make(), model)
    with pytest.raises(InputError, match=r"(?s)does not name this model.*fake \("):
        read_with_model(make(models=(model,)), other)


def test_a_model_that_was_trained_on_a_study_image(make: MakeStudy, model: Path) -> None:
    """The card is changed after the study was made: the weights are the same, what it saw is not."""
    study = make(models=(model,))
    card = ModelCard.read(model)
    seen = card.trained_on.model_copy(update={"images": (study.protocol.cases[2].pixels,)})
    card.model_copy(update={"trained_on": seen}).write(model)
    with pytest.raises(InputError, match=r"(?s)fake was trained on patients of the study.*1 images.*S003"):
        read_with_model(study, model)


def test_nobody_reads_twice(make: MakeStudy, model: Path) -> None:
    study = make(models=(model,))
    read_with_model(study, model)
    with pytest.raises(InputError, match="has read already"):
        read_with_model(study, model)


def test_an_image_that_was_changed_is_not_read(make: MakeStudy, model: Path) -> None:
    study = make(models=(model,))
    save(study.images / "S004.png", noise("another"))
    with pytest.raises(InputError, match=r"(?s)changed after it was frozen.*S004\.png"):
        read_with_model(study, model)


def test_a_process_that_fails_is_told(make: MakeStudy, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = make(models=(model,))
    monkeypatch.setattr(model_reader, "PROCESS", "spinedet.no_such_module")
    with pytest.raises(WorkError, match=r"(?s)process in which the model reads failed.*no_such_module"):
        read_with_model(study, model)
    assert not (study.reader("fake") / "reading.json").exists()


def test_hints_that_are_not_there_or_of_another_study(make: MakeStudy, model: Path) -> None:
    with pytest.raises(InputError, match="No such model takes part"):
        read_hints(make())
    study = make(models=(model,))
    with pytest.raises(InputError, match="has not read the images yet"):
        read_hints(study)
    read_with_model(study, model)
    path = study.models / "fake" / "hints.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), "protocol": "0"}), encoding="utf-8")
    with pytest.raises(InputError, match="another study"):
        read_hints(study)
