"""Evidence by hand: pooling, loss, which cells learn, and what is exported."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from spinedet.annotations.errors import InputError
from spinedet.datasets.dataset import Dataset
from spinedet.detect.training.evidence import (
    EvidenceBranch,
    balance_of,
    believed,
    evidence_loss,
    image_classes,
    joined,
    point,
    pooled,
    settled,
)
from spinedet.detect.training.questions import Questions, questions_of

LN2 = math.log(2)
TWO = Questions(2)
"""Two classes, none of them positive."""

SIDE = 4
EVEN = torch.ones(2, 2)
"""Balance of two classes that weigh the same with and without."""

ALL = torch.ones(1, 1, SIDE, SIDE, dtype=torch.bool)
"""Every cell shows the image."""


def cells(values: dict[tuple[int, int], float]) -> torch.Tensor:
    """(1, 1, 2, 4, 4): one image, one view, two classes; class 0 has these values at (row, column), the rest is 0."""
    found = torch.zeros(1, 1, 2, SIDE, SIDE)
    for (row, column), value in values.items():
        found[0, 0, 0, row, column] = value
    return found


def test_few_and_more_of_the_cells_that_say_most_speak_for_the_image() -> None:
    """The shares of 16 cells are 1, 1 and 2: the mean of 5, 5 and (5 + 2) / 2."""
    said = pooled(cells({(0, 0): 5, (3, 1): 2, (2, 2): -7})[0, 0], ALL[0])
    torch.testing.assert_close(said, torch.tensor([4.5, 0.0]))


def test_of_a_hundred_cells_one_three_and_ten_speak() -> None:
    """Of 1 to 100: 100, (100 + 99 + 98) / 3 and (100 + ... + 91) / 10."""
    hundred = torch.arange(1.0, 101).reshape(10, 10)
    torch.testing.assert_close(pooled(hundred, torch.tensor(True)), torch.tensor((100 + 99 + 95.5) / 3))


def test_while_a_training_begins_thirty_of_them_and_all_speak_too() -> None:
    """(100 + ... + 71) / 30 and (100 + ... + 1) / 100; after a quarter of the training with half their weight."""
    hundred, begun = torch.arange(1.0, 101).reshape(10, 10), 100 + 99 + 95.5
    for progress, expected in ((0.0, (begun + 85.5 + 50.5) / 5), (0.25, (begun + (85.5 + 50.5) / 2) / 4)):
        torch.testing.assert_close(pooled(hundred, torch.tensor(True), progress), torch.tensor(expected))
    assert pooled(hundred, torch.tensor(True), 0.5) == pooled(hundred, torch.tensor(True))


def test_each_share_of_a_small_map_is_one_cell_at_least() -> None:
    assert pooled(torch.tensor([[[1.0, 4.0], [2.0, 3.0]]]), torch.tensor(True)).tolist() == [4.0]


def two_views(near: dict[tuple[int, int], float], wide: dict[tuple[int, int], float]) -> torch.Tensor:
    """(1, 2, 2, 4, 4)."""
    return torch.cat([cells(near), cells(wide)], dim=1)


def test_a_cell_says_no_more_than_the_view_that_says_less() -> None:
    views = torch.tensor([2.0, 50.0]).reshape(1, 2, 1, 1, 1)
    assert joined(views).item() == pytest.approx(2.0)
    assert joined(torch.zeros(1, 2, 1, 1, 1)).item() == pytest.approx(-LN2)


def test_a_cell_is_believed_as_its_views_are_on_average_and_half_as_surely() -> None:
    """Of 2 and -4: the mean of sigmoid(1) and sigmoid(-2)."""
    views = torch.tensor([2.0, -4.0]).reshape(1, 2, 1, 1, 1)
    assert believed(views).item() == pytest.approx((1 / (1 + math.exp(-1)) + 1 / (1 + math.exp(2))) / 2)


def test_a_view_that_has_learnt_nothing_does_not_say_where() -> None:
    """It says about 0 everywhere, most of all beside the lesion, of which the other one is sure."""
    near, wide = {(0, 0): 0.3, (3, 3): -0.3}, {(3, 3): 4.0, (0, 0): 2.5}
    views = two_views(near, wide)
    assert believed(views)[0, 0].argmax() == 3 * SIDE + 3
    assert joined(views)[0, 0].argmax() == 0


def test_the_loss_is_the_cross_entropy_of_what_is_pooled() -> None:
    """Class 0 is: -log sigmoid((5 + 5 + 7 / 2) / 3); class 1 is not: -log sigmoid(-0) = log 2."""
    loss = evidence_loss(cells({(0, 0): 5, (3, 1): 2}), ALL, torch.tensor([[1.0, 0.0]]), EVEN)
    assert loss.item() == pytest.approx(math.log1p(math.exp(-4.5)) + LN2)


def test_every_view_learns_by_itself_and_images_are_averaged() -> None:
    one = cells({(0, 0): 5, (3, 1): 2})
    twice = torch.cat([one, one], dim=1).expand(3, -1, -1, -1, -1)
    classes = torch.tensor([[1.0, 0.0]])
    expected = 2 * evidence_loss(one, ALL, classes, EVEN)
    assert evidence_loss(twice, ALL, classes.expand(3, -1), EVEN).item() == pytest.approx(expected.item())


def test_a_rare_class_weighs_more_where_it_is_there() -> None:
    balance = torch.tensor([[0.5, 1.0], [4.0, 1.0]])
    nothing, both = torch.zeros(1, 1, 2, SIDE, SIDE), torch.tensor([[1.0, 1.0], [0.0, 1.0]])
    there, absent = (evidence_loss(nothing, ALL, classes[None], balance).item() for classes in both)
    assert there == pytest.approx((4.0 + 1) * LN2)
    assert absent == pytest.approx((0.5 + 1) * LN2)


def test_the_cells_that_say_most_learn_most_towards_the_class_of_the_image() -> None:
    """The first speaks in three shares and the second in one, in which they are two."""
    views = cells({(0, 0): 5, (3, 1): 2}).requires_grad_()
    evidence_loss(views, ALL, torch.tensor([[1.0, 0.0]]), EVEN).backward()
    gradient = views.grad
    assert gradient is not None
    pull = (1 - 1 / (1 + math.exp(-4.5))) / 3
    towards = -gradient[0, 0, 0] / pull  # they shall say it more
    assert towards[0, 0].item() == pytest.approx(1 + 1 + 1 / 2, rel=1e-4)
    assert towards[3, 1].item() == pytest.approx(1 / 2, rel=1e-4)
    assert (towards == 0).sum() == SIDE**2 - 2
    assert (gradient[0, 0, 1] >= 0).all()  # and none the class that is not there
    assert gradient[0, 0, 1].sum() == pytest.approx(0.5)


def test_a_mixed_image_has_its_shares() -> None:
    found = image_classes(torch.tensor([0, 1, 1]), torch.tensor([1, 0, 1]), torch.tensor([1.0, 0.75, 0.25]), (3, 2))
    assert found.tolist() == [[0, 1], [0.75, 0.25], [0, 0]]


def test_a_cell_of_the_near_view_sees_nothing_of_its_neighbours() -> None:
    torch.manual_seed(0)
    branch = EvidenceBranch(3, 5, TWO).eval()
    near, wide = torch.rand(1, 3, SIDE, SIDE), torch.rand(1, 5, SIDE // 2, SIDE // 2)
    changed = near.clone()
    changed[0, :, 1, 2] += 1
    differs = (branch(changed, wide) != branch(near, wide)).any(2)  # (1, 2, 4, 4)
    assert differs[0, 0].nonzero().tolist() == [[1, 2]]
    assert not differs[0, 1].any()


def answer(anchors: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Boxes and scores of a detector, one box being best; the views; and what is exported."""
    boxes = torch.rand(1, 12, 4, generator=torch.Generator().manual_seed(1))
    scores = torch.full((1, 12, 2), 1e-4)
    boxes[0, 1], scores[0, 1] = torch.tensor([0.0, 4.0, 16.0, 12.0]), torch.tensor([0.64, 0.09])
    views = two_views({(1, 2): 6, (1, 3): 4, (3, 0): -2}, {(3, 0): -2})
    return boxes, scores, views, torch.cat(point(boxes, scores, views, ALL, TWO, anchors), -1)


@pytest.mark.parametrize("anchors", [1, 3], ids=["yolo", "ppyolov2"])
def test_the_best_cell_has_the_score_of_the_image_and_the_rest_less(anchors: int) -> None:
    _, given, views, exported = answer(anchors)
    scores = exported[0, :, 4:]
    assert scores.shape == (12 + anchors * SIDE**2, 2)
    said = (given[0].amax(0) * pooled(joined(views), ALL)[0].sigmoid()).sqrt()
    torch.testing.assert_close(scores.amax(0), said)
    spoken = 12 + anchors * torch.arange(SIDE**2)
    beliefs = settled(believed(views), ALL)[0, 0].flatten()
    torch.testing.assert_close(scores[spoken, 0], said[0] * beliefs / beliefs.max())
    silent = torch.ones(len(scores), dtype=torch.bool)
    silent[spoken] = False
    assert (scores[silent] == 0).all()


@pytest.mark.parametrize("anchors", [1, 3], ids=["yolo", "ppyolov2"])
def test_every_cell_draws_the_one_box_stretched_to_itself(anchors: int) -> None:
    given, _, _, exported = answer(anchors)
    boxes = exported[0, :, :4]
    fine = boxes[12:].reshape(SIDE, SIDE, anchors, 4)
    torch.testing.assert_close(fine[1, 2, 0], torch.tensor([0.0, 4.0, 16.0, 12.0]))
    torch.testing.assert_close(fine[0, 0, -1], torch.tensor([0.0, 2.0, 16.0, 12.0]))  # its middle lies at (2, 2)
    torch.testing.assert_close(fine[3, 3, -1], torch.tensor([0.0, 4.0, 16.0, 14.0]))
    torch.testing.assert_close(boxes[:12], given[0])


def test_images_with_and_without_a_class_count_half_each(blocks: Path) -> None:
    """Of eight images i0, i1, i3 are taken: one wide, two tall."""
    part = Dataset.load(blocks).subset(("i0", "i1", "i3"))
    assert part.classes == ("tall", "wide")
    torch.testing.assert_close(balance_of(part, TWO), torch.tensor([[1.5, 0.75], [0.75, 1.5]]))


def test_images_count_as_often_as_they_fill_a_patchwork(blocks: Path) -> None:
    """Half are filled by the one wide image and half by the two tall ones: nothing is rare."""
    part = Dataset.load(blocks).subset(("i0", "i1", "i3"))
    torch.testing.assert_close(balance_of(part, questions_of(part.classes, ("wide",))), torch.ones(2, 2))


def test_a_class_of_all_images_is_not_balanced(blocks: Path) -> None:
    assert balance_of(Dataset.load(blocks).subset(("i1", "i3")), TWO).tolist() == [[1, 1], [1, 1]]


def test_images_of_several_boxes_are_refused(two_boxes: Dataset) -> None:
    with pytest.raises(InputError, match=r"one box an image at most(.|\n)*1 of 2 images with several: both"):
        balance_of(two_boxes, TWO)


@pytest.fixture
def two_boxes(tmp_path: Path) -> Dataset:
    from spinedet.annotations.boxes import Box
    from spinedet.annotations.voc import Annotation, VocObject, write_voc
    from spinedet.detect.outputs import write_png

    things = VocObject("a", Box(0, 0, 4, 4)), VocObject("b", Box(2, 2, 8, 8))
    for name, objects in (("both", things), ("one", things[:1])):
        write_png(tmp_path / "JPEGImages" / f"{name}.png", torch.zeros(8, 8, 3, dtype=torch.uint8).numpy())
        write_voc(tmp_path / "Annotations" / f"{name}.xml", Annotation(f"{name}.png", 8, 8, objects))
    return Dataset.load(tmp_path, each_image_is_a_patient=True)


def test_positive_classes_point_together_and_keep_their_scores(blocks: Path) -> None:
    """Of three classes two are positive: the fourth question says where they lie, not whether they are there."""
    questions = questions_of(("other", "DMD", "BMD"), ("DMD", "BMD"))
    rng = torch.Generator().manual_seed(4)
    views = torch.randn(1, 2, questions.count, SIDE, SIDE, generator=rng)
    boxes, scores = torch.rand(1, 5, 4, generator=rng), torch.rand(1, 5, 3, generator=rng)
    _, exported = point(boxes, scores, views, ALL, questions, 1)
    _, alone = point(boxes, scores, views[:, :, :3], ALL, Questions(3), 1)
    torch.testing.assert_close(exported.amax(1), alone.amax(1))
    pointed, common = exported[0, 5:].argmax(0), settled(believed(views), ALL)[0, 3].argmax()
    assert pointed[1] == pointed[2] == common
    assert pointed[0] == alone[0, 5:, 0].argmax()


def test_belief_is_the_mean_of_the_probabilities_of_half_of_what_views_say() -> None:
    """Of 6 beside a view of 0: the mean of sigmoid(3) and a half."""
    views = two_views({(1, 2): 6}, {})
    assert believed(views)[0, 0, 1, 2].item() == pytest.approx((1 / (1 + math.exp(-3)) + 0.5) / 2)


def test_belief_in_one_cell_spreads_as_two_means_of_five_by_five() -> None:
    """Twice a box of 5 is a triangle: 5, 4, 3, 2, 1 of 25 at distances 0 to 4, along each axis."""
    field = torch.zeros(1, 1, 15, 15)
    field[0, 0, 7, 7] = 1
    triangle = (5 - (torch.arange(15.0) - 7).abs()).clamp(min=0) / 25
    found = settled(field, torch.ones(1, 1, 15, 15, dtype=torch.bool))
    torch.testing.assert_close(found[0, 0], torch.outer(triangle, triangle))


def test_the_middle_of_what_is_believed_is_pointed_at_and_not_its_highest_cell() -> None:
    field = torch.zeros(1, 1, 21, 21)
    field[0, 0, 5:14, 6:15] = 0.8
    field[0, 0, 5, 6] = 0.9  # on the corner
    found = settled(field, torch.ones(1, 1, 21, 21, dtype=torch.bool))[0, 0]
    row, column = divmod(int(found.argmax()), 21)
    assert abs(row - 9) <= 1
    assert abs(column - 10) <= 1


def test_at_the_border_of_what_is_asked_fewer_cells_say_so() -> None:
    """All of 12 x 12 cells are believed alike; six columns are not asked."""
    cells = torch.ones(1, 1, 12, 12, dtype=torch.bool)
    cells[..., 6:] = False
    found = settled(torch.ones(1, 1, 12, 12), cells)[0, 0]
    assert (found[:, 6:] == 0).all()
    means = torch.tensor([3, 4, 5, 5, 4, 3]) / 5  # of the first averaging, along a row
    row = [means[max(column - 2, 0) : column + 3].sum().item() / 5 for column in range(6)]
    torch.testing.assert_close(found[5, :6], torch.tensor(row))
    assert divmod(int(found[5].argmax()), 12)[1] in {2, 3}


def test_the_middle_of_what_is_believed_in_a_corner_is_pointed_at_and_not_the_corner() -> None:
    field = torch.zeros(1, 1, 20, 20)
    field[0, 0, :5, :5] = 0.7
    found = settled(field, torch.ones(1, 1, 20, 20, dtype=torch.bool))[0, 0]
    assert divmod(int(found.argmax()), 20) == (2, 2)


def test_pooling_some_cells_is_pooling_them_alone() -> None:
    torch.manual_seed(1)
    said, asked = torch.randn(5, 10, 10), torch.rand(5, 10, 10) < 0.6
    alone = [pooled(row[some][None], torch.tensor(True)) for row, some in zip(said, asked, strict=True)]
    torch.testing.assert_close(pooled(said, asked), torch.stack(alone))


def test_pooling_none_says_nothing_and_breaks_no_gradient() -> None:
    said = torch.randn(2, 2, requires_grad=True)
    found = pooled(said, torch.zeros(2, 2, dtype=torch.bool))
    found.backward()
    assert found.item() == 0
    assert said.grad is not None
    assert (said.grad == 0).all()


@pytest.mark.parametrize("anchors", [1, 3], ids=["yolo", "ppyolov2"])
def test_a_cell_beside_the_image_neither_speaks_for_it_nor_is_pointed_at(anchors: int) -> None:
    boxes, scores, views, _ = answer(anchors)
    beside = ALL.clone()
    beside[..., :2, :] = False  # those of 6 and 4
    _, exported = point(boxes, scores, views, beside, TWO, anchors)
    said = (scores[0].amax(0) * pooled(joined(views)[0, :, 2:], torch.tensor(True)).sigmoid()).sqrt()
    torch.testing.assert_close(exported[0].amax(0), said)
    assert (exported[0, 12 : 12 + anchors * 8] == 0).all()


@pytest.mark.parametrize("anchors", [1, 3], ids=["yolo", "ppyolov2"])
def test_of_a_region_what_lies_beside_it_is_not_heard(anchors: int) -> None:
    """The box holds the middles of the cells of rows 1 and 2."""
    boxes, scores, views, _ = answer(anchors)
    views[..., [0, 3], :] = 50
    _, exported = point(boxes, scores, views, ALL, replace(TWO, of_regions=True), anchors)
    said = (scores[0].amax(0) * pooled(joined(views)[0, :, 1:3], torch.tensor(True)).sigmoid()).sqrt()
    torch.testing.assert_close(exported[0].amax(0), said)
    heard = exported[0, 12::anchors, 0].reshape(SIDE, SIDE) > 0
    assert heard.tolist() == [[False] * SIDE, [True] * SIDE, [True] * SIDE, [False] * SIDE]
