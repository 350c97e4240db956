"""What `spinedet benchmark --roi` does: find regions, run the same benchmark on each kind, and compare the outcome."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.text import Text

from spinedet.actions import interruptible, table_of
from spinedet.annotations.errors import InputError, WorkError, some
from spinedet.benchmarks.crossval import Plan, run_benchmark
from spinedet.benchmarks.whole_image.figures import Figure
from spinedet.benchmarks.whole_image.outcomes import read_outcomes
from spinedet.benchmarks.whole_image.page import CLASSIFIERS
from spinedet.benchmarks.whole_image.tables import probability, signed
from spinedet.benchmarks.with_region.arms import Arm, detector_arm, legs_arm, whole_arm
from spinedet.benchmarks.with_region.asking import KINDS, LEAST_SCORE, WORDS, Kind, RegionAsk, read_kinds
from spinedet.benchmarks.with_region.drawn import BOXES, Drawn, check_parts, make_boxes, read_drawn
from spinedet.benchmarks.with_region.found import Searched, by_model, check_folds, check_unseen, cross_fitted
from spinedet.benchmarks.with_region.measuring import FILE, Comparison, Finished, Regions, measure, write_comparison
from spinedet.benchmarks.with_region.page import PAGE, write_comparison_page
from spinedet.benchmarks.with_region.tables import pair_of, words
from spinedet.datasets.dataset import Dataset, check_images
from spinedet.datasets.folds import Folds
from spinedet.datasets.pages import count
from spinedet.datasets.tasks import Task
from spinedet.detect.contract import Settings
from spinedet.detect.modelfile import ModelCard
from spinedet.detect.presets import make_settings
from spinedet.detect.registry import get_detector
from spinedet.progress import JobProgress
from spinedet.whole_image import Ask, compare_whole_images, show_results

REGIONS, RUN, GIVEN = "regions", "run", "given"
"""In a run folder; in that the run of the region models, and what a given model found."""

Step = Callable[[int, int], None]


@dataclass(frozen=True)
class RegionWords:
    """What the command line says of regions.

    Attributes:
        kinds: Such as `whole,detector`; None where no region is asked for.
        detector: Name, with size if wanted, of the region model that is trained in each fold.
        epochs: Its epochs; otherwise those of the benchmark.
        boxes: Folder of VOC files that outline the regions.
        model: A trained region model.
        score: Boxes of a model that score less are no region.
    """

    kinds: str | None
    detector: str
    epochs: int | None = None
    boxes: Path | None = None
    model: Path | None = None
    score: float = LEAST_SCORE


def ask_regions(said: RegionWords, task: Task | None, preset: str, changes: Mapping[str, Any]) -> RegionAsk | None:
    """What is asked for; None where no region is.

    Args:
        said: The words.
        task: What is asked of the images.
        preset: Of the region model too.
        changes: What the command line changes in a preset; size of the input, epochs, seed, device and `coco` weights
            also hold for the region model.

    Raises:
        InputError: The task asks no whole image, or words are wrong.
    """
    if said.kinds is None:
        _check_no_words(said)
        return None
    if task is None or not task.whole_image:
        found = "no task" if task is None else f"'{task.task}'"
        what = "Regions are compared where a task asks the whole image."
        raise InputError(what, expected="such as --task liver", found=found, todo="leave --roi out")
    ask = RegionAsk(read_kinds(said.kinds), None, said.boxes, said.model, least_score=said.score)
    if "detector" not in ask.kinds or ask.model is not None:
        return ask
    return replace(ask, settings=_region_settings(said, task, preset, changes))


def _check_no_words(said: RegionWords) -> None:
    """Words about regions say nothing where no region is asked for."""
    given = {"--region-epochs": said.epochs, "--region-boxes": said.boxes, "--region-model": said.model}
    if told := [word for word, value in given.items() if value is not None]:
        raise InputError("Nothing finds a region here.", expected="--roi with detector", found=", ".join(told))


def _region_settings(said: RegionWords, task: Task, preset: str, changes: Mapping[str, Any]) -> Settings:
    name, _, size = said.detector.partition(":")
    if name in CLASSIFIERS:
        raise InputError("A classifier finds no region.", expected="a detector, as yolov5:n", found=name)
    kept: dict[str, Any] = {word: changes.get(word) for word in ("image_size", "epochs", "seed", "device")}
    kept |= {"weights": "coco"} if changes.get("weights") == "coco" else {}
    kept |= {"epochs": said.epochs} if said.epochs else {}
    return make_settings(name, preset, whole_image=False, size=size or None, mirror=task.mirror, **kept)


def compare_regions(
    console: Console, notes: Console, data: Dataset, plan: Plan, folder: Path, ask: Ask, regions: RegionAsk
) -> Path:
    """Run the benchmark on each kind of region, compare them, and write `comparison.json` and its page.

    The folder can be used again: finished jobs, crops and regions are kept. Where jobs failed, the other kinds are run
    and compared before the error goes on.

    Returns:
        The page's path.

    Raises:
        InputError: The words, the regions or the folder do not fit; nothing was trained then.
        WorkError: Jobs failed, or Ctrl-C was pressed; what is finished is kept.
    """
    _check_folder(folder)
    check_images(data)
    drawn = _check_regions(data, plan.folds, regions)
    for warning in plan.folds.warnings:
        notes.print(Text("warning:", "yellow"), warning)
    finished: list[Finished] = []
    errors: list[WorkError] = []
    early: list[Kind] = [kind for kind in regions.kinds if kind != "detector"]
    ready = {kind: _ready(kind, notes, data, plan, folder, regions) for kind in early}
    for kind in regions.kinds:
        notes.print(f"{WORDS[kind]}:")
        try:
            arm = ready.get(kind) or _detected(notes, data, plan, folder, regions, drawn)
            finished.append(_run(console, notes, arm, plan, folder, ask, errors))
        except WorkError as error:
            _go_on(error, errors)
    page = _tell(console, finished, data, plan, folder, ask, regions, drawn)
    if errors:
        raise errors[0]
    return page


def _go_on(error: WorkError, errors: list[WorkError]) -> None:
    """A failure is kept for later; Ctrl-C ends everything."""
    if isinstance(error.__cause__, KeyboardInterrupt):
        raise error
    errors.append(error)


def _check_folder(folder: Path) -> None:
    """The folder is new, or holds a run of this kind."""
    there = {entry.name for entry in folder.iterdir()} if folder.is_dir() else set()
    if strange := sorted(there - {*KINDS, REGIONS, FILE, PAGE}):
        raise InputError(
            "The output folder holds something else than a comparison of regions.",
            expected="a new folder, or one of an earlier --roi",
            found=some(strange),
            where=folder,
            todo="choose another --out",
        )
    if folder.exists() and not folder.is_dir():
        raise InputError("--out is a file.", expected="a folder", where=folder, todo="choose another --out")


def _check_regions(data: Dataset, folds: Folds, regions: RegionAsk) -> Drawn | None:
    """All that can be wrong with regions, before anything is trained; the boxes that region models learn."""
    if "detector" not in regions.kinds:
        return None
    if regions.model is not None:
        check_unseen(data, ModelCard.read(regions.model), regions.model)
        return None
    assert regions.settings is not None  # asked for where no model is given
    get_detector(regions.settings.detector).check(regions.settings)
    check_folds(folds)
    drawn = read_drawn(data, regions.boxes)
    check_parts(drawn, folds)
    return drawn


def _ready(kind: Kind, notes: Console, data: Dataset, plan: Plan, folder: Path, regions: RegionAsk) -> Arm:
    """The arm of a kind that needs no training: whatever is wrong with it is found before any."""
    if kind == "whole":
        return whole_arm(data, plan.folds)
    with interruptible(), _bar(notes) as step:
        return legs_arm(data, plan.folds, folder / REGIONS / kind, regions.margin, step)


def _detected(notes: Console, data: Dataset, plan: Plan, folder: Path, regions: RegionAsk, drawn: Drawn | None) -> Arm:
    """The arm of what region models find."""
    with interruptible():
        searched = _search(notes, data, plan, folder / REGIONS, regions, drawn)
        with _bar(notes) as step:
            return detector_arm(data, plan.folds, searched, folder / REGIONS / "detector", regions.margin, step)


def _search(
    notes: Console, data: Dataset, plan: Plan, folder: Path, regions: RegionAsk, drawn: Drawn | None
) -> Searched:
    """What region models find in every image."""
    if regions.model is not None:
        return by_model(data, regions.model, folder / GIVEN, regions.least_score)
    assert regions.settings is not None and drawn is not None  # noqa: PT018 - both come with the detector kind
    if drawn.without:
        notes.print(f"{count(len(drawn.without), 'image')} without a region to learn from: {some(drawn.without)}")
    boxes = make_boxes(data, drawn, folder / BOXES)
    search = Plan(plan.folds, {regions.settings.detector: regions.settings}, plan.jobs, plan.command)
    notes.print("models that find the region:")
    with JobProgress(notes) as shown:
        run_benchmark(boxes, search, folder / RUN, shown)
    return cross_fitted(boxes, search, folder / RUN, regions.least_score)


def _run(
    console: Console, notes: Console, arm: Arm, plan: Plan, folder: Path, ask: Ask, errors: list[WorkError]
) -> Finished:
    """The ordinary benchmark of an arm; a failed job is kept for later."""
    if arm.missing:
        notes.print(f"nothing found in {count(len(arm.missing), 'image')}, used whole: {some(arm.missing)}")
    if arm.left_out:
        notes.print(f"{count(len(arm.left_out), 'image')} left out: {some([image for image, _ in arm.left_out])}")
    own = replace(plan, folds=arm.folds)
    try:
        compare_whole_images(console, notes, arm.dataset, own, folder / arm.kind, ask)
    except WorkError as error:
        _go_on(error, errors)
    return Finished(arm, read_outcomes(folder / arm.kind, arm.dataset, arm.folds, ask.task, tuple(plan.settings)))


def _tell(
    console: Console,
    finished: list[Finished],
    data: Dataset,
    plan: Plan,
    folder: Path,
    ask: Ask,
    regions: RegionAsk,
    drawn: Drawn | None,
) -> Path:
    """Measure what is finished, write it and show it."""
    if not finished:
        return folder / PAGE
    with interruptible():
        found = measure(finished, data, plan.folds, ask.task, sensitivity=ask.sensitivity)
        write_comparison(folder / FILE, found)
        show_comparison(console, found)
        return write_comparison_page(
            folder / PAGE,
            found,
            [one.arm for one in finished],
            data,
            "" if drawn is None else f"{count(len(drawn.boxes), 'box')} of {drawn.source}",
            regions.margin,
            plan.command,
            examples=ask.examples,
        )


def show_comparison(console: Console, found: Comparison) -> None:
    """The sides in one table, what the region changes, and how the regions lie."""
    show_results(console, found.results)
    if found.versus:
        positive = bool(found.results.task.positive)
        areas = ("AUC", "sensitivity", "specificity") if positive else ()
        shown = table_of("difference", "", *areas, "accuracy", "chi-square p")
        for versus in found.versus:
            pair, one = pair_of(found, versus), versus.images
            figures = (pair.area, one.sensitivity, one.specificity) if positive else ()
            told = [_signed(figure) for figure in (*figures, one.accuracy)]
            shown.add_row(words(found, versus), count(one.rows, one.unit), *told, probability(one.chi_square.p))
        console.print(shown)
    for one_kind in found.regions:
        console.print(_of_regions(one_kind))


def _signed(figure: Figure | None) -> str:
    if figure is None or figure.value is None:
        return "-"
    bounds = figure.ci95_patients
    return signed(figure.value) + (f" [{signed(bounds[0])}, {signed(bounds[1])}]" if bounds else "")


def _of_regions(one: Regions) -> str:
    told = f"{WORDS[one.kind]}: {one.crops} crops of {one.images} images"
    told += f"; nothing found in {len(one.missing)} ({some(one.missing)}), used whole" if one.missing else ""
    left = [image for image, _ in one.left_out]
    told += f"; {len(left)} left out ({some(left)})" if left else ""
    if one.overlap:
        dice, iou = one.overlap["box_dice"], one.overlap["box_iou"]
        told += f"; with the masks' boxes Dice {dice.mean:.3f} +- {dice.sd:.3f}, IoU {iou.mean:.3f} +- {iou.sd:.3f}"
    return told


@contextmanager
def _bar(notes: Console) -> Iterator[Step]:
    """A bar of images, where a terminal can show one."""
    with Progress(console=notes, transient=True, disable=not notes.is_terminal) as bar:
        row = bar.add_task("images", total=None)
        yield lambda done, total: bar.update(row, completed=done, total=total)
