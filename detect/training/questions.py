"""What evidence is learnt of: every class by itself and, where a task calls several positive, all of those as one.

Two positive classes, or two grades above the cut, are often told from each other by what is spared, which has no place
of its own; what makes both of them positive has one. So all positive classes point where the image is positive.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from spinedet.annotations.errors import InputError
from spinedet.datasets.dataset import Dataset

WHOLE = 0.95
"""Share of an image that a box covers at least where it stands for all of the image; a person may draw such a box."""


@dataclass(frozen=True, slots=True)
class Questions:
    """The questions Q that every cell answers: one a class and, last, the common one of the positive classes.

    Attributes:
        classes: Number of classes C.
        positive: The positive classes' places among them; none where the common question would be an old one.
        dividing: The question that parts the positive from the rest; none where all or no classes are positive.
        of_regions: They are asked of the region that an image's box outlines, not of the whole image.
    """

    classes: int
    positive: tuple[int, ...] = ()
    dividing: int | None = None
    of_regions: bool = False

    @property
    def count(self) -> int:
        """How many questions."""
        return self.classes + bool(self.positive)

    @property
    def places(self) -> tuple[int, ...]:
        """For each class the question that says where to point."""
        return tuple(self.classes if label in self.positive else label for label in range(self.classes))

    def answers(self, classes: Tensor) -> Tensor:
        """Classes of images (B, C), 1 where an image has the class, to the answers of all questions (B, Q)."""
        if not self.positive:
            return classes
        common = classes[:, list(self.positive)].sum(1, keepdim=True).clamp(max=1)  # (B, 1)
        return torch.cat([classes, common], dim=1)


def questions_of(classes: Sequence[str], positive: Sequence[str]) -> Questions:
    """The questions of a task; one positive class alone, or all of them, give no common one.

    Raises:
        InputError: A positive class is not among the classes.
    """
    if unknown := [name for name in positive if name not in classes]:
        expected, found = ", ".join(classes), ", ".join(unknown)
        raise InputError("`positive` names a class that is not there.", expected=expected, found=found)
    labels = tuple(label for label, name in enumerate(classes) if name in positive)
    if not 0 < len(labels) < len(classes):
        return Questions(len(classes))
    return Questions(len(classes), labels, len(classes)) if len(labels) > 1 else Questions(len(classes), (), labels[0])


def asked(recipe: Mapping[str, Any], dataset: Dataset) -> Questions | None:
    """The questions of a job's recipe to the images that it learns from; None where it trains without evidence.

    Raises:
        InputError: As `questions_of`.
    """
    if not recipe.get("evidence"):
        return None
    return replace(questions_of(dataset.classes, recipe.get("positive", ())), of_regions=boxes_regions(dataset))


def boxes_regions(dataset: Dataset) -> bool:
    """Whether a box covers less than `WHOLE` of its image."""
    drawn = ((item.annotation, thing.box) for item in dataset.items for thing in item.annotation.objects)
    return any((box.x1 - box.x0) * (box.y1 - box.y0) < WHOLE * image.width * image.height for image, box in drawn)
