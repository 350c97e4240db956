"""`comparison.json`: every detector with a region and without, on the same images, and how well the regions lie."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import ConfigDict, Field

from spinedet.annotations.files import write_json
from spinedet.benchmarks.agreement.figures import Record
from spinedet.benchmarks.report.material import title
from spinedet.benchmarks.results import RESAMPLES
from spinedet.benchmarks.whole_image.outcomes import Outcome, true_numbers
from spinedet.benchmarks.whole_image.patients import patient_table
from spinedet.benchmarks.whole_image.run import Contender, Results, measure_run, patients_of, read_record
from spinedet.benchmarks.whole_image.scores import ScoreTable
from spinedet.benchmarks.with_region.arms import Arm
from spinedet.benchmarks.with_region.asking import WORDS, Kind
from spinedet.benchmarks.with_region.contrasts import Contrast, contrast
from spinedet.benchmarks.with_region.drawn import has_region_masks, region_mask
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.folds import Folds
from spinedet.datasets.regions.overlap import Overlap, Spread, overlaps, read_mask, summary
from spinedet.datasets.tasks import Task

FILE = "comparison.json"


class Side(Record):
    """One detector with one kind of region.

    Attributes:
        name: What it is called in `results`.
        detector: The detector.
        kind: The kind of region.
    """

    name: str
    detector: str
    kind: Kind


class Versus(Record):
    """Two kinds of region of one detector.

    Attributes:
        first: Name of the one with the region.
        second: Name of the other, without it where whole images were asked for.
        images: Their answers compared, over images.
        patients: The same over patients; None where a patient has no one label.
    """

    first: str
    second: str
    images: Contrast
    patients: Contrast | None


class Regions(Record):
    """How the regions of a kind were found, and how well they lie.

    Attributes:
        kind: Which.
        how: What found them, in words.
        images: All images of the dataset.
        crops: What was cut out of them.
        missing: Images in which nothing was found: they are answered as a whole.
        left_out: Images without a crop, with the reason: they are in no figure of the comparison.
        compared: Regions that have a mask to be compared with.
        overlap: Box and mask against the region found, without its margin; empty without masks.
    """

    kind: Kind
    how: str
    images: int
    crops: int
    missing: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]
    compared: int
    overlap: dict[str, Spread]


class Comparison(Record):
    """The content of `comparison.json`.

    Attributes:
        kinds: The kinds of region, in the order of the tables.
        sides: Every detector with every kind that has finished a fold.
        images: Images of the dataset.
        common: By detector, the images that all its kinds have answered: its figures are over these.
        results: Every figure, as of an ordinary run whose detectors are the sides.
        versus: Every two kinds of one detector.
        regions: How the regions were found.
        unmeasured: Detectors without figures, with the reason.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    layout: Literal[1] = Field(default=1, alias="schema")
    kinds: tuple[Kind, ...]
    sides: tuple[Side, ...]
    images: int
    common: dict[str, int]
    results: Results
    versus: tuple[Versus, ...]
    regions: tuple[Regions, ...]
    unmeasured: dict[str, str]


@dataclass(frozen=True, eq=False)
class Finished:
    """What the run of an arm has finished.

    Attributes:
        arm: The arm.
        outcomes: Of each of its detectors.
    """

    arm: Arm
    outcomes: tuple[Outcome, ...]


def side_name(detector: str, kind: Kind) -> str:
    """A detector with a kind of region, as tables say it."""
    return f"{title(detector)}, {WORDS[kind]}"


def measure(
    finished: Sequence[Finished],
    dataset: Dataset,
    folds: Folds,
    task: Task,
    *,
    sensitivity: float | None = None,
    resamples: int = RESAMPLES,
) -> Comparison:
    """Compare the arms of a run, detector by detector.

    Args:
        finished: What each arm has finished, in the order of the tables.
        dataset: The images.
        folds: How they are parted; the seed also draws the patients anew.
        task: What was asked.
        sensitivity: The least sensitivity wanted on validation scores; otherwise Youden's point.
        resamples: How many times patients are drawn anew.

    Raises:
        InputError: The sensitivity is none, or a mask does not fit its image.
    """
    sides, scores, unmeasured = _sides(finished, task)
    numbers = true_numbers(dataset, task)
    runs, versus = [], []
    for detector in dict.fromkeys(side.detector for side in sides):
        named = [side.name for side in sides if side.detector == detector]
        outcomes = [scores[name] for name in named]
        run = measure_run(outcomes, dataset, folds, task, numbers, sensitivity=sensitivity, resamples=resamples)
        runs.append(run)
        versus += _versus(run, scores, task)
    # Without a side there is still the material, and what was found.
    runs = runs or [measure_run([], dataset, folds, task, numbers, sensitivity=sensitivity, resamples=resamples)]
    whole = runs[0].model_copy(
        update={
            "detectors": tuple(one for run in runs for one in run.detectors),
            "pairs": tuple(one for run in runs for one in run.pairs),
        }
    )
    return Comparison(
        kinds=tuple(one.arm.kind for one in finished),
        sides=tuple(sides),
        images=len(dataset),
        common={side.detector: len(scores[side.name].table) for side in sides},
        results=whole,
        versus=tuple(versus),
        regions=tuple(regions_of(one.arm, dataset) for one in finished if one.arm.kind != "whole"),
        unmeasured=unmeasured,
    )


def _sides(finished: Sequence[Finished], task: Task) -> tuple[list[Side], dict[str, Outcome], dict[str, str]]:
    """The sides, detector by detector, each with its scores of the images that all its kinds have answered."""
    by_detector: dict[str, list[tuple[Kind, Outcome]]] = {}
    for one in finished:
        for outcome in one.outcomes:
            by_detector.setdefault(outcome.name, []).append((one.arm.kind, _by_image(outcome, one.arm, task)))
    sides: list[Side] = []
    scores: dict[str, Outcome] = {}
    unmeasured: dict[str, str] = {}
    for detector, rows in by_detector.items():
        common = set.intersection(*(set(outcome.table.images) for _, outcome in rows))
        if not common:
            unmeasured[detector] = "no image has been answered with every kind of region"
            continue
        for kind, outcome in sorted(rows, key=lambda row: row[0] == "whole"):  # with a region comes before without
            name = side_name(detector, kind)
            sides.append(Side(name=name, detector=detector, kind=kind))
            scores[name] = _restricted(outcome, name, common)
    return sides, scores, unmeasured


def _restricted(outcome: Outcome, name: str, images: set[str]) -> Outcome:
    """An outcome on some of its images, and on the folds that these are of."""
    table = outcome.table.rows(np.array([image in images for image in outcome.table.images], bool))
    done = {fold: record for fold, record in outcome.done.items() if fold in set(table.fold.tolist())}
    unfinished = tuple(sorted({*outcome.unfinished, *(outcome.done.keys() - done.keys())}))
    validation = {fold: rows for fold, rows in outcome.validation.items() if fold in done}
    return replace(outcome, name=name, table=table, done=done, unfinished=unfinished, validation=validation)


def _by_image(outcome: Outcome, arm: Arm, task: Task) -> Outcome:
    """The scores of images from those of their crops, by the rule that makes a patient's of images."""
    if all(crop == image for crop, image in arm.sources.items()):
        return outcome
    validation = {fold: joined(rows, arm.sources, task) for fold, rows in outcome.validation.items()}
    return replace(outcome, table=joined(outcome.table, arm.sources, task), validation=validation)


def joined(table: ScoreTable, sources: Mapping[str, str], task: Task) -> ScoreTable:
    """One row an image from one a crop.

    Args:
        table: Of crops.
        sources: The image of each crop.
        task: Says how scores are joined.
    """
    owners = {sources[crop]: patient for crop, patient in zip(table.images, table.patients, strict=True)}
    crops = replace(table, patients=tuple(sources[crop] for crop in table.images))
    ordered = task.kind in {"grades", "number"}
    rows = patient_table(crops, task.patient_score, positive=task.positive, ordered=ordered)
    return replace(rows, patients=tuple(owners[image] for image in rows.images))


def _versus(run: Results, scores: Mapping[str, Outcome], task: Task) -> list[Versus]:
    """Every two sides of a detector."""
    return [
        _two(first, second, [scores[first.name].table, scores[second.name].table], task, run)
        for first, second in combinations(run.detectors, 2)
    ]


def _two(first: Contender, second: Contender, tables: list[ScoreTable], task: Task, run: Results) -> Versus:
    draws = (task, run.resamples, run.seed)
    both = (first.figures.patient, second.figures.patient)
    patients = None
    if both[0] is not None and both[1] is not None:
        patients = contrast("patient", [patients_of(one, task) for one in tables], (both[0], both[1]), *draws)
    images = contrast("image", tables, (first.figures.image, second.figures.image), *draws)
    return Versus(first=first.name, second=second.name, images=images, patients=patients)


def regions_of(arm: Arm, dataset: Dataset) -> Regions:
    """How the regions of an arm were found, and how well those that were found lie in the masks.

    Raises:
        InputError: A mask is damaged, or has another size than its image.
    """
    rows = found_overlaps(arm, dataset)
    return Regions(
        kind=arm.kind,
        how=arm.how,
        images=len(dataset),
        crops=len(arm.regions),
        missing=arm.missing,
        left_out=arm.left_out,
        compared=len(rows),
        overlap=summary(rows),
    )


def found_overlaps(arm: Arm, dataset: Dataset) -> list[Overlap]:
    """Each region that was found beside its mask; what was not found is counted elsewhere."""
    if not has_region_masks(dataset):
        return []
    missing = set(arm.missing)
    crops: dict[str, list[str]] = {}
    for crop, region in arm.regions.items():
        if region.source not in missing:
            crops.setdefault(region.source, []).append(crop)
    return [row for image, names in crops.items() for row in _overlaps(arm, dataset, image, names)]


def _overlaps(arm: Arm, dataset: Dataset, image: str, crops: Iterable[str]) -> list[Overlap]:
    path, drawn = region_mask(dataset, image), dataset[image].annotation
    if not path.is_file():
        return []
    boxes = {crop: arm.regions[crop].found for crop in crops}
    return overlaps(boxes, read_mask(path, (drawn.width, drawn.height)))


def reasons(regions: Regions) -> str:
    """Why images were left out, with how many for each reason."""
    counts = Counter(reason for _, reason in regions.left_out)
    return "; ".join(f"{count} {reason}" for reason, count in counts.most_common())


def write_comparison(path: Path, found: Comparison) -> None:
    """Write `comparison.json`."""
    write_json(path, found.model_dump(mode="json", by_alias=True))


def read_comparison(path: Path) -> Comparison:
    """Read `comparison.json`.

    Raises:
        InputError: It is missing, no JSON, or has another layout.
    """
    return read_record(Comparison, path, "comparison of regions")
