"""Prediction: files and arrays in any number, in order, with nothing but ONNX Runtime and numpy."""

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from spinedet.annotations.errors import InputError
from spinedet.datasets.dataset import Dataset
from spinedet.detect.contract import Settings
from spinedet.detect.fake import FakeDetector
from spinedet.detect.modelfile import CARD_FILE, ONNX_FILE, ModelCard, sha256
from spinedet.detect.outputs import write_png
from spinedet.detect.runtime import READ_AHEAD, Model

DISC = np.array([4, 4, 24, 14], np.float32)
"""The disc of `two_classes` in its 64 x 48 images."""

SETTINGS = Settings(detector="fake", size="one", image_size=64, epochs=1)


@pytest.fixture
def folder(two_classes: Path, tmp_path: Path) -> Path:
    return FakeDetector().train(Dataset.load(two_classes), None, SETTINGS, tmp_path / "job", lambda _: None)


def test_the_order_of_the_images_is_kept(folder: Path, tmp_path: Path) -> None:
    """Ten images, each twice as wide as the one before would be narrow: the disc's width tells which it was."""
    factors = [3, 1, 2, 5, 4, 1, 6, 2, 3, 1]
    assert len(factors) > READ_AHEAD
    paths = []
    for number, factor in enumerate(factors):
        paths.append(tmp_path / f"{number}.png")
        write_png(paths[-1], np.zeros((48, 64 * factor, 3), np.uint8))
    found = Model.load(folder).predict(iter(paths))
    widths = [float(one.boxes[0, 2] - one.boxes[0, 0]) for one in found]
    np.testing.assert_allclose(widths, [20 * factor for factor in factors], rtol=1e-5)


def test_no_images_no_detections(folder: Path) -> None:
    assert Model.load(folder).predict([]) == []


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((48, 64), np.uint8),
        np.zeros((48, 64, 3), np.uint8),
        np.arange(48 * 64, dtype=np.uint16).reshape(48, 64),
    ],
    ids=["grey", "rgb", "16-bit"],
)
def test_arrays_of_every_kind_are_images(folder: Path, image: np.ndarray) -> None:
    (found,) = Model.load(folder).predict([image])
    np.testing.assert_allclose(found.boxes[0], DISC, atol=1e-4)


def test_a_file_and_its_pixels_give_the_same_input(folder: Path, tmp_path: Path) -> None:
    """Compared before the network, since the fake does not look at its input; red and blue must not be exchanged."""
    pixels = np.random.default_rng(1).integers(0, 256, (48, 64, 3), np.uint8)
    write_png(tmp_path / "a.png", pixels)
    model = Model.load(folder)
    np.testing.assert_array_equal(model.prepared(tmp_path / "a.png")[0], model.prepared(pixels)[0])


def test_sixteen_bits_from_a_file_equal_those_from_an_array(folder: Path, tmp_path: Path) -> None:
    pixels = np.random.default_rng(2).integers(0, 4096, (48, 64)).astype(np.uint16)
    (tmp_path / "a.png").write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    model = Model.load(folder)
    np.testing.assert_array_equal(model.prepared(tmp_path / "a.png")[0], model.prepared(pixels)[0])


def test_a_missing_image_and_an_odd_array_are_told(folder: Path, tmp_path: Path) -> None:
    model = Model.load(folder)
    with pytest.raises(InputError, match=r"no such image(.|\n)*absent\.png"):
        model.predict([tmp_path / "absent.png"])
    with pytest.raises(InputError, match="This is no image"):
        model.predict([np.zeros((2, 3, 4, 5), np.uint8)])


def test_a_folder_that_is_missing_or_without_a_network_is_no_model(folder: Path, tmp_path: Path) -> None:
    for wrong in (tmp_path / "absent", tmp_path):
        with pytest.raises(InputError, match="not a model folder"):
            Model.load(wrong)
    (folder / ONNX_FILE).unlink()
    with pytest.raises(InputError, match="not a model folder"):
        Model.load(folder)


def test_a_network_cut_short_is_noticed(folder: Path) -> None:
    data = (folder / ONNX_FILE).read_bytes()
    (folder / ONNX_FILE).write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match="not those that the model card describes"):
        Model.load(folder)


def test_bytes_that_are_no_network_are_told_even_when_the_checksum_fits(folder: Path) -> None:
    (folder / ONNX_FILE).write_bytes(b"no network")
    ModelCard.model_validate_json((folder / CARD_FILE).read_text(encoding="utf-8")).model_copy(
        update={"sha256": sha256(folder / ONNX_FILE)}
    ).write(folder)
    with pytest.raises(InputError, match=r"network cannot be opened(.|\n)*model\.onnx"):
        Model.load(folder)


PREDICT = """
import sys
from pathlib import Path
import numpy as np
from spinedet.detect.runtime import Model
found = Model.load(Path(sys.argv[1])).predict([np.zeros((48, 64), np.uint8)])
assert len(found[0]) == 2
loaded = {name.partition(".")[0] for name in sys.modules}
print(sorted(loaded & {"torch", "torchvision", "paddle", "ppdet", "ultralytics", "onnx", "matplotlib", "sklearn"}))
"""


def test_prediction_imports_no_framework_and_leaves_no_trace(folder: Path, tmp_path: Path) -> None:
    """ONNX Runtime would keep a device number and a queue of reports in the cache folder and in TMPDIR."""
    home = tmp_path / "home"
    home.mkdir()
    private = dict.fromkeys(("HOME", "USERPROFILE", "XDG_CACHE_HOME", "LOCALAPPDATA", "TMPDIR"), str(home))
    silent = ("CI", "ORT_DISABLE_TELEMETRY", "TF_BUILD", "GITHUB_ACTIONS")  # they would keep it quiet by themselves
    env = {name: value for name, value in os.environ.items() if name not in silent} | private
    words = [sys.executable, "-P", "-c", PREDICT, str(folder)]
    shown = subprocess.run(words, env=env, cwd=home, capture_output=True, text=True, encoding="utf-8", check=False)
    assert (shown.stdout, shown.stderr) == ("[]\n", "")
    assert not list(home.rglob("*"))
