"""PP-YOLOv2 without Paddle: settings, recipe, weights files and checkpoints."""

import importlib.util
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spinedet.annotations.errors import InputError
from spinedet.detect.contract import Settings
from spinedet.detect.paddle.checkpoint import CHECKPOINT, EARLIER, Checkpoint, read_checkpoint, write_checkpoint
from spinedet.detect.paddle.detector import PPYOLOv2
from spinedet.detect.paddle.environment import mkl_cpu_type
from spinedet.detect.paddle.recipe import Recipe, learning_rate
from spinedet.detect.paddle.weights import NATIVE_FILE, State, fitting_weights, read_weights
from spinedet.detect.presets import PRESETS, make_settings


def settings(**changes: Any) -> Settings:
    return Settings(**{"detector": "ppyolov2", "size": "r18", **changes})


def arrays(*names: str, side: int = 2) -> State:
    return {name: np.full((side, side), 0.5, np.float32) for name in names}


BACKBONE = [f"backbone.layer{number}.weight" for number in range(10)]


def test_importing_the_detector_does_not_import_paddle() -> None:
    told = "import sys, spinedet.detect.paddle.detector; sys.exit('paddle' in sys.modules or 'ppdet' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", told], check=False).returncode == 0


def test_a_missing_package_is_answered_with_the_two_commands_that_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"spinedet\[paddle\].*--no-deps paddledet==2\.6\.0"):
        PPYOLOv2().check(settings())


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"size": "r50"}, "r50-dcn"),
        ({"image_size": 64}, "at least 96 pixels"),
        ({"recipe": {"mixup": 1}}, "mixup: Extra inputs"),
        ({"recipe": {"anchors": [[10, 13]]}}, "anchors"),
        ({"recipe": {"average_decay": 1.0}}, "average_decay"),
    ],
)
def test_wrong_settings_are_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        PPYOLOv2().check(settings(**changes))


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_name_a_known_size_and_only_known_recipe_keys(preset: str) -> None:
    made = make_settings("ppyolov2", preset)
    assert made.size in PPYOLOv2.sizes
    Recipe.model_validate(made.recipe)


def test_the_learning_rate_rises_then_falls_at_80_and_88_percent() -> None:
    rates = [learning_rate(1.0, step, 10, 100, Recipe(warm_up_steps=3)) for step in range(1000)]
    assert rates[:4] == [0.25, 0.5, 0.75, 1.0]
    assert [rates[step] for step in (799, 800, 879, 880, 999)] == pytest.approx([1, 0.1, 0.1, 0.01, 0.01])


def test_warm_up_takes_a_tenth_of_a_short_training_at_most() -> None:
    assert learning_rate(1.0, 20, 10, 20, Recipe()) == 1.0
    assert learning_rate(1.0, 19, 10, 20, Recipe()) < 1.0


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ("vendor_id : GenuineIntel flags : avx2 avx512f", None),
        ("vendor_id : AuthenticAMD flags : sse avx2", "5"),
        ("vendor_id : AuthenticAMD flags : avx2 avx512f avx512bw avx512dq avx512vl avx512cd", "7"),
        ("vendor_id : AuthenticAMD flags : sse", None),
        ("", None),
    ],
)
def test_only_amd_processors_are_told_which_instructions_to_use(facts: str, kind: str | None) -> None:
    assert mkl_cpu_type(facts) == kind


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_a_pickled_dictionary_of_arrays_is_read(tmp_path: Path, protocol: int) -> None:
    start = {**arrays("a", "b"), "StructuredToParameterName@@": {"a": "conv_0.w_0"}}
    (tmp_path / NATIVE_FILE).write_bytes(pickle.dumps(start, protocol=protocol))
    for path in (tmp_path, tmp_path / NATIVE_FILE):
        read = read_weights(path)
        assert sorted(read) == ["a", "b"]
        np.testing.assert_array_equal(read["a"], start["a"])


class _Trap:
    """Unpickling it makes the file that it names."""

    def __init__(self, target: Path):
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.target,)


def test_a_file_that_carries_code_is_refused_and_its_code_is_not_run(tmp_path: Path) -> None:
    file, target = tmp_path / "bad.pdparams", tmp_path / "was-run"
    file.write_bytes(pickle.dumps({**arrays("a"), "b": _Trap(target)}))
    with pytest.raises(InputError, match="carries code"):
        read_weights(file)
    assert not target.exists()


def test_files_that_are_no_weights_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "start.pdparams"
    with pytest.raises(InputError, match="There is no weights file"):
        read_weights(file)
    file.write_bytes(pickle.dumps(arrays("a"))[:-20])
    with pytest.raises(InputError, match="cannot be read"):
        read_weights(file)
    file.write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(InputError, match="holds no weights"):
        read_weights(file)


def test_weights_of_another_backbone_are_refused(tmp_path: Path) -> None:
    network = arrays(*BACKBONE, "yolo_head.weight")
    with pytest.raises(InputError, match="do not fit") as caught:
        fitting_weights(arrays(*BACKBONE[:7]), network, tmp_path)
    assert "10 backbone arrays" in str(caught.value)
    assert "7 that fit" in str(caught.value)


def test_a_head_for_other_classes_starts_afresh_and_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network = arrays(*BACKBONE, "yolo_head.weight")
    fit = fitting_weights({**arrays(*BACKBONE), **arrays("yolo_head.weight", side=3)}, network, tmp_path)
    assert sorted(fit) == BACKBONE
    assert "afresh: yolo_head.weight" in capsys.readouterr().out


def test_a_backbone_that_was_trained_alone_fits(tmp_path: Path) -> None:
    alone = {name.removeprefix("backbone."): value for name, value in arrays(*BACKBONE, "backbone.fc").items()}
    assert sorted(fitting_weights(alone, arrays(*BACKBONE, "neck.weight"), tmp_path)) == BACKBONE


def test_coco_weights_are_published_for_the_sizes_of_the_paper_only() -> None:
    assert [bool(PPYOLOv2().published(size)) for size in PPYOLOv2.sizes] == [False, True, True]


def state(epoch: int) -> Checkpoint:
    return Checkpoint(epoch, float("inf"), arrays("a.b"), arrays("a.b"), arrays("v_0"), {})


def test_a_checkpoint_comes_back_as_it_was_written(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, state(3))
    read = read_checkpoint(tmp_path)
    assert read is not None
    assert (read.epoch, read.best_loss, read.best) == (3, float("inf"), {})
    np.testing.assert_array_equal(read.velocity["v_0"], arrays("v_0")["v_0"])


def test_a_damaged_checkpoint_gives_way_to_the_one_before(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for epoch in (1, 2):
        write_checkpoint(tmp_path, state(epoch))
    whole = (tmp_path / CHECKPOINT).read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", whole.replace(b"\x00\x00\x00?", b"\x00\x00\x01?", 1)):
        (tmp_path / CHECKPOINT).write_bytes(damaged)
        read = read_checkpoint(tmp_path)
        assert read is not None
        assert read.epoch == 1
        assert "cannot be read" in capsys.readouterr().out
    (tmp_path / EARLIER).write_bytes(b"")
    assert read_checkpoint(tmp_path) is None
