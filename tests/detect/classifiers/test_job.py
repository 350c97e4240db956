"""Every network builds, exports and predicts one box, the image; ResNet50 really learns to tell bright from dark."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from spinedet.annotations.errors import InputError
from spinedet.datasets.dataset import Dataset
from spinedet.detect.classifiers.architectures import ARCHITECTURES
from spinedet.detect.classifiers.job import OPSET
from spinedet.detect.classifiers.network import BoxAndScores, Network, native
from spinedet.detect.classifiers.weights import NATIVE_FILE
from spinedet.detect.contract import Epoch, Settings
from spinedet.detect.export import compare_outputs
from spinedet.detect.registry import get_detector
from spinedet.detect.runtime import Model, open_session
from spinedet.detect.training.graph import reference, write_onnx

pytestmark = [
    pytest.mark.frameworks,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning"),
]

MakeSettings = Callable[..., Settings]


@pytest.mark.parametrize("name", [name for name in ARCHITECTURES if name != "resnet50"])
def test_every_network_exports_and_predicts_the_same(name: str, tmp_path: Path) -> None:
    """ResNet50 is held against its export by the jobs below."""
    side = ARCHITECTURES[name].smallest_image
    torch.manual_seed(0)
    wrapped = BoxAndScores(Network(name, 3), side).eval()
    write_onnx(wrapped, side, OPSET, tmp_path / "network.onnx")
    batch = np.random.default_rng(0).normal(size=(2, 3, side, side)).astype(np.float32)
    boxes, scores = open_session(tmp_path / "network.onnx").run(["boxes", "scores"], {"images": batch})
    compare_outputs(reference(wrapped)(batch), (boxes, scores))
    assert boxes.tolist() == [[[0, 0, side, side]]] * 2
    assert scores.shape == (2, 1, 3)
    assert scores.sum(axis=-1) == pytest.approx(1, abs=1e-6)


def test_resnet50_learns_bright_from_dark_and_every_class_keeps_its_score(
    squares: Dataset, tiny: MakeSettings, tmp_path: Path
) -> None:
    """Twelve images, twelve steps from nothing; four images it has not seen are told apart."""
    train, test = squares.subset(squares.images[:12]), squares.subset(squares.images[12:])
    told: list[Epoch] = []
    settings = tiny(epochs=6, batch=6, learning_rate=0.02, recipe={"average_decay": 0.5})
    folder = get_detector("resnet50").train(train, None, settings, tmp_path / "job", told.append)
    assert [epoch.epoch for epoch in told] == [1, 2, 3, 4, 5, 6]
    assert {path.name for path in (tmp_path / "job").iterdir()} == {"model"}
    found = Model.load(folder).predict(item.path for item in test.items if item.path is not None)
    assert [int(one.labels[0]) for one in found] == [0, 1, 0, 1]
    for one in found:
        assert one.boxes.tolist() == [[0, 0, 70, 50]] * 2  # one box, told once for each class
        assert sorted(one.labels.tolist()) == [0, 1]
        assert float(one.scores.sum()) == pytest.approx(1, abs=1e-6)


def test_a_frozen_job_keeps_the_trunk_that_it_was_given(squares: Dataset, tiny: MakeSettings, tmp_path: Path) -> None:
    torch.manual_seed(1)
    given = native(Network("resnet50", 5).state_dict())
    torch.save(given, tmp_path / "start.pth")
    settings = tiny(size="frozen", weights=str(tmp_path / "start.pth"), epochs=3, mirror=True)
    val = squares.subset(squares.images[:4])
    told: list[Epoch] = []
    folder = get_detector("resnet50").train(squares, val, settings, tmp_path / "job", told.append)
    kept = torch.load(folder / NATIVE_FILE, weights_only=True)
    trunk = [name for name in given if not name.startswith("head.")]
    assert all(torch.equal(kept[name], given[name]) for name in trunk)
    assert told[-1].loss < told[0].loss
    assert Model.load(folder).card.settings.weights == "start.pth"


def test_random_convolutions_are_not_frozen(tiny: MakeSettings) -> None:
    with pytest.raises(InputError, match=r"stay random(.|\n)*imagenet(.|\n)*resnet50:full"):
        get_detector("resnet50").check(tiny(size="frozen"))
    get_detector("resnet50").check(tiny(size="frozen", weights="imagenet"))


def test_images_that_are_too_small_are_told(tiny: MakeSettings) -> None:
    with pytest.raises(InputError, match=r"too small for inception_v3(.|\n)*at least 128"):
        get_detector("inception_v3").check(tiny("inception_v3", image_size=96))
