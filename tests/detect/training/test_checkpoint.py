"""States on disk: whole or not at all, the one before kept, and no code run from them."""

import math
import pickle
from pathlib import Path

import pytest
import torch

from spinedet.annotations.errors import WorkError
from spinedet.detect.training.checkpoint import (
    CHECKPOINT,
    EARLIER,
    Checkpoint,
    read_checkpoint,
    remove_checkpoints,
    write_checkpoint,
)


def state(epoch: int) -> Checkpoint:
    weights = {"layer.weight": torch.full((2, 3), float(epoch))}
    return Checkpoint(epoch, 0, math.inf, weights, weights, {}, {"state": {}, "param_groups": []}, {})


def test_a_state_comes_back_as_it_was(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, state(1))
    back = read_checkpoint(tmp_path)
    assert back is not None
    assert (back.epoch, back.best_epoch, back.best_loss) == (1, 0, math.inf)
    assert torch.equal(back.weights["layer.weight"], torch.ones(2, 3))
    assert back.optimizer == {"state": {}, "param_groups": []}


def test_the_state_before_is_kept_and_both_go_in_the_end(tmp_path: Path) -> None:
    for epoch in (1, 2, 3):
        write_checkpoint(tmp_path, state(epoch))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted((CHECKPOINT, EARLIER))
    (tmp_path / CHECKPOINT).unlink()  # a machine that stopped between two renames
    back = read_checkpoint(tmp_path)
    assert back is not None
    assert back.epoch == 2
    remove_checkpoints(tmp_path)
    remove_checkpoints(tmp_path)
    assert not any(tmp_path.iterdir())


def test_two_damaged_states_start_the_training_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / CHECKPOINT).write_bytes(b"")
    torch.save({"epoch": 1}, tmp_path / EARLIER)  # readable, and not a state
    assert read_checkpoint(tmp_path) is None
    assert [line.partition(" (")[0] for line in capsys.readouterr().out.splitlines()] == [
        f"{CHECKPOINT} cannot be read",
        f"{EARLIER} cannot be read",
    ]


class Trap:
    """A pickle that would make a file."""

    def __init__(self, victim: Path):
        self.victim = victim

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.victim,)


def test_code_in_a_state_is_not_run(tmp_path: Path) -> None:
    trap = Trap(tmp_path / "victim")
    (tmp_path / EARLIER).write_bytes(pickle.dumps(trap))
    torch.save({"weights": trap}, tmp_path / CHECKPOINT)
    assert read_checkpoint(tmp_path) is None
    assert not trap.victim.exists()


def test_a_full_disk_keeps_the_last_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_checkpoint(tmp_path, state(1))

    def full(content: object, path: Path) -> None:
        path.write_bytes(b"half")
        raise RuntimeError("[enforce fail at inline_container.cc:671] . unexpected pos 704 vs 598")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(WorkError, match="the disk is full"):
        write_checkpoint(tmp_path, state(2))
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT]
    back = read_checkpoint(tmp_path)
    assert back is not None
    assert back.epoch == 1
