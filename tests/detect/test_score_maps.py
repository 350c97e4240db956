"""Score maps: a score painted into one cell comes out at that cell's place on the image, for every detector's order."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from spinedet.annotations.errors import WorkError
from spinedet.datasets.dataset import Dataset
from spinedet.detect.contract import Settings
from spinedet.detect.fake import FakeDetector
from spinedet.detect.jobs import environment
from spinedet.detect.modelfile import ModelCard, Postprocessing, Preprocessing, TrainedOn
from spinedet.detect.preprocess import prepare
from spinedet.detect.runtime import Answer, Model
from spinedet.detect.score_maps import check_order, levels, maps_of, score_maps

SIDE = 64
"""Side of the network input in pixels."""

KINDS = {
    "yolov3": ((16, 32), 1, "letterbox"),
    "yolov5": ((8, 16, 32), 1, "letterbox"),
    "ppyolov2": ((32, 16, 8), 3, "stretch"),
}
"""Strides in the order of the output, anchors a cell, and how an image is fitted."""


def make_card(kind: str) -> ModelCard:
    strides, anchors, fit = KINDS[kind]
    return ModelCard(
        detector=kind,
        size="one",
        classes=("well", "ill"),
        image_size=SIDE,
        preprocessing=Preprocessing(fit=fit),  # type: ignore[arg-type]
        postprocessing=Postprocessing(nms="greedy", iou=0.7),
        strides=strides,
        anchors_per_cell=anchors,
        trained_on=TrainedOn(fingerprint="f", images=()),
        settings=Settings(detector="fake", size="one", image_size=SIDE),
        versions={},
    )


def middles(card: ModelCard) -> NDArray[np.float32]:
    """(N, 3) middle (x, y) and stride of each position, counted one by one."""
    rows = [
        ((column + 0.5) * stride, (row + 0.5) * stride, stride)
        for stride in card.strides
        for row in range(SIDE // stride)
        for column in range(SIDE // stride)
        for _ in range(card.anchors_per_cell)
    ]
    return np.array(rows, np.float32)


def make_answer(card: ModelCard, width: int = SIDE, height: int = SIDE) -> Answer:
    """No score anywhere; every box is as small as its cell."""
    where = middles(card)
    half = where[:, 2:] / 2
    boxes = np.hstack([where[:, :2] - half, where[:, :2] + half]).astype(np.float32)
    fit = prepare(np.zeros((height, width), np.uint8), SIDE, card.preprocessing)[1]
    return Answer(boxes, np.zeros((len(boxes), 2), np.float32), fit)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("width", "height"), [(64, 64), (128, 64), (50, 200)])
def test_a_cell_shows_at_its_place_on_the_image(kind: str, width: int, height: int) -> None:
    """Every cell in turn, where its middle lies on the image and not on the padding."""
    card = make_card(kind)
    answer = make_answer(card, width, height)
    shown = 0
    for position, (x, y, stride) in enumerate(middles(card)):
        left, top = (np.array([x, y]) - answer.fit.offset) / answer.fit.scale
        if not (0 <= left < width and 0 <= top < height):
            continue
        answer.scores[:] = 0
        answer.scores[position, 1] = 0.8
        found = maps_of(card, answer)
        row, column = np.unravel_index(found[1].argmax(), found[1].shape)
        reach = np.array([stride / 2, stride / 2]) / answer.fit.scale + 1  # a flat edge beyond the outermost middles
        assert abs(column + 0.5 - left) <= reach[0]
        assert abs(row + 0.5 - top) <= reach[1]
        assert found[1, int(top), int(left)] >= 0.7 * found[1].max()
        assert (found[0] == 0).all()
        shown += 1
    assert shown >= 4


def test_between_two_cells_the_map_is_bilinear() -> None:
    """Two cells of 32 px with 0 and 0.8: a quarter of the way at 24 px, half at 32, and flat beyond the middles."""
    card = make_card("yolov3")
    answer = make_answer(card)
    coarse = levels(card)[1]
    coarse.part(answer.scores)[:, 1, 0, 0] = 0.8  # a view: the right column
    line = maps_of(card, answer)[0, 10]
    at = np.array([0, 15, 23, 31, 47, 63])
    np.testing.assert_allclose(line[at], 0.8 * np.clip((at + 0.5 - 16) / 32, 0, 1), atol=1e-6)


def test_levels_and_anchors_are_combined_by_the_best() -> None:
    card = make_card("ppyolov2")
    answer = make_answer(card)
    for level, value in zip(levels(card), (0.2, 0.5, 0.3), strict=True):
        level.part(answer.scores)[..., 2, 0] = value
    np.testing.assert_allclose(maps_of(card, answer)[0], 0.5, rtol=1e-6)


@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 2**32 - 1), st.sampled_from(sorted(KINDS)))
def test_a_map_has_the_size_of_its_image_and_never_exceeds_the_best_cell(
    width: int, height: int, seed: int, kind: str
) -> None:
    card = make_card(kind)
    answer = make_answer(card, width, height)
    answer.scores[:] = np.random.default_rng(seed).random(answer.scores.shape, np.float32)
    found = maps_of(card, answer)
    assert (found.shape, found.dtype.name) == ((2, height, width), "float32")
    assert (found >= 0).all()
    assert (found.max(axis=(1, 2)) <= answer.best() + 1e-6).all()


def test_cells_in_another_order_are_refused() -> None:
    """Columns for rows, levels exchanged, and a level too few: each would scramble the map."""
    card = make_card("yolov5")
    answer = make_answer(card)
    check_order(card, answer)
    turned = answer.boxes.copy()
    turned[:64] = answer.boxes[:64].reshape(8, 8, 4).transpose(1, 0, 2).reshape(64, 4)
    exchanged = np.concatenate([answer.boxes[64:], answer.boxes[:64]])
    for wrong in (turned, exchanged, answer.boxes[64:]):
        with pytest.raises(WorkError, match="not in the order"):
            check_order(card, Answer(wrong, answer.scores, answer.fit))


def test_an_exported_model_gives_maps_of_its_images(two_classes: Path, tmp_path: Path) -> None:
    """The fake has one cell, as large as the image, and is surest of the disc: 0.9 everywhere."""
    settings = Settings(detector="fake", size="one", image_size=64, epochs=1)
    folder = FakeDetector().train(Dataset.load(two_classes), None, settings, tmp_path / "job", lambda _: None)
    model = Model.load(folder)
    found = score_maps(model, np.zeros((48, 80), np.uint8))
    np.testing.assert_allclose(
        found,
        np.broadcast_to(model.class_scores([np.zeros((48, 80), np.uint8)])[0][:, None, None], (2, 48, 80)),
        rtol=1e-6,
    )


SMALL_BOXES = """
import sys
import numpy as np
import torch
from ultralytics.nn.tasks import DetectionModel
from spinedet.detect.yolo.graph import BoxesAndScores

network = DetectionModel(f"{sys.argv[1]}.yaml", nc=2, verbose=False).eval()
for branch in network.model[-1].cv2:
    torch.nn.init.zeros_(branch[-1].weight)
    with torch.no_grad():
        branch[-1].bias.view(4, -1)[:, 0] = 50.0  # each of four sides is surest of its first bin: no distance
        branch[-1].bias.view(4, -1)[:, 1:] = 0.0
with torch.inference_mode():
    boxes, scores = BoxesAndScores(network)(torch.rand(1, 3, 64, 64))
np.savez(sys.argv[2], boxes=boxes[0].numpy(), strides=network.stride.numpy())
"""
"""A network whose boxes are all told to end where they begin, so that each is the middle of its cell."""


@pytest.mark.frameworks
@pytest.mark.skipif(importlib.util.find_spec("ultralytics") is None, reason="ultralytics is not installed")
@pytest.mark.parametrize(("kind", "network"), [("yolov3", "yolov3-tiny"), ("yolov5", "yolov5n")])
def test_ultralytics_counts_its_cells_as_we_do(kind: str, network: str, tmp_path: Path) -> None:
    words = [sys.executable, "-P", "-c", SMALL_BOXES, network, str(tmp_path / "out.npz")]
    ran = subprocess.run(words, env=environment(tmp_path / "home", 1), capture_output=True, text=True, encoding="utf-8")
    assert ran.returncode == 0, ran.stderr
    with np.load(tmp_path / "out.npz") as found:
        assert tuple(found["strides"].tolist()) == KINDS[kind][0]
        expected = np.tile(middles(make_card(kind))[:, :2], 2)
        np.testing.assert_allclose(found["boxes"], expected, atol=1e-3)


def test_ppyolov2_counts_its_cells_as_we_do() -> None:
    """Boxes of an output that is 0 lie around the middle of their cells."""
    torch = pytest.importorskip("torch")
    from spinedet.detect.ppyolov2.head import Raw, boxes_of, positions
    from spinedet.detect.ppyolov2.recipe import ANCHORS_PER_LEVEL, REFERENCE_ANCHORS, STRIDES

    expected = middles(make_card("ppyolov2"))
    assert KINDS["ppyolov2"][:2] == (STRIDES, ANCHORS_PER_LEVEL)
    zeros = torch.zeros(1, len(expected), 2)
    raw = Raw(zeros, zeros, zeros[..., 0], zeros[..., 0], zeros)
    boxes = boxes_of(raw, positions(SIDE, REFERENCE_ANCHORS, torch.device("cpu")))[0].numpy()
    np.testing.assert_allclose((boxes[:, :2] + boxes[:, 2:]) / 2, expected[:, :2], atol=1e-3)
