"""What the commands do, free of the command line: load, part, train, compare, predict, score, and show the outcome."""

import json
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from spinedet.annotations.errors import InputError, WorkError, nearest, some
from spinedet.annotations.voc import read_voc
from spinedet.benchmarks.average_precision import Rule
from spinedet.benchmarks.crossval import RESULTS_FILE, WEIGHTS_FOLDER, Plan, run_benchmark
from spinedet.benchmarks.evaluation import Evaluation, evaluate
from spinedet.benchmarks.results import Figure, Results
from spinedet.datasets.dataset import Dataset, check_images
from spinedet.datasets.folds import Fold, Folds, grouping, hold_out, load_folds, make_folds, warn_of_gaps
from spinedet.datasets.images import read_image
from spinedet.datasets.tasks import Split, Task, read_task
from spinedet.detect.anchors import AnchorReport, report_anchors
from spinedet.detect.contract import Detections, Settings
from spinedet.detect.download import weights_sha256, with_local_weights
from spinedet.detect.jobs import JOB_FILE, MODEL_FOLDER, Job, run_job
from spinedet.detect.machine import cores
from spinedet.detect.modelfile import ModelCard
from spinedet.detect.occlusion import check_odds, occlusion_maps
from spinedet.detect.outputs import DATABASE, draw, find_images, map_names, write_png, write_prediction
from spinedet.detect.overlay import classes_of_interest, write_overlays
from spinedet.detect.ppyolov2.recipe import REFERENCE_ANCHORS
from spinedet.detect.predictions import read_predictions, write_predictions
from spinedet.detect.presets import make_settings
from spinedet.detect.registry import get_detector
from spinedet.detect.runtime import Answer, Model
from spinedet.detect.score_maps import maps_of
from spinedet.progress import JobProgress

if TYPE_CHECKING:
    from spinedet.whole_image import Ask

FORMATS = ("voc", "json", "png", "maps", "occlusion")


def load(
    folder: Path, task: str | None, image_set: str | None, own_patients: bool, *, with_images: bool = True
) -> tuple[Dataset, Task | None]:
    """Load a dataset with the classes of its task, if one is named."""
    known = read_task(task) if task else None
    data = Dataset.load(
        folder,
        classes=known.classes if known else None,
        image_set=image_set,
        with_images=with_images,
        each_image_is_a_patient=own_patients,
    )
    return data, known


def make(data: Dataset, count: int, shares: str | None, seed: int, *, allow_rare: bool) -> Folds:
    """Folds, or one hold-out split as a single fold."""
    if shares is None:
        return make_folds(data, count, seed, allow_rare=allow_rare)
    try:
        train, val, test = (float(share) for share in shares.split(","))
    except ValueError as error:
        raise InputError("--hold-out needs three shares.", expected="0.7,0.15,0.15", found=shares) from error
    fold = hold_out(data, (train, val, test), seed)
    return Folds(seed, grouping(data), (fold,), warn_of_gaps(data, (fold,)))


def number_of_folds(asked: int | None, task: Task | None) -> int:
    """As asked for, or as the task says, or five."""
    return (task.split if task else Split()).folds if asked is None else asked


def folds_for(data: Dataset, file: Path | None, count: int, seed: int, *, allow_rare: bool, val: float = 0.0) -> Folds:
    """The folds of a file, or new ones with a share of each training part's patients set aside for validation."""
    return load_folds(file, data) if file else make_folds(data, count, seed, allow_rare=allow_rare, val_ratio=val)


def show_folds(console: Console, data: Dataset, made: Folds) -> None:
    """A table of what each test part holds, and the warnings."""
    table = table_of("fold", "part", "images", "patients", *data.classes)
    for fold in made.folds:
        for part in ("train", "val", "test"):
            images: tuple[str, ...] = getattr(fold, part)
            if images:
                held = data.subset(images)
                counts = [str(count) for count in held.counts().values()]
                table.add_row(str(fold.number), part, str(len(held)), str(len(held.patients)), *counts)
    console.print(table)
    _warn(console, made)


def table_of(*headings: str) -> Table:
    """An empty table; in a narrow window its cells are folded, and no class or figure is cut off."""
    return Table(*(Column(heading, overflow="fold") for heading in headings), box=None)


def _warn(console: Console, made: Folds) -> None:
    for warning in made.warnings:
        console.print(Text("warning:", "yellow"), warning)


def settings_of(
    detectors: Sequence[str], preset: str, task: Task | None, changes: dict[str, Any]
) -> dict[str, Settings]:
    """Settings of each detector, named as `yolov5` or, with a size, `yolov5:s`.

    Raises:
        InputError: A name, size or value is wrong, or a detector is named twice.
    """
    whole, positive = (task.whole_image, task.positive) if task else (False, ())
    changes = {**changes, "mirror": task.mirror if task else None}
    settings: dict[str, Settings] = {}
    for word in detectors:
        name, _, size = word.strip().partition(":")
        if name in settings:
            raise InputError("A detector is named twice.", found=name)
        settings[name] = make_settings(
            name, preset, whole_image=whole, positive=positive, **{**changes, "size": size or None}
        )
    return settings


def train_model(console: Console, data: Dataset, settings: Settings, folder: Path, val_ratio: float) -> Path:
    """Train on a whole dataset; returns the model folder."""
    get_detector(settings.detector).check(settings)
    _check_job_folder(folder)
    check_images(data)
    fold = _all_or_val(data, settings.seed, val_ratio)
    settings = with_local_weights(settings, folder / WEIGHTS_FOLDER, console.print)
    job = Job(
        settings=settings,
        dataset=data.folder,
        fingerprint=data.fingerprint(),
        classes=data.classes,
        train=fold.train,
        val=fold.val,
        each_image_is_a_patient=grouping(data) == "image",
        weights_sha256=weights_sha256(settings),
        threads=cores(),
    )
    with interruptible(), JobProgress(console) as shown:
        done = run_job(job, folder, lambda epoch: shown.epoch(settings.detector, epoch))
        shown.done(settings.detector, done)
    return folder / MODEL_FOLDER


def _check_job_folder(folder: Path) -> None:
    """A job folder is new, or holds this kind of job; `run_job` then compares the two."""
    _refuse_file(folder)
    entries = {entry.name for entry in folder.iterdir()} if folder.exists() else set()
    if entries - {WEIGHTS_FOLDER} and JOB_FILE not in entries:
        expected = f"a new folder, or one with {JOB_FILE}"
        what = "The output folder is not empty and holds no job."
        raise InputError(
            what, expected=expected, found=some(sorted(entries)), where=folder, todo="choose another --out"
        )


def _refuse_file(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise InputError("--out is a file.", expected="a folder", where=folder, todo="choose another --out")


@contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C in long work ends it in words."""
    try:
        yield
    except KeyboardInterrupt as error:
        todo = "run the same command again: it goes on from the last finished epoch"
        raise WorkError("Stopped. What was finished is kept.", todo=todo) from error


def _all_or_val(data: Dataset, seed: int, val_ratio: float) -> Fold:
    """Every image for training, but for the patients set aside."""
    if val_ratio == 0:
        return Fold(0, data.images, (), ())
    kept = hold_out(data, (1 - val_ratio, 0.0, val_ratio), seed)
    return Fold(0, kept.train, kept.test, ())


def command_line(words: Sequence[str], data: Dataset) -> str:
    """The command as it may be published: the dataset by name, every other path by its last part."""
    return shlex.join(["spinedet", *(_public(word, data) for word in words)])


def _public(word: str, data: Dataset) -> str:
    option, equals, value = word.partition("=") if word.startswith("--") else ("", "", word)
    return option + equals + (data.name if Path(value).resolve() == data.folder else Path(value).name or value)


def compare(
    console: Console,
    notes: Console,
    data: Dataset,
    plan: Plan,
    folder: Path,
    *,
    examples: bool,
    ask: "Ask | None" = None,
) -> Path:
    """Run a benchmark, show its table, and write its report; returns the report's path.

    Where jobs failed, the report of the others is written before the error goes on. A plan of whole images has a
    report of its own, see `spinedet.whole_image`.
    """
    from spinedet.benchmarks.report.page import write_report

    check_images(data)
    _warn(notes, plan.folds)
    if ask is not None:
        from spinedet.whole_image import compare_whole_images

        return compare_whole_images(console, notes, data, plan, folder, ask)
    told = data if examples else data.without_images()
    try:
        with interruptible(), JobProgress(notes) as shown:
            results = run_benchmark(data, plan, folder, shown)
    except WorkError:
        if (folder / RESULTS_FILE).exists():
            write_report(folder, told)
        raise
    show_results(console, results)
    return write_report(folder, told)


def show_results(console: Console, results: Results) -> None:
    """The comparison as a table: mean ± SD over folds, and pooled with its 95 % interval."""
    classes = list(results.dataset.counts)
    table = table_of("detector", "mAP50 (mean ± SD)", "pooled [95 % interval]", *classes, "ms/image")
    for name, one in results.detectors.items():
        per_class = [_spread(one.ap50[label]) for label in classes]
        speed = one.predict_ms_per_image.median
        table.add_row(
            name, _spread(one.map50), _pooled(one.map50), *per_class, "-" if speed is None else f"{speed:.1f}"
        )
    console.print(table)


def _spread(figure: Figure) -> str:
    if figure.mean is None:
        return "-"
    return f"{figure.mean:.3f}" + (f" ± {figure.sd:.3f}" if figure.sd is not None else "")


def _pooled(figure: Figure) -> str:
    if figure.pooled is None:
        return "-"
    return f"{figure.pooled:.3f}" + (" [{:.3f}, {:.3f}]".format(*figure.ci95) if figure.ci95 else "")


def predict_files(
    notes: Console,
    model_folder: Path,
    paths: Sequence[Path],
    folder: Path,
    formats: Sequence[str],
    score: float,
    threads: int,
) -> int:
    """Predict images and write what was asked for; returns their number."""
    for name in formats:
        if name not in FORMATS:
            raise InputError("There is no such format.", expected=nearest(name, FORMATS), found=name)
    model = Model.load(model_folder, threads=threads)
    images = find_images(paths)
    _keep_sources(images, folder)
    if "voc" in formats:
        _keep_drawn(images, folder)
    if "occlusion" in formats:
        check_odds(model.card)
    names = map_names(images, model.card.classes) if {"maps", "occlusion"} & {*formats} else {}
    for path in images:
        read_image(path)  # a damaged one is found before anything is written
    found: dict[str, Detections] = {}
    for path, look in zip(images, model.each(images, partial(_look, model.card, formats)), strict=True):
        found[path.stem] = look.detections
        shown = look.detections.above(score)
        _write_boxes(folder, path, shown, model.card.classes, formats)
        maps = look.maps | ({"occlusion": occlusion_maps(model, path)} if "occlusion" in formats else {})
        for kind, scores in maps.items():
            wanted = {label: folder / kind / names[path.stem, label] for label in classes_of_interest(shown, look.best)}
            write_overlays(wanted, read_image(path), scores, shown, model.card.classes)
        notes.print(f"{path.name}: {_told(shown, model.card.classes)}")
    if "json" in formats:
        write_predictions(folder / "predictions.json", found, model.card.classes)
    return len(found)


class _Look(NamedTuple):
    """Detections of an image, (C,) best scores of the classes, and (C, H, W) maps by kind."""

    detections: Detections
    best: NDArray[np.float32]
    maps: dict[str, NDArray[np.float32]]


def _look(card: ModelCard, formats: Sequence[str], answer: Answer) -> _Look:
    """What is wanted of the network's one answer to an image."""
    maps = {"maps": maps_of(card, answer)} if "maps" in formats else {}
    return _Look(answer.detections(card.postprocessing), answer.best(), maps)


def _write_boxes(folder: Path, path: Path, shown: Detections, classes: Sequence[str], formats: Sequence[str]) -> None:
    if "voc" in formats:
        write_prediction(folder, path, shown, classes)
    if "png" in formats:
        write_png(folder / f"{path.stem}.png", draw(read_image(path), shown, classes))


def _keep_sources(images: Sequence[Path], folder: Path) -> None:
    """Results must not be written among images or annotations, nor over the predictions of a finished job."""
    _refuse_file(folder)
    target = folder.resolve()
    if any(path.resolve().parent == target for path in images):
        raise InputError("--out is the folder of the images.", where=folder, todo="choose another folder")
    drawn = target / "Annotations"
    if drawn.is_dir() or target.name == "Annotations":
        raise InputError("--out is a folder of annotations.", where=folder, todo="choose another folder")
    if (target / JOB_FILE).exists():
        raise InputError("--out is the folder of a training job.", where=folder, todo="choose another folder")


def _keep_drawn(images: Sequence[Path], folder: Path) -> None:
    """An annotation that a person drew, or corrected in LabelImg, is never replaced by a prediction."""
    for path in images:
        drawn = folder / f"{path.stem}.xml"
        if drawn.exists() and read_voc(drawn).database != DATABASE:
            raise InputError(
                "An annotation that is no prediction would be overwritten.", where=drawn, todo="choose another --out"
            )


def _told(found: Detections, classes: Sequence[str]) -> str:
    counts = [(classes[label], int((found.labels == label).sum())) for label in sorted(set(found.labels.tolist()))]
    return ", ".join(f"{count} {name}" for name, count in counts) or "nothing found"


def score(data: Dataset, file: Path, iou: float, rule: Rule, resamples: int, seed: int) -> Evaluation:
    """Score a predictions file."""
    return evaluate(data, read_predictions(file, data), iou=iou, rule=rule, resamples=resamples, seed=seed)


def show_evaluation(console: Console, found: Evaluation) -> None:
    """A table of AP a class, then the mean and COCO's figures."""
    table = table_of("class", "objects", "detections", "hits", f"AP at IoU {found.iou:g}", "95 % interval")
    for row in found.classes:
        bounds = "{:.4f} to {:.4f}".format(*row.ci95) if row.ci95 else "-"
        value = "-" if row.ap is None else f"{row.ap:.4f}"
        table.add_row(row.label, str(row.objects), str(row.detections), str(row.hits), value, bounds)
    console.print(table)
    mean = "-" if found.mean_ap is None else f"{found.mean_ap:.4f}"
    bounds = " [{:.4f}, {:.4f}]".format(*found.ci95) if found.ci95 else ""
    left = f"; without objects, left out: {', '.join(found.missing)}" if found.missing else ""
    console.print(f"mAP {mean}{bounds} ({found.rule}, IoU {found.iou:g}, {found.images} images){left}")
    console.print(f"COCO {json.dumps(found.coco.model_dump(by_alias=True))}")


def anchors_of(data: Dataset, image_size: int, count: int, seed: int) -> AnchorReport:
    """Anchors for PP-YOLOv2, the one detector that takes any.

    Raises:
        InputError: The side is none that can be trained at, or there is no box.
    """
    make_settings("ppyolov2", "tiny", image_size=image_size)
    return report_anchors(data, image_size, count, seed)


def show_anchors(console: Console, found: AnchorReport) -> None:
    """A table of the anchors, how they fit beside the reference's, and the line for a recipe."""
    table = table_of("width", "height", "boxes")
    for (width, height), boxes in zip(found.anchors, found.best_for, strict=True):
        table.add_row(f"{width:.1f}", f"{height:.1f}", str(boxes))
    console.print(table)
    console.print(f"mean best IoU {found.mean_best_iou:.4f} ({found.boxes} boxes, {found.image_size} px)")
    console.print(f"with the reference's {len(REFERENCE_ANCHORS)} anchors {found.reference_mean_best_iou:.4f}")
    if len(found.anchors) == len(REFERENCE_ANCHORS):
        console.print(found.recipe_line())
    else:
        console.print(f"A recipe takes {len(REFERENCE_ANCHORS)} anchors, so there is no line for it.")
