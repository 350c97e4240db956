"""The lumbar phantom: a Pascal VOC data set of sagittal T2-like images with a box and a class for every disc."""

import csv
import io
import multiprocessing
import os
import shutil
import signal
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import yaml

from spinedet.annotations.errors import InputError, WorkError
from spinedet.annotations.files import write_bytes, write_text
from spinedet.annotations.voc import Annotation, write_voc
from spinedet.datasets.phantoms.pathology import CLASSES, PatientPlan, plan_patient
from spinedet.datasets.phantoms.scene import HEIGHT, WIDTH, PhantomImage, make_patient, render_slice

JPEG_QUALITY = 92
"""What a PACS exports by default, or better."""

MOST_JOBS = 61
"""Windows lets a process wait for no more."""

POOL_PATIENTS = 24
"""From here on a pool of processes is worth its start-up time."""

MAX_PATIENTS = 9999
"""Patients are named with four digits."""

DATABASE = "spinedet lumbar phantom (synthetic)"
"""What the annotations say about their source."""

Progress = Callable[[int, int], None]
"""Called with the number of finished patients and of all."""


def make_lumbar(
    out: Path, patients: int, seed: int = 0, progress: Progress | None = None, jobs: int | None = None
) -> Path:
    """Write a data set of invented patients; the same seed gives the same bytes, whatever `jobs` is.

    Args:
        out: The folder to make; it must not exist, or be empty.
        patients: How many patients, each with one to three images of 812 x 662 pixels.
        seed: Patient `i` depends on the seed and on `i` only, so a larger data set contains the smaller one.
        progress: Told after every patient.
        jobs: Processes; by default one a core, and one alone for few patients.

    Returns:
        The folder.

    Raises:
        InputError: An impossible number, or a folder that holds something; nothing is written.
        WorkError: The disk is full or a process was killed; nothing is left behind.
    """
    _check(out, patients, seed, jobs)
    with _built_whole(out) as folder:
        for name in ("JPEGImages", "Annotations"):
            (folder / name).mkdir()
        plans = [plan_patient(seed, number) for number in range(patients)]
        # Closing ends the workers before the folder is removed, or they would make it again.
        with closing(_write_patients(folder, patients, seed, jobs or _default_jobs(patients))) as steps:
            for done in steps:
                if progress:
                    progress(done, patients)
        _write_lists(folder, plans, seed)
    return out


def _check(out: Path, patients: int, seed: int, jobs: int | None) -> None:
    for what, value, least, most in (
        ("number of patients", patients, 1, MAX_PATIENTS),
        ("seed", seed, 0, None),
        ("number of processes", 1 if jobs is None else jobs, 1, None),
    ):
        if value < least or (most is not None and value > most):
            expected = f"{least} or more" if most is None else f"{least} to {most}"
            raise InputError(f"The phantom cannot have this {what}.", expected=expected, found=str(value))
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(
            "The phantom needs a folder of its own.",
            expected="a folder that does not exist yet, or an empty one",
            found="a folder that holds files" if out.is_dir() else "a file",
            where=out,
            todo="choose another --out, or delete this one first",
        )


def _default_jobs(patients: int) -> int:
    return min(os.cpu_count() or 1, MOST_JOBS) if patients >= POOL_PATIENTS else 1


@contextmanager
def _built_whole(out: Path) -> Iterator[Path]:
    """Yield a temporary folder beside `out`; on success it becomes `out` in one step, otherwise it is removed."""
    out = out.resolve()
    folder = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        folder.mkdir(parents=True)
        yield folder
        if out.exists():
            out.rmdir()
        folder.rename(out)
    except OSError as error:
        found = error.strerror or str(error)
        todo = "free space, or choose a folder you may write to"
        raise WorkError("The phantom could not be written.", found=found, where=out, todo=todo) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write_patients(folder: Path, patients: int, seed: int, jobs: int) -> Generator[int, None, None]:
    """Write all images and annotations; yields the number of finished patients."""
    write = partial(_write_patient, folder, seed)
    if jobs == 1:
        for number in range(patients):
            write(number)
            yield number + 1
        return
    context = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(jobs, mp_context=context, initializer=_start_worker) as pool:
            yield from (number + 1 for number, _ in enumerate(pool.map(write, range(patients), chunksize=4)))
    except BrokenProcessPool as error:
        todo = "close other programs if memory is short, and run it again"
        raise WorkError("A process that drew the phantom was killed.", where=folder.parent, todo=todo) from error


def _start_worker() -> None:
    """One thread a process; Ctrl-C is the parent's to handle."""
    cv2.setNumThreads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _write_patient(folder: Path, seed: int, number: int) -> None:
    """Draw and write all slices of one patient."""
    patient = make_patient(seed, number)
    for index in range(len(patient.plan.offsets)):
        _write_image(folder, render_slice(patient, index))


def _write_image(folder: Path, image: PhantomImage) -> None:
    _, jpeg = cv2.imencode(".jpg", image.pixels, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    write_bytes(folder / "JPEGImages" / f"{image.stem}.jpg", jpeg.tobytes())
    drawn = tuple(replace(thing, box=thing.box.whole()) for thing in image.objects)  # as a person's tool would
    annotation = Annotation(f"{image.stem}.jpg", WIDTH, HEIGHT, drawn, database=DATABASE)
    write_voc(folder / "Annotations" / f"{image.stem}.xml", annotation)


def _write_lists(folder: Path, plans: list[PatientPlan], seed: int) -> None:
    """The files that describe the set as a whole."""
    write_text(
        folder / "ImageSets" / "Main" / "all.txt", "".join(f"{stem}\n" for plan in plans for stem in plan.images)
    )
    with closing(io.StringIO(newline="")) as table:
        rows = csv.writer(table, lineterminator="\n")
        rows.writerow(["image", "patient"])
        rows.writerows([stem, plan.patient] for plan in plans for stem in plan.images)
        write_text(folder / "patients.csv", table.getvalue())
    write_text(folder / "dataset.yaml", yaml.safe_dump(_card(len(plans), seed), sort_keys=False, width=1000))


def _card(patients: int, seed: int) -> dict[str, object]:
    return {
        "name": "lumbar phantom",
        "classes": list(CLASSES),
        "modality": "MR, sagittal, T2-like",
        "licence": "Apache-2.0",
        "source": f"synthetic (no real patient): spinedet phantom lumbar --patients {patients} --seed {seed}",
    }
