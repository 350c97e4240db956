"""Patchworks: an image with blocks of another patient in it, whose cells each answer for the patient that they show.

From the class of an image alone (`evidence` beside this file) a cell near the lesion, which sees it from afar, may
learn to say as much as one in it. In a patchwork it cannot: what a cell shows may come from somebody without the
disease while all around it has it, and then it must not say it. Where a cell shows a patient with the disease nobody
knows whether it lies there; so of these cells, as of whole images, those that say it most speak for all.

Images are cut together as in CutMix (Yun et al. 2019, arXiv 1905.04899), which asks one answer of the whole, mixed by
area; here every cell has the answer of its own patient. The lesion's place is still never told. Measured:
docs/decisions/010-evidence.md.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from spinedet.detect.training.cells import STRIDE
from spinedet.detect.training.evidence import pooled

TILE = 2 * STRIDE
"""Blocks are made of tiles of so many pixels of the input, a cell of the wide view's map."""

SIDES = (1, 3, 6)
"""Sides of blocks in tiles, one of them a patchwork: from less than a cell of the near view has seen to about what one
of the wide view has."""

OTHERS = 0.4
"""Share of the blocks that show the other patient at last: less than half, so that most of a lesion stays."""

RISES_UNTIL = 0.75
"""Share of a training after which that share is reached; it rises from 0, for first must be learnt what there is."""


@dataclass(frozen=True, eq=False, slots=True)
class Patchwork:
    """B images, each made of two.

    Attributes:
        images: (B, 3, S, S).
        cells: (B, Q, S / 4, S / 4), whether the patient that a cell shows has a yes.
        asked: (B, 1, S / 4, S / 4), whether the cell is asked at all.
        most: (B, Q), whether the patient who fills most of the image has one.
        progress: Share of the training that is done.
    """

    images: Tensor
    cells: Tensor
    asked: Tensor
    most: Tensor
    progress: float


@dataclass(frozen=True, eq=False, slots=True)
class Cut:
    """How a batch is cut into patchworks.

    Attributes:
        blocks: (B, S / 8, S / 8), where they show the other patient.
        partners: (B, 2) in 0..1, which two patients each is made of.
        progress: Share of the training that is done.
    """

    blocks: NDArray[np.bool_]
    partners: NDArray[np.float64]
    progress: float


def draw_cut(count: int, side: int, progress: float, rng: Generator) -> Cut:
    """How B images become B patchworks.

    Args:
        count: B.
        side: S in pixels.
        progress: Share of the training that is done.
        rng: Sizes, offsets, which blocks and which partners are drawn from it.
    """
    share = OTHERS * min(1.0, progress / RISES_UNTIL)
    blocks = np.stack([_blocks(side // TILE, share, rng) for _ in range(count)])
    spread = rng.permuted(np.tile(np.arange(count), (2, 1)), axis=1).T  # (B, 2): every image gets its turn
    return Cut(blocks, (spread + rng.random((count, 2))) / count, progress)


def _blocks(tiles: int, share: float, rng: Generator) -> NDArray[np.bool_]:
    """(tiles, tiles), of blocks of one size on a grid that starts anywhere."""
    length = int(rng.choice(SIDES))
    (top, left), several = rng.integers(0, length, 2), tiles // length + 2
    other = rng.random((several, several)) < share
    return other.repeat(length, 0).repeat(length, 1)[top : top + tiles, left : left + tiles]


def patchwork(images: Tensor, asked: Tensor, answers: Tensor, cut: Cut, dividing: int | None) -> Patchwork:
    """Images of a batch with blocks of others in them, at the same places.

    Args:
        images: (B, 3, S, S).
        asked: (B, 1, S / 4, S / 4), which of their cells are asked (`spinedet.detect.training.cells`).
        answers: (B, Q), more than 0 for a yes.
        cut: From `draw_cut`.
        dividing: The question on which the two patients of a patchwork differ: half of the patchworks are a yes with
            blocks of a no, half a no with blocks of a yes. Without one, or where all of the batch have one answer,
            each image has blocks of the one before it.
    """
    yes = answers > 0
    own, other = _pairs(yes[:, dividing] if dividing is not None else yes.new_ones(len(yes)), cut.partners)
    blocks = torch.from_numpy(cut.blocks).to(images.device)[:, None]  # (B, 1, S / 8, S / 8)
    coarse = _larger(blocks, TILE // STRIDE)
    return Patchwork(
        images=torch.where(_larger(blocks, TILE), images[other], images[own]),
        cells=torch.where(coarse, yes[other][..., None, None], yes[own][..., None, None]),
        asked=torch.where(coarse, asked[other], asked[own]),
        most=yes[own],
        progress=cut.progress,
    )


def _pairs(yes: Tensor, partners: NDArray[np.float64]) -> tuple[Tensor, Tensor]:
    """Who fills most of each patchwork and who its blocks: two times (B,)."""
    sides = [yes.nonzero()[:, 0], (~yes).nonzero()[:, 0]]
    everybody = torch.arange(len(yes), device=yes.device)
    if not all(map(len, sides)):
        return everybody, everybody.roll(1)
    drawn = torch.from_numpy(partners).to(yes.device).unbind(1)
    one, another = (
        side[(part * len(side)).long().clamp(max=len(side) - 1)] for part, side in zip(drawn, sides, strict=True)
    )
    swapped = everybody % 2 > 0
    return torch.where(swapped, another, one), torch.where(swapped, one, another)


def _larger(tiles: Tensor, times: int) -> Tensor:
    return tiles.repeat_interleave(times, 2).repeat_interleave(times, 3)


def patchwork_loss(views: Tensor, made: Patchwork, balance: Tensor) -> Tensor:
    """Cross entropy of what cells say of their own patients, summed over views and questions: a scalar.

    For each question the cells that show somebody with a no are pooled and held against a no. Those that show somebody
    with a yes are held against a yes, if the patient who fills most of the image is among them.

    Args:
        views: (B, V, Q, S / 4, S / 4), in float32.
        made: What they were seen in.
        balance: (2, Q) weights of no and yes.
    """
    no, yes = (_held(views, (made.cells == answer) & made.asked, answer, made.progress) for answer in (False, True))
    return (balance[0] * no + balance[1] * made.most[:, None] * yes).sum(dim=(1, 2)).mean()


def _held(views: Tensor, asked: Tensor, answer: bool, progress: float) -> Tensor:
    """Cells (B, V, Q, H, W), of which those asked (B, Q, H, W) speak, against an answer: (B, V, Q), 0 where none is."""
    said = pooled(views, asked[:, None], progress)
    loss = functional.binary_cross_entropy_with_logits(said, torch.full_like(said, answer), reduction="none")
    return loss * asked.flatten(2).any(-1)[:, None]
