"""One image's way from several opinions to a decision."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from spinedet.annotations.consensus.grouping import Drawn
from spinedet.annotations.consensus.merge import Merged, merge
from spinedet.annotations.consensus.provenance import Record, agreed_records, decided_records
from spinedet.annotations.consensus.review import Disputed, Opinion
from spinedet.annotations.voc import Annotation


@dataclass(frozen=True)
class Case:
    """What the annotators make of one image.

    Attributes:
        image: Its name.
        annotation: The agreed boxes; size and hints are those of the annotator named first.
        merged: What is agreed and what is disputed.
        fingerprint: Changes with what any annotator drew.
    """

    image: str
    annotation: Annotation
    merged: Merged
    fingerprint: str

    @property
    def disputed(self) -> bool:
        """Whether a senior has to decide."""
        return bool(self.merged.disputes)

    def opinions(self) -> tuple[Opinion, ...]:
        """The disputed boxes, dispute after dispute."""
        return tuple(
            Opinion(annotator, thing.name, thing.box, dispute.reason, dispute.number)
            for dispute in self.merged.disputes
            for annotator, thing in dispute.group.members
        )

    def disputed_row(self, *, decided: bool, sent_back: bool) -> Disputed:
        """The image as the review folder lists it."""
        return Disputed(self.image, decided, sent_back, self.fingerprint, self.opinions())


@dataclass(frozen=True)
class Verdict:
    """A decided image.

    Attributes:
        annotation: The boxes of the outcome.
        records: Where each of them comes from, and what was dropped.
    """

    annotation: Annotation
    records: tuple[Record, ...]


def make_case(image: str, drawn: Mapping[str, Annotation], iou: float) -> Case:
    """Put together what the annotators drew on one image.

    The outcome is verified if every annotator pressed "verify image"; the path of the first one's machine is left out.
    """
    boxes = {annotator: one.objects for annotator, one in drawn.items()}
    merged = merge(boxes, iou)
    agreed = replace(
        next(iter(drawn.values())),
        objects=tuple(row.thing for row in merged.agreed),
        verified=all(one.verified for one in drawn.values()),
        path="",
    )
    return Case(image, agreed, merged, fingerprint(boxes))


def by_agreement(case: Case) -> Verdict:
    """The decision on an image that nobody disputes."""
    return Verdict(case.annotation, tuple(agreed_records(case.image, case.merged)))


def by_senior(case: Case, senior: str, decision: Annotation, iou: float) -> Verdict:
    """The decision of a senior: the senior's file as it is, without the path of the machine."""
    records = decided_records(case.image, case.merged, senior, decision.objects, iou)
    return Verdict(replace(decision, path=""), tuple(records))


def fingerprint(drawn: Drawn) -> str:
    """SHA-256 over what every annotator drew on an image; the order of annotators and of boxes does not matter."""
    rows = sorted(
        (annotator, sorted((*map(float, thing.box), thing.name, thing.difficult, thing.truncated) for thing in things))
        for annotator, things in drawn.items()
    )
    return hashlib.sha256(repr(rows).encode()).hexdigest()
