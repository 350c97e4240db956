"""PP-YOLOv2 before any training: packages, settings, recipe, presets, learning rate."""

import importlib.util
import subprocess
import sys
from typing import Any

import pytest

from spinedet.annotations.errors import InputError
from spinedet.detect.contract import Settings
from spinedet.detect.ppyolov2.detector import PPYOLOv2
from spinedet.detect.ppyolov2.recipe import Recipe, learning_rate
from spinedet.detect.presets import PRESETS, make_settings


def settings(**changes: Any) -> Settings:
    return Settings(**{"detector": "ppyolov2", "size": "r18", **changes})


def test_importing_the_detector_does_not_import_torch() -> None:
    told = "import sys, spinedet.detect.ppyolov2.detector; sys.exit('torch' in sys.modules or 'paddle' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", told], check=False).returncode == 0


def test_a_missing_package_is_answered_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"torch, torchvision, onnx(.|\n)*spinedet\[train\]"):
        PPYOLOv2().check(settings())


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"size": "r50"}, "r50-dcn"),
        ({"image_size": 64}, "at least 96 pixels"),
        ({"recipe": {"mixup": 1}}, "mixup: Extra inputs"),
        ({"recipe": {"anchors": [[10, 13]]}}, "anchors"),
        ({"recipe": {"anchors": "mine"}}, "anchors"),
        ({"recipe": {"average_decay": 1.0}}, "average_decay"),
        ({"recipe": {"patience": -1}}, "patience"),
    ],
)
def test_wrong_settings_are_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        PPYOLOv2().check(settings(**changes))


@pytest.mark.parametrize("detector", ["ppyolov2", "ppyolov2-paddle"])
@pytest.mark.parametrize("preset", PRESETS)
def test_presets_name_a_known_size_and_only_known_recipe_keys(preset: str, detector: str) -> None:
    made = make_settings(detector, preset)
    assert made.size in PPYOLOv2.sizes
    Recipe.model_validate(made.recipe)


@pytest.mark.parametrize(("changes", "factor"), [({"batch": 8}, 4), ({"batch": 1}, 0.5), ({}, 1)])
def test_the_learning_rate_follows_the_batch(changes: dict[str, Any], factor: float) -> None:
    preset = make_settings("ppyolov2", "tiny", batch=2).learning_rate
    assert make_settings("ppyolov2", "tiny", **{"batch": 2, **changes}).learning_rate == pytest.approx(factor * preset)
    assert make_settings("ppyolov2", "tiny", learning_rate=0.02, **changes).learning_rate == 0.02
    assert make_settings("yolov5", "tiny", batch=1).learning_rate == make_settings("yolov5", "tiny").learning_rate


@pytest.mark.parametrize("detector", ["ppyolov2", "ppyolov2-paddle"])
def test_whole_images_are_learnt_from_scratch_by_adamw_whose_rate_does_not_follow_the_batch(detector: str) -> None:
    tiny, larger = (make_settings(detector, "tiny", whole_image=True, batch=batch) for batch in (4, 16))
    assert (tiny.learning_rate, tiny.recipe["optimizer"]) == (0.001, "AdamW")
    assert larger == tiny.model_copy(update={"batch": 16})
    assert make_settings(detector, "tiny").recipe["optimizer"] == "SGD"
    assert make_settings(detector, "paper", whole_image=True).recipe["optimizer"] == "SGD"


def test_the_learning_rate_rises_then_falls_at_80_and_88_percent() -> None:
    rates = [learning_rate(1.0, step, 10, 100, Recipe(warm_up_steps=3)) for step in range(1000)]
    assert rates[:4] == [0.25, 0.5, 0.75, 1.0]
    assert [rates[step] for step in (799, 800, 879, 880, 999)] == pytest.approx([1, 0.1, 0.1, 0.01, 0.01])


def test_warm_up_takes_a_tenth_of_a_short_training_at_most() -> None:
    assert learning_rate(1.0, 20, 10, 20, Recipe()) == 1.0
    assert learning_rate(1.0, 19, 10, 20, Recipe()) < 1.0


def test_coco_weights_are_published_for_the_sizes_of_the_paper_only() -> None:
    assert [bool(PPYOLOv2().published(size)) for size in PPYOLOv2.sizes] == [False, True, True]
