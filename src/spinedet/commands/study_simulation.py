"""`spinedet study simulate`: how many images and readers a study needs, and readers of stated skill for a real one."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spinedet.annotations.errors import InputError
from spinedet.terminal import out

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spinedet.benchmarks.simulation.power import Power

Images = Annotated[str, typer.Option(help="Numbers of images to try.", metavar="N,N")]
People = Annotated[str, typer.Option("--readers", help="Numbers of readers to try.", metavar="N,N")]
ReaderSkill = Annotated[float, typer.Option(min=0.01, max=0.99, help="Readers' mean share of right diagnoses.")]
ModelSkill = Annotated[float, typer.Option(min=0.01, max=0.99, help="The model's.")]
ReaderSpread = Annotated[float, typer.Option(min=0, help="How far readers differ (normal quantiles).")]
PatientSpread = Annotated[float, typer.Option(min=0, help="How far patients differ in what is hard for all.")]
DiscSpread = Annotated[float, typer.Option(min=0, help="How far discs do.")]
PerPatient = Annotated[int, typer.Option(min=1, help="Images of each patient.")]
Discs = Annotated[int, typer.Option(min=1, max=12, help="Discs on an image.")]
Studies = Annotated[int, typer.Option(min=1, help="Simulated studies of each size.")]
Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same answer.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON with every digit.")]
On = Annotated[
    Path | None,
    typer.Option(
        metavar="STUDY", help="Instead: readers of these skills read this study, unaided, in place of all who have not."
    ),
]

HEADINGS = ("images", "patients", "readers", "power", "95 % interval", "width of the interval", "covers the truth")


def simulate(
    images: Images = "25,50,100",
    readers: People = "1,3,5",
    reader_skill: ReaderSkill = 0.85,
    model_skill: ModelSkill = 0.92,
    reader_spread: ReaderSpread = 0.2,
    patient_spread: PatientSpread = 0.5,
    disc_spread: DiscSpread = 0.5,
    per_patient: PerPatient = 1,
    discs: Discs = 7,
    studies: Studies = 1000,
    seed: Seed = 0,
    on: On = None,
    as_json: AsJson = False,
) -> None:
    """Tell the power of a study by its images and readers: the share of studies that would find the difference.

    What is tested is the readers' mean accuracy over discs less the model's, readers and patients random (of a single
    reader: patients). Where --reader-skill and --model-skill are the same it tells the level of that test.
    """
    import numpy as np

    from spinedet.benchmarks.simulation.filling import fill
    from spinedet.benchmarks.simulation.power import Question, power_table
    from spinedet.benchmarks.simulation.skill import Hardness
    from spinedet.benchmarks.simulation.studies import Design
    from spinedet.benchmarks.study.folder import StudyFolder

    hardness = Hardness(patient=patient_spread, disc=disc_spread)
    if on is not None:
        names = fill(StudyFolder(on), hardness, reader_skill, model_skill, reader_spread, np.random.default_rng(seed))
        out.print(f"Simulated readings in {on}: {', '.join(names)}.")
        return
    sizes, people = _numbers("--images", images), _numbers("--readers", readers)
    design = Design(images=sizes[0], per_patient=per_patient, discs=discs)
    question = Question(readers=reader_skill, model=model_skill, between=reader_spread, hardness=hardness)
    rows = power_table(design, question, sizes, people, studies, seed)
    if as_json:
        typer.echo(json.dumps([row.model_dump(mode="json") for row in rows], indent=1))
        return
    _show(rows)
    true = reader_skill - model_skill
    out.print(
        f"True difference {true:+.3f}; {studies:,} studies a line, seed {seed}. Invented readers: plan with care."
    )


def _numbers(option: str, words: str) -> list[int]:
    try:
        found = [int(word) for word in words.split(",")]
    except ValueError as error:
        raise InputError(f"{option} needs whole numbers.", expected="25,50,100", found=words) from error
    least = 2 if option == "--images" else 1
    if any(number < least for number in found):
        raise InputError(f"{option} is too small.", expected=f"{least} or more", found=words)
    return found


def _show(rows: "Iterable[Power]") -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in HEADINGS:
        table.add_column(heading, justify="right")
    for row in rows:
        width = "-" if row.width is None else f"{row.width:.3f}"
        bounds = "{:.3f} to {:.3f}".format(*row.ci95)
        sizes = map(str, (row.images, row.patients, row.readers))
        covered = "-" if row.covered is None else f"{row.covered:.3f}"
        table.add_row(*sizes, f"{row.power:.3f}", bounds, width, covered)
    out.print(table)
