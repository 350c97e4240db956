"""`spinedet describe`: a dataset as a page to look at."""

from pathlib import Path
from typing import Annotated

import typer

from spinedet.terminal import DatasetFolder, ImageSet, TaskName, out


def describe(
    dataset: DatasetFolder,
    out_file: Annotated[Path, typer.Option("--out", help="The page to write.")] = Path("describe.html"),
    task: TaskName = None,
    annotator: Annotated[
        str | None, typer.Option(metavar="NAME", help="Describe what this annotator drew, not Annotations/.")
    ] = None,
    pictures: Annotated[
        bool, typer.Option("--pictures/--no-pictures", help="Show images of patients, or counts and drawings alone.")
    ] = True,
    image_set: ImageSet = None,
) -> None:
    """Write an HTML page about a dataset: counts, sizes, places, typical boxes and the rarest cases."""
    from spinedet.datasets.dataset import Dataset
    from spinedet.datasets.describe import describe as page_about
    from spinedet.datasets.describe import with_pictures
    from spinedet.datasets.pages import count, write_page
    from spinedet.datasets.tasks import read_task

    classes = read_task(task).classes if task else None
    data = Dataset.load(dataset, classes=classes, image_set=image_set, annotator=annotator, with_images=False)
    write_page(out_file, page_about(with_pictures(data), annotator=annotator, pictures=pictures))
    boxes = sum(data.counts().values())
    out.print(f"{count(len(data), 'image')}, {count(boxes, 'box')}, {count(len(data.classes), 'class')}: {out_file}")
