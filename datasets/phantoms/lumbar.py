"""The lumbar phantom: a Pascal VOC data set of sagittal T2-like images with a box and a class for every disc."""

from dataclasses import dataclass, replace
from pathlib import Path

from spinedet.datasets.phantoms.making import Progress, dataset_card, make_phantom, write_dataset_lists, write_image
from spinedet.datasets.phantoms.pathology import CLASSES, plan_patient
from spinedet.datasets.phantoms.scene import PhantomImage, make_patient, render_slice

NAME = "lumbar"
"""What the command line calls it."""


def make_lumbar(
    out: Path, patients: int, seed: int = 0, progress: Progress | None = None, jobs: int | None = None
) -> Path:
    """Write a data set of invented patients; the same seed gives the same bytes, whatever `jobs` is.

    Every patient has one to three images of 812 x 662 pixels. Patient `i` depends on the seed and on `i` only, so a
    larger data set contains the smaller one. For the arguments and the errors see `making.make_phantom`.
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
        card = dataset_card(NAME, CLASSES, "MR, sagittal, T2-like", patients, self.seed)
        write_dataset_lists(folder, owners, card)


def _write_image(folder: Path, image: PhantomImage) -> None:
    drawn = tuple(replace(thing, box=thing.box.whole()) for thing in image.objects)  # as a person's tool would
    write_image(folder, image.stem, image.pixels, drawn, NAME)
