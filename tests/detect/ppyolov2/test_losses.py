"""The loss by hand: one image of 32 pixels (1, 4 and 16 cells, 63 positions), a network that says zero everywhere."""

import math

import numpy as np
import pytest
import torch

from spinedet.detect.ppyolov2.head import Raw, positions
from spinedet.detect.ppyolov2.losses import IGNORED_IOU, fits_an_object, losses, paired_iou
from spinedet.detect.ppyolov2.recipe import REFERENCE_ANCHORS
from spinedet.detect.ppyolov2.targets import find_targets

SIDE, N, CLASSES = 32, 63, 2
CPU = torch.device("cpu")
LN2 = math.log(2)


def zeros(images: int = 1) -> Raw:
    """Every centre in the middle of its cell, every size the anchor's, every probability one half."""
    pair, one = torch.zeros(images, N, 2), torch.zeros(images, N)
    return Raw(pair, pair.clone(), one, one.clone(), torch.zeros(images, N, CLASSES))


def loss_of(raw: Raw, objects: list[list[float]], labels: list[int], share: float = 1.0) -> dict[str, float]:
    boxes = np.array(objects, np.float32).reshape(1, -1, 4)
    shares = np.full((1, len(labels)), share, np.float32)
    found = find_targets(boxes, np.array([labels], np.int64), shares, SIDE, REFERENCE_ANCHORS, CLASSES)
    terms = losses(raw, positions(SIDE, REFERENCE_ANCHORS, CPU), found, torch.from_numpy(boxes), SIDE)
    return {name: float(term) for name, term in terms.items()}


def test_an_image_without_objects_pays_for_objectness_alone() -> None:
    terms = loss_of(zeros(), [], [])
    assert terms.pop("obj") == pytest.approx(N * LN2, rel=1e-6)
    assert terms.pop("loss") == pytest.approx(N * LN2, rel=1e-6)
    assert set(terms.values()) == {0.0}


def test_a_box_that_is_hit_exactly_costs_only_probabilities() -> None:
    """10 x 13 is the first anchor of stride 8; (12, 12) is the middle of a cell: box and target agree."""
    terms = loss_of(zeros(), [[7, 5.5, 17, 18.5]], [1])
    for name in ("xy", "wh", "iou"):
        assert terms[name] == pytest.approx(0, abs=1e-5)
    assert terms["iou_aware"] == pytest.approx(LN2, rel=1e-5)
    assert terms["cls"] == pytest.approx(CLASSES * LN2, rel=1e-5)
    assert terms["obj"] == pytest.approx(N * LN2, rel=1e-5)
    assert terms["loss"] == pytest.approx((N + CLASSES + 1) * LN2, rel=1e-5)


def test_a_shifted_box_costs_shift_and_overlap() -> None:
    """Drawn 2 px further right: a quarter of the cell; common 8 x 13, union 12 x 13, IoU 2/3."""
    emphasis = 2 - 130 / SIDE**2
    terms = loss_of(zeros(), [[9, 5.5, 19, 18.5]], [0])
    assert terms["xy"] == pytest.approx(0.25 * emphasis, rel=1e-5)
    assert terms["wh"] == pytest.approx(0, abs=1e-5)
    assert terms["iou"] == pytest.approx(2.5 * (1 - 4 / 9) * emphasis, rel=1e-5)
    assert terms["iou_aware"] == pytest.approx(LN2, rel=1e-5)


def test_a_smaller_box_costs_the_logarithm_of_its_sides() -> None:
    """Half as wide: 5 x 13 around the same centre is still best for the first anchor."""
    terms = loss_of(zeros(), [[9.5, 5.5, 14.5, 18.5]], [0])
    assert terms["wh"] == pytest.approx(LN2 * (2 - 65 / SIDE**2), rel=1e-5)


def test_a_box_that_fits_anyhow_is_no_false_object() -> None:
    """The object's centre (16, 12) lies on the border of two cells: the right one answers, the left one may say it too.

    Its centre moves to 8 + 1.025 * 8 = 16.2, which leaves an overlap of 9.8 / 10.2.
    """
    drawn, raw = [[11, 5.5, 21, 18.5]], zeros()
    assert loss_of(raw, drawn, [1])["obj"] == pytest.approx(N * LN2, rel=1e-5)
    where = positions(SIDE, REFERENCE_ANCHORS, CPU)
    (left,) = torch.nonzero((where.corners == torch.tensor([8.0, 8.0])).all(1) & (where.anchors[:, 0] == 10)).flatten()
    raw.centres[0, left, 0] = 20
    assert loss_of(raw, drawn, [1])["obj"] == pytest.approx((N - 1) * LN2, rel=1e-5)


@pytest.mark.parametrize(("overlap", "fits"), [(0.69, False), (0.71, True)])
def test_the_threshold_of_what_fits(overlap: float, fits: bool) -> None:
    box = torch.tensor([[[0.0, 0.0, 10.0, 10.0]]])
    drawn = torch.tensor([[[0.0, 0.0, 10.0, 10.0 * overlap], [0.0, 0.0, 0.0, 0.0]]])
    assert IGNORED_IOU == 0.7
    assert fits_an_object(box, drawn).tolist() == [[fits]]


def test_the_answering_position_is_never_exempt_and_a_mixed_one_pays_its_share() -> None:
    whole, mixed = (loss_of(zeros(), [[7, 5.5, 17, 18.5]], [1], share) for share in (1.0, 0.25))
    assert mixed["iou_aware"] == pytest.approx(whole["iou_aware"] / 4, rel=1e-5)
    assert mixed["cls"] == pytest.approx(whole["cls"] / 4, rel=1e-5)
    assert mixed["obj"] == pytest.approx((N - 1 + 0.25) * LN2, rel=1e-5)


def test_terms_are_means_over_images() -> None:
    boxes = torch.zeros(4, 1, 4)
    boxes[0, 0] = torch.tensor([7, 5.5, 17, 18.5])
    labels, shares = np.zeros((4, 1), np.int64), np.ones((4, 1), np.float32)
    found = find_targets(boxes.numpy(), labels, shares, SIDE, REFERENCE_ANCHORS, CLASSES)
    terms = losses(zeros(4), positions(SIDE, REFERENCE_ANCHORS, CPU), found, boxes, SIDE)
    assert float(terms["cls"]) == pytest.approx(CLASSES * LN2 / 4, rel=1e-5)
    assert float(terms["obj"]) == pytest.approx(N * LN2, rel=1e-5)


def test_the_quality_learns_from_the_overlap_and_not_the_other_way() -> None:
    raw = Raw(*(part.requires_grad_() for part in zeros()))
    boxes = torch.tensor([[[9, 5.5, 19, 18.5]]])
    labels, shares = np.zeros((1, 1), np.int64), np.ones((1, 1), np.float32)
    found = find_targets(boxes.numpy(), labels, shares, SIDE, REFERENCE_ANCHORS, CLASSES)
    losses(raw, positions(SIDE, REFERENCE_ANCHORS, CPU), found, boxes, SIDE)["iou_aware"].backward()
    assert raw.quality.grad is not None
    assert float(raw.quality.grad.sum()) == pytest.approx(0.5 - 2 / 3, rel=1e-4)  # sigmoid(0) - IoU
    assert raw.centres.grad is None or not raw.centres.grad.any()


def test_iou_by_hand() -> None:
    first, second = torch.tensor([[0.0, 0, 4, 4], [0, 0, 1, 1]]), torch.tensor([[2.0, 2, 6, 6], [5, 5, 6, 6]])
    np.testing.assert_allclose(paired_iou(first, second, SIDE), [4 / 28, 0], rtol=1e-5)
