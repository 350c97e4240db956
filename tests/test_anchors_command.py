"""`spinedet anchors` as a person types it, run in this process."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from in_process import Said, spinedet

from spinedet.detect.ppyolov2.recipe import Recipe


def anchors(*words: object) -> Said:
    """The command, in this process."""
    return spinedet("anchors", *words)


def test_anchors_are_shown_with_their_boxes_and_a_line_for_the_recipe(two_classes: Path) -> None:
    """Twelve discs are 30 x 20 and six vertebrae 30 x 40 at 96 px; the other anchors are copies."""
    said = anchors(two_classes, "--image-size", 96)
    rows = [line.split() for line in said.out.splitlines()]
    assert (said.code, said.err) == (0, "")
    assert rows[0] == ["width", "height", "boxes"]
    assert ["30.0", "20.0", "12"] in rows[1:10]
    assert ["30.0", "40.0", "6"] in rows[1:10]
    assert "mean best IoU 1.0000 (18 boxes, 96 px)" in said.out
    assert "with the reference's 9 anchors 0.7456" in said.out


def test_the_line_makes_a_recipe(two_classes: Path) -> None:
    said = anchors(two_classes, "--image-size", 96)
    recipe = Recipe.model_validate(yaml.safe_load(said.out.splitlines()[-1]))
    assert (30, 40) in recipe.anchors


def test_another_count_has_no_line(two_classes: Path) -> None:
    said = anchors(two_classes, "--image-size", 96, "--count", 2)
    assert said.code == 0
    assert "anchors: [[" not in said.out
    assert "A recipe takes 9 anchors" in said.out


def test_json_says_the_same(two_classes: Path) -> None:
    found = json.loads(anchors(two_classes, "--image-size", 96, "--count", 2, "--seed", 4, "--json").out)
    assert found["anchors"] == [[30, 20], [30, 40]]
    assert found["best_for"] == [12, 6]
    assert (found["image_size"], found["seed"], found["boxes"], found["mean_best_iou"]) == (96, 4, 18, 1)
    assert found["reference_mean_best_iou"] == pytest.approx(0.7456, abs=1e-4)


def test_annotations_are_enough(make_dataset: Callable[..., Path]) -> None:
    """Neither images nor patients are there."""
    folder = make_dataset({"a": ("ann", [("disc", 1, 1, 20, 10)])}, images=False, patients=False)
    assert anchors(folder, "--image-size", 320).code == 0


def test_an_image_set_chooses_the_boxes(two_classes: Path) -> None:
    (two_classes / "ImageSets" / "Main").mkdir(parents=True)
    (two_classes / "ImageSets" / "Main" / "second.txt").write_text("p0_2\np1_2\n", encoding="utf-8")
    found = json.loads(anchors(two_classes, "--image-size", 96, "--image-set", "second", "--json").out)
    assert found["boxes"] == 2


def test_help_names_every_option() -> None:
    said = anchors("--help")
    assert said.code == 0
    for option in ("--image-size", "--count", "--seed", "--json", "--image-set", "--task"):
        assert option in said.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "--image-size"),
        (("--image-size", "100"), "a multiple of 32"),
        (("--image-size", "0"), "image_size = 0"),
        (("--image-size", "wide"), "--image-size"),
        (("--image-size", "96", "--count", "0"), "--count"),
        (("--image-size", "96", "--seed", "-1"), "--seed"),
        (("--image-size", "96", "--task", "lumber"), "did you mean 'lumbar'"),
        (("--image-size", "96", "--task", "lumbar"), "A class is unknown"),
        (("--image-size", "96", "--image-set", "none"), "There is no such image set"),
    ],
)
def test_wrong_words_end_with_two(two_classes: Path, words: tuple[str, ...], told: str) -> None:
    said = anchors(two_classes, *words)
    assert (said.code, said.out) == (2, "")
    assert told in said.err


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    said = anchors(tmp_path / "nowhere", "--image-size", 96)
    assert said.code == 2
    assert "There is no such dataset folder" in said.err


def test_a_dataset_without_boxes_is_told(make_dataset: Callable[..., Path]) -> None:
    """With the classes of a task it can be loaded; without, nobody knows what is looked for."""
    folder = make_dataset({"a": ("ann", []), "b": ("bob", [])})
    with_classes, without = (anchors(folder, "--image-size", 96, *task) for task in (("--task", "lumbar"), ()))
    assert (with_classes.code, without.code) == (2, 2)
    assert "No box tells what anchors to take." in with_classes.err
    assert "none in 2 images" in with_classes.err
    assert str(folder) in with_classes.err
    assert "The dataset has no boxes." in without.err
