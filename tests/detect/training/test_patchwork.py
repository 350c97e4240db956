"""Patchworks by hand: which blocks, whose answers, and what the cells of each patient are held against."""

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from spinedet.detect.training.cells import shown
from spinedet.detect.training.evidence import evidence_loss
from spinedet.detect.training.patchwork import (
    OTHERS,
    Cut,
    Patchwork,
    draw_cut,
    patchwork,
    patchwork_loss,
)

EVEN = torch.ones(2, 1)
"""Balance of one question that weighs the same with both answers."""


def softplus(value: float) -> float:
    """-log sigmoid(-value): the loss of a yes said so loud where no is right."""
    return math.log1p(math.exp(value))


def test_blocks_are_squares_of_a_few_sides_and_fill_their_share() -> None:
    """Of 192 pixels, 24 tiles: blocks of 1, 3 and 6 tiles, cut where the border of the image cuts them."""
    drawn = draw_cut(600, 192, 1.0, np.random.default_rng(0)).blocks
    assert drawn.shape == (600, 24, 24)
    assert drawn.mean() == pytest.approx(OTHERS, abs=0.02)
    of_three, of_six = (np.mean([_of_squares(blocks, length) for blocks in drawn]) for length in (3, 6))
    assert of_three == pytest.approx(2 / 3, abs=0.06)  # six are two times three
    assert of_six == pytest.approx(1 / 3, abs=0.06)


def test_the_other_patients_share_rises_until_three_quarters_of_the_training() -> None:
    shares = [draw_cut(600, 64, progress, np.random.default_rng(1)).blocks.mean() for progress in (0, 0.375, 0.75, 1)]
    assert shares == pytest.approx([0, OTHERS / 2, OTHERS, OTHERS], abs=0.03)


def _of_squares(blocks: NDArray[np.bool_], length: int) -> bool:
    """Whether all changes along both axes lie on one grid of this length."""
    changes = (np.flatnonzero((lines[1:] != lines[:-1]).any(1)) % length for lines in (blocks, blocks.T))
    return all(len(set(places.tolist())) <= 1 for places in changes)


def test_a_seed_draws_the_same_cut() -> None:
    first, again, other = (draw_cut(3, 64, 1.0, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (first.blocks == again.blocks).all()
    assert (first.partners == again.partners).all()
    assert (first.blocks != other.blocks).any()
    assert (first.partners != other.partners).all()


def test_partners_are_spread_evenly() -> None:
    """Of eight, one in every eighth: where four images have an answer, each is taken twice."""
    drawn = draw_cut(8, 64, 1.0, np.random.default_rng(3)).partners
    assert drawn.shape == (8, 2)
    assert (np.sort((drawn * 8).astype(int), axis=0) == np.arange(8)[:, None]).all()
    assert ((drawn >= 0) & (drawn <= 1)).all()


def test_an_image_smaller_than_the_largest_block_has_its_tiles() -> None:
    assert draw_cut(2, 32, 1.0, np.random.default_rng(0)).blocks.shape == (2, 4, 4)


def cut_at(blocks: NDArray[np.bool_], progress: float = 1.0) -> Cut:
    """Patchworks of these blocks."""
    return Cut(blocks, np.zeros((len(blocks), 2)), progress)


def made_of_two(progress: float = 1.0) -> Patchwork:
    """Images of 16 pixels, all 0 with a no and all 1 with a yes; the left upper tile of each is the other's."""
    images = torch.stack([torch.zeros(3, 16, 16), torch.ones(3, 16, 16)])
    blocks = np.zeros((2, 2, 2), np.bool_)
    blocks[:, 0, 0] = True
    return patchwork(images, shown(images), torch.tensor([[0.0], [1.0]]), cut_at(blocks, progress), None)


def test_a_block_shows_the_other_patient_and_its_cells_have_that_patients_answer() -> None:
    made = made_of_two()
    assert made.images[0, 0, :8, :8].eq(1).all()
    assert made.images[0].sum() == 3 * 64
    assert made.images[1, 2, :8, :8].eq(0).all()
    assert made.images[1].sum() == 3 * (256 - 64)
    assert made.cells[0, 0].nonzero().tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert (made.cells[1, 0] != made.cells[0, 0]).all()
    assert made.most.tolist() == [[False], [True]]


def test_cells_that_show_somebody_without_are_held_against_a_no() -> None:
    """Of image 0 twelve cells, all saying 2; its four of the other patient are not asked, however loud they are."""
    made = made_of_two()
    views = torch.full((2, 1, 1, 4, 4), 2.0)
    views[0, 0, 0, :2, :2] = 50
    views[1] = torch.where(made.cells[1], 3.0, -1.0)  # a yes of 3 where there is one, a no of -1 in the other's four
    loss = patchwork_loss(views, made, EVEN).item()
    assert loss == pytest.approx((softplus(2) + softplus(-3) + softplus(-1)) / 2, rel=1e-6)


def test_both_answers_have_their_weights() -> None:
    made, views = made_of_two(), torch.zeros(2, 2, 1, 4, 4)
    loss = patchwork_loss(views, made, torch.tensor([[3.0], [5.0]])).item()
    assert loss == pytest.approx(2 * (3 + 5 + 3) * math.log(2) / 2, rel=1e-6)  # two views; nos of both, one yes


def test_without_blocks_it_is_the_loss_of_evidence() -> None:
    torch.manual_seed(0)
    views, answers, balance = torch.randn(3, 2, 4, 8, 8), torch.randint(2, (3, 4)).float(), torch.rand(2, 4) + 0.5
    cells = torch.ones(3, 1, 8, 8, dtype=torch.bool)
    made = patchwork(torch.zeros(3, 3, 32, 32), cells, answers, cut_at(np.zeros((3, 4, 4), np.bool_)), None)
    torch.testing.assert_close(patchwork_loss(views, made, balance), evidence_loss(views, made.asked, answers, balance))


def test_cells_beside_the_disease_learn_to_say_nothing_and_the_other_patients_learn_nothing() -> None:
    made = made_of_two(progress=0.0)
    views = torch.zeros(2, 1, 1, 4, 4, requires_grad=True)
    patchwork_loss(views, made, EVEN).backward()  # all cells speak
    assert views.grad is not None
    pull = views.grad[:, 0, 0]
    assert (pull[0, :2, :2] == 0).all()  # they show the diseased patient, but who knows which part of him
    assert (pull[0][~made.cells[0, 0]] > 0).all()
    assert (pull[1][~made.cells[1, 0]] > 0).all()
    assert (pull[1][made.cells[1, 0]] < 0).all()


def test_a_patchwork_shows_nobody_where_the_patient_of_a_block_has_a_margin() -> None:
    """Image 1 has a margin of 8 rows at its top: two rows of cells; the left upper tiles change places."""
    images = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(3))
    images[1, :, :8] = 0.4
    blocks = np.zeros((2, 2, 2), np.bool_)
    blocks[:, 0, 0] = True
    made = patchwork(images, shown(images), torch.tensor([[0.0], [1.0]]), cut_at(blocks, 0.0), None)
    assert made.asked[0, 0].tolist() == [[False] * 2 + [True] * 2] * 2 + [[True] * 4] * 2
    assert made.asked[1, 0].tolist() == [[True] * 2 + [False] * 2] * 2 + [[True] * 4] * 2
    views = torch.zeros(2, 1, 1, 4, 4, requires_grad=True)
    patchwork_loss(views, made, EVEN).backward()  # all cells speak
    assert views.grad is not None
    assert (views.grad[:, 0, 0].ne(0) == made.asked[:, 0]).all()


def test_a_patchwork_is_of_two_patients_who_differ() -> None:
    """Images 0 and 3 of six have a yes; patchworks are filled by a yes and by a no in turn."""
    images = torch.arange(6.0)[:, None, None, None].expand(6, 3, 16, 16)
    answers = torch.tensor([1.0, 0, 0, 1, 0, 0])[:, None]
    blocks = np.zeros((6, 2, 2), np.bool_)
    blocks[:, 0, 0] = True
    partners = np.array([[0.1, 0.1], [0.4, 0.3], [0.6, 0.6], [0.9, 0.9], [1.0, 1.0], [0.0, 0.0]])
    made = patchwork(images, shown(images), answers, Cut(blocks, partners, 1.0), 0)
    assert made.images[:, 0, 15, 15].tolist() == [0, 2, 3, 5, 3, 1]
    assert made.images[:, 0, 0, 0].tolist() == [1, 0, 4, 3, 5, 0]
    assert made.most[:, 0].tolist() == [True, False] * 3
    assert (made.cells[:, 0, 3, 3] == made.most[:, 0]).all()
    assert (made.cells[:, 0, 0, 0] != made.most[:, 0]).all()


def test_in_a_batch_of_one_answer_each_has_blocks_of_the_one_before_it() -> None:
    images = torch.arange(3.0)[:, None, None, None].expand(3, 3, 16, 16)
    made = patchwork(images, shown(images), torch.ones(3, 1), cut_at(np.ones((3, 2, 2), np.bool_)), 0)
    assert made.images[:, 0, 0, 0].tolist() == [2, 0, 1]
