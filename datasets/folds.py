"""Folds and hold-out splits that never put one patient on both sides, stored in `folds.json`."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from spinedet.annotations.errors import InputError, some
from spinedet.annotations.files import read_json, write_json
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.patients import PATIENTS
from spinedet.datasets.spread import spread

SCHEMA: Final = 1
"""Number of the layout of `folds.json`."""

HOLD_OUT = (0.7, 0.15, 0.15)
"""Training, validation and test share of a hold-out split, as in the papers P2 and P4."""

GroupedBy = Literal["patient", "image"]


@dataclass(frozen=True)
class Fold:
    """One way to part the images; each tuple is sorted by name.

    Attributes:
        number: From 1; 0 for a hold-out split.
        train: Images to learn from.
        val: Images to choose the best epoch on; empty where none were set aside.
        test: Images to judge on.
    """

    number: int
    train: tuple[str, ...]
    val: tuple[str, ...]
    test: tuple[str, ...]

    @property
    def images(self) -> tuple[str, ...]:
        """All images of the fold, part after part."""
        return self.train + self.val + self.test


@dataclass(frozen=True)
class Folds:
    """A complete split of a dataset.

    Attributes:
        seed: What it was made from.
        grouped_by: `image` if every image counted as its own patient.
        folds: The folds by number; their test parts share no image and cover the dataset (a single fold is a hold-out).
        warnings: What a person should know before trusting figures from these folds, one sentence each.
    """

    seed: int
    grouped_by: GroupedBy
    folds: tuple[Fold, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Groups:
    """The patients of a dataset, with what each of them holds."""

    dataset: Dataset

    def __post_init__(self) -> None:
        if any(item.patient is None for item in self.dataset.items) or not self.dataset.items:
            raise InputError(
                "Nobody says which image belongs to which patient, so folds could put one patient on both sides.",
                expected=f"{PATIENTS} with the columns image,patient",
                where=self.dataset.folder / PATIENTS,
                todo="write that file, or give --each-image-is-a-patient if no two images show the same person",
            )

    @cached_property
    def of(self) -> dict[str, list[str]]:
        """Sorted image names of each patient, patients sorted."""
        groups: dict[str, list[str]] = {patient: [] for patient in self.dataset.patients}
        for item in sorted(self.dataset.items, key=lambda item: item.image):
            groups[str(item.patient)].append(item.image)
        return groups

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """(G, C + 1) boxes of each class, and in the last column images, of each patient in sorted order."""
        rows = {patient: row for row, patient in enumerate(self.of)}
        columns = {name: column for column, name in enumerate(self.dataset.classes)}
        counts = np.zeros((len(rows), len(columns) + 1), np.int64)
        for item in self.dataset.items:
            row = rows[str(item.patient)]
            counts[row, -1] += 1
            for thing in item.annotation.objects:
                counts[row, columns[thing.name]] += 1
        return counts

    def images(self, chosen: Iterable[bool]) -> tuple[str, ...]:
        """Sorted image names of the chosen patients."""
        patients = zip(self.of.values(), chosen, strict=True)
        return tuple(sorted(image for images, wanted in patients if wanted for image in images))


def grouping(dataset: Dataset) -> GroupedBy:
    """`image` if every image counts as its own patient."""
    return "image" if all(item.patient == item.image for item in dataset.items) else "patient"


def make_folds(dataset: Dataset, count: int, seed: int, *, allow_rare: bool = False, val_ratio: float = 0.0) -> Folds:
    """Part a dataset for cross-validation, by patient, with the classes spread evenly.

    Every image is in exactly one test part. The result depends on the seed, the patients and their boxes, not on the
    order of the images.

    Args:
        dataset: A dataset that knows its patients.
        count: Number of folds.
        seed: At least 0.
        allow_rare: Accept a class that only one patient has; one training part then lacks it, and a warning says so.
        val_ratio: Share of each training part's patients set aside for validation, from 0 up to, not including, 1.

    Raises:
        InputError: Patients are unknown, too few for the folds, or a class belongs to one patient alone.
    """
    groups = _Groups(dataset)
    _check_numbers(len(groups.of), count, seed, val_ratio)
    if not allow_rare:
        _check_rare(groups)
    parts = spread(groups.counts, np.full(count, 1 / count), ~np.eye(count, dtype=np.bool_), [seed])
    folds = tuple(_fold(groups, parts == part, part + 1, [seed, part + 1], val_ratio) for part in range(count))
    return Folds(seed, grouping(dataset), folds, warn_of_gaps(dataset, folds))


def _fold(groups: _Groups, test: NDArray[np.bool_], number: int, seed: list[int], val_ratio: float) -> Fold:
    val = np.zeros_like(test)
    if val_ratio > 0:
        if np.count_nonzero(~test) < 2:
            what = f"The training part of fold {number} has too few patients to set some aside for validation."
            raise InputError(what, expected="at least 2 patients", found="1 patient", todo="choose more folds")
        ratios = np.array([1 - val_ratio, val_ratio])
        val[~test] = spread(groups.counts[~test], ratios, np.array([[True, False]]), seed) == 1
    return Fold(number, groups.images(~test & ~val), groups.images(val), groups.images(test))


def hold_out(dataset: Dataset, ratios: tuple[float, float, float] = HOLD_OUT, seed: int = 0) -> Fold:
    """Part a dataset once into training, validation and test, by patient.

    Each part comes as near to its share of the images and of every class's boxes as whole patients allow (from a
    hundred patients on, usually within one hundredth or one box), and none with a share above 0 stays empty. Use
    `warn_of_gaps` to learn which classes a part lacks.

    Args:
        dataset: A dataset that knows its patients.
        ratios: Shares of training, validation (may be 0) and test; together 1.
        seed: At least 0.

    Raises:
        InputError: The ratios are impossible, patients are unknown or fewer than the parts.
    """
    groups = _Groups(dataset)
    if not (ratios[0] > 0 and ratios[1] >= 0 and ratios[2] > 0 and abs(sum(ratios) - 1) < 1e-6):
        expected = "training and test above 0, validation at least 0, together 1"
        raise InputError("The ratios of the split are impossible.", expected=expected, found=str(ratios))
    wanted = [part for part, ratio in enumerate(ratios) if ratio > 0]
    _check_numbers(len(groups.of), len(wanted), seed, 0, unit="parts")
    training = np.array([[part == 0 for part in wanted]])
    parts = np.array(wanted)[spread(groups.counts, np.array(ratios)[wanted], training, [seed])]
    return Fold(0, *(groups.images(parts == part) for part in range(3)))


def _check_numbers(patients: int, count: int, seed: int, val_ratio: float, unit: str = "folds") -> None:
    if count < 2:
        raise InputError(f"There are too few {unit}.", expected=f"at least 2 {unit}", found=str(count))
    if count > patients:
        raise InputError(
            f"There are more {unit} than patients.",
            expected=f"at most {patients} {unit} for {patients} patients",
            found=f"{count} {unit}",
            todo=f"choose fewer {unit} or add patients",
        )
    if seed < 0:
        raise InputError("The seed is negative.", expected="0 or more", found=str(seed))
    if not 0 <= val_ratio < 1:
        expected = "from 0 up to, not including, 1"
        raise InputError("The validation share is impossible.", expected=expected, found=f"{val_ratio:g}")


def _check_rare(groups: _Groups) -> None:
    having = np.count_nonzero(groups.counts[:, :-1], axis=0)  # (C,) patients with that class
    rare = [name for name, patients in zip(groups.dataset.classes, having, strict=True) if patients == 1]
    if rare:
        raise InputError(
            f"A class belongs to one patient alone: {', '.join(rare)}.",
            expected="every class in at least 2 patients, so that it can be learnt from one and tested on another",
            found=f"{', '.join(f'{name}: 1 patient' for name in rare)} of {len(groups.of)}",
            where=groups.dataset.folder,
            todo="annotate more patients, join the class with another, or accept the gap with --allow-rare",
        )


def warn_of_gaps(dataset: Dataset, folds: Sequence[Fold]) -> tuple[str, ...]:
    """One sentence for each class that a training or test part lacks; difficult boxes count as boxes."""
    patients_of: dict[str, set[str | None]] = {name: set() for name in dataset.classes}
    images_of: dict[str, set[str]] = {name: set() for name in dataset.classes}
    for item in dataset.items:
        for thing in item.annotation.objects:
            patients_of[thing.name].add(item.patient)
            images_of[thing.name].add(item.image)
    sentences = (_gaps(name, images_of[name], len(patients_of[name]), folds) for name in dataset.classes)
    return tuple(sentence for sentence in sentences if sentence)


def _gaps(name: str, images: set[str], patients: int, folds: Sequence[Fold]) -> str:
    if not images:
        return f"Class '{name}' has no boxes."
    gaps = {
        "training": [str(fold.number) for fold in folds if images.isdisjoint(fold.train)],
        "test": [str(fold.number) for fold in folds if images.isdisjoint(fold.test)],
    }
    told = [f"the {part} part of fold {', '.join(numbers)}" for part, numbers in gaps.items() if numbers]
    if not told:
        return ""
    return f"Class '{name}' ({patients} patient{'s' * (patients != 1)}) is missing from {' and from '.join(told)}."


class _FoldRecord(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    fold: int
    train: list[str] = Field(min_length=1)
    val: list[str]
    test: list[str] = Field(min_length=1)


class _DatasetRecord(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str
    fingerprint: str


class _FoldsRecord(BaseModel):
    """The layout of `folds.json`: image names, and no name of a patient."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    layout: Literal[1] = Field(alias="schema")
    dataset: _DatasetRecord
    seed: int = Field(ge=0)
    grouped_by: GroupedBy
    folds: list[_FoldRecord] = Field(min_length=1)


def save_folds(path: Path, folds: Folds, dataset: Dataset) -> None:
    """Write `folds.json`. Names of patients stay in `patients.csv`; image names are written.

    Raises:
        WorkError: The file cannot be written.
    """
    rows = [
        _FoldRecord(fold=fold.number, train=list(fold.train), val=list(fold.val), test=list(fold.test))
        for fold in folds.folds
    ]
    source = _DatasetRecord(name=dataset.name, fingerprint=dataset.fingerprint())
    record = _FoldsRecord(schema=SCHEMA, dataset=source, seed=folds.seed, grouped_by=folds.grouped_by, folds=rows)
    write_json(path, record.model_dump(by_alias=True))


def load_folds(path: Path, dataset: Dataset) -> Folds:
    """Read `folds.json` and check it against the dataset and its patients once more.

    Boxes may have changed since the folds were made (a warning says so); images may not.

    Raises:
        InputError: The file is damaged, belongs to other images, or puts a patient or an image on two sides.
    """
    try:
        record = _FoldsRecord.model_validate(read_json(path, "folds file"))
    except ValidationError as error:
        found = some([f"{'.'.join(map(str, row['loc']))}: {row['msg']}" for row in error.errors()], most=3)
        raise InputError("This is no folds file.", expected=f"schema {SCHEMA}", found=found, where=path) from error
    folds = tuple(
        Fold(row.fold, tuple(sorted(row.train)), tuple(sorted(row.val)), tuple(sorted(row.test)))
        for row in record.folds
    )
    _check_loaded(path, folds, _Groups(dataset))
    warnings = warn_of_gaps(dataset, folds)
    if record.dataset.fingerprint != dataset.fingerprint():
        warnings = ("The dataset has changed since these folds were made (same images).", *warnings)
    return Folds(record.seed, record.grouped_by, folds, warnings)


def _check_loaded(path: Path, folds: tuple[Fold, ...], groups: _Groups) -> None:
    """Raise for the first broken promise; any file that passes is as safe as one just made."""
    for fold in folds:
        _check_fold(path, fold, groups)
    numbers = [fold.number for fold in folds]
    if len(folds) > 1:
        _check_same(path, "The test parts", [image for fold in folds for image in fold.test], groups)
    if numbers != ([0] if len(folds) == 1 else list(range(1, len(folds) + 1))):
        raise InputError("The folds are numbered wrongly.", expected="1, 2, ...", found=str(numbers), where=path)


def _check_fold(path: Path, fold: Fold, groups: _Groups) -> None:
    _check_same(path, f"The parts of fold {fold.number}", fold.images, groups)
    side_of: dict[str | None, str] = {}
    for part in ("train", "val", "test"):
        images: tuple[str, ...] = getattr(fold, part)
        for image in images:
            side = side_of.setdefault(groups.dataset[image].patient, part)
            if side != part:
                raise InputError(
                    f"Fold {fold.number} has one patient in two parts.",
                    expected="all images of a patient in one part",
                    found=f"the patient of {image} in {side} and in {part}",
                    where=path,
                    todo="make the folds again",
                )


def _check_same(path: Path, what: str, images: Sequence[str], groups: _Groups) -> None:
    """`images` must be exactly the dataset's, each once."""
    known, times = set(groups.dataset.images), Counter(images)
    faults = {
        "unknown": sorted(times.keys() - known),
        "missing": sorted(known - times.keys()),
        "twice": sorted(image for image, number in times.items() if number > 1),
    }
    if any(faults.values()):
        raise InputError(
            f"{what} do not fit the dataset.",
            expected="each image of the dataset exactly once",
            found="; ".join(f"{kind}: {some(names)}" for kind, names in faults.items() if names),
            where=path,
            todo="make the folds again, or load the dataset they were made from (same --image-set)",
        )
