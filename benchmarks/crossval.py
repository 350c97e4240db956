"""Cross-validation: every detector on every fold, one process a job, finished jobs kept and never done twice."""

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from spinedet.annotations.errors import InputError, SpinedetError, WorkError
from spinedet.annotations.files import read_json, write_json
from spinedet.benchmarks.results import FoldOutcome, Results, summarise, write_results
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.folds import Fold, Folds, load_folds, save_folds
from spinedet.detect.contract import Epoch, Settings
from spinedet.detect.download import weights_sha256, with_local_weights
from spinedet.detect.jobs import DONE_FILE, JOB_FILE, PREDICTIONS_FILE, Done, Job, finished, remove_empty, run_job
from spinedet.detect.machine import cores, machine, peak_memory_mb, versions
from spinedet.detect.predictions import read_predictions
from spinedet.detect.registry import get_detector

FOLDS_FILE, RESULTS_FILE, RUN_FILE = "folds.json", "results.json", "run.json"
WEIGHTS_FOLDER = "weights"


@dataclass(frozen=True)
class Plan:
    """What a benchmark compares.

    Attributes:
        folds: The parts; the same for every detector.
        settings: Settings of each detector, by name, in the order of the tables.
        jobs: Jobs that run at the same time.
        command: The command line that made the plan, for the report; without paths of the machine.
        whole_image: Images have one answer each, and jobs keep their class scores.
    """

    folds: Folds
    settings: Mapping[str, Settings]
    jobs: int = 1
    command: str = ""
    whole_image: bool = False


class Listener(Protocol):
    """Hears what happens to each job; `name` is `<detector>/fold<k>`. Called from several threads."""

    def note(self, text: str) -> None:
        """Something a person should know before it happens."""
        ...

    def epoch(self, name: str, epoch: Epoch) -> None:
        """An epoch is finished."""
        ...

    def done(self, name: str, done: Done) -> None:
        """A job is finished, now or in an earlier run."""
        ...

    def failed(self, name: str, error: SpinedetError) -> None:
        """A job failed; the others go on."""
        ...


@dataclass
class _Run:
    """The jobs of a plan, and the state that its threads share."""

    dataset: Dataset
    plan: Plan
    out: Path
    listener: Listener
    stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.weights = {name: weights_sha256(settings) for name, settings in self.plan.settings.items()}

    def jobs(self) -> Iterator[tuple[str, Job]]:
        """Fold by fold, so that an interrupted comparison compares on the folds it has."""
        for fold in self.plan.folds.folds:
            for name in self.plan.settings:
                yield f"{name}/fold{fold.number}", self._job(name, fold)

    def _job(self, name: str, fold: Fold) -> Job:
        return Job(
            settings=self.plan.settings[name],
            dataset=self.dataset.folder,
            fingerprint=self.dataset.fingerprint(),
            classes=self.dataset.classes,
            train=fold.train,
            val=fold.val,
            test=fold.test,
            each_image_is_a_patient=self.plan.folds.grouped_by == "image",
            weights_sha256=self.weights[name],
            threads=max(1, cores() // self.plan.jobs),
            whole_image=self.plan.whole_image,
        )

    def run(self, name: str, job: Job) -> None:
        """Run one job and tell the listener; a wrong input ends the whole run."""
        if self.stop.is_set():
            return
        try:
            done = run_job(job, self.out / name, lambda epoch: self.listener.epoch(name, epoch), self.stop)
        except SpinedetError as error:
            if self.stop.is_set():
                return
            if isinstance(error, InputError):
                self.stop.set()
            self.listener.failed(name, error)
            raise
        self.listener.done(name, done)


def run_benchmark(dataset: Dataset, plan: Plan, out: Path, listener: Listener) -> Results:
    """Train and judge every detector on every fold, and write `results.json`.

    The run folder can be used again with the same plan: finished jobs are kept, the others go on. Ctrl-C ends the
    workers and keeps what they have finished.

    Raises:
        InputError: The plan is impossible, or the folder holds another run; nothing was written then.
        WorkError: Jobs failed; the results of the others are written.
    """
    for settings in plan.settings.values():
        get_detector(settings.detector).check(settings)
    _check_folder(dataset, plan, out)
    plan = replace(plan, settings=_local(plan.settings, out, listener))
    run = _Run(dataset, plan, out, listener)
    jobs = list(run.jobs())
    for name, job in jobs:
        finished(job, out / name)
    save_folds(out / FOLDS_FILE, plan.folds, dataset)
    write_json(out / RUN_FILE, {"command": _commands(plan, out)})
    failures = _run_all(run, jobs)
    results = collect(dataset, plan, out)
    write_results(out / RESULTS_FILE, results)
    if failures:
        raise _sum_up(failures, len(jobs), out)
    return results


def _commands(plan: Plan, out: Path) -> str:
    """The commands that made a run folder, one a line; another one may have added detectors to it."""
    path = out / RUN_FILE
    before = str(read_json(path, "record of a run").get("command", "")).splitlines() if path.exists() else []
    return "\n".join(dict.fromkeys([*before, plan.command]))


def _local(settings: Mapping[str, Settings], out: Path, listener: Listener) -> dict[str, Settings]:
    return {name: with_local_weights(one, out / WEIGHTS_FOLDER, listener.note) for name, one in settings.items()}


def _check_folder(dataset: Dataset, plan: Plan, out: Path) -> None:
    """Refuse a folder that holds something else."""
    folds_file = out / FOLDS_FILE
    if folds_file.exists():
        if load_folds(folds_file, dataset).folds != plan.folds.folds:
            raise InputError(
                "The output folder holds a run with other folds.",
                expected="the same seed, number of folds and images",
                where=folds_file,
                todo="choose another --out, or give --folds-file with that file to add to the run",
            )
    elif out.is_file() or (out.exists() and any(entry.name != WEIGHTS_FOLDER for entry in out.iterdir())):
        raise InputError(
            "The output folder is not empty and holds no run.",
            expected=f"a new folder, or one with {FOLDS_FILE}",
            where=out,
            todo="choose another --out",
        )


def _run_all(run: _Run, jobs: list[tuple[str, Job]]) -> list[SpinedetError]:
    """Run the jobs, some at a time; returns the errors of those that failed."""
    with ThreadPoolExecutor(run.plan.jobs) as pool:
        futures: list[Future[None]] = [pool.submit(run.run, name, job) for name, job in jobs]
        try:
            while wait(futures, timeout=1).not_done:  # without a timeout Windows would not hear Ctrl-C
                continue
        except KeyboardInterrupt:
            run.stop.set()
            raise
    errors = [error for future in futures if (error := future.exception()) is not None]
    for error in errors:
        if not isinstance(error, WorkError):
            _forget(run)
            raise error
    return [error for error in errors if isinstance(error, SpinedetError)]


def _forget(run: _Run) -> None:
    """A run that a wrong input stopped before any job had begun leaves nothing behind."""
    if any((run.out / name / JOB_FILE).exists() for name, _ in run.jobs()):
        return
    for name in (FOLDS_FILE, RUN_FILE):
        (run.out / name).unlink(missing_ok=True)
    for name in run.plan.settings:
        remove_empty(run.out / name)
    remove_empty(run.out)


def _sum_up(failures: list[SpinedetError], jobs: int, out: Path) -> WorkError:
    return WorkError(
        f"{len(failures)} of {jobs} jobs failed; the first:\n{failures[0]}",
        where=out,
        todo="mend the cause and run the command again: finished jobs are kept",
    )


def collect(dataset: Dataset, plan: Plan, out: Path) -> Results:
    """The results of all finished jobs of a run folder, also of detectors that an earlier plan put there."""
    settings = {**plan.settings, **_earlier(dataset, plan, out)}
    outcomes: dict[str, list[FoldOutcome]] = {name: [] for name in settings}
    for name in settings:
        for fold in plan.folds.folds:
            folder = out / name / f"fold{fold.number}"
            if (folder / DONE_FILE).exists():
                outcomes[name].append(_outcome(dataset.subset(fold.test), fold.number, folder))
    facts: dict[str, Any] = {**machine(), "jobs": plan.jobs, "coordinator_peak_memory_mb": round(peak_memory_mb(), 1)}
    shown = {name: one.public() for name, one in settings.items()}
    return summarise(dataset, plan.folds, outcomes, shown, machine=facts, versions=_versions(outcomes))


def _earlier(dataset: Dataset, plan: Plan, out: Path) -> dict[str, Settings]:
    """Settings of the detectors in a run folder that the plan does not name, if they saw the same annotations."""
    done = sorted(path.parent for path in out.glob(f"*/fold*/{DONE_FILE}"))
    jobs = {folder.parent.name: Job.read(folder) for folder in done if folder.parent.name not in plan.settings}
    same = dataset.fingerprint()
    return {name: job.settings for name, job in jobs.items() if job.fingerprint == same}


def _outcome(test: Dataset, fold: int, folder: Path) -> FoldOutcome:
    done = Done.model_validate_json((folder / DONE_FILE).read_text(encoding="utf-8"))
    return FoldOutcome(fold, read_predictions(folder / PREDICTIONS_FILE, test), done.model_dump())


def _versions(outcomes: Mapping[str, list[FoldOutcome]]) -> dict[str, str]:
    """Versions of the base packages here and of the frameworks in the jobs."""
    found = versions()
    for rows in outcomes.values():
        for outcome in rows:
            found |= outcome.done["versions"]
    return found
