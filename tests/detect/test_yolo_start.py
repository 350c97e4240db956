"""Where the boxes of a fresh YOLO start: at the size of the drawn ones."""

import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from spinedet.datasets.dataset import Dataset

if importlib.util.find_spec("ultralytics") is None:
    pytest.skip("ultralytics is not installed", allow_module_level=True)

import torch

from spinedet.detect.yolo.start import LARGEST_MEAN, bin_logits, start_boxes_at, usual_sides


@pytest.mark.parametrize("mean", [0.05, 0.3, 1.0, 2.5])
def test_the_bins_have_the_mean_that_was_asked_for(mean: float) -> None:
    weights = np.exp(bin_logits(mean, 64))  # enough bins for the whole tail
    assert float(weights @ np.arange(64) / weights.sum()) == pytest.approx(mean, rel=1e-3)


def test_means_beyond_the_bins_are_drawn_in() -> None:
    assert bin_logits(100.0, 16) == bin_logits(LARGEST_MEAN, 16)
    assert np.isfinite(bin_logits(0.0, 16)).all()


def test_the_usual_sides_are_medians_on_the_letterboxed_input(make_dataset: Callable[..., Path]) -> None:
    """64 x 48 images on 128 pixels: twice as large. Sides 10 x 8, 20 x 8 and 30 x 20."""
    boxes = [("disc", 1, 1, 10, 8), ("disc", 1, 11, 20, 18), ("disc", 1, 21, 30, 40)]
    data = Dataset.load(make_dataset({"a": ("p", boxes)}))
    assert usual_sides(data, 128) == (40.0, 16.0)
    empty = Dataset.load(make_dataset({"a": ("p", [])}), classes=("disc",))
    assert usual_sides(empty, 128) is None


def test_every_cell_first_predicts_a_box_of_that_size_around_itself() -> None:
    from ultralytics.nn.tasks import DetectionModel

    network = DetectionModel("yolov5n.yaml", nc=2, verbose=False).eval()
    head = network.model[-1]
    start_boxes_at(head, (24.0, 10.0))
    with torch.no_grad():
        for branch in head.cv2:
            branch[-1].weight.zero_()
        found = network(torch.zeros(1, 3, 64, 64))[0][0, :4]  # centre and size (4, N)
    sizes = found[2:].T.numpy()  # 64 cells of 8 px, 16 of 16, 4 of 32
    np.testing.assert_allclose(sizes[:64], [[24, 10]] * 64, rtol=0.03)
    np.testing.assert_allclose(sizes[64:80], [[24, 10]] * 16, rtol=0.03)
    np.testing.assert_allclose(sizes[80:], [[24, 10]] * 4, rtol=0.03)
    assert found[0, :3].tolist() == [4, 12, 20]
