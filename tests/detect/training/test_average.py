"""The moving average, held against numbers worked out by hand."""

import pytest
import torch

from spinedet.detect.training.average import Average, decay_at


def test_the_decay_rises_to_its_most() -> None:
    assert decay_at(0.9998, 0) == pytest.approx(1 / 10)
    assert decay_at(0.9998, 89) == pytest.approx(90 / 99)
    assert decay_at(0.9998, 10**6) == 0.9998


def test_weights_and_statistics_are_averaged_and_counters_copied() -> None:
    network = torch.nn.BatchNorm2d(1)
    average = Average(network, 0.9998)
    with torch.no_grad():
        network.weight.fill_(11.0)
        network.running_mean.fill_(-10.0)
        network.num_batches_tracked.fill_(7)
    average.update(0)  # moves nine tenths of the way
    averaged = average.network.state_dict()
    assert float(averaged["weight"]) == pytest.approx(10.0)
    assert float(averaged["running_mean"]) == pytest.approx(-9.0)
    assert int(averaged["num_batches_tracked"]) == 7


def test_the_average_predicts_and_never_learns() -> None:
    network = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Dropout())
    average = Average(network, 0.9)
    assert not any(layer.training for layer in average.network.modules())
    assert not any(weight.requires_grad for weight in average.network.parameters())
    assert all(layer.training for layer in network.modules())


def test_a_weight_that_two_layers_share_moves_once() -> None:
    first, second = torch.nn.Linear(1, 1, bias=False), torch.nn.Linear(1, 1, bias=False)
    second.weight = first.weight
    torch.nn.init.zeros_(first.weight)
    average = Average(torch.nn.Sequential(first, second), 0.9998)
    torch.nn.init.ones_(first.weight)
    average.update(0)
    assert float(average.network[1].weight) == pytest.approx(0.9)


def test_a_network_without_counters_or_statistics_has_an_average() -> None:
    network = torch.nn.Linear(1, 1)
    average = Average(network, 0.5)
    average.update(10**6)
    assert torch.equal(average.network.weight, network.weight)
