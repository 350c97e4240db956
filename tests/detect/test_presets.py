"""The detectors' YAML files: every one is sound, and a wrong word is answered with the right ones."""

import importlib.util
from collections.abc import Callable
from functools import partial
from importlib.resources import files

import pytest

from spinedet.annotations.errors import InputError
from spinedet.detect.contract import Settings
from spinedet.detect.presets import PRESETS, make_settings, read_config
from spinedet.detect.registry import DETECTORS, get_detector

CONFIGS = sorted(
    entry.name[len("detector_") : -len(".yaml")]
    for entry in files("spinedet.configs").iterdir()
    if entry.name.startswith("detector_")
)
NEEDS = {
    "yolov3": "ultralytics",
    "yolov5": "ultralytics",
    "ppyolov2": "torchvision",
    "ppyolov2-paddle": "ppdet",
    "resnet50": "torchvision",
    "vgg19": "torchvision",
    "densenet121": "torchvision",
    "densenet201": "torchvision",
    "inception_v3": "torchvision",
    "fake": "onnx",
}


@pytest.mark.parametrize("name", CONFIGS)
def test_every_config_makes_settings_that_its_detector_accepts(name: str) -> None:
    config, detector = read_config(name), get_detector(name)
    assert name in DETECTORS
    assert (config.detector, tuple(config.sizes)) == (detector.name, detector.sizes)
    assert name == "fake" or set(config.presets) == set(PRESETS)
    for preset in config.presets:
        settings = make_settings(name, preset)
        assert settings.recipe.keys() >= config.recipe.keys()
        if importlib.util.find_spec(NEEDS[name]) is not None:
            detector.check(settings)


def test_there_is_a_config_for_every_detector() -> None:
    assert sorted(DETECTORS) == CONFIGS


def test_what_the_person_says_goes_before_the_preset_and_none_says_nothing() -> None:
    settings = make_settings("yolov5", "tiny", epochs=7, size="s", seed=None, mirror=True)
    tiny = read_config("yolov5").presets["tiny"]
    assert (settings.epochs, settings.size, settings.seed, settings.mirror) == (7, "s", 0, True)
    assert (settings.image_size, settings.batch) == (tiny.image_size, tiny.batch)


def test_a_preset_overrides_single_keys_of_the_recipe() -> None:
    """`paper` says SGD and says nothing of mosaic."""
    tiny, paper = make_settings("yolov5", "tiny"), make_settings("yolov5", "paper")
    assert (tiny.recipe["optimizer"], paper.recipe["optimizer"]) == ("AdamW", "SGD")
    assert paper.recipe["mosaic"] == tiny.recipe["mosaic"]


def test_a_classifier_freezes_its_convolutions_only_where_weights_are_given() -> None:
    """Frozen random convolutions would be no use; a size that was asked for is never changed."""
    assert make_settings("resnet50", "tiny").size == "full"
    assert make_settings("resnet50", "paper", weights="none").size == "full"
    assert make_settings("vgg19", "paper", weights="imagenet").size == "frozen"
    assert make_settings("vgg19", "tiny", weights="own.pt", size="full").size == "full"
    assert make_settings("densenet121", "tiny", size="frozen").size == "frozen"  # its check refuses it in words


def test_the_papers_preset_of_the_classifiers_is_that_of_p2() -> None:
    paper = make_settings("resnet50", "paper", weights="imagenet")
    assert (paper.learning_rate, paper.batch, paper.image_size) == (0.0001, 32, 224)
    assert {paper.recipe[name] for name in ("balanced", "degrees", "contrast", "brightness", "average_decay")} == {0}


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: make_settings("yolo5", "tiny"), "no such detector(.|\n)*yolov3, yolov5(.|\n)*did you mean 'yolov5'"),
        (lambda: make_settings("yolov5", "smal"), "no such preset(.|\n)*tiny, small, paper; did you mean 'small'"),
        (lambda: make_settings("fake", "paper"), "no such preset(.|\n)*one of tiny\n"),
        (lambda: make_settings("yolov5", "tiny", size="xx"), "no such size(.|\n)*n, s, m, l, x"),
        (lambda: make_settings("yolov5", "tiny", image_size=100), "impossible(.|\n)*multiple of 32(.|\n)*size = 100"),
        (lambda: make_settings("yolov5", "tiny", epochs=0), "impossible(.|\n)*epochs = 0"),
    ],
)
def test_a_wrong_word_is_answered_with_the_right_ones(call: Callable[[], Settings], words: str) -> None:
    with pytest.raises(InputError, match=words):
        call()


def test_a_wrong_size_or_recipe_is_refused_by_the_detector_too() -> None:
    pytest.importorskip("onnx")
    settings = Settings(detector="yolov5", size="xx")
    with pytest.raises(InputError, match=r"no such size(.|\n)*n, s, m, l, x"):
        get_detector("yolov5").check(settings)


@pytest.mark.skipif(importlib.util.find_spec("ultralytics") is None, reason="ultralytics is not installed")
@pytest.mark.parametrize("recipe", [{"mosaic": 2}, {"mosiac": 0.5}, {"optimizer": "Adam"}])
def test_a_wrong_recipe_names_its_key_and_lists_the_known_ones(recipe: dict[str, object]) -> None:
    settings = Settings(detector="yolov3", size="tiny", recipe=recipe)
    key = next(iter(recipe))
    with pytest.raises(InputError, match=rf"recipe of yolov3 is wrong(.|\n)*optimizer, weight_decay(.|\n)*{key}:"):
        get_detector("yolov3").check(settings)


def test_a_missing_package_is_answered_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"torch, torchvision, ultralytics(.|\n)*pip install \"spinedet\[train\]\""):
        get_detector("yolov5").check(Settings(detector="yolov5", size="n"))


@pytest.mark.parametrize(
    ("detector", "cutting"),
    [
        ("yolov3", ("mosaic", "translate", "scale", "degrees")),
        ("yolov5", ("mosaic", "translate", "scale", "degrees")),
        ("ppyolov2", ("mixup_until", "crop", "expand")),
        ("ppyolov2-paddle", ("mixup_until", "crop", "expand")),
    ],
)
@pytest.mark.parametrize("preset", PRESETS)
def test_nothing_cuts_an_image_that_has_one_answer(detector: str, cutting: tuple[str, ...], preset: str) -> None:
    recipe = make_settings(detector, preset, whole_image=True).recipe
    assert not any(recipe[key] for key in cutting)
    assert any(make_settings(detector, preset).recipe[key] for key in cutting)


@pytest.mark.parametrize("detector", ["yolov3", "yolov5", "ppyolov2", "ppyolov2-paddle"])
def test_objects_are_never_trained_with_evidence(detector: str) -> None:
    assert not make_settings(detector, "tiny").recipe.get("evidence", False)


def test_paddle_refuses_the_evidence_that_it_would_leave_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    settings = make_settings("ppyolov2-paddle", "tiny", whole_image=True)
    get_detector("ppyolov2-paddle").check(settings)
    asked = settings.model_copy(update={"recipe": {**settings.recipe, "evidence": True}})
    with pytest.raises(InputError, match=r"learns no evidence(.|\n)*train ppyolov2 instead"):
        get_detector("ppyolov2-paddle").check(asked)


@pytest.mark.parametrize("detector", ["yolov3", "yolov5", "ppyolov2"])
@pytest.mark.parametrize("preset", PRESETS)
def test_heads_of_whole_images_are_trained_to_point(detector: str, preset: str) -> None:
    assert make_settings(detector, preset, whole_image=True).recipe["evidence"] is True


@pytest.mark.parametrize("preset", PRESETS)
def test_the_rate_falls_only_when_patchworks_are_full_and_small_shares_speak_alone(preset: str) -> None:
    """Before, `tiny` let it fall at half of the epochs, and there the evidence stood still."""
    pytest.importorskip("torch")
    patchwork = importlib.import_module("spinedet.detect.training.patchwork")
    evidence = importlib.import_module("spinedet.detect.training.evidence")
    falls = make_settings("ppyolov2", preset, whole_image=True).recipe["falls"]
    assert min(falls) >= max(patchwork.RISES_UNTIL, evidence.BEGINNERS_UNTIL)


def test_heads_that_point_are_told_which_classes_are_positive() -> None:
    told = partial(make_settings, preset="tiny", whole_image=True, positive=("DMD", "BMD"))
    for detector in ("yolov3", "yolov5", "ppyolov2"):
        settings = told(detector)
        assert settings.recipe["positive"] == ["DMD", "BMD"]
        assert Settings.model_validate_json(settings.model_dump_json()) == settings
    for detector in ("resnet50", "ppyolov2-paddle"):
        assert told(detector) == make_settings(detector, "tiny", whole_image=True)
    assert "positive" not in make_settings("yolov5", "tiny", positive=("disc",)).recipe
