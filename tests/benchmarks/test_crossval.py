"""Whole comparisons with the fake detector: complete, repeatable, resumed, and careful with other people's folders."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from spinedet.annotations.errors import InputError, SpinedetError, WorkError
from spinedet.benchmarks.crossval import FOLDS_FILE, RESULTS_FILE, Plan, run_benchmark
from spinedet.benchmarks.results import Results, read_results
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.folds import Folds, make_folds
from spinedet.detect import registry
from spinedet.detect.contract import Epoch, Settings
from spinedet.detect.jobs import DONE_FILE, Done, read_progress

SETTINGS = Settings(detector="fake", size="one", image_size=64, epochs=2)
FOLDS = 2
SOON = 30
"""Seconds in which a process must have come so far on a busy machine."""


@dataclass
class Notes:
    """A listener that writes everything down."""

    said: list[str] = field(default_factory=list)
    epochs: list[tuple[str, int]] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        self.said.append(text)

    def epoch(self, name: str, epoch: Epoch) -> None:
        self.epochs.append((name, epoch.epoch))

    def done(self, name: str, done: Done) -> None:
        self.finished.append(name)

    def failed(self, name: str, error: SpinedetError) -> None:
        self.failures.append(name)


@pytest.fixture
def data(two_classes: Path) -> Dataset:
    return Dataset.load(two_classes)


def plan_for(data: Dataset, *, folds: Folds | None = None, jobs: int = 1, **changes: Any) -> Plan:
    settings = SETTINGS.model_copy(update=changes)
    return Plan(folds or make_folds(data, FOLDS, seed=0), {"fake": settings}, jobs, "spinedet benchmark SET")


def figures(results: Results) -> Mapping[str, Any]:
    """Everything but what a clock or a scale has measured."""
    rows = results.model_dump(by_alias=True)
    rows.pop("machine")
    for one in rows["detectors"].values():
        for measured in ("train_seconds", "predict_ms_per_image", "peak_memory_mb"):
            one.pop(measured)
        for fold in one["folds"]:
            for measured in ("train_seconds", "predict_ms_per_image", "peak_memory_mb"):
                fold.pop(measured, None)
    return dict(rows)


def stamps(out: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in out.rglob(DONE_FILE)}


def test_a_run_is_complete_and_a_second_call_runs_nothing(data: Dataset, tmp_path: Path) -> None:
    """Every image has the same boxes at the same places, so the fake that remembers them finds all discs."""
    out, first, second = tmp_path / "run", Notes(), Notes()
    results = run_benchmark(data, plan_for(data), out, first)
    assert sorted(first.finished) == ["fake/fold1", "fake/fold2"]
    assert len(first.epochs) == FOLDS * SETTINGS.epochs
    detector = results.detectors["fake"]
    assert [fold.fold for fold in detector.folds] == [1, 2]
    assert detector.ap50["disc"].pooled == 1
    assert (detector.incomplete, detector.weights) == ((), "none")
    assert read_results(out / RESULTS_FILE) == results
    assert json.loads((out / "run.json").read_text(encoding="utf-8")) == {
        "command": "spinedet benchmark SET",
    }
    before = stamps(out)
    again = run_benchmark(data, plan_for(data), out, second)
    assert stamps(out) == before
    assert len(before) == FOLDS
    assert (sorted(second.finished), second.epochs) == (["fake/fold1", "fake/fold2"], [])
    assert figures(again) == figures(results)
    assert again.detectors["fake"].train_seconds == detector.train_seconds


def test_a_run_keeps_the_detectors_that_an_earlier_command_put_there(data: Dataset, begun: Path) -> None:
    """The fake is there already; a second plan names nobody, as if it had added others."""
    empty = replace(plan_for(data, epochs=1), settings={}, command="another command")
    results = run_benchmark(data, empty, begun, Notes())
    assert list(results.detectors) == ["fake"]
    commands = json.loads((begun / "run.json").read_text(encoding="utf-8"))["command"]
    assert commands.splitlines() == ["spinedet benchmark SET", "another command"]


def test_a_wrong_input_in_the_first_job_leaves_nothing_behind(data: Dataset, tmp_path: Path) -> None:
    """The fake's recipe passes here and is refused by its worker, as weights that do not fit would be."""
    out = tmp_path / "run"
    with pytest.raises(InputError, match="told to refuse"):
        run_benchmark(data, plan_for(data, recipe={"refuse": True}), out, Notes())
    assert not out.exists()


def test_two_jobs_at_a_time_change_nothing(data: Dataset, tmp_path: Path) -> None:
    folds = make_folds(data, FOLDS, seed=1)
    one = run_benchmark(data, plan_for(data, folds=folds), tmp_path / "one", Notes())
    two = run_benchmark(data, plan_for(data, folds=folds, jobs=2), tmp_path / "two", Notes())
    assert figures(one) == figures(two)
    assert len(two.detectors["fake"].folds) == FOLDS


@pytest.fixture
def begun(data: Dataset, tmp_path: Path) -> Path:
    """The folder of a finished run of one epoch a fold."""
    out = tmp_path / "begun"
    run_benchmark(data, plan_for(data, epochs=1), out, Notes())
    return out


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_another_plan_into_the_same_folder_is_refused_and_changes_nothing(data: Dataset, begun: Path) -> None:
    before = contents(begun)
    other = make_folds(data, 2, seed=5)
    assert other.folds != make_folds(data, FOLDS, seed=0).folds
    for plan, words in (
        (plan_for(data, epochs=1, folds=other), "other folds"),
        (plan_for(data, epochs=1, folds=make_folds(data, 3, seed=0)), "other folds"),
        (plan_for(data, epochs=2), "epochs was 1, is 2"),
        (plan_for(data, epochs=1, seed=3), "seed was 0, is 3"),
    ):
        notes = Notes()
        with pytest.raises(InputError, match=words):
            run_benchmark(data, plan, begun, notes)
        assert notes == Notes()
    assert contents(begun) == before


def test_changed_boxes_are_not_taken_for_the_same_run(data: Dataset, begun: Path) -> None:
    path = data.folder / "Annotations" / "p0_1.xml"
    path.write_text(path.read_text(encoding="utf-8").replace("<xmax>24", "<xmax>30"), encoding="utf-8")
    with pytest.raises(InputError, match="another fingerprint"):
        run_benchmark(Dataset.load(data.folder), plan_for(data, epochs=1), begun, Notes())


def test_a_folder_of_somebody_else_is_left_alone(data: Dataset, tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_bytes(b"years of work")
    with pytest.raises(InputError, match="not empty and holds no run"):
        run_benchmark(data, plan_for(data), tmp_path, Notes())
    assert "thesis.docx" in contents(tmp_path)
    assert not (tmp_path / FOLDS_FILE).exists()
    with pytest.raises(InputError, match="not empty and holds no run"):
        run_benchmark(data, plan_for(data), tmp_path / "thesis.docx", Notes())


def test_wrong_settings_are_refused_before_anything_is_written(data: Dataset, tmp_path: Path) -> None:
    for changes in ({"recipe": {"unknown": 1}}, {"weights": "absent.pt"}, {"weights": "coco"}):
        with pytest.raises(InputError):
            run_benchmark(data, plan_for(data, **changes), tmp_path / "run", Notes())
    assert not (tmp_path / "run").exists()


@pytest.fixture
def half_broken(data: Dataset, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """Two detectors: `fake` works, `broken` is the fake told to fail."""
    monkeypatch.setitem(registry.DETECTORS, "broken", "spinedet.detect.fake:FakeDetector")
    plan = plan_for(data)
    return replace(plan, settings={**plan.settings, "broken": SETTINGS.model_copy(update={"recipe": {"fail_at": 2}})})


def test_a_detector_that_fails_leaves_the_results_of_the_other(
    data: Dataset, half_broken: Plan, tmp_path: Path
) -> None:
    notes = Notes()
    with pytest.raises(WorkError, match=r"2 of 4 jobs failed(.|\n)*told to(.|\n)*finished jobs are kept"):
        run_benchmark(data, half_broken, tmp_path / "run", notes)
    results = read_results(tmp_path / "run" / RESULTS_FILE)
    assert [fold.fold for fold in results.detectors["fake"].folds] == [1, 2]
    assert sorted(notes.failures) == ["broken/fold1", "broken/fold2"]
    assert sorted(notes.finished) == ["fake/fold1", "fake/fold2"]


def test_a_job_that_died_once_is_the_only_one_that_runs_again(data: Dataset, tmp_path: Path) -> None:
    """Each fold's process dies once in epoch 2; the first call fails, the second goes on with epoch 2."""
    out, notes = tmp_path / "run", Notes()
    plan = plan_for(data, recipe={"die_at": 2})
    with pytest.raises(WorkError, match="2 of 2 jobs failed"):
        run_benchmark(data, plan, out, Notes())
    assert [len(read_progress(out / f"fake/fold{number}")) for number in (1, 2)] == [1, 1]
    results = run_benchmark(data, plan, out, notes)
    assert [fold.epochs for fold in results.detectors["fake"].folds] == [2, 2]
    assert len((out / "fake/fold1/progress.jsonl").read_text(encoding="utf-8").splitlines()) == 2


BENCHMARK = """
import sys
from pathlib import Path
from spinedet.benchmarks.crossval import Plan, run_benchmark
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.folds import make_folds
from spinedet.detect.contract import Settings

class Quiet:
    def note(self, text): pass
    def epoch(self, name, epoch): pass
    def done(self, name, done): print(name, flush=True)
    def failed(self, name, error): print(error, flush=True)

data = Dataset.load(Path(sys.argv[1]))
settings = Settings(detector="fake", size="one", image_size=64, epochs=3, recipe={"epoch_seconds": 0.3})
plan = Plan(make_folds(data, 3, seed=0), {"fake": settings}, 1)
run_benchmark(data, plan, Path(sys.argv[2]), Quiet())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT is for POSIX")
def test_ctrl_c_keeps_finished_jobs_and_the_next_call_goes_on(data: Dataset, tmp_path: Path) -> None:
    """Ctrl-C after the first epoch of the second job."""
    out = tmp_path / "run"
    words = [sys.executable, "-P", "-c", BENCHMARK, str(data.folder), str(out)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        end = time.monotonic() + SOON
        while not read_progress(out / "fake/fold2") and time.monotonic() < end:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        shown, errors = process.communicate(timeout=SOON)
    assert shown == "fake/fold1\n"
    assert errors.rstrip().endswith("KeyboardInterrupt")
    before = stamps(out)
    assert list(before) == [out / "fake/fold1" / DONE_FILE]
    assert not (out / "fake/fold3").exists()
    again = subprocess.run(words, capture_output=True, text=True, check=True)
    assert again.stdout.split() == ["fake/fold1", "fake/fold2", "fake/fold3"]
    assert stamps(out).items() >= before.items()
    assert [epoch.epoch for epoch in read_progress(out / "fake/fold2")] == [1, 2, 3]


def test_a_wrong_input_in_one_job_stops_the_others(
    data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list of patients breaks after the plan was made: the first job says so, the other two never start."""
    plan = plan_for(data, folds=make_folds(data, 3, seed=0))
    (data.folder / "patients.csv").write_text("image\n", encoding="utf-8")
    notes = Notes()
    with pytest.raises(InputError, match="columns are wrong"):
        run_benchmark(data, plan, tmp_path / "run", notes)
    assert notes.failures == ["fake/fold1"]
    assert not (tmp_path / "run" / "fake" / "fold2").exists()
