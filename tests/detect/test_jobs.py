"""Jobs in processes of their own, with the fake detector: finished once, resumed, failed, stopped, orphaned."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from spinedet.annotations.errors import InputError, WorkError
from spinedet.annotations.files import write_json
from spinedet.datasets.dataset import Dataset
from spinedet.detect import worker
from spinedet.detect.contract import Epoch, Settings
from spinedet.detect.jobs import (
    CANNOT_WRITE,
    DONE_FILE,
    ERROR_FILE,
    JOB_FILE,
    LOG_FILE,
    MODEL_FOLDER,
    PREDICTIONS_FILE,
    PROGRESS_FILE,
    Job,
    _Tail,
    environment,
    finished,
    read_progress,
    run_job,
)
from spinedet.detect.modelfile import ModelCard
from spinedet.detect.predictions import read_predictions

MakeJob = Callable[..., Job]

SOON = 15
"""Seconds in which a process must have ended on a busy machine."""

LONG = 60
"""Epochs of a job that must be ended from outside; at half a second each it would take half a minute."""


@pytest.fixture
def data(two_classes: Path) -> Dataset:
    return Dataset.load(two_classes)


@pytest.fixture
def make_job(data: Dataset) -> MakeJob:
    """A job of the fake on all but the last two images, which are predicted; `make_job(epochs, **recipe)`."""

    def make(epochs: int = 2, **recipe: Any) -> Job:
        settings = Settings(detector="fake", size="one", image_size=64, epochs=epochs, recipe=recipe)
        return Job(
            settings=settings,
            dataset=data.folder,
            fingerprint=data.fingerprint(),
            classes=data.classes,
            train=data.images[:-2],
            test=data.images[-2:],
        )

    return make


def ignore(_: Epoch) -> None:
    """Progress that nobody watches."""


def never(_: Epoch) -> None:
    pytest.fail("a finished job was run again")


def written_epochs(folder: Path) -> list[int]:
    lines = (folder / PROGRESS_FILE).read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["epoch"] for line in lines]


def still_running(process: int) -> bool:
    """Whether a process lives; one that nobody has waited for yet counts as ended."""
    try:
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_for(what: Callable[[], bool]) -> bool:
    """Whether it becomes true soon."""
    end = time.monotonic() + SOON
    while not what() and time.monotonic() < end:
        time.sleep(0.05)
    return what()


def test_a_job_leaves_all_its_files_and_is_not_run_again(make_job: MakeJob, data: Dataset, tmp_path: Path) -> None:
    seen: list[Epoch] = []
    job, folder = make_job(3), tmp_path / "fold1"
    done = run_job(job, folder, seen.append)
    assert [(epoch.epoch, epoch.epochs, epoch.loss) for epoch in seen] == [(1, 3, 1), (2, 3, 1 / 2), (3, 3, 1 / 3)]
    assert (done.detector, done.epochs, done.job) == ("fake", 3, job.identity())
    assert done.peak_memory_mb > 10
    assert done.predict_ms_per_image is not None
    assert 0 < done.predict_ms_per_image.median <= done.predict_ms_per_image.p90
    assert ModelCard.read(folder / MODEL_FOLDER).classes == ("disc", "vertebra")
    found = read_predictions(folder / PREDICTIONS_FILE, data)
    assert [image for image in data.images if len(found[image])] == list(job.test)
    np.testing.assert_allclose(found[job.test[0]].boxes[0], [4, 4, 24, 14], atol=1e-4)
    assert not (folder / "scratch").exists()
    stamp = (folder / DONE_FILE).stat().st_mtime_ns
    assert run_job(job, folder, never) == done
    assert (folder / DONE_FILE).stat().st_mtime_ns == stamp


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda job: {"settings": job.settings.model_copy(update={"epochs": 9})}, "epochs was 2, is 9"),
        (lambda job: {"settings": job.settings.model_copy(update={"recipe": {"die_at": 1}})}, "recipe was {}, is"),
        (lambda job: {"classes": ("disc", "bone")}, r"classes was \('disc', 'vertebra'\), is \('disc', 'bone'\)"),
        (lambda job: {"train": job.train[:-1]}, "another train"),
        (lambda job: {"fingerprint": "0" * 64}, "another fingerprint"),
        (lambda job: {"each_image_is_a_patient": True}, "each_image_is_a_patient was False, is True"),
    ],
)
def test_a_folder_of_another_job_is_refused_with_the_difference(
    make_job: MakeJob, tmp_path: Path, change: Callable[[Job], dict[str, Any]], words: str
) -> None:
    job = make_job()
    write_json(tmp_path / JOB_FILE, job.model_dump(mode="json"))
    with pytest.raises(InputError, match=f"holds another run(.|\n)*{words}"):
        run_job(job.model_copy(update=change(job)), tmp_path, never)


def test_a_number_written_in_another_way_is_told_and_is_no_crash(make_job: MakeJob, tmp_path: Path) -> None:
    """1 and 1.0 are equal in Python and different in JSON."""
    write_json(tmp_path / JOB_FILE, make_job(epoch_seconds=1).model_dump(mode="json"))
    with pytest.raises(InputError, match=r"'epoch_seconds': 1\}, is \{'epoch_seconds': 1\.0\}"):
        finished(make_job(epoch_seconds=1.0), tmp_path)


def test_threads_and_places_do_not_make_it_another_job(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job()
    moved = job.model_copy(update={"threads": 7, "dataset": tmp_path / "elsewhere"})
    assert moved.identity() == job.identity()


@pytest.mark.parametrize(("name", "words"), [(JOB_FILE, "job file"), (DONE_FILE, "job record")])
@pytest.mark.parametrize("text", ["{}", "{", '{"job": 1}'])
def test_damaged_records_are_told(make_job: MakeJob, tmp_path: Path, name: str, words: str, text: str) -> None:
    job = make_job()
    write_json(tmp_path / JOB_FILE, job.model_dump(mode="json"))
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=words):
        finished(job, tmp_path)


def test_a_job_whose_process_died_goes_on_from_the_last_finished_epoch(make_job: MakeJob, tmp_path: Path) -> None:
    job, seen = make_job(4, die_at=3), []
    with pytest.raises(WorkError, match=r"ended from outside(.|\n)*exit code 9(.|\n)*log\.txt(.|\n)*goes on"):
        run_job(job, tmp_path, ignore)
    assert written_epochs(tmp_path) == [1, 2]
    assert finished(job, tmp_path) is None
    done = run_job(job, tmp_path, lambda epoch: seen.append(epoch.epoch))
    assert written_epochs(tmp_path) == [1, 2, 3, 4]
    assert seen == [1, 2, 3, 4]
    assert done.epochs == 4


def test_a_failure_is_told_in_the_words_of_the_detector(make_job: MakeJob, tmp_path: Path) -> None:
    with pytest.raises(WorkError, match=r"failed, as it was told to(.|\n)*epoch 2"):
        run_job(make_job(fail_at=2), tmp_path, ignore)
    assert "Traceback" in (tmp_path / LOG_FILE).read_text(encoding="utf-8")
    assert not (tmp_path / DONE_FILE).exists()


def test_a_wrong_input_stays_a_wrong_input_and_is_forgotten_when_mended(make_job: MakeJob, tmp_path: Path) -> None:
    """The worker finds the patients' list gone; when it is back, the same call runs through."""
    job = make_job()
    patients = job.dataset / "patients.csv"
    text = patients.read_text(encoding="utf-8")
    patients.write_text("image\n", encoding="utf-8")
    with pytest.raises(InputError, match="columns are wrong"):
        run_job(job, tmp_path, ignore)
    patients.write_text(text, encoding="utf-8")
    assert run_job(job, tmp_path, ignore).epochs == 2
    assert not (tmp_path / ERROR_FILE).exists()


def test_any_other_error_names_itself_and_the_log(make_job: MakeJob, tmp_path: Path) -> None:
    """An image without any box cannot be remembered: the fake fails with Python's own StopIteration."""
    job = make_job()
    for path in (job.dataset / "Annotations").glob("*.xml"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text[: text.index("  <object>")] + "</annotation>\n", encoding="utf-8")
    emptied = Dataset.load(job.dataset, classes=job.classes)
    job = job.model_copy(update={"fingerprint": emptied.fingerprint()})
    with pytest.raises(WorkError, match=r"training job failed(.|\n)*StopIteration(.|\n)*log\.txt"):
        run_job(job, tmp_path, ignore)


def test_annotations_that_changed_since_the_plan_are_refused(make_job: MakeJob, tmp_path: Path) -> None:
    """Somebody corrects a box during a long comparison: later folds must not learn from other boxes."""
    job = make_job()
    path = sorted((job.dataset / "Annotations").glob("*.xml"))[0]
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("<difficult>0", "<difficult>1"), encoding="utf-8")
    with pytest.raises(InputError, match="changed since the run was begun"):
        run_job(job, tmp_path / "job", ignore)
    assert not (tmp_path / "job").exists()


def test_a_worker_that_cannot_even_write_its_error_says_so(
    make_job: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk in the middle of a training."""
    write_json(tmp_path / JOB_FILE, make_job(fail_at=1).model_dump(mode="json"))

    def full(path: Path, value: object) -> None:
        raise WorkError("A file could not be written.", found="No space left on device", where=path)

    monkeypatch.setattr(worker, "write_json", full)
    assert worker.run(tmp_path) == CANNOT_WRITE


def test_stop_ends_the_worker_quickly_and_keeps_what_is_finished(make_job: MakeJob, tmp_path: Path) -> None:
    job, stop = make_job(LONG, epoch_seconds=0.5), threading.Event()

    def stop_at_once(_: Epoch) -> None:
        stop.set()

    began = time.monotonic()
    with pytest.raises(WorkError, match="ended from outside"):
        run_job(job, tmp_path, stop_at_once, stop)
    assert time.monotonic() - began < SOON
    assert 1 <= len(written_epochs(tmp_path)) < LONG


def test_an_error_in_progress_leaves_no_worker_behind(make_job: MakeJob, tmp_path: Path) -> None:
    def fail(_: Epoch) -> None:
        raise RuntimeError("the screen is gone")

    with pytest.raises(RuntimeError, match="screen"):
        run_job(make_job(LONG, epoch_seconds=0.5), tmp_path, fail)
    workers = [child for child in psutil.Process().children() if "spinedet.detect.worker" in child.cmdline()]
    assert not [worker for worker in workers if still_running(worker.pid)]


RUN = """
import sys
from pathlib import Path
from spinedet.detect.jobs import Job, run_job
run_job(Job.model_validate_json(Path(sys.argv[1]).read_text(encoding="utf-8")), Path(sys.argv[2]), lambda epoch: None)
"""


def parent(job: Job, folder: Path, home: Path) -> "subprocess.Popen[bytes]":
    """A process that runs the job, at home in an empty folder."""
    described = folder.with_suffix(".json")
    write_json(described, job.model_dump(mode="json"))
    home.mkdir(exist_ok=True)
    private = dict.fromkeys(("HOME", "USERPROFILE", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "TMPDIR", "TEMP"), str(home))
    words = [sys.executable, "-P", "-c", RUN, str(described), str(folder)]
    return subprocess.Popen(words, env={**os.environ, **private}, cwd=home)


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is for POSIX")
def test_a_worker_does_not_outlive_its_parent(make_job: MakeJob, tmp_path: Path) -> None:
    folder = tmp_path / "job"
    process = parent(make_job(LONG, epoch_seconds=0.5), folder, tmp_path / "home")
    try:
        assert wait_for((folder / PROGRESS_FILE).exists)
        (worker,) = psutil.Process(process.pid).children()
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert wait_for(lambda: not still_running(worker.pid))
    assert not (folder / DONE_FILE).exists()


def test_nothing_is_written_outside_the_job_folder(make_job: MakeJob, tmp_path: Path) -> None:
    job, home = make_job(), tmp_path / "home"
    before = sorted(job.dataset.rglob("*"))
    assert parent(job, tmp_path / "job", home).wait() == 0
    assert (tmp_path / "job" / DONE_FILE).exists()
    assert not list(home.rglob("*"))
    assert sorted(job.dataset.rglob("*")) == before


def test_a_folder_named_like_a_package_where_the_person_stands_is_not_imported(
    make_job: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "numpy.py").write_text("raise SystemExit('the wrong numpy')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert run_job(make_job(1), tmp_path / "job", ignore).epochs == 1


def test_the_environment_is_private_and_silent(tmp_path: Path) -> None:
    env = environment(tmp_path / "scratch", 3)
    assert {env[name] for name in ("HOME", "TMPDIR", "YOLO_CONFIG_DIR")} == {str((tmp_path / "scratch").resolve())}
    assert (env["YOLO_OFFLINE"], env["YOLO_AUTOINSTALL"], env["ORT_DISABLE_TELEMETRY"]) == ("true", "false", "1")
    assert env["OMP_NUM_THREADS"] == "3"


def line(number: int, loss: float = 1.0) -> str:
    return json.dumps(asdict(Epoch(number, 9, loss, 0.1))) + "\n"


def test_the_tail_tells_every_line_once_and_waits_for_a_whole_one(tmp_path: Path) -> None:
    seen: list[int] = []
    path = tmp_path / PROGRESS_FILE
    tail = _Tail(path, lambda epoch: seen.append(epoch.epoch))
    tail.read()
    path.write_text(line(1) + line(2)[:20], encoding="utf-8")
    tail.read()
    tail.read()
    assert seen == [1]
    path.write_text(line(1) + line(2) + line(3), encoding="utf-8")
    tail.read()
    assert seen == [1, 2, 3]


def test_of_an_epoch_trained_twice_the_later_counts(tmp_path: Path) -> None:
    (tmp_path / PROGRESS_FILE).write_text(line(1) + line(2, 5.0) + line(2, 4.0) + line(3), encoding="utf-8")
    assert [(epoch.epoch, epoch.loss) for epoch in read_progress(tmp_path)] == [(1, 1), (2, 4), (3, 1)]
    assert read_progress(tmp_path / "absent") == []


def test_a_line_cut_off_by_a_power_cut_costs_that_line_alone(make_job: MakeJob, tmp_path: Path) -> None:
    (tmp_path / PROGRESS_FILE).write_text(line(7, 5.0)[:-9], encoding="utf-8")
    done = run_job(make_job(2), tmp_path, ignore)
    assert [epoch.epoch for epoch in read_progress(tmp_path)] == [1, 2]
    assert done.epochs == 2
