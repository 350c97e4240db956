"""The Paddle route without Paddle: packages, environment and checkpoints."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from spinedet.annotations.errors import InputError
from spinedet.detect.contract import Settings
from spinedet.detect.paddle.checkpoint import CHECKPOINT, EARLIER, Checkpoint, read_checkpoint, write_checkpoint
from spinedet.detect.paddle.detector import PaddlePPYOLOv2
from spinedet.detect.paddle.environment import mkl_cpu_type
from spinedet.detect.paddle.weights import State


def arrays(*names: str) -> State:
    return {name: np.full((2, 2), 0.5, np.float32) for name in names}


def test_importing_the_detector_does_not_import_paddle() -> None:
    told = "import sys, spinedet.detect.paddle.detector; sys.exit('paddle' in sys.modules or 'ppdet' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", told], check=False).returncode == 0


def test_a_missing_package_is_answered_with_the_two_commands_that_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"spinedet\[paddle\].*--no-deps paddledet==2\.6\.0"):
        PaddlePPYOLOv2().check(Settings(detector="ppyolov2-paddle", size="r18"))


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
