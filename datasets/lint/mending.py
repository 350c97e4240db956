"""`--fix`: what can be put right without a person's judgement, each file kept in its history before.

A mend never moves a box beyond what the reader does anyway, never chooses between two drawings, and never hides the one
sign that boxes may belong to another image.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from spinedet.annotations.errors import InputError
from spinedet.annotations.history import save
from spinedet.annotations.lock import annotating
from spinedet.annotations.voc import Annotation, inspect_voc, voc_bytes
from spinedet.datasets.dataset import IMAGES
from spinedet.datasets.images import image_size
from spinedet.datasets.lint.checking import Report
from spinedet.datasets.lint.findings import Finding, Known
from spinedet.datasets.lint.rules import RULES

WHO = "spinedet lint --fix"


@dataclass(frozen=True, slots=True)
class Mended:
    """One file that was put right.

    Attributes:
        place: The file, relative to the dataset.
        findings: What is no longer to be found in it.
    """

    place: str
    findings: tuple[Finding, ...]


def mend(report: Report) -> tuple[Mended, ...]:
    """Put right what is safe; the version before of each file goes to its history, for `spinedet restore`.

    Returns:
        The files that were written. A file that became unreadable meanwhile is left alone; the next check tells why.

    Raises:
        InputError: Somebody has the folder open in LabelImg, or it cannot be written; nothing was changed.
        WorkError: A file cannot be written; those before it are mended.
    """
    wanted = _mendable(report)
    if not wanted:
        return ()
    with annotating(report.view.root / report.view.drawn, WHO):
        return tuple(_mended(report, wanted))


def _mendable(report: Report) -> dict[str, list[Finding]]:
    """Findings with a safe way out, by the image of the annotation they are in.

    Where two image files have one name nobody knows whose size and name are meant.
    """
    wanted: dict[str, list[Finding]] = {}
    unclear = {Path(name).stem for name in report.view.twins}
    for finding in report.findings:
        image = Path(finding.fault.place).stem
        if RULES[finding.rule].mend is not None and image not in unclear:
            wanted.setdefault(image, []).append(finding)
    return wanted


def _mended(report: Report, wanted: dict[str, list[Finding]]) -> Iterator[Mended]:
    for image, findings in wanted.items():
        place = report.view.place(image)
        try:
            annotation = _put_right(report, image, {finding.rule for finding in findings})
        except InputError:  # it was changed since the check, whose successor will tell
            continue
        save(report.view.root / place, voc_bytes(annotation))
        yield Mended(place, tuple(findings))


def _put_right(report: Report, image: str, rules: set[str]) -> Annotation:
    """The annotation of an image as it is now, after the mends of these rules."""
    view = report.view
    path = view.root / view.place(image)
    file = view.files.get(image)
    picture = None if file is None else view.root / IMAGES / file
    known = Known(file or image, None if picture is None else image_size(picture), view.classes)
    annotation = inspect_voc(path, None if picture is None else partial(image_size, picture)).annotation
    for rule in sorted(rules):
        if (put_right := RULES[rule].mend) is not None:
            annotation = put_right(annotation, known)
    return annotation
