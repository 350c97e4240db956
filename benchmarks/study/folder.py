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
STUDY/models/NAME/                  a model that takes part:
    model.json                      its card
    hints.json                      its boxes on study and practice images, for those who read with it
STUDY/reference/                    a dataset folder in which experts annotate, if they do (`spinedet annotate`)
STUDY/consensus/                    what comes of it (`spinedet consensus`)
STUDY/sealed/                       not for readers:
    key.csv                         code, image, patient, and the patient's neutral name
    truth.json                      the reference standard
    truth.sha256                    its hash, where experts made it; otherwise the protocol has it
    patients.json                   pixel hashes of all images that the dataset has of the study's patients
    drawing.json                    how the images were drawn, and who could not be
    agreement.json                  how far the experts agreed before they discussed
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
    def models(self) -> Path:
        """One folder a model."""
        return self.root / "models"

    @property
    def consensus(self) -> Path:
        """What the experts agreed on."""
        return self.root / "consensus"

    @property
    def sealed(self) -> Path:
        """What readers must not see."""
        return self.root / "sealed"

    @property
    def key(self) -> Path:
        """The table of codes, images and patients."""
        return self.sealed / "key.csv"

    @property
    def truth(self) -> Path:
        """The reference standard."""
        return self.sealed / "truth.json"

    @property
    def analysis(self) -> Path:
        """Results, tables, figures and report."""
        return self.root / "analysis"

    def reader(self, name: str, treatment: str = UNAIDED) -> Path:
        """What one reader did under one treatment."""
        return self.readers / name / treatment
