"""Which cells of evidence are asked, on hand-drawn images and boxes."""

import torch

from spinedet.detect.training.cells import asked_of, inside, shown, within


def test_cells_beside_the_image_are_told_by_even_rows_and_columns() -> None:
    """Of 16 pixels rows 0 to 4 and columns 13 to 15 are margin, of whatever colour: cell row 1 shows three rows."""
    images = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(2))
    images[0, :, :5], images[0, :, :, 13:] = 0.4, 0.4
    found = shown(images)
    assert found.shape == (2, 1, 4, 4)
    assert found[0, 0].tolist() == [[False] * 4] + [[True] * 4] * 3  # the last cell column shows one pixel column
    assert found[1].all()
    images[0, :, :, 12:] = 0.4
    assert shown(images)[0, 0, 1].tolist() == [True, True, True, False]


def test_a_colour_that_changes_in_one_channel_is_no_margin() -> None:
    images = torch.full((1, 3, 8, 8), 0.5)
    images[0, 2, 1, 5] = 0.6
    assert shown(images)[0, 0].tolist() == [[False, True], [False, False]]


def test_all_cells_of_an_image_of_one_colour_are_asked() -> None:
    assert shown(torch.full((1, 3, 8, 8), 0.3)).all()


def noise(count: int, side: int) -> torch.Tensor:
    """Images without a margin."""
    return torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(4))


def test_a_cell_lies_in_a_box_that_holds_its_middle() -> None:
    """Middles lie at 2, 6, 10, 14; a box ends at its last edge, that included."""
    box = torch.tensor([[2.0, 6.5, 9.9, 14.0]])
    rows, columns = inside(box, (4, 4))[0].nonzero(as_tuple=True)
    assert sorted(set(rows.tolist())) == [2, 3]
    assert sorted(set(columns.tolist())) == [0, 1]
    assert len(rows) == 4


def test_cells_of_each_image_are_those_in_its_own_boxes() -> None:
    """Image 0 has two boxes, 1 has none and is asked as a whole, 2 has one; they come in any order."""
    owners = torch.tensor([2, 0, 0])
    boxes = torch.tensor([[0.0, 0, 16, 4], [0, 0, 4, 4], [12, 12, 16, 16]])
    found = asked_of(noise(3, 16), owners, boxes)[:, 0]
    assert found[0].nonzero().tolist() == [[0, 0], [3, 3]]
    assert found[1].all()
    assert found[2].nonzero().tolist() == [[0, 0], [0, 1], [0, 2], [0, 3]]


def test_no_cell_beside_the_image_is_asked_though_a_box_has_it() -> None:
    images = noise(1, 16)
    images[:, :, :8] = 0.5
    found = asked_of(images, torch.tensor([0]), torch.tensor([[0.0, 0, 8, 16]]))
    assert found[0, 0].tolist() == [[False] * 4] * 2 + [[True, True, False, False]] * 2


def test_a_batch_without_any_box_is_asked_as_a_whole() -> None:
    assert asked_of(noise(2, 16), torch.zeros(0, dtype=torch.long), torch.zeros(0, 4)).all()


def test_a_box_that_holds_no_middle_leaves_all_cells() -> None:
    """As of a model that has learnt next to nothing."""
    cells = torch.ones(2, 1, 4, 4, dtype=torch.bool)
    cells[0, :, 0] = False
    found = within(cells, torch.tensor([[3.0, 3, 5, 5], [4, 4, 12, 12]]))
    assert (found[0] == cells[0]).all()
    assert found[1, 0].nonzero().tolist() == [[1, 1], [1, 2], [2, 1], [2, 2]]


def test_a_box_of_the_whole_image_changes_nothing() -> None:
    images = noise(2, 24)
    images[1, :, :, 20:] = 0.1
    whole = torch.tensor([[0.0, 0, 24, 24], [0, 0, 20, 24]])
    assert (asked_of(images, torch.arange(2), whole) == shown(images)).all()
    assert (within(shown(images), whole + torch.tensor([1.9, 1.9, -1.9, -1.9])) == shown(images)).all()
