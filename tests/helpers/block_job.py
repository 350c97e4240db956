"""A job on the eight images of `blocks`: four to learn from, two to choose on, two to judge on."""

from collections.abc import Sequence
from pathlib import Path

from spinedet.datasets.dataset import Dataset
from spinedet.detect.contract import Settings
from spinedet.detect.jobs import Job


def block_job(blocks: Path, settings: Settings, classes: Sequence[str] | None = None) -> Job:
    dataset, names = Dataset.load(blocks, classes=classes), [f"i{number}" for number in range(8)]
    return Job(
        settings=settings,
        dataset=blocks,
        fingerprint=dataset.fingerprint(),
        classes=dataset.classes,
        train=tuple(names[:4]),
        val=tuple(names[4:6]),
        test=tuple(names[6:]),
    )
