"""Where everything of a study lies.

STUDY/protocol.json                 what was decided beforehand, with its hash
STUDY/images/CODE.png               the images under neutral names
STUDY/practice/CODE.png             images to practise on
STUDY/readers/NAME/TREATMENT/       what one reader did under one treatment:
    order.json                      the reader's own order of the codes
    log.jsonl                       the events (`spinedet.annotations.reading`)
    Annotations/CODE.xml            the boxes
    practice/CODE.xml               those of the practice
    reading.json                    instead of log and boxes: a reading made elsewhere, or a model's
STUDY/reference/                    a dataset folder in which experts annotate, if they do (`spinedet annotate`)
STUDY/sealed/key.csv                code, image, patient: not for readers
STUDY/sealed/truth.json             the reference standard: not for readers
STUDY/analysis/                     results, tables, figures, report
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from spinedet.benchmarks.study.protocol import FILE, Protocol
from spinedet.benchmarks.study.readings import UNAIDED


@dataclass(frozen=True)
class StudyFolder:
    """A study on disk."""

    root: Path

    @cached_property
    def protocol(self) -> Protocol:
        """The frozen protocol.

        Raises:
            InputError: It is missing or was changed.
        """
        return Protocol.read(self.root / FILE)

    @property
    def images(self) -> Path:
        """The study's images."""
        return self.root / "images"

    @property
    def practice(self) -> Path:
        """The practice images."""
        return self.root / "practice"

    @property
    def readers(self) -> Path:
        """One folder a reader."""
        return self.root / "readers"

    @property
    def reference(self) -> Path:
        """The dataset folder in which experts annotate."""
        return self.root / "reference"

    @property
    def key(self) -> Path:
        """The table of codes, images and patients."""
        return self.root / "sealed" / "key.csv"

    @property
    def truth(self) -> Path:
        """The reference standard."""
        return self.root / "sealed" / "truth.json"

    @property
    def analysis(self) -> Path:
        """Results, tables, figures and report."""
        return self.root / "analysis"

    def reader(self, name: str, treatment: str = UNAIDED) -> Path:
        """What one reader did under one treatment."""
        return self.readers / name / treatment
