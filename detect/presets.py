"""`configs/detector_*.yaml`: sizes, presets and recipe of each detector, merged with what the command line says."""

from collections.abc import Sequence
from importlib.resources import files
from typing import Any, Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from spinedet.annotations.errors import InputError, nearest
from spinedet.detect.contract import Settings
from spinedet.detect.registry import get_detector

Preset = Literal["tiny", "small", "paper"]
PRESETS: tuple[Preset, ...] = get_args(Preset)


class Otherwise(BaseModel):
    """What a preset says otherwise of some tasks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    learning_rate: float | None = None
    recipe: dict[str, Any] = {}


class PresetValues(BaseModel):
    """One preset of a detector; `whole_image` is for tasks that ask the whole image."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: str
    image_size: int
    epochs: int
    batch: int
    learning_rate: float
    recipe: dict[str, Any] = {}
    whole_image: Otherwise = Otherwise()


class DetectorConfig(BaseModel):
    """The content of a `detector_*.yaml`; a preset's own `recipe` overrides single keys of the common one.

    Attributes:
        detector: Name of the detector.
        about: What it is, in a line.
        sizes: Its networks, smallest first.
        presets: Settings by name.
        recipe: What all presets share.
        whole_image: Keys of the recipe that are otherwise where an image has one answer: nothing may cut the region.
        rate_follows_batch: A batch other than the preset's changes the learning rate in proportion (Goyal et al. 2017,
            arXiv 1706.02677), unless a rate is asked for too. Right for SGD, so not where the recipe has AdamW.
        size_from_scratch: Taken in place of a preset's size where training starts from nothing (`--weights none`) and
            no size is asked for.
        pretrained: The word for `--weights` that fetches its published weights: the images these were trained on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    detector: str
    about: str
    sizes: list[str]
    presets: dict[Preset, PresetValues]
    recipe: dict[str, Any] = {}
    whole_image: dict[str, Any] = {}
    rate_follows_batch: bool = False
    size_from_scratch: str | None = None
    pretrained: Literal["coco", "imagenet"] = "coco"


def read_config(detector: str) -> DetectorConfig:
    """The YAML that comes with the package for a detector; what it leaves out is as in the file that `like` names.

    Raises:
        InputError: There is no such detector.
    """
    get_detector(detector)  # an unknown name is answered with the known ones
    content = _read_yaml(detector)
    if "like" in content:
        content = _read_yaml(content.pop("like")) | content
    return DetectorConfig.model_validate(content)


def _read_yaml(detector: str) -> dict[str, Any]:
    text = files("spinedet.configs").joinpath(f"detector_{detector}.yaml").read_text(encoding="utf-8")
    content: dict[str, Any] = yaml.safe_load(text)
    return content


def _values(config: DetectorConfig, preset: PresetValues, whole_image: bool) -> dict[str, Any]:
    """Fields of `Settings` as a preset has them."""
    values = preset.model_dump(exclude={"whole_image"})
    recipe = {**config.recipe, **preset.recipe}
    if whole_image:
        recipe |= {**preset.whole_image.recipe, **config.whole_image}
        values["learning_rate"] = preset.whole_image.learning_rate or preset.learning_rate
    return {**values, "recipe": recipe}


def make_settings(
    detector: str, preset: str, *, whole_image: bool = False, positive: Sequence[str] = (), **changes: Any
) -> Settings:
    """Settings of a preset, with the values of `changes` that are not None in place of its own.

    Args:
        detector: Name of the detector.
        preset: `tiny`, `small` or `paper`.
        whole_image: The task asks the whole image.
        positive: Classes that the task calls positive; told to recipes with `evidence`.
        changes: Fields of `Settings`.

    Raises:
        InputError: An unknown name, size or value; the valid choices are listed.
    """
    config = read_config(detector)
    if preset not in config.presets:
        raise InputError("There is no such preset.", expected=nearest(preset, list(config.presets)), found=preset)
    values = _values(config, config.presets[preset], whole_image)
    if positive and values["recipe"].get("evidence"):
        values["recipe"]["positive"] = list(positive)
    if config.size_from_scratch and changes.get("weights") in (None, "none"):
        values["size"] = config.size_from_scratch
    if config.rate_follows_batch and values["recipe"].get("optimizer") != "AdamW":
        values["learning_rate"] *= (changes.get("batch") or values["batch"]) / values["batch"]
    values.update({name: value for name, value in changes.items() if value is not None})
    try:
        settings = Settings(detector=detector, **values)
    except ValidationError as error:
        row = error.errors()[0]
        raise InputError(
            f"A setting of {detector} is impossible.",
            expected=row["msg"].removeprefix("Input should be "),
            found=f"{row['loc'][0]} = {row['input']}",
        ) from error
    if settings.size not in get_detector(detector).sizes:
        expected = nearest(settings.size, get_detector(detector).sizes)
        raise InputError(f"{detector} has no such size.", expected=expected, found=settings.size)
    return settings
