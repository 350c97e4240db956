"""`spinedet phantom ...`: synthetic datasets of whole images with one answer each."""

from pathlib import Path
from typing import Annotated

import typer

from spinedet.terminal import out

PhantomFolder = Annotated[Path, typer.Option("--out", help="Dataset folder to make.")]
PhantomSeed = Annotated[int, typer.Option(min=0, help="The same seed makes the same files.")]
Hard = Annotated[bool, typer.Option("--hard", help="Milder disease, more overlap of the classes, more noise.")]


def thigh(
    out_folder: PhantomFolder,
    patients: Annotated[int, typer.Option(help="Number of patients; 3 to 6 images each.")] = 60,
    seed: PhantomSeed = 0,
    hard: Hard = False,
) -> None:
    """Make axial T1-like MR images of both thighs: Duchenne, Becker, or another pattern of fat."""
    from spinedet.datasets.phantoms.thigh.dataset import THIGH

    _show(THIGH.make(out_folder, patients, seed, hard))


def shoulder(
    out_folder: PhantomFolder,
    patients: Annotated[int, typer.Option(help="Number of patients; 1 to 3 images each.")] = 60,
    seed: PhantomSeed = 0,
    hard: Hard = False,
) -> None:
    """Make oblique sagittal T2-like MR images of the shoulder: fat in the supraspinatus, Goutallier's grades."""
    from spinedet.datasets.phantoms.shoulder.dataset import SHOULDER

    _show(SHOULDER.make(out_folder, patients, seed, hard))


def liver(
    out_folder: PhantomFolder,
    patients: Annotated[int, typer.Option(help="Number of patients; 1 to 3 images each.")] = 60,
    seed: PhantomSeed = 0,
    hard: Hard = False,
) -> None:
    """Make axial T2-like MR images of the abdomen at the caudate lobe: a normal liver, or cirrhosis."""
    from spinedet.datasets.phantoms.liver.dataset import LIVER

    _show(LIVER.make(out_folder, patients, seed, hard))


def _show(folder: Path) -> None:
    from spinedet.datasets.dataset import Dataset

    dataset = Dataset.load(folder)
    counts = ", ".join(f"{count} {name}" for name, count in dataset.counts().items())
    out.print(f"{len(dataset)} images of {len(dataset.patients)} patients in {folder}: {counts}")
