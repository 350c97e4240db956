"""A run from the annotators' files to the outcome: everything is read and checked first, then written."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from spinedet.annotations.annotators import ANNOTATORS
from spinedet.annotations.consensus.grouping import DEFAULT_IOU, check_iou
from spinedet.annotations.consensus.provenance import How
from spinedet.annotations.consensus.reasons import Reason
from spinedet.annotations.consensus.review import start_path, write_disputed
from spinedet.annotations.files import write_bytes
from spinedet.annotations.history import set_aside, versions
from spinedet.annotations.lock import annotating, check_free
from spinedet.annotations.voc import voc_bytes
from spinedet.datasets.consensus.plan import Plan, make_plan, senior_file
from spinedet.datasets.consensus.sources import Sources, read_sources
from spinedet.datasets.consensus.state import Made, made_from, write_made
from spinedet.datasets.consensus.writing import (
    check_images,
    write_card,
    write_image_sets,
    write_images,
    write_kept,
    write_provenance,
)
from spinedet.datasets.dataset import ANNOTATIONS


@dataclass(frozen=True)
class Outcome:
    """What a run found and did.

    Attributes:
        folder: The outcome.
        senior: Who decides; None if nobody was named yet.
        images: Number of images that all annotators have finished.
        agreed: Number of boxes that all annotators drew under one class.
        disputes: Number of disputes, open and decided, of each reason.
        boxes: Number of boxes of the decided images by what became of them, those dropped among them.
        by_agreement: Images that nobody disputes.
        by_senior: Images that the senior decided.
        left: Images that nobody has decided yet.
        unused: Images that the senior has a file of and nobody disputes any more.
        unfinished: Images that only some annotators have finished, left out, and who has.
        untouched: Images that nobody has drawn on, left out.
        sent_back: Images left that the senior had decided before an annotator's file changed.
        replaced: Images whose decided file changed; the one before is in the history.
        lists_left_out: Image sets that name images which were left out.
    """

    folder: Path
    senior: str | None
    images: int
    agreed: int
    disputes: Mapping[Reason, int]
    boxes: Mapping[How, int]
    by_agreement: tuple[str, ...]
    by_senior: tuple[str, ...]
    left: tuple[str, ...]
    unused: tuple[str, ...]
    unfinished: Mapping[str, tuple[str, ...]]
    untouched: tuple[str, ...]
    sent_back: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    lists_left_out: tuple[str, ...] = ()

    @property
    def finished(self) -> bool:
        """Whether every image of the outcome is decided."""
        return not self.left


def make_consensus(
    folder: Path,
    annotators: Sequence[str],
    out: Path,
    *,
    senior: str | None = None,
    iou: float = DEFAULT_IOU,
    classes: Sequence[str] | None = None,
) -> Outcome:
    """Make one dataset from what two or more annotators drew, or go on with one made before.

    Args:
        folder: The dataset folder.
        annotators: Their names, no one twice.
        out: The folder of the outcome; a new one, or that of an earlier run with the same annotators.
        senior: Who decides what is disputed; may be named later.
        iou: Least IoU of two boxes that show the same thing.
        classes: The classes in order; otherwise those of `dataset.yaml`, otherwise the names found, sorted.

    Raises:
        InputError: The names, a file of an annotator or of the senior, or the folder `out` is wrong, or the senior has
            LabelImg open there; nothing was written.
        WorkError: A file cannot be written; the same command goes on from there.
    """
    check_iou(iou)
    made = made_from(folder, annotators, senior, iou, out)
    for place in _drawn_in(out, made):
        check_free(place)
    sources = read_sources(folder, made.annotators, classes)
    check_images(sources, out)
    plan = make_plan(sources, made, out)
    write_made(out, made)
    with _held(_drawn_in(out, made)):
        return _write(sources, made, plan, out)


def _drawn_in(out: Path, made: Made) -> list[Path]:
    """The folders of the outcome that a person may have open in LabelImg."""
    folders = [out / ANNOTATIONS, *([out / ANNOTATORS / made.senior] if made.senior else [])]
    return [folder for folder in folders if folder.is_dir()]


@contextmanager
def _held(folders: Sequence[Path]) -> Iterator[None]:
    with ExitStack() as stack:
        for folder in folders:
            stack.enter_context(annotating(folder, "spinedet consensus"))
        yield


def _write(sources: Sources, made: Made, plan: Plan, out: Path) -> Outcome:
    """Write the outcome, in an order that a further run understands wherever this one is cut short.

    What is outdated is taken away first: the list of disputes that makes it outdated comes after, and the decisions
    last.
    """
    write_images(sources, out)
    write_card(sources, out)
    lists_left_out = write_image_sets(sources, out)
    _set_outdated_aside(made, plan, out)
    sent_back = _write_starts(made, plan, out)
    _write_disputed(plan, sent_back, out)
    replaced = tuple(
        image
        for image, verdict in plan.verdicts.items()
        if write_kept(out / ANNOTATIONS / f"{image}.xml", voc_bytes(verdict.annotation))
    )
    write_provenance(out, (record for verdict in plan.verdicts.values() for record in verdict.records))
    return replace(
        _told(sources, made, plan, out), sent_back=sent_back, replaced=replaced, lists_left_out=lists_left_out
    )


def _told(sources: Sources, made: Made, plan: Plan, out: Path) -> Outcome:
    """The part of the outcome that is known before anything is written."""
    merged = [case.merged for case in plan.cases.values()]
    return Outcome(
        folder=out,
        senior=made.senior,
        images=len(plan.cases),
        agreed=sum(len(one.agreed) for one in merged),
        disputes=sum((one.reasons() for one in merged), Counter()),
        boxes=Counter(record.how for verdict in plan.verdicts.values() for record in verdict.records),
        by_agreement=tuple(image for image in plan.verdicts if not plan.cases[image].disputed),
        by_senior=plan.by_senior,
        left=plan.left,
        unused=plan.unused,
        unfinished=sources.unfinished,
        untouched=sources.untouched,
    )


def _set_outdated_aside(made: Made, plan: Plan, out: Path) -> None:
    """Nothing that is not decided, or no longer, stands among the decisions."""
    outdated = [senior_file(out, made.senior, image) for image in plan.outdated] if made.senior else []
    for path in outdated + [out / ANNOTATIONS / f"{image}.xml" for image in plan.left]:
        if path.is_file():
            set_aside(path)


def _write_starts(made: Made, plan: Plan, out: Path) -> tuple[str, ...]:
    """Write the files that the senior starts from: the last own one, otherwise the agreed boxes.

    Returns:
        The images where it is the senior's own.
    """
    sent_back = []
    for image in plan.left:
        own = versions(senior_file(out, made.senior, image)) if made.senior else []
        agreed = voc_bytes(plan.cases[image].annotation)
        write_bytes(start_path(out, image), own[0].path.read_bytes() if own else agreed)
        sent_back += [image] if own else []
    for image in plan.verdicts:
        start_path(out, image).unlink(missing_ok=True)
    return tuple(sent_back)


def _write_disputed(plan: Plan, sent_back: Sequence[str], out: Path) -> None:
    rows = [
        case.disputed_row(decided=image in plan.verdicts, sent_back=image in sent_back)
        for image, case in plan.cases.items()
        if case.disputed
    ]
    write_disputed(out, rows)
