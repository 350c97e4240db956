"""`spinedet regions`: the part of each image that the question is about, cut out as a dataset of its own."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from spinedet.annotations.errors import InputError
from spinedet.terminal import DatasetFolder, ImageSet, TaskName, err, out

if TYPE_CHECKING:
    from spinedet.datasets.regions.detector import Detector
    from spinedet.datasets.regions.finding import Finder

Missing = Literal["leave-out", "whole"]

Roi = Annotated[
    str | None,
    typer.Option(
        metavar="KINDS", help="Of whole images: compare whole,legs,detector (one or several) on the same folds."
    ),
]
RegionDetector = Annotated[str, typer.Option(help="With --roi detector: what is trained in each fold to find regions.")]
RegionEpochs = Annotated[int | None, typer.Option(min=1, help="Its epochs, if not those of the benchmark.")]
RegionBoxes = Annotated[
    Path | None, typer.Option(metavar="DIR", help="VOC files of the regions to learn, if not the masks in Regions/.")
]
RegionModel = Annotated[
    Path | None, typer.Option(metavar="MODEL", help="A trained region model instead; it must have seen no image here.")
]
RegionScore = Annotated[float, typer.Option(min=0, max=1, help="Least score of a region that a model finds.")]
"""What `spinedet benchmark` asks about regions."""


def regions(
    dataset: DatasetFolder,
    roi: Annotated[Literal["legs", "detector"], typer.Option(help="What is cut out: each leg, or what a model finds.")],
    out_folder: Annotated[Path, typer.Option("--out", metavar="DATASET", help="Dataset folder to make.")],
    model: Annotated[Path | None, typer.Option(metavar="MODEL", help="Folder of the model that finds regions.")] = None,
    margin: Annotated[float, typer.Option(help="Share of a region's sides that is added all round.")] = 0.1,
    shape: Annotated[
        Literal["box", "square"] | None,
        typer.Option(help="The region's box, or the square around it; otherwise box for legs, square for a model's."),
    ] = None,
    masks: Annotated[Path | None, typer.Option(metavar="DIR", help="Masks by image name: report Dice and IoU.")] = None,
    missing: Annotated[Missing, typer.Option(help="An image in which the model finds nothing.")] = "leave-out",
    score: RegionScore = 0.05,
    image_set: ImageSet = None,
    task: TaskName = None,
) -> None:
    """Cut the regions out of the images of a dataset; regions.csv maps their boxes back."""
    from rich.progress import Progress

    from spinedet.datasets.convert.folders import check_new
    from spinedet.datasets.dataset import Dataset
    from spinedet.datasets.regions.crops import SHAPES
    from spinedet.datasets.regions.making import make_regions
    from spinedet.datasets.tasks import read_task

    check_new(out_folder)
    find = _finder(roi, model, missing, score)
    data = Dataset.load(dataset, classes=read_task(task).classes if task else None, image_set=image_set)
    with Progress(console=err, transient=True, disable=not err.is_terminal) as bar:
        row = bar.add_task("images", total=len(data))
        report = make_regions(
            data,
            find,
            out_folder,
            margin=margin,
            shape=shape or SHAPES[roi],
            masks=masks,
            progress=lambda done, _: bar.update(row, completed=done),
        )
    for line in report.lines():
        out.print(line)
    out.print(f"Done: {out_folder}")


def _finder(roi: str, model: Path | None, missing: Missing, score: float) -> "Finder":
    from spinedet.datasets.regions.detector import detector_finder
    from spinedet.datasets.regions.legs import legs_finder

    if (roi == "detector") != (model is not None):
        expected = "--model MODEL with --roi detector, and only there"
        raise InputError("The model and the region do not go together.", expected=expected, found=f"--roi {roi}")
    return legs_finder if model is None else detector_finder(_detector(model, score), missing, score)


def _detector(folder: Path, score: float) -> "Detector":
    """A model folder as the function that `spinedet.datasets.regions.detector` wants."""
    from spinedet.annotations.boxes import Box
    from spinedet.datasets.images import Pixels
    from spinedet.detect.runtime import Model

    model = Model.load(folder, score=score)

    def detect(image: Pixels) -> list[tuple[Box, float]]:
        found = model.predict([image])[0]
        rows = zip(found.boxes.tolist(), found.scores.tolist(), strict=True)
        return [(Box(*box), points) for box, points in rows]

    return detect
