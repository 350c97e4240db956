"""What the channels of the head mean, and where its positions lie."""

import math

import pytest
import torch

from spinedet.detect.ppyolov2.head import PRIOR, Head, Raw, boxes_of, positions, scores_of, side_by_side
from spinedet.detect.ppyolov2.recipe import REFERENCE_ANCHORS

CPU = torch.device("cpu")


def test_positions_run_over_levels_rows_columns_and_anchors() -> None:
    where = positions(64, REFERENCE_ANCHORS, CPU)
    assert where.corners.shape == (3 * (4 + 16 + 64), 2)
    assert where.strides.flatten().unique(return_counts=True)[1].tolist() == [3 * 64, 3 * 16, 3 * 4]
    assert where.corners[:7].tolist() == [[0, 0]] * 3 + [[32, 0]] * 3 + [[0, 32]]
    assert where.anchors[:3].tolist() == [[116, 90], [156, 198], [373, 326]]
    assert where.anchors[-3:].tolist() == [[10, 13], [16, 30], [33, 23]]


def test_positions_that_validation_asked_for_first_serve_training() -> None:
    with torch.inference_mode():
        positions(160, REFERENCE_ANCHORS, CPU)
    raw = Raw(*(part.requires_grad_() for part in raw_of(3 * (25 + 100 + 400))))
    boxes_of(raw, positions(160, REFERENCE_ANCHORS, CPU)).sum().backward()
    assert raw.sizes.grad is not None


def test_the_channels_are_three_qualities_then_three_times_box_objectness_classes() -> None:
    """Channel numbers are painted into the maps and looked for behind."""
    classes, sides = 2, (1, 2, 4)
    maps = [torch.arange(24.0).reshape(1, 24, 1, 1).expand(1, 24, side, side) for side in sides]
    raw = side_by_side(maps, classes)
    for anchor in range(3):
        first = 3 + 7 * anchor
        assert raw.quality[0, anchor] == anchor
        assert raw.centres[0, anchor].tolist() == [first, first + 1]
        assert raw.sizes[0, anchor].tolist() == [first + 2, first + 3]
        assert raw.objectness[0, anchor] == first + 4
        assert raw.classes[0, anchor].tolist() == [first + 5, first + 6]
    assert torch.equal(raw.quality[0], torch.arange(3.0).repeat(21))


def test_cells_keep_their_order() -> None:
    """Row and column are painted into the objectness of the first anchor."""
    fine = torch.zeros(1, 3 * 7, 4, 4)
    fine[0, 3 + 4] = torch.arange(16.0).reshape(4, 4)
    raw = side_by_side([torch.zeros(1, 21, 1, 1), torch.zeros(1, 21, 2, 2), fine], 1)
    assert raw.objectness[0, 15::3].tolist() == list(range(16))


def raw_of(n: int) -> Raw:
    return Raw(torch.zeros(1, n, 2), torch.zeros(1, n, 2), torch.zeros(1, n), torch.zeros(1, n), torch.zeros(1, n, 2))


def test_boxes_by_hand() -> None:
    where = positions(32, REFERENCE_ANCHORS, CPU)
    raw = raw_of(63)
    raw.centres[0, 0] = torch.tensor([20.0, -20.0])  # sigmoid 1 and 0: the border of the cell and a little more
    raw.sizes[0, 0] = torch.tensor([math.log(0.5), 0.0])
    boxes = boxes_of(raw, where)[0]
    x, y = 32 * 1.025, 32 * -0.025
    torch.testing.assert_close(boxes[0], torch.tensor([x - 29, y - 45, x + 29, y + 45]), rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(boxes[15], torch.tensor([4 - 5, 4 - 6.5, 4 + 5, 4 + 6.5]))


def test_scores_are_class_times_root_of_objectness_times_quality() -> None:
    raw = raw_of(1)
    raw.objectness[0, 0], raw.quality[0, 0] = math.log(0.64 / 0.36), math.log(0.25 / 0.75)
    raw.classes[0, 0] = torch.tensor([0.0, math.log(9)])
    torch.testing.assert_close(scores_of(raw)[0, 0], torch.tensor([0.5 * 0.4, 0.9 * 0.4]))


def test_a_fresh_head_expects_one_object_in_a_hundred_positions() -> None:
    head = Head((8, 4, 2), 3)
    head.start()
    raw = side_by_side(head([torch.zeros(1, 8, 1, 1), torch.zeros(1, 4, 2, 2), torch.zeros(1, 2, 4, 4)]), 3)
    torch.testing.assert_close(raw.objectness.sigmoid(), torch.full((1, 63), PRIOR))
    assert not raw.classes.any()
    assert not raw.quality.any()


@pytest.mark.parametrize("classes", [1, 5])
def test_channels_of_the_output(classes: int) -> None:
    assert [layer.out_channels for layer in Head((8, 4, 2), classes).yolo_output] == [3 * (classes + 6)] * 3
