"""`spinedet phantom ...`: synthetic datasets, each made again by the same seed."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from spinedet.terminal import out

phantoms = typer.Typer(no_args_is_help=True, help="Make a synthetic dataset: for trying, teaching and testing.")

PhantomFolder = Annotated[Path, typer.Option("--out", help="Dataset folder to make.")]
Patients = Annotated[int, typer.Option(help="Number of patients.")]
PhantomSeed = Annotated[int, typer.Option(min=0, help="The same seed makes the same files.")]
Hard = Annotated[bool, typer.Option("--hard", help="Milder disease, more overlap of the classes, more noise.")]

WHOLE_IMAGES = {
    "thigh": (
        "spinedet.datasets.phantoms.thigh.dataset:THIGH",
        "Make axial T1-like MR images of both thighs: Duchenne, Becker, or another pattern of fat; 3 to 6 a patient.",
    ),
    "shoulder": (
        "spinedet.datasets.phantoms.shoulder.dataset:SHOULDER",
        "Make oblique sagittal T2-like MR images of the shoulder: Goutallier's grades of fat; 1 to 3 a patient.",
    ),
    "liver": (
        "spinedet.datasets.phantoms.liver.dataset:LIVER",
        "Make axial T2-like MR images of the abdomen: a normal liver, or cirrhosis; 1 to 3 a patient.",
    ),
    "fracture": (
        "spinedet.datasets.phantoms.fracture.dataset:FRACTURE",
        "Make radiographs of the forearm: normal, or broken in one view at least; 1 to 3 views a patient.",
    ),
    "knee_oa": (
        "spinedet.datasets.phantoms.knee_oa.dataset:KNEE_OA",
        "Make anteroposterior radiographs of the knee: Kellgren and Lawrence's grades; 1 or 2 knees a patient.",
    ),
    "bone_age": (
        "spinedet.datasets.phantoms.bone_age.dataset:BONE_AGE",
        "Make radiographs of growing hands, whose age in months is kept; 1 or 2 hands a patient.",
    ),
    "meniscus": (
        "spinedet.datasets.phantoms.meniscus.dataset:MENISCUS",
        "Make sagittal MR images of the knee: a whole or a torn meniscus.",
    ),
    "pfirrmann": (
        "spinedet.datasets.phantoms.pfirrmann.dataset:PFIRRMANN",
        "Make MR images of a lumbar disc: Pfirrmann's grades.",
    ),
    "stenosis": (
        "spinedet.datasets.phantoms.stenosis.dataset:STENOSIS",
        "Make axial MR images of the lumbar canal: grades of its narrowing.",
    ),
}
"""Phantoms with one answer an image, imported when they are asked for, and what each command says of itself."""


@phantoms.command("lumbar")
def lumbar(
    out_folder: PhantomFolder,
    patients: Annotated[int, typer.Option(help="Number of patients; 1 to 3 images each.")] = 60,
    seed: PhantomSeed = 0,
) -> None:
    """Make sagittal T2-like lumbar MR images with boxes: normal discs, herniations, spondylolistheses."""
    from spinedet.datasets.phantoms.lumbar import make_lumbar

    _show(make_lumbar(out_folder, patients, seed))


def _maker(place: str) -> Callable[..., None]:
    """The command of a phantom of whole images."""

    def command(out_folder: PhantomFolder, patients: Patients = 60, seed: PhantomSeed = 0, hard: Hard = False) -> None:
        module, name = place.split(":")
        phantom = getattr(import_module(module), name)
        _show(phantom.make(out_folder, patients, seed, hard))

    return command


for _name, (_place, _about) in WHOLE_IMAGES.items():
    phantoms.command(_name, help=_about)(_maker(_place))


def _show(folder: Path) -> None:
    from spinedet.datasets.dataset import Dataset

    dataset = Dataset.load(folder)
    counts = ", ".join(f"{count} {name}" for name, count in dataset.counts().items())
    out.print(f"{len(dataset)} images of {len(dataset.patients)} patients in {folder}: {counts}")
