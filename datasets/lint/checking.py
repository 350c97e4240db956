"""The whole check: read, look at the pixels, ask every rule."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from spinedet.annotations.annotators import ANNOTATORS, annotator_folder
from spinedet.annotations.errors import InputError
from spinedet.datasets.card import Card, read_card
from spinedet.datasets.dataset import ANNOTATIONS, existing_folder
from spinedet.datasets.lint.findings import Finding, Severity
from spinedet.datasets.lint.patient_rules import read_patients
from spinedet.datasets.lint.pixels import compare_pixels
from spinedet.datasets.lint.rules import RULES, SET_RULES
from spinedet.datasets.lint.scan import Listener, list_images, refusal, scan
from spinedet.datasets.lint.views import Pixels, Refused, SetView

CARD = "dataset.yaml"

PIXEL_RULES = frozenset({"I301", "I312", "P408"})
"""Rules that need every image decoded."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a check is asked for.

    Attributes:
        annotator: Check what this annotator drew instead of the common annotations.
        classes: The classes; empty for those of `dataset.yaml`.
        folds: The folds that are going to be made; None if nobody said.
        pixels: Decode every image (damage, the same pixels twice); headers are read in any case.
        rules: Ids of the rules to ask.
    """

    annotator: str | None = None
    classes: tuple[str, ...] = ()
    folds: int | None = None
    pixels: bool = True
    rules: frozenset[str] = field(default_factory=lambda: frozenset(RULES))


@dataclass(frozen=True)
class Report:
    """What a check has found.

    Attributes:
        view: The dataset as it was read.
        name: Name of the dataset.
        asked: What was asked for.
        findings: Sorted by place, line and rule.
    """

    view: SetView
    name: str
    asked: Asked
    findings: tuple[Finding, ...]

    def counts(self) -> dict[Severity, int]:
        """Findings of each severity, worst first."""
        found = Counter(finding.severity for finding in self.findings)
        return {severity: found[severity] for severity in Severity}

    @property
    def errors(self) -> int:
        """Findings that training or folds would refuse."""
        return self.counts()[Severity.ERROR]


def silent(what: str, done: int, total: int) -> None:
    """Hear how far the work is, and say nothing."""


def lint(
    folder: Path, asked: Asked | None = None, listener: Listener = silent, *, seen: Pixels | None = None
) -> Report:
    """Check a dataset: read everything that can be read, and tell everything that is wrong.

    Args:
        folder: The dataset folder.
        asked: What to check; otherwise everything.
        listener: Hears how far the work is.
        seen: What an earlier check of the same images has seen of their pixels.

    Raises:
        InputError: There is no such folder or annotator. What is wrong inside the folder is a finding.
    """
    asked = asked or Asked()
    view, name, of_files = _read(existing_folder(folder), asked, listener, seen)
    of_the_set = [finding for rule in SET_RULES if rule.id in asked.rules for finding in rule.findings(view)]
    found = sorted([*of_files, *of_the_set], key=lambda one: (one.fault.place, one.fault.line or 0, one.rule))
    return Report(view, name, asked, tuple(found))


def _read(root: Path, asked: Asked, listener: Listener, seen: Pixels | None) -> tuple[SetView, str, Sequence[Finding]]:
    """The dataset, its name, and what the rules of single files have found."""
    drawn, images = _drawn(root, asked), list_images(root)
    part = scan(root, drawn, asked.rules, images.files, listener)
    card, card_refused = _card(root)
    columns = part.columns[0]
    view = SetView(
        root=root,
        drawn=drawn,
        annotator=asked.annotator,
        classes=asked.classes or card.classes,
        folds=asked.folds,
        columns=columns,
        xml=frozenset(columns.images) | {Path(refused.place).stem for refused in part.refused},
        files=images.files,
        twins=images.twins,
        strange=images.strange,
        patients=read_patients(root),
        filenames=part.filenames,
        refused=tuple(part.refused),
        card_refused=card_refused,
        damaged=tuple(part.damaged),
        pixels=seen or _pixels(root, asked, images.files, part.damaged, listener),
    )
    return view, card.name or root.name, part.findings


def _pixels(
    root: Path, asked: Asked, files: Mapping[str, str], damaged: Sequence[Refused], listener: Listener
) -> Pixels | None:
    """What decoding shows of the images whose header could be read; None where no rule asks for it."""
    if not asked.pixels or PIXEL_RULES.isdisjoint(asked.rules):
        return None
    told = {Path(refused.place).name for refused in damaged}
    return compare_pixels(root, {image: file for image, file in files.items() if file not in told}, listener)


def _drawn(root: Path, asked: Asked) -> str:
    """The folder of the annotations, relative to the dataset."""
    return ANNOTATIONS if asked.annotator is None else f"{ANNOTATORS}/{annotator_folder(root, asked.annotator).name}"


def _card(root: Path) -> tuple[Card, Refused | None]:
    """`dataset.yaml`, or an empty card and why it cannot be used."""
    try:
        return read_card(root), None
    except InputError as error:
        return Card(), refusal(error, root / CARD, CARD)
