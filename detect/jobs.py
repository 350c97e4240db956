"""Training jobs, seen from the process that started them: one job is one detector on one fold, in a process of its own.

A finished job leaves `done.json`; asking for it again costs nothing. An unfinished one goes on where it stopped.
"""

import hashlib
import json
import os
import shutil
import site
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from spinedet.annotations.errors import InputError, SpinedetError, WorkError
from spinedet.annotations.files import read_json, write_json
from spinedet.detect.contract import Epoch, Progress, Settings
from spinedet.detect.modelfile import CARD_FILE
from spinedet.detect.runtime import NO_TELEMETRY

JOB_FILE, DONE_FILE, ERROR_FILE = "job.json", "done.json", "error.json"
PROGRESS_FILE, LOG_FILE, PREDICTIONS_FILE = "progress.jsonl", "log.txt", "predictions.json"
SCORES_FILE = "class_scores.json"
"""The class scores of whole images: by part (`val`, `test`) and image, one number a class, adding up to 1."""

MODEL_FOLDER, SCRATCH_FOLDER = "model", "scratch"

CANNOT_WRITE = 4
"""Exit code of a worker that could not even write its error."""

POLL_SECONDS = 0.2
"""How often a running job's progress is read."""

PATIENCE_SECONDS = 10
"""How long a worker may take to end once it is asked to."""


class Job(BaseModel):
    """What a worker has to know.

    Attributes:
        settings: Detector and training settings.
        dataset: The dataset folder.
        fingerprint: Of the whole dataset, so that a job of changed annotations is not taken for finished.
        classes: The classes in order.
        train, val, test: Image names of the three parts; without `test` nothing is predicted.
        each_image_is_a_patient: As in `Dataset.load`.
        weights_sha256: Of the start weights, so that other weights of the same file name make another job.
        threads: Processor threads for the framework.
        whole_image: An image has one answer: its class scores are kept, of the validation part too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    settings: Settings
    dataset: Path
    fingerprint: str
    classes: tuple[str, ...]
    train: tuple[str, ...]
    val: tuple[str, ...] = ()
    test: tuple[str, ...] = ()
    each_image_is_a_patient: bool = False
    weights_sha256: str = ""
    threads: int = 1
    whole_image: bool = False

    def identity(self) -> str:
        """A hash of all that decides the result: not of where files lie, nor of the number of threads."""
        told = self.model_copy(update={"settings": self.settings.public()})
        rows = told.model_dump(mode="json", exclude={"dataset", "threads"})
        if not self.whole_image:
            del rows["whole_image"]  # jobs of releases that did not know it are the same jobs
        return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read `job.json` of a job folder.

        Raises:
            InputError: It is missing, damaged, or of another release.
        """
        path = folder / JOB_FILE
        try:
            return cls.model_validate(read_json(path, "job file"))
        except ValidationError as error:
            todo = "choose another --out, or delete that folder to start again"
            raise InputError("A job file is damaged, or of another release.", where=path, todo=todo) from error


class Milliseconds(BaseModel):
    """Time an image, from file to boxes."""

    median: float
    p90: float


class Done(BaseModel):
    """What a finished job says of itself (`done.json`)."""

    job: str
    detector: str
    epochs: int
    train_seconds: float
    predict_ms_per_image: Milliseconds | None
    peak_memory_mb: float
    versions: dict[str, str]


class Failure(BaseModel):
    """What a failed worker says (`error.json`)."""

    kind: Literal["input", "work"]
    text: str


def finished(job: Job, folder: Path) -> Done | None:
    """The record of a finished job, or None if it still has to run.

    Raises:
        InputError: The folder holds another job (other settings, images or annotations).
    """
    if (folder / JOB_FILE).exists() and Job.read(folder).identity() != job.identity():
        raise InputError(
            "The output folder holds another run.",
            expected="the same dataset, folds and settings",
            found=_difference(Job.read(folder), job),
            where=folder / JOB_FILE,
            todo="choose another --out, or delete that folder to start again",
        )
    if not (folder / DONE_FILE).exists():
        return None
    try:
        done = Done.model_validate(read_json(folder / DONE_FILE, "job record"))
    except ValidationError as error:
        where = folder / DONE_FILE
        raise InputError("A job record is damaged.", where=where, todo="delete it; the job runs again") from error
    left = [f"{MODEL_FOLDER}/{CARD_FILE}", *([PREDICTIONS_FILE] if job.test else [])]
    left += [SCORES_FILE] if job.test and job.whole_image else []
    whole = done.job == job.identity() and all((folder / name).exists() for name in left)
    return done if whole else None


def _difference(old: Job, new: Job) -> str:
    """The first thing in which two jobs differ."""
    was, now = ({**job.settings.public().model_dump(), **job.model_dump(exclude={"settings"})} for job in (old, new))
    names = [name for name in was if repr(was[name]) != repr(now[name]) and name not in ("dataset", "threads")]
    short = [name for name in names if len(str(was[name])) + len(str(now[name])) < 100]
    return f"{short[0]} was {was[short[0]]}, is {now[short[0]]}" if short else f"another {names[0]}"


def run_job(job: Job, folder: Path, progress: Progress, stop: threading.Event | None = None) -> Done:
    """Run a job in a process of its own and wait for it; a finished one is not run again.

    Args:
        job: What to do.
        folder: The job folder; made if missing.
        progress: Called for every epoch, also for those of an earlier, interrupted run.
        stop: When set, the worker is ended; what it has finished is kept.

    Raises:
        InputError: As the detector's `train`, or the folder holds another job.
        WorkError: The worker failed or was killed; the message names its log.
    """
    if done := finished(job, folder):
        return done
    write_json(folder / JOB_FILE, job.model_dump(mode="json"))
    (folder / ERROR_FILE).unlink(missing_ok=True)
    with (folder / LOG_FILE).open("ab") as log:
        worker = _start(folder, job.threads, log)
        try:
            _wait(worker, _Tail(folder / PROGRESS_FILE, progress), stop)
        finally:
            _end(worker)
    if worker.returncode != 0:
        raise _failed(folder, worker.returncode)
    done = finished(job, folder)
    if done is None:
        raise WorkError("A job ended without a record.", where=folder / LOG_FILE)
    return done


def _start(folder: Path, threads: int, log: Any) -> "subprocess.Popen[bytes]":
    """Start the worker apart from the terminal, so that Ctrl-C reaches this process alone.

    The worker's standard input stays open as long as this process lives; its end tells the worker to end too.
    """
    apart: dict[str, Any]
    if sys.platform == "win32":
        apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    else:
        apart = {"start_new_session": True}
    return subprocess.Popen(
        # -P: the folder the person stands in may hold a `datasets` of its own, which must not be imported.
        [sys.executable, "-P", "-m", "spinedet.detect.worker", str(folder)],
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=subprocess.STDOUT,
        env=environment(folder / SCRATCH_FOLDER, threads),
        **apart,
    )


def environment(scratch: Path, threads: int) -> dict[str, str]:
    """The worker's environment: frameworks find their home inside the job folder, and no permission to call home."""
    home = str(scratch.resolve())
    private = (
        "HOME",
        "USERPROFILE",
        "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME",
        "MPLCONFIGDIR",
        "TORCH_HOME",
        "TMPDIR",
        "TEMP",
    )
    scratch.mkdir(parents=True, exist_ok=True)
    return {
        **os.environ,
        **dict.fromkeys(private, home),
        "YOLO_CONFIG_DIR": home,
        "YOLO_OFFLINE": "true",
        "YOLO_AUTOINSTALL": "false",
        "ULTRALYTICS_API_KEY": "",  # with a key, ultralytics would report every training to its platform
        "PYTHONUSERBASE": site.getuserbase(),
        "PYTHONUTF8": "1",
        "OMP_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        "GLOG_minloglevel": "2",
        NO_TELEMETRY: "1",
    }


def _wait(worker: "subprocess.Popen[bytes]", tail: "_Tail", stop: threading.Event | None) -> None:
    while worker.poll() is None and not (stop and stop.is_set()):
        tail.read()
        time.sleep(POLL_SECONDS)
    tail.read()


def _end(worker: "subprocess.Popen[bytes]") -> None:
    """Leave no worker behind."""
    if worker.poll() is None:
        worker.terminate()
        try:
            worker.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()
    if worker.stdin:
        worker.stdin.close()


def _failed(folder: Path, code: int) -> SpinedetError:
    """The error of a worker; a job that a wrong input stopped before its first epoch leaves nothing behind."""
    error = _failure(folder, code)
    if isinstance(error, InputError) and not (folder / PROGRESS_FILE).exists():
        for name in (JOB_FILE, LOG_FILE, ERROR_FILE):
            (folder / name).unlink(missing_ok=True)
        shutil.rmtree(folder / SCRATCH_FOLDER, ignore_errors=True)
        remove_empty(folder)
    return error


def remove_empty(folder: Path) -> None:
    """Remove a folder if nothing is in it."""
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _failure(folder: Path, code: int) -> SpinedetError:
    log = folder / LOG_FILE
    if (folder / ERROR_FILE).exists():
        failure = Failure.model_validate(read_json(folder / ERROR_FILE, "failure record"))
        kind: Callable[..., SpinedetError] = InputError if failure.kind == "input" else WorkError
        return kind(failure.text)
    if code == CANNOT_WRITE:
        todo = "free space and run the command again: it goes on from the last finished epoch"
        return WorkError("A training process could not write into its folder.", where=folder, todo=todo)
    found = f"signal {-code}" if code < 0 else f"exit code {code}"
    return WorkError(
        "A training process was ended from outside.",
        found=f"{found} (often the system is out of memory)",
        where=log,
        todo="run the command again: it goes on from the last finished epoch; a smaller --batch needs less memory",
    )


class _Tail:
    """Reads what is new in a progress file."""

    def __init__(self, path: Path, progress: Progress):
        self._path, self._progress, self._place = path, progress, 0

    def read(self) -> None:
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._place)
            new = file.read()
        whole = new[: new.rfind(b"\n") + 1]
        self._place += len(whole)
        for epoch in _epochs(whole.decode()):
            self._progress(epoch)


def _epochs(text: str) -> Iterator[Epoch]:
    """The epochs of progress lines; one that a crash has cut off is passed over."""
    for line in text.splitlines():
        try:
            yield Epoch(**json.loads(line))
        except ValueError:
            continue


def read_progress(folder: Path) -> list[Epoch]:
    """The finished epochs of a job; of one that was trained twice (after an interruption), the later."""
    path = folder / PROGRESS_FILE
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    epochs = {epoch.epoch: epoch for epoch in _epochs(text)}
    return [epochs[number] for number in sorted(epochs)]
