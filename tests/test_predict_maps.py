"""`spinedet predict --format maps,occlusion`: a picture a class that was found, each in its folder."""

from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from spinedet.actions import predict_files
from spinedet.annotations.errors import InputError
from spinedet.datasets.dataset import Dataset
from spinedet.datasets.images import read_image
from spinedet.detect.contract import Settings
from spinedet.detect.fake import FakeDetector

MakeDataset = Callable[..., Path]

SETTINGS = Settings(detector="fake", size="one", image_size=64, epochs=1)


@pytest.fixture
def model(two_classes: Path, tmp_path: Path) -> Path:
    return FakeDetector().train(Dataset.load(two_classes), None, SETTINGS, tmp_path / "job", lambda _: None)


def predict(model: Path, images: list[Path], out: Path, formats: list[str], score: float) -> list[str]:
    predict_files(Console(quiet=True), model, images, out, formats, score, 1)
    return sorted(path.relative_to(out).as_posix() for path in out.rglob("*.*"))


def test_each_class_that_is_shown_gets_its_maps(two_classes: Path, model: Path, tmp_path: Path) -> None:
    """The fake is 0.9 sure of a disc and 0.5 of a vertebra."""
    one = two_classes / "JPEGImages" / "p0_1.png"
    both = predict(model, [one], tmp_path / "both", ["maps", "occlusion"], 0.25)
    assert both == [f"{kind}/p0_1_{name}.png" for kind in ("maps", "occlusion") for name in ("disc", "vertebra")]
    assert predict(model, [one], tmp_path / "sure", ["maps"], 0.8) == ["maps/p0_1_disc.png"]
    assert read_image(tmp_path / "sure" / "maps" / "p0_1_disc.png").shape[2] == 3


def test_where_nothing_is_shown_the_best_class_is(two_classes: Path, model: Path, tmp_path: Path) -> None:
    images = [two_classes / "JPEGImages" / f"p{number}_1.png" for number in (0, 1)]
    found = predict(model, images, tmp_path / "out", ["json", "maps"], 0.99)
    assert found == ["maps/p0_1_disc.png", "maps/p1_1_disc.png", "predictions.json"]


def test_a_model_of_one_class_is_refused_before_anything_is_written(make_dataset: MakeDataset, tmp_path: Path) -> None:
    data = make_dataset({"a": ("A", [("disc", 1, 1, 20, 10)])})
    model = FakeDetector().train(Dataset.load(data), None, SETTINGS, tmp_path / "job", lambda _: None)
    with pytest.raises(InputError, match="one only"):
        predict(model, [data / "JPEGImages"], tmp_path / "out", ["json", "occlusion"], 0.5)
    assert not (tmp_path / "out").exists()


def test_a_format_that_is_none_lists_those_that_are(model: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="maps"):
        predict(model, [tmp_path], tmp_path / "out", ["map"], 0.5)
