"""The thigh phantom as a Pascal VOC data set: one box of the whole image an image, the lesion's mask beside it."""

from dataclasses import dataclass
from pathlib import Path

from spinedet.annotations.boxes import Box
from spinedet.annotations.voc import Annotation, VocObject, write_voc
from spinedet.datasets.dataset import ANNOTATIONS, IMAGES
from spinedet.datasets.phantoms.making import (
    Progress,
    make_phantom,
    write_dataset_lists,
    write_jpeg,
    write_mask,
    write_table,
)
from spinedet.datasets.phantoms.thigh.anatomy import HEIGHT, WIDTH
from spinedet.datasets.phantoms.thigh.patterns import CLASSES
from spinedet.datasets.phantoms.thigh.plan import EASY, HARD, PatientPlan, Setting, plan_patient
from spinedet.datasets.phantoms.thigh.scene import ThighImage, make_patient, render_image

DATABASE = "spinedet thigh phantom (synthetic)"
"""What the annotations say about their source."""

MASKS, REGIONS = "Masks", "Regions"
"""Folders of the lesion's mask (0 none, 1 lesion) and of the legs' (0, 1 on the image's left, 2 on its right)."""

TRUTH = "phantom.csv"
"""What was drawn, one row an image."""

TRUTH_COLUMNS = ("image", "patient", "label", "pattern", "course", "level", "touching")


def make_thigh(
    out: Path,
    patients: int,
    seed: int = 0,
    hard: bool = False,
    progress: Progress | None = None,
    jobs: int | None = None,
) -> Path:
    """Write a data set of invented patients; the same seed gives the same bytes, whatever `jobs` is.

    Args:
        out: The folder to make; it must not exist, or be empty.
        patients: How many patients, each with three to six images of 384 x 256 pixels.
        seed: Patient `i` depends on the seed and on `i` only, so a larger data set contains the smaller one.
        hard: Milder disease, more that looks alike, a more uneven field and more noise.
        progress: Told after every patient.
        jobs: Processes; by default one a core, and one alone for few patients.

    Returns:
        The folder.

    Raises:
        InputError: An impossible number, or a folder that holds something; nothing is written.
        WorkError: The disk is full or a process was killed; nothing is left behind.
    """
    return make_phantom(ThighRecipe(seed, hard), out, patients, progress, jobs)


@dataclass(frozen=True, slots=True)
class ThighRecipe:
    """The thigh phantom of one seed and setting; see `making.Recipe`."""

    seed: int
    hard: bool

    @property
    def setting(self) -> Setting:
        """How hard it is."""
        return HARD if self.hard else EASY

    def write_patient(self, folder: Path, number: int) -> None:
        """Draw and write all levels of one patient."""
        patient = make_patient(self.seed, number, self.setting)
        for index in range(len(patient.plan.levels)):
            _write_image(folder, render_image(patient, index), patient.plan.label)

    def write_lists(self, folder: Path, patients: int) -> None:
        """The files that describe the set as a whole."""
        plans = [plan_patient(self.seed, number, self.setting) for number in range(patients)]
        owners = [(stem, plan.patient) for plan in plans for stem in plan.images]
        write_dataset_lists(folder, owners, self._card(patients))
        write_table(folder / TRUTH, [TRUTH_COLUMNS, *(row for plan in plans for row in _truth(plan))])

    def _card(self, patients: int) -> dict[str, object]:
        command = f"spinedet phantom thigh --patients {patients} --seed {self.seed}{' --hard' if self.hard else ''}"
        return {
            "name": f"thigh phantom{', hard' if self.hard else ''}",
            "classes": list(CLASSES),
            "modality": "MR, axial, T1-like",
            "licence": "Apache-2.0",
            "source": f"synthetic (no real patient): {command}",
        }


def _write_image(folder: Path, image: ThighImage, label: str) -> None:
    write_jpeg(folder / IMAGES / f"{image.stem}.jpg", image.pixels)
    write_mask(folder / MASKS / f"{image.stem}.png", image.lesion)
    write_mask(folder / REGIONS / f"{image.stem}.png", image.legs)
    whole = VocObject(label, Box(0, 0, WIDTH, HEIGHT))
    annotation = Annotation(f"{image.stem}.jpg", WIDTH, HEIGHT, (whole,), database=DATABASE)
    write_voc(folder / ANNOTATIONS / f"{image.stem}.xml", annotation)


def _truth(plan: PatientPlan) -> list[tuple[object, ...]]:
    """A row an image."""
    return [
        (stem, plan.patient, plan.label, plan.pattern.name, f"{plan.course:.3f}", f"{level:.3f}", int(touching))
        for stem, level, touching in zip(plan.images, plan.levels, plan.touching, strict=True)
    ]
