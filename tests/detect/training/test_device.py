"""Device, precision and repeatability, as far as they can be seen without a GPU."""

from typing import Any

import pytest
import torch
from torch.utils import deterministic

from spinedet.annotations.errors import InputError
from spinedet.detect.training import device
from spinedet.detect.training.device import Precision, choose_device, mixed, repeatable, seed_epoch, working_precision

CPU = torch.device("cpu")


def test_a_gpu_is_used_if_it_is_seen_and_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert [choose_device(name).type for name in ("auto", "cuda", "cpu")] == ["cuda", "cuda", "cpu"]


def test_a_gpu_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto") == CPU
    with pytest.raises(InputError, match="torch sees no GPU"):
        choose_device("cuda")


@pytest.mark.parametrize(("capability", "precision"), [((7, 5), torch.float16), ((9, 0), torch.bfloat16)])
def test_precision_follows_the_gpu(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], precision: torch.dtype
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    assert working_precision(torch.device("cuda")) is precision


@pytest.mark.parametrize(("built_in", "precision"), [(True, torch.bfloat16), (False, torch.float32)])
def test_precision_follows_the_processor(
    monkeypatch: pytest.MonkeyPatch, built_in: bool, precision: torch.dtype
) -> None:
    monkeypatch.setattr(device, "multiplies_bfloat16", lambda: built_in)
    assert working_precision(CPU) is precision


def test_mixed_precision_computes_small_and_answers_in_float32() -> None:
    layer = torch.nn.Linear(64, 8)
    seen: list[Any] = []

    def network(images: torch.Tensor) -> Any:
        seen.append(layer(images))
        return {"maps": [seen[0], (seen[0] > 0,)], "name": "one"}

    told = mixed(network, CPU, torch.bfloat16)(torch.ones(2, 64))
    assert seen[0].dtype is torch.bfloat16
    assert told["maps"][0].dtype is torch.float32
    assert told["maps"][1][0].dtype is torch.bool
    assert told["name"] == "one"
    assert mixed(network, CPU, torch.float32) is network


def test_an_epoch_draws_the_same_whatever_came_before() -> None:
    def drawn(seed: int, epoch: int) -> float:
        seed_epoch(seed, epoch)
        return float(torch.rand(()))

    assert drawn(5, 2) == drawn(5, 2)
    assert len({drawn(5, 2), drawn(5, 3), drawn(6, 1), drawn(10**30, 1)}) == 4


def test_repeatability_ends_with_the_training() -> None:
    filled = deterministic.fill_uninitialized_memory

    def train() -> None:
        with repeatable(CPU):
            assert torch.are_deterministic_algorithms_enabled()
            assert not deterministic.fill_uninitialized_memory
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train()
    assert not torch.are_deterministic_algorithms_enabled()
    assert deterministic.fill_uninitialized_memory == filled


@pytest.mark.parametrize("wanted", ["float32", "bfloat16", "float16"])
def test_a_precision_that_is_asked_for_is_taken(wanted: Precision) -> None:
    assert working_precision(CPU, wanted) is getattr(torch, wanted)
