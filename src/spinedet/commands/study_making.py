"""`spinedet study new`, `model`, `import`, `reference` and `status`: a reader study up to its analysis."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from spinedet.annotations.errors import InputError
from spinedet.terminal import DatasetFolder, ImageSet, OwnPatients, TaskName, err, out

if TYPE_CHECKING:
    from spinedet.benchmarks.study.folder import StudyFolder

Study = Annotated[Path, typer.Argument(metavar="STUDY", help="The folder that `spinedet study new` made.")]
Out = Annotated[Path, typer.Option("--out", metavar="STUDY", help="Folder of the study; a new one.")]
Images = Annotated[int, typer.Option(min=1, help="Images to draw; patients are drawn whole.")]
Readers = Annotated[str, typer.Option(help="Names of those who read, with commas.", metavar="R1,R2,R3")]
Models = Annotated[
    list[Path] | None,
    typer.Option("--model", metavar="MODEL", help="Folder of a model that reads too; may be given several times."),
]
Experts = Annotated[
    str | None,
    typer.Option(help="Who makes the reference standard, others than the readers.", metavar="E1,E2,E3"),
]
Reference = Annotated[
    Literal["dataset"] | None, typer.Option(help="The reference standard is the dataset's annotations (as without).")
]
Positive = Annotated[str, typer.Option(help="Classes that count as diseased, where no task says it.", metavar="A,B")]
Practice = Annotated[int, typer.Option(min=0, help="Images to practise on; they do not count.")]
PerPatient = Annotated[int | None, typer.Option(min=1, help="At most so many images of a patient; otherwise all.")]
Aided = Annotated[bool, typer.Option("--aided", help="Everybody reads a second time, with the model's boxes.")]
Overlap = Annotated[float, typer.Option(min=0.01, max=1, help="Least overlap of a box with the object it marks.")]
Idle = Annotated[float, typer.Option(min=1, help="Without input for longer, a reader is taken to pause.")]
Primary = Annotated[
    Literal["sensitivity", "specificity", "accuracy", "f1", "auc", "seconds"],
    typer.Option(help="Measure of the primary endpoint."),
]
Unit = Annotated[
    Literal["object", "image", "patient"] | None,
    typer.Option(help="What is counted; otherwise object, or image where that has one answer."),
]
Correction = Annotated[
    Literal["none", "bonferroni", "holm", "benjamini-hochberg"],
    typer.Option(help="For the comparisons of several readers."),
]
Score = Annotated[float, typer.Option(min=0, max=1, help="Least score at which a model's box counts as marked.")]
Seed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Seeds the drawing, the orders and the resamples.")]
Reader = Annotated[str | None, typer.Option(help="Whose reading it is; of a table of ratings, whose rows.")]
Treatment = Annotated[str, typer.Option(help="Under which it was read: unaided or aided.")]
Annotations = Annotated[Path | None, typer.Option(metavar="FOLDER", help="VOC files, one an image.")]
Times = Annotated[Path | None, typer.Option(metavar="TIMES.csv", help="Columns image,seconds and, if wanted, paused.")]
Ratings = Annotated[
    Path | None,
    typer.Option(metavar="RATINGS.csv", help="Of whole images: reader,image,label and/or rating, seconds, treatment."),
]
Senior = Annotated[str | None, typer.Option(metavar="NAME", help="Who decides what experts do not agree on.")]
Labels = Annotated[Path | None, typer.Option(metavar="LABELS.csv", help="Of whole images: expert,image,label.")]
Threads = Annotated[int, typer.Option(min=0, help="Processor threads; 0 takes all cores.")]


def new(
    dataset: DatasetFolder,
    readers: Readers,
    out_folder: Out,
    images: Images = 50,
    model: Models = None,
    experts: Experts = None,
    reference: Reference = None,
    task: TaskName = None,
    positive: Positive = "",
    practice: Practice = 3,
    per_patient: PerPatient = None,
    aided: Aided = False,
    iou: Overlap = 0.5,
    model_score: Score = 0.25,
    idle_seconds: Idle = 60.0,
    primary: Primary = "accuracy",
    unit: Unit = None,
    correction: Correction = "holm",
    seed: Seed = 0,
    image_set: ImageSet = None,
    each_image_is_a_patient: OwnPatients = False,
) -> None:
    """Draw a sealed reader study from held-out patients: neutral names, an order for each reader, a frozen protocol."""
    from rich.progress import Progress

    from spinedet.benchmarks.study.planning import Plan
    from spinedet.benchmarks.study.sealing import make_study
    from spinedet.datasets.dataset import Dataset
    from spinedet.datasets.tasks import read_task

    if reference and experts:
        raise InputError("Who makes the reference standard?", expected="--experts or --reference", found="both")
    known = read_task(task) if task else None
    plan = Plan(
        images=images,
        readers=_names(readers),
        models=tuple(model or ()),
        experts=_names(experts),
        task=known,
        positive=_names(positive),
        practice=practice,
        per_patient=per_patient,
        aided=aided,
        measure=primary,
        unit=unit,
        correction=correction,
        iou=iou,
        model_score=model_score,
        idle_seconds=idle_seconds,
        seed=seed,
    )
    data = Dataset.load(
        dataset,
        classes=known.classes if known else None,
        image_set=image_set,
        each_image_is_a_patient=each_image_is_a_patient,
    )
    with Progress(console=err, transient=True, disable=not err.is_terminal) as bar:
        row = bar.add_task("images", total=len(data))
        made = make_study(data, plan, out_folder, progress=lambda done, _: bar.update(row, completed=done))
    _tell(made.notes)
    _show_new(made.folder, len(made.drawn.persons), len(made.drawn.seen))


def _names(words: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (words or "").split(",") if name.strip())


def _tell(lines: Sequence[str]) -> None:
    for line in lines:
        out.print(line)


def _show_new(folder: "StudyFolder", persons: int, seen: int) -> None:
    """What was made, and who goes on with what."""
    from spinedet.datasets.pages import count

    protocol = folder.protocol
    kept = f"; {count(seen, 'patient')} kept out, as a model was trained on their images" if seen else ""
    out.print(f"{count(len(protocol.codes), 'image')} of {count(persons, 'patient')} drawn{kept}.")
    out.print("Images are PNG files without metadata; those of 16 bits are shown as the package always shows them.")
    out.print(f"Protocol frozen: {folder.root / 'protocol.json'}, sha256 {protocol.sha256()}")
    out.print(f"Readers begin with: spinedet study read {folder.root} --reader {protocol.readers[0]}")
    for model in protocol.models:
        out.print(f"The model {model.name} reads with: spinedet study model {folder.root} MODEL")
    if protocol.experts:
        out.print(f"Experts draw with: spinedet annotate {folder.reference} --annotator {protocol.experts[0]}")
        out.print(f"After that: spinedet study reference {folder.root}")
    out.print(
        f"Keep {folder.sealed} and {folder.models} away from readers{' and experts' if protocol.experts else ''}."
    )


def model(
    study: Study,
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="Model folder: model.onnx and model.json.")],
    threads: Threads = 0,
) -> None:
    """Let a model read the study, timed from file to drawn result, warm and cold."""
    from rich.progress import Progress

    from spinedet.benchmarks.study.folder import StudyFolder
    from spinedet.benchmarks.study.model_reader import read_with_model

    folder = StudyFolder(study)
    with Progress(console=err, transient=True, disable=not err.is_terminal) as bar:
        row = bar.add_task("images", total=None)
        timed = read_with_model(
            folder, model, threads=threads, progress=lambda done, all_: bar.update(row, completed=done, total=all_)
        )
    notes = timed.reading.notes
    on = f"{notes['machine_processor']}, {notes['threads']} threads, {notes['machine_system']}"
    out.print(f"{timed.reading.reader} has read {len(timed.reading.cases)} images.")
    out.print(f"From file to drawn result: {timed.warm:.3f} s an image (median), {timed.cold:.2f} s for the first one")
    out.print(f"in a process that has just begun; on {on}.")


def import_readings(
    study: Study,
    reader: Reader = None,
    treatment: Treatment = "unaided",
    annotations: Annotations = None,
    times: Times = None,
    ratings: Ratings = None,
) -> None:
    """Take in readings made elsewhere: VOC files with a table of times, or a table of whole-image ratings.

    Images go by their codes or by their names in the dataset. What is missing is kept as missing.
    """
    from spinedet.benchmarks.study.folder import StudyFolder
    from spinedet.benchmarks.study.importing import import_boxes, import_ratings

    if (annotations is None) == (ratings is None) or (ratings and times):
        raise InputError(
            "What is to be imported?", expected="either --annotations, with --times if there are any, or --ratings"
        )
    folder = StudyFolder(study)
    if ratings is not None:
        imported = import_ratings(folder, ratings, reader=reader, treatment=treatment)
    elif annotations is not None and reader is not None:
        imported = [import_boxes(folder, reader, annotations, times, treatment)]
    else:
        raise InputError("Whose reading is it?", expected=f"--reader, one of {', '.join(folder.protocol.readers)}")
    for one in imported:
        reading = one.reading
        read = f"{len(reading.cases)} of {len(folder.protocol.codes)} images"
        out.print(f"{reading.reader} ({reading.treatment}): {read} taken in.")
        _tell(one.notes)


def reference(study: Study, experts: Experts = None, senior: Senior = None, labels: Labels = None) -> None:
    """Make the reference standard from what experts said; how far they agreed before is recorded. Run it again."""
    from spinedet.benchmarks.study.folder import StudyFolder
    from spinedet.benchmarks.study.reference import make_reference

    folder = StudyFolder(study)
    settled = make_reference(folder, experts=_names(experts) or None, senior=senior, labels=labels)
    _tell(settled.told)
    out.print(f"The reference standard is in {folder.truth}" if settled.finished else "There is no standard yet.")


def status(study: Study) -> None:
    """Who has read how much, and what is missing or wrong."""
    from spinedet.actions import table_of
    from spinedet.benchmarks.study.folder import StudyFolder
    from spinedet.benchmarks.study.status import standings

    folder = StudyFolder(study)
    rows = list(standings(folder))
    table = table_of("reader", "treatment", "read", "median seconds")
    for row in rows:
        seconds = "-" if row.seconds is None else f"{row.seconds:.2f}"
        table.add_row(row.reader, row.treatment, f"{row.read} of {row.of}", seconds)
    out.print(table)
    _tell([concern for row in rows for concern in row.concerns])
    if folder.protocol.experts:
        there = "there" if folder.truth.is_file() else "not there yet"
        out.print(f"The reference standard of {', '.join(folder.protocol.experts)} is {there}.")
