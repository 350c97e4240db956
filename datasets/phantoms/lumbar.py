"""The lumbar phantom: a Pascal VOC data set of sagittal T2-like images with a box and a class for every disc."""

from dataclasses import dataclass, replace
from pathlib import Path

from spinedet.annotations.voc import Annotation, write_voc
from spinedet.datasets.dataset import ANNOTATIONS, IMAGES
from spinedet.datasets.phantoms.making import Progress, make_phantom, write_dataset_lists, write_jpeg
from spinedet.datasets.phantoms.pathology import CLASSES, plan_patient
from spinedet.datasets.phantoms.scene import HEIGHT, WIDTH, PhantomImage, make_patient, render_slice

DATABASE = "spinedet lumbar phantom (synthetic)"
"""What the annotations say about their source."""


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
    return make_phantom(LumbarRecipe(seed), out, patients, progress, jobs)


@dataclass(frozen=True, slots=True)
class LumbarRecipe:
    """The lumbar phantom of one seed; see `making.Recipe`."""

    seed: int

    def write_patient(self, folder: Path, number: int) -> None:
        """Draw and write all slices of one patient."""
        patient = make_patient(self.seed, number)
        for index in range(len(patient.plan.offsets)):
            _write_image(folder, render_slice(patient, index))

    def write_lists(self, folder: Path, patients: int) -> None:
        """The files that describe the set as a whole."""
        plans = (plan_patient(self.seed, number) for number in range(patients))
        owners = [(stem, plan.patient) for plan in plans for stem in plan.images]
        write_dataset_lists(folder, owners, _card(patients, self.seed))


def _write_image(folder: Path, image: PhantomImage) -> None:
    write_jpeg(folder / IMAGES / f"{image.stem}.jpg", image.pixels)
    drawn = tuple(replace(thing, box=thing.box.whole()) for thing in image.objects)  # as a person's tool would
    annotation = Annotation(f"{image.stem}.jpg", WIDTH, HEIGHT, drawn, database=DATABASE)
    write_voc(folder / ANNOTATIONS / f"{image.stem}.xml", annotation)


def _card(patients: int, seed: int) -> dict[str, object]:
    return {
        "name": "lumbar phantom",
        "classes": list(CLASSES),
        "modality": "MR, sagittal, T2-like",
        "licence": "Apache-2.0",
        "source": f"synthetic (no real patient): spinedet phantom lumbar --patients {patients} --seed {seed}",
    }
