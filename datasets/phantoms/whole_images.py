"""Phantoms of whole images: one box of the whole image an image, masks of lesion and region beside it, and the truth.

A phantom gives its plan, its drawing and what its table says beyond the common columns; the files are the same for all.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from spinedet.annotations.boxes import Box
from spinedet.annotations.voc import VocObject
from spinedet.datasets.convert.whole_images import Answer
from spinedet.datasets.dataset import MASKS
from spinedet.datasets.phantoms.making import (
    Progress,
    dataset_card,
    make_phantom,
    write_dataset_lists,
    write_image,
    write_mask,
    write_table,
)

REGIONS = "Regions"
"""Folder of the region's mask (0 none, from 1 on its parts), beside that of the lesion's (0 none, 1 lesion)."""

TRUTH = "phantom.csv"
"""What was drawn, one row an image."""

TRUTH_COLUMNS = ("image", "patient", "label")
"""What the truth says of every phantom."""


class Plan(Protocol):
    """A patient on paper."""

    @property
    def patient(self) -> str:
        """Name of the patient."""

    @property
    def label(self) -> str:
        """The class, the same in all images unless the phantom's `answers` say otherwise."""

    @property
    def images(self) -> tuple[str, ...]:
        """Stems of the patient's images."""


@dataclass(frozen=True, slots=True)
class WholeImage:
    """A finished image.

    Attributes:
        stem: Its name.
        pixels: What is shown (H, W).
        lesion: 1 where the disease shows, 0 elsewhere (H, W).
        region: 0 outside what is looked at, the number of its part inside (H, W).
    """

    stem: str
    pixels: NDArray[np.uint8]
    lesion: NDArray[np.uint8]
    region: NDArray[np.uint8]


def same_answer(plan: Plan) -> Sequence[Answer]:
    """The patient's class as the answer to each image."""
    return (Answer(plan.label),) * len(plan.images)


SettingT = TypeVar("SettingT")
PlanT = TypeVar("PlanT", bound=Plan)
PatientT = TypeVar("PatientT")


BuildT = TypeVar("BuildT")


@dataclass(frozen=True, slots=True)
class Imaged(Generic[PlanT, BuildT, SettingT]):
    """All that the images of one patient share, where that is no more than this.

    Attributes:
        plan: The patient on paper.
        build: What the body is like, whatever the class.
        setting: How hard it is to tell the classes apart.
        images: The random source of each image.
    """

    plan: PlanT
    build: BuildT
    setting: SettingT
    images: tuple[np.random.SeedSequence, ...]


@dataclass(frozen=True, slots=True)
class WholeImagePhantom(Generic[SettingT, PlanT, PatientT]):
    """What one phantom of whole images is; its functions are a module's own, for they travel to other processes.

    Attributes:
        name: What the command line calls it.
        modality: How it is imaged, as `dataset.yaml` says it.
        classes: In the order of `dataset.yaml`.
        easy, hard: How hard it is to tell the classes apart.
        plan_patient: Decides about a patient (seed, number from 0, setting).
        make_patient: All that the patient's images share (the same).
        render_image: Draws one of a patient's images, numbered from 0.
        columns: What the truth says beyond `TRUTH_COLUMNS`.
        truth: The cells of those columns, one row an image.
        answers: The class of each image, and its number where a number is asked; otherwise the plan's class for all.
    """

    name: str
    modality: str
    classes: tuple[str, ...]
    easy: SettingT
    hard: SettingT
    plan_patient: Callable[[int, int, SettingT], PlanT]
    make_patient: Callable[[int, int, SettingT], PatientT]
    render_image: Callable[[PatientT, int], WholeImage]
    columns: tuple[str, ...]
    truth: Callable[[PlanT], Sequence[Sequence[object]]]
    answers: Callable[[PlanT], Sequence[Answer]] = same_answer

    def make(
        self,
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
            patients: How many patients.
            seed: Patient `i` depends on the seed and on `i` only, so a larger data set contains the smaller one.
            hard: Take the hard setting.
            progress: Told after every patient.
            jobs: Processes; by default one a core, and one alone for few patients.

        Returns:
            The folder.

        Raises:
            InputError, WorkError: As `making.make_phantom` does.
        """
        return make_phantom(WholeImageRecipe(self, seed, hard), out, patients, progress, jobs)


@dataclass(frozen=True, slots=True)
class WholeImageRecipe(Generic[SettingT, PlanT, PatientT]):
    """A phantom of one seed and setting; see `making.Recipe`."""

    phantom: WholeImagePhantom[SettingT, PlanT, PatientT]
    seed: int
    hard: bool

    def write_patient(self, folder: Path, number: int) -> None:
        """Draw and write all images of one patient."""
        plan = self._plan(number)
        patient = self.phantom.make_patient(self.seed, number, self._setting)
        for index, answer in enumerate(self.phantom.answers(plan)):
            self._write_image(folder, self.phantom.render_image(patient, index), answer)

    def write_lists(self, folder: Path, patients: int) -> None:
        """The files that describe the set as a whole."""
        plans = [self._plan(number) for number in range(patients)]
        owners = [(stem, plan.patient) for plan in plans for stem in plan.images]
        write_dataset_lists(folder, owners, self._card(patients))
        rows = [row for plan in plans for row in self._truth(plan)]
        write_table(folder / TRUTH, [(*TRUTH_COLUMNS, *self.phantom.columns), *rows])

    @property
    def _setting(self) -> SettingT:
        return self.phantom.hard if self.hard else self.phantom.easy

    def _plan(self, number: int) -> PlanT:
        return self.phantom.plan_patient(self.seed, number, self._setting)

    def _write_image(self, folder: Path, image: WholeImage, answer: Answer) -> None:
        height, width = image.pixels.shape
        whole = VocObject(answer.name, Box(0, 0, width, height), extra=answer.extra)
        write_image(folder, image.stem, image.pixels, (whole,), self.phantom.name)
        write_mask(folder / MASKS / f"{image.stem}.png", image.lesion)
        write_mask(folder / REGIONS / f"{image.stem}.png", image.region)

    def _card(self, patients: int) -> dict[str, object]:
        about = self.phantom
        return dataset_card(about.name, about.classes, about.modality, patients, self.seed, self.hard)

    def _truth(self, plan: PlanT) -> list[tuple[object, ...]]:
        """A row an image."""
        told = zip(plan.images, self.phantom.answers(plan), self.phantom.truth(plan), strict=True)
        return [(stem, plan.patient, answer.name, *row) for stem, answer, row in told]
