"""How any phantom becomes a folder: its patients drawn by a pool of processes, the folder whole or not there at all."""

import csv
import io
import multiprocessing
import os
import signal
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray

from spinedet.annotations.errors import InputError, WorkError
from spinedet.annotations.files import write_bytes, write_text
from spinedet.annotations.voc import Annotation, VocObject, write_voc
from spinedet.datasets.convert.folders import check_new, new_folder
from spinedet.datasets.dataset import ANNOTATIONS, IMAGES
from spinedet.datasets.patients import COLUMNS, PATIENTS
from spinedet.datasets.phantoms.people import MAX_PATIENTS

JPEG_QUALITY = 92
"""What a PACS exports by default, or better."""

MOST_JOBS = 61
"""Windows lets a process wait for no more."""

POOL_PATIENTS = 24
"""From here on a pool of processes is worth its start-up time."""

Progress = Callable[[int, int], None]
"""Called with the number of finished patients and of all."""


class Recipe(Protocol):
    """One kind of phantom, with its seed; it travels to other processes."""

    @property
    def seed(self) -> int:
        """The same seed makes the same files."""

    def write_patient(self, folder: Path, number: int) -> None:
        """Draw and write the images and annotations of patient `number` (from 0)."""

    def write_lists(self, folder: Path, patients: int) -> None:
        """Write the files that describe the set as a whole."""


def make_phantom(
    recipe: Recipe, out: Path, patients: int, progress: Progress | None = None, jobs: int | None = None
) -> Path:
    """Write a data set of invented patients; the same recipe gives the same bytes, whatever `jobs` is.

    Args:
        recipe: What to draw.
        out: The folder to make; it must not exist, or be empty.
        patients: How many patients.
        progress: Told after every patient.
        jobs: Processes; by default one a core, and one alone for few patients.

    Returns:
        The folder.

    Raises:
        InputError: An impossible number, or a folder that holds something; nothing is written.
        WorkError: The disk is full or a process was killed; nothing is left behind.
    """
    _check(patients, recipe.seed, jobs)
    check_new(out, empty=True)
    with new_folder(out, empty=True) as folder:
        for name in (IMAGES, ANNOTATIONS):
            (folder / name).mkdir()
        # Closing ends the workers before the folder is removed, or they would make it again.
        with closing(_write_patients(recipe, folder, patients, jobs or _default_jobs(patients))) as steps:
            for done in steps:
                if progress:
                    progress(done, patients)
        recipe.write_lists(folder, patients)
    return out


def _check(patients: int, seed: int, jobs: int | None) -> None:
    for what, value, least, most in (
        ("number of patients", patients, 1, MAX_PATIENTS),
        ("seed", seed, 0, None),
        ("number of processes", 1 if jobs is None else jobs, 1, None),
    ):
        if value < least or (most is not None and value > most):
            expected = f"{least} or more" if most is None else f"{least} to {most}"
            raise InputError(f"The phantom cannot have this {what}.", expected=expected, found=str(value))


def _default_jobs(patients: int) -> int:
    return min(os.cpu_count() or 1, MOST_JOBS) if patients >= POOL_PATIENTS else 1


def _write_patients(recipe: Recipe, folder: Path, patients: int, jobs: int) -> Generator[int, None, None]:
    """Write all images and annotations; yields the number of finished patients."""
    write = partial(recipe.write_patient, folder)
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


def write_image(
    folder: Path, stem: str, pixels: NDArray[np.uint8], objects: tuple[VocObject, ...], phantom: str
) -> None:
    """Write a grey image (H, W) and its annotation, which says of which phantom it is."""
    _, jpeg = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    write_bytes(folder / IMAGES / f"{stem}.jpg", jpeg.tobytes())
    height, width = pixels.shape
    database = f"spinedet {phantom} phantom (synthetic)"
    write_voc(
        folder / ANNOTATIONS / f"{stem}.xml", Annotation(f"{stem}.jpg", width, height, objects, database=database)
    )


def write_mask(path: Path, mask: NDArray[np.uint8]) -> None:
    """Write a label image (H, W) as it is."""
    _, png = cv2.imencode(".png", mask)
    write_bytes(path, png.tobytes())


def write_table(path: Path, rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV table, its header in the first row."""
    with closing(io.StringIO(newline="")) as table:
        csv.writer(table, lineterminator="\n").writerows(rows)
        write_text(path, table.getvalue())


def dataset_card(
    phantom: str, classes: Sequence[str], modality: str, patients: int, seed: int, hard: bool = False
) -> dict[str, object]:
    """What `dataset.yaml` says of a phantom: that nobody stands behind it, and the command that makes it again."""
    name, option = (f"{phantom} phantom, hard", " --hard") if hard else (f"{phantom} phantom", "")
    command = f"spinedet phantom {phantom} --patients {patients} --seed {seed}{option}"
    return {
        "name": name,
        "classes": list(classes),
        "modality": modality,
        "licence": "Apache-2.0",
        "source": f"synthetic (no real patient): {command}",
    }


def write_dataset_lists(folder: Path, owners: Sequence[tuple[str, str]], card: dict[str, object]) -> None:
    """Write the image list, `patients.csv` and `dataset.yaml`.

    Args:
        folder: The dataset.
        owners: The stem and the patient of every image.
        card: What `dataset.yaml` says.
    """
    write_text(folder / "ImageSets" / "Main" / "all.txt", "".join(f"{stem}\n" for stem, _ in owners))
    write_table(folder / PATIENTS, [COLUMNS, *owners])
    write_text(folder / "dataset.yaml", yaml.safe_dump(card, sort_keys=False, width=1000))
