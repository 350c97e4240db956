"""What only the torch route does: awkward data, anchors from data, broken steps, wrong start weights."""

from pathlib import Path

import numpy as np
import pytest
import torch

from spinedet.annotations.errors import InputError, WorkError
from spinedet.annotations.voc import read_voc
from spinedet.datasets.dataset import Dataset
from spinedet.detect.contract import Epoch, Settings
from spinedet.detect.pdparams import write_pdparams
from spinedet.detect.ppyolov2 import job
from spinedet.detect.ppyolov2.detector import PPYOLOv2
from spinedet.detect.ppyolov2.network import Network
from spinedet.detect.ppyolov2.weights import NATIVE_FILE, to_paddle
from spinedet.detect.runtime import Model
from spinedet.detect.training.learner import Plan

pytestmark = [
    pytest.mark.frameworks,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning"),
]

SIDE = 96
PLAIN = {"mixup_until": 0, "distort": False, "expand": False, "crop": False, "multi_scale": False, "drop_block": False}


def settings(**changes: object) -> Settings:
    values = {"size": "r18", "image_size": SIDE, "epochs": 1, "batch": 4, "learning_rate": 0.001, "device": "cpu"}
    return Settings.model_validate({"detector": "ppyolov2", "recipe": PLAIN, **values, **changes})


def train(data: Dataset, folder: Path, val: Dataset | None = None, **changes: object) -> tuple[Model, list[Epoch]]:
    told: list[Epoch] = []
    model = PPYOLOv2().train(data, val, settings(**changes), folder, told.append)
    return Model.load(model), told


def without_objects(folder: Path, *names: str) -> Dataset:
    """The dataset with the boxes of some images taken away; its classes stay."""
    for name in names:
        path = folder / "Annotations" / f"{name}.xml"
        text = path.read_text(encoding="utf-8")
        path.write_text(text[: text.index("<object>")] + "</annotation>", encoding="utf-8")
        assert read_voc(path).objects == ()
    return Dataset.load(folder, classes=("tall", "wide", "never"))


@pytest.fixture
def own_blocks(blocks: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "blocks"
    for path in blocks.rglob("*.*"):
        target = copy / path.relative_to(blocks)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    return copy


def test_a_batch_without_objects_and_a_class_never_seen_train_and_predict(own_blocks: Path, tmp_path: Path) -> None:
    """Batches of two: with three empty images of eight, some batch has none at all in ten epochs' orders."""
    data = without_objects(own_blocks, "i0", "i1", "i2", "i3", "i4", "i5", "i6")
    model, told = train(data, tmp_path / "job", batch=2, recipe={**PLAIN, "mixup_until": 1.0, "crop": True})
    assert np.isfinite(told[0].loss)
    assert model.card.classes == ("tall", "wide", "never")
    boxes, scores = model.raw(np.zeros((1, 3, SIDE, SIDE), np.float32))
    assert scores.shape[-1] == 3
    assert np.isfinite(boxes).all()
    other_sizes = [np.zeros((31, 500), np.uint8), np.full((700, 20, 3), 9, np.uint8)]
    assert [len(found) >= 0 for found in model.predict(other_sizes)] == [True, True]


def test_anchors_from_data_are_found_and_written_into_the_card(blocks: Path, tmp_path: Path) -> None:
    """Every block is 40 x 20 or 20 x 40 of 140 x 110 pixels."""
    model, _ = train(Dataset.load(blocks), tmp_path / "job", recipe={**PLAIN, "anchors": "data"})
    anchors = np.array(model.card.settings.recipe["anchors"])
    assert model.card.settings.recipe["precision"] in ("float32", "bfloat16")
    assert anchors.shape == (9, 2)
    wide, tall = [40 * SIDE / 140, 20 * SIDE / 110], [20 * SIDE / 140, 40 * SIDE / 110]
    for wanted in (wide, tall):
        assert np.abs(anchors - wanted).max(axis=1).min() < 0.1


def test_patience_and_precision_reach_the_loop(blocks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plans: list[Plan] = []

    def stop(_: object, plan: Plan) -> None:
        plans.append(plan)
        raise WorkError("enough")

    monkeypatch.setattr(job, "Trainer", stop)
    with pytest.raises(WorkError, match="enough"):
        train(Dataset.load(blocks), tmp_path / "job", recipe={**PLAIN, "patience": 7, "precision": "float32"}, seed=4)
    assert (plans[0].patience, plans[0].precision, plans[0].seed, plans[0].epochs) == (7, "float32", 4, 1)


def test_a_broken_step_names_its_images(blocks: Path, tmp_path: Path) -> None:
    with pytest.raises(WorkError, match=r"no longer a number(.|\n)*epoch \d, step \d(.|\n)*i\d") as caught:
        train(Dataset.load(blocks), tmp_path / "job", learning_rate=1e30, epochs=3)
    assert "lower --learning-rate" in str(caught.value)


def test_the_same_seed_gives_the_same_weights(blocks: Path, tmp_path: Path) -> None:
    files = []
    for name in ("one", "two"):
        train(Dataset.load(blocks), tmp_path / name, recipe={}, seed=3)
        files.append((tmp_path / name / "model" / NATIVE_FILE).read_bytes())
    assert files[0] == files[1]


def test_weights_of_another_depth_are_refused_layer_by_layer(blocks: Path, tmp_path: Path) -> None:
    with torch.device("meta"):
        shapes = {
            name: tuple(value.shape) for name, value in Network("r50-dcn", 2, drop_block=False).state_dict().items()
        }
    arrays = {name: np.zeros(shape, np.float32) for name, shape in shapes.items() if ".res2." in name}
    write_pdparams(tmp_path / "r50.pdparams", to_paddle(arrays))
    with pytest.raises(InputError, match="do not fit") as caught:
        train(Dataset.load(blocks), tmp_path / "job", weights=str(tmp_path / "r50.pdparams"))
    assert "backbone.res2.res2a" in str(caught.value)
    assert not (tmp_path / "job" / "model").exists()


def test_weights_for_other_classes_keep_all_but_the_last_layers(
    blocks: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    torch.manual_seed(5)
    write_pdparams(tmp_path / "five.pdparams", to_paddle(Network("r18", 5, drop_block=False).state_dict()))
    train(Dataset.load(blocks), tmp_path / "job", weights=str(tmp_path / "five.pdparams"))
    told = capfd.readouterr().out
    for level in range(3):
        assert f"yolo_head.yolo_output.{level}.weight" in told
    assert "neck" not in told.partition("afresh")[2]
