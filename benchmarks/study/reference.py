"""The reference standard of boxes: experts draw apart from each other, their consensus decides, a senior the rest.

Experts draw with `spinedet annotate STUDY/reference --annotator E1`. How far they agree is measured when all have
finished and before any dispute is decided; the consensus (`spinedet.datasets.consensus`) goes to `STUDY/consensus`.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spinedet.annotations.annotators import ANNOTATORS
from spinedet.annotations.consensus.grouping import DEFAULT_IOU
from spinedet.annotations.errors import some
from spinedet.benchmarks.agreement.figures import Agreement
from spinedet.benchmarks.agreement.measure import measure
from spinedet.benchmarks.agreement.panel import load_panel
from spinedet.benchmarks.study.experts import (
    Said,
    Settled,
    check_experts,
    kappa,
    keep_agreement,
    left_to_say,
    settle,
    share,
)
from spinedet.benchmarks.study.folder import StudyFolder
from spinedet.benchmarks.study.readings import Mark, Truth
from spinedet.benchmarks.study.reference_labels import settle_labels
from spinedet.benchmarks.study.sealed import read_key
from spinedet.datasets.consensus import Outcome, make_consensus
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.pages import count


def make_reference(
    folder: StudyFolder,
    *,
    experts: Sequence[str] | None = None,
    senior: str | None = None,
    labels: Path | None = None,
) -> Settled:
    """Make the reference standard of a study from what its experts said, as far as they have come.

    Args:
        folder: The study.
        experts: Their names, to be held against the protocol; may be left out.
        senior: Who decides what experts do not agree on; may be named later.
        labels: Where the whole image is asked: a table `expert,image,label`; otherwise the experts' files are read.

    Raises:
        InputError: The experts are others, a file of theirs is wrong, or another standard was settled before.
        WorkError: A file cannot be written.
    """
    names = check_experts(folder, experts, senior)
    if folder.protocol.whole_image:
        return settle_labels(folder, names, senior, labels)
    return _settle_boxes(folder, names, senior)


def _settle_boxes(folder: StudyFolder, experts: Sequence[str], senior: str | None) -> Settled:
    protocol = folder.protocol
    said = _drawn(folder, experts)
    if left := left_to_say(said, protocol.codes):
        todo = f"Each goes on with: spinedet annotate {folder.reference} --annotator NAME"
        files = f"Files drawn elsewhere go to {folder.reference / ANNOTATORS / 'NAME'}, one CODE.xml an image."
        return Settled(finished=False, told=(*left, todo, files))
    panel = load_panel(folder.reference, experts, protocol.classes, with_images=False)
    found = measure(panel, iou=DEFAULT_IOU, resamples=protocol.resamples, seed=protocol.seed)
    figures, changed = keep_agreement(folder, said, found.as_dict())
    first = Agreement.model_validate(figures)
    outcome = make_consensus(folder.reference, experts, folder.consensus, senior=senior, classes=protocol.classes)
    if not outcome.finished:
        return Settled(finished=False, told=(*_agreed(first), *_left(outcome, folder)))
    told = [*_made(outcome, experts), *_agreed(first), *_settled(outcome)]
    if changed:
        told.append(f"After that, experts changed their own files of {count(len(changed), 'image')}: {some(changed)}.")
    return settle(folder, _truth(folder), told)


def _drawn(folder: StudyFolder, experts: Sequence[str]) -> Said:
    """Hash of each file that an expert has saved."""
    places = {expert: folder.reference / ANNOTATORS / expert for expert in experts}
    return {
        expert: {path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(place.glob("[!.]*.xml"))}
        for expert, place in places.items()
    }


def _truth(folder: StudyFolder) -> list[Truth]:
    key, protocol = read_key(folder), folder.protocol
    decided = Dataset.load(folder.consensus, classes=protocol.classes, images=protocol.codes, with_images=False)
    return [
        Truth(
            code=code,
            patient=key[code].neutral,
            marks=tuple(Mark(label=thing.name, box=thing.box) for thing in decided[code].annotation.objects),
        )
        for code in protocol.codes
    ]


def _made(outcome: Outcome, experts: Sequence[str]) -> list[str]:
    names = ", ".join(experts)
    return [f"{len(experts)} experts ({names}) drew on all {outcome.images} images, each into a folder of their own."]


def _agreed(found: Agreement) -> list[str]:
    """How far experts agreed before anything was decided."""
    told: list[str] = []
    for pair in found.pairs:
        row = pair.rows[0]
        cohen = f"Cohen's kappa of boxes that both drew {kappa(row.kappa.matched)}"
        told.append(f"Before discussion, {pair.first} and {pair.second}: F1 {share(row.f1)}, {cohen}.")
    whole = found.everyone[0].kappa
    over = f"of boxes that all drew {kappa(whole.matched)}, with boxes that one left out {kappa(whole.boxes)}"
    return [*told, f"Fleiss' kappa of all experts before discussion: {over}; {found.groups} things drawn."]


def _settled(outcome: Outcome) -> list[str]:
    counts: dict[Any, int] = dict(outcome.boxes)
    told = [
        f"{len(outcome.by_agreement)} of {outcome.images} images were settled by agreement and "
        f"{len(outcome.by_senior)} by {outcome.senior or 'nobody else'}."
    ]
    words = ("mean", "taken", "redrawn", "added", "dropped")
    rows = ", ".join(f"{counts[how]} {how}" for how in words if counts.get(how))
    return [*told, f"Boxes by what became of them: {rows or 'none'}."]


def _left(outcome: Outcome, folder: StudyFolder) -> list[str]:
    who = outcome.senior or "NAME"
    return [
        f"Not settled: {len(outcome.left)} of {outcome.images} images are left to decide ({some(outcome.left)}).",
        f"{who} decides them with: spinedet annotate {folder.consensus} --only disputed --annotator {who}",
        f"After that: spinedet study reference {folder.root} --senior {who}",
    ]
