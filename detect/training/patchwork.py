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

from spinedet.detect.training.evidence import STRIDE, pooled, shown

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
    """B images made of 2 B.

    Attributes:
        images: (B, 3, S, S).
        cells: (B, Q, S / 4, S / 4), whether the patient that a cell shows has a yes.
        shown: (B, 1, S / 4, S / 4), whether it shows a patient at all (`spinedet.detect.training.evidence.shown`).
        most: (B, Q), whether the patient who fills most of the image has one.
    """

    images: Tensor
    cells: Tensor
    shown: Tensor
    most: Tensor


def draw_blocks(count: int, side: int, progress: float, rng: Generator) -> NDArray[np.bool_]:
    """Where B patchworks show the other patient: (B, S / 8, S / 8).

    Args:
        count: B.
        side: S in pixels.
        progress: Share of the training that is done.
        rng: Sizes, offsets and which blocks are drawn from it.
    """
    share = OTHERS * min(1.0, progress / RISES_UNTIL)
    return np.stack([_blocks(side // TILE, share, rng) for _ in range(count)])


def _blocks(tiles: int, share: float, rng: Generator) -> NDArray[np.bool_]:
    """(tiles, tiles), of blocks of one size on a grid that starts anywhere."""
    length = int(rng.choice(SIDES))
    (top, left), several = rng.integers(0, length, 2), tiles // length + 2
    other = rng.random((several, several)) < share
    return other.repeat(length, 0).repeat(length, 1)[top : top + tiles, left : left + tiles]


def patchwork(images: Tensor, answers: Tensor, blocks: NDArray[np.bool_]) -> Patchwork:
    """Each image of a batch with blocks of the one before it, at the same places; the first takes from the last.

    Args:
        images: (B, 3, S, S).
        answers: (B, Q), more than 0 for a yes.
        blocks: (B, S / 8, S / 8) from `draw_blocks`.
    """
    other = torch.from_numpy(blocks).to(images.device)[:, None]  # (B, 1, S / 8, S / 8)
    coarse, own, yes = _larger(other, TILE // STRIDE), shown(images), answers > 0
    return Patchwork(
        images=torch.where(_larger(other, TILE), images.roll(1, 0), images),
        cells=torch.where(coarse, yes.roll(1, 0)[..., None, None], yes[..., None, None]),
        shown=torch.where(coarse, own.roll(1, 0), own),
        most=yes,
    )


def _larger(tiles: Tensor, times: int) -> Tensor:
    return tiles.repeat_interleave(times, 2).repeat_interleave(times, 3)


def patchwork_loss(views: Tensor, made: Patchwork, balance: Tensor, progress: float) -> Tensor:
    """Cross entropy of what cells say of their own patients, summed over views and questions: a scalar.

    For each question the cells that show somebody with a no are pooled and held against a no. Those that show somebody
    with a yes are held against a yes, if the patient who fills most of the image is among them.

    Args:
        views: (B, V, Q, S / 4, S / 4), in float32.
        made: What they were seen in.
        balance: (2, Q) weights of no and yes.
        progress: Share of the training that is done.
    """
    no, yes = (_held(views, (made.cells == answer) & made.shown, answer, progress) for answer in (False, True))
    return (balance[0] * no + balance[1] * made.most[:, None] * yes).sum(dim=(1, 2)).mean()


def _held(views: Tensor, asked: Tensor, answer: bool, progress: float) -> Tensor:
    """Cells (B, V, Q, H, W), of which those asked (B, Q, H, W) speak, against an answer: (B, V, Q), 0 where none is."""
    said = pooled(views, asked[:, None], progress)
    loss = functional.binary_cross_entropy_with_logits(said, torch.full_like(said, answer), reduction="none")
    return loss * asked.flatten(2).any(-1)[:, None]
