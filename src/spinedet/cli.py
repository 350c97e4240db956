"""The command line: thin commands that call functions of the library, and the one place where errors become words.

Exit codes: 0 done, 1 the work failed, 2 the input or the words are wrong.
"""

import errno
import io
import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.text import Text

from spinedet.annotations.errors import InputError, SpinedetError, WorkError
from spinedet.commands.agreement import agreement
from spinedet.commands.annotate import annotate
from spinedet.commands.consensus import consensus
from spinedet.commands.convert import exporting, importing
from spinedet.commands.describe import describe
from spinedet.commands.history import history, restore
from spinedet.commands.lint import lint
from spinedet.commands.phantoms import phantoms
from spinedet.commands.regions import RegionBoxes, RegionDetector, RegionEpochs, RegionModel, RegionScore, Roi, regions
from spinedet.commands.study import study
from spinedet.commands.task import tasks
from spinedet.commands.whole_image import diagnostic
from spinedet.terminal import Count, DatasetFolder, ImageSet, OwnPatients, Seed, TaskName, err, out

app = typer.Typer(
    name="spinedet",
    help="LabelImg boxes in; YOLOv3, YOLOv5 and PP-YOLOv2 out, on patient-safe folds, scored by one evaluator.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(phantoms, name="phantom")
app.add_typer(tasks, name="task")
app.add_typer(importing, name="import")
app.add_typer(exporting, name="export")
app.add_typer(study, name="study")

DISK_ERRORS = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS, errno.EPERM, errno.EIO),
    *(errno.ENAMETOOLONG, errno.ENOTDIR, errno.EINVAL),  # a name that this disk cannot hold
}
"""What the disk answers when a person, not the program, can mend it."""

INTERRUPTED = 130
"""Typer's exit code where Ctrl-C was pressed."""

AllowRare = Annotated[bool, typer.Option(help="Accept a class that only one patient has.")]
Preset = Annotated[str, typer.Option(help="tiny (CPU, minutes), small (a GPU or a night) or paper (640 px, long).")]
ImageSize = Annotated[int | None, typer.Option(help="Side of the network input in pixels, a multiple of 32.")]
Epochs = Annotated[int | None, typer.Option(min=1, help="Passes over the training part.")]
Batch = Annotated[int | None, typer.Option(min=1, help="Images a training step.")]
Rate = Annotated[float | None, typer.Option("--learning-rate", help="Peak learning rate.")]
Weights = Annotated[str, typer.Option(help="Start from none, coco or imagenet (fetched; said before), or from a file.")]
Sensitivity = Annotated[
    float | None,
    typer.Option(help="Of whole images: the least sensitivity wanted on validation images; otherwise Youden's."),
]
Occlusion = Annotated[
    bool,
    typer.Option(
        help="Of whole images whose lesions are known: whether occlusion maps point at them too (49 looks each)."
    ),
]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]


@app.command()
def folds(
    dataset: DatasetFolder,
    out_file: Annotated[Path, typer.Option("--out", help="The folds file to write.")] = Path("folds.json"),
    count: Count = None,
    hold_out: Annotated[str | None, typer.Option(help="One split instead: shares such as 0.7,0.15,0.15.")] = None,
    seed: Seed = 0,
    image_set: ImageSet = None,
    task: TaskName = None,
    each_image_is_a_patient: OwnPatients = False,
    allow_rare: AllowRare = False,
) -> None:
    """Part a dataset by patient, classes spread evenly, and write folds.json."""
    from spinedet import actions
    from spinedet.datasets.folds import save_folds

    data, known = actions.load(dataset, task, image_set, each_image_is_a_patient)
    if out_file.exists():
        raise InputError("The folds file exists already.", where=out_file, todo="choose another --out, or delete it")
    made = actions.make(data, actions.number_of_folds(count, known), hold_out, seed, allow_rare=allow_rare)
    save_folds(out_file, made, data)
    actions.show_folds(out, data, made)


@app.command()
def train(
    dataset: DatasetFolder,
    out_folder: Annotated[Path, typer.Option("--out", help="Job folder; the model is in OUT/model.")],
    detector: Annotated[str, typer.Option(help="yolov3, yolov5 or ppyolov2, with a size: yolov5:s.")] = "yolov5",
    preset: Preset = "tiny",
    val_ratio: Annotated[float, typer.Option(help="Share of patients set aside to choose the best epoch.")] = 0.0,
    image_size: ImageSize = None,
    epochs: Epochs = None,
    batch: Batch = None,
    learning_rate: Rate = None,
    weights: Weights = "none",
    seed: Seed = 0,
    device: Device = "auto",
    image_set: ImageSet = None,
    task: TaskName = None,
    each_image_is_a_patient: OwnPatients = False,
) -> None:
    """Train one detector on a whole dataset and leave a model folder for `predict`."""
    from spinedet import actions

    data, known = actions.load(dataset, task, image_set, each_image_is_a_patient)
    changes = _changes(image_size, epochs, batch, learning_rate, weights, seed, device)
    settings = actions.settings_of([detector], preset, known, changes)[detector.partition(":")[0]]
    model = actions.train_model(err, data, settings, out_folder, val_ratio)
    out.print(f"The model is in {model}")


@app.command()
def benchmark(
    dataset: DatasetFolder,
    out_folder: Annotated[Path, typer.Option("--out", help="Run folder; an unfinished one is gone on with.")],
    detectors: Annotated[str, typer.Option(help="Names, with sizes if wanted: yolov3,yolov5:s.")] = (
        "yolov3,yolov5,ppyolov2"
    ),
    count: Count = None,
    folds_file: Annotated[Path | None, typer.Option(help="Use these folds instead of making them.")] = None,
    preset: Preset = "tiny",
    image_size: ImageSize = None,
    epochs: Epochs = None,
    batch: Batch = None,
    learning_rate: Rate = None,
    weights: Weights = "none",
    sensitivity: Sensitivity = None,
    roi: Roi = None,
    region_detector: RegionDetector = "yolov5:n",
    region_epochs: RegionEpochs = None,
    region_boxes: RegionBoxes = None,
    region_model: RegionModel = None,
    region_score: RegionScore = 0.05,
    examples: Annotated[bool, typer.Option(help="Show test images, with their names, in the report.")] = True,
    occlusion: Occlusion = True,
    jobs: Annotated[int, typer.Option(min=1, help="Training jobs at the same time.")] = 1,
    seed: Seed = 0,
    device: Device = "auto",
    image_set: ImageSet = None,
    task: TaskName = None,
    each_image_is_a_patient: OwnPatients = False,
    allow_rare: AllowRare = False,
) -> None:
    """Compare detectors by cross-validation: every detector on every fold, one evaluator, one report.

    Where the task asks the whole image, its report is whole_image.html, with thresholds chosen on validation images.
    With --roi whole,detector the same is done with a region and without, and comparison.html tells the difference.
    """
    from spinedet import actions
    from spinedet.benchmarks.crossval import Plan
    from spinedet.whole_image import Ask, check
    from spinedet.with_region import RegionWords, ask_regions, compare_regions

    data, known = actions.load(dataset, task, image_set, each_image_is_a_patient)
    check(data, known, sensitivity)
    changes = _changes(image_size, epochs, batch, learning_rate, weights, seed, device)
    settings = actions.settings_of(detectors.split(","), preset, known, changes)
    words = RegionWords(roi, region_detector, region_epochs, region_boxes, region_model, region_score)
    wanted = ask_regions(words, known, preset, changes)
    count = actions.number_of_folds(count, known)
    whole, val = (known.whole_image, known.split.val) if known else (False, 0.0)
    made = actions.folds_for(data, folds_file, count, seed, allow_rare=allow_rare, val=val if whole else 0.0)
    plan = Plan(made, settings, jobs, actions.command_line(sys.argv[1:], data), whole_image=whole)
    ask = Ask(known, sensitivity, examples, occlusion) if known and whole else None
    if wanted is not None and ask is not None:
        report = compare_regions(out, err, data, plan, out_folder, ask, wanted)
    else:
        report = actions.compare(out, err, data, plan, out_folder, examples=examples, ask=ask)
    out.print(f"Report: {report}")


def _changes(
    image_size: int | None,
    epochs: int | None,
    batch: int | None,
    learning_rate: float | None,
    weights: str,
    seed: int,
    device: str,
) -> dict[str, Any]:
    """What the command line changes in a preset; None leaves the preset's value."""
    return {
        "image_size": image_size,
        "epochs": epochs,
        "batch": batch,
        "learning_rate": learning_rate,
        "weights": weights,
        "seed": seed,
        "device": device,
    }


@app.command()
def predict(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="Model folder: model.onnx and model.json.")],
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Images, or folders of images.")],
    out_folder: Annotated[Path, typer.Option("--out", help="Folder for the results.")],
    formats: Annotated[str, typer.Option("--format", help="Any of voc,json,png,maps,occlusion.")] = "voc,json,png",
    score: Annotated[float, typer.Option(min=0, max=1, help="Least score to draw and to write as VOC.")] = 0.25,
    threads: Annotated[int, typer.Option(min=0, help="Processor threads; 0 takes all cores.")] = 0,
) -> None:
    """Find objects with a trained model: boxes on the image (PNG), VOC XML for LabelImg, JSON with every score.

    `maps` draws each cell's own score for the classes found (or the best one); `occlusion` how much the class of a
    whole image depends on each place, at 50 times the work.
    """
    from spinedet import actions

    count = actions.predict_files(
        err, model, paths, out_folder, [name.strip() for name in formats.split(",")], score, threads
    )
    out.print(f"{count} images predicted; results in {out_folder}")


@app.command()
def evaluate(
    dataset: DatasetFolder,
    predictions: Annotated[Path, typer.Argument(metavar="PREDICTIONS.json", help="List of image, label, box, score.")],
    iou: Annotated[float, typer.Option(help="Overlap at which a detection is a hit.")] = 0.5,
    ap: Annotated[
        Literal["all-point", "11-point"], typer.Option(help="Rule for the area under the curve.")
    ] = "all-point",
    resamples: Annotated[int, typer.Option(min=0, help="Resamples of the patients for 95 % intervals; 0: none.")] = 0,
    seed: Seed = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON with every digit.")] = False,
    image_set: ImageSet = None,
    task: TaskName = None,
    each_image_is_a_patient: OwnPatients = False,
) -> None:
    """Score a predictions file against annotations (no image is read)."""
    from spinedet import actions

    data, _ = actions.load(dataset, task, image_set, each_image_is_a_patient, with_images=False)
    found = actions.score(data, predictions, iou, ap, resamples, seed)
    if as_json:
        typer.echo(json.dumps(found.as_dict(), indent=1))
    else:
        actions.show_evaluation(out, found)


@app.command()
def anchors(
    dataset: DatasetFolder,
    image_size: Annotated[int, typer.Option(help="Side of the network input in pixels, a multiple of 32.")],
    count: Annotated[int, typer.Option(min=1, max=100, help="Number of anchors; a recipe takes nine.")] = 9,
    seed: Seed = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON with every digit.")] = False,
    image_set: ImageSet = None,
    task: TaskName = None,
) -> None:
    """Find the anchors of PP-YOLOv2 that fit the boxes of a dataset (no image is read)."""
    from spinedet import actions

    data, _ = actions.load(dataset, task, image_set, own_patients=True, with_images=False)
    found = actions.anchors_of(data, image_size, count, seed)
    if as_json:
        typer.echo(json.dumps(found.model_dump(mode="json"), indent=1))
    else:
        actions.show_anchors(out, found)


for command in (annotate, history, restore, consensus, agreement, describe, lint, diagnostic, regions):
    app.command()(command)


def main() -> int:
    """Run the command line and return its exit code; a user's mistake ends in words, not in a traceback."""
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")  # a damaged image is told in our words, once
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a Windows pipe has no place for every name
    try:
        app()
    except SystemExit as end:
        if end.code == INTERRUPTED:
            return _say(WorkError("Stopped.", todo="run the same command again"))
        return end.code if isinstance(end.code, int) else 1
    except SpinedetError as error:
        return _say(error)
    except OSError as error:
        if error.errno not in DISK_ERRORS:
            raise
        where = error.filename or "the output folder"
        todo = "free space, or choose a folder you may write to; then run the command again"
        return _say(WorkError("A file could not be written.", found=error.strerror, where=where, todo=todo))
    return 0


def _say(error: SpinedetError) -> int:
    err.print(Text("error:", "red"), str(error))
    return error.exit_code
