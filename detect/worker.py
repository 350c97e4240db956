"""The process that runs one job: `python -m spinedet.detect.worker FOLDER`. Started by `spinedet.detect.jobs`."""

import json
import os
import shutil
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from spinedet.annotations.errors import InputError, SpinedetError
from spinedet.annotations.files import read_json, write_json
from spinedet.datasets.dataset import Dataset
from spinedet.detect.contract import Detections, Epoch
from spinedet.detect.image_scores import shares
from spinedet.detect.jobs import (
    CANNOT_WRITE,
    DONE_FILE,
    ERROR_FILE,
    LOG_FILE,
    MODEL_FOLDER,
    PREDICTIONS_FILE,
    PROGRESS_FILE,
    SCORES_FILE,
    SCRATCH_FOLDER,
    Done,
    Failure,
    Job,
    Milliseconds,
    read_progress,
)
from spinedet.detect.machine import peak_memory_mb, versions
from spinedet.detect.modelfile import CARD_FILE
from spinedet.detect.predictions import write_predictions
from spinedet.detect.registry import get_detector
from spinedet.detect.runtime import Model


def main() -> int:
    """Run the job of the folder given as the only argument; the exit code is 0 when `done.json` stands."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    return run(Path(sys.argv[1]))


def run(folder: Path) -> int:
    """Run a job; a failure is told in `error.json`, or by the exit code alone where the disk has no room for it."""
    try:
        _work(folder)
    except Exception as error:
        traceback.print_exc()
        try:
            write_json(folder / ERROR_FILE, _failure(error, folder).model_dump())
        except SpinedetError:
            return CANNOT_WRITE
        return 1
    return 0


def _end_with_parent() -> None:
    """Standard input ends when the parent does, however it ends; then this process must not train on alone."""
    while os.read(sys.stdin.fileno(), 1):
        continue
    os._exit(3)


def _failure(error: Exception, folder: Path) -> Failure:
    if isinstance(error, SpinedetError):
        return Failure(kind="input" if isinstance(error, InputError) else "work", text=str(error))
    told = f"A training job failed.\n  found: {type(error).__name__}: {error}\n  where: {folder / LOG_FILE}"
    return Failure(kind="work", text=told)


def _work(folder: Path) -> None:
    job = Job.read(folder)
    dataset = _load(job)
    if not (folder / MODEL_FOLDER / CARD_FILE).exists():
        val = dataset.subset(job.val) if job.val else None
        detector = get_detector(job.settings.detector)
        detector.train(dataset.subset(job.train), val, job.settings, folder, _Recorder(folder / PROGRESS_FILE))
    earlier = _earlier_peak(folder / DONE_FILE)
    speed = _predict(folder, job, dataset.subset(job.test)) if job.test else None
    if job.test and job.whole_image:
        _score(folder, job, dataset)
    epochs = read_progress(folder)
    done = Done(
        job=job.identity(),
        detector=job.settings.detector,
        epochs=len(epochs),
        train_seconds=round(sum(epoch.seconds for epoch in epochs), 2),
        predict_ms_per_image=speed,
        peak_memory_mb=max(round(peak_memory_mb(), 1), earlier),
        versions=versions("torch", "ultralytics", "paddlepaddle", "paddledet", "onnx"),
    )
    shutil.rmtree(folder / SCRATCH_FOLDER, ignore_errors=True)
    write_json(folder / DONE_FILE, done.model_dump(mode="json"))


def _earlier_peak(record: Path) -> float:
    """What an earlier process of this job needed, where it left a record (it trained; this one may only predict)."""
    return float(read_json(record, "job record")["peak_memory_mb"]) if record.exists() else 0.0


def _load(job: Job) -> Dataset:
    """The images of this job, and no others: a list may have chosen among the folder's.

    Raises:
        InputError: Somebody has changed the annotations since the job was made.
    """
    dataset = Dataset.load(
        job.dataset,
        classes=job.classes,
        images=(*job.train, *job.val, *job.test),
        each_image_is_a_patient=job.each_image_is_a_patient,
    )
    if dataset.fingerprint() != job.fingerprint:
        raise InputError(
            "The annotations have changed since the run was begun.",
            expected=f"fingerprint {job.fingerprint[:12]}…",
            found=f"fingerprint {dataset.fingerprint()[:12]}…",
            where=job.dataset,
            todo="restore them to go on with this run, or choose another --out",
        )
    return dataset


class _Recorder:
    """Appends every finished epoch to the progress file."""

    def __init__(self, path: Path):
        self._path = path
        if path.exists() and not path.read_bytes().endswith(b"\n"):
            self._append("")  # a crash has cut the last line off: begin a new one

    def __call__(self, epoch: Epoch) -> None:
        self._append(json.dumps(asdict(epoch)))

    def _append(self, line: str) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def _predict(folder: Path, job: Job, test: Dataset) -> Milliseconds:
    """Predict the test part with the exported model and time it, file to boxes, one image at a time."""
    model = Model.load(folder / MODEL_FOLDER, threads=job.threads)
    found: dict[str, Detections] = {}
    times = []
    for item in test.items:
        assert item.path is not None  # loaded with images
        began = time.perf_counter()
        found[item.image] = model.predict([item.path])[0]
        times.append(1000 * (time.perf_counter() - began))
    write_predictions(folder / PREDICTIONS_FILE, found, job.classes)
    counted = times[1:] or times  # the first prediction warms up
    return Milliseconds(median=round(float(np.median(counted)), 2), p90=round(float(np.percentile(counted, 90)), 2))


def _score(folder: Path, job: Job, dataset: Dataset) -> None:
    """Write the class scores of the validation and the test part, from the raw cells: no low score is lost."""
    model = Model.load(folder / MODEL_FOLDER, threads=job.threads)
    parts = {"val": job.val, "test": job.test}
    rows = {part: shares(model.class_scores(_paths(dataset, images))) for part, images in parts.items()}
    kept = {part: dict(zip(parts[part], scores.tolist(), strict=True)) for part, scores in rows.items()}
    write_json(folder / SCORES_FILE, {"classes": list(job.classes), **kept})


def _paths(dataset: Dataset, images: Sequence[str]) -> list[Path]:
    return [path for image in images if (path := dataset[image].path) is not None]


if __name__ == "__main__":
    sys.exit(main())
