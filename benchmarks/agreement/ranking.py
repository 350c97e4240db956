"""Which images differ most.

The disagreement of two annotators on an image is counted in boxes: 1 for each box without a partner, 1 for each matched
pair with two classes, and 1 - IoU for each matched pair of one class. That of an image is the mean over all pairs of
annotators. It grows with the number of boxes, as does the work of settling them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from spinedet.benchmarks.agreement.figures import ImageDisagreement
from spinedet.benchmarks.agreement.panel import LEFT, RIGHT, Groups, Panel


@dataclass(frozen=True, eq=False, slots=True)
class _Parts:
    """What an image's disagreement is made of, (I,) each, summed over pairs of annotators."""

    alone: NDArray[np.float64]
    other_class: NDArray[np.float64]
    lost_overlap: NDArray[np.float64]

    @classmethod
    def of(cls, groups: Groups) -> Self:
        matched = groups.matched
        same = matched & (groups.labels[:, LEFT] == groups.labels[:, RIGHT])
        lost = np.where(same, 1 - groups.overlaps(), 0)
        parts = (~matched, matched & ~same, lost)
        return cls(*(np.bincount(groups.image, part, groups.images).astype(np.float64) for part in parts))


def rank(panel: Panel, pairs: Sequence[Groups]) -> tuple[ImageDisagreement, ...]:
    """All images, those with the most disagreement first; equal ones by name.

    Args:
        panel: The annotators.
        pairs: Groups of every two of them.
    """
    parts = [_Parts.of(groups) for groups in pairs]
    alone, other_class, lost = (
        np.sum([getattr(part, name) for part in parts], axis=0) for name in ("alone", "other_class", "lost_overlap")
    )
    rows = [
        ImageDisagreement(
            image=image,
            patient=panel.datasets[0][image].patient,
            score=float(alone[place] + other_class[place] + lost[place]) / len(pairs),
            alone=int(alone[place]),
            other_class=int(other_class[place]),
            lost_overlap=float(lost[place]),
            boxes=tuple(len(item.annotation.objects) for item in panel.items(image).values()),
        )
        for place, image in enumerate(panel.images)
    ]
    return tuple(sorted(rows, key=lambda row: (-row.score, row.image)))
