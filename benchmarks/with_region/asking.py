"""What `--roi` asks for: the kinds of region that are compared, and where the boxes of a region model come from."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from spinedet.annotations.errors import InputError, nearest
from spinedet.datasets.regions.making import MARGIN
from spinedet.detect.contract import Settings

Kind = Literal["whole", "legs", "detector"]
KINDS: tuple[Kind, ...] = get_args(Kind)

WORDS: dict[Kind, str] = {"whole": "whole image", "legs": "each leg", "detector": "region found"}
"""The kinds as tables say them."""

LEAST_SCORE = 0.05
"""Boxes that score less are no region, as `spinedet regions` has it."""


@dataclass(frozen=True)
class RegionAsk:
    """What is compared.

    Attributes:
        kinds: The kinds of region, each once, in the order of the tables.
        settings: How the region model of each fold is trained; unused with `model`.
        boxes: Folder of VOC files that outline the regions; otherwise the masks of the dataset say where they are.
        model: A trained region model that is used for every image instead of one a fold.
        margin: Share of a region's sides that is added all round.
        least_score: Boxes that score less are no region.
    """

    kinds: tuple[Kind, ...]
    settings: Settings | None = None
    boxes: Path | None = None
    model: Path | None = None
    margin: float = MARGIN
    least_score: float = LEAST_SCORE

    def __post_init__(self) -> None:
        """Check that the parts go together.

        Raises:
            InputError: Boxes or a model are given for nothing, or both are.
        """
        if self.boxes is not None and self.model is not None:
            found = "--region-boxes and --region-model"
            raise InputError("Regions come from boxes or from a model.", found=found, todo="leave one of them out")
        if "detector" not in self.kinds and (self.boxes or self.model):
            told = "--region-boxes" if self.boxes else "--region-model"
            todo = f"leave {told} out, or add detector to --roi"
            raise InputError("Nothing finds a region here.", expected="--roi with detector", found=told, todo=todo)


def read_kinds(text: str) -> tuple[Kind, ...]:
    """The kinds of region in `whole,detector`.

    Raises:
        InputError: One is unknown, or named twice.
    """
    words = [word.strip() for word in text.split(",")]
    kinds = [kind for word in words for kind in KINDS if kind == word]
    if unknown := [word for word in words if word not in KINDS]:
        raise InputError("There is no such region.", expected=nearest(unknown[0], KINDS), found=f"--roi {text}")
    if len(set(kinds)) < len(kinds):
        raise InputError("A region is named twice.", expected="each once", found=f"--roi {text}")
    return tuple(kinds)
