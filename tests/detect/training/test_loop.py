"""The loop with networks of a few weights: each test is a training of milliseconds."""

import math
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch.nn import functional

from spinedet.annotations.errors import WorkError
from spinedet.detect.contract import Epoch
from spinedet.detect.training import loop
from spinedet.detect.training.checkpoint import CHECKPOINT, EARLIER, State, read_checkpoint
from spinedet.detect.training.device import Forward, choose_device, working_precision
from spinedet.detect.training.learner import Plan
from spinedet.detect.training.loop import Trainer, ahead

PLAN = Plan(epochs=4, seed=3, device="cpu", average_decay=0.99)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Threads that share a busy machine wait for each other longer than these networks compute."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def precision(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> torch.dtype:
    """Trainings here compute in float32 on every machine, or in what a test asks for."""
    wanted = getattr(request, "param", torch.float32)
    monkeypatch.setattr(loop, "working_precision", lambda *_: wanted)
    return wanted


@dataclass(frozen=True)
class Batch:
    names: tuple[str, ...]
    images: NDArray[np.float32]
    """(B, 3, 8, 8)"""
    labels: NDArray[np.int64]
    """(B,)"""


class Bright:
    """Learns whether an image is brighter than its noise; dropout draws from torch, the noise from numpy."""

    def __init__(self, *, validates: bool = False):
        torch.manual_seed(0)
        self.network = torch.nn.Sequential(
            torch.nn.Conv2d(3, 4, 3),
            torch.nn.BatchNorm2d(4),
            torch.nn.ReLU(),
            torch.nn.Dropout(0.2),
            torch.nn.Flatten(),
            torch.nn.Linear(4 * 6 * 6, 2),
        )
        self.steps_an_epoch, self.validates = 3, validates

    def parameter_groups(self) -> list[dict[str, Any]]:
        return [{"params": list(self.network.parameters()), "weight_decay": 0.001}]

    def learning_rate(self, step: int) -> float:
        return 0.05 / (1 + step)

    def batches(self, epoch: int) -> Iterable[Batch]:
        return self.drawn(epoch)

    def held_out(self) -> Iterable[Batch] | None:
        return self.drawn(0) if self.validates else None

    def drawn(self, seed: int) -> Iterator[Batch]:
        rng = np.random.default_rng(seed)
        for step in range(self.steps_an_epoch):
            labels = rng.integers(0, 2, 4)
            images = rng.normal(0, 1, (4, 3, 8, 8)).astype(np.float32) + labels[:, None, None, None]
            yield Batch(tuple(f"e{seed}s{step}i{image}" for image in range(4)), images.astype(np.float32), labels)

    def names(self, batch: Batch) -> tuple[str, ...]:
        return batch.names

    def losses(self, network: Forward, batch: Batch, device: torch.device) -> dict[str, torch.Tensor]:
        scores = network(torch.from_numpy(batch.images).to(device))
        label = functional.cross_entropy(scores, torch.from_numpy(batch.labels).to(device))
        size = 0.01 * scores.square().mean()
        return {"label": label, "size": size, "loss": label + size}


class Told:
    """A network of one weight whose losses are told: `pull` times the weight, and 0 times it for validation."""

    def __init__(self, weight: float = 2.0, pull: float = 1.0, validation: tuple[float, ...] = ()):
        self.network = torch.nn.Linear(1, 1, bias=False)
        torch.nn.init.constant_(self.network.weight, weight)
        self.pull, self.validation, self.steps_an_epoch, self.validated = pull, validation, 1, 0

    def parameter_groups(self) -> list[dict[str, Any]]:
        return [{"params": list(self.network.parameters()), "weight_decay": 0.1}]

    def learning_rate(self, step: int) -> float:
        return 0.01

    def batches(self, epoch: int) -> Iterable[float]:
        self.epoch = epoch
        return [math.nan] * self.steps_an_epoch

    def held_out(self) -> Iterable[float] | None:
        return [self.validation[self.epoch - 1]] if self.validation else None

    def names(self, batch: float) -> tuple[str, ...]:
        return ("one",)

    def losses(self, network: Forward, batch: float, device: torch.device) -> dict[str, torch.Tensor]:
        value = network(torch.ones(1, 1, device=device)).sum()
        return {"loss": self.pull * value if math.isnan(batch) else batch + 0 * value}


def ignore(_: Epoch) -> None:
    """Nobody listens."""


def stop_after(epoch: int) -> Callable[[Epoch], None]:
    def progress(told: Epoch) -> None:
        if told.epoch == epoch:
            raise KeyboardInterrupt

    return progress


def same(first: State, second: State) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def velocity(optimizer: dict[str, Any]) -> State:
    return {str(name): state["momentum_buffer"] for name, state in optimizer["state"].items()}


def test_one_weight_moves_as_worked_out_by_hand(tmp_path: Path) -> None:
    """Gradient 70 is clipped to 35, decay 0.1 w is added, v = 0.9 v + g, w = w - 0.01 v."""
    plan = replace(PLAN, epochs=2)
    averaged = Trainer(Told(weight=2.0, pull=70.0), plan).run(tmp_path, ignore)
    first = 2 - 0.01 * (35 + 0.1 * 2)
    second = first - 0.01 * (0.9 * 35.2 + 35 + 0.1 * first)
    average = 2 + (first - 2) * (1 - 1 / 10)
    average += (second - average) * (1 - 2 / 11)
    state = read_checkpoint(tmp_path)
    assert state is not None
    assert float(state.weights["weight"]) == pytest.approx(second, rel=1e-5)
    assert float(averaged["weight"]) == pytest.approx(average, rel=1e-5)


def test_adamw_moves_one_weight_as_worked_out_by_hand(tmp_path: Path) -> None:
    """Its first step is the rate, whatever the gradient; the decay 0.1 is apart from it: w = w - 0.01 (0.1 w + 1)."""
    Trainer(Told(weight=2.0, pull=70.0), replace(PLAN, epochs=1, optimizer="AdamW")).run(tmp_path, ignore)
    state = read_checkpoint(tmp_path)
    assert state is not None
    assert float(state.weights["weight"]) == pytest.approx(2 - 0.01 * (0.1 * 2 + 1), rel=1e-6)


def test_a_stopped_training_with_adamw_ends_in_the_bits_of_one_that_was_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = replace(PLAN, optimizer="AdamW")
    straight = Trainer(Bright(), plan).run(tmp_path / "straight", ignore)
    with pytest.raises(KeyboardInterrupt):
        Trainer(Bright(), plan).run(tmp_path / "stopped", stop_after(2))
    assert same(straight, Trainer(Bright(), plan).run(tmp_path / "stopped", ignore))
    assert "going on after epoch 2" in capsys.readouterr().out
    assert not same(straight, Trainer(Bright(), PLAN).run(tmp_path / "sgd", ignore))


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16], indirect=True)
@pytest.mark.parametrize("validates", [False, True])
@pytest.mark.usefixtures("precision")
def test_a_stopped_training_ends_in_the_bits_of_one_that_was_not(
    tmp_path: Path, validates: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    straight = Trainer(Bright(validates=validates), PLAN).run(tmp_path / "straight", ignore)
    with pytest.raises(KeyboardInterrupt):
        Trainer(Bright(validates=validates), PLAN).run(tmp_path / "stopped", stop_after(2))
    torch.manual_seed(99)  # whatever happened in between
    resumed = Trainer(Bright(validates=validates), PLAN).run(tmp_path / "stopped", ignore)
    assert "going on after epoch 2" in capsys.readouterr().out
    one, other = read_checkpoint(tmp_path / "straight"), read_checkpoint(tmp_path / "stopped")
    assert one is not None
    assert other is not None
    assert same(straight, resumed)
    assert same(one.weights, other.weights)
    assert same(one.average, other.average)
    assert same(velocity(one.optimizer), velocity(other.optimizer))
    assert (one.best_epoch, one.best_loss) == (other.best_epoch, other.best_loss)


def test_another_seed_makes_another_training(tmp_path: Path) -> None:
    one = Trainer(Bright(), PLAN).run(tmp_path / "one", ignore)
    other = Trainer(Bright(), replace(PLAN, seed=4)).run(tmp_path / "other", ignore)
    assert not same(one, other)


def test_the_loss_falls_and_every_term_is_told(tmp_path: Path) -> None:
    told: list[Epoch] = []
    Trainer(Bright(validates=True), replace(PLAN, epochs=8)).run(tmp_path, told.append)
    assert [(one.epoch, one.epochs) for one in told] == [(number, 8) for number in range(1, 9)]
    assert told[-1].loss < 0.7 * told[0].loss
    assert told[-1].parts["val"] < told[0].parts["val"]
    for one in told:
        assert list(one.parts) == ["label", "size", "val"]
        assert one.loss == pytest.approx(one.parts["label"] + one.parts["size"], rel=1e-5)


def test_steps_are_counted_over_the_whole_training(tmp_path: Path) -> None:
    asked: list[int] = []

    class Asked(Bright):
        def learning_rate(self, step: int) -> float:
            asked.append(step)
            return super().learning_rate(step)

    with pytest.raises(KeyboardInterrupt):
        Trainer(Asked(), PLAN).run(tmp_path, stop_after(2))
    Trainer(Asked(), PLAN).run(tmp_path, ignore)
    assert asked == list(range(12))


def test_a_network_that_comes_ready_to_predict_is_trained_like_any_other(tmp_path: Path) -> None:
    ready = Bright()
    ready.network.eval()
    trained = Trainer(ready, PLAN).run(tmp_path / "ready", ignore)
    assert same(trained, Trainer(Bright(), PLAN).run(tmp_path / "other", ignore))


def test_means_are_over_images_not_batches() -> None:
    assert loop._means([(3, {"loss": 1.0}), (1, {"loss": 5.0})]) == {"loss": 2.0}


def test_without_a_validation_part_the_last_average_is_exported(tmp_path: Path) -> None:
    exported = Trainer(Bright(), PLAN).run(tmp_path, ignore)
    state = read_checkpoint(tmp_path)
    assert state is not None
    assert same(exported, state.average)
    assert not same(exported, state.weights)
    assert (state.best, state.best_epoch, state.best_loss) == ({}, 0, math.inf)


def test_the_best_epoch_is_exported_and_the_first_of_two_equals(tmp_path: Path) -> None:
    averages: list[State] = []

    def remember(_: Epoch) -> None:
        state = read_checkpoint(tmp_path)
        assert state is not None
        averages.append(state.average)

    exported = Trainer(Told(validation=(3.0, 1.0, 2.0, 1.0)), PLAN).run(tmp_path, remember)
    assert same(exported, averages[1])
    assert not same(exported, averages[3])


def test_patience_ends_a_training_for_good(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told: list[Epoch] = []
    plan, falls = replace(PLAN, epochs=9, patience=2), (3.0, 1.0, 2.0, 1.5, 0.0)
    first = Trainer(Told(validation=falls), plan).run(tmp_path, told.append)
    assert [(one.epoch, one.epochs) for one in told] == [(1, 9), (2, 9), (3, 9), (4, 4)]
    assert "stopped early after epoch 4 of 9: lowest validation loss 1 in epoch 2" in capsys.readouterr().out
    assert same(Trainer(Told(validation=falls), plan).run(tmp_path, told.append), first)
    assert len(told) == 4


def test_patience_without_a_validation_part_is_never_lost(tmp_path: Path) -> None:
    told: list[Epoch] = []
    Trainer(Told(), replace(PLAN, patience=1)).run(tmp_path, told.append)
    assert len(told) == 4


class Breaks(Bright):
    """One pixel of the second batch of epoch 3 is not a number."""

    def drawn(self, seed: int) -> Iterator[Batch]:
        for step, batch in enumerate(super().drawn(seed)):
            if (seed, step) == (3, 1):
                batch.images[0, 0, 0, 0] = math.nan
            yield batch


def test_a_loss_that_is_no_number_names_its_images_and_keeps_the_last_epoch(tmp_path: Path) -> None:
    with pytest.raises(WorkError, match="no longer a number") as caught:
        Trainer(Breaks(), PLAN).run(tmp_path, ignore)
    found = caught.value.details["found"] or ""
    assert found.startswith("epoch 3, step 2, images e3s1i0, e3s1i1, e3s1i2, e3s1i3: label nan, size nan, loss nan")
    assert "--learning-rate" in str(caught.value)
    state = read_checkpoint(tmp_path)
    assert state is not None
    assert state.epoch == 2
    assert all(torch.isfinite(value).all() for value in state.weights.values())
    assert same(Trainer(Bright(), PLAN).run(tmp_path, ignore), Trainer(Bright(), PLAN).run(tmp_path / "whole", ignore))


def test_an_infinite_gradient_of_a_finite_loss_stops_the_training(tmp_path: Path) -> None:
    class Root(Told):
        def losses(self, network: Forward, batch: float, device: torch.device) -> dict[str, torch.Tensor]:
            return {"loss": super().losses(network, batch, device)["loss"].sqrt()}

    with pytest.raises(WorkError, match="loss 0, gradient norm inf"):
        Trainer(Root(weight=0.0), PLAN).run(tmp_path, ignore)
    assert not (tmp_path / CHECKPOINT).exists()


def test_a_validation_loss_that_is_no_number_stops_the_training(tmp_path: Path) -> None:
    with pytest.raises(WorkError, match="epoch 2, validation, images one: loss inf"):
        Trainer(Told(validation=(1.0, math.inf)), PLAN).run(tmp_path, ignore)
    state = read_checkpoint(tmp_path)
    assert state is not None
    assert state.epoch == 1


def test_a_damaged_state_costs_one_epoch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    straight = Trainer(Bright(), PLAN).run(tmp_path / "straight", ignore)
    with pytest.raises(KeyboardInterrupt):
        Trainer(Bright(), PLAN).run(tmp_path, stop_after(3))
    newest = tmp_path / CHECKPOINT
    newest.write_bytes(newest.read_bytes()[:-100])
    resumed = Trainer(Bright(), PLAN).run(tmp_path, ignore)
    told = capsys.readouterr().out
    assert f"{CHECKPOINT} cannot be read" in told
    assert "going on after epoch 2" in told
    assert same(straight, resumed)
    assert {path.name for path in tmp_path.iterdir()} == {CHECKPOINT, EARLIER, "straight"}


def test_a_full_gpu_is_told(tmp_path: Path) -> None:
    class Large(Told):
        def losses(self, network: Forward, batch: float, device: torch.device) -> dict[str, torch.Tensor]:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nSee the manual.")

    with pytest.raises(WorkError, match=r"smaller --batch or --image-size") as caught:
        Trainer(Large(), PLAN).run(tmp_path, ignore)
    assert caught.value.details["found"] == "CUDA out of memory. Tried to allocate 2.00 GiB."


@pytest.mark.parametrize("precision", [torch.float16], indirect=True)
@pytest.mark.usefixtures("precision")
def test_float16_passes_over_steps_that_overflow(tmp_path: Path) -> None:
    """An older GPU's way, taken on the CPU: the first scale is far too large for these gradients."""
    told: list[Epoch] = []
    learner = Told(weight=30.0, pull=10.0)
    learner.steps_an_epoch = 10
    Trainer(learner, PLAN).run(tmp_path, told.append)
    state = read_checkpoint(tmp_path)
    assert state is not None
    assert 1 < state.scaler["scale"] < 2**16
    assert told[-1].loss < told[0].loss


def test_images_are_made_ahead_in_their_order() -> None:
    second = threading.Event()

    def numbers() -> Iterator[int]:
        yield 1
        second.set()
        yield 2

    made = ahead(numbers())
    assert next(made) == 1
    assert second.wait(5)  # made while the first is still used
    assert list(made) == [2]


def test_an_error_while_images_are_made_arrives() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise WorkError("An image cannot be read.")

    made = ahead(broken())
    assert next(made) == 1
    with pytest.raises(WorkError, match="cannot be read"):
        next(made)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_a_gpu_learns_what_a_cpu_learns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "working_precision", working_precision)
    assert choose_device("auto").type == "cuda"
    own, other = replace(PLAN, epochs=8), replace(PLAN, epochs=8, device="cuda")
    told: list[list[Epoch]] = [[], []]
    for plan, epochs in zip((own, other), told, strict=True):
        weights = Trainer(Bright(validates=True), plan).run(tmp_path / plan.device, epochs.append)
        assert {value.device.type for value in weights.values()} == {"cpu"}
    assert told[1][-1].parts["val"] == pytest.approx(told[0][-1].parts["val"], rel=0.2)
