"""Evidence: what every cell of a fine grid has to say on the class of a whole image, learnt from that class alone.

A detector is taught its class by the one cell, or the few, that draw the box best; asked for a whole image it says
the class where that box is easiest to draw. Here a branch of its own lets every cell speak, after two views: of an
early map of the backbone, whose cells have seen a small part of the image only, so that none can say what it does not
see, and of a deeper one, which has seen what is around. An image's evidence for a class is the mean of the cells
that say it most, and this is held against the image's class (multiple instance learning: Pinheiro and Collobert 2015,
arXiv 1411.6228; small fields of view: Brendel and Bethge 2019, arXiv 1904.00760). It is learnt in images made of two
patients (`patchwork` beside this file). No cell is ever told where the disease lies. What else was tried:
docs/decisions/010-evidence.md.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from spinedet.annotations.errors import InputError, some
from spinedet.datasets.dataset import Dataset
from spinedet.detect.training.cells import middles, within
from spinedet.detect.training.questions import Questions

WIDTH = 64
"""Channels inside the branch."""

SPOKESMEN = (0.01, 0.03, 0.1)
"""Shares of the cells that speak for an image, those that say a class most; each share has the same weight, so that
small lesions are not drowned and large ones not left to a few noisy cells."""

BEGINNERS = (0.3, 1.0)
"""Shares that speak too while a training begins: with few cells alone nothing is learnt for many epochs, as those that
speak are chosen by chance until something is known. Kept, they would ask for a third of the image, however small a
lesion is, and maps would be larger than it."""

BEGINNERS_UNTIL = 0.5
"""Share of a training after which they are silent; their weight falls to 0 from the start."""

WEIGHT = 2.0
"""Of the loss of the evidence beside that of the detector."""

DOUBT = 2.0
"""By which what a view says is divided before it counts as a probability of where: views are surer than right."""

AROUND, ROUNDS = 5, 2
"""Side of the square of cells over which belief is averaged, and how often: about a Gaussian of 2 cells (8 pixels of
the input)."""

NEVER = -1e4
"""What a cell that is not asked says, far below all others."""

AGREEMENT = 8
"""Power of a cell's score by which it has a say on the box: cells that score half as much count a 256th.

A mean, because cells of nearly the same score would otherwise take turns from one runtime to the next."""


class EvidenceBranch(nn.Module):  # type: ignore[misc]
    """Two views of every cell: a near one, no wider than what an early map has seen, and a wide one of what is around.

    Args:
        near: Channels of the early map, of stride `STRIDE`.
        wide: Channels of the deeper map, of twice that stride.
        questions: What each cell is asked, Q of them.
    """

    def __init__(self, near: int, wide: int, questions: Questions):
        super().__init__()
        self.questions = questions
        self.near = _view(near, questions.count, 1)
        self.wide = _view(wide, questions.count, 3)

    def forward(self, near: Tensor, wide: Tensor) -> Tensor:
        """Maps (B, near, H, W) and (B, wide, H / 2, W / 2) to views (B, 2, Q, H, W): above 0 for a yes."""
        around = functional.interpolate(self.wide(wide), scale_factor=2.0, mode="bilinear")
        return torch.stack([self.near(near), around], dim=1)


def _view(inputs: int, questions: int, kernel: int) -> nn.Sequential:
    last = nn.Conv2d(WIDTH, questions, 1)
    nn.init.normal_(last.weight, std=0.01)
    nn.init.zeros_(last.bias)
    return nn.Sequential(*_layer(inputs, kernel), *_layer(WIDTH, kernel), last)


def _layer(inputs: int, kernel: int) -> tuple[nn.Module, ...]:
    return nn.Conv2d(inputs, WIDTH, kernel, padding=kernel // 2, bias=False), nn.BatchNorm2d(WIDTH), nn.SiLU()


def joined(views: Tensor) -> Tensor:
    """Views (B, V, Q, H, W) to evidence (B, Q, H, W): a soft minimum, for a cell says what both of its views say."""
    return -torch.logsumexp(-views, dim=1)


def believed(views: Tensor) -> Tensor:
    """Views (B, V, Q, H, W) to how far they believe in each cell (B, Q, H, W), 0 to 1: the mean of their probabilities.

    A view that has learnt nothing says about 0 everywhere; in a soft minimum its noise would have the last word.
    """
    return (views / DOUBT).sigmoid().mean(dim=1)


def settled(beliefs: Tensor, cells: Tensor) -> Tensor:
    """Beliefs (B, Q, H, W) averaged around each cell; those that are not asked, by (B, 1, H, W), count and become 0.

    All over a lesion a cell is believed about as much as the next, and its edge, where it is next to what is healthy,
    often a little more: of such a plateau the middle is pointed at and not the cell that happens to be highest. Nor is
    one at the border of what is asked, around which fewer cells say so.
    """
    asked = cells.to(beliefs.dtype)
    for _ in range(ROUNDS):
        beliefs = _around(beliefs * asked)
    return beliefs * asked


def _around(values: Tensor) -> Tensor:
    return functional.avg_pool2d(values, AROUND, stride=1, padding=AROUND // 2)


def pooled(said: Tensor, asked: Tensor, progress: float = 1.0) -> Tensor:
    """What some of the cells say together: the mean of those that say it most, share by share.

    Args:
        said: (..., H, W).
        asked: (..., H, W), may be broadcast: which of them are asked.
        progress: Share of the training that is done; at 1 there are `SPOKESMEN` only.

    Returns:
        (...); 0 where none is asked.
    """
    beginners = max(0.0, 1 - progress / BEGINNERS_UNTIL)
    shares = SPOKESMEN + BEGINNERS if beginners else SPOKESMEN
    weights = said.new_tensor([1.0] * len(SPOKESMEN) + [beginners] * (len(shares) - len(SPOKESMEN)))
    cells, among = said.flatten(-2), asked.expand_as(said).flatten(-2)  # (..., N)
    loudest = cells.masked_fill(~among, NEVER).sort(-1, descending=True).values
    count = among.sum(-1, keepdim=True)  # (..., 1)
    sums = loudest.masked_fill(torch.arange(cells.shape[-1], device=cells.device) >= count, 0).cumsum(-1)
    speak = (count * said.new_tensor(shares)).round().long().clamp(min=1)  # (..., shares)
    return (sums.gather(-1, speak - 1) / speak * weights).sum(-1) / weights.sum()


def evidence_loss(views: Tensor, cells: Tensor, answers: Tensor, balance: Tensor) -> Tensor:
    """Cross entropy of whole images' answers, summed over views and questions, the mean of the images: a scalar.

    For validation; what is learnt from is `spinedet.detect.training.patchwork`, the same where no image is cut.

    Each view learns alone: of two that learnt together the wide one would do all, and the near one would point nowhere.

    Args:
        views: (B, V, Q, H, W), in float32.
        cells: (B, 1, H, W) from `shown`.
        answers: (B, Q), 1 where the image's answer is yes, else 0; between where images are mixed.
        balance: (2, Q) from `balance_of`: weights of images whose answer is no, and yes.
    """
    weights = balance[0] + (balance[1] - balance[0]) * answers  # (Q,) and (B, Q) to (B, Q)
    said = pooled(views, cells[:, None])  # (B, V, Q)
    loss = functional.binary_cross_entropy_with_logits(said, answers[:, None].expand_as(said), reduction="none")
    return (loss * weights[:, None]).sum(dim=(1, 2)).mean()


def balance_of(dataset: Dataset, questions: Questions) -> Tensor:
    """(2, Q) weights with which images whose answer is no, and yes, count half each, however rare it is.

    Patchworks are filled by a yes and by a no on the dividing question in turn; where there is one, images count as
    often as they fill one. A question with one answer for all images weighs 1: there is nothing to balance.

    Raises:
        InputError: An image has several boxes; evidence asks for the one class of an image.
    """
    several = [item.image for item in dataset.items if len(item.annotation.objects) > 1]
    if several:
        raise InputError(
            "Evidence is learnt from images of one answer.",
            expected="one box an image at most",
            found=f"{len(several)} of {len(dataset)} images with several: {some(several)}",
            todo="name a task that asks the whole image, or train with `evidence: false`",
        )
    found = torch.zeros(len(dataset), len(dataset.classes))
    for row, item in enumerate(dataset.items):
        found[row, dataset.boxes(item).labels] = 1
    answers = questions.answers(found)
    yes = answers.mean(0)  # (Q,)
    if questions.dividing is not None and 0 < yes[questions.dividing] < 1:
        sides = answers[:, questions.dividing] > 0
        yes = (answers[sides].mean(0) + answers[~sides].mean(0)) / 2
    share = torch.stack([1 - yes, yes])  # (2, Q)
    return torch.where((share > 0).all(0), 0.5 / share.clamp(min=1e-9), torch.ones_like(share))


def image_classes(images: Tensor, labels: Tensor, shares: Tensor, size: tuple[int, int]) -> Tensor:
    """Rows of objects to the classes of images (B, C).

    Args:
        images: (K,) which image of the batch each object belongs to.
        labels: (K,) its class.
        shares: (K,) 1, or the image's share in a mixed pair.
        size: B and C.
    """
    found = torch.zeros(size, device=shares.device)
    return found.index_put((images, labels), shares, accumulate=True).clamp(max=1)


def point(
    boxes: Tensor, scores: Tensor, views: Tensor, cells: Tensor, questions: Questions, anchors: int
) -> tuple[Tensor, Tensor]:
    """The answer of an image, said where the evidence lies: what is exported.

    An image's score for a class is the geometric mean of what its detector says (its best cell) and of what the
    evidence says of that class. The cells of the evidence are one level more, the last. The one that is believed most
    on the question that tells where, itself and what lies around it, has this score, and every other one has it times
    its own belief over that of the best; so the best over the cells stays the image's score. The detector's own levels
    are silent, and so are cells beside the image and, of regions, beside the one box, a mean of those drawn by the
    cells that the detector scores best.

    Args:
        boxes: (B, N, 4) x0 y0 x1 y1 in pixels of the input, as the detector draws them.
        scores: (B, N, C) in 0..1, as the detector says them.
        views: (B, V, Q, H, W).
        cells: (B, 1, H, W) from `shown`.
        questions: What the views answer.
        anchors: Positions a cell, A; the first of them speaks.

    Returns:
        Boxes (B, N + H * W * A, 4) and scores (B, N + H * W * A, C).
    """
    box = _one_box(boxes, scores)
    cells = within(cells, box[:, 0]) if questions.of_regions else cells
    evidence = pooled(joined(views[:, :, : questions.classes]), cells)  # (B, C)
    said = (scores.amax(1) * evidence.sigmoid()).sqrt()  # (B, C)
    places = settled(believed(views)[:, list(questions.places)], cells).flatten(2).transpose(1, 2)  # (B, H * W, C)
    spoken = said[:, None] * places / places.amax(1, keepdim=True).clamp(min=1e-9)  # (B, 1, C) * (B, H * W, C)
    drawn = _reaching(box, views.shape[3:])  # (B, H * W, 4)
    fine = functional.pad(spoken[:, :, None], (0, 0, 0, anchors - 1)).flatten(1, 2)  # (B, H * W * A, C)
    return (
        torch.cat([boxes, drawn.repeat_interleave(anchors, dim=1)], dim=1),
        functional.pad(fine, (0, 0, int(boxes.shape[1]), 0)),
    )


def _one_box(boxes: Tensor, scores: Tensor) -> Tensor:
    """(B, 1, 4)."""
    best = scores.amax(2, keepdim=True)  # (B, N, 1)
    weights = (best / best.amax(1, keepdim=True).clamp(min=1e-9)) ** AGREEMENT
    return (boxes * weights).sum(1, keepdim=True) / weights.sum(1, keepdim=True).clamp(min=1e-9)


def _reaching(box: Tensor, shape: Sequence[int]) -> Tensor:
    """The box (B, 1, 4) as each cell draws it (B, H * W, 4): stretched to the middle of a cell that lies outside.

    A cell's box touches its cell (`spinedet.detect.score_maps.check_order`).
    """
    places = torch.stack(torch.meshgrid(*middles(box, shape), indexing="ij")[::-1], -1).reshape(1, -1, 2)  # x, y
    return torch.cat([torch.minimum(box[..., :2], places), torch.maximum(box[..., 2:], places)], -1)
