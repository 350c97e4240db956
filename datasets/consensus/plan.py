"""What a run will do, found out before anything is written: which images are decided, by whom, and which are left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from spinedet.annotations.annotators import ANNOTATORS
from spinedet.annotations.consensus.review import DISPUTED, REVIEW, Disputed, read_disputed
from spinedet.annotations.errors import InputError, some
from spinedet.annotations.voc import Annotation
from spinedet.datasets.consensus.judging import Case, Verdict, by_agreement, by_senior, make_case
from spinedet.datasets.consensus.sources import Sources, images_in
from spinedet.datasets.consensus.state import Made
from spinedet.datasets.dataset import ANNOTATIONS, Dataset


@dataclass(frozen=True)
class Plan:
    """All images of an outcome.

    Attributes:
        cases: What the annotators make of each image, by name, sorted.
        verdicts: The images that are decided.
        by_senior: Those of them that the senior decided.
        outdated: Images whose senior's file is older than what it would have to decide.
        unused: Images that the senior has a file of and nobody disputes.
    """

    cases: Mapping[str, Case]
    verdicts: Mapping[str, Verdict]
    by_senior: tuple[str, ...]
    outdated: tuple[str, ...]
    unused: tuple[str, ...]

    @property
    def left(self) -> tuple[str, ...]:
        """Images that nobody has decided yet."""
        return tuple(image for image in self.cases if image not in self.verdicts)


def senior_file(out: Path, senior: str, image: str) -> Path:
    """Where a senior's decision lies, or would lie."""
    return out / ANNOTATORS / senior / f"{image}.xml"


def make_plan(sources: Sources, made: Made, out: Path) -> Plan:
    """Judge every image by what annotators and senior have saved; nothing is written.

    The senior's file decides an image if the run before listed that image as disputed and no annotator has changed
    anything on it since. Otherwise the senior cannot have seen what is disputed now, and the file is outdated.

    Raises:
        InputError: An image of the outcome is no longer there, or a file of the senior is damaged, has a class that
            is none, or belongs to an image of another size.
    """
    _check_all_there(sources, out)
    cases = {image: make_case(image, drawn, made.iou) for image, drawn in sources.drawn.items()}
    before = read_disputed(out) if (out / REVIEW / DISPUTED).is_file() else {}
    saved = [image for image in cases if made.senior and _is_saved(senior_file(out, made.senior, image))]
    disputed = [image for image in saved if cases[image].disputed]
    decisions = _decisions(sources, made, out, disputed)
    current = [image for image in disputed if _is_current(cases[image], before.get(image))]
    verdicts = {image: by_agreement(case) for image, case in cases.items() if not case.disputed}
    verdicts |= {image: by_senior(cases[image], str(made.senior), decisions[image], made.iou) for image in current}
    return Plan(
        cases=cases,
        verdicts=dict(sorted(verdicts.items())),
        by_senior=tuple(current),
        outdated=tuple(image for image in disputed if image not in set(current)),
        unused=tuple(image for image in saved if not cases[image].disputed),
    )


def _is_current(case: Case, before: Disputed | None) -> bool:
    return before is not None and before.fingerprint == case.fingerprint


def _is_saved(path: Path) -> bool:
    """Whether there is a decision; an empty file is none."""
    return path.is_file() and path.stat().st_size > 0


def _decisions(sources: Sources, made: Made, out: Path, images: Sequence[str]) -> dict[str, Annotation]:
    """What the senior saved for these images."""
    if not images or made.senior is None:
        return {}
    found = Dataset.load(
        out,
        annotator=made.senior,
        images=images,
        classes=sources.classes,
        with_images=False,
        each_image_is_a_patient=True,
    )
    for item in found.items:
        _check_size(item.annotation, sources, senior_file(out, made.senior, item.image))
    return {item.image: item.annotation for item in found.items}


def _check_size(decision: Annotation, sources: Sources, path: Path) -> None:
    drawn = next(iter(sources.drawn[path.stem].values()))
    if (decision.width, decision.height) != (drawn.width, drawn.height):
        raise InputError(
            "The senior's file belongs to an image of another size.",
            expected=f"{drawn.width} x {drawn.height}, as the annotators have it",
            found=f"{decision.width} x {decision.height}",
            where=path,
            todo="open it in LabelImg, check and save again",
        )


def _check_all_there(sources: Sources, out: Path) -> None:
    """No image that the outcome has was taken away from it."""
    decided = {path.stem for path in (out / ANNOTATIONS).glob("*.xml") if not path.name.startswith(".")}
    if gone := sorted((images_in(out).keys() | decided) - sources.drawn.keys()):
        raise InputError(
            "The outcome has images that are no longer drawn by all annotators.",
            expected=f"files of {', '.join(sources.annotators)} for every image of an earlier run",
            found=f"{len(gone)} without: {some(gone)}",
            where=sources.root / ANNOTATORS,
            todo=f"bring the files back (earlier versions are in .history), or choose another --out than {out}",
        )
